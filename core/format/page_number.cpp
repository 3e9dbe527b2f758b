#include "format/page_number.hpp"

#include "rdb/error.hpp"

namespace rdb::format {

void throw_page_order(uint64_t bits) {
  throw Error(ErrorCode::corrupted, "a stored page number has order " + std::to_string(bits >> 59) +
                                        ", the largest is " + std::to_string(kMaxPageOrder));
}

std::string PageNumber::text() const {
  return std::to_string(region) + "/" + std::to_string(index) + "/" + std::to_string(order);
}

uint8_t order_for_bytes(uint64_t bytes) noexcept {
  uint8_t order = 0;
  while (order <= kMaxPageOrder && uint64_t{kPageBytes} << order < bytes) ++order;
  return order;
}

}  // namespace rdb::format
