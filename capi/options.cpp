// options.cpp: rdb_options: defaults, setting by text, translation for the core.
#include "options.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"

namespace rdb::capi {
namespace {

static_assert(RDB_OPEN_CREATE == static_cast<uint32_t>(OpenMode::create));
static_assert(RDB_OPEN_EXISTING == static_cast<uint32_t>(OpenMode::existing));
static_assert(RDB_OPEN_READ_ONLY == static_cast<uint32_t>(OpenMode::read_only));
static_assert(RDB_OPEN_CREATE_NEW == static_cast<uint32_t>(OpenMode::create_new));
static_assert(RDB_VERIFY_READS_FULL == static_cast<uint32_t>(ReadVerification::full));
static_assert(RDB_VERIFY_READS_NONE == static_cast<uint32_t>(ReadVerification::none));
static_assert(RDB_PROFILE_SHODH == static_cast<uint32_t>(KeyProfile::shodh));
static_assert(RDB_COMPRESSION_NONE == static_cast<uint32_t>(Compression::none));
static_assert(RDB_COMPRESSION_LZ4 == static_cast<uint32_t>(Compression::lz4));
static_assert(RDB_COMPRESSION_ZSTD == static_cast<uint32_t>(Compression::zstd));
static_assert(RDB_PROFILE_REDB == static_cast<uint32_t>(KeyProfile::redb));

// One member of rdb_options that has a text form.
struct Option {
  const char* name;  // the member's name
  uint32_t type;
  const char* choices;  // in the order of the constants, which count from 0
  const char* initial;
  const char* help;
  size_t offset;
  size_t size;
};
#define RDB_MEMBER(member) #member
#define RDB_PLACE(member) offsetof(rdb_options, member), sizeof(rdb_options::member)
constexpr std::array kOptions = {
    Option{RDB_MEMBER(mode), RDB_OPTION_CHOICE, "create|existing|read_only|create_new", "create",
           "Whether the file may be created, must exist, or is only read.", RDB_PLACE(mode)},
    Option{RDB_MEMBER(memory_budget_bytes), RDB_OPTION_BYTES, "", "0",
           "Page memory; 0 takes a quarter of the machine's, at most 1 GiB.",
           RDB_PLACE(memory_budget_bytes)},
    Option{RDB_MEMBER(read_verification), RDB_OPTION_CHOICE, "full|none", "full",
           "Whether pages are compared with their checksums when they are read.",
           RDB_PLACE(read_verification)},
    Option{RDB_MEMBER(key_profile), RDB_OPTION_CHOICE, "shodh|redb", "shodh",
           "Byte order of internal keys in a new file.", RDB_PLACE(key_profile)},
    Option{RDB_MEMBER(eof_mirror), RDB_OPTION_BOOL, "", "false",
           "Keep a copy of the header behind the last page.", RDB_PLACE(eof_mirror)},
    Option{RDB_MEMBER(region_pages), RDB_OPTION_UINT, "", "0",
           "Pages in one region of a new file; 0 takes 1048576.", RDB_PLACE(region_pages)},
    Option{RDB_MEMBER(allow_unlocked), RDB_OPTION_BOOL, "", "false",
           "Open even where the file system has no locks.", RDB_PLACE(allow_unlocked)},
    Option{RDB_MEMBER(compression), RDB_OPTION_CHOICE, "none|lz4|zstd", "none",
           "How a new file keeps its values.", RDB_PLACE(compression)},
    Option{RDB_MEMBER(compression_level), RDB_OPTION_UINT, "", "0",
           "Of zstd, 1 to 22; 0 takes its default, 3.", RDB_PLACE(compression_level)},
    Option{RDB_MEMBER(rdb_only), RDB_OPTION_BOOL, "", "false",
           "Let a compressed file hold what shodh-redb could not read back.", RDB_PLACE(rdb_only)},
};
#undef RDB_MEMBER
#undef RDB_PLACE

[[noreturn]] void throw_value(const Option& option, const char* expected) {
  throw Error(ErrorCode::invalid_argument,
              std::string("option ") + option.name + " takes " + expected);
}

uint64_t parse_number(const Option& option, std::string_view text) {
  unsigned shift = 0;
  if (option.type == RDB_OPTION_BYTES && !text.empty()) {
    const char unit = text.back();
    shift = unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0;
    if (shift != 0) text.remove_suffix(1);
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw_value(option, option.type == RDB_OPTION_BYTES
                            ? "a decimal number of bytes, with K, M or G behind it if wished"
                            : "a decimal number");
  }
  const uint64_t largest = std::numeric_limits<uint64_t>::max() >> (64 - 8 * option.size);
  if (number > largest >> shift) throw_value(option, "a smaller number");
  return number << shift;
}

uint64_t parse_choice(const Option& option, std::string_view text) {
  std::string_view rest = option.choices;
  for (uint64_t value = 0;; ++value) {
    const size_t end = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, end) == text) return value;
    if (end == rest.size()) throw_value(option, option.choices);
    rest.remove_prefix(end + 1);
  }
}

