#include "btree/tree_builder.hpp"

#include <map>
#include <string>

#include "support.hpp"
#include "tree_fixture.hpp"

namespace {

using namespace rdb;
using namespace rdb::test;
using btree::TreeBuilder;

using Rows = std::map<std::string, std::string>;

void build(TreeFixture& f, const Rows& rows) {
  TreeBuilder builder(*f.writer, f.shape);
  for (const auto& [key, value] : rows) {
    const page::Operation operation(*f.pool);  // of its own, as for a batch that spills
    builder.add(as_bytes(key), as_bytes(value));
  }
  const page::Operation operation(*f.pool);
  f.root = builder.finish();
}

Rows contents(TreeFixture& f) {
  Rows rows;
  btree::PoolReader reader(*f.pool);
  btree::verify_tree(
      reader, f.root, f.shape, [](PageNumber) { return true; }, [](const btree::TreeProblem&) {},
      {.accept_deferred = true},
      [&](PageNumber, const format::LeafView& leaf, bool) {
        for (uint32_t i = 0; i < leaf.size(); ++i) {
          rows.emplace(std::string(as_text(leaf.key(i))), std::string(as_text(leaf.value(i))));
        }
      });
  return rows;
}

std::string numbered(size_t i, size_t digits) {
  std::string text = std::to_string(i);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

}  // namespace

TEST_SUITE("btree/tree_builder") {
  TEST_CASE("U4: trees of every small number of rows verify, whatever fits a page") {
    for (const size_t key_bytes : {4u, 900u, 1900u, 3000u}) {
      for (size_t count = 0; count <= 70; ++count) {
        CAPTURE(key_bytes);
        CAPTURE(count);
        TreeFixture f(shape_of("&[u8]", std::nullopt));
        Rows rows;
        for (size_t i = 0; i < count; ++i) {
          // What tells two keys apart stands last, so that separators are as long as keys.
          rows[std::string(key_bytes - 4, 'k') + numbered(i, 4)] = std::string(700, 'v');
        }
        build(f, rows);
        REQUIRE(f.verify() == "");
        REQUIRE(contents(f) == rows);
        if (count == 0) continue;
        CHECK(f.root->length == count);
        f.commit();
        REQUIRE(f.verify(f.root, false) == "");
      }
    }
  }

  TEST_CASE("U4: no branch is left with one child, whatever remains for the last of a level") {
    constexpr size_t kFanOut = 128;  // about, with keys of 8 bytes
    const std::vector<std::byte> value(3000, std::byte{'v'});
    for (size_t count = kFanOut - 20; count < 3 * kFanOut; ++count) {
      CAPTURE(count);
      TreeFixture f(shape_of("u64", std::nullopt));
      TreeBuilder builder(*f.writer, f.shape);
      std::vector<std::vector<std::byte>> keys;
      for (uint64_t i = 0; i < count; ++i) keys.push_back(le<uint64_t>(i));
      const page::Operation operation(*f.pool);
      for (const auto& key : keys) builder.add(key, value);  // one leaf each
      f.root = builder.finish();
      REQUIRE(f.verify() == "");
      REQUIRE(f.get(keys.back()) == value);
    }
  }

  TEST_CASE("records too large for a page have leaves of their own") {
    TreeFixture f(shape_of("&[u8]", std::nullopt));
    Rows rows;
    Random random(5);
    for (size_t i = 0; i < 300; ++i) {
      rows[numbered(i, 6)] =
          std::string(random.below(7) == 0 ? 5000 + random.below(30000) : 40, 'x');
    }
    build(f, rows);
    CHECK(f.verify() == "");
    CHECK(contents(f) == rows);
  }

  TEST_CASE("fixed widths, several levels, and leaves left full") {
    TreeFixture f(shape_of("u64", 8));
    TreeBuilder builder(*f.writer, f.shape);
    constexpr uint64_t kCount = 200'000;
    std::vector<std::vector<std::byte>> keys;
    for (uint64_t i = 0; i < kCount; ++i) keys.push_back(le<uint64_t>(i));
    const page::Operation operation(*f.pool);
    for (const auto& key : keys) builder.add(key, key);
    f.root = builder.finish();
    CHECK(f.verify() == "");
    CHECK(f.root->length == kCount);
    // 16 bytes a row, 4 of a page's bytes for its head.
    const uint64_t leaves = (kCount + 4092 / 16 - 1) / (4092 / 16);
    CHECK(f.writer->allocations < leaves + leaves / 40);
    for (const uint64_t i : {uint64_t{0}, uint64_t{123'456}, kCount - 1}) {
      CHECK(f.get(le(i)) == le(i));
    }
  }

  TEST_CASE("a built tree takes every later change") {
    TreeFixture f(shape_of("&[u8]", std::nullopt));
    Rows rows;
    for (size_t i = 0; i < 3000; ++i) rows[numbered(7 * i, 8)] = numbered(i, 60);
    build(f, rows);
    f.commit();
    Random random(9);
    for (int step = 0; step < 4000; ++step) {
      const std::string key = numbered(random.below(21'000), 8);
      if (random.below(3) == 0) {
        CHECK(f.erase(as_bytes(key)) == (rows.erase(key) > 0));
      } else {
        f.put(as_bytes(key), as_bytes(key));
        rows[key] = key;
      }
    }
    CHECK(f.verify() == "");
    CHECK(contents(f) == rows);
  }

  TEST_CASE("U1: a failure at any page leaves none behind once abandoned") {
    Rows rows;
    for (size_t i = 0; i < 2000; ++i) rows[numbered(i, 200)] = numbered(i, 100);
    for (int64_t n = 0;; ++n) {
      TreeFixture f(shape_of("&[u8]", std::nullopt));
      f.writer->fail_countdown = n;
      const page::Operation operation(*f.pool);
      TreeBuilder builder(*f.writer, f.shape);
      try {
        for (const auto& [key, value] : rows) builder.add(as_bytes(key), as_bytes(value));
        f.root = builder.finish();
        CHECK(n > 100);
        break;
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::out_of_space);
      }
      CHECK(builder.abandon());
      REQUIRE(f.writer->live.empty());
      REQUIRE(f.writer->double_frees == 0);
    }
  }
}
