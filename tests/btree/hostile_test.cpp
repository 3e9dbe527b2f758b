// Damaged trees: every byte of every page flipped, with checksums off, must end in answers or in
// rdb::Error. Run under the address sanitizer this is the proof that no stored offset is trusted.
#include "tree_fixture.hpp"

using namespace rdb;
using format::PageNumber;
using format::TreeRoot;
using test::le;
using test::TreeFixture;

namespace {

struct Image {
  btree::TreeShape shape;
  TreeRoot root;
  std::vector<std::pair<PageNumber, std::vector<std::byte>>> pages;  // used bytes of each
};

Image small_tree(const std::string& key_type, std::optional<uint32_t> value_width, size_t key_bytes,
                 size_t value_bytes, uint64_t count) {
  TreeFixture f(test::shape_of(key_type, value_width));
  test::Random random(11);
  for (uint64_t i = 0; i < count; ++i) {
    std::vector<std::byte> key = le(i * 0x0101'0101'0101);
    key.resize(f.shape.widths.key.value_or(static_cast<uint32_t>(key_bytes)));
    f.put(key, random.bytes(value_width.value_or(static_cast<uint32_t>(value_bytes))));
  }
  f.commit();
  Image image{f.shape, f.root, {}};
  btree::PoolReader reader(*f.pool);
  btree::walk_pages(reader, f.root, f.shape.widths, [&](const btree::PageVisit& visit) {
    const uint64_t used = format::page_used_bytes(visit.bytes, f.shape.widths);
    image.pages.push_back(
        {visit.page, {visit.bytes.begin(), visit.bytes.begin() + static_cast<ptrdiff_t>(used)}});
  });
  return image;
}

template <typename Work>
void survive(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    CHECK_MESSAGE((code == ErrorCode::corrupted || code == ErrorCode::page_corrupted ||
                   code == ErrorCode::out_of_space),
                  std::string(error.what()));
  }
}

// Everything a reader and a writer may do, on one device image.
void exercise(TreeFixture& f, const Image& image) {
  f.root = f.committed = image.root;
  survive([&] { f.get(le<uint64_t>(3 * 0x0101'0101'0101)); });
  survive([&] {
    btree::TreeCursor cursor(*f.pool, f.root, f.shape);
    size_t bytes = 0;
    int steps = 0;
    while (cursor.next() && ++steps < 500) bytes += cursor.key().size() + cursor.value().size();
    while (cursor.prev() && ++steps < 1000) bytes += cursor.key().size() + cursor.value().size();
    CHECK(bytes + 1 > 0);
  });
  survive([&] {
    btree::TreeCursor cursor(*f.pool, f.root, f.shape);
    if (cursor.seek(std::vector<std::byte>(8, std::byte{9}))) cursor.prev();
  });
  std::unordered_set<uint64_t> seen;
  {
    btree::PoolReader reader(*f.pool);
    btree::verify_tree(
        reader, f.root, f.shape, [&](PageNumber page) { return seen.insert(page.bits()).second; },
        [](const btree::TreeProblem&) {});
  }
  for (uint64_t i = 0; i < 6; ++i) {
    std::vector<std::byte> key = le((i * 5 + 1) * 0x0101'0101'0101);
    if (f.shape.widths.key) key.resize(*f.shape.widths.key);
    const std::vector<std::byte> value(
        f.shape.widths.value.value_or(static_cast<uint32_t>(i * 300)));
    survive([&] { f.put(key, value); });
    survive([&] { f.erase(key); });
    survive([&] {
      const page::Operation operation(*f.pool);
      i % 2 == 0 ? f.mutator->erase_first() : f.mutator->erase_last();
    });
  }
  survive([&] { btree::finalize(*f.writer, f.root, f.shape.widths); });
  f.abort();
}

