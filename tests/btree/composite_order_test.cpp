#include "btree/composite_order.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "btree/key_order.hpp"
#include "tree_fixture.hpp"

using namespace rdb;
using btree::KeyOrder;
using test::Random;
using test::unhex;

namespace {

int sign(int x) { return (x > 0) - (x < 0); }

KeyOrder order_of(const TypeName& type) { return KeyOrder(format::describe_type(type)); }
KeyOrder builtin(const char* name) { return order_of({TypeName::kBuiltin, name, {}}); }
KeyOrder tuple(const char* name) { return order_of({TypeName::kTuple, name, {}}); }
KeyOrder user(const char* name) { return order_of({TypeName::kUserDefined, name, {}}); }

// Each key is smaller than all behind it, and equal to itself.
void check_ascending(const KeyOrder& order, const std::vector<const char*>& keys) {
  REQUIRE(order.known());
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < keys.size(); ++j) {
      CAPTURE(keys[i]);
      CAPTURE(keys[j]);
      CHECK(sign(order.compare(unhex(keys[i]), unhex(keys[j]))) == (i > j) - (i < j));
    }
  }
}

void check_equal(const KeyOrder& order, const char* a, const char* b) {
  CAPTURE(a);
  CAPTURE(b);
  CHECK(order.compare(unhex(a), unhex(b)) == 0);
}

}  // namespace

