// record.hpp: what single records and batches share.
#pragma once

#include <cstdint>

#include "rdb.h"
#include "rdb/table.hpp"

namespace rdb::capi {

// RDB_PUT_... as the core's mode; throws invalid_argument.
Table::PutMode to_put_mode(uint64_t flags);

// A pair is there or not: throws invalid_argument for every flag.
void require_no_flags(uint64_t flags);

// Deletes key from a table of either kind; false: it was not there.
bool erase_key(rdb_table& table, Bytes key);

}  // namespace rdb::capi
