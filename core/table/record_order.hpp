// record_order.hpp: the order in which a batch of records is written.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "btree/key_order.hpp"
#include "rdb/table.hpp"

namespace rdb::table {

// Fewer records gain nothing from being sorted.
inline constexpr size_t kSortFrom = 64;

// The numbers of the records by key; those of equal keys stay in their order. At most 2^32 - 1.
std::vector<uint32_t> order_of(std::span<const Table::Record> records,
                               const btree::KeyOrder& order);

}  // namespace rdb::table
