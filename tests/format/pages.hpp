// pages.hpp: leaves and branches from literals, random content, and a reader that touches every
// byte.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/branch_builder.hpp"
#include "format/branch_view.hpp"
#include "format/leaf_builder.hpp"
#include "format/leaf_view.hpp"
#include "support.hpp"

namespace rdb::test {

using Blob = std::vector<std::byte>;
using Pair = std::pair<Blob, Blob>;
using Random = std::mt19937_64;

inline constexpr format::Widths kWidthCombinations[] = {{std::nullopt, std::nullopt},
                                                        {8, 8},
                                                        {8, std::nullopt},
                                                        {std::nullopt, 8},
                                                        {4, 0},
                                                        {std::nullopt, 0},
                                                        {0, 8},
                                                        {0, 0}};

inline uint64_t below(Random& random, uint64_t limit) {
  return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random);
}

inline Blob random_blob(Random& random, size_t size) {
  Blob blob(size);
  for (std::byte& b : blob) b = static_cast<std::byte>(random());
  return blob;
}

// Of the fixed width, or of a random size up to most; short ones are frequent, empty ones occur.
inline Blob random_field(Random& random, std::optional<uint32_t> width, size_t most = 40) {
  return random_blob(random, width ? *width : below(random, 1 + below(random, most + 1)));
}

inline std::vector<format::LeafEntry> as_entries(const std::vector<Pair>& pairs) {
  std::vector<format::LeafEntry> entries;
  for (const auto& [key, value] : pairs) entries.push_back({key, value});
  return entries;
}

// A leaf of exactly its size. Pairs need no order: the format layer does not compare keys.
inline Blob leaf(const std::vector<Pair>& pairs, const format::Widths& widths) {
  const auto entries = as_entries(pairs);
  Blob page(format::leaf_required_bytes(entries, widths), std::byte{0xEE});
  CHECK(format::build_leaf(page, entries, widths) == page.size());
  return page;
}

inline Blob leaf(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::vector<Pair> copies;
  for (const auto& [key, value] : pairs) copies.emplace_back(bytes_of(key), bytes_of(value));
  return leaf(copies, format::kVariableWidths);
}

inline Blob branch(const std::vector<format::BranchChild>& children, const std::vector<Blob>& keys,
                   const format::Widths& widths) {
  const std::vector<Bytes> views(keys.begin(), keys.end());
  Blob page(format::branch_required_bytes(views, widths), std::byte{0xEE});
  CHECK(format::build_branch(page, children, views, widths) == page.size());
  return page;
}

inline format::BranchChild random_child(Random& random) {
  format::BranchChild child;
  child.page.order = static_cast<uint8_t>(below(random, format::kMaxPageOrder + 1));
  child.page.index = static_cast<uint32_t>(below(random, 1u << 20) >> child.page.order);
  child.page.region = static_cast<uint32_t>(below(random, 1u << 20));
  child.checksum = {random(), random()};
  return child;
}

inline std::vector<Pair> pairs_of(const format::LeafView& view) {
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < view.size(); ++i) {
    const Bytes key = view.key(i);
    const Bytes value = view.value(i);
    pairs.emplace_back(Blob(key.begin(), key.end()), Blob(value.begin(), value.end()));
  }
  return pairs;
}

// Reads what an accessor returned, so that a sanitizer sees a range that leaves the page.
inline unsigned touch(Bytes bytes) {
  unsigned sum = 0;
  for (std::byte b : bytes) sum += std::to_integer<unsigned>(b);
  return sum;
}

// Runs f; false when it refused the page. Any other exception, and any other code, is a failure.
template <typename F>
bool accepts(F&& f, ErrorCode refusal = ErrorCode::page_corrupted) {
  try {
    f();
    return true;
  } catch (const Error& error) {
    CHECK_MESSAGE(error.code() == refusal, std::string(error.what()));
    return false;
  }
}

}  // namespace rdb::test
