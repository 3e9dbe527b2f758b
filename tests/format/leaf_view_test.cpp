#include "format/leaf_view.hpp"

#include "base/endian.hpp"
#include "pages.hpp"

using namespace rdb;
using namespace rdb::test;
using format::kVariableWidths;
using format::LeafView;
using format::Widths;

namespace {

// Calls every accessor; none may leave the page, whatever it holds.
void read_all(const Blob& bytes, const Widths& widths) {
  const Blob page = bytes;  // exactly sized, so that a sanitizer guards both ends
  std::optional<LeafView> view;
  if (!accepts([&] { view = LeafView::parse(page, widths); })) return;
  const bool sound = accepts([&] { view->verify_offsets(); });
  bool all_read = accepts([&] {
    const uint64_t used = view->used_bytes();
    CHECK(used <= page.size());
  });
  for (uint32_t i = 0; i < view->size(); ++i) {
    all_read &= accepts([&] { touch(view->key(i)); });
    all_read &= accepts([&] { touch(view->value(i)); });
  }
  CHECK(all_read == sound);
  // Many at once are those one by one.
  std::vector<Bytes> keys(view->size());
  std::vector<Bytes> values(view->size());
  REQUIRE(accepts([&] { view->read(0, keys, values); }) == sound);
  for (uint32_t i = 0; sound && i < view->size(); ++i) {
    if (i > 0) {  // from anywhere
      view->read(i, std::span(keys).subspan(i), std::span(values).subspan(i));
    }
    CHECK(keys[i].data() == view->key(i).data());
    CHECK(keys[i].size() == view->key(i).size());
    CHECK(values[i].data() == view->value(i).data());
    CHECK(values[i].size() == view->value(i).size());
    if (i == 100) break;  // what follows was read from there
  }
}

}  // namespace

