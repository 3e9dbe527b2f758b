#include "rdb/item_codec.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support.hpp"

using namespace rdb;
using test::hex;
using test::unhex;
using Kind = ItemKind;

namespace {

TypeName builtin(const std::string& name) { return {TypeName::kBuiltin, name, {}}; }
TypeName tuple(const std::string& name) { return {TypeName::kTuple, name, {}}; }
TypeName user(const std::string& name) { return {TypeName::kUserDefined, name, {}}; }

Item number(uint64_t low) {
  Item item;
  item.kind = Kind::unsigned_integer;
  item.low = low;
  return item;
}
Item negative(int64_t value) {
  Item item;
  item.kind = Kind::signed_integer;
  item.low = static_cast<uint64_t>(value);
  item.high = value < 0 ? ~uint64_t{0} : 0;
  return item;
}
Item text(std::string_view value, Kind kind = Kind::text) {
  Item item;
  item.kind = kind;
  item.bytes = as_bytes(value);
  return item;
}
Item real(double value) {
  Item item;
  item.kind = Kind::real;
  item.number = value;
  return item;
}
Item of(Kind kind, uint32_t count = 0, uint64_t low = 0) {
  Item item;
  item.kind = kind;
  item.count = count;
  item.low = low;
  return item;
}
Item date(int32_t year, uint32_t month, uint32_t day) {
  Item item = of(Kind::date);
  item.year = year;
  item.month = month;
  item.day = day;
  return item;
}

std::string written(const TypeName& type, const std::vector<Item>& items) {
  ItemCodec codec(type);
  for (const Item& item : items) codec.put(item);
  return hex(codec.finish());
}

// Items as words, so that a whole value can be compared at once.
std::string read(const TypeName& type, const std::vector<std::byte>& value) {
  ItemCodec codec(type);
  codec.start(value);
  std::string words;
  Item item;
  while (codec.next(item)) {
    if (!words.empty()) words += ' ';
    switch (item.kind) {
      case Kind::unit:
        words += "()";
        break;
      case Kind::boolean:
        words += item.low != 0 ? "true" : "false";
        break;
      case Kind::character:
        words += "U+" + std::to_string(item.low);
        break;
      case Kind::unsigned_integer:
        words += std::to_string(item.low);
        break;
      case Kind::signed_integer:
        words += std::to_string(static_cast<int64_t>(item.low));
        break;
      case Kind::real:
        words += std::to_string(item.number);
        break;
      case Kind::text:
        words += "'" + std::string(as_text(item.bytes)) + "'";
        break;
      case Kind::bytes:
      case Kind::uuid:
        words += hex(item.bytes);
        break;
      case Kind::none:
        words += "none";
        break;
      case Kind::some:
        words += "some";
        break;
      case Kind::tuple:
      case Kind::array:
      case Kind::list:
        words += (item.kind == Kind::tuple   ? "tuple"
                  : item.kind == Kind::array ? "array"
                                             : "list") +
                 std::to_string(item.count);
        break;
      default:
        words += "?";
    }
  }
  CHECK_FALSE(codec.next(item));
  return words;
}

std::string refusal(const TypeName& type, const std::vector<Item>& items) {
  ItemCodec codec(type);
  try {
    for (const Item& item : items) codec.put(item);
    codec.finish();
  } catch (const Error& error) {
    CHECK((error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::misuse));
    return error.what();
  }
  return "written";
}

std::string damage(const TypeName& type, const char* value) {
  ItemCodec codec(type);
  const std::vector<std::byte> bytes = unhex(value);
  codec.start(bytes);
  Item item;
  try {
    while (codec.next(item)) {
    }
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::corrupted);
    CHECK_FALSE(codec.next(item));
    return error.what();
  }
  return "read";
}

}  // namespace

