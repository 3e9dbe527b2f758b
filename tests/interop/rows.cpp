#include "rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <stdexcept>

namespace rdb::interop {
namespace {

constexpr uint64_t kStep = 0x9E3779B97F4A7C15;
constexpr uint64_t kVastCycle = 64;  // rounds until all rows have changed
constexpr size_t kVastBytes = 600 * 1024;
constexpr uint64_t kAllChars = 0x110000 - 0x800;
constexpr uint64_t kMaxLarge = 3 * 1024 * 1024;
constexpr uint64_t kEndless = std::numeric_limits<uint64_t>::max();
constexpr std::array<uint32_t, 16> kLetters = {
    'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'z', 0xE9, 0xDF, 0x3BB, 0x436, 0x4E2D, 0x6587, 0x1F600};

uint64_t scramble(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

uint32_t char_at(uint64_t n) { return static_cast<uint32_t>(n >= 0xD800 ? n + 0x800 : n); }

char low_byte(uint64_t x) { return static_cast<char>(static_cast<unsigned char>(x & 0xFF)); }

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += low_byte(c);
  } else if (c < 0x800) {
    out += low_byte(0xC0 | (c >> 6));
    out += low_byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += low_byte(0xE0 | (c >> 12));
    out += low_byte(0x80 | ((c >> 6) & 0x3F));
    out += low_byte(0x80 | (c & 0x3F));
  } else {
    out += low_byte(0xF0 | (c >> 18));
    out += low_byte(0x80 | ((c >> 12) & 0x3F));
    out += low_byte(0x80 | ((c >> 6) & 0x3F));
    out += low_byte(0x80 | (c & 0x3F));
  }
}

void append_le(std::string& out, uint64_t x, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) out += low_byte(x >> (8 * i));
}

void append_be(std::string& out, uint64_t x, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += low_byte(x >> (8 * i));
}

// --- values ---

void no_value(Draw&, std::string&) {}
void bool_value(Draw& d, std::string& out) { append_le(out, d.next() & 1, 1); }
void char_value(Draw& d, std::string& out) { append_le(out, char_at(d.next() % kAllChars), 3); }
template <unsigned kWidth>
void int_value(Draw& d, std::string& out) {
  append_le(out, d.next(), kWidth);
}
void wide_value(Draw& d, std::string& out) {
  const uint64_t high = d.next();
  append_le(out, d.next(), 8);
  append_le(out, high, 8);
}
void bytes_value(Draw& d, std::string& out) { out = d.filler(d.value_size()); }
void text_value(Draw& d, std::string& out) { out = d.value_text(); }
template <unsigned kCount, void (*kElement)(Draw&, std::string&)>
void array_value(Draw& d, std::string& out) {
  for (unsigned i = 0; i < kCount; i++) kElement(d, out);
}
template <unsigned kSize>
void filler_value(Draw& d, std::string& out) {
  out += d.filler(kSize);
}

// --- keys ---

template <unsigned kWidth>
void push_unsigned(KeySample& out, uint64_t x) {
  append_le(out.stored, x, kWidth);
  append_be(out.order, x, kWidth);
}
template <unsigned kWidth>
void push_signed(KeySample& out, uint64_t x) {
  append_le(out.stored, x, kWidth);
  append_be(out.order, x ^ (uint64_t{1} << (8 * kWidth - 1)), kWidth);
}
void push_same(KeySample& out, const std::string& bytes) {
  out.stored += bytes;
  out.order += bytes;
}

void unit_key(Draw&, KeySample&) {}
void bool_key(Draw& d, KeySample& out) { push_unsigned<1>(out, d.row() & 1); }
void char_key(Draw& d, KeySample& out) { push_unsigned<3>(out, d.key_char()); }
template <unsigned kWidth>
void unsigned_key(Draw& d, KeySample& out) {
  push_unsigned<kWidth>(out, d.spread());
}
template <unsigned kWidth>
void signed_key(Draw& d, KeySample& out) {
  push_signed<kWidth>(out, d.spread());
}
template <bool kSigned>
void wide_key(Draw& d, KeySample& out) {
  const uint64_t high = (d.next() % 3) << 62;
  append_le(out.stored, d.spread(), 8);
  append_le(out.stored, high, 8);
  append_be(out.order, kSigned ? high ^ (uint64_t{1} << 63) : high, 8);
  append_be(out.order, d.spread(), 8);
}
void ascending_key(Draw& d, KeySample& out) { push_unsigned<8>(out, d.row() + 1000); }
void bytes_key(Draw& d, KeySample& out) { push_same(out, d.key_bytes()); }
void text_key(Draw& d, KeySample& out) { push_same(out, d.key_text()); }
void u8x16_key(Draw& d, KeySample& out) {
  std::string bytes;
  for (int i = 0; i < 12; i++) bytes += low_byte(d.next() >> 61);
  append_be(bytes, d.row(), 4);
  push_same(out, bytes);
}
template <unsigned kSize>
void spread_key(Draw& d, KeySample& out) {
  std::string bytes;
  append_le(bytes, d.spread(), kSize);
  push_same(out, bytes);
}
void u32x3_key(Draw& d, KeySample& out) {
  push_unsigned<4>(out, d.next() % 5);
  push_unsigned<4>(out, d.next());
  push_unsigned<4>(out, d.row());
}
void i16x4_key(Draw& d, KeySample& out) {
  push_signed<2>(out, d.next() % 3 - 1);
  push_signed<2>(out, d.next());
  push_signed<2>(out, d.row());
  push_signed<2>(out, d.row() >> 16);
}
void u64x2_key(Draw& d, KeySample& out) {
  push_unsigned<8>(out, d.next() % 7);
  push_unsigned<8>(out, d.row());
}
void i16x2x3_key(Draw& d, KeySample& out) {
  push_signed<2>(out, d.next() % 3 - 1);
  push_signed<2>(out, d.next());
  push_signed<2>(out, d.next());
  push_signed<2>(out, d.row());
  push_signed<2>(out, d.row() >> 16);
  push_signed<2>(out, 0);
}
void boolx4_key(Draw& d, KeySample& out) {
  for (unsigned bit = 0; bit < 4; bit++) push_unsigned<1>(out, (d.row() >> bit) & 1);
}
void charx2_key(Draw& d, KeySample& out) {
  push_unsigned<3>(out, kLetters[d.next() >> 60]);
  push_unsigned<3>(out, d.key_char());
}

// --- composites: members drawn one by one, then put together ---

using DrawValue = void (*)(Draw&, std::string&);

std::string drawn(Draw& d, DrawValue draw) {
  std::string out;
  draw(d, out);
  return out;
}

void append_length(std::string& out, size_t length) {
  if (length < 254) {
    append_le(out, length, 1);
  } else if (length < 65536) {
    append_le(out, 254, 1);
    append_le(out, length, 2);
  } else {
    append_le(out, 255, 1);
    append_le(out, length, 4);
  }
}

struct Member {
  std::string bytes;
  bool fixed;
};

std::string join_tuple(const std::vector<Member>& members) {
  std::string out;
  for (size_t i = 0; i + 1 < members.size(); i++) {
    if (!members[i].fixed) append_length(out, members[i].bytes.size());
  }
  for (const Member& member : members) out += member.bytes;
  return out;
}

std::string join_legacy(const std::vector<std::string>& members) {
  std::string out;
  for (size_t i = 0; i + 1 < members.size(); i++) append_le(out, members[i].size(), 4);
  for (const std::string& member : members) out += member;
  return out;
}

std::string join_array(const std::vector<std::string>& elements) {
  std::string out;
  size_t end = 4 * elements.size();
  for (const std::string& element : elements) append_le(out, end += element.size(), 4);
  for (const std::string& element : elements) out += element;
  return out;
}

void draw_option(Draw& d, std::string& out, DrawValue draw, size_t width) {
  if (d.next() % 3 == 0) {
    out.append(1 + width, '\0');
  } else {
    out += '\1';
    draw(d, out);
  }
}

// 0 elements to 4. Text has no width, and a length in front of each.
void draw_list(Draw& d, std::string& out, DrawValue draw, bool fixed) {
  const uint64_t count = d.next() % 5;
  append_length(out, count);
  for (uint64_t i = 0; i < count; i++) {
    const std::string element = drawn(d, draw);
    if (!fixed) append_length(out, element.size());
    out += element;
  }
}

// text_value() and bytes_value() replace what is there.
void member_text(Draw& d, std::string& out) { out += d.value_text(); }

void option_u64_value(Draw& d, std::string& out) { draw_option(d, out, int_value<8>, 8); }
void option_text_value(Draw& d, std::string& out) { draw_option(d, out, member_text, 0); }
void list_u16_value(Draw& d, std::string& out) { draw_list(d, out, int_value<2>, true); }
void list_text_value(Draw& d, std::string& out) { draw_list(d, out, member_text, false); }
void u8_text_value(Draw& d, std::string& out) {
  const std::string number = drawn(d, int_value<1>);
  out += join_tuple({{number, true}, {d.value_text(), false}});
}
void list_u8_text_value(Draw& d, std::string& out) { draw_list(d, out, u8_text_value, false); }
void pair_u8_text_value(Draw& d, std::string& out) {
  const std::string first = drawn(d, u8_text_value);
  out = join_array({first, drawn(d, u8_text_value)});
}
void four_value(Draw& d, std::string& out) {
  const std::string text = d.value_text();
  const std::string number = drawn(d, int_value<2>);
  const std::string bytes = d.filler(d.value_size());
  out = join_tuple({{text, false}, {number, true}, {bytes, false}, {d.value_text(), false}});
}
void legacy_text_u8_value(Draw& d, std::string& out) {
  const std::string text = d.value_text();
  out = join_legacy({text, drawn(d, int_value<1>)});
}
void u64_u32_value(Draw& d, std::string& out) {
  int_value<8>(d, out);
  int_value<4>(d, out);
}

// Text holds no NUL, so that one behind it sorts as the text's end does.
void push_text(KeySample& out, const std::string& text) { out.order += text + '\0'; }

std::string few_text(Draw& d) {
  static constexpr const char* kTexts[] = {"", "a", "ab", "b", "\xD0\xB6"};
  return kTexts[d.next() % 5];
}

template <bool kLegacy>
void u64_text_key(Draw& d, KeySample& out) {
  KeySample number;
  push_unsigned<8>(number, d.next() % 7 * 255);
  const std::string text = d.key_text();
  out.stored = kLegacy ? join_legacy({number.stored, text}) : number.stored + text;
  out.order = number.order + text;
}
enum class Form { tuple, legacy, array };
template <Form kForm>
void text_text_key(Draw& d, KeySample& out) {
  const std::string first = few_text(d);
  const std::string second = d.key_text();
  out.stored = kForm == Form::tuple    ? join_tuple({{first, false}, {second, false}})
               : kForm == Form::legacy ? join_legacy({first, second})
                                       : join_array({first, second});
  push_text(out, first);
  out.order += second;
}
void u16_i8_key(Draw& d, KeySample& out) {
  push_unsigned<2>(out, d.spread());
  push_signed<1>(out, d.next());
}
void nested_key(Draw& d, KeySample& out) {
  KeySample number;
  push_unsigned<1>(number, d.next() % 3);
  const std::string text = d.key_text();
  KeySample last;
  push_unsigned<1>(last, d.next());
  const std::string inner = join_tuple({{number.stored, true}, {text, false}});
  out.stored = join_tuple({{inner, false}, {last.stored, true}});
  out.order = number.order;
  push_text(out, text);
  out.order += last.order;
}
void option_u64_key(Draw& d, KeySample& out) {
  if (d.row() == 0) {
    out.stored.assign(9, '\0');
    return;
  }
  out.stored = out.order = '\1';
  push_unsigned<8>(out, d.spread());
}
void option_text_key(Draw& d, KeySample& out) {
  if (d.row() == 0) {
    out.stored = out.order = std::string(1, '\0');
    return;
  }
  out.stored = out.order = '\1' + d.key_text();
}

// --- dates and times ---

constexpr uint64_t kDates = 336 * 20000;
constexpr uint64_t kOffsets = 172799;

void push_date(KeySample& out, uint64_t number) {
  push_signed<4>(out, number / 336 % 20000 - 10000);
  push_unsigned<1>(out, number / 28 % 12 + 1);
  push_unsigned<1>(out, number % 28 + 1);
}
void push_time(KeySample& out, uint64_t number) {
  push_unsigned<3>(out, number % 86400);
  push_unsigned<4>(out, number / 86400 % 1000000000);
}
void push_offset(KeySample& out, uint64_t number) {
  push_signed<4>(out, number % kOffsets - 86399);
}

void date_key(Draw& d, KeySample& out) { push_date(out, d.row() * 611953); }
void time_key(Draw& d, KeySample& out) { push_time(out, d.row() * 7919); }
void date_time_key(Draw& d, KeySample& out) {
  push_date(out, d.next() % 3);
  push_time(out, d.row() * 7919);
}
void zoned_key(Draw& d, KeySample& out) {
  date_time_key(d, out);
  KeySample offset;  // takes no part in the order
  push_offset(offset, d.next());
  out.stored += offset.stored;
}
void offset_key(Draw& d, KeySample& out) { push_offset(out, d.row() * 611953); }
void uuid_key(Draw& d, KeySample& out) {
  std::string bytes;
  append_be(bytes, d.next() % 3, 8);
  append_be(bytes, d.row(), 8);
  push_same(out, bytes);
}

void date_value(Draw& d, std::string& out) {
  KeySample sample;
  push_date(sample, d.next());
  out += sample.stored;
}
void time_value(Draw& d, std::string& out) {
  KeySample sample;
  push_time(sample, d.next());
  out += sample.stored;
}
void offset_value(Draw& d, std::string& out) {
  KeySample sample;
  push_offset(sample, d.next());
  out += sample.stored;
}
void date_time_value(Draw& d, std::string& out) {
  date_value(d, out);
  time_value(d, out);
}
void zoned_value(Draw& d, std::string& out) {
  date_time_value(d, out);
  offset_value(d, out);
}

// --- shodh-redb's own ---

void clock_key(Draw& d, KeySample& out) {
  std::string bytes;
  append_be(bytes, d.spread(), 8);
  push_same(out, bytes);
}
void clock_value(Draw& d, std::string& out) { append_be(out, d.next(), 8); }
void sequence_value(Draw& d, std::string& out) {
  for (uint64_t left = d.next() % 5; left > 0; left--) int_value<4>(d, out);
}
void scalar_value(Draw& d, std::string& out) {
  for (int bound = 0; bound < 2; bound++) {
    append_le(out, std::bit_cast<uint32_t>(static_cast<float>(d.next() % 1000)), 4);
  }
  filler_value<8>(d, out);
}

constexpr uint8_t kUser = TypeName::kUserDefined;
constexpr uint8_t kTuple = TypeName::kTuple;
constexpr const char* kZoned = "chrono::DateTime<chrono::FixedOffset>";

// The position in this list is the number of the case: append only, in step with the Rust side.
constexpr Case kCases[] = {
    {"bytes-bytes", "&[u8]", "&[u8]", kEndless, bytes_key, bytes_value},
    {"str-str", "&str", "&str", kEndless, text_key, text_value},
    {"String-String", "String", "String", kEndless, text_key, text_value},
    {"asc-bytes", "u64", "&[u8]", kEndless, ascending_key, bytes_value},
    {"str-unit", "&str", "()", kEndless, text_key, no_value},
    {"unit-str", "()", "&str", 1, unit_key, text_value},
    {"bool-bytes", "bool", "&[u8]", 2, bool_key, bytes_value},
    {"char-bool", "char", "bool", kAllChars, char_key, bool_value},
    {"u8-i8", "u8", "i8", 256, unsigned_key<1>, int_value<1>},
    {"i8-u8", "i8", "u8", 256, signed_key<1>, int_value<1>},
    {"u16-char", "u16", "char", 65536, unsigned_key<2>, char_value},
    {"i16-u16", "i16", "u16", 65536, signed_key<2>, int_value<2>},
    {"u32-f32", "u32", "f32", kEndless, unsigned_key<4>, int_value<4>},
    {"i32-f64", "i32", "f64", kEndless, signed_key<4>, int_value<8>},
    {"u64-u64", "u64", "u64", kEndless, unsigned_key<8>, int_value<8>},
    {"i64-i16", "i64", "i16", kEndless, signed_key<8>, int_value<2>},
    {"u128-i128", "u128", "i128", kEndless, wide_key<false>, wide_value},
    {"i128-u128", "i128", "u128", kEndless, wide_key<true>, wide_value},
    {"u32-unit", "u32", "()", kEndless, unsigned_key<4>, no_value},
    {"[u8;16]-[u32;3]", "[u8;16]", "[u32;3]", kEndless, u8x16_key, array_value<3, int_value<4>>},
    {"[u8;3]-i32", "[u8;3]", "i32", 1 << 24, spread_key<3>, int_value<4>},
    {"&[u8;8]-&[u8;8]", "[u8;8]", "[u8;8]", kEndless, spread_key<8>, filler_value<8>},
    {"[u32;3]-[u8;16]", "[u32;3]", "[u8;16]", kEndless, u32x3_key, filler_value<16>},
    {"[i16;4]-u32", "[i16;4]", "u32", kEndless, i16x4_key, int_value<4>},
    {"[u64;2]-i64", "[u64;2]", "i64", kEndless, u64x2_key, int_value<8>},
    {"[[i16;2];3]-bytes", "[[i16;2];3]", "&[u8]", kEndless, i16x2x3_key, bytes_value},
    {"[bool;4]-[f32;3]", "[bool;4]", "[f32;3]", 16, boolx4_key, array_value<3, int_value<4>>},
    {"[char;2]-[[u8;4];2]", "[char;2]", "[[u8;4];2]", kAllChars, charx2_key,
     array_value<2, filler_value<4>>},
    {"(u64.&str)-Option<u64>", "(u64,&str)", "Option<u64>", kEndless, u64_text_key<false>,
     option_u64_value, kTuple},
    {"(&str.&str)-(&str.u16.&[u8].&str)", "(&str,&str)", "(&str,u16,&[u8],&str)", kEndless,
     text_text_key<Form::tuple>, four_value, kTuple, kTuple},
    {"(u64.&str)-(&str.u8).legacy", "(u64,&str)", "(&str,u8)", kEndless, u64_text_key<true>,
     legacy_text_u8_value},
    {"(&str.&str)-(u64.u32).legacy", "(&str,&str)", "(u64,u32)", kEndless,
     text_text_key<Form::legacy>, u64_u32_value},
    {"Option<&str>-Vec<u16>", "Option<&str>", "Vec<u16>", kEndless, option_text_key,
     list_u16_value},
    {"Option<u64>-Vec<&str>", "Option<u64>", "Vec<&str>", kEndless, option_u64_key,
     list_text_value},
    {"[&str;2]-[(u8.&str);2]", "[&str;2]", "[(u8,&str);2]", kEndless, text_text_key<Form::array>,
     pair_u8_text_value},
    {"(u16.i8)-Option<&str>", "(u16,i8)", "Option<&str>", 65536, u16_i8_key, option_text_value},
    {"((u8.&str).u8)-Vec<(u8.&str)>", "((u8,&str),u8)", "Vec<(u8,&str)>", kEndless, nested_key,
     list_u8_text_value, kTuple},
    {"NaiveDate-Uuid", "chrono::NaiveDate", "uuid::Uuid", kDates, date_key, filler_value<16>, kUser,
     kUser},
    {"NaiveTime-NaiveDate", "chrono::NaiveTime", "chrono::NaiveDate", kEndless, time_key,
     date_value, kUser, kUser},
    {"NaiveDateTime-NaiveTime", "chrono::NaiveDateTime", "chrono::NaiveTime", kEndless,
     date_time_key, time_value, kUser, kUser},
    {"DateTime-FixedOffset", kZoned, "chrono::FixedOffset", kEndless, zoned_key, offset_value,
     kUser, kUser},
    {"FixedOffset-DateTime", "chrono::FixedOffset", kZoned, kOffsets, offset_key, zoned_value,
     kUser, kUser},
    {"Uuid-NaiveDateTime", "uuid::Uuid", "chrono::NaiveDateTime", kEndless, uuid_key,
     date_time_value, kUser, kUser},
    {"HLC-FixedVec", "redb::temporal::HLC", "redb::vec::FixedVec<3>", kEndless, clock_key,
     array_value<3, int_value<4>>},
    {"u64-DynVec", "u64", "redb::vec::DynVec", kEndless, unsigned_key<8>, sequence_value},
    {"HLC-BinaryQuantized", "redb::temporal::HLC", "redb::vec::BinaryQuantized<16>", kEndless,
     clock_key, filler_value<16>},
    {"str-ScalarQuantized", "&str", "redb::vec::ScalarQuantized<8>", kEndless, text_key,
     scalar_value},
    {"u32-HLC", "u32", "redb::temporal::HLC", kEndless, unsigned_key<4>, clock_value},
};

// Those that "all" stands for; behind them come the "composites", and shodh-redb's "own".
constexpr size_t kPlainCases = 28;
constexpr size_t kCompositeCases = 15;

std::string_view group_of(const Case& shape) {
  const auto number = static_cast<size_t>(&shape - kCases);
  if (number < kPlainCases) return "all";
  return number < kPlainCases + kCompositeCases ? "composites" : "own";
}

struct Item {
  std::string_view name;
  uint64_t rows;
  bool large;
};

std::vector<Item> split_spec(std::string_view spec) {
  std::vector<Item> items;
  while (!spec.empty()) {
    const std::string_view part = spec.substr(0, spec.find(','));
    spec.remove_prefix(std::min(spec.size(), part.size() + 1));
    const size_t colon = part.find(':');
    if (colon == part.npos) throw std::invalid_argument("a specification is CASE:ROWS[s],...");
    const uint64_t rows = std::stoull(std::string(part.substr(colon + 1)));
    items.push_back({part.substr(0, colon), rows, part.back() != 's' && rows <= 1000});
  }
  return items;
}

}  // namespace

