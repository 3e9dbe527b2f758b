// The order of a batch against a stable sort by comparing, for every kind of key that is sorted in
// a way of its own and for some that are not.
#include "table/record_order.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "support.hpp"

namespace rdb::table {
namespace {

using Keys = std::vector<std::vector<std::byte>>;

btree::KeyOrder order_of_type(const std::string& name) {
  const bool chrono = name.starts_with("chrono::");
  return btree::KeyOrder(
      format::describe_type({chrono ? TypeName::kUserDefined : TypeName::kBuiltin, name}));
}

std::vector<Table::Record> records_of(const Keys& keys) {
  std::vector<Table::Record> records;
  for (const auto& key : keys) records.push_back({key, {}});
  return records;
}

std::vector<uint32_t> by_comparing(const Keys& keys, const btree::KeyOrder& order) {
  std::vector<uint32_t> numbers(keys.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  std::stable_sort(numbers.begin(), numbers.end(),
                   [&](uint32_t a, uint32_t b) { return order.compare(keys[a], keys[b]) < 0; });
  return numbers;
}

// Keys of drawn bytes: values draw a byte from each of so many, so that few repeat often.
Keys drawn(std::mt19937_64& random, size_t count, size_t least_bytes, size_t most_bytes,
           unsigned values) {
  Keys keys(count);
  for (auto& key : keys) {
    key.resize(least_bytes + random() % (most_bytes - least_bytes + 1));
    for (std::byte& byte : key) {
      const auto value = static_cast<unsigned>(random() % values);
      byte = static_cast<std::byte>(value % 2 == 0 ? value / 2 : 255 - value / 2);
    }
  }
  return keys;
}

constexpr size_t kCounts[] = {kSortFrom, kSortFrom + 1, 127, 128, 129, 1000, 5000};

}  // namespace

TEST_SUITE("table/record_order") {
  TEST_CASE("keys of every kind come as comparing sorts them, equal ones as they were given") {
    struct Kind {
      std::string type;
      size_t least_bytes;
      size_t most_bytes;
    };
    std::mt19937_64 random(1);
    for (const Kind& kind : std::initializer_list<Kind>{{"&[u8]", 0, 20},
                                                        {"&[u8]", 0, 3},
                                                        {"&[u8]", 8, 8},
                                                        {"[u8;24]", 24, 24},
                                                        {"u8", 1, 1},
                                                        {"i8", 1, 1},
                                                        {"u16", 2, 2},
                                                        {"i16", 2, 2},
                                                        {"u32", 4, 4},
                                                        {"i32", 4, 4},
                                                        {"u64", 8, 8},
                                                        {"i64", 8, 8},
                                                        {"u128", 16, 16},
                                                        {"i128", 16, 16},
                                                        {"(u32,u16)", 6, 6}}) {
      const btree::KeyOrder order = order_of_type(kind.type);
      REQUIRE(order.known());
      for (const size_t count : kCounts) {
        for (const unsigned values : {256u, 3u, 1u}) {
          CAPTURE(kind.type);
          CAPTURE(count);
          CAPTURE(values);
          Keys keys = drawn(random, count, kind.least_bytes, kind.most_bytes, values);
          CHECK(order_of(records_of(keys), order) == by_comparing(keys, order));
          std::reverse(keys.begin(), keys.end());
          std::sort(keys.begin(), keys.end(),
                    [&](const auto& a, const auto& b) { return order.compare(a, b) > 0; });
          CHECK(order_of(records_of(keys), order) == by_comparing(keys, order));
        }
      }
    }
  }

  TEST_CASE("truth values, characters and moments, too") {
    std::mt19937_64 random(2);
    const auto check = [](const std::string& type, const Keys& keys) {
      CAPTURE(type);
      const btree::KeyOrder order = order_of_type(type);
      REQUIRE(order.known());
      CHECK(order_of(records_of(keys), order) == by_comparing(keys, order));
    };
    Keys truths(500);
    for (auto& key : truths) key = {static_cast<std::byte>(random() % 2)};
    check("bool", truths);
    Keys characters(500);  // three bytes, little-endian
    for (auto& key : characters) {
      const auto c = static_cast<uint32_t>(random() % 0xd800);
      key = {static_cast<std::byte>(c), static_cast<std::byte>(c >> 8),
             static_cast<std::byte>(c >> 16)};
    }
    check("char", characters);
    check("chrono::NaiveDate", drawn(random, 500, 6, 6, 256));
    check("chrono::NaiveTime", drawn(random, 500, 7, 7, 256));
    check("chrono::NaiveDateTime", drawn(random, 500, 13, 13, 256));
  }

  TEST_CASE("few records stay as they are") {
    std::mt19937_64 random(3);
    const btree::KeyOrder order = order_of_type("u64");
    for (const size_t count : {size_t{0}, size_t{1}, size_t{2}, kSortFrom - 1}) {
      const Keys keys = drawn(random, count, 8, 8, 256);
      std::vector<uint32_t> unchanged(count);
      std::iota(unchanged.begin(), unchanged.end(), 0u);
      CHECK(order_of(records_of(keys), order) == unchanged);
    }
  }
}

}  // namespace rdb::table
