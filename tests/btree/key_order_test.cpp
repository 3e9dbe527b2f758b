#include "btree/key_order.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "format/branch_builder.hpp"
#include "format/leaf_builder.hpp"
#include "tree_fixture.hpp"

using namespace rdb;
using btree::KeyOrder;
using test::le;
using test::Random;

namespace {

KeyOrder order_of(const std::string& type) {
  return KeyOrder(format::describe_type({TypeName::kBuiltin, type}));
}

int sign(int x) { return (x > 0) - (x < 0); }

template <typename T>
int compare_values(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Numbers around the places where byte order and numeric order part.
template <typename T>
T interesting(Random& random) {
  switch (random.below(4)) {
    case 0:
      return static_cast<T>(random.below(4));
    case 1:
      return static_cast<T>(~random.below(4));
    case 2:
      return static_cast<T>(uint64_t{1} << random.below(8 * sizeof(T)));
    default:
      return static_cast<T>(random.next());
  }
}

template <typename T>
void check_integer(const std::string& type) {
  CAPTURE(type);
  const KeyOrder order = order_of(type);
  REQUIRE(order.known());
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const T a = interesting<T>(random);
    const T b = interesting<T>(random);
    CHECK(sign(order.compare(le(a), le(b))) == compare_values(a, b));
  }
  // A wrong length reads as 0 (spec 02 section 9.1).
  CHECK(order.compare({}, le(T{0})) == 0);
  CHECK(order.compare(std::vector<std::byte>(sizeof(T) + 1, std::byte{1}), le(T{0})) == 0);
}

std::vector<std::byte> wide(uint64_t low, uint64_t high) {
  std::vector<std::byte> out = le(low);
  const std::vector<std::byte> top = le(high);
  out.insert(out.end(), top.begin(), top.end());
  return out;
}

}  // namespace

