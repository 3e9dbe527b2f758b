#include "table/record_order.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <type_traits>

#include "btree/key_codecs.hpp"

namespace rdb::table {
namespace {

// Below, the passes of a radix sort cost more than comparisons.
constexpr size_t kRadixSortFrom = 128;

struct Item {
  uint64_t prefix;  // items with different ones are in their order
  uint32_t number;
};

// The items of the records, or none when keys of this kind have no prefix that is a number.
std::vector<Item> items_of(std::span<const Table::Record> records, btree::KeyOrderKind kind) {
  std::vector<Item> items;
  const auto fill = [&](auto&& prefix) {
    items.resize(records.size());
    for (uint32_t i = 0; i < items.size(); ++i) items[i] = {prefix(records[i].key), i};
  };
  btree::with_codec(
      kind,
      [&](auto codec) {
        using Decoded = typename decltype(codec)::Decoded;
        if constexpr (std::is_integral_v<Decoded>) {
          constexpr uint64_t kFlip = std::is_signed_v<Decoded> ? uint64_t{1} << 63 : 0;
          fill([&](Bytes key) { return static_cast<uint64_t>(codec.decode(key)) ^ kFlip; });
        }
      },
      [&](btree::KeyOrderKind other) {
        if (other == btree::KeyOrderKind::bytes) fill(btree::prefix_of);
      });
  return items;
}

// By prefix, stable: least significant byte first, passing over bytes that are all the same.
void radix_sort(std::vector<Item>& items) {
  constexpr size_t kDigits = 8;
  constexpr size_t kValues = 256;
  std::vector<std::array<uint32_t, kValues>> counts(kDigits);
  for (const Item& item : items) {
    for (size_t d = 0; d < kDigits; ++d) ++counts[d][item.prefix >> (8 * d) & 0xff];
  }
  std::vector<Item> sorted(items.size());
  for (size_t d = 0; d < kDigits; ++d) {
    std::array<uint32_t, kValues>& starts = counts[d];
    if (starts[items.front().prefix >> (8 * d) & 0xff] == items.size()) continue;
    std::exclusive_scan(starts.begin(), starts.end(), starts.begin(), 0u);
    for (const Item& item : items) sorted[starts[item.prefix >> (8 * d) & 0xff]++] = item;
    items.swap(sorted);
  }
}

}  // namespace

std::vector<uint32_t> order_of(std::span<const Table::Record> records,
                               const btree::KeyOrder& order) {
  std::vector<uint32_t> numbers(records.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  const auto less = [&](uint32_t a, uint32_t b) {
    const int result = order.compare(records[a].key, records[b].key);
    return result != 0 ? result < 0 : a < b;
  };
  if (records.size() < kSortFrom || std::is_sorted(numbers.begin(), numbers.end(), less)) {
    return numbers;
  }
  std::vector<Item> items = items_of(records, order.kind());
  if (items.empty()) {
    std::sort(numbers.begin(), numbers.end(), less);
    return numbers;
  }
  if (items.size() >= kRadixSortFrom) {
    radix_sort(items);
  } else {
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return a.prefix < b.prefix; });
  }
  for (size_t i = 0; i < items.size(); ++i) numbers[i] = items[i].number;
  for (size_t begin = 0, end; begin < items.size(); begin = end) {
    end = begin + 1;
    while (end < items.size() && items[end].prefix == items[begin].prefix) ++end;
    const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(begin);
    if (end - begin > 1) std::sort(first, first + static_cast<std::ptrdiff_t>(end - begin), less);
  }
  return numbers;
}

}  // namespace rdb::table