uint64_t mix(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t x = scramble(a + kStep);
  x = scramble((x ^ b) + kStep);
  return scramble((x ^ c) + kStep);
}

Draw Draw::key(uint64_t table_seed, uint64_t row, bool large) {
  Draw draw;
  draw.row_ = row;
  draw.table_seed_ = table_seed;
  draw.large_ = large;
  draw.state_ = mix(table_seed, row, 1);
  return draw;
}

Draw Draw::value(uint64_t table_seed, uint64_t row, uint64_t version, bool large) {
  Draw draw = key(table_seed, row, large);
  draw.state_ = mix(table_seed, row, 2 + version);
  return draw;
}

uint64_t Draw::next() {
  state_ += kStep;
  return scramble(state_);
}

// An odd factor has an inverse modulo every power of two.
uint64_t Draw::spread() const { return row_ * kStep + table_seed_; }

uint32_t Draw::key_char() const {
  return char_at((row_ * 611953 + table_seed_ % kAllChars) % kAllChars);
}

size_t Draw::value_size() {
  const uint64_t shape = next() % 64;
  const uint64_t any = next();
  if (large_ && row_ % 149 == 3) return any % (kMaxLarge + 1);
  if (shape == 0) return 0;
  if (shape < 48) return any % 100;
  return any % (shape < 62 ? 500 : 5000);
}

