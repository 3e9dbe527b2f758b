#include "btree/tree_filter.hpp"

#include "btree/page_set.hpp"
#include "format/branch_view.hpp"
#include "tree_fixture.hpp"

using namespace rdb;
using btree::Removal;
using format::PageNumber;
using test::le;
using test::TreeFixture;

namespace {

// Entries by their number in the tree.
class ByNumber final : public Removal {
 public:
  explicit ByNumber(std::vector<bool> goes) : goes_(std::move(goes)) {}

  Fate fate(std::span<const uint32_t>) override { return Fate::mixed; }
  void mark(std::span<const uint32_t>, btree::EntrySet& dropped) override {
    for (size_t i = 0; i < dropped.entries(); ++i) {
      if (goes_.at(seen_ + i)) dropped.insert(i, i + 1);
    }
    seen_ += dropped.entries();
  }

 private:
  const std::vector<bool> goes_;
  size_t seen_ = 0;
};

// The first entry of some leaves of a tree of two levels; the others are not looked at.
class OfLeaves final : public Removal {
 public:
  explicit OfLeaves(std::vector<uint32_t> leaves) : leaves_(std::move(leaves)) {}

  Fate fate(std::span<const uint32_t> path) override {
    const bool mixed = path.empty() || std::count(leaves_.begin(), leaves_.end(), path.front()) > 0;
    return mixed ? Fate::mixed : Fate::keep;
  }
  void mark(std::span<const uint32_t>, btree::EntrySet& dropped) override { dropped.insert(0, 1); }

 private:
  const std::vector<uint32_t> leaves_;
};

uint64_t run(TreeFixture& f, Removal& removal) {
  btree::TreeFilter filter(*f.writer, f.root, f.shape, [&](const auto& work) {
    const page::Operation operation(*f.pool);
    work();
  });
  try {
    filter.run(removal);
  } catch (...) {
    REQUIRE(filter.abandon());
    throw;
  }
  f.root = filter.result();
  filter.commit();
  return filter.removed();
}

// A child of the root becomes the same page as another.
void alias_child(TreeFixture& f, uint32_t to, uint32_t from) {
  const page::Operation operation(*f.pool);
  const Bytes root = f.pool->read(f.root->page, f.root->checksum, f.shape.widths);
  const size_t children = format::BranchView::parse(root, f.shape.widths).child_count();
  const std::span<std::byte> page = f.pool->edit(f.root->page);
  std::copy_n(&page[8 + 16 * from], 16, &page[8 + 16 * to]);
  std::copy_n(&page[8 + 16 * children + 8 * from], 8, &page[8 + 16 * children + 8 * to]);
}

// In the order of the numbers, as "u64" and as bytes.
std::vector<std::byte> key_of(const TreeFixture& f, uint64_t i) {
  std::vector<std::byte> key = le(i);
  if (!f.shape.widths.key) std::reverse(key.begin(), key.end());
  return key;
}

std::vector<std::byte> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_SUITE("btree/tree filter") {
  TEST_CASE("all that stays is there, however many of its neighbours go") {
    constexpr uint64_t kEntries = 20'000;
    test::Random random(5);
    for (const char* key_type : {"u64", "&[u8]"}) {
      for (const std::optional<uint32_t> value_width :
           {std::optional<uint32_t>(), std::optional<uint32_t>(0), std::optional<uint32_t>(12)}) {
        for (const unsigned percent : {1u, 50u, 99u}) {
          CAPTURE(key_type);
          CAPTURE(value_width.value_or(~0u));
          CAPTURE(percent);
          TreeFixture f(test::shape_of(key_type, value_width));
          std::vector<std::vector<std::byte>> values;
          std::vector<bool> goes;
          for (uint64_t i = 0; i < kEntries; ++i) {
            // Some are empty, and some alone in their leaf.
            const uint64_t drawn = i % 1000 == 7 ? 6000 : random.below(40);
            values.push_back(random.bytes(value_width.value_or(static_cast<uint32_t>(drawn))));
            goes.push_back(random.below(100) < percent);
            f.put(key_of(f, i), values.back());
          }
          ByNumber removal(goes);
          const auto gone = static_cast<uint64_t>(std::count(goes.begin(), goes.end(), true));
          CHECK(run(f, removal) == gone);
          CHECK(f.root->length == kEntries - gone);
          CHECK(f.verify() == "");
          btree::TreeCursor cursor(*f.pool, f.root, f.shape);
          for (uint64_t i = 0; i < kEntries; ++i) {
            if (goes[i]) continue;
            REQUIRE(cursor.next());
            REQUIRE(copy(cursor.key()) == key_of(f, i));
            REQUIRE(copy(cursor.value()) == values[i]);
          }
          CHECK_FALSE(cursor.next());
        }
      }
    }
  }

  TEST_CASE("a leaf met on two ways is corrupted, whatever becomes of it") {
    const std::vector<uint32_t> cases[] = {{0}, {1}, {0, 1}, {2}};  // 0 and 1 are one page
    for (const std::vector<uint32_t>& changed : cases) {
      TreeFixture f(test::shape_of("u64", 8));
      for (uint64_t i = 0; i < 1500; ++i) f.put(le(i), le(i));
      alias_child(f, 1, 0);
      const auto before = f.writer->live;
      OfLeaves removal(changed);
      CHECK_THROWS_CODE(run(f, removal), ErrorCode::corrupted);
      CHECK(f.writer->live == before);
      CHECK(f.writer->double_frees == 0);
    }
  }
}

TEST_SUITE("btree/page set") {
  TEST_CASE("pages are told apart by where they begin") {
    btree::PageSet set;
    const PageNumber pages[] = {{0, 0, 0},   {0, 1, 0}, {0, 63, 0}, {0, 64, 0},
                                {0, 512, 0}, {1, 0, 0}, {0, 3, 7},  {0xF'FFFF, 0xF'FFFF, 0}};
    for (const PageNumber page : pages) CHECK(set.insert(page));
    for (const PageNumber page : pages) CHECK_FALSE(set.insert(page));
    CHECK_FALSE(set.insert({0, 384, 0}));  // where {0, 3, 7} does
    set.erase({0, 64, 0});
    CHECK_FALSE(set.insert({0, 63, 0}));
    CHECK(set.insert({0, 64, 0}));
  }
}
