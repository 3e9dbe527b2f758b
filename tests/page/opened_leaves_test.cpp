#include "page/opened_leaves.hpp"

#include <random>
#include <thread>
#include <vector>

#include "format/leaf_builder.hpp"
#include "format/value_envelope.hpp"
#include "io/memory_backend.hpp"
#include "page/frame_pool.hpp"
#include "support.hpp"

namespace rdb::page {
namespace {

using format::OpenedLeaf;

// Of one value, which is size bytes of the same letter.
OpenedLeaf leaf_of(char letter, size_t size = 1000) {
  format::ValueSealer sealer(Compression::lz4, 0);
  const std::vector<std::byte> value(size, static_cast<std::byte>(letter));
  const format::LeafEntry entries[] = {{{}, sealer.seal(value)}};
  std::vector<std::byte> page(format::kPageBytes);
  format::build_leaf(page, entries, format::kVariableWidths);
  const auto view = format::LeafView::parse(page, format::kVariableWidths);
  return OpenedLeaf(view, std::nullopt, OpenedLeaf::bytes_needed(view).value());
}

char letter_of(const OpenedLeaf& leaf) { return leaf ? static_cast<char>(leaf.value(0)[0]) : '-'; }

struct Kept {
  explicit Kept(uint64_t limit) : limit_bytes(limit), leaves(used_bytes, limit_bytes) {}

  char at(uint32_t index, uint8_t order = 0) { return letter_of(leaves.find({0, index, order})); }
  void insert(uint32_t index, char letter) { leaves.insert({0, index, 0}, leaf_of(letter)); }
  // Of count leaves one after the other; returns how many are kept then.
  size_t fill(size_t count) {
    size_t kept = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const OpenedLeaf leaf = leaf_of('a');
      if (leaves.has_room(leaf.memory_bytes())) leaves.insert({0, i, 0}, leaf);
    }
    for (uint32_t i = 0; i < count; ++i) kept += at(i) != '-';
    return kept;
  }

  std::atomic<uint64_t> used_bytes{0};
  std::atomic<uint64_t> limit_bytes;
  OpenedLeaves leaves;
};

constexpr uint64_t kAmple = uint64_t{64} << 20;

}  // namespace

