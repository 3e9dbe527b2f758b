#include "btree/mutator.hpp"

#include <map>

#include "tree_fixture.hpp"

using namespace rdb;
using btree::InsertMode;
using btree::InsertResult;
using format::PageNumber;
using format::TreeRoot;
using test::le;
using test::Random;
using test::TreeFixture;

namespace {

using Blob = std::vector<std::byte>;

// A std::map in the table's order beside the tree.
struct Model {
  struct Below {
    const btree::KeyOrder* order;
    bool operator()(const Blob& a, const Blob& b) const { return order->compare(a, b) < 0; }
  };

  explicit Model(const btree::TreeShape& shape, uint64_t budget = uint64_t{1} << 30)
      : tree(shape, budget), map(Below{&tree.shape.order}) {}

  void put(const Blob& key, const Blob& value) {
    const auto result = tree.put(key, value);
    const auto [at, fresh] = map.insert_or_assign(key, value);
    static_cast<void>(at);
    REQUIRE(result == (fresh ? InsertResult::inserted : InsertResult::replaced));
  }
  void erase(const Blob& key) { REQUIRE(tree.erase(key) == (map.erase(key) == 1)); }

  // Structure, length, and content both ways.
  void check(bool running = true) {
    REQUIRE(tree.verify(tree.root, running) == "");
    REQUIRE((tree.root ? tree.root->length : 0) == map.size());
    btree::TreeCursor cursor(*tree.pool, tree.root, tree.shape);
    for (const auto& [key, value] : map) {
      REQUIRE(cursor.next());
      REQUIRE(std::equal(key.begin(), key.end(), cursor.key().begin(), cursor.key().end()));
      REQUIRE(std::equal(value.begin(), value.end(), cursor.value().begin(), cursor.value().end()));
    }
    REQUIRE_FALSE(cursor.next());
    for (auto at = map.rbegin(); at != map.rend(); ++at) {
      REQUIRE(cursor.prev());
      REQUIRE(
          std::equal(at->first.begin(), at->first.end(), cursor.key().begin(), cursor.key().end()));
    }
    REQUIRE_FALSE(cursor.prev());
  }

  TreeFixture tree;
  std::map<Blob, Blob, Below> map;
};

struct Sizes {
  const char* key_type;
  std::optional<uint32_t> value_width;
  size_t max_key;
  size_t max_value;
  int operations;
  uint64_t key_space;
};

Blob make_key(const Sizes& sizes, const btree::TreeShape& shape, uint64_t number) {
  Random random(number * 77 + 5);
  Blob key = le<uint64_t>(number * 0x9e3779b97f4a7c15u);
  if (shape.widths.key) {
    key.resize(*shape.widths.key);
  } else {
    const Blob more = random.bytes(random.below(sizes.max_key + 1));
    key.insert(key.begin(), more.begin(), more.end());
  }
  return key;
}

Blob make_value(const Sizes& sizes, Random& random) {
  if (sizes.value_width) return random.bytes(*sizes.value_width);
  // Mostly small, sometimes as large as allowed.
  const size_t limit =
      random.below(8) == 0 ? sizes.max_value : std::min<size_t>(sizes.max_value, 300);
  return random.bytes(random.below(limit + 1));
}

void run_model(const Sizes& sizes, uint64_t seed, uint64_t budget = uint64_t{1} << 30) {
  CAPTURE(sizes.key_type);
  CAPTURE(sizes.max_key);
  CAPTURE(sizes.max_value);
  CAPTURE(seed);
  Model model(test::shape_of(sizes.key_type, sizes.value_width), budget);
  Random random(seed);
  int erase_share = 2;  // of 10; grows and shrinks so that the tree does
  std::optional<std::map<Blob, Blob, Model::Below>> committed;
  for (int i = 0; i < sizes.operations; ++i) {
    if (random.below(400) == 0) erase_share = static_cast<int>(random.below(10));
    const Blob key = make_key(sizes, model.tree.shape, random.below(sizes.key_space));
    if (random.below(10) < static_cast<uint64_t>(erase_share)) {
      if (random.below(20) == 0) {
        const bool first = random.below(2) == 0;
        Blob removed;
        const page::Operation operation(*model.tree.pool);
        const bool any = first ? model.tree.mutator->erase_first(&removed)
                               : model.tree.mutator->erase_last(&removed);
        REQUIRE(any == !model.map.empty());
        if (any) {
          const auto at = first ? model.map.begin() : std::prev(model.map.end());
          REQUIRE(removed == at->first);
          model.map.erase(at);
        }
      } else {
        model.erase(key);
      }
    } else {
      model.put(key, make_value(sizes, random));
    }
    if (random.below(300) == 0) model.check();
    if (random.below(300) == 0) {
      model.tree.commit();
      committed = model.map;
    } else if (random.below(1000) == 0 && committed) {
      model.tree.abort();
      model.map = *committed;
    }
    // W1: the last committed state stays whole beside the running one.
    if (random.below(600) == 0) REQUIRE(model.tree.verify(model.tree.committed, false) == "");
  }
  model.check();
  model.tree.commit();
  model.check(false);
  // What reached the device is the same tree, with checksums.
  btree::DeviceReader reader(model.tree.backend, model.tree.layout);
  std::unordered_set<uint64_t> seen;
  const auto result = btree::verify_tree(
      reader, model.tree.root, model.tree.shape,
      [&](PageNumber page) { return seen.insert(page.bits()).second; },
      [](const btree::TreeProblem& problem) { FAIL_CHECK(problem.what); });
  CHECK(result.entries == model.map.size());
  // Down to nothing.
  while (!model.map.empty()) {
    const Blob key = model.map.begin()->first;
    model.erase(key);
    if (model.map.size() % 512 == 0) model.check();
  }
  CHECK_FALSE(model.tree.root.has_value());
  CHECK(model.tree.writer->live.empty());
}

}  // namespace

