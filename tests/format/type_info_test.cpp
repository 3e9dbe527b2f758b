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
    check(user("chrono::NaiveDate"), true, 6, Order::unknown);
    check(user("chrono::NaiveTime"), true, 7, Order::unknown);
    check(user("chrono::NaiveDateTime"), true, 13, Order::unknown);
    check(user("chrono::DateTime<chrono::FixedOffset>"), true, 17, Order::unknown);
    check(user("chrono::FixedOffset"), true, 4, Order::unknown);
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

  TEST_CASE("composites are unknown in this release but tell a fixed width") {
    check(builtin("Option<u64>"), false, 9, Order::unknown);
    check(builtin("Option<&str>"), false, kNone, Order::unknown);
    check(builtin("[Option<u8>;3]"), false, 6, Order::unknown);
    check(builtin("(u64,u32)"), false, 12, Order::unknown);
    check(builtin("(u8,(u16,[u8;3]),char)"), false, 9, Order::unknown);
    check(builtin("(u64,)"), false, 8, Order::unknown);
    check(builtin("(u64,&str)"), false, kNone, Order::unknown);
    check(builtin("Vec<u16>"), false, kNone, Order::unknown);
    check(builtin("[&str;3]"), false, kNone, Order::unknown);
    check(builtin("[String;2]"), false, kNone, Order::unknown);
    check(builtin("ttl::u64"), false, 16, Order::unknown);
    check(builtin("ttl::&str"), false, kNone, Order::unknown);
    check(describe_type({TypeName::kTuple, "(u64,&str)"}), false, kNone, Order::unknown);
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
      }
    }
  }
}