TEST_SUITE("table/item_codec") {
  TEST_CASE("the examples of the format are written and read") {
    struct Example {
      TypeName type;
      std::vector<Item> items;
      const char* bytes;
      const char* words;
    };
    const std::vector<Example> examples = {
        {builtin("u64"), {number(258)}, "0201000000000000", "258"},
        {builtin("i32"), {negative(-2)}, "feffffff", "-2"},
        {builtin("char"), {of(Kind::character, 0, 0x1f600)}, "00f601", "U+128512"},
        {builtin("f32"), {real(1.5)}, "0000c03f", "1.500000"},
        {builtin("Option<u64>"), {of(Kind::none)}, "000000000000000000", "none"},
        {builtin("Option<u64>"), {of(Kind::some), number(7)}, "010700000000000000", "some 7"},
        {builtin("Option<&str>"), {of(Kind::none)}, "00", "none"},
        {builtin("Option<&str>"), {of(Kind::some), text("x")}, "0178", "some 'x'"},
        {builtin("[u16;3]"), {number(1), number(2), number(3)}, "010002000300", "array3 1 2 3"},
        {builtin("[&str;3]"),
         {text("test1"), text("hi"), text("world")},
         "1100000013000000180000007465737431"
         "6869776f726c64",
         "array3 'test1' 'hi' 'world'"},
        {builtin("Vec<u16>"),
         {of(Kind::list, 3), number(1), number(2), number(3)},
         "03010002000300",
         "list3 1 2 3"},
        {builtin("Vec<&str>"),
         {of(Kind::list, 3), text("a"), text("bcd"), text("")},
         "0301610362636400",
         "list3 'a' 'bcd' ''"},
        {builtin("(u64,u32)"), {number(1), number(2)}, "010000000000000002000000", "tuple2 1 2"},
        {tuple("(u64,&str)"), {number(1), text("hi")}, "01000000000000006869", "tuple2 1 'hi'"},
        {tuple("(&str,u8)"), {text("hello"), number(1)}, "0568656c6c6f01", "tuple2 'hello' 1"},
        {tuple("(&str,u16,&[u8],&str)"),
         {text("ab"), number(0x0102), text("\xaa\xbb\xcc", Kind::bytes), text("z")},
         "020361620201aabbcc7a",
         "tuple4 'ab' 258 aabbcc 'z'"},
        {builtin("(u64,&str)"),
         {number(1), text("hi")},
         "0800000001000000000000006869",
         "tuple2 1 'hi'"},
        {builtin("(&str,u8)"),
         {text("hello"), number(1)},
         "0500000068656c6c6f01",
         "tuple2 'hello' 1"},
        {builtin("(&str,u16,&[u8],&str)"),
         {text("ab"), number(0x0102), text("\xaa\xbb\xcc", Kind::bytes), text("z")},
         "02000000020000000300000061620201aabbcc7a",
         "tuple4 'ab' 258 aabbcc 'z'"},
        {tuple("((u8,&str),u8)"),
         {number(1), text("q"), number(2)},
         "02017102",
         "tuple2 tuple2 1 'q' 2"},
        {builtin("[(u8,&str);2]"),
         {number(1), text("q"), number(2), text("rs")},
         "0a0000000d0000000171027273",
         "array2 tuple2 1 'q' tuple2 2 'rs'"},
    };
    for (const Example& example : examples) {
      CAPTURE(example.type.name);
      CAPTURE(example.bytes);
      CHECK(written(example.type, example.items) == example.bytes);
      CHECK(read(example.type, unhex(example.bytes)) == example.words);
      ItemCodec codec(example.type);
      CHECK(codec.problem(unhex(example.bytes)) == "");
    }
  }

  TEST_CASE("long members take longer lengths") {
    const std::string x254(254, 'x');
    const std::string x70000(70000, 'x');
    const std::string short_form = written(tuple("(&str,u8)"), {text(x254), number(9)});
    CHECK(short_form.size() == 2 * 258);
    CHECK(short_form.substr(0, 8) == "fefe0078");
    const std::string long_form = written(tuple("(&str,u8)"), {text(x70000), number(9)});
    CHECK(long_form.size() == 2 * 70006);
    CHECK(long_form.substr(0, 12) == "ff7011010078");
    CHECK(read(tuple("(&str,u8)"), unhex(short_form)) == "tuple2 '" + x254 + "' 9");
  }

  TEST_CASE("what reading gives can be written back") {
    const TypeName type = tuple("(Option<(u8,&str)>,[&str;2],Vec<Option<u16>>,[u16;0],&str)");
    ItemCodec first(type);
    for (const Item& item :
         {of(Kind::tuple, 5), of(Kind::some), of(Kind::tuple, 2), number(1), text("q"),
          of(Kind::array, 2), text("ab"), text(""), of(Kind::list, 2), of(Kind::none),
          of(Kind::some), number(5), of(Kind::array, 0), text("end")}) {
      first.put(item);
    }
    const Bytes value = first.finish();
    const std::vector<std::byte> copy(value.begin(), value.end());
    CHECK(first.problem(copy) == "");
    ItemCodec second(type);
    first.start(copy);
    Item item;
    while (first.next(item)) second.put(item);
    CHECK(hex(second.finish()) == hex(copy));
  }

  TEST_CASE("a member may be given as it is stored") {
    ItemCodec inner(tuple("(u8,&str)"));
    inner.put(number(1));
    inner.put(text("q"));
    ItemCodec outer(tuple("((u8,&str),u8)"));
    outer.put(of(Kind::tuple, 2));
    Item stored = of(Kind::stored);
    stored.bytes = inner.finish();
    outer.put(stored);
    outer.put(number(2));
    CHECK(hex(outer.finish()) == "02017102");
    stored.bytes = as_bytes("\xff");
    CHECK(refusal(builtin("&str"), {stored}) == "the value of \"&str\" is not UTF-8");
  }

  TEST_CASE("dates, times and identifiers") {
    Item zoned = date(2024, 2, 29);
    zoned.kind = Kind::zoned_date_time;
    zoned.seconds = 86399;
    zoned.nanoseconds = 1'000'000'000;
    zoned.offset = -3600;
    const TypeName type = user("chrono::DateTime<chrono::FixedOffset>");
    const std::string bytes = written(type, {zoned});
    CHECK(bytes == "e8070000021d7f510100ca9a3bf0f1ffff");
    ItemCodec codec(type);
    const std::vector<std::byte> value = unhex(bytes);
    codec.start(value);
    Item item;
    REQUIRE(codec.next(item));
    CHECK(item.kind == Kind::zoned_date_time);
    CHECK(item.year == 2024);
    CHECK(item.month == 2);
    CHECK(item.day == 29);
    CHECK(item.seconds == 86399);
    CHECK(item.nanoseconds == 1'000'000'000);
    CHECK(item.offset == -3600);
    CHECK(refusal(user("chrono::NaiveDate"), {date(2023, 2, 29)}) ==
          "the value of \"chrono::NaiveDate\" is no date of the calendar");
    CHECK(refusal(user("chrono::NaiveDate"), {date(2023, 258, 1)}) ==
          "the value of \"chrono::NaiveDate\" is no date of the calendar");
    CHECK(written(user("uuid::Uuid"), {text("0123456789abcdef", Kind::uuid)}) ==
          "30313233343536373839616263646566");
  }

  TEST_CASE("numbers must fit, whatever their sign's kind") {
    CHECK(written(builtin("u8"), {number(255)}) == "ff");
    CHECK(written(builtin("u8"), {negative(255)}) == "ff");
    CHECK(written(builtin("i8"), {number(127)}) == "7f");
    CHECK(written(builtin("i8"), {negative(-128)}) == "80");
    const char* out = "the value of \"u8\" is out of the range of its integer";
    CHECK(refusal(builtin("u8"), {number(256)}) == out);
    CHECK(refusal(builtin("u8"), {negative(-1)}) == out);
    CHECK(refusal(builtin("i8"), {number(128)}) ==
          "the value of \"i8\" is out of the range of its integer");
    CHECK(refusal(builtin("i8"), {negative(-129)}) ==
          "the value of \"i8\" is out of the range of its integer");
    CHECK(written(builtin("u64"), {number(~uint64_t{0})}) == "ffffffffffffffff");
    CHECK(refusal(builtin("i64"), {number(uint64_t{1} << 63)}) ==
          "the value of \"i64\" is out of the range of its integer");
    Item wide = number(1);
    wide.high = uint64_t{1} << 63;
    CHECK(written(builtin("u128"), {wide}) == "01000000000000000000000000000080");
    CHECK(refusal(builtin("i128"), {wide}) ==
          "the value of \"i128\" is out of the range of its integer");
    CHECK(refusal(builtin("u64"), {wide}) ==
          "the value of \"u64\" is out of the range of its integer");
    CHECK(written(builtin("i128"), {negative(-1)}) == std::string(32, 'f'));
    CHECK(refusal(builtin("u128"), {negative(-1)}) ==
          "the value of \"u128\" is out of the range of its integer");
    CHECK(refusal(builtin("f32"), {real(1e300)}) ==
          "the value of \"f32\" is out of the range of f32");
    CHECK(written(builtin("f32"), {real(std::numeric_limits<double>::infinity())}) == "0000807f");
  }

  TEST_CASE("items that do not suit are refused, naming the member") {
    const TypeName type = tuple("((u8,&str),Option<u16>,Vec<u8>)");
    CHECK(
        refusal(type, {number(1), number(2)}) ==
        "member 0.1 of \"((u8,&str),Option<u16>,Vec<u8>)\" is text or bytes, given something else");
    CHECK(refusal(type, {number(1), text("q"), number(2)}) ==
          "member 1 of \"((u8,&str),Option<u16>,Vec<u8>)\" is an option, which begins with none or "
          "some");
    CHECK(refusal(type, {number(1), text("q"), of(Kind::none), number(2)}) ==
          "member 2 of \"((u8,&str),Option<u16>,Vec<u8>)\" is a list, which begins with its count");
    CHECK(refusal(type, {of(Kind::tuple, 2)}) ==
          "the value of \"((u8,&str),Option<u16>,Vec<u8>)\" has 3 members, not 2");
    CHECK(refusal(type, {number(1)}) ==
          "members of \"((u8,&str),Option<u16>,Vec<u8>)\" are missing");
    CHECK(refusal(builtin("u8"), {number(1), number(2)}) == "the value of \"u8\" is complete");
    CHECK(refusal(builtin("[u16;0]"), {number(1)}) ==
          "the value of \"[u16;0]\" has no members, given one");
    CHECK(written(builtin("[u16;0]"), {of(Kind::array, 0)}) == "");
    CHECK(refusal(builtin("Vec<()>"), {of(Kind::list, ~0u)}) ==
          "the value of \"Vec<()>\" has more elements than one without bytes may have");
    CHECK(refusal(tuple("(u8,&str)"), {number(1), text("\xff")}) ==
          "member 1 of \"(u8,&str)\" is not UTF-8");
    CHECK(refusal(builtin("bool"), {of(Kind::boolean, 0, 2)}) ==
          "the value of \"bool\" is neither 0 nor 1");
  }

  TEST_CASE("after a refusal a value is begun anew") {
    ItemCodec codec(tuple("(u8,&str)"));
    codec.put(number(1));
    CHECK_THROWS_CODE(codec.put(number(1)), ErrorCode::invalid_argument);
    codec.put(number(2));
    codec.put(text("b"));
    CHECK(hex(codec.finish()) == "0262");
  }

  TEST_CASE("D9, Vec overflow, short vectors: damaged values are reported, naming the member") {
    CHECK(damage(tuple("(&str,u8)"), "05 6161") ==
          "the value of \"(&str,u8)\" has a member that runs past its end");
    CHECK(damage(tuple("(&str,u8)"), "fe01") ==
          "the value of \"(&str,u8)\" has a length that is cut off");
    CHECK(damage(tuple("(&str,u8)"), "01 61 07 07") ==
          "member 1 of \"(&str,u8)\" is longer than its type");
    CHECK(damage(builtin("(&str,u8)"), "ffffffff 61 07") ==
          "the value of \"(&str,u8)\" has a member that runs past its end");
    CHECK(damage(builtin("Vec<&str>"), "02 ffffffffff 61") ==
          "the value of \"Vec<&str>\" has a member that runs past its end");
    CHECK(damage(builtin("Vec<&str>"), "ffffffffff 01 61") ==
          "the value of \"Vec<&str>\" has a length that is cut off");
    CHECK(damage(builtin("Vec<u16>"), "ff00000080 0100") ==
          "the value of \"Vec<u16>\" has a member that runs past its end");
    CHECK(damage(builtin("redb::vec::FixedVec<2>"), "00000000") ==
          "the value of \"redb::vec::FixedVec<2>\" is shorter than its type");
    CHECK(damage(builtin("[&str;2]"), "09000000 08000000 61").find("has offsets that descend") !=
          std::string::npos);
    CHECK(damage(builtin("Option<u16>"), "02 0000") ==
          "the value of \"Option<u16>\" is neither none (0) nor some (1)");
    CHECK(damage(builtin("Vec<()>"), "ffffffffff") ==
          "the value of \"Vec<()>\" has more elements than one without bytes may have");
    // Longer lengths than needed are read all the same.
    CHECK(read(tuple("(&str,u8)"), unhex("fe0100 61 07")) == "tuple2 'a' 7");
    CHECK(read(builtin("Option<u16>"), unhex("00 1234")) == "none");
  }

  TEST_CASE("random bytes are read, or refused, and what was read is of the type") {
    std::mt19937_64 random(11);
    for (const TypeName& type :
         {tuple("(&str,u8,Option<&str>)"), builtin("(&str,u8,Option<&str>)"), builtin("[&str;3]"),
          builtin("Vec<(u8,Vec<u16>)>"), builtin("Vec<Option<&str>>"),
          builtin("([u8;2],Option<char>,bool)"), user("chrono::NaiveDateTime")}) {
      ItemCodec codec(type);
      for (int round = 0; round < 3000; ++round) {
        std::vector<std::byte> value(random() % 24);
        for (std::byte& b : value)
          b = static_cast<std::byte>(random() % (random() % 4 == 0 ? 256 : 4));
        codec.start(value);
        Item item;
        bool whole = true;
        size_t items = 0;
        try {
          while (codec.next(item)) ++items;
        } catch (const Error& error) {
          whole = false;
          CHECK(error.code() == ErrorCode::corrupted);
        }
        CHECK(items <= 2 * value.size() + 8);
        if (codec.problem(value).empty()) CHECK(whole);
      }
    }
  }

  TEST_CASE("types are described, compared, or refused as unknown") {
    CHECK(ItemCodec(builtin("(u64,u32)")).info().width == 12u);
    CHECK(ItemCodec(builtin("(u64,u32)")).info().ordered);
    CHECK_FALSE(ItemCodec(builtin("Vec<u8>")).info().ordered);
    CHECK(ItemCodec(builtin("Option<(u8,&str)>")).info().ambiguous);
    CHECK(ItemCodec(tuple("(&str,u8)")).compare(unhex("01 62 00"), unhex("02 6161 00")) > 0);
    CHECK_THROWS_CODE(ItemCodec(builtin("Vec<u8>")).compare({}, {}), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(ItemCodec(user("app::Key")), ErrorCode::unsupported);
    CHECK_THROWS_CODE(ItemCodec(builtin("Option<app::Key>")), ErrorCode::unsupported);
  }
}