std::string Draw::filler(size_t size) {
  std::string out;
  out.reserve(size + 8);
  while (out.size() < size) append_le(out, next(), 8);
  out.resize(size);
  return out;
}

std::string Draw::key_bytes() {
  uint64_t size = next() % 25;
  if (large_ && row_ % 97 == 13) size = next() % 10000;
  std::string out;
  for (uint64_t i = 0; i < size; i++) out += low_byte(next() >> 61);
  append_be(out, row_, 4);
  return out;
}

std::string Draw::key_text() {
  uint64_t size = next() % 25;
  if (large_ && row_ % 97 == 13) size = next() % 3000;
  std::string out;
  for (uint64_t i = 0; i < size; i++) append_utf8(out, kLetters[next() >> 60]);
  uint64_t rest = row_;
  for (int i = 0; i < 6; i++) {
    out += low_byte('a' + rest % 26);
    rest /= 26;
  }
  return out;
}

std::string Draw::value_text() {
  const size_t size = value_size();
  if (size == 0) return {};
  std::string out = "\xD0\xB6";
  for (char c : filler(size)) out += low_byte('a' + (static_cast<unsigned char>(c) & 15U));
  return out;
}

Operation operation(uint64_t table_seed, uint64_t row, uint64_t round) {
  const uint64_t dice = mix(table_seed, row, (round << 32) | 0xA5) % 16;
  switch (round % 5) {
    case 3:  // most rows go, so that pages merge
      return dice < 13 ? Operation::erase : dice == 13 ? Operation::put : Operation::keep;
    case 4:  // and come back
      return dice < 12 ? Operation::put : Operation::keep;
    case 0:  // half the tables are emptied
      if (mix(table_seed, round, 7) % 2 == 0) return Operation::erase;
      [[fallthrough]];
    default:
      return dice == 0 ? Operation::erase : dice <= 2 ? Operation::put : Operation::keep;
  }
}