uint64_t parse_bool(const Option& option, std::string_view text) {
  for (const char* yes : {"true", "on", "yes", "1"}) {
    if (text == yes) return 1;
  }
  for (const char* no : {"false", "off", "no", "0"}) {
    if (text == no) return 0;
  }
  throw_value(option, "true or false");
}

uint64_t parse_value(const Option& option, std::string_view text) {
  switch (option.type) {
    case RDB_OPTION_BOOL:
      return parse_bool(option, text);
    case RDB_OPTION_CHOICE:
      return parse_choice(option, text);
    default:
      return parse_number(option, text);
  }
}

const Option& find_option(std::string_view name) {
  for (const Option& option : kOptions) {
    if (name == option.name) return option;
  }
  throw Error(ErrorCode::unknown_option, "there is no option \"" + std::string(name) + "\"");
}

// The member's own width, in the machine's byte order.
void store_member(rdb_options* options, const Option& option, uint64_t value) {
  std::byte* const place = reinterpret_cast<std::byte*>(options) + option.offset;
  const auto store = [&](auto narrow) { std::memcpy(place, &narrow, sizeof narrow); };
  switch (option.size) {
    case 1:
      store(static_cast<uint8_t>(value));
      break;
    case 4:
      store(static_cast<uint32_t>(value));
      break;
    default:
      store(value);
      break;
  }
}

bool to_flag(uint8_t value, const char* sentence) {
  if (value > 1) throw_invalid(sentence);
  return value == 1;
}

}  // namespace

rdb_options read_options(const rdb_options* options) { return read_struct(options, "options"); }

OpenOptions to_open_options(const rdb_options& options) {
  require_reserved(options.reserved, "options");
  OpenOptions open;
  open.mode = to_enum(options.mode, OpenMode::create_new, "options.mode is none of RDB_OPEN_...");
  open.memory_budget_bytes = options.memory_budget_bytes;
  open.read_verification = to_enum(options.read_verification, ReadVerification::none,
                                   "options.read_verification is none of RDB_VERIFY_READS_...");
  open.key_profile = to_enum(options.key_profile, KeyProfile::redb,
                             "options.key_profile is none of RDB_PROFILE_...");
  open.eof_mirror = to_flag(options.eof_mirror, "options.eof_mirror is neither 0 nor 1");
  if (options.region_pages > 1048576) throw_invalid("options.region_pages is above 1048576");
  open.region_pages = options.region_pages;
  open.allow_unlocked =
      to_flag(options.allow_unlocked, "options.allow_unlocked is neither 0 nor 1");
  open.rdb_only = to_flag(options.rdb_only, "options.rdb_only is neither 0 nor 1");
  open.cancel = token_of(options.cancel);
  open.compression = to_enum(options.compression, Compression::zstd,
                             "options.compression is none of RDB_COMPRESSION_...");
  if (options.compression_level > kMaxCompressionLevel) {
    throw_invalid("options.compression_level is above 22");
  }
  open.compression_level = static_cast<int>(options.compression_level);
  return open;
}

}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_options_init(rdb_options* options, size_t size, rdb_error* err) {
  return guard(err, [&] { init_struct(options, size, "options"); });
}

rdb_status rdb_options_set(rdb_options* options, rdb_slice key, rdb_slice value, rdb_error* err) {
  return guard(err, [&] {
    const size_t size = struct_size_of(options, "options");
    const Option& option = find_option(rdb::as_text(to_bytes(key)));
    const uint64_t parsed = parse_value(option, rdb::as_text(to_bytes(value)));
    if (size < option.offset + option.size) {
      throw rdb::Error(rdb::ErrorCode::unsupported,
                       std::string("the caller's options end before ") + option.name);
    }
    store_member(options, option, parsed);
  });
}

size_t rdb_option_count(void) { return kOptions.size(); }

rdb_status rdb_option_at(size_t index, rdb_option_info* out, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    require_not_null(out, "out");
    if (index >= kOptions.size()) return RDB_NOT_FOUND;
    const Option& option = kOptions[index];
    rdb_option_info info{};
    info.name = option.name;
    info.choices = option.choices;
    info.initial = option.initial;
    info.help = option.help;
    info.type = option.type;
    write_struct(out, info, "out");
    return RDB_OK;
  });
}
