#include "format/page_checksum.hpp"

#include "base/checksum.hpp"
#include "base/endian.hpp"
#include "format/leaf_builder.hpp"
#include "format/leaf_view.hpp"
#include "support.hpp"

namespace rdb::format {
namespace {

using Page = std::vector<std::byte>;

std::string le64(uint64_t number) {
  std::string bytes(8, '\0');
  base::store_le64(reinterpret_cast<std::byte*>(bytes.data()), number);
  return bytes;
}

// A page of 4 KiB; values are the numbers given.
Page leaf_page(const Widths& widths, const std::vector<std::pair<std::string, uint64_t>>& rows) {
  std::vector<std::string> values;
  for (const auto& row : rows) values.push_back(le64(row.second));
  std::vector<LeafEntry> entries;
  for (size_t i = 0; i < rows.size(); ++i) {
    entries.push_back({as_bytes(rows[i].first), as_bytes(values[i])});
  }
  Page page(kPageBytes);
  build_leaf(page, entries, widths);
  return page;
}

base::Checksum sum_of(const Page& page, uint64_t bytes) {
  return base::checksum(Bytes(page).first(bytes));
}

}  // namespace

TEST_SUITE("format page checksum") {
  TEST_CASE("it covers the used part and nothing behind it") {
    const Widths widths{8, 8};
    Page page = leaf_page(widths, {{le64(1), 10}, {le64(2), 20}});
    const uint64_t used = LeafView::parse(page, widths).used_bytes();
    const base::Checksum right = sum_of(page, used);
    CHECK(checksum_matches(page, widths, right));
    page[used] ^= std::byte{1};
    CHECK(checksum_matches(page, widths, right));
    page[used - 1] ^= std::byte{1};
    CHECK_FALSE(checksum_matches(page, widths, right));
  }

  TEST_CASE("spec 02 D2: the checksum of shodh-redb is accepted, over the end it misread") {
    // Keys of fixed width: the end is read from the keys, u32 at 4 + 4 * (n - 1).
    const Widths widths{8, 8};
    const Page fixed = leaf_page(widths, {{le64(40), 1}, {le64(41), 2}, {le64(42), 3}});
    CHECK(checksum_matches(fixed, widths, sum_of(fixed, 41)));
    CHECK_FALSE(checksum_matches(fixed, widths, sum_of(fixed, 40)));
    CHECK_FALSE(checksum_matches(fixed, widths, sum_of(fixed, 0)));

    // Keys of variable width: behind their ends, 4 + 4 * n + 4 * (n - 1).
    const Widths variable{std::nullopt, 8};
    const Page text =
        leaf_page(variable, {{std::string("\x30\0\0\0", 4), 1}, {std::string("\x31\0\0\0", 4), 2}});
    CHECK(checksum_matches(text, variable, sum_of(text, 0x31)));
    CHECK_FALSE(checksum_matches(text, variable, sum_of(text, 0x30)));
  }

  TEST_CASE("an end outside the page, or values of variable width, leave the right one alone") {
    const Widths widths{8, 8};
    const Page far = leaf_page(widths, {{le64(5000), 1}});
    CHECK(checksum_matches(far, widths, sum_of(far, 20)));
    CHECK_FALSE(checksum_matches(far, widths, sum_of(far, kPageBytes)));

    const Widths variable{8, std::nullopt};
    const Page page = leaf_page(variable, {{le64(1), 1}});
    const uint64_t used = LeafView::parse(page, variable).used_bytes();
    CHECK(checksum_matches(page, variable, sum_of(page, used)));
    CHECK_FALSE(checksum_matches(page, variable, sum_of(page, used - 1)));
  }

  TEST_CASE("a page without a used part that could be told is an error") {
    Page page = leaf_page({8, 8}, {{le64(1), 1}});
    page[0] = std::byte{9};
    CHECK_THROWS_CODE(checksum_matches(page, {8, 8}, {}), ErrorCode::page_corrupted);
  }
}

}  // namespace rdb::format
