#include "format/type_info.hpp"

#include <random>

#include "support.hpp"

using namespace rdb;
using format::describe_type;
using format::TypeInfo;
using Order = format::KeyOrderKind;

namespace {

TypeInfo builtin(const std::string& name) { return describe_type({TypeName::kBuiltin, name}); }
TypeInfo user(const std::string& name) { return describe_type({TypeName::kUserDefined, name}); }

constexpr auto kNone = std::nullopt;

void check(const TypeInfo& info, bool known, std::optional<uint32_t> width, Order order) {
  CHECK(info.known == known);
  CHECK(info.width == width);
  CHECK(info.order == order);
}

}  // namespace

TEST_SUITE("format/type_info") {
  TEST_CASE("scalars and strings are known") {
    check(builtin("()"), true, 0, Order::unit);
    check(builtin("bool"), true, 1, Order::boolean);
    check(builtin("char"), true, 3, Order::character);
    check(builtin("u8"), true, 1, Order::u8);
    check(builtin("u16"), true, 2, Order::u16);
    check(builtin("u32"), true, 4, Order::u32);
    check(builtin("u64"), true, 8, Order::u64);
    check(builtin("u128"), true, 16, Order::u128);
    check(builtin("i8"), true, 1, Order::i8);
    check(builtin("i16"), true, 2, Order::i16);
    check(builtin("i32"), true, 4, Order::i32);
    check(builtin("i64"), true, 8, Order::i64);
    check(builtin("i128"), true, 16, Order::i128);
    check(builtin("f32"), true, 4, Order::unknown);
    check(builtin("f64"), true, 8, Order::unknown);
    check(builtin("&str"), true, kNone, Order::bytes);
    check(builtin("String"), true, kNone, Order::bytes);
    check(builtin("&[u8]"), true, kNone, Order::bytes);
  }

  TEST_CASE("arrays of bytes order as bytes") {
    check(builtin("[u8;16]"), true, 16, Order::bytes);
    check(builtin("[u8;0]"), true, 0, Order::bytes);
    check(builtin("[[u8;3];5]"), true, 15, Order::bytes);
    check(builtin("[redb::blob::BlobId;2]"), true, 32, Order::bytes);
  }

  TEST_CASE("arrays of fixed-width keys order element by element, nested ones flat") {
    for (const char* name : {"[u16;6]", "[[u16;2];3]", "[[[u16;1];2];3]"}) {
      const TypeInfo info = builtin(name);
      check(info, true, 12, Order::array);
      CHECK(info.element_order == Order::u16);
      CHECK(info.element_width == 2);
    }
    const TypeInfo chars = builtin("[char;2]");
    check(chars, true, 6, Order::array);
    CHECK(chars.element_order == Order::character);
    check(builtin("[();9]"), true, 0, Order::unit);
    check(builtin("[f32;4]"), true, 16, Order::unknown);
  }

  TEST_CASE("chrono and uuid names are known in the user-defined class alone") {
    check(user("uuid::Uuid"), true, 16, Order::bytes);
    check(user("chrono::NaiveDate"), true, 6, Order::date);
    check(user("chrono::NaiveTime"), true, 7, Order::time);
    check(user("chrono::NaiveDateTime"), true, 13, Order::date_time);
    check(user("chrono::DateTime<chrono::FixedOffset>"), true, 17, Order::zoned_date_time);
    check(user("chrono::FixedOffset"), true, 4, Order::offset);
    check(builtin("Option<chrono::NaiveDate>"), true, 7, Order::composite);
    check(builtin("uuid::Uuid"), false, kNone, Order::unknown);
    check(builtin("[uuid::Uuid;2]"), true, 32, Order::bytes);
  }

  TEST_CASE("other user-defined names are unknown, even those of built-in types") {
    for (const char* name :
         {"u64", "()", "Point {x: u32, y: u32}", "Point(u32, u32)", "Unit", ""}) {
      check(user(name), false, kNone, Order::unknown);
    }
  }

  TEST_CASE("types of the system tables are known") {
    check(builtin("redb::AllocatorStateKey"), true, 5, Order::allocator_state);
    check(builtin("redb::TransactionIdWithPagination"), true, 16, Order::bytes);
    check(builtin("redb::SavepointId"), true, 8, Order::bytes);
    check(builtin("redb::PageList"), true, kNone, Order::unknown);
    check(builtin("redb::HistorySnapshot"), true, 73, Order::unknown);
    check(builtin("redb::cdc::CdcKey"), true, 12, Order::bytes);
  }

  TEST_CASE("vector types and the clock are known") {
    check(builtin("redb::temporal::HLC"), true, 8, Order::bytes);
    check(builtin("redb::vec::FixedVec<384>"), true, 1536, Order::unknown);
    check(builtin("redb::vec::BinaryQuantized<48>"), true, 48, Order::unknown);
    check(builtin("redb::vec::ScalarQuantized<3>"), true, 11, Order::unknown);
    check(builtin("redb::vec::DynVec"), true, kNone, Order::unknown);
    check(builtin("redb::vec::FixedVec<x>"), false, kNone, Order::unknown);
  }

  TEST_CASE("composites have a width when all of their members have one") {
    check(builtin("Option<u64>"), true, 9, Order::composite);
    check(builtin("Option<&str>"), true, kNone, Order::composite);
    check(builtin("[Option<u8>;3]"), true, 6, Order::composite);
    check(builtin("(u64,u32)"), true, 12, Order::composite);
    check(builtin("(u8,(u16,[u8;3]),char)"), true, 9, Order::composite);
    check(builtin("(u64,&str)"), true, kNone, Order::composite);
    check(builtin("[&str;3]"), true, kNone, Order::composite);
    check(builtin("[String;2]"), true, kNone, Order::composite);
    check(describe_type({TypeName::kTuple, "(u64,&str)"}), true, kNone, Order::composite);
  }

  TEST_CASE("composites that compare as their bytes, or as their only member, do so") {
    check(builtin("([u8;4],uuid::Uuid)"), true, 20, Order::bytes);
    check(builtin("(u8,[u8;2],())"), true, 3, Order::bytes);
    check(builtin("(u64,)"), true, 8, Order::u64);
    check(builtin("(&str,)"), true, kNone, Order::bytes);
    check(builtin("([u16;3],)"), true, 6, Order::composite);
  }

  TEST_CASE("lists, and what contains something without order, are no keys") {
    check(builtin("Vec<u16>"), true, kNone, Order::unknown);
    check(builtin("Vec<(u8,&str)>"), true, kNone, Order::unknown);
    check(builtin("Option<f32>"), true, 5, Order::unknown);
    check(builtin("(u8,f64)"), true, 9, Order::unknown);
    check(builtin("[Vec<u8>;2]"), true, kNone, Order::unknown);
  }

  TEST_CASE("of TTL values the width is told, with the eight bytes of the expiry") {
    check(builtin("ttl::u64"), true, 16, Order::unknown);
    check(builtin("ttl::&str"), true, kNone, Order::unknown);
    check(builtin("ttl::(u64,u32)"), true, 20, Order::unknown);
    check(builtin("ttl::uuid::Uuid"), true, 24, Order::unknown);
    check(builtin("ttl::ttl::u64"), false, kNone, Order::unknown);
    check(builtin("Option<ttl::u64>"), false, kNone, Order::unknown);
  }

  TEST_CASE("class 3 takes tuples of two to twelve members, one of them of variable width") {
    for (const char* name :
         {"(u64,u32)", "(&str,)", "()", "&str", "Option<&str>", "[&str;2]", ""}) {
      CAPTURE(name);
      check(describe_type({TypeName::kTuple, name}), false, kNone, Order::unknown);
    }
  }

  TEST_CASE("nested tuples are legacy inside a legacy tuple, else new, unless the caller says so") {
    using format::TypeKind;
    const auto kinds = [](uint8_t type_class, const char* name, NestedTuples nested) {
      TypeName type{type_class, name, {}};
      type.reading.nested_tuples = nested;
      const auto shape = format::TypeShape::parse(type);
      REQUIRE(shape != nullptr);
      std::vector<TypeKind> found;
      for (uint32_t i = 0; i < shape->size(); ++i) {
        const TypeKind kind = shape->node(i).kind;
        if (kind == TypeKind::tuple || kind == TypeKind::legacy_tuple) found.push_back(kind);
      }
      return found;
    };
    using Kinds = std::vector<TypeKind>;
    constexpr auto kTuple = TypeKind::tuple;
    constexpr auto kLegacy = TypeKind::legacy_tuple;
    constexpr auto kAuto = NestedTuples::by_outermost;
    CHECK(kinds(3, "((u8,&str),u8)", kAuto) == Kinds{kTuple, kTuple});
    CHECK(kinds(1, "((u8,&str),u8)", kAuto) == Kinds{kLegacy, kLegacy});
    CHECK(kinds(1, "(Option<(u8,&str)>,&str)", kAuto) == Kinds{kLegacy, kLegacy});
    CHECK(kinds(1, "Option<(u8,&str)>", kAuto) == Kinds{kTuple});
    CHECK(kinds(1, "((u8,&str),)", kAuto) == Kinds{kTuple, kTuple});
    CHECK(kinds(1, "((u8,u8),&str)", kAuto) == Kinds{kLegacy, kTuple});  // of fixed width: one form
    CHECK(kinds(1, "Option<(u8,&str)>", NestedTuples::legacy) == Kinds{kLegacy});
    CHECK(kinds(3, "((u8,&str),u8)", NestedTuples::legacy) == Kinds{kTuple, kLegacy});
    CHECK(kinds(1, "((u8,&str),u8)", NestedTuples::modern) == Kinds{kLegacy, kTuple});
    CHECK(format::TypeShape::parse({TypeName::kBuiltin, "[(u8,&str);2]"})->ambiguous());
    CHECK_FALSE(format::TypeShape::parse({TypeName::kBuiltin, "[(u8,u8);2]"})->ambiguous());
    CHECK_FALSE(format::TypeShape::parse({TypeName::kBuiltin, "(u8,&str)"})->ambiguous());
  }

  TEST_CASE("names with more parts than any program writes are unknown") {
    std::string name = "u8";
    for (int i = 0; i < 4; ++i) {
      std::string wider = "(";
      for (int j = 0; j < 11; ++j) wider += name + ",";
      name = wider + name + ")";
    }
    check(builtin(name), false, kNone, Order::unknown);
  }

  TEST_CASE("names outside the grammar are unknown") {
    for (const char* name : {"",
                             " ",
                             "u65",
                             "u64 ",
                             "[u8]",
                             "[u8;]",
                             "[u8;x]",
                             "[u8;-1]",
                             "[u8; 3]",
                             "[u8;03]",
                             "[u8;3",
                             "u8;3]",
                             "[;3]",
                             "[Opaque;3]",
                             "(u8)",
                             "(,)",
                             "(u8,u8,)",
                             "(,u8)",
                             "(u8,,u8)",
                             "(u8,u8",
                             "((u8,u8)",
                             "Option<>",
                             "Option<u8",
                             "Option<Opaque>",
                             "Vec<>",
                             "Vec<Opaque>",
                             "ttl::",
                             "(u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8)",
                             "[u8;3],[u8;3]",
                             "(u8,u8),(u8,u8)"}) {
      CAPTURE(name);
      check(builtin(name), false, kNone, Order::unknown);
    }
  }

  TEST_CASE("widths above 3 GiB and products that overflow are unknown") {
    check(builtin("[u8;3221225472]"), true, 3221225472u, Order::bytes);
    for (const char* name :
         {"[u8;3221225473]", "[u64;536870912]", "[u8;18446744073709551617]",
          "[[u8;3000000000];3000000000]", "[[u128;65536];4294967296]", "Option<[u8;3221225472]>",
          "([u8;3000000000],[u8;3000000000])", "redb::vec::FixedVec<1073741824>"}) {
      CAPTURE(name);
      check(builtin(name), false, kNone, Order::unknown);
    }
  }

  TEST_CASE("nesting is followed 32 levels deep and no deeper") {
    const auto nested = [](int levels) {
      std::string name = "u8";
      std::string closing;
      for (int i = 0; i < levels; ++i) closing += ";1]";
      name = std::string(levels, '[') + name + closing;
      return builtin(name);
    };
    CHECK(nested(32).known);
    CHECK_FALSE(nested(33).known);
    CHECK_FALSE(nested(100'000).known);
    CHECK_FALSE(builtin(std::string(100'000, '(')).known);
  }

  TEST_CASE("random names never crash") {
    static constexpr std::string_view kPieces[] = {
        "(",         ")",    "[",       "]",    "<", ">",     ",",  ";",
        "u8",        "&str", "Option<", "Vec<", "3", "ttl::", "()", "99999999999999999999",
        "uuid::Uuid"};
    std::mt19937_64 random(9);
    for (int round = 0; round < 5000; ++round) {
      std::string name;
      for (uint64_t i = random() % 12; i > 0; --i) name += kPieces[random() % std::size(kPieces)];
      for (const unsigned type_class : {0u, 1u, 2u, 3u, 255u}) {
        const TypeInfo info = describe_type({static_cast<uint8_t>(type_class), name});
        CHECK((info.known || info.order == Order::unknown));
        const bool expires = type_class == 1 && name.starts_with("ttl::");
        CHECK((info.shape != nullptr) == (info.known && !expires));
      }
    }
  }
}
