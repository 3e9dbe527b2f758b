// record.hpp: what single records and batches share.
#pragma once

#include <cstdint>

#include "rdb/table.hpp"

namespace rdb::capi {

// RDB_PUT_... as the core's mode; throws invalid_argument.
Table::PutMode to_put_mode(uint64_t flags);

}  // namespace rdb::capi
