#include "btree/cursor.hpp"

#include <map>
#include <set>

#include "tree_fixture.hpp"

using namespace rdb;
using btree::TreeCursor;
using test::le;
using test::Random;
using test::TreeFixture;

namespace {

uint64_t key_of(const TreeCursor& cursor) { return base::load_le64(cursor.key().data()); }

struct Filled {
  Filled(uint64_t count, uint64_t step, size_t value_bytes)
      : f(test::shape_of("u64", std::nullopt)) {
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t key = (i * 7919 % count) * step + step;
      f.put(le(key), std::vector<std::byte>(value_bytes));
      keys.insert(key);
    }
  }
  TreeFixture f;
  std::set<uint64_t> keys;
};

}  // namespace

TEST_SUITE("btree/cursor") {
  TEST_CASE("random walks agree with a set") {
    Filled filled(2000, 10, 50);
    const auto& keys = filled.keys;
    TreeCursor cursor(*filled.f.pool, filled.f.root, filled.f.shape);
    Random random(1);
    // Position in the model: an iterator, or one of the two ends.
    auto at = keys.end();
    bool before_first = false;
    bool nowhere = true;
    for (int i = 0; i < 20000; ++i) {
      bool got = false;
      bool expected = false;
      switch (random.below(8)) {
        case 0: {
          const uint64_t wanted = random.below(20100);
          got = cursor.seek(le(wanted));
          at = keys.lower_bound(wanted);
          expected = at != keys.end();
          before_first = nowhere = false;
          break;
        }
        case 1: {
          const uint64_t wanted = random.below(20100);
          got = cursor.seek_le(le(wanted));
          at = keys.upper_bound(wanted);
          expected = at != keys.begin();
          before_first = !expected;
          nowhere = false;
          if (expected) --at;
          break;
        }
        case 2:
          if (random.below(50) != 0) continue;
          got = random.below(2) != 0 ? cursor.first() : cursor.last();
          at = keys.find(key_of(cursor));
          REQUIRE((at == keys.begin() || std::next(at) == keys.end()));
          before_first = nowhere = false;
          expected = true;
          break;
        case 3:
        case 4:
        case 5:
          got = cursor.next();
          if (nowhere || before_first) {
            at = keys.begin();
          } else if (at != keys.end()) {
            ++at;
          }
          before_first = nowhere = false;
          expected = at != keys.end();
          break;
        default:
          got = cursor.prev();
          if (nowhere || (!before_first && at == keys.end())) {
            at = std::prev(keys.end());
            before_first = nowhere = false;
          } else if (!before_first) {
            if (at == keys.begin()) {
              before_first = true;
            } else {
              --at;
            }
          }
          expected = !before_first;
      }
      REQUIRE(got == expected);
      REQUIRE(cursor.valid() == expected);
      if (expected) REQUIRE(key_of(cursor) == *at);
    }
  }

  TEST_CASE("the ends: past the last goes back to the last, before the first to the first") {
    Filled filled(500, 1, 20);
    TreeCursor cursor(*filled.f.pool, filled.f.root, filled.f.shape);
    CHECK(cursor.prev());
    CHECK(key_of(cursor) == 500);
    CHECK_FALSE(cursor.next());
    CHECK_FALSE(cursor.next());
    CHECK_FALSE(cursor.valid());
    CHECK(cursor.prev());
    CHECK(key_of(cursor) == 500);
    CHECK(cursor.first());
    CHECK_FALSE(cursor.prev());
    CHECK_FALSE(cursor.prev());
    CHECK(cursor.next());
    CHECK(key_of(cursor) == 1);
    CHECK_FALSE(cursor.seek(le<uint64_t>(501)));
    CHECK(cursor.prev());
    CHECK(key_of(cursor) == 500);
    CHECK_FALSE(cursor.seek_le(le<uint64_t>(0)));
    CHECK(cursor.next());
    CHECK(key_of(cursor) == 1);
    CHECK(cursor.seek_exact(le<uint64_t>(77)));
    CHECK(key_of(cursor) == 77);
  }

  TEST_CASE("an empty tree has no entries from any side") {
    TreeFixture f(test::shape_of("u64", 8));
    TreeCursor cursor(*f.pool, f.root, f.shape);
    CHECK_FALSE(cursor.next());
    CHECK_FALSE(cursor.prev());
    CHECK_FALSE(cursor.first());
    CHECK_FALSE(cursor.last());
    CHECK_FALSE(cursor.seek(le<uint64_t>(0)));
    CHECK_FALSE(cursor.seek_le(le<uint64_t>(0)));
    const uint32_t position[] = {0};
    CHECK_FALSE(cursor.seek_position(position));
    CHECK_FALSE(cursor.seek_leaf({}));
  }

  TEST_CASE("stepping off an entry puts it ahead") {
    Filled filled(2000, 1, 20);
    TreeCursor cursor(*filled.f.pool, filled.f.root, filled.f.shape);
    for (const uint64_t key : filled.keys) {
      REQUIRE(cursor.seek(le(key)));
      cursor.step_before();
      CHECK_FALSE(cursor.valid());
      if (key % 2 == 0) {
        REQUIRE(cursor.next());
        CHECK(key_of(cursor) == key);
      } else {
        REQUIRE(cursor.prev() == (key > 1));
        if (key > 1) CHECK(key_of(cursor) == key - 1);
      }
    }
  }

  TEST_CASE("only the current leaf is pinned, and reset lets it go") {
    Filled filled(2000, 1, 20);
    page::FramePool& pool = *filled.f.pool;
    {
      TreeCursor cursor(pool, filled.f.root, filled.f.shape);
      for (int i = 0; i < 1000; ++i) {
        cursor.next();
        REQUIRE(pool.pinned(cursor.leaf_page()));
        REQUIRE(pool.pinned_bytes() == format::kPageBytes);
      }
      cursor.reset(filled.f.root);
      CHECK(pool.pinned_bytes() == 0);
      cursor.last();
      CHECK(pool.pinned_bytes() == format::kPageBytes);
    }
    CHECK(pool.pinned_bytes() == 0);
  }

  TEST_CASE("positions name entries without any order") {
    Filled filled(3000, 1, 40);
    TreeFixture& f = filled.f;
    const btree::TreeShape unordered{f.shape.widths, {}};
    std::vector<uint32_t> position;
    {
      TreeCursor cursor(*f.pool, f.root, unordered);
      TreeCursor other(*f.pool, f.root, unordered);
      for (uint64_t key = 1; cursor.next(); ++key) {
        cursor.position(position);
        REQUIRE(other.seek_position(position));
        REQUIRE(key_of(other) == key);
        if (key % 100 == 0) {
          REQUIRE(other.seek_leaf(cursor.leaf_page()));
          REQUIRE(other.leaf_page() == cursor.leaf_page());
          REQUIRE(other.index() == 0);
          REQUIRE(other.next() == true);
        }
      }
      CHECK_FALSE(other.seek_leaf({0, 99999, 0}));
      position.back() = 60000;
      CHECK_FALSE(other.seek_position(position));
      position.push_back(0);
      CHECK_FALSE(other.seek_position(position));
    }
    // Every third entry goes, by position; the cursor comes back by position, or by leaf where that
    // vanished.
    uint64_t key = 0;
    std::vector<uint64_t> kept;
    btree::Mutator mutator(*f.writer, f.root, unordered);
    TreeCursor cursor(*f.pool, f.root, unordered);
    while (cursor.next()) {
      ++key;
      REQUIRE(key_of(cursor) == key);
      cursor.position(position);
      if (key % 3 != 0) {
        kept.push_back(key);
        if (key % 5 == 0) {
          cursor.reset(f.root);
          const page::Operation operation(*f.pool);
          mutator.replace_at(position, le(key));
        }
      } else {
        REQUIRE(cursor.leaf().size() > 1);
        cursor.reset(f.root);
        const page::Operation operation(*f.pool);
        mutator.erase_at(position);
      }
      if (key % 3 == 0 || key % 5 == 0) {
        cursor.reset(f.root);
        const bool more = cursor.seek_position(position);
        if (!more) break;
        if (key % 3 == 0) cursor.step_before();
      }
    }
    CHECK(f.verify() == "");
    CHECK(f.root->length == kept.size());
    cursor.reset(f.root);
    for (const uint64_t expected : kept) {
      REQUIRE(cursor.next());
      REQUIRE(key_of(cursor) == expected);
      if (expected % 5 == 0) REQUIRE(test::hex(cursor.value()) == test::hex(le(expected)));
    }
    CHECK_FALSE(cursor.next());
    cursor.reset(f.root);
    const page::Operation operation(*f.pool);
    const uint32_t wrong[] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
    CHECK_THROWS_CODE(mutator.erase_at(wrong), ErrorCode::invalid_argument);
  }

  TEST_CASE("emptying leaf after leaf by position works") {
    Filled filled(3000, 1, 400);
    TreeFixture& f = filled.f;
    btree::Mutator mutator(*f.writer, f.root, f.shape);
    const uint32_t depth = [&] {
      btree::PoolReader reader(*f.pool);
      return btree::tree_stats(reader, f.root, f.shape.widths, TreeFixture::kPages).tree_height;
    }();
    REQUIRE(depth == 3);
    TreeCursor cursor(*f.pool, f.root, f.shape);
    std::vector<uint32_t> position;
    Random random(5);
    uint64_t left = 3000;
    while (f.root) {
      cursor.reset(f.root);
      if (!cursor.seek_le(le(1 + random.below(3000)))) REQUIRE(cursor.first());
      // The whole leaf, from its first entry.
      cursor.move_in_leaf(0);
      const uint32_t size = cursor.leaf().size();
      cursor.position(position);
      cursor.reset(f.root);
      for (uint32_t i = 0; i < size; ++i) {
        const page::Operation operation(*f.pool);
        mutator.erase_at(position);
      }
      left -= size;
      REQUIRE((f.root ? f.root->length : 0) == left);
      if (left % 10 == 0) REQUIRE(f.verify() == "");
    }
    CHECK(f.writer->live.empty());
  }
}
