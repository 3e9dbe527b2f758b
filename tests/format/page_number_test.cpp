#include "format/page_number.hpp"

#include <array>

#include "support.hpp"

using namespace rdb;
using format::PageNumber;

namespace {

std::string encoded(PageNumber page) {
  std::array<std::byte, PageNumber::kBytes> out;
  page.encode(out.data());
  return test::hex(out);
}

}  // namespace

TEST_SUITE("format/page_number") {
  TEST_CASE("bytes match the format document") {
    CHECK(encoded({0, 256, 0}) == "0001000000000000");
    CHECK(encoded({1, 3, 2}) == "0300100000000010");
    CHECK(encoded({0xFFFFF, 0xFFFFF, 0}) == "ffffffffff000000");
  }

  TEST_CASE("decoding returns what was encoded, for every order") {
    for (uint8_t order = 0; order <= format::kMaxPageOrder; ++order) {
      const PageNumber page{0x12345, 0xFFFFFu >> order, order};
      CHECK(PageNumber::from_bits(page.bits()) == page);
      CHECK(page.bytes() == uint64_t{4096} << order);
      CHECK(page.base_pages() == 1u << order);
    }
  }

  TEST_CASE("reserved bits and index bits above the order are ignored") {
    const uint64_t reserved = uint64_t{0x7FFFF} << 40;
    CHECK(PageNumber::from_bits(PageNumber{1, 3, 2}.bits() | reserved) == PageNumber{1, 3, 2});
    CHECK(PageNumber::from_bits(uint64_t{2} << 59 | 0xFFFFF) == PageNumber{0, 0x3FFFF, 2});
    CHECK(PageNumber::from_bits(uint64_t{20} << 59 | 0xFFFFF) == PageNumber{0, 0, 20});
  }

  TEST_CASE("an order above 20 is corruption") {
    for (uint64_t order = 21; order < 32; ++order) {
      CHECK_THROWS_CODE(PageNumber::from_bits(order << 59), ErrorCode::corrupted);
    }
  }

  TEST_CASE("page numbers sort by address") {
    CHECK(PageNumber{0, 2, 1} > PageNumber{0, 3, 0});
    CHECK(PageNumber{0, 2, 1} < PageNumber{0, 5, 0});
    CHECK(PageNumber{1, 0, 0} > PageNumber{0, 500, 3});
    CHECK(PageNumber{0, 2, 1} > PageNumber{0, 4, 0});  // same place, smaller run first
  }

  TEST_CASE("the order for a size is the smallest that holds it") {
    CHECK(format::order_for_bytes(0) == 0);
    CHECK(format::order_for_bytes(4096) == 0);
    CHECK(format::order_for_bytes(4097) == 1);
    CHECK(format::order_for_bytes(8192) == 1);
    CHECK(format::order_for_bytes(uint64_t{4} << 30) == 20);
    CHECK(format::order_for_bytes((uint64_t{4} << 30) + 1) == 21);
    CHECK(format::order_for_bytes(~uint64_t{0}) == 21);
  }

  TEST_CASE("text names region, index and order") { CHECK(PageNumber{1, 3, 2}.text() == "1/3/2"); }
}
