// tree_fixture.hpp: a tree in a memory-backed pool, with a page writer that can be told to fail.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "btree/cursor.hpp"
#include "btree/finalize.hpp"
#include "btree/mutator.hpp"
#include "btree/verify.hpp"
#include "btree/walk.hpp"
#include "format/type_info.hpp"
#include "io/memory_backend.hpp"
#include "page/frame_pool.hpp"
#include "page/page_writer.hpp"
#include "support.hpp"

namespace rdb::test {

using btree::TreeShape;
using format::PageNumber;
using format::TreeRoot;

inline TreeShape shape_of(const std::string& key_type, std::optional<uint32_t> value_width) {
  const format::TypeInfo key = format::describe_type({TypeName::kBuiltin, key_type});
  return {{key.width, value_width}, btree::KeyOrder(key)};
}

// Hands out pages from a bump pointer and free lists, and takes part of a write transaction's
// duties: freed committed pages wait for the next commit.
class TestWriter final : public page::PageWriter {
 public:
  TestWriter(page::FramePool& pool, uint32_t pages) : PageWriter(pool), pages_(pages) {}

  page::NewPage allocate(uint64_t bytes) override {
    if (fail_countdown >= 0 && fail_countdown-- == 0) {
      throw Error(ErrorCode::out_of_space, "the test wants no more pages");
    }
    const uint8_t order = format::order_for_bytes(bytes);
    if (order > format::kMaxPageOrder) throw Error(ErrorCode::too_large, "too large a page");
    PageNumber page;
    std::vector<uint32_t>& free = free_[order];
    if (!free.empty()) {
      page = {0, free.back(), order};
      free.pop_back();
    } else {
      const uint32_t size = uint32_t{1} << order;
      const uint32_t first = (next_ + size - 1) / size * size;
      if (first + size > pages_) throw Error(ErrorCode::out_of_space, "the test file is full");
      next_ = first + size;
      page = {0, first >> order, order};
    }
    live.insert(page.bits());
    fresh.insert(page.bits());
    ++allocations;
    const std::span<std::byte> content = pool().claim(page);
    // Nobody may count on what a new page holds.
    std::fill_n(content.begin(), std::min<size_t>(content.size(), 8192), std::byte{0xEE});
    return {page, content};
  }
  void free(PageNumber page) override {
    if (live.erase(page.bits()) == 0) {
      ++double_frees;  // a hostile file refers to a page twice
      return;
    }
    if (pool().owned(page)) {
      fresh.erase(page.bits());
      pool().discard(page);
      free_[page.order].push_back(page.index);
    } else {
      retired.push_back(page);
    }
  }
  void set_live_bytes(PageNumber page, uint64_t bytes) override { live_bytes[page.bits()] = bytes; }

  void write_out() {
    std::vector<page::FramePool::DirtyPage> dirty;
    for (uint64_t bits : fresh) {
      const PageNumber page = PageNumber::from_bits(bits);
      const auto told = live_bytes.find(bits);
      dirty.push_back({page, told == live_bytes.end() ? page.bytes() : told->second});
    }
    std::sort(dirty.begin(), dirty.end(),
              [](const auto& a, const auto& b) { return a.page < b.page; });
    pool().write_out(dirty);
  }
  void commit() {
    write_out();
    for (uint64_t bits : fresh) pool().publish(PageNumber::from_bits(bits), true);
    fresh.clear();
    live_bytes.clear();
    for (PageNumber page : retired) {
      pool().discard(page);
      free_[page.order].push_back(page.index);
    }
    retired.clear();
  }
  void abort() {
    for (uint64_t bits : fresh) {
      const PageNumber page = PageNumber::from_bits(bits);
      pool().discard(page);
      free_[page.order].push_back(page.index);
      live.erase(bits);
    }
    fresh.clear();
    live_bytes.clear();
    for (PageNumber page : retired) live.insert(page.bits());
    retired.clear();
  }

  // Pages below first are not handed out.
  void skip_to(uint32_t first) { next_ = first; }

