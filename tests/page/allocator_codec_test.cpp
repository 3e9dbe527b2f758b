#include "page/allocator_codec.hpp"

#include <random>
#include <vector>

#include "base/endian.hpp"
#include "support.hpp"

namespace rdb::page {
namespace {

using test::hex;

constexpr uint32_t kDefaultRegion = 1u << 20;

FreeMap random_map(std::mt19937_64& random, uint32_t pages) {
  FreeMap map = random() % 2 == 0 ? FreeMap::all_free(pages) : FreeMap::all_used(pages);
  if (pages == 0) return map;
  for (int i = 0; i < 60; ++i) {
    const uint32_t first = static_cast<uint32_t>(random() % pages);
    const uint32_t limit = i % 4 == 0 ? pages - first : std::min(pages - first, 9u);
    const uint32_t count = 1 + static_cast<uint32_t>(random() % limit);
    if (map.is_used(first, count)) {
      map.mark_free(first, count);
    } else {
      map.try_mark_used(first, count);
    }
  }
  return map;
}

// The free blocks of a region, found as the buddy system defines them.
bool is_block_of_order(const FreeMap& map, uint32_t index, uint8_t order, uint8_t max_order) {
  if (!map.is_free(index << order, 1u << order)) return false;
  return order == max_order || !map.is_free(index >> 1 << (order + 1), 2u << order);
}

// Bit i of the leaf level of order's tree, read through the offsets that the row itself holds.
bool leaf_bit(Bytes row, uint8_t order, uint32_t i) {
  const uint8_t max_order = static_cast<uint8_t>(row[0]);
  const uint32_t tree =
      order == 0 ? 8 + 4 * (max_order + 1u) : base::load_le32(row.data() + 8 + 4 * (order - 1u));
  const uint32_t height = base::load_le32(row.data() + tree);
  const uint32_t leaf = height == 1 ? 8 : base::load_le32(row.data() + tree + 4 + 4 * (height - 2));
  return (base::load_le64(row.data() + tree + leaf + 4 + i / 64 * 8) >> (i % 64) & 1) != 0;
}

}  // namespace

TEST_SUITE("page/allocator_codec") {
  TEST_CASE("a region of 257 pages has the bytes of spec 01 section 3.6") {
    FreeMap map = FreeMap::all_free(257);
    map.mark_used(0, 11);
    map.mark_used(256, 1);
    const std::vector<std::byte> row = encode_region(map, kDefaultRegion);
    const std::string text = hex(row);
    const auto at = [&](size_t offset, size_t bytes) { return text.substr(2 * offset, 2 * bytes); };

    CHECK(row.size() == 800);
    CHECK(region_bytes(257, kDefaultRegion) == 800);
    CHECK(at(0, 8) == "1400000001010000");
    CHECK(at(8, 16) == "c00000000c0100004001000074010000");
    CHECK(at(92, 20) ==
          "0400000020000000"
          "2c00000038000000"
          "64000000");
    CHECK(at(112, 36) ==
          "01000000feffffffffffffff"
          "01000000feffffffffffffff"
          "05000000feffffffffffffff");
    CHECK(at(148, 12) == "01010000fff7ffffffffffff");
    CHECK(at(160, 32) == std::string(64, 'f'));
    CHECK(at(268, 52) ==
          "030000001c0000002800000034000000"
          "01000000feffffffffffffff"
          "01000000feffffffffffffff"
          "40000000f7ffffffffffffff");
    // Orders 4..7: block 1 free. Orders 9..13: two empty levels. Orders 14..20: one.
    for (uint8_t order = 4; order <= 7; ++order) {
      for (uint32_t i = 0; i < (257u >> order); ++i) CHECK(leaf_bit(row, order, i) == (i != 1));
    }
    size_t tree = base::load_le32(row.data() + 8 + 4 * 8);
    for (int order = 9; order <= 13; ++order, tree += 20) {
      CHECK(at(tree, 20) == "0200000010000000140000000000000000000000");
    }
    for (int order = 14; order <= 20; ++order, tree += 12) {
      CHECK(at(tree, 12) == "010000000c00000000000000");
    }
    CHECK(tree == row.size());
    CHECK(decode_region(row, kDefaultRegion, 257) == map);
  }

  TEST_CASE("a tracker of up to 1000 regions has 4036 bytes") {
    std::vector<std::optional<uint8_t>> regions{uint8_t{7}};
    const std::vector<std::byte> row = encode_tracker(regions);
    CHECK(row.size() == 4036);
    CHECK(tracker_bytes(1) == 4036);
    CHECK(tracker_bytes(1000) == 4036);
    CHECK(check_tracker(row) == 1000);
    const std::string text = hex(row);
    CHECK(text.substr(0, 24) == "15000000bc000000bc000000");
    // Order 7: height 4, level ends 32, 44, 56, 188; region 0 free. Order 8: nothing free.
    const size_t order7 = 2 * (88 + 7 * 188);
    CHECK(text.substr(order7, 2 * 20) ==
          "04000000"
          "20000000"
          "2c000000"
          "38000000"
          "bc000000");
    CHECK(text.substr(order7 + 2 * 20, 2 * 36) ==
          "01000000feffffffffffffff"
          "01000000feffffffffffffff"
          "10000000feffffffffffffff");
    CHECK(text.substr(order7 + 2 * 56, 2 * 20) == "e8030000feffffffffffffffffffffffffffffff");
    const size_t order8 = order7 + 2 * 188;
    CHECK(text.substr(order8 + 2 * 20, 2 * 36) ==
          "01000000ffffffffffffffff"
          "01000000ffffffffffffffff"
          "10000000ffffffffffffffff");
  }

  TEST_CASE("a tracker grows past 1000 regions and marks every order up to the highest") {
    std::vector<std::optional<uint8_t>> regions(5000);
    regions[4097] = 3;
    const std::vector<std::byte> row = encode_tracker(regions);
    CHECK(row.size() == tracker_bytes(5000));
    CHECK(check_tracker(row) == 5000);
    const size_t tree = (row.size() - 88) / 21;
    for (size_t order = 0; order < 21; ++order) {
      // Leaf level at the end of each tree.
      const std::byte* words = row.data() + 88 + (order + 1) * tree - 8 * 79;
      CHECK(base::load_le64(words + 8 * 64) == (order <= 3 ? ~uint64_t{2} : ~uint64_t{0}));
    }
  }

  TEST_CASE("every map survives the round trip, in regions of any size") {
    std::mt19937_64 random(2);
    for (int round = 0; round < 150; ++round) {
      uint32_t max_pages = 1 + static_cast<uint32_t>(random() % (round % 10 == 0 ? 100000 : 700));
      if (round % 5 == 0) max_pages = 1u << random() % 21;
      const uint32_t pages =
          round % 3 == 0 ? std::min(max_pages, 5000u)
                         : static_cast<uint32_t>(random() % (std::min(max_pages, 5000u) + 1));
      const FreeMap map = random_map(random, pages);
      const std::vector<std::byte> row = encode_region(map, max_pages);
      CHECK(row.size() == region_bytes(pages, max_pages));
      CHECK(decode_region(row, max_pages) == map);
      CHECK(decode_region(row, max_pages, pages) == map);
      CHECK_THROWS_CODE(decode_region(row, max_pages, pages + 1), ErrorCode::format);

      // Each free block is marked at the highest possible order, and nothing else is.
      const uint8_t max_order = max_order_for(max_pages);
      bool canonical = true;
      for (uint8_t order = 0; order <= max_order; ++order) {
        for (uint32_t i = 0; i < pages >> order; ++i) {
          canonical &= leaf_bit(row, order, i) != is_block_of_order(map, i, order, max_order);
        }
      }
      CHECK(canonical);
    }
  }

  TEST_CASE("a full-size region survives the round trip") {
    FreeMap map = FreeMap::all_free(kDefaultRegion);
    CHECK(decode_region(encode_region(map, kDefaultRegion), kDefaultRegion) == map);
    for (uint32_t page = 0; page < kDefaultRegion; page += 3) map.mark_used(page, 1);
    CHECK(decode_region(encode_region(map, kDefaultRegion), kDefaultRegion) == map);
  }

  TEST_CASE("max_order is floor(log2 M), at most 20") {
    CHECK(max_order_for(1) == 0);
    CHECK(max_order_for(3) == 1);
    CHECK(max_order_for(4) == 2);
    CHECK(max_order_for((1u << 20) - 1) == 19);
    CHECK(max_order_for(1u << 20) == 20);
  }

  TEST_CASE("reserved bytes of a region row are ignored") {
    const FreeMap map = FreeMap::all_free(257);
    std::vector<std::byte> row = encode_region(map, kDefaultRegion);
    row[1] = row[2] = row[3] = std::byte{0x5a};
    CHECK(decode_region(row, kDefaultRegion) == map);
  }

  TEST_CASE("a damaged region row is a format error, never a crash") {
    FreeMap map = FreeMap::all_free(257);
    map.mark_used(0, 11);
    map.mark_used(256, 1);
    const std::vector<std::byte> good = encode_region(map, kDefaultRegion);
    std::vector<std::byte> row = good;
    const auto store = [&](size_t offset, uint32_t value) {
      base::store_le32(row.data() + offset, value);
    };
    SUBCASE("empty") { row.clear(); }
    SUBCASE("truncated") { row.resize(row.size() - 1); }
    SUBCASE("too long") { row.resize(row.size() + 8); }
    SUBCASE("max_order") { row[0] = std::byte{19}; }
    SUBCASE("more pages than a region can have") { store(4, kDefaultRegion + 1); }
    SUBCASE("absurd number of pages") { store(4, 0xffff'ffff); }
    SUBCASE("another number of pages of the same encoded size") { store(4, 258); }
    SUBCASE("end offset of an order") { store(8, 0xffff'ffff); }
    SUBCASE("height 0") { store(92, 0); }
    SUBCASE("huge height") { store(92, 0xffff'ffff); }
    SUBCASE("end offset of a level") { store(96, 4); }
    SUBCASE("length of a level") { store(112, 64); }
    SUBCASE("length of the leaf level") { store(148, 0xffff'ffff); }
    SUBCASE("summary bit says full") { row[116] = std::byte{0xff}; }
    SUBCASE("summary bit says free") { row[140] = std::byte{0xfc}; }
    SUBCASE("padding bit 0") { row[191] = std::byte{0x7f}; }
    SUBCASE("page 12 free at order 0 and at order 2") { row[153] = std::byte{0xe7}; }
    SUBCASE("two free buddies not merged, every summary bit right") {
      // Pages 12..15 as blocks 6 and 7 of order 1 instead of block 3 of order 2.
      row[252] = std::byte{0x3f};
      row[216] = row[228] = row[240] = std::byte{0xfe};
      row[312] = row[300] = row[288] = std::byte{0xff};
    }
    CHECK_THROWS_CODE(decode_region(row, kDefaultRegion), ErrorCode::format);
  }

  TEST_CASE("a damaged tracker is a format error, never a crash") {
    std::vector<std::optional<uint8_t>> regions{uint8_t{7}};
    std::vector<std::byte> row = encode_tracker(regions);
    const auto store = [&](size_t offset, uint32_t value) {
      base::store_le32(row.data() + offset, value);
    };
    SUBCASE("empty") { row.clear(); }
    SUBCASE("header only") { row.resize(88); }
    SUBCASE("truncated") { row.resize(row.size() - 1); }
    SUBCASE("one tree missing") { row.resize(row.size() - 188); }
    SUBCASE("number of orders") { store(0, 20); }
    SUBCASE("length of a tree") { store(4, 0xffff'ffff); }
    SUBCASE("height") { store(88, 3); }
    SUBCASE("offset of the leaf level") { store(88 + 12, 0xffff'ffff); }
    SUBCASE("number of regions") { store(88 + 56, 0xffff'ffff); }
    SUBCASE("another number of regions of the same encoded size") { store(88 + 56, 1001); }
    SUBCASE("summary bit") { row[88 + 24] = std::byte{0xff}; }
    SUBCASE("padding bit") { row[88 + 187] = std::byte{0x7f}; }
    CHECK_THROWS_CODE(check_tracker(row), ErrorCode::format);
  }

  TEST_CASE(
      "random damage is refused or describes another map, and never reads outside the bytes") {
    std::mt19937_64 random(3);
    const uint32_t max_pages = 900;
    const FreeMap map = random_map(random, 700);
    const std::vector<std::byte> region = encode_region(map, max_pages);
    const std::vector<std::byte> tracker = encode_tracker(std::vector<std::optional<uint8_t>>(3));
    for (int round = 0; round < 4000; ++round) {
      std::vector<std::byte> row = round % 2 == 0 ? region : tracker;
      for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
        row[random() % (changes == 1 ? row.size() : std::min<size_t>(row.size(), 150))] =
            static_cast<std::byte>(random());
      }
      if (random() % 4 == 0) row.resize(random() % row.size());
      row.shrink_to_fit();  // so that a sanitizer sees every byte too far
      try {
        if (round % 2 == 0) {
          const FreeMap decoded = decode_region(row, max_pages);
          CHECK(encode_region(decoded, max_pages).size() == row.size());
        } else {
          check_tracker(row);
        }
      } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::format);
      }
    }
  }
}

}  // namespace rdb::page
