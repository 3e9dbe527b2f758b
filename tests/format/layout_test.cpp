#include "format/layout.hpp"

#include "support.hpp"

using namespace rdb;
using format::Layout;
using format::PageNumber;

TEST_SUITE("format/layout") {
  TEST_CASE("a new file has 257 pages behind the header page") {
    const auto layout = Layout{}.with_total_pages(format::kInitialPages);
    REQUIRE(layout);
    CHECK(*layout == Layout{0, 1 << 20, 0, 257});
    CHECK(layout->file_bytes() == 258 * 4096);
    CHECK(layout->total_pages() == 257);
    CHECK(layout->region_count() == 1);
    CHECK(layout->page_offset({0, 0, 0}) == 4096);
    CHECK(layout->page_offset({0, 3, 4}) == 4096 + 3 * 65536);
  }

  TEST_CASE("regions have one stride and the trailing one comes last") {
    const Layout layout{0, 16, 3, 5};
    CHECK(layout.region_stride_bytes() == 16 * 4096);
    CHECK(layout.file_bytes() == 4096 * (1 + 3 * 16 + 5));
    CHECK(layout.region_count() == 4);
    CHECK(layout.pages_in_region(2) == 16);
    CHECK(layout.pages_in_region(3) == 5);
    CHECK(layout.pages_in_region(4) == 0);
    CHECK(layout.total_pages() == 53);
    CHECK(layout.page_offset({2, 3, 1}) == 4096 * (1 + 2 * 16 + 6));
  }

  TEST_CASE("region headers of redb 2.6 shift every page") {
    const Layout layout{130, 1 << 20, 1, 257};
    CHECK(layout.file_bytes() == 4096ull * (1 + 130 + (1 << 20) + 130 + 257));
    CHECK(layout.page_offset({0, 0, 0}) == 4096 * 131);
    CHECK(layout.page_offset({1, 7, 0}) == 4096ull * (1 + 130 + (1 << 20) + 130 + 7));
  }

  TEST_CASE("a page must lie completely inside its region") {
    const Layout layout{0, 16, 1, 5};
    CHECK(layout.contains({0, 15, 0}));
    CHECK(layout.contains({0, 1, 3}));
    CHECK(layout.contains({0, 0, 4}));
    CHECK(layout.contains({1, 0, 2}));
    CHECK(layout.contains({1, 4, 0}));
    for (const PageNumber page :
         {PageNumber{0, 16, 0}, PageNumber{0, 0, 5}, PageNumber{1, 1, 2}, PageNumber{1, 5, 0},
          PageNumber{2, 0, 0}, PageNumber{0, 0, 21}, PageNumber{0xFFFFF, 0xFFFFF, 0}}) {
      CAPTURE(page.text());
      CHECK_FALSE(layout.contains(page));
      CHECK_THROWS_CODE(layout.check_page(page), ErrorCode::corrupted);
    }
    layout.check_page({1, 4, 0});
  }

  TEST_CASE("a page count becomes full regions and a trailing one") {
    const Layout shape{130, 16, 0, 0};
    CHECK(shape.with_total_pages(16) == Layout{130, 16, 0, 16});
    CHECK(shape.with_total_pages(17) == Layout{130, 16, 1, 1});
    CHECK(shape.with_total_pages(32) == Layout{130, 16, 2, 0});
    CHECK(shape.with_total_pages(16ull << 20) == Layout{130, 16, 1 << 20, 0});
    CHECK_FALSE(shape.with_total_pages((16ull << 20) + 1));
    CHECK_FALSE(shape.with_total_pages(~uint64_t{0}));
    CHECK_FALSE(shape.with_total_pages(0));
    CHECK_FALSE(Layout{0, 0, 0, 0}.with_total_pages(1));
  }

  TEST_CASE("a file length gives back the layout it was made of") {
    for (const uint32_t header : {0u, 1u, 130u}) {
      for (const uint32_t pages : {1u, 16u, 1u << 20}) {
        for (const uint64_t total : {1ull, 5ull, 15ull, 17ull, 200ull, 2ull << 20}) {
          const auto layout = Layout{header, pages, 0, 0}.with_total_pages(total);
          if (!layout) continue;  // past 2^20 regions
          const auto read = layout->from_file_bytes(layout->file_bytes());
          REQUIRE(read);
          CHECK(read->total_pages() == total);
          CHECK(read->file_bytes() == layout->file_bytes());
        }
      }
    }
  }

  TEST_CASE("a surplus tail of less than a page, or of a region header, is left out") {
    const Layout shape{0, 16, 0, 0};
    CHECK(shape.from_file_bytes(4096 * 6 + 320) == Layout{0, 16, 0, 5});
    CHECK(shape.from_file_bytes(4096 * 6 + 4095) == Layout{0, 16, 0, 5});
    const Layout with_header{130, 16, 0, 0};
    const uint64_t one_region = 4096 * (1 + 130 + 16);
    CHECK(with_header.from_file_bytes(one_region + 130 * 4096) == Layout{130, 16, 1, 0});
    CHECK(with_header.from_file_bytes(one_region + 131 * 4096 - 1) == Layout{130, 16, 1, 0});
    CHECK(with_header.from_file_bytes(one_region + 131 * 4096) == Layout{130, 16, 1, 1});
  }

  TEST_CASE("no layout fits into a file without one page") {
    const Layout shape{130, 16, 0, 0};
    CHECK_FALSE(shape.from_file_bytes(0));
    CHECK_FALSE(shape.from_file_bytes(4095));
    CHECK_FALSE(shape.from_file_bytes(4096 * 131));
    CHECK(shape.from_file_bytes(4096 * 132));
    CHECK_FALSE(Layout{0, 0, 0, 0}.from_file_bytes(1 << 20));
  }

  TEST_CASE("the largest file length does not overflow") {
    const auto layout = Layout{0, 1, 0, 0}.from_file_bytes(~uint64_t{0});
    REQUIRE(layout);
    CHECK(*layout == Layout{0, 1, 1 << 20, 0});
    CHECK(Layout{~0u, ~0u, ~0u, ~0u}.file_bytes() == ~uint64_t{0});
    CHECK(Layout{~0u, ~0u, ~0u, ~0u}.region_count() == ~0u);
  }

  TEST_CASE("impossible geometry is corruption") {
    const auto rejects = [](Layout layout) {
      CHECK_THROWS_CODE(layout.check(), ErrorCode::corrupted);
    };
    rejects({(1 << 20) + 1, 16, 1, 0});
    rejects({0, 0, 1, 0});
    rejects({0, (1 << 20) + 1, 1, 0});
    rejects({0, 16, 0, 0});
    rejects({0, 16, 0, 17});
    rejects({0, 16, (1 << 20) + 1, 0});
    rejects({0, 16, 1 << 20, 1});
    rejects({0, 16, ~0u, 1});
    Layout{1 << 20, 1 << 20, 1 << 20, 0}.check();
    Layout{0, 16, 0, 16}.check();
    Layout{0, 16, 1, 0}.check();
  }

  TEST_CASE("geometry alone leaves the counts of regions and pages unjudged") {
    Layout{0, 16, ~0u, ~0u}.check_geometry();
    CHECK_THROWS_CODE((Layout{0, 0, 1, 0}.check_geometry()), ErrorCode::corrupted);
    CHECK_THROWS_CODE((Layout{~0u, 16, 1, 0}.check_geometry()), ErrorCode::corrupted);
  }
}
