#include "format/opened_leaf.hpp"

#include "format/value_envelope.hpp"
#include "pages.hpp"

namespace rdb::format {
namespace {

using test::Blob;
using test::Pair;
using test::Random;

Blob sealed(Compression codec, Bytes value) {
  ValueSealer sealer(codec, 0);
  const Bytes stored = sealer.seal(value);
  return {stored.begin(), stored.end()};
}

// Compressed, raw and empty values.
std::vector<Blob> some_values(Random& random) {
  std::vector<Blob> values;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{64}, size_t{700}, size_t{9000}}) {
    values.push_back(test::random_blob(random, size));
    values.emplace_back(size, std::byte{7});
  }
  return values;
}

Blob leaf_of(const std::vector<Blob>& values, Compression codec) {
  std::vector<Pair> pairs;
  for (const Blob& value : values) {
    pairs.emplace_back(test::bytes_of(std::to_string(pairs.size())), sealed(codec, value));
  }
  return test::leaf(pairs, kVariableWidths);
}

Blob copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_SUITE("format/opened_leaf") {
  TEST_CASE("it holds the values of its leaf, and outlives the page") {
    Random random(1);
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
      const std::vector<Blob> values = some_values(random);
      OpenedLeaf kept;
      CHECK_FALSE(kept);
      CHECK(kept.memory_bytes() == 0);
      {
        const Blob page = leaf_of(values, codec);
        const LeafView view = LeafView::parse(page, kVariableWidths);
        const uint64_t bytes = OpenedLeaf::bytes_needed(view).value();
        const OpenedLeaf opened(view, std::nullopt, bytes);
        CHECK(opened.memory_bytes() == bytes);
        kept = opened;
      }
      REQUIRE(kept);
      for (uint32_t i = 0; i < values.size(); ++i) {
        CAPTURE(i);
        CHECK(copy_of(kept.value(i)) == values[i]);
        std::vector<Bytes> read(values.size() - i);
        kept.read(i, read);
        for (uint32_t k = i; k < values.size(); ++k) CHECK(copy_of(read[k - i]) == values[k]);
      }
    }
  }

  TEST_CASE("a leaf whose values all lie in it as they are needs no opening") {
    Random random(2);
    const Blob page = leaf_of(
        {Blob(), test::random_blob(random, 30), test::random_blob(random, 400)}, Compression::lz4);
    CHECK_FALSE(OpenedLeaf::bytes_needed(LeafView::parse(page, kVariableWidths)));
  }

  TEST_CASE("a value that its type forbids, or that does not decode, opens no leaf") {
    const std::vector<Blob> values(3, Blob(200, std::byte{5}));
    Blob page = leaf_of(values, Compression::lz4);
    const LeafView view = LeafView::parse(page, kVariableWidths);
    const uint64_t bytes = OpenedLeaf::bytes_needed(view).value();
    CHECK(OpenedLeaf(view, 200, bytes));
    CHECK_THROWS_CODE(OpenedLeaf(view, 201, bytes), ErrorCode::corrupted);

    const uint64_t middle = view.value_range(1).first;
    page[middle + 9] = std::byte{0xff};  // of its block: literals beyond its end
    CHECK_THROWS_CODE(OpenedLeaf(view, 200, bytes), ErrorCode::corrupted);
    page[middle + 1] ^= std::byte{1};  // of its size
    CHECK_THROWS_CODE(OpenedLeaf::bytes_needed(view), ErrorCode::corrupted);
  }
}

}  // namespace rdb::format