void flip_every_byte(const Image& image) {
  TreeFixture f(image.shape, uint64_t{1} << 30, ReadVerification::none);
  const auto restore = [&](const std::pair<PageNumber, std::vector<std::byte>>& page) {
    f.backend.write(f.layout.page_offset(page.first), page.second);
  };
  for (const auto& page : image.pages) restore(page);
  test::Random random(21);
  for (const auto& [number, bytes] : image.pages) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      // Heads and offset tables fully, the data behind them now and then.
      if (i > 160 && random.below(16) != 0) continue;
      const std::byte flips[] = {std::byte{1}, std::byte{0x80}, std::byte{0xff}};
      for (const std::byte flip : flips) {
        if (i > 24 && random.below(2) != 0) continue;
        std::vector<std::byte> damaged = bytes;
        damaged[i] ^= flip;
        f.backend.write(f.layout.page_offset(number), damaged);
        // A fresh pool sees the device; a fresh writer's pages lie behind the tree's.
        f.pool = std::make_unique<page::FramePool>(f.backend, f.layout, uint64_t{1} << 30,
                                                   ReadVerification::none);
        f.writer = std::make_unique<test::TestWriter>(*f.pool, TreeFixture::kPages);
        f.mutator = std::make_unique<btree::Mutator>(*f.writer, f.root, f.shape);
        if (random.below(2) != 0) {
          // Half of the runs allocate pages that the damaged tree may refer to.
          for (const auto& page : image.pages) f.writer->live.insert(page.first.bits());
          f.writer->skip_to(static_cast<uint32_t>(image.pages.size()) + 8);
        }
        exercise(f, image);
      }
    }
    restore({number, bytes});
  }
}

}  // namespace