TEST_SUITE("btree/key_order") {
  TEST_CASE("integers compare by value, not by byte") {
    check_integer<uint8_t>("u8");
    check_integer<uint16_t>("u16");
    check_integer<uint32_t>("u32");
    check_integer<uint64_t>("u64");
    check_integer<int8_t>("i8");
    check_integer<int16_t>("i16");
    check_integer<int32_t>("i32");
    check_integer<int64_t>("i64");
  }

  TEST_CASE("128-bit integers compare by high half, then low half, signed where they are") {
    Random random(2);
    for (int i = 0; i < 500; ++i) {
      const uint64_t al = interesting<uint64_t>(random);
      const uint64_t ah = interesting<uint64_t>(random);
      const uint64_t bl = interesting<uint64_t>(random);
      const uint64_t bh = random.below(2) != 0 ? ah : interesting<uint64_t>(random);
      CHECK(sign(order_of("u128").compare(wide(al, ah), wide(bl, bh))) ==
            compare_values(std::tuple(ah, al), std::tuple(bh, bl)));
      CHECK(sign(order_of("i128").compare(wide(al, ah), wide(bl, bh))) ==
            compare_values(std::tuple(static_cast<int64_t>(ah), al),
                           std::tuple(static_cast<int64_t>(bh), bl)));
    }
  }

  TEST_CASE("byte strings compare byte by byte, the shorter first") {
    Random random(3);
    for (const char* type : {"&[u8]", "&str", "String"}) {
      const KeyOrder order = order_of(type);
      for (int i = 0; i < 1000; ++i) {
        std::vector<std::byte> a = random.bytes(random.below(20));
        std::vector<std::byte> b = random.bytes(random.below(20));
        if (random.below(2) != 0) {  // a common prefix, so that lengths and late bytes decide
          const size_t common = std::min(a.size(), b.size());
          std::copy_n(a.begin(), random.below(common + 1), b.begin());
        }
        const auto below = [](std::byte x, std::byte y) { return x < y; };
        const int expected =
            std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), below)   ? -1
            : std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end(), below) ? 1
                                                                                          : 0;
        CHECK(sign(order.compare(a, b)) == expected);
      }
    }
  }

  TEST_CASE("booleans, characters and units follow the lenient rules") {
    const KeyOrder boolean = order_of("bool");
    CHECK(boolean.compare(test::unhex("00"), test::unhex("01")) < 0);
    CHECK(boolean.compare(test::unhex("01"), test::unhex("ff")) == 0);
    CHECK(boolean.compare({}, test::unhex("00")) == 0);
    const KeyOrder character = order_of("char");
    CHECK(character.compare(test::unhex("ff0000"), test::unhex("000100")) < 0);
    CHECK(character.compare(test::unhex("00d800"), test::unhex("fdff00")) == 0);  // surrogate
    CHECK(character.compare(test::unhex("000011"), test::unhex("fdff00")) == 0);  // > 10FFFF
    CHECK(character.compare(test::unhex("00"), test::unhex("fdff00")) == 0);      // too short
    CHECK(order_of("()").compare({}, test::unhex("00")) == 0);
  }

  TEST_CASE("arrays compare element by element with the order of the element") {
    const KeyOrder numbers = order_of("[u16;3]");
    REQUIRE(numbers.known());
    CHECK(numbers.compare(test::unhex("0100 0001 0000"), test::unhex("0100 ff00 ffff")) > 0);
    CHECK(numbers.compare(test::unhex("0100 0200 0300"), test::unhex("0100 0200 0300")) == 0);
    CHECK(numbers.compare(test::unhex("0100"), test::unhex("0100 0000 0000")) == 0);  // missing: 0
    CHECK(order_of("[u8;4]").compare(test::unhex("00000001"), test::unhex("00000002")) < 0);
  }

  TEST_CASE("allocator state keys: deprecated, regions by number, tracker, transaction id") {
    const KeyOrder order = order_of("redb::AllocatorStateKey");
    REQUIRE(order.known());
    const std::vector<std::string> ascending{"0200000000", "0300000000", "03ff000000",
                                             "0300010000", "0400000000", "0500000000"};
    for (size_t i = 0; i < ascending.size(); ++i) {
      for (size_t j = 0; j < ascending.size(); ++j) {
        CHECK(sign(order.compare(test::unhex(ascending[i]), test::unhex(ascending[j]))) ==
              compare_values(i, j));
      }
    }
    CHECK(order.compare(test::unhex("0000000000"), test::unhex("0109090909")) == 0);
    CHECK(order.compare(test::unhex("0401020304"), test::unhex("0400000000")) == 0);
  }

  TEST_CASE("unknown types have no order") {
    const KeyOrder order = order_of("some::Thing");
    CHECK_FALSE(order.known());
    CHECK_THROWS_CODE(order.require_known("lookup"), ErrorCode::unknown_key_type);
    CHECK_FALSE(KeyOrder(format::describe_type({TypeName::kUserDefined, "u64"})).known());
  }

  TEST_CASE("page searches agree with a walk over all keys, for every kind") {
    Random random(4);
    for (const char* type : {"u8",
                             "u16",
                             "u32",
                             "u64",
                             "u128",
                             "i8",
                             "i16",
                             "i32",
                             "i64",
                             "i128",
                             "bool",
                             "char",
                             "&[u8]",
                             "[u8;5]",
                             "[u8;12]",
                             "[i16;2]",
                             "redb::AllocatorStateKey",
                             "chrono::NaiveDate",
                             "chrono::NaiveTime",
                             "chrono::NaiveDateTime",
                             "chrono::DateTime<chrono::FixedOffset>",
                             "chrono::FixedOffset",
                             "Option<u16>",
                             "(&str,u8)",
                             "(u16,i8)",
                             "[&str;2]"}) {
      CAPTURE(type);
      const bool chrono = std::string_view(type).starts_with("chrono");
      const format::TypeInfo info =
          format::describe_type({chrono ? TypeName::kUserDefined : TypeName::kBuiltin, type, {}});
      const KeyOrder order(info);
      for (int round = 0; round < 60; ++round) {
        const auto make = [&] {
          std::vector<std::byte> key = random.bytes(info.width ? *info.width : random.below(24));
          if (random.below(2) != 0) std::fill(key.begin(), key.end(), std::byte{0});
          if (!key.empty() && random.below(2) != 0)
            key[0] = static_cast<std::byte>(random.below(6));
          return key;
        };
        std::vector<std::vector<std::byte>> keys;
        for (size_t i = 0; i < 1 + random.below(40); ++i) keys.push_back(make());
        const auto below = [&](const auto& a, const auto& b) { return order.compare(a, b) < 0; };
        std::sort(keys.begin(), keys.end(), below);
        keys.erase(std::unique(keys.begin(), keys.end(),
                               [&](const auto& a, const auto& b) { return !below(a, b); }),
                   keys.end());
        // Declared widths and, as a hostile catalog may have it, none.
        for (const std::optional<uint32_t> width : {info.width, std::optional<uint32_t>{}}) {
          const format::Widths widths{width, 0};
          std::vector<format::LeafEntry> entries;
          std::vector<Bytes> separators;
          for (const auto& key : keys) entries.push_back({key, {}});
          for (const auto& key : keys) separators.push_back(key);
          std::vector<std::byte> page(format::leaf_required_bytes(entries, widths));
          format::build_leaf(page, entries, widths);
          std::vector<std::byte> branch(format::branch_required_bytes(separators, widths));
          format::build_branch(branch, std::vector<format::BranchChild>(keys.size() + 1),
                               separators, widths);
          for (int probe = 0; probe < 20; ++probe) {
            const std::vector<std::byte> key =
                random.below(2) != 0 ? make() : keys[random.below(keys.size())];
            uint32_t expected = 0;
            while (expected < keys.size() && order.compare(keys[expected], key) < 0) ++expected;
            const auto place = order.lower_bound(format::LeafView::parse(page, widths), key);
            CHECK(place.index == expected);
            CHECK(place.equal ==
                  (expected < keys.size() && order.compare(keys[expected], key) == 0));
            CHECK(order.child_index(format::BranchView::parse(branch, widths), widths, key) ==
                  expected);
          }
        }
      }
    }
  }
}