TEST_SUITE("btree/composite_order") {
  TEST_CASE("options: none before some, what none is padded with does not count") {
    check_ascending(builtin("Option<u16>"), {"00 0000", "01 0000", "01 ff00", "01 0001"});
    check_equal(builtin("Option<u16>"), "00 0000", "00 1234");
    check_equal(builtin("Option<u16>"), "", "00 0000");
    check_equal(builtin("Option<u16>"), "01 0100", "07 0100");
    check_ascending(builtin("Option<&str>"), {"00", "01", "01 61", "01 6161", "01 62"});
    check_ascending(builtin("Option<Option<i8>>"),
                    {"00 00 00", "01 00 00", "01 01 ff", "01 01 00"});
  }

  TEST_CASE("tuples compare member by member, not byte by byte") {
    check_ascending(builtin("(u16,i8)"), {"0100 ff", "0100 00", "ff00 80", "0001 80"});
    // "b" has a smaller length byte than "aa" but comes behind it.
    check_ascending(tuple("(&str,u8)"),
                    {"00 07", "01 61 07", "02 6161 00", "02 6161 01", "01 62 00"});
    check_ascending(tuple("(u64,&str)"), {"0100000000000000", "0100000000000000 61",
                                          "0001000000000000", "0000010000000000"});
    check_ascending(tuple("((u8,&str),u8)"),
                    {"02 01 71 02", "02 01 71 03", "03 01 7171 00", "02 02 61 00"});
  }

  TEST_CASE("legacy tuples compare member by member too") {
    check_ascending(builtin("(&str,u8)"), {"00000000 07", "01000000 61 07", "02000000 6161 00",
                                           "02000000 6161 01", "01000000 62 00"});
    check_ascending(
        builtin("(u64,&str)"),
        {"08000000 0100000000000000", "08000000 0100000000000000 61", "08000000 0001000000000000"});
  }

  TEST_CASE("the caller says that nested tuples are legacy") {
    TypeName type{TypeName::kBuiltin, "Option<(u64,&str)>", {}};
    type.reading.nested_tuples = NestedTuples::legacy;
    check_ascending(order_of(type),
                    {"00", "01 08000000 0700000000000000 7a", "01 08000000 0700000000000000 7a7a",
                     "01 08000000 0001000000000000"});
  }

  TEST_CASE("arrays of variable-width elements compare by their offsets") {
    check_ascending(builtin("[&str;2]"),
                    {"08000000 08000000", "08000000 09000000 61", "09000000 09000000 61",
                     "0a000000 0a000000 6161", "09000000 09000000 62"});
    check_ascending(builtin("[Option<u8>;2]"), {"0000 0000", "0000 0100", "0100 0000"});
    // Offsets that descend, leave the data or are missing are clamped.
    check_equal(builtin("[&str;2]"), "", "08000000 08000000");
    check_equal(builtin("[&str;2]"), "ffffffff ffffffff 61", "09000000 09000000 61");
    check_equal(builtin("[&str;2]"), "09000000 00000000 61", "09000000 09000000 61");
  }

  TEST_CASE("a count in a name costs nothing when the bytes are few") {
    const KeyOrder order = builtin("[&str;800000000]");
    CHECK(order.compare(unhex("00"), unhex("01")) == 0);
    CHECK(builtin("[[();3000000000];1000]").compare(unhex("00"), unhex("01")) == 0);
  }

  TEST_CASE("D9: malformed lengths are clamped, and never read past the end") {
    const KeyOrder order = tuple("(&str,u8)");
    check_equal(order, "05 6161", "02 6161");        // the length runs past the data
    check_equal(order, "", "00");                    // no length
    check_equal(order, "fe01", "ff0000");            // lengths cut off
    check_equal(order, "01 61 07", "fe0100 61 07");  // longer forms mean the same
    check_equal(order, "ff01000000 61 07", "fe0100 61 07");
    check_equal(builtin("(&str,u8)"), "ffffffff 61", "01000000 61");
    check_equal(builtin("(&str,u8)"), "0100", "00000000");
  }

  TEST_CASE("dates and times compare as numbers, impossible ones as the epoch and midnight") {
    check_ascending(user("chrono::NaiveDate"),
                    {"ffffffff 0c 1f", "00000000 01 01", "ff000000 01 01", "00010000 01 01",
                     "00010000 02 01", "00010000 02 02"});
    check_equal(user("chrono::NaiveDate"), "e8070000 02 1e", "b2070000 01 01");
    check_ascending(user("chrono::NaiveTime"),
                    {"000000 00000000", "000000 ff000000", "000000 00010000", "ff0000 00000000",
                     "000100 00000000"});
    check_equal(user("chrono::NaiveTime"), "805101 00000000", "000000 00000000");
    check_ascending(user("chrono::NaiveDateTime"),
                    {"e7070000 0c 1f 7f5101 00000000", "e8070000 01 01 000000 00000000",
                     "e8070000 01 01 000000 01000000"});
    check_equal(user("chrono::DateTime<chrono::FixedOffset>"),
                "e8070000 01 01 000000 00000000 100e0000",
                "e8070000 01 01 000000 00000000 f0f1ffff");
    check_ascending(user("chrono::FixedOffset"), {"f0f1ffff", "00000000", "100e0000"});
    check_equal(user("chrono::FixedOffset"), "80510100", "00000000");
  }

  TEST_CASE("any bytes have an order: total, and consistent") {
    Random random(17);
    TypeName legacy{TypeName::kBuiltin, "Option<(u8,&str)>", {}};
    legacy.reading.nested_tuples = NestedTuples::legacy;
    const TypeName kTypes[] = {{1, "Option<u16>", {}},
                               {1, "Option<&str>", {}},
                               {1, "(u16,i8)", {}},
                               {3, "(&str,u8)", {}},
                               {3, "(&str,&[u8],Option<u16>,&str)", {}},
                               {1, "(&str,u16,&str)", {}},
                               {1, "((u8,&str),&str)", {}},
                               {3, "((u8,&str),&str)", {}},
                               {1, "[&str;3]", {}},
                               {1, "[(u8,&str);2]", {}},
                               {1, "[Option<char>;3]", {}},
                               {3, "([&str;2],bool,(&str,))", {}},
                               {2, "chrono::NaiveDateTime", {}},
                               legacy};
    for (const TypeName& type : kTypes) {
      CAPTURE(type.name);
      const KeyOrder order = order_of(type);
      REQUIRE(order.known());
      std::vector<std::vector<std::byte>> keys;
      for (int i = 0; i < 60; ++i) {
        std::vector<std::byte> key = random.bytes(random.below(24));
        for (std::byte& b : key) {  // small numbers make lengths and offsets that fit
          if (random.below(3) != 0) b = static_cast<std::byte>(random.below(4));
        }
        keys.push_back(std::move(key));
      }
      for (const auto& a : keys) {
        CHECK(order.compare(a, a) == 0);
        for (const auto& b : keys) {
          const int ab = sign(order.compare(a, b));
          CHECK(ab == -sign(order.compare(b, a)));
          for (const auto& c : keys) {
            if (ab <= 0 && order.compare(b, c) <= 0) CHECK(order.compare(a, c) <= 0);
          }
        }
      }
    }
  }

  TEST_CASE("an order of the caller's is asked for types the library does not know") {
    struct Reverse final : KeyCompare {
      int compare(Bytes a, Bytes b) const noexcept override { return btree::compare_bytes(b, a); }
    };
    TypeName type{TypeName::kUserDefined, "app::Key", {}};
    CHECK_FALSE(order_of(type).known());
    type.reading.compare = std::make_shared<Reverse>();
    REQUIRE(order_of(type).known());
    CHECK(order_of(type).compare(unhex("01"), unhex("02")) > 0);
  }
}