Rows::Rows(const Case& shape, uint64_t rows, bool large, uint64_t seed)
    : shape_(&shape),
      rows_(rows),
      large_(large),
      table_seed_(mix(seed, static_cast<uint64_t>(&shape - kCases), rows)) {}

std::string Rows::table_name() const {
  return std::string(shape_->name) + "." + std::to_string(rows_);
}

uint64_t Rows::initial() const { return std::min(rows_, shape_->domain); }
uint64_t Rows::universe() const { return std::min(rows_ + rows_ / 4 + 2, shape_->domain); }

KeySample Rows::key(uint64_t row) const {
  KeySample out;
  Draw draw = Draw::key(table_seed_, row, large_);
  shape_->draw_key(draw, out);
  return out;
}

std::string Rows::value(uint64_t row, uint64_t version) const {
  std::string out;
  Draw draw = Draw::value(table_seed_, row, version, large_);
  shape_->draw_value(draw, out);
  return out;
}

std::optional<uint64_t> Rows::version(uint64_t row, uint64_t round) const {
  for (uint64_t r = round; r > 0; r--) {
    switch (operation_of(row, r)) {
      case Operation::put:
        return r;
      case Operation::erase:
        return std::nullopt;
      case Operation::keep:
        break;
    }
  }
  if (row < initial()) return 0;
  return std::nullopt;
}

