#include "btree/walk.hpp"

#include "btree/collection.hpp"
#include "tree_fixture.hpp"

using namespace rdb;
using format::PageNumber;
using test::le;
using test::TreeFixture;

TEST_SUITE("btree/walk") {
  TEST_CASE("a walk visits every page once, parents first, leaves in key order") {
    TreeFixture f(test::shape_of("u64", 100));
    for (uint64_t i = 0; i < 9000; ++i) f.put(le(i * 7919 % 9000), std::vector<std::byte>(100));
    std::unordered_set<uint64_t> seen;
    uint64_t next_key = 0;
    btree::PoolReader reader(*f.pool);
    btree::walk_pages(reader, f.root, f.shape.widths, [&](const btree::PageVisit& visit) {
      CHECK(seen.insert(visit.page.bits()).second);
      CHECK(visit.bytes.size() == visit.page.bytes());
      CHECK((visit.leaf != nullptr) != (visit.branch != nullptr));
      if (visit.leaf == nullptr) return;
      CHECK(base::load_le64(visit.leaf->key(0).data()) == next_key);
      next_key += visit.leaf->size();
    });
    CHECK(next_key == 9000);
    CHECK(seen == f.writer->live);
    // The same pages without reading leaves.
    std::unordered_set<uint64_t> again;
    size_t unread = 0;
    btree::walk_pages(reader, f.root, f.shape.widths,
                      [&](const btree::PageVisit& visit) {
                        again.insert(visit.page.bits());
                        unread += visit.bytes.empty() ? 1 : 0;
                      },
                      {}, {.skip_leaves = true});
    CHECK(again == seen);
    CHECK(unread > 200);
  }

  TEST_CASE("a walk may free the tree as it goes") {
    TreeFixture f(test::shape_of("&[u8]", std::nullopt));
    test::Random random(1);
    for (uint64_t i = 0; i < 500; ++i) f.put(random.bytes(20), random.bytes(random.below(20000)));
    f.commit();
    for (uint64_t i = 0; i < 100; ++i) f.put(random.bytes(20), random.bytes(random.below(2000)));
    btree::PoolReader reader(*f.pool);
    std::vector<PageNumber> pages;
    btree::walk_pages(reader, f.root, f.shape.widths,
                      [&](const btree::PageVisit& visit) { pages.push_back(visit.page); }, {},
                      {.verify = false, .skip_leaves = true});
    reader.release();
    for (const PageNumber page : pages) f.writer->free(page);
    CHECK(f.writer->live.empty());
  }

  TEST_CASE("statistics follow the format document") {
    TreeFixture f(test::shape_of("u64", 8));
    btree::PoolReader reader(*f.pool);
    const TableStats none = btree::tree_stats(reader, f.root, f.shape.widths, TreeFixture::kPages);
    CHECK(none.tree_height == 0);
    CHECK(none.leaf_pages == 0);
    reader.release();
    for (uint64_t i = 0; i < 3; ++i) f.put(le(i), le(i));
    const TableStats small = btree::tree_stats(reader, f.root, f.shape.widths, TreeFixture::kPages);
    CHECK(small.tree_height == 1);
    CHECK(small.leaf_pages == 1);
    CHECK(small.branch_pages == 0);
    CHECK(small.stored_leaf_bytes == 48);
    CHECK(small.metadata_bytes == 4);
    CHECK(small.fragmented_bytes == 4096 - 52);
    reader.release();
    for (uint64_t i = 0; i < 256; ++i) f.put(le(i), le(i));
    const TableStats two = btree::tree_stats(reader, f.root, f.shape.widths, TreeFixture::kPages);
    CHECK(two.tree_height == 2);
    CHECK(two.leaf_pages == 2);
    CHECK(two.branch_pages == 1);
    CHECK(two.stored_leaf_bytes == 256 * 16);
    CHECK(two.metadata_bytes == 2 * 4 + 8 + 24 * 2 + 8);
    CHECK(two.metadata_bytes + two.stored_leaf_bytes + two.fragmented_bytes == 3 * 4096);
  }

  TEST_CASE("the device is read past the frames") {
    TreeFixture f(test::shape_of("u64", std::nullopt));
    for (uint64_t i = 0; i < 300; ++i) f.put(le(i), std::vector<std::byte>(i * 40));
    f.commit();
    btree::DeviceReader reader(f.backend, f.layout);
    uint64_t entries = 0;
    const auto count = [&](const btree::PageVisit& visit) {
      if (visit.leaf != nullptr) entries += visit.leaf->size();
    };
    btree::walk_pages(reader, f.root, f.shape.widths, count);
    CHECK(entries == 300);
    const PageNumber root = f.root->page;
    const std::byte damage[] = {std::byte{0x55}};
    f.backend.write(f.layout.page_offset(root) + 9, damage);
    CHECK_THROWS_CODE(btree::walk_pages(reader, f.root, f.shape.widths, count),
                      ErrorCode::page_corrupted);
    // The frames still hold the good page.
    btree::PoolReader pool_reader(*f.pool);
    btree::walk_pages(pool_reader, f.root, f.shape.widths, count);
    CHECK(entries == 600);
  }

  TEST_CASE("collections of the format document are told apart") {
    const std::vector<std::byte> inline_one =
        test::unhex("01 01000200 0100000000000000 0500000000000000");
    const btree::Collection small = btree::Collection::parse(inline_one, {8}, true);
    REQUIRE(small.values.has_value());
    CHECK(small.values->size() == 2);
    const std::vector<std::byte> tree =
        test::unhex("03 0c00000000000000 99e03a4c4ccddb0840d9893f75e0ba21 0300000000000000");
    const btree::Collection large = btree::Collection::parse(tree, {8}, true);
    CHECK_FALSE(large.values.has_value());
    CHECK(large.subtree.page == PageNumber{0, 12, 0});
    CHECK(large.subtree.length == 3);
    const std::vector<std::byte> text = test::unhex("01 01000200 0d000000 0f000000 61 6262");
    CHECK(btree::Collection::parse(text, {std::nullopt}, true).values->page().size() == 15);

    CHECK_THROWS_CODE(btree::Collection::parse({}, {8}), ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse({}, {8, true}), ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse(test::unhex("06"), {8, true}), ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse(test::unhex("0301000000"), {8, true}),
                      ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse(Bytes(tree).first(32), {8}), ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse(test::unhex("02"), {8}), ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse(test::unhex("07"), {8}), ErrorCode::corrupted);
    CHECK_THROWS_CODE(btree::Collection::parse(Bytes(inline_one).first(20), {8}),
                      ErrorCode::corrupted);
    std::vector<std::byte> surplus = tree;
    surplus.push_back(std::byte{0});
    CHECK(btree::Collection::parse(surplus, {8}).subtree.length == 3);
    CHECK_THROWS_CODE(btree::Collection::parse(surplus, {8}, true), ErrorCode::corrupted);
  }

  TEST_CASE("in envelopes collections are the same, but none that names a subtree is compressed") {
    const std::vector<std::byte> inline_one =
        test::unhex("00 01 01000200 0100000000000000 0500000000000000");
    CHECK(btree::Collection::parse(inline_one, {8, true}, true).values->size() == 2);
    const std::string root =
        "03 0c00000000000000 99e03a4c4ccddb0840d9893f75e0ba21 0300000000000000";
    const std::vector<std::byte> tree = test::unhex("00" + root);
    const btree::Collection raw = btree::Collection::parse(tree, {8, true}, true);
    CHECK(raw.subtree.page == PageNumber{0, 12, 0});
    CHECK(std::ranges::equal(Bytes(btree::SubtreeBytes(raw.subtree, {8, true})), tree));
    CHECK(std::ranges::equal(Bytes(btree::SubtreeBytes(raw.subtree, {8})), Bytes(tree).subspan(1)));
    // An LZ4 block of 33 literals.
    const std::vector<std::byte> compressed = test::unhex("03 21000000 21000000 f012" + root);
    CHECK_THROWS_CODE(btree::Collection::parse(compressed, {8, true}), ErrorCode::corrupted);
  }

  TEST_CASE("subtrees of an outer leaf are listed") {
    const std::vector<std::byte> leaf = test::unhex(
        "01 00 0200 15000000 16000000 2b000000 4c000000 78 79"
        "01 01000200 0100000000000000 0500000000000000"
        "03 0c00000000000000 99e03a4c4ccddb0840d9893f75e0ba21 0300000000000000");
    std::vector<format::RootRecord> roots;
    btree::for_each_subtree(format::LeafView::parse(leaf, format::kVariableWidths), {8},
                            [&](const format::RootRecord& root) { roots.push_back(root); });
    REQUIRE(roots.size() == 1);
    CHECK(roots[0].page == PageNumber{0, 12, 0});
  }
}
