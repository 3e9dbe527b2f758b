#include "btree/tree.hpp"

#include <map>

#include "tree_fixture.hpp"

using namespace rdb;
using format::PageNumber;
using test::le;
using test::TreeFixture;

namespace {

// The pages of spec 02 section 18.6: a branch over two leaves, u64 -> u64.
constexpr const char* kLeft =
    "01 00 0200 0100000000000000 0200000000000000 6400000000000000 c800000000000000";
constexpr const char* kRight = "01 00 0100 0001000000000000 2c01000000000000";
constexpr const char* kBranch =
    "02 00 0100 00000000 1bf12db8b729f2b5c8a1f602da68a33a 8c7bf885bbb23238dbff15bfd4f8e80f"
    "0500000000000000 0600000000000000 0200000000000000";
constexpr const char* kBranchChecksum = "34d29600485c47abf726c28afccad953";
// Section 18.7: &str -> &str.
constexpr const char* kTextLeft = "01 00 0200 15000000 17000000 1a000000 1a000000 61 6263 6f6e65";
constexpr const char* kTextRight = "01 00 0100 0d000000 10000000 64 74776f";
constexpr const char* kTextBranch =
    "02 00 0100 00000000 4401d1a139c5315bd1c25b6341690931 dd149aa676b6f21775b90ba59175db9d"
    "0800000000000000 0900000000000000 3e000000 6263";
constexpr const char* kTextChecksum = "d7d51e1f3d615f8bcb74c4189a3c4899";

void place(TreeFixture& f, uint32_t index, const char* hex) {
  const std::vector<std::byte> bytes = test::unhex(hex);
  f.backend.write(f.layout.page_offset({0, index, 0}), bytes);
  f.writer->live.insert(PageNumber{0, index, 0}.bits());
}

base::Checksum sum(const char* hex) { return base::Checksum::decode(test::unhex(hex).data()); }

}  // namespace