std::vector<Rows> parse_spec(std::string_view spec, uint64_t seed) {
  std::vector<Rows> tables;
  for (const Item& item : split_spec(spec)) {
    bool found = item.name == kKept || item.name == kVast || item.name == kSets;
    for (const Case& shape : kCases) {
      if (item.name != group_of(shape) && item.name != shape.name) continue;
      tables.emplace_back(shape, item.rows, item.large, seed);
      found = true;
    }
    if (!found) throw std::invalid_argument("no case " + std::string(item.name));
  }
  return tables;
}

uint64_t special_rows(std::string_view spec, std::string_view name) {
  for (const Item& item : split_spec(spec)) {
    if (item.name == name) return item.rows;
  }
  return 0;
}

Members set_members(uint64_t key, uint64_t round, uint64_t largest) {
  const uint64_t sizes[] = {0, 1, 255, 256, largest, 2};
  const uint64_t first = 37 * round;
  return {first, first + sizes[(key + round) % std::size(sizes)]};
}

uint64_t set_number(uint64_t key, uint64_t member) { return member * (key + 3); }

std::string set_text(uint64_t member) {
  const std::string digits = std::to_string(member);
  return std::string(6 - std::min<size_t>(6, digits.size()), '0') + digits +
         std::string(member % 60, 't');
}

bool vast_changes(uint64_t row, uint64_t round) { return row % kVastCycle == round; }

std::string vast_value(uint64_t row, uint64_t round) {
  const uint64_t version = row % kVastCycle <= round ? row % kVastCycle : 0;
  const std::string piece = Draw::value(98, row, version, false).filler(64);
  std::string out;
  out.reserve(kVastBytes);
  while (out.size() < kVastBytes) out += piece;
  return out;
}

}  // namespace rdb::interop
