// Keys and values between stored bytes, JSON and the command line: every known type, both
// directions, and what is refused.
#include "value_codec.hpp"

#include "format/type_info.hpp"
#include "support.hpp"

namespace rdb::tools {

namespace {

using test::bytes_of;
using test::hex;
using test::unhex;

ValueCodec codec(const std::string& name) {
  for (uint32_t width : {0u, 1u, 2u, 3u, 4u, 8u, 16u, 12u, 6u}) {
    ValueCodec candidate({TypeName::kBuiltin, name}, width);
    if (candidate.known()) return candidate;
  }
  return ValueCodec({TypeName::kBuiltin, name}, std::nullopt);
}

// JSON text -> stored bytes as hex.
std::string stored(const std::string& type, const std::string& json) {
  return hex(codec(type).from_json(Json::parse(json)));
}

// Stored bytes as hex -> JSON text.
std::string shown(const std::string& type, const std::string& bytes) {
  return codec(type).to_json(unhex(bytes)).dump();
}

std::string refusal(const std::string& type, const std::string& json) {
  try {
    codec(type).from_json(Json::parse(json));
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    return error.what();
  }
  return "accepted";
}

std::string text_refusal(const std::string& type, const std::string& text) {
  try {
    codec(type).from_text(text);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    return error.what();
  }
  return "accepted";
}

ValueCodec expiring(const std::string& inner, std::optional<uint32_t> width) {
  return ValueCodec({TypeName::kBuiltin, "ttl::" + inner}, width);
}

struct Example {
  const char* type;
  const char* json;
  const char* bytes;  // hex
  const char* text;   // command line; null: not given there in this form
};

constexpr Example kExamples[] = {
    {"()", "null", "", "()"},
    {"bool", "false", "00", "false"},
    {"bool", "true", "01", "true"},
    {"char", "\"A\"", "410000", "A"},
    {"char", "\"\xf0\x9f\x98\x80\"", "00f601", "\xf0\x9f\x98\x80"},
    {"u8", "0", "00", "0"},
    {"u8", "255", "ff", "255"},
    {"u16", "513", "0102", "513"},
    {"u32", "4294967295", "ffffffff", "4294967295"},
    {"u64", "9007199254740993", "0100000000002000", "9007199254740993"},
    {"u64", "18446744073709551615", "ffffffffffffffff", "18446744073709551615"},
    {"u128", "9007199254740992", "00000000000020000000000000000000", "9007199254740992"},
    {"u128", "\"9007199254740993\"", "01000000000020000000000000000000", "9007199254740993"},
    {"u128", "\"340282366920938463463374607431768211455\"", "ffffffffffffffffffffffffffffffff",
     "340282366920938463463374607431768211455"},
    {"i8", "-128", "80", "-128"},
    {"i8", "127", "7f", "127"},
    {"i16", "-2", "feff", "-2"},
    {"i32", "-2147483648", "00000080", "-2147483648"},
    {"i64", "-9223372036854775808", "0000000000000080", "-9223372036854775808"},
    {"i64", "9223372036854775807", "ffffffffffffff7f", "9223372036854775807"},
    {"i128", "-1", "ffffffffffffffffffffffffffffffff", "-1"},
    {"i128", "\"-170141183460469231731687303715884105728\"", "00000000000000000000000000000080",
     "-170141183460469231731687303715884105728"},
    {"f32", "0.1", "cdcccc3d", "0.1"},
    {"f32", "\"NaN\"", "0000c07f", "NaN"},
    {"f32", "\"-inf\"", "000080ff", "-inf"},
    {"f64", "0.1", "9a9999999999b93f", "0.1"},
    {"f64", "-0.0", "0000000000000080", "-0"},
    {"f64", "\"NaN\"", "000000000000f87f", "NaN"},
    {"f64", "\"inf\"", "000000000000f07f", "inf"},
    {"f64", "1.7976931348623157e+308", "ffffffffffffef7f", "1.7976931348623157e+308"},
    {"&str", "\"\"", "", ""},
    {"&str", "\"h\xc3\xa9\\n\"", "68c3a90a", "h\xc3\xa9\n"},
    {"&str", "\"hex:00\"", "6865783a3030", "hex:00"},
    {"String", "\"x\"", "78", "x"},
    {"&[u8]", "{\"b64\":\"\"}", "", ""},
    {"&[u8]", "{\"b64\":\"AP8=\"}", "00ff", "hex:00ff"},
    {"&[u8]", "{\"b64\":\"YWI=\"}", "6162", "ab"},
    {"&[u8]", "{\"b64\":\"aGV4OjAw\"}", "6865783a3030", "text:hex:00"},
    {"[u8;4]", "{\"b64\":\"AAECAw==\"}", "00010203", "hex:00010203"},
    {"[u16;3]", "[1,2,65535]", "01000200ffff", "[1,2,65535]"},
    {"[f32;2]", "[\"NaN\",1.5]", "0000c07f0000c03f", "[\"NaN\",1.5]"},
    {"[[u8;2];3]", "[{\"b64\":\"AAE=\"},{\"b64\":\"AgM=\"},{\"b64\":\"BAU=\"}]", "000102030405",
     "[{\"b64\":\"AAE=\"},{\"b64\":\"AgM=\"},{\"b64\":\"BAU=\"}]"},
    {"[char;2]", "[\"a\",\"b\"]", "610000620000", "[\"a\",\"b\"]"},
    {"[();2]", "[null,null]", "", "[null,null]"},
};

}  // namespace

TEST_SUITE("cli/value_codec") {
  TEST_CASE("V1: every known type goes to JSON and to the command line and back") {
    for (const Example& example : kExamples) {
      CAPTURE(example.type);
      CAPTURE(example.json);
      REQUIRE(codec(example.type).known());
      CHECK(stored(example.type, example.json) == example.bytes);
      CHECK(shown(example.type, example.bytes) == example.json);
      CHECK(hex(codec(example.type).from_text(example.text)) == example.bytes);
      CHECK(codec(example.type).exact(unhex(example.bytes)) == example.text);
      CHECK(codec(example.type).is_value(unhex(example.bytes)));
    }
  }

  TEST_CASE("V1: a NaN with a payload keeps its bits, alone and in an array") {
    CHECK(shown("f64", "010000000000f87f") == "{\"b64\":\"AQAAAAAA+H8=\"}");
    CHECK(stored("f64", "{\"b64\":\"AQAAAAAA+H8=\"}") == "010000000000f87f");
    CHECK(stored("[f32;2]", shown("[f32;2]", "0100c07f0000803f")) == "0100c07f0000803f");
  }

  TEST_CASE("every f32 that JSON shows reads back as itself") {
    uint32_t bits = 0;
    for (int i = 0; i < 20000; ++i) {
      bits = bits * 1664525u + 1013904223u;
      std::vector<std::byte> bytes;
      for (int k = 0; k < 4; ++k) bytes.push_back(static_cast<std::byte>(bits >> (8 * k) & 0xff));
      const Json json = codec("f32").to_json(bytes);
      REQUIRE(codec("f32").from_json(Json::parse(json.dump())) == bytes);
    }
  }

  TEST_CASE("V2: numbers outside their type are refused, naming both") {
    CHECK(refusal("u8", "256") == "256 is out of range for u8 (0 to 255)");
    CHECK(refusal("u8", "-1") == "-1 is out of range for u8 (0 to 255)");
    CHECK(refusal("i8", "128") == "128 is out of range for i8 (-128 to 127)");
    CHECK(refusal("i8", "-129") == "-129 is out of range for i8 (-128 to 127)");
    CHECK(refusal("u64", "18446744073709551616").find("out of range for u64") != std::string::npos);
    CHECK(refusal("u128", "\"340282366920938463463374607431768211456\"").find("out of range") !=
          std::string::npos);
    CHECK(refusal("u128", "18446744073709551616").find("decimal string") != std::string::npos);
    CHECK(refusal("i128", "\"170141183460469231731687303715884105728\"").find("out of range") !=
          std::string::npos);
    CHECK(refusal("u32", "1.5").find("not a whole number") != std::string::npos);
    CHECK(refusal("u32", "1e3").find("fraction or exponent") != std::string::npos);
    CHECK(refusal("f32", "1e300") == "1e+300 is out of range for f32");
    CHECK(text_refusal("u16", "65536") == "65536 is out of range for u16 (0 to 65535)");
    CHECK(text_refusal("f64", "1e999").find("out of range") != std::string::npos);
  }

  TEST_CASE("V2: values of another kind are refused with a sentence") {
    for (const char* type :
         {"u8", "i128", "bool", "char", "f64", "&str", "&[u8]", "[u8;4]", "[u16;3]", "()"}) {
      for (const char* json : {"{}", "[[]]", "{\"b64\":1}", "{\"a\":\"b\"}"}) {
        CAPTURE(type);
        CAPTURE(json);
        CHECK(refusal(type, json) != "accepted");
      }
    }
    CHECK(refusal("bool", "1") == "1 is neither true nor false, the values of bool");
    CHECK(refusal("&str", "1") == "1 is not a string, as needed for &str");
    CHECK(refusal("char", "\"ab\"").find("one character") != std::string::npos);
    CHECK(refusal("char", "\"\"").find("one character") != std::string::npos);
    CHECK(refusal("u8", "null") == "null is not a number, as needed for u8");
    CHECK(refusal("u8", "\" 1\"").find("not a whole number") != std::string::npos);
    CHECK(refusal("f64", "\"1.0\"").find("neither a number nor") != std::string::npos);
    CHECK(text_refusal("bool", "1").find("neither true nor false") != std::string::npos);
    for (const char* text : {"", " 1", "1 ", "0x10", "1_000", "--1", "+", "-"}) {
      CAPTURE(text);
      CHECK(text_refusal("i64", text) != "accepted");
    }
    for (const char* text : {"", "1 ", "one", "nan(1)", "infinit", "0x1p3", "++1"}) {
      CAPTURE(text);
      CHECK(text_refusal("f64", text) != "accepted");
    }
  }

  TEST_CASE("V2: wrong lengths, bad UTF-8, bad base64 and bad hexadecimal are refused") {
    CHECK(refusal("[u8;4]", "{\"b64\":\"AAEC\"}") ==
          "{\"b64\":\"AAEC\"} has 3 bytes, but [u8;4] has 4");
    CHECK(refusal("[u8;4]", "\"abc\"") == "\"abc\" has 3 bytes, but [u8;4] has 4");
    CHECK(refusal("[u16;3]", "[1,2]") == "[1,2] has 2 items, but [u16;3] has 3");
    CHECK(refusal("&str", "{\"b64\":\"/w==\"}").find("no valid &str") != std::string::npos);
    CHECK(refusal("bool", "{\"b64\":\"Bw==\"}").find("no valid bool") != std::string::npos);
    CHECK(refusal("char", "{\"hex\":\"00d800\"}").find("no valid char") != std::string::npos);
    CHECK(refusal("&[u8]", "{\"b64\":\"A\"}").find("not base64") != std::string::npos);
    CHECK(refusal("&[u8]", "{\"b64\":\"A=BC\"}").find("not base64") != std::string::npos);
    CHECK(refusal("&[u8]", "{\"b64\":\"AB==\"}").find("not base64") != std::string::npos);
    CHECK(refusal("&[u8]", "{\"hex\":\"0g\"}").find("not hexadecimal") != std::string::npos);
    CHECK(text_refusal("&[u8]", "hex:0").find("not hexadecimal") != std::string::npos);
    CHECK(text_refusal("&[u8]", "b64:*").find("not base64") != std::string::npos);
    CHECK(text_refusal("[u8;4]", "abc") == "\"abc\" has 3 bytes, but [u8;4] has 4");
    CHECK(text_refusal("&str", "\xff").find("not valid UTF-8") != std::string::npos);
    CHECK(text_refusal("&str", "\xc0\x80").find("not valid UTF-8") != std::string::npos);
    CHECK(text_refusal("&str", "\xed\xa0\x80").find("not valid UTF-8") != std::string::npos);
  }

  TEST_CASE("JSON is read more widely than it is written") {
    CHECK(stored("u8", "\"7\"") == "07");
    CHECK(stored("i64", "\"-7\"") == "f9ffffffffffffff");
    CHECK(stored("&[u8]", "\"ab\"") == "6162");
    CHECK(stored("&[u8]", "{\"hex\":\"00fF\"}") == "00ff");
    CHECK(stored("&[u8]", "{\"text\":\"ab\"}") == "6162");
    CHECK(stored("&[u8]", "{\"b64\":\"AP8\"}") == "00ff");
    CHECK(stored("u16", "{\"b64\":\"AQI=\"}") == "0102");
    CHECK(stored("f32", "1") == "0000803f");
  }

  TEST_CASE("stored bytes that are no value of their type are shown as raw bytes") {
    CHECK(shown("bool", "07") == "{\"b64\":\"Bw==\"}");
    CHECK(shown("&str", "ff") == "{\"b64\":\"/w==\"}");
    CHECK(shown("u32", "01") == "{\"b64\":\"AQ==\"}");
    CHECK(shown("char", "00d800") == "{\"b64\":\"ANgA\"}");
    CHECK(shown("[u16;3]", "01") == "{\"b64\":\"AQ==\"}");
    CHECK(codec("&str").exact(unhex("ff")) == "hex:ff");
    CHECK_FALSE(codec("bool").is_value(unhex("07")));
    CHECK_FALSE(codec("bool").is_value({}));
  }

  TEST_CASE("unknown types are raw bytes of the stored width") {
    for (const TypeName& type :
         {TypeName{2, "Point {x: u32}"}, TypeName{1, "Option<app::Id>"}, TypeName{2, "u32"},
          TypeName{3, "(u8,&str)"}, TypeName{1, "[u8;]"}, TypeName{1, "[&str;2]"},
          TypeName{1, "[u8;99999999999]"}, TypeName{1, "[[u8;4294967295];4294967295]"},
          TypeName{1, "[();4294967295]"}, TypeName{1, std::string(100000, '[')}}) {
      CAPTURE(type.name.substr(0, 60));
      const ValueCodec raw(type, 2);
      CHECK_FALSE(raw.known());
      CHECK(raw.to_json(unhex("0102")).dump() == "{\"b64\":\"AQI=\"}");
      CHECK(hex(raw.from_json(Json::parse("{\"b64\":\"AQI=\"}"))) == "0102");
      CHECK(hex(raw.from_text("hex:0102")) == "0102");
      CHECK_THROWS_CODE(raw.from_text("ab"), ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(raw.from_text("hex:010203"), ErrorCode::invalid_argument);
      CHECK_THROWS_CODE(raw.from_json(Json(1)), ErrorCode::invalid_argument);
    }
  }

  TEST_CASE("a type whose width contradicts the catalog is unknown") {
    CHECK_FALSE(ValueCodec({TypeName::kBuiltin, "u32"}, 8).known());
    CHECK_FALSE(ValueCodec({TypeName::kBuiltin, "u32"}, std::nullopt).known());
    CHECK_FALSE(ValueCodec({TypeName::kBuiltin, "&str"}, 4).known());
  }

  TEST_CASE("what is displayed is one short line, cut between characters") {
    const std::string text = "\xc3\xa9\xc3\xa9\xc3\xa9";
    CHECK(codec("&str").display(as_bytes(text), 6) == text);
    CHECK(codec("&str").display(as_bytes(text), 5) == "\xc3\xa9\xc3\xa9... (6 bytes)");
    CHECK(codec("&str").display(bytes_of("a\n\x1b[2J"), 50) == "a\\n\\x1b[2J");
    CHECK(codec("&[u8]").display(bytes_of("plain"), 50) == "plain");
    CHECK(codec("&[u8]").display(unhex("00ff"), 50) == "hex:00ff");
    CHECK(codec("&[u8]").display(std::vector<std::byte>(40), 50) ==
          "hex:" + std::string(64, '0') + "... (40 bytes)");
    CHECK(codec("u8").display(unhex("07"), 50) == "7");
  }

  TEST_CASE("types are named on the command line by their stored names or short words") {
    CHECK(parse_type_argument("str") == TypeName{TypeName::kBuiltin, "&str"});
    CHECK(parse_type_argument("string") == TypeName{TypeName::kBuiltin, "String"});
    CHECK(parse_type_argument("bytes") == TypeName{TypeName::kBuiltin, "&[u8]"});
    CHECK(parse_type_argument("unit") == TypeName{TypeName::kBuiltin, "()"});
    CHECK(parse_type_argument("[u32;4]") == TypeName{TypeName::kBuiltin, "[u32;4]"});
    CHECK_THROWS_CODE(parse_type_argument(""), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(parse_type_argument("uint64"), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(parse_type_argument("Option<app::Id>"), ErrorCode::invalid_argument);
  }

  TEST_CASE("composites are named with the class this library creates them with") {
    CHECK(parse_type_argument("Option<u8>") == TypeName{TypeName::kBuiltin, "Option<u8>"});
    CHECK(parse_type_argument("(&str,u64)") == TypeName{TypeName::kTuple, "(&str,u64)"});
    CHECK(parse_type_argument("(u8,u64)") == TypeName{TypeName::kBuiltin, "(u8,u64)"});
    CHECK(parse_type_argument("legacy:(&str,u64)") == TypeName{TypeName::kBuiltin, "(&str,u64)"});
    CHECK(parse_type_argument("uuid::Uuid") == TypeName{TypeName::kUserDefined, "uuid::Uuid"});
    CHECK_THROWS_CODE(parse_type_argument("legacy:(u8,u64)"), ErrorCode::invalid_argument);
    CHECK(parse_type_argument("ttl::u64") == TypeName{TypeName::kBuiltin, "ttl::u64"});
    CHECK(parse_type_argument("ttl::str") == TypeName{TypeName::kBuiltin, "ttl::&str"});
    CHECK(parse_type_argument("ttl::legacy:(&str,u64)").reading.nested_tuples ==
          NestedTuples::legacy);
    CHECK_THROWS_CODE(parse_type_argument("ttl::"), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(parse_type_argument("ttl::ttl::u64"), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(parse_type_argument("ttl::Abc"), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(parse_type_argument("[((),());4000000]"), ErrorCode::invalid_argument);
  }

  TEST_CASE("composites, dates and identifiers go to JSON and back") {
    struct Composite {
      const char* type;
      const char* json;
      const char* bytes;
      const char* text;
    };
    const Composite composites[] = {
        {"(&str,u64)", "[\"ab\",7]", "0261620700000000000000", "[\"ab\",7]"},
        {"legacy:(&str,u64)", "[\"ab\",7]", "0200000061620700000000000000", "[\"ab\",7]"},
        {"Option<&str>", "null", "00", "null"},
        {"Option<&str>", "\"x\"", "0178", "\"x\""},
        {"Option<Option<u8>>", "{\"some\":null}", "010000", "{\"some\":null}"},
        {"Option<Option<u8>>", "null", "000000", "null"},
        {"Vec<u16>", "[1,2]", "0201000200", "[1,2]"},
        {"[&str;2]", "[\"a\",\"\"]", "090000000900000061", "[\"a\",\"\"]"},
        {"(i128,f32,char,bool,())",
         "[\"-170141183460469231731687303715884105728\",0.1,\"\xc3\xa9\",true,null]",
         "00000000000000000000000000000080cdcccc3de9000001",
         "[\"-170141183460469231731687303715884105728\",0.1,\"\xc3\xa9\",true,null]"},
        {"(u8,&[u8])", "[1,{\"b64\":\"AP8=\"}]", "0100ff", "[1,{\"b64\":\"AP8=\"}]"},
        {"uuid::Uuid", "\"00112233-4455-6677-8899-aabbccddeeff\"",
         "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
        {"chrono::NaiveDate", "\"2024-02-29\"", "e8070000021d", "2024-02-29"},
        {"chrono::NaiveDate", "\"-0001-01-01\"", "ffffffff0101", "-0001-01-01"},
        {"chrono::NaiveDate", "\"+12024-12-31\"", "f82e00000c1f", "+12024-12-31"},
        {"chrono::NaiveTime", "\"23:59:59.000005\"", "7f510188130000", "23:59:59.000005"},
        {"chrono::NaiveTime", "\"23:59:60.5\"", "7f5101002f6859", "23:59:60.5"},
        {"chrono::NaiveDateTime", "\"2024-02-29T01:00:00\"", "e8070000021d100e0000000000",
         "2024-02-29T01:00:00"},
        {"chrono::DateTime<chrono::FixedOffset>", "\"2024-02-29T01:30:00+02:00\"",
         "e8070000021c784a0100000000201c0000", "2024-02-29T01:30:00+02:00"},
        {"chrono::FixedOffset", "\"-01:00\"", "f0f1ffff", "-01:00"},
        {"chrono::FixedOffset", "\"+23:59:59\"", "7f510100", "+23:59:59"},
        {"(chrono::NaiveDate,&str)", "[\"2024-02-29\",\"leap\"]", "e8070000021d6c656170",
         "[\"2024-02-29\",\"leap\"]"},
    };
    for (const Composite& composite : composites) {
      CAPTURE(composite.type);
      CAPTURE(composite.json);
      const TypeName type = parse_type_argument(composite.type);
      const ValueCodec codec(type, format::describe_type(type).width);
      REQUIRE(codec.known());
      CHECK(codec.to_json(unhex(composite.bytes)).dump() == composite.json);
      CHECK(hex(codec.from_json(Json::parse(composite.json))) == composite.bytes);
      CHECK(codec.exact(unhex(composite.bytes)) == composite.text);
      CHECK(hex(codec.from_text(composite.text)) == composite.bytes);
      CHECK(hex(codec.from_text("hex:" + std::string(composite.bytes))) == composite.bytes);
    }
  }

  TEST_CASE("composites that do not fit are refused, naming value and type") {
    const auto refusal_of = [](const char* name, const char* json) -> std::string {
      const TypeName type = parse_type_argument(name);
      try {
        ValueCodec(type, format::describe_type(type).width).from_json(Json::parse(json));
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_argument);
        return error.what();
      }
      return "accepted";
    };
    CHECK(refusal_of("(&str,u64)", "[\"ab\"]") ==
          "[\"ab\"] has 1 items, but (&str,u64) (class 3) has 2 there");
    CHECK(refusal_of("(&str,u64)", "7") == "7 is not a list, as needed for (&str,u64) (class 3)");
    CHECK(refusal_of("(&str,u8)", "[\"ab\",256]") == "256 is out of range for u8 (0 to 255)");
    CHECK(refusal_of("(&str,u8)", "[{\"hex\":\"ff\"},1]") ==
          "member 0 of \"(&str,u8)\" is not UTF-8");
    CHECK(refusal_of("Option<Option<u8>>", "7") ==
          "7 is neither null nor {\"some\": ...}, as needed for a part of Option<Option<u8>>");
    CHECK(refusal_of("chrono::NaiveDate", "\"2023-02-29\"") ==
          "\"2023-02-29\" is no text of a date or time, as needed for chrono::NaiveDate (class 2)");
    for (const char* text : {"\"24:00:00\"", "\"12:00:59.5x\"", "\"12:00:61\"", "\"1:00\"", "7"}) {
      CHECK(refusal_of("chrono::NaiveTime", text).find("is no text of a date") !=
            std::string::npos);
    }
    CHECK(refusal_of("chrono::DateTime<chrono::FixedOffset>", "\"2024-02-29T01:30:00\"")
              .find("is no text of a date") != std::string::npos);
    CHECK(refusal_of("uuid::Uuid", "\"00112233-4455\"").find("is no UUID") != std::string::npos);
  }

  TEST_CASE("stored bytes of a composite that are no value are shown as they are") {
    const TypeName type = parse_type_argument("(&str,u8)");
    const ValueCodec codec(type, std::nullopt);
    CHECK(codec.to_json(unhex("056161")).dump() == "{\"b64\":\"BWFh\"}");
    CHECK(codec.exact(unhex("056161")) == "hex:056161");
    CHECK_THROWS_CODE(codec.from_text("hex:056161"), ErrorCode::invalid_argument);
  }

  TEST_CASE("a value that expires is shown with its expiry, and read so") {
    const ValueCodec numbers = expiring("u16", 10);
    REQUIRE(numbers.known());
    CHECK(numbers.to_json(unhex("e8030000000000000700")).dump() == R"({"expires":1000,"value":7})");
    CHECK(numbers.to_json(unhex("00000000000000000700")).dump() == R"({"expires":null,"value":7})");
    CHECK(numbers.exact(unhex("00000000000000000700")) == R"({"expires":null,"value":7})");
    for (const char* json : {R"({"expires":1000,"value":7})", R"({"expires":null,"value":65535})",
                             R"({"expires":18446744073709551615,"value":0})"}) {
      CHECK(numbers.to_json(numbers.from_json(Json::parse(json))).dump() == json);
      CHECK(numbers.from_text(json) == numbers.from_json(Json::parse(json)));
    }
    CHECK(hex(numbers.from_text("hex:00000000000000000700")) == "00000000000000000700");
    const ValueCodec texts = expiring("&str", std::nullopt);
    CHECK(texts.to_json(unhex("010000000000000061")).dump() == R"({"expires":1,"value":"a"})");
    // Too short for an expiry, or no text behind it: as stored.
    CHECK(texts.to_json(unhex("0100")).contains("b64"));
    CHECK(texts.to_json(unhex("0100000000000000ff")).contains("b64"));
    CHECK(texts.display(unhex("0100"), 80) == "hex:0100");
    for (const char* wrong : {"7", R"({"value":7})", R"({"expires":-1,"value":7})",
                              R"({"expires":1,"value":70000})", R"({"expires":"x","value":7})",
                              R"({"expires":1,"value":7,"more":1})", R"({"hex":"00"})"}) {
      CAPTURE(wrong);
      CHECK_THROWS_CODE(numbers.from_json(Json::parse(wrong)), ErrorCode::invalid_argument);
    }
    CHECK_THROWS_CODE(numbers.from_text("seven"), ErrorCode::invalid_argument);
    CHECK_FALSE(expiring("Unknown", std::nullopt).known());
    CHECK_FALSE(expiring("u16", 9).known());
  }
}

}  // namespace rdb::tools