TEST_SUITE("btree/tree") {
  TEST_CASE("golden tree of numbers: pages of the format document are found, walked and verified") {
    TreeFixture f(test::shape_of("u64", 8));
    place(f, 5, kLeft);
    place(f, 6, kRight);
    place(f, 7, kBranch);
    f.root = format::RootRecord{{0, 7, 0}, sum(kBranchChecksum), 3};
    CHECK(f.verify(f.root, false) == "");
    CHECK(f.get(le<uint64_t>(1)) == le<uint64_t>(100));
    CHECK(f.get(le<uint64_t>(2)) == le<uint64_t>(200));  // equal to the separator: goes left
    CHECK(f.get(le<uint64_t>(3)) == std::nullopt);
    CHECK(f.get(le<uint64_t>(256)) == le<uint64_t>(300));
    const page::Operation operation(*f.pool);
    CHECK(btree::find(*f.pool, f.root, f.shape, le<uint64_t>(2))->leaf == PageNumber{0, 5, 0});
    CHECK(test::hex(btree::first_pair(*f.pool, f.root, f.shape.widths)->key) == "0100000000000000");
    CHECK(test::hex(btree::last_pair(*f.pool, f.root, f.shape.widths)->value) ==
          "2c01000000000000");
  }

  TEST_CASE("golden tree of text") {
    TreeFixture f(test::shape_of("&str", std::nullopt));
    place(f, 8, kTextLeft);
    place(f, 9, kTextRight);
    place(f, 10, kTextBranch);
    f.root = format::RootRecord{{0, 10, 0}, sum(kTextChecksum), 3};
    CHECK(f.verify(f.root, false) == "");
    CHECK(f.get(as_bytes("a")) == test::bytes_of("one"));
    CHECK(f.get(as_bytes("bc")) == test::bytes_of(""));
    CHECK(f.get(as_bytes("c")) == std::nullopt);
    CHECK(f.get(as_bytes("d")) == test::bytes_of("two"));
  }

  TEST_CASE("golden tree: what finalize writes has the checksums of the format document") {
    TreeFixture f(test::shape_of("u64", 8));
    CHECK(f.put(le<uint64_t>(1), le<uint64_t>(100)) == btree::InsertResult::inserted);
    CHECK(f.put(le<uint64_t>(2), le<uint64_t>(200)) == btree::InsertResult::inserted);
    f.commit();
    CHECK(f.root->checksum == sum("1bf12db8b729f2b5c8a1f602da68a33a"));
    CHECK(f.root->length == 2);
    CHECK(f.put(le<uint64_t>(256), le<uint64_t>(300)) == btree::InsertResult::inserted);
    f.commit();
    CHECK(f.root->checksum == sum("1f835df6b7279d251eba7b623e11ff23"));  // section 18.1
  }

  TEST_CASE("an empty tree has nothing to find") {
    TreeFixture f(test::shape_of("u64", 8));
    CHECK(f.get(le<uint64_t>(1)) == std::nullopt);
    const page::Operation operation(*f.pool);
    CHECK_FALSE(btree::first_pair(*f.pool, f.root, f.shape.widths).has_value());
    CHECK_FALSE(btree::last_pair(*f.pool, f.root, f.shape.widths).has_value());
  }

  TEST_CASE("a damaged page is named, and the checksum of its parent finds it") {
    TreeFixture f(test::shape_of("u64", 8));
    place(f, 5, kLeft);
    place(f, 6, "01 00 0100 0001000000000000 2d01000000000000");
    place(f, 7, kBranch);
    f.root = format::RootRecord{{0, 7, 0}, sum(kBranchChecksum), 3};
    CHECK(f.get(le<uint64_t>(1)) == le<uint64_t>(100));
    CHECK_THROWS_CODE(f.get(le<uint64_t>(256)), ErrorCode::page_corrupted);
    CHECK(f.verify(f.root, false).find("0/6/0") != std::string::npos);
  }

  TEST_CASE("D11: every descent refuses a tree deeper than 64") {
    TreeFixture f(test::shape_of("u64", 8), uint64_t{1} << 30, ReadVerification::none);
    // A branch that is its own child, twice.
    place(f, 7,
          "02 00 0100 00000000 1bf12db8b729f2b5c8a1f602da68a33a 8c7bf885bbb23238dbff15bfd4f8e80f"
          "0700000000000000 0700000000000000 0200000000000000");
    f.root = format::RootRecord{{0, 7, 0}, sum(kBranchChecksum), 3};
    CHECK_THROWS_CODE(f.get(le<uint64_t>(1)), ErrorCode::corrupted);
    CHECK_THROWS_CODE(f.put(le<uint64_t>(1), le<uint64_t>(1)), ErrorCode::corrupted);
    CHECK_THROWS_CODE(f.erase(le<uint64_t>(1)), ErrorCode::corrupted);
    btree::TreeCursor cursor(*f.pool, f.root, f.shape);
    CHECK_THROWS_CODE(cursor.first(), ErrorCode::corrupted);
    CHECK_THROWS_CODE(cursor.last(), ErrorCode::corrupted);
    CHECK_THROWS_CODE(cursor.seek(le<uint64_t>(1)), ErrorCode::corrupted);
    CHECK(f.verify(f.root, false).find("referenced twice") != std::string::npos);
    {
      const page::Operation operation(*f.pool);
      CHECK_THROWS_CODE(btree::first_pair(*f.pool, f.root, f.shape.widths), ErrorCode::corrupted);
      CHECK_THROWS_CODE(f.mutator->erase_first(), ErrorCode::corrupted);
      CHECK_THROWS_CODE(f.mutator->erase_last(), ErrorCode::corrupted);
      const std::vector<std::byte> key = le<uint64_t>(1);
      const Bytes keys[] = {key};
      std::optional<btree::Found> found[1];
      CHECK_THROWS_CODE(btree::find_batch(*f.pool, f.root, f.shape, keys, found),
                        ErrorCode::corrupted);
    }
    std::unordered_set<uint64_t> seen;
    btree::PoolReader reader(*f.pool);
    CHECK_THROWS_CODE(btree::walk_pages(
                          reader, f.root, f.shape.widths, [](const btree::PageVisit&) {},
                          [&](PageNumber page) { return seen.insert(page.bits()).second; }),
                      ErrorCode::corrupted);
  }

  TEST_CASE("a batch of lookups answers as single lookups do") {
    for (const char* type : {"u64", "&[u8]"}) {
      TreeFixture f(test::shape_of(type, std::nullopt));
      test::Random random(7);
      for (uint64_t i = 0; i < 3000; ++i) {
        f.put(le<uint64_t>(random.below(5000) * 0x0101'0101), random.bytes(random.below(200)));
      }
      const size_t counts[] = {0, 1, 31, 32, 33, 500};
      for (const size_t count : counts) {
        std::vector<std::vector<std::byte>> wanted;
        for (size_t i = 0; i < count; ++i) {
          wanted.push_back(le<uint64_t>(random.below(5000) * 0x0101'0101));
        }
        const std::vector<Bytes> keys(wanted.begin(), wanted.end());
        std::vector<std::optional<btree::Found>> found(count);
        const page::Operation operation(*f.pool);
        btree::find_batch(*f.pool, f.root, f.shape, keys, found);
        for (size_t i = 0; i < count; ++i) {
          const auto single = btree::find(*f.pool, f.root, f.shape, keys[i]);
          REQUIRE(found[i].has_value() == single.has_value());
          if (single) {
            CHECK(found[i]->value.data() == single->value.data());
            CHECK(found[i]->value.size() == single->value.size());
            CHECK(found[i]->leaf == single->leaf);
          }
        }
      }
    }
  }

  TEST_CASE("without a known order, lookups refuse and positions work") {
    TreeFixture f(test::shape_of("&str", std::nullopt));
    f.put(as_bytes("b"), as_bytes("2"));
    f.put(as_bytes("a"), as_bytes("1"));
    f.shape.order = {};
    CHECK_THROWS_CODE(f.get(as_bytes("a")), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(f.put(as_bytes("c"), {}), ErrorCode::unknown_key_type);
    CHECK_THROWS_CODE(f.erase(as_bytes("a")), ErrorCode::unknown_key_type);
    btree::TreeCursor cursor(*f.pool, f.root, f.shape);
    CHECK(cursor.next());
    CHECK(as_text(cursor.key()) == "a");
    CHECK_THROWS_CODE(cursor.seek(as_bytes("a")), ErrorCode::unknown_key_type);
    cursor.reset(f.root);
    const page::Operation operation(*f.pool);
    CHECK(f.mutator->erase_last());
    CHECK(f.root->length == 1);
    CHECK(as_text(btree::last_pair(*f.pool, f.root, f.shape.widths)->key) == "a");
  }
}
