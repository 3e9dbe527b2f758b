#include "format/encoding.hpp"

#include <string>
#include <vector>

#include "support.hpp"

using namespace rdb;
using format::EncodingProblem;
using format::find_encoding_problem;
using format::TypeShape;
using format::VarLength;
using test::unhex;

namespace {

std::string problem(const TypeName& type, const std::vector<std::byte>& value) {
  const auto shape = TypeShape::parse(type);
  REQUIRE(shape != nullptr);
  const EncodingProblem found = find_encoding_problem(*shape, value);
  // Who asks has compared the width.
  if (!shape->root().fixed() || shape->root().width == value.size()) {
    CHECK(format::EncodingRule(shape).accepts(value) == !found);
  }
  return found.text();
}
std::string builtin(const char* name, const char* hex) {
  return problem({TypeName::kBuiltin, name, {}}, unhex(hex));
}
std::string tuple(const char* name, const char* hex) {
  return problem({TypeName::kTuple, name, {}}, unhex(hex));
}
std::string user(const char* name, const char* hex) {
  return problem({TypeName::kUserDefined, name, {}}, unhex(hex));
}

}  // namespace

TEST_SUITE("format/encoding") {
  TEST_CASE("the examples of the format are values") {
    struct Example {
      uint8_t type_class;
      const char* type;
      const char* hex;
    };
    constexpr Example kExamples[] = {
        {1, "u64", "0201000000000000"},
        {1, "char", "00f601"},
        {1, "Option<u64>", "000000000000000000"},
        {1, "Option<u64>", "010700000000000000"},
        {1, "Option<&str>", "00"},
        {1, "Option<&str>", "0178"},
        {1, "[u16;3]", "010002000300"},
        {1, "[&str;3]", "11000000 13000000 18000000 7465737431 6869 776f726c64"},
        {1, "Vec<u16>", "03 0100 0200 0300"},
        {1, "Vec<&str>", "03 01 61 03 626364 00"},
        {1, "(u64,u32)", "0100000000000000 02000000"},
        {3, "(u64,&str)", "0100000000000000 6869"},
        {3, "(&str,u8)", "05 68656c6c6f 01"},
        {3, "(&str,u16,&[u8],&str)", "02 03 6162 0201 aabbcc 7a"},
        {1, "(u64,&str)", "08000000 0100000000000000 6869"},
        {1, "(&str,u8)", "05000000 68656c6c6f 01"},
        {1, "(&str,u16,&[u8],&str)", "02000000 02000000 03000000 6162 0201 aabbcc 7a"},
        {3, "((u8,&str),u8)", "02 01 71 02"},
        {1, "[(u8,&str);2]", "0a000000 0d000000 01 71 02 7273"},
        {1, "redb::vec::ScalarQuantized<3>", "00000000 0000803f 00 80 ff"},
        {2, "chrono::NaiveDate", "e8070000 02 1d"},
        {2, "chrono::NaiveTime", "7f5101 00ca9a3b"},
        {2, "chrono::FixedOffset", "7f510100"},
    };
    for (const Example& example : kExamples) {
      CAPTURE(example.type);
      CHECK(problem({example.type_class, example.type, {}}, unhex(example.hex)) == "");
    }
  }

  TEST_CASE("scalars keep their rules") {
    CHECK(builtin("bool", "02") == "is neither 0 nor 1");
    CHECK(builtin("char", "00d800") == "is no Unicode scalar value");
    CHECK(builtin("char", "000011") == "is no Unicode scalar value");
    CHECK(builtin("&str", "ff") == "is not UTF-8");
    CHECK(builtin("String", "c080") == "is not UTF-8");
    CHECK(builtin("u32", "0000") == "is shorter than its type");
    CHECK(builtin("u32", "0000000000") == "is longer than its type");
    CHECK(builtin("redb::vec::DynVec", "00000000 00") == "has a length that is no multiple of 4");
    CHECK(builtin("redb::vec::ScalarQuantized<0>", "0000c07f 00000000") ==
          "has bounds that are not finite");
  }

  TEST_CASE("dates and times are those of the calendar") {
    CHECK(user("chrono::NaiveDate", "e7070000 02 1d") == "is no date of the calendar");  // 2023
    CHECK(user("chrono::NaiveDate", "6c070000 02 1d") == "is no date of the calendar");  // 1900
    CHECK(user("chrono::NaiveDate", "d0070000 02 1d") == "");                            // 2000
    CHECK(user("chrono::NaiveDate", "e8070000 00 01") == "is no date of the calendar");
    CHECK(user("chrono::NaiveDate", "e8070000 0d 01") == "is no date of the calendar");
    CHECK(user("chrono::NaiveDate", "e8070000 01 00") == "is no date of the calendar");
    CHECK(user("chrono::NaiveDate", "feff0300 0c 1f") == "");
    CHECK(user("chrono::NaiveDate", "ffff0300 01 01") == "is no date of the calendar");
    CHECK(user("chrono::NaiveDate", "0100fcff 01 01") == "");
    CHECK(user("chrono::NaiveDate", "0000fcff 0c 1f") == "is no date of the calendar");
    CHECK(user("chrono::NaiveTime", "805101 00000000") == "is no time of a day");
    CHECK(user("chrono::NaiveTime", "7e5101 00ca9a3b") == "is no time of a day");  // no minute ends
    CHECK(user("chrono::NaiveTime", "7f5101 00943577") == "is no time of a day");
    CHECK(user("chrono::FixedOffset", "80510100") == "is an offset of a day or more");
    CHECK(user("chrono::FixedOffset", "80aefeff") == "is an offset of a day or more");
    CHECK(user("chrono::NaiveDateTime", "e8070000 02 1d 805101 00000000") == "is no time of a day");
    CHECK(user("chrono::DateTime<chrono::FixedOffset>",
               "e8070000 02 1d 000000 00000000 80510100") == "is an offset of a day or more");
  }

  TEST_CASE("options are none, padded with zeros, or some") {
    CHECK(builtin("Option<u16>", "") == "is shorter than its type");
    CHECK(builtin("Option<u16>", "020000") == "is neither none (0) nor some (1)");
    CHECK(builtin("Option<u16>", "00") == "has another length than none has");
    CHECK(builtin("Option<u16>", "000001") == "is none, but not padded with zeros");
    CHECK(builtin("Option<&str>", "0061") == "has another length than none has");
    CHECK(builtin("Option<u16>", "0107") == "is shorter than its type");
    CHECK(builtin("Option<bool>", "0102") == "is neither 0 nor 1");
  }

  TEST_CASE("arrays have offsets that ascend up to their end") {
    CHECK(builtin("[&str;2]", "09000000") == "is shorter than its table of offsets");
    CHECK(builtin("[&str;2]", "09000000 08000000 61") == "has offsets that descend or leave it");
    CHECK(builtin("[&str;2]", "07000000 09000000 61") == "has offsets that descend or leave it");
    CHECK(builtin("[&str;2]", "09000000 0a000000 61") == "has offsets that descend or leave it");
    CHECK(builtin("[&str;2]", "08000000 08000000 61") == "is longer than its type");
    CHECK(builtin("[&str;2]", "08000000 09000000 ff") == "member 1 is not UTF-8");
    CHECK(builtin("[bool;3]", "000102") == "member 2 is neither 0 nor 1");
    CHECK(builtin("[();5]", "") == "");
    CHECK(builtin("[[();3000000000];3000000000]", "00") == "is longer than its type");
    CHECK(builtin("[&str;0]", "") == "");
  }

  TEST_CASE("D9: tuples with malformed lengths are refused, and name the member") {
    CHECK(tuple("(&str,u8)", "") == "has a length that is cut off");
    CHECK(tuple("(&str,u8)", "fe01") == "has a length that is cut off");
    CHECK(tuple("(&str,u8)", "ff010000") == "has a length that is cut off");
    CHECK(tuple("(&str,u8)", "05 6161") == "has a member that runs past its end");
    CHECK(tuple("(&str,u8)", "ffffffffff 61") == "has a member that runs past its end");
    CHECK(tuple("(&str,u8)", "fe0100 61 07") == "has a length that is not in its shortest form");
    CHECK(tuple("(&str,u8)", "ff fd000000 61 07") ==
          "has a length that is not in its shortest form");
    CHECK(tuple("(&str,u8)", "01 61") == "member 1 is shorter than its type");
    CHECK(tuple("(&str,u8)", "01 61 07 07") == "member 1 is longer than its type");
    CHECK(tuple("(u16,&str)", "01") == "has a member that runs past its end");
    CHECK(tuple("(u8,&str)", "01 ff") == "member 1 is not UTF-8");
    CHECK(tuple("((u8,&str),u8)", "02 01 ff 02") == "member 0.1 is not UTF-8");
    CHECK(tuple("(u8,Option<(u8,&str)>)", "01 01 05 ff") == "member 1.1 is not UTF-8");
  }

  TEST_CASE("legacy tuples have a length for all members but the last") {
    CHECK(builtin("(u8,&str)", "010000") == "has a length that is cut off");
    CHECK(builtin("(u8,&str)", "02000000 01") == "has a member that runs past its end");
    CHECK(builtin("(u8,&str)", "00000000 01 61") == "member 0 is shorter than its type");
    CHECK(builtin("(u8,&str)", "02000000 0102 61") == "member 0 is longer than its type");
  }

  TEST_CASE("lists: the element length does not overflow, the count is believed by no one") {
    CHECK(builtin("Vec<&str>", "") == "has a count that is cut off");
    CHECK(builtin("Vec<&str>", "fe0100 00") == "has a count that is not in its shortest form");
    CHECK(builtin("Vec<&str>", "01 ffffffffff 61") == "has a member that runs past its end");
    CHECK(builtin("Vec<&str>", "ffffffffff") == "has a length that is cut off");
    CHECK(builtin("Vec<u16>", "ffffffffff 0000") == "has a member that runs past its end");
    CHECK(builtin("Vec<u16>", "01 0000 00") == "is longer than its type");
    CHECK(builtin("Vec<&str>", "01 01 61 00") == "is longer than its type");
    CHECK(builtin("Vec<()>", "ffffffffff") == "has more elements than one without bytes may have");
  }

  TEST_CASE("FixedVec on short data is refused by its width") {
    CHECK(builtin("redb::vec::FixedVec<2>", "00000000") == "is shorter than its type");
    CHECK(builtin("redb::vec::FixedVec<2>", "00000000 00000000") == "");
  }

  TEST_CASE("lengths take one, three or five bytes") {
    for (const uint32_t value : {0u, 1u, 253u, 254u, 255u, 65535u, 65536u, 4294967295u}) {
      std::byte bytes[VarLength::kMaxBytes];
      const size_t size = VarLength::encode(value, bytes);
      CHECK(size == (value < 254 ? 1u : value < 65536 ? 3u : 5u));
      const VarLength length = VarLength::parse(Bytes(bytes, size));
      CHECK(length.value == value);
      CHECK(length.bytes == size);
      CHECK(length.whole);
      CHECK(length.shortest);
      const VarLength cut = VarLength::parse(Bytes(bytes, size - 1));
      CHECK(cut.value == 0);
      CHECK(cut.bytes == size - 1);
      CHECK_FALSE(cut.whole);
    }
  }
}