TEST_SUITE("btree/hostile") {
  TEST_CASE("D8: flipped bytes in trees of fixed widths never crash") {
    flip_every_byte(small_tree("u64", 8, 8, 8, 300));
  }
  TEST_CASE("D8: flipped bytes in trees of variable keys and values never crash") {
    flip_every_byte(small_tree("&[u8]", std::nullopt, 30, 200, 40));
  }
  TEST_CASE("D8: flipped bytes in trees of variable keys never crash") {
    flip_every_byte(small_tree("&[u8]", 8, 60, 8, 90));
  }
  TEST_CASE("D8: flipped bytes in trees with large pages never crash") {
    flip_every_byte(small_tree("u64", std::nullopt, 8, 9000, 6));
  }
  TEST_CASE("D8: flipped bytes in trees of three levels never crash") {
    flip_every_byte(small_tree("&[u8]", 0, 1500, 0, 12));
  }

  TEST_CASE("a committed page that was free cannot lead a writer astray") {
    // The leaf that the tree refers to is handed out as a new page: U2 catches it.
    TreeFixture f(test::shape_of("u64", 8), uint64_t{1} << 30, ReadVerification::none);
    for (uint64_t i = 0; i < 2000; ++i) f.put(le(i), le(i));
    f.commit();
    PageNumber first_leaf;
    {
      const page::Operation operation(*f.pool);
      first_leaf = btree::first_pair(*f.pool, f.root, f.shape.widths)->leaf;
    }
    f.writer->live.insert(first_leaf.bits());
    f.pool->claim(first_leaf);
    CHECK_THROWS_CODE(f.put(le<uint64_t>(1), le<uint64_t>(1)), ErrorCode::corrupted);
    CHECK_THROWS_CODE(f.erase(le<uint64_t>(1)), ErrorCode::corrupted);
  }

  TEST_CASE("verification names each broken invariant") {
    const auto problems_after = [](auto&& damage) {
      TreeFixture f(test::shape_of("u64", 8));
      for (uint64_t i = 0; i < 600; ++i) f.put(le(i), le(i));
      damage(f);
      return f.verify();
    };
    const auto edit_leaf = [](TreeFixture& f, auto&& change) {
      const page::Operation operation(*f.pool);
      const auto pair = btree::first_pair(*f.pool, f.root, f.shape.widths);
      change(f.pool->edit(pair->leaf));
    };
    const auto edit_root = [](TreeFixture& f, auto&& change) {
      const page::Operation operation(*f.pool);
      static_cast<void>(f.pool->read(f.root->page, f.root->checksum, f.shape.widths));
      change(f.pool->edit(f.root->page));
    };
    CHECK(problems_after([](TreeFixture&) {}) == "");
    CHECK(problems_after([](TreeFixture& f) { ++f.root->length; }).find("entries where") !=
          std::string::npos);
    CHECK(problems_after([&](TreeFixture& f) {
            edit_leaf(f, [](auto page) { base::store_le64(&page[4 + 8], 0); });
          }).find("out of order") != std::string::npos);
    CHECK(problems_after([&](TreeFixture& f) {
            edit_leaf(f, [](auto page) {
              const uint32_t n = base::load_le16(&page[2]);
              base::store_le64(&page[4 + 8 * (n - 1)], 100000);
            });
          }).find("above the separator on its right") != std::string::npos);
    CHECK(problems_after([&](TreeFixture& f) {
            edit_root(f, [](auto page) {
              const uint32_t m = base::load_le16(&page[2]);
              base::store_le64(&page[8 + 24 * (m + 1)], 1);  // the first separator
            });
          }).find("not above the separator on its left") == std::string::npos);
    CHECK(problems_after([&](TreeFixture& f) {
            edit_root(f, [](auto page) {
              const uint32_t m = base::load_le16(&page[2]);
              const uint64_t separator = base::load_le64(&page[8 + 24 * (m + 1)]);
              base::store_le64(&page[8 + 24 * (m + 1)], separator + 1);
            });
          }).find("not above the separator on its left") != std::string::npos);
    CHECK(problems_after([&](TreeFixture& f) {
            edit_root(f, [](auto page) {
              const uint32_t c = base::load_le16(&page[2]) + 1u;
              std::copy_n(&page[8 + 16 * c], 8, &page[8 + 16 * c + 8]);
            });
          }).find("referenced twice") != std::string::npos);
    TreeFixture f(test::shape_of("u64", 8));
    for (uint64_t i = 0; i < 600; ++i) f.put(le(i), le(i));
    CHECK(f.verify(f.root, false).find("never filled in") != std::string::npos);  // D1
    f.commit();
    CHECK(f.verify(f.root, false) == "");
    f.root->checksum.low ^= 1;
    CHECK(f.verify(f.root, false).find("checksum differs") != std::string::npos);
  }

  TEST_CASE("verification reports leaves of unequal depth") {
    TreeFixture f(test::shape_of("u64", 8));
    const page::Operation operation(*f.pool);
    const auto leaf = [&](uint64_t key) {
      const page::NewPage page = f.writer->allocate(64);
      const std::vector<std::byte> k = le(key);
      const format::LeafEntry entry{k, k};
      format::build_leaf(page.bytes, {&entry, 1}, f.shape.widths);
      return format::BranchChild{page.number, base::kDeferredChecksum};
    };
    const auto branch = [&](format::BranchChild a, uint64_t key, format::BranchChild b) {
      const page::NewPage page = f.writer->allocate(64);
      const std::vector<std::byte> k = le(key);
      const format::BranchChild children[] = {a, b};
      const Bytes keys[] = {k};
      format::build_branch(page.bytes, children, keys, f.shape.widths);
      return format::BranchChild{page.number, base::kDeferredChecksum};
    };
    const auto top = branch(leaf(1), 1, branch(leaf(2), 2, leaf(3)));
    f.root = format::RootRecord{top.page, top.checksum, 3};
    std::string problems;
    std::unordered_set<uint64_t> seen;
    struct Reader final : btree::PageReader {
      explicit Reader(page::FramePool& p) : pool(p) {}
      Bytes read(PageNumber page, const base::Checksum& expected, const format::Widths& widths,
                 bool) override {
        return pool.read(page, expected, widths);
      }
      page::FramePool& pool;
    } reader(*f.pool);
    btree::verify_tree(
        reader, f.root, f.shape, [&](PageNumber page) { return seen.insert(page.bits()).second; },
        [&](const btree::TreeProblem& problem) { problems += problem.what; },
        {.accept_deferred = true});
    CHECK(problems.find("depth") != std::string::npos);
    // Merging across depths is refused.
    CHECK_THROWS_CODE(f.mutator->erase(le<uint64_t>(2)), ErrorCode::corrupted);
  }
}