TEST_SUITE("page/opened_leaves") {
  TEST_CASE("a leaf is found under its page, until that is forgotten") {
    Kept kept(kAmple);
    CHECK(kept.at(5) == '-');
    kept.insert(5, 'a');
    kept.insert(6, 'b');
    CHECK(kept.at(5) == 'a');
    CHECK(kept.at(6) == 'b');
    CHECK(kept.at(4) == '-');
    CHECK(letter_of(kept.leaves.find({1, 5, 0})) == '-');
    kept.leaves.forget({0, 5, 0});
    CHECK(kept.at(5) == '-');
    CHECK(kept.at(6) == 'b');
  }

  TEST_CASE("pages of different sizes that begin at one place are not taken for one another") {
    Kept kept(kAmple);
    kept.leaves.insert({0, 2, 1}, leaf_of('a'));
    CHECK(kept.at(2, 1) == 'a');
    CHECK(kept.at(4) == '-');
    kept.leaves.forget({0, 4, 0});
    CHECK(kept.at(2, 1) == 'a');
  }

  TEST_CASE("pages that share a place take turns, and one that was read is spared once") {
    Kept kept(format::kPageBytes);  // one chunk of places
    kept.limit_bytes = kAmple;
    kept.insert(3, 'a');
    kept.insert(3 + 64, 'b');
    CHECK(kept.at(3) == '-');
    CHECK(kept.at(3 + 64) == 'b');
    kept.insert(3, 'a');
    CHECK(kept.at(3) == '-');
    kept.insert(3, 'a');
    CHECK(kept.at(3) == 'a');
    CHECK(kept.at(3 + 64) == '-');
  }

  TEST_CASE("what is kept counts as used, and leaves an eighth of the limit to pages") {
    Kept kept(kAmple);
    CHECK_EQ(kept.fill(20), 20);
    CHECK_GE(kept.leaves.kept_bytes(), 20 * 1000);
    CHECK_GE(kept.used_bytes, kept.leaves.kept_bytes());
    kept.limit_bytes = kept.used_bytes * 8 / 7 - 100;
    CHECK_FALSE(kept.leaves.has_room(1000));
    kept.limit_bytes = kept.used_bytes * 8 / 7 + 1500;
    CHECK(kept.leaves.has_room(1000));
    const uint64_t beside = kept.used_bytes - kept.leaves.kept_bytes();
    for (uint32_t i = 0; i < 20; ++i) kept.leaves.forget({0, i, 0});
    CHECK_EQ(kept.leaves.kept_bytes(), 0);
    CHECK_EQ(kept.used_bytes, beside);
  }

  // Leaves that come and go in the same order, more than fit: whoever throws out the oldest for the
  // newest never finds one.
  TEST_CASE("a walk over more leaves than fit finds part of them each time") {
    Kept kept(100'000);
    kept.fill(150);
    for (int round = 0; round < 5; ++round) {
      const size_t found = kept.fill(150);
      CHECK_GT(found, 40);
      CHECK_LT(found, 100);
      CHECK_LE(kept.used_bytes, kept.limit_bytes - kept.limit_bytes / 8);
    }
  }

  TEST_CASE("leaves that nobody reads make room for others") {
    Kept kept(100'000);
    const size_t before = kept.fill(60);
    for (uint32_t i = 1000; i < 1300; ++i) {
      const OpenedLeaf leaf = leaf_of('b');
      if (kept.leaves.has_room(leaf.memory_bytes())) kept.leaves.insert({0, i, 0}, leaf);
    }
    size_t left = 0;
    for (uint32_t i = 0; i < 60; ++i) left += kept.at(i) != '-';
    CHECK_LT(left, before / 2);
  }

  TEST_CASE("pages that need room get it, and a leaf that was handed out stays valid") {
    Kept kept(kAmple);
    kept.fill(200);
    const OpenedLeaf held = kept.leaves.find({0, 7, 0});
    REQUIRE(held);
    const uint64_t before = kept.leaves.kept_bytes();
    kept.leaves.shed(before / 2);
    CHECK_LE(kept.leaves.kept_bytes(), before / 2 + 64);
    CHECK_GT(kept.leaves.kept_bytes(), 0);
    kept.leaves.shed(before);
    CHECK_EQ(kept.leaves.kept_bytes(), 0);
    CHECK(kept.at(7) == '-');
    CHECK(letter_of(held) == 'a');
    CHECK_EQ(held.value(0).size(), 1000);
  }

  TEST_CASE("a page that is claimed is forgotten, and one that is loaded drops leaves first") {
    const uint64_t budget = uint64_t{1} << 20;
    io::MemoryBackend backend;
    const auto layout = format::Layout{0, format::kMaxRegionPages, 0, 1}.with_total_pages(1024);
    backend.resize(layout.value().file_bytes());
    FramePool pool(backend, layout.value(), budget, ReadVerification::none);
    OpenedLeaves& leaves = pool.opened_leaves();
    leaves.insert({0, 9, 0}, leaf_of('a'));
    leaves.insert({0, 10, 0}, leaf_of('b'));
    {
      const Operation operation(pool);
      pool.claim({0, 9, 0});
    }
    CHECK(letter_of(leaves.find({0, 9, 0})) == '-');
    CHECK(letter_of(leaves.find({0, 10, 0})) == 'b');

    for (uint32_t i = 100; i < 356; ++i) {
      const OpenedLeaf leaf = leaf_of('c', 4000);
      if (leaves.has_room(leaf.memory_bytes())) leaves.insert({0, i, 0}, leaf);
    }
    CHECK_GT(leaves.kept_bytes(), budget / 2);
    for (uint32_t i = 500; leaves.kept_bytes() > 0; ++i) {
      REQUIRE_LT(i, 1024);
      CHECK_EQ(pool.pages_evicted(), 0);
      CHECK_LE(pool.resident_bytes(), budget);
      const Operation operation(pool);
      pool.read({0, i, 0}, base::kDeferredChecksum, format::kVariableWidths);
    }
  }

  TEST_CASE("threads find what belongs to their page, or nothing") {
    Kept kept(100'000);
    const auto work = [&](unsigned seed) {
      std::mt19937 random(seed);
      for (int i = 0; i < 3000; ++i) {
        const auto page = static_cast<uint32_t>(random() % 200);
        const char letter = static_cast<char>('a' + page % 26);
        switch (random() % 8) {
          case 0:
            kept.leaves.forget({0, page, 0});
            break;
          case 1:
            kept.leaves.shed(5000);
            break;
          case 2:
          case 3:
            if (kept.leaves.has_room(1000)) kept.insert(page, letter);
            break;
          default: {
            const char found = kept.at(page);
            if (found != '-') CHECK(found == letter);
          }
        }
      }
    };
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) threads.emplace_back(work, t);
    for (std::thread& thread : threads) thread.join();
    const uint64_t beside = kept.used_bytes - kept.leaves.kept_bytes();
    kept.leaves.shed(kAmple);
    CHECK_EQ(kept.leaves.kept_bytes(), 0);
    CHECK_EQ(kept.used_bytes, beside);
  }
}

}  // namespace rdb::page