TEST_SUITE("format/leaf_view") {
  TEST_CASE("bytes match the format document") {
    CHECK(hex(leaf({{"a", "1"}})) == hex(unhex("01000100 0d000000 0e000000 61 31")));
  }

  TEST_CASE("a leaf reads back what was built, in every combination of widths") {
    Random random(1);
    for (const Widths& widths : kWidthCombinations) {
      for (const size_t n : {1u, 2u, 3u, 50u, 400u}) {
        std::vector<Pair> pairs;
        for (size_t i = 0; i < n; ++i) {
          pairs.emplace_back(random_field(random, widths.key), random_field(random, widths.value));
        }
        Blob page = leaf(pairs, widths);
        const size_t used = page.size();
        page.resize(used + 17, std::byte{0xEE});
        const LeafView view = LeafView::parse(page, widths);
        view.verify_offsets();
        CHECK(view.used_bytes() == used);
        CHECK(format::page_used_bytes(page, widths) == used);
        CHECK(pairs_of(view) == pairs);
        read_all(page, widths);
      }
    }
  }

  TEST_CASE("the largest leaf has 65535 entries") {
    const std::vector<Pair> pairs(65535, Pair{Blob{}, Blob{}});
    for (const Widths& widths : {kVariableWidths, Widths{0, 0}}) {
      const Blob page = leaf(pairs, widths);
      const LeafView view = LeafView::parse(page, widths);
      CHECK(view.size() == 65535);
      view.verify_offsets();
      CHECK(view.value(65534).empty());
    }
  }

  TEST_CASE("a draft makes the leaf that its entries make at once, and knows when a page is full") {
    Random random(11);
    for (const Widths& widths : kWidthCombinations) {
      format::LeafDraft draft(widths);
      for (int round = 0; round < 20; ++round) {
        std::vector<Pair> pairs;
        for (;;) {
          Pair pair{random_field(random, widths.key), random_field(random, widths.value)};
          const uint64_t grown =
              draft.required_bytes() + format::leaf_required_bytes(as_entries({pair}), widths) - 4;
          REQUIRE_EQ(draft.fits(pair.first.size(), pair.second.size()),
                     grown <= format::kPageBytes && pairs.size() < format::kMaxLeafEntries);
          if (!draft.fits(pair.first.size(), pair.second.size())) break;
          draft.add(pair.first, pair.second);
          CHECK(std::ranges::equal(draft.last_key(), pair.first));
          pairs.push_back(std::move(pair));
        }
        Blob page(draft.required_bytes(), std::byte{0xEE});
        CHECK_EQ(draft.build(page), page.size());
        CHECK(page == leaf(pairs, widths));
        draft.clear();
        CHECK(draft.empty());
      }
    }
  }

  TEST_CASE(
      "a draft takes as many of some entries as it takes one by one, and at least the first") {
    Random random(12);
    for (const Widths& widths : kWidthCombinations) {
      format::LeafDraft draft(widths);
      format::LeafDraft one_by_one(widths);
      for (int round = 0; round < 20; ++round) {
        std::vector<Pair> taken;
        for (bool full = false; !full;) {
          std::vector<Pair> pairs(1 + below(random, 200));
          std::vector<Bytes> keys;
          std::vector<Bytes> values;
          for (Pair& pair : pairs) {
            pair = {random_field(random, widths.key), random_field(random, widths.value)};
            keys.push_back(pair.first);
            values.push_back(pair.second);
          }
          size_t fit = 0;
          while (fit < pairs.size() && one_by_one.fits(keys[fit].size(), values[fit].size())) {
            one_by_one.add(keys[fit], values[fit]);
            ++fit;
          }
          REQUIRE(draft.add(keys, values) == fit);
          CHECK(draft.required_bytes() == one_by_one.required_bytes());
          full = fit < pairs.size();
          taken.insert(taken.end(), pairs.begin(), pairs.begin() + static_cast<ptrdiff_t>(fit));
        }
        Blob page(draft.required_bytes(), std::byte{0xEE});
        CHECK_EQ(draft.build(page), page.size());
        CHECK(page == leaf(taken, widths));
        draft.clear();
        one_by_one.clear();
      }
    }
    format::LeafDraft draft(kVariableWidths);
    const Blob large(5000);
    const Bytes keys[] = {as_bytes("a"), as_bytes("b")};
    const Bytes values[] = {large, large};
    CHECK(draft.add(keys, values) == 1);
    CHECK(draft.add(std::span(keys).subspan(1), std::span(values).subspan(1)) == 0);
    CHECK(draft.required_bytes() == 4 + 8 + 1 + 5000);
    CHECK(draft.add(std::span<const Bytes>(), std::span<const Bytes>()) == 0);
  }

  TEST_CASE("the reserved byte is ignored") {
    Blob page = leaf({{"a", "1"}});
    page[1] = std::byte{0xFF};
    CHECK(as_text(LeafView::parse(page, kVariableWidths).value(0)) == "1");
  }

  TEST_CASE("parse refuses what is no leaf or cannot hold its arrays") {
    Blob page = leaf({{"a", "1"}, {"b", "2"}});
    Widths widths;
    SUBCASE("empty") { page.clear(); }
    SUBCASE("shorter than the header") { page.resize(3); }
    SUBCASE("type 0") { page[0] = std::byte{0}; }
    SUBCASE("a branch") { page[0] = format::kBranchType; }
    SUBCASE("no entries") { base::store_le16(&page[2], 0); }
    SUBCASE("arrays past the end") { base::store_le16(&page[2], 3); }
    SUBCASE("fixed keys past the end") { widths = {8, std::nullopt}; }
    SUBCASE("fixed values past the end") { widths = {std::nullopt, 8}; }
    SUBCASE("both past the end") { widths = {9, 9}; }
    SUBCASE("product past 32 bits") { widths = {0x8000'0000, 0x8000'0000}; }
    CHECK_THROWS_CODE(LeafView::parse(page, widths), ErrorCode::page_corrupted);
  }

  TEST_CASE("L1: a key offset outside the page or out of order is corruption, not a crash") {
    Blob page = leaf({{"a", "1"}, {"b", "2"}});  // keys begin at 20
    uint32_t bad_key = 0;
    SUBCASE("past the end") { base::store_le32(&page[4], 0xFFFF'FFFF); }
    SUBCASE("one past the end") { base::store_le32(&page[4], 25); }
    SUBCASE("inside the header") { base::store_le32(&page[4], 2); }
    SUBCASE("before the keys") { base::store_le32(&page[4], 19); }
    SUBCASE("descending") {
      base::store_le32(&page[8], 20);
      bad_key = 1;
    }
    SUBCASE("last past the end") {
      base::store_le32(&page[8], 25);
      bad_key = 1;
    }
    const LeafView view = LeafView::parse(page, kVariableWidths);
    CHECK_THROWS_CODE(view.key(bad_key), ErrorCode::page_corrupted);
    CHECK_THROWS_CODE(view.verify_offsets(), ErrorCode::page_corrupted);
    read_all(page, kVariableWidths);
  }

  TEST_CASE("L1: a value offset outside the page or before the values is corruption") {
    Blob page = leaf({{"a", "1"}, {"b", "2"}});  // values begin at 22
    uint32_t bad_value = 1;
    SUBCASE("past the end") { base::store_le32(&page[16], 25); }
    SUBCASE("far past the end") { base::store_le32(&page[16], 0xFFFF'FFFF); }
    SUBCASE("descending") { base::store_le32(&page[16], 22); }
    SUBCASE("inside the keys") {
      base::store_le32(&page[12], 21);
      bad_value = 0;
    }
    const LeafView view = LeafView::parse(page, kVariableWidths);
    CHECK_THROWS_CODE(view.value(bad_value), ErrorCode::page_corrupted);
    CHECK_THROWS_CODE(view.verify_offsets(), ErrorCode::page_corrupted);
    read_all(page, kVariableWidths);
  }

  TEST_CASE("L1: fixed values behind variable keys must fit") {
    const Widths widths{std::nullopt, 1};
    Blob page = leaf({{bytes_of("a"), bytes_of("1")}, {bytes_of("b"), bytes_of("2")}}, widths);
    base::store_le32(&page[8], 15);  // keys now end one byte later
    const LeafView view = LeafView::parse(page, widths);
    CHECK_THROWS_CODE(view.value(1), ErrorCode::page_corrupted);
    CHECK_THROWS_CODE(view.used_bytes(), ErrorCode::page_corrupted);
    CHECK_THROWS_CODE(view.verify_offsets(), ErrorCode::page_corrupted);
  }

  TEST_CASE("random bytes never lead an accessor outside the page") {
    Random random(2);
    for (int round = 0; round < 4000; ++round) {
      const Widths& widths = kWidthCombinations[below(random, std::size(kWidthCombinations))];
      Blob page = random_blob(random, below(random, 300));
      if (!page.empty() && below(random, 8) != 0) page[0] = format::kLeafType;
      if (page.size() > 3 && below(random, 8) != 0) {
        base::store_le16(&page[2], static_cast<uint16_t>(below(random, 20)));
      }
      read_all(page, widths);
    }
  }

  TEST_CASE("leaves with changed bytes never lead an accessor outside the page") {
    Random random(3);
    for (int round = 0; round < 4000; ++round) {
      const Widths& widths = kWidthCombinations[below(random, std::size(kWidthCombinations))];
      std::vector<Pair> pairs;
      for (size_t i = 1 + below(random, 12); i > 0; --i) {
        pairs.emplace_back(random_field(random, widths.key), random_field(random, widths.value));
      }
      Blob page = leaf(pairs, widths);
      const size_t arrays = std::min<size_t>(page.size(), 4 + 8 * pairs.size());
      for (size_t i = 1 + below(random, 3); i > 0; --i) {
        std::byte& changed = page[below(random, arrays)];
        // Small steps find the boundaries, large ones the overflows.
        changed = static_cast<std::byte>(
            below(random, 2) == 0 ? random()
                                  : std::to_integer<unsigned>(changed) + below(random, 5) - 2);
      }
      if (below(random, 4) == 0) page.resize(below(random, page.size() + 1));
      read_all(page, widths);
    }
  }
}