  int64_t fail_countdown = -1;  // the allocation with this number, counted from 0, fails
  uint64_t allocations = 0;
  uint64_t double_frees = 0;
  std::unordered_set<uint64_t> live;   // pages in use by the state of the running transaction
  std::unordered_set<uint64_t> fresh;  // of those, allocated by it
  std::vector<PageNumber> retired;
  std::unordered_map<uint64_t, uint64_t> live_bytes;

 private:
  const uint32_t pages_;
  uint32_t next_ = 0;
  std::array<std::vector<uint32_t>, format::kMaxPageOrder + 1> free_;
};

struct TreeFixture {
  static constexpr uint32_t kPages = 1u << 18;

  explicit TreeFixture(TreeShape tree_shape, uint64_t budget_bytes = uint64_t{1} << 30,
                       ReadVerification verification = ReadVerification::full)
      : shape(tree_shape) {
    layout.region_max_data_pages = kPages;
    layout.full_regions = 1;
    backend.resize(layout.file_bytes());
    pool = std::make_unique<page::FramePool>(backend, layout, budget_bytes, verification);
    writer = std::make_unique<TestWriter>(*pool, kPages);
    mutator = std::make_unique<btree::Mutator>(*writer, root, shape);
  }

  btree::InsertResult put(Bytes key, Bytes value,
                          btree::InsertMode mode = btree::InsertMode::upsert) {
    const page::Operation operation(*pool);
    return mutator->insert(key, value, mode);
  }
  bool erase(Bytes key) {
    const page::Operation operation(*pool);
    return mutator->erase(key);
  }
  std::optional<std::vector<std::byte>> get(Bytes key) {
    const page::Operation operation(*pool);
    const auto found = btree::find(*pool, root, shape, key);
    if (!found) return std::nullopt;
    return std::vector<std::byte>(found->value.begin(), found->value.end());
  }
  void commit() {
    btree::finalize(*writer, root, shape.widths);
    writer->commit();
    committed = root;
  }
  void abort() {
    writer->abort();
    root = committed;
  }
  // Another pool over the same device: sees what was written. Only after commit().
  std::unique_ptr<page::FramePool> fresh_pool() {
    return std::make_unique<page::FramePool>(backend, layout, uint64_t{1} << 30,
                                             ReadVerification::full);
  }

  // Problems found by a full verification, one a line; empty is good. Also checks that exactly the
  // pages of the tree are in use.
  std::string verify(const TreeRoot& tree, bool running) {
    std::string problems;
    std::unordered_set<uint64_t> seen;
    btree::PoolReader reader(*pool);
    btree::VerifyOptions options;
    options.accept_deferred = running;
    btree::verify_tree(
        reader, tree, shape, [&](PageNumber page) { return seen.insert(page.bits()).second; },
        [&](const btree::TreeProblem& problem) { problems += problem.what + "\n"; }, options);
    for (uint64_t bits : seen) {
      const bool retired = std::count(writer->retired.begin(), writer->retired.end(),
                                      PageNumber::from_bits(bits)) > 0;
      if (writer->live.count(bits) == 0 && !(retired && !running)) {
        problems += "page " + PageNumber::from_bits(bits).text() + " is used but free\n";
      }
    }
    if (running && seen.size() != writer->live.size()) problems += "pages were lost\n";
    return problems;
  }
  std::string verify() { return verify(root, true); }

  io::MemoryBackend backend;
  format::Layout layout;
  TreeShape shape;
  std::unique_ptr<page::FramePool> pool;
  std::unique_ptr<TestWriter> writer;
  TreeRoot root;
  TreeRoot committed;
  std::unique_ptr<btree::Mutator> mutator;
};

// A small, fast, seeded source of numbers (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return next() % n; }
  std::vector<std::byte> bytes(size_t n) {
    std::vector<std::byte> out(n);
    for (std::byte& b : out) b = static_cast<std::byte>(next());
    return out;
  }

 private:
  uint64_t state_;
};

template <typename T>
std::vector<std::byte> le(T value) {
  std::vector<std::byte> out(sizeof value);
  base::store_le(out.data(), value);
  return out;
}

}  // namespace rdb::test