TEST_SUITE("btree/mutator") {
  TEST_CASE("model: fixed keys, fixed values") {
    run_model({"u64", 8, 0, 0, 12000, 3000}, 1);
    run_model({"u32", 700, 0, 0, 4000, 800}, 2);
    run_model({"[u8;600]", 8, 0, 0, 3000, 600}, 3);
    run_model({"u16", 0, 0, 0, 12000, 60000}, 4);
  }
  TEST_CASE("model: fixed keys, variable values") {
    run_model({"u64", std::nullopt, 0, 200, 8000, 2000}, 5);
    run_model({"u64", std::nullopt, 0, 20000, 3000, 500}, 6);
  }
  TEST_CASE("model: variable keys, fixed values") {
    run_model({"&[u8]", 8, 40, 0, 8000, 2000}, 7);
    run_model({"&[u8]", 16, 3000, 0, 2500, 400}, 8);
    run_model({"&[u8]", 0, 20000, 0, 1200, 200}, 9);
  }
  TEST_CASE("model: variable keys, variable values") {
    run_model({"&[u8]", std::nullopt, 24, 150, 10000, 3000}, 10);
    run_model({"&str", std::nullopt, 200, 3000, 5000, 900}, 11);
    run_model({"&[u8]", std::nullopt, 1500, 9000, 3000, 400}, 12);
    run_model({"&[u8]", std::nullopt, 20, 300000, 500, 80}, 13);
  }
  TEST_CASE("model: pages are spilled and evicted under a small budget") {
    Model model(test::shape_of("u64", 100), uint64_t{1} << 20);
    Random random(14);
    for (int i = 0; i < 20000; ++i) {
      model.put(le<uint64_t>(random.next()), random.bytes(100));
      // A spill between changes: owned pages become clean and may be evicted.
      if (model.tree.pool->dirty_bytes() > 1u << 19) model.tree.writer->write_out();
      if (i % 6000 == 0) model.tree.commit();
    }
    model.check();
    model.tree.commit();
    CHECK(model.tree.pool->pages_evicted() > 0);
    model.check(false);
  }

  TEST_CASE("ascending inserts leave full leaves behind") {
    TreeFixture f(test::shape_of("u64", 100));
    for (uint64_t i = 0; i < 20000; ++i) f.put(le(i), Blob(100));
    CHECK(f.verify() == "");
    btree::PoolReader reader(*f.pool);
    const TableStats stats = btree::tree_stats(reader, f.root, f.shape.widths, TreeFixture::kPages);
    CHECK(stats.leaf_pages <= 20000 / 37 + 1);  // 37 entries of 108 bytes fill a page
    CHECK(stats.branch_pages <= 6);
    CHECK(stats.entries == 20000);
  }

  TEST_CASE("descending inserts leave full leaves behind") {
    TreeFixture f(test::shape_of("u64", 100));
    for (uint64_t i = 20000; i > 0; --i) f.put(le(i), Blob(100));
    CHECK(f.verify() == "");
    btree::PoolReader reader(*f.pool);
    CHECK(btree::tree_stats(reader, f.root, f.shape.widths, TreeFixture::kPages).leaf_pages <=
          20000 / 18);
  }

  TEST_CASE("modes: refused changes touch no page") {
    TreeFixture f(test::shape_of("&str", std::nullopt));
    CHECK(f.put(as_bytes("a"), as_bytes("1"), InsertMode::update_only) == InsertResult::refused);
    CHECK_FALSE(f.root.has_value());
    CHECK(f.put(as_bytes("a"), as_bytes("1"), InsertMode::insert_only) == InsertResult::inserted);
    f.commit();
    const TreeRoot before = f.root;
    const uint64_t allocations = f.writer->allocations;
    CHECK(f.put(as_bytes("a"), as_bytes("2"), InsertMode::insert_only) == InsertResult::refused);
    CHECK(f.put(as_bytes("b"), as_bytes("2"), InsertMode::update_only) == InsertResult::refused);
    CHECK_FALSE(f.erase(as_bytes("b")));
    CHECK(f.root == before);
    CHECK(f.writer->allocations == allocations);
    CHECK(f.put(as_bytes("a"), as_bytes("2"), InsertMode::update_only) == InsertResult::replaced);
    CHECK(f.get(as_bytes("a")) == test::bytes_of("2"));
  }

  TEST_CASE("old values are handed out") {
    TreeFixture f(test::shape_of("&str", std::nullopt));
    f.put(as_bytes("a"), as_bytes("one"));
    f.put(as_bytes("b"), Blob(300000, std::byte{7}));
    const page::Operation operation(*f.pool);
    Blob old;
    f.mutator->insert(as_bytes("a"), as_bytes("two"), InsertMode::upsert, &old);
    CHECK(old == test::bytes_of("one"));
    f.mutator->erase(as_bytes("a"), &old);
    CHECK(old == test::bytes_of("two"));
    f.mutator->erase(as_bytes("b"), &old);
    CHECK(old == Blob(300000, std::byte{7}));
  }

  TEST_CASE("an overwrite keeps the stored key bytes") {
    TreeFixture f(test::shape_of("bool", 8));
    f.put(test::unhex("02"), le<uint64_t>(1));
    const auto stored_key = [&] {
      const page::Operation operation(*f.pool);
      return test::hex(btree::first_pair(*f.pool, f.root, f.shape.widths)->key);
    };
    CHECK(f.put(test::unhex("01"), le<uint64_t>(2)) == InsertResult::replaced);
    CHECK(stored_key() == "02");
    f.commit();
    CHECK(f.put(test::unhex("01"), le<uint64_t>(3)) == InsertResult::replaced);
    CHECK(stored_key() == "02");
    CHECK(f.root->length == 1);
  }

  TEST_CASE("committed pages are copied once, then edited in place") {
    TreeFixture f(test::shape_of("u64", 8));
    for (uint64_t i = 0; i < 5000; ++i) f.put(le(i * 7 % 5000), le(i));
    f.commit();
    const uint64_t before = f.writer->allocations;
    f.put(le<uint64_t>(77), le<uint64_t>(1));
    const uint64_t path = f.writer->allocations - before;
    CHECK(path >= 2);
    CHECK(path <= 3);
    f.put(le<uint64_t>(77), le<uint64_t>(2));
    f.put(le<uint64_t>(78), le<uint64_t>(2));
    CHECK(f.writer->allocations - before == path);
    CHECK(f.verify(f.committed, false) == "");
    CHECK(f.verify() == "");
  }

  TEST_CASE("a change after finalize is found by the next finalize") {
    TreeFixture f(test::shape_of("u64", 8));
    for (uint64_t i = 0; i < 5000; ++i) f.put(le(i), le(i));
    btree::finalize(*f.writer, f.root, f.shape.widths);
    f.put(le<uint64_t>(7), le<uint64_t>(1));  // in place, on a page that has its checksum already
    f.erase(le<uint64_t>(4000));
    f.commit();
    CHECK(f.verify(f.root, false) == "");
  }

  TEST_CASE("finalize tells how much of a large page is worth writing") {
    TreeFixture f(test::shape_of("&str", std::nullopt));
    f.put(as_bytes("k"), Blob(70000));
    btree::finalize(*f.writer, f.root, f.shape.widths);
    CHECK(f.root->page.order == 5);
    CHECK(f.writer->live_bytes.at(f.root->page.bits()) == 4 + 8 + 1 + 70000);
  }

  TEST_CASE("large values live alone, and are not copied when a neighbour comes") {
    TreeFixture f(test::shape_of("u64", std::nullopt));
    f.put(le<uint64_t>(10), Blob(100000));
    f.commit();
    const PageNumber large = f.root->page;
    const uint64_t before = f.writer->allocations;
    f.put(le<uint64_t>(5), Blob(10));
    f.put(le<uint64_t>(20), Blob(200000));
    CHECK(f.writer->allocations - before == 3);  // two leaves and a branch
    CHECK(f.writer->live.count(large.bits()) == 1);
    // Between small entries: they part around it.
    for (uint64_t i = 0; i < 30; ++i) f.put(le(100 + i), Blob(100));
    f.put(le<uint64_t>(115), Blob(50000));
    CHECK(f.verify() == "");
    btree::PoolReader reader(*f.pool);
    btree::walk_pages(reader, f.root, f.shape.widths, [](const btree::PageVisit& visit) {
      if (visit.leaf != nullptr && visit.page.order > 0) CHECK(visit.leaf->size() == 1);
    });
  }

  TEST_CASE("a large value grows and shrinks: its page follows") {
    TreeFixture f(test::shape_of("&str", std::nullopt));
    f.put(as_bytes("a"), as_bytes("x"));
    f.put(as_bytes("z"), as_bytes("x"));
    const size_t sizes[] = {10,    5000,  300000, 299000, 300000, 4000, 0,
                            70000, 70000, 12,     4063,   4064,   4065};
    for (const bool commit_between : {false, true}) {
      for (const size_t size : sizes) {
        f.put(as_bytes("m"), Blob(size, static_cast<std::byte>(size)));
        CHECK(f.get(as_bytes("m")) == Blob(size, static_cast<std::byte>(size)));
        CHECK(f.verify() == "");
        if (commit_between) f.commit();
      }
    }
  }

  TEST_CASE("arguments may lie inside the pages that change") {
    TreeFixture f(test::shape_of("&[u8]", std::nullopt));
    Random random(3);
    for (int i = 0; i < 200; ++i) f.put(random.bytes(20), random.bytes(60));
    for (int i = 0; i < 400; ++i) {
      if (i % 37 == 0) f.commit();
      const page::Operation operation(*f.pool);
      const auto first = btree::first_pair(*f.pool, f.root, f.shape.widths);
      const auto last = btree::last_pair(*f.pool, f.root, f.shape.widths);
      const Blob key(first->key.begin() + 1, first->key.end());
      const Blob value(last->value.begin(), last->value.end());
      f.mutator->insert(first->key.subspan(1), last->value);
      CHECK(btree::find(*f.pool, f.root, f.shape, key).has_value());
      const Bytes stored = btree::find(*f.pool, f.root, f.shape, key)->value;
      CHECK(Blob(stored.begin(), stored.end()) == value);
      if (i % 3 == 0) f.mutator->erase_first();
    }
    CHECK(f.verify() == "");
  }

  TEST_CASE("limits of keys and values are enforced") {
    TreeFixture f(test::shape_of("u64", 8));
    CHECK_THROWS_CODE(f.put(Blob(7), Blob(8)), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(f.put(Blob(8), Blob(9)), ErrorCode::invalid_argument);
    TreeFixture v(test::shape_of("&[u8]", std::nullopt));
    // Never read: the size alone refuses.
    const std::byte nothing{};
    CHECK_THROWS_CODE(v.put(Bytes(&nothing, format::kMaxKeyBytes + 1), {}), ErrorCode::too_large);
    CHECK_THROWS_CODE(v.put({}, Bytes(&nothing, format::kMaxValueBytes + 1)), ErrorCode::too_large);
    CHECK_THROWS_CODE(v.put(Bytes(&nothing, uint64_t{2} << 30), Bytes(&nothing, uint64_t{2} << 30)),
                      ErrorCode::too_large);
  }

  TEST_CASE("D10: a leaf never holds more than 65535 pairs") {
    // A hostile or merely odd writer left a high-order leaf full to the count.
    TreeFixture f(test::shape_of("u32", 0));
    std::vector<format::LeafEntry> entries;
    std::vector<Blob> keys;
    for (uint32_t i = 0; i < format::kMaxLeafEntries; ++i) keys.push_back(le(2 * i + 1));
    for (const Blob& key : keys) entries.push_back({key, {}});
    {
      const page::Operation operation(*f.pool);
      const page::NewPage page = f.writer->allocate(
          format::leaf_required_bytes(entries, f.shape.widths), page::PageUse::leaf);
      format::build_leaf(page.bytes, entries, f.shape.widths);
      f.root = format::RootRecord{page.number, base::kDeferredChecksum, entries.size()};
    }
    SUBCASE("owned") {}
    SUBCASE("committed") { f.commit(); }
    f.put(le<uint32_t>(4), {});
    f.put(le<uint32_t>(0), {});
    f.put(le<uint32_t>(1'000'000), {});
    CHECK(f.verify() == "");
    CHECK(f.root->length == format::kMaxLeafEntries + 3);
  }

  TEST_CASE("D8, 17.1: a root record that miscounts is corruption, not underflow") {
    TreeFixture f(test::shape_of("u64", 8));
    for (uint64_t i = 0; i < 3; ++i) f.put(le(i), le(i));
    for (const uint64_t length : {0, 2, 4}) {
      f.root->length = length;
      CHECK_THROWS_CODE(f.erase(le<uint64_t>(1)), ErrorCode::corrupted);
      CHECK_THROWS_CODE(f.put(le<uint64_t>(9), le<uint64_t>(9)), ErrorCode::corrupted);
    }
    f.root->length = 3;
    for (uint64_t i = 0; i < 3000; ++i) f.put(le(i), le(i));
    f.root->length = 0;
    CHECK_THROWS_CODE(f.erase(le<uint64_t>(1)), ErrorCode::corrupted);
  }

  TEST_CASE("U1: a failed allocation leaves the tree as it was, whichever it is") {
    struct Kind {
      const char* type;
      size_t max_key;
      size_t max_value;
    };
    for (const Kind& kind :
         {Kind{"u64", 0, 100}, Kind{"&[u8]", 900, 300}, Kind{"&[u8]", 10, 9000}}) {
      TreeFixture f(test::shape_of(kind.type, std::nullopt));
      Random random(8);
      std::vector<Blob> keys;
      const auto key = [&] {
        Blob k = le(random.next());
        if (kind.max_key > 0) k.resize(8 + random.below(kind.max_key));
        return k;
      };
      int failures = 0;
      for (int i = 0; i < 2500; ++i) {
        if (random.below(40) == 0) f.commit();
        const bool erasing = !keys.empty() && random.below(10) < (i % 1000 < 600 ? 2u : 8u);
        const bool known = erasing || (!keys.empty() && random.below(4) == 0);
        const size_t victim = known ? random.below(keys.size()) : 0;
        const Blob k = known ? keys[victim] : key();
        const Blob v = random.bytes(random.below(kind.max_value));
        for (int64_t n = 0;; ++n) {
          const TreeRoot before = f.root;
          const auto live = f.writer->live;
          const auto retired = f.writer->retired;
          f.writer->fail_countdown = n;
          bool failed = false;
          try {
            if (erasing) {
              const bool erased = f.erase(k);
              REQUIRE(erased);
            } else {
              f.put(k, v);
            }
          } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::out_of_space);
            failed = true;
          }
          f.writer->fail_countdown = -1;
          if (!failed) break;
          ++failures;
          REQUIRE(f.root == before);
          REQUIRE(f.writer->live == live);
          REQUIRE(f.writer->retired == retired);
          REQUIRE_FALSE(f.mutator->broken());
          if (failures % 16 == 0) REQUIRE(f.verify() == "");
          if (!erasing && !known) REQUIRE_FALSE(f.get(k).has_value());
          if (erasing) REQUIRE(f.get(k).has_value());
        }
        if (erasing) {
          keys.erase(keys.begin() + static_cast<ptrdiff_t>(victim));
        } else if (!known) {
          keys.push_back(k);
        }
      }
      REQUIRE(f.verify() == "");
      CHECK(failures > 200);
    }
  }

  TEST_CASE("a failing free leaves a whole tree and says that pages may be lost") {
    struct RefusingWriter final : page::PageWriter {
      explicit RefusingWriter(test::TestWriter& inner) : PageWriter(inner.pool()), inner_(inner) {}
      page::NewPage allocate(uint64_t bytes, page::PageUse use) override {
        return inner_.allocate(bytes, use);
      }
      void free(PageNumber) override { throw Error(ErrorCode::no_memory, "no room for the list"); }
      void set_live_bytes(PageNumber, uint64_t) override {}
      test::TestWriter& inner_;
    };
    TreeFixture f(test::shape_of("u64", 8));
    f.put(le<uint64_t>(1), le<uint64_t>(1));
    f.commit();
    RefusingWriter writer(*f.writer);
    btree::Mutator mutator(writer, f.root, f.shape);
    const page::Operation operation(*f.pool);
    CHECK_THROWS_CODE(mutator.insert(le<uint64_t>(2), le<uint64_t>(2)), ErrorCode::no_memory);
    CHECK(mutator.broken());
    CHECK(btree::find(*f.pool, f.root, f.shape, le<uint64_t>(2)).has_value());
    CHECK_THROWS_CODE(mutator.erase(le<uint64_t>(1)), ErrorCode::misuse);
  }
}
