// record.hpp: what single records and batches share.
#pragma once

#include <cstdint>
#include <exception>
#include <vector>

#include "rdb.h"
#include "rdb/table.hpp"

namespace rdb::capi {

// RDB_PUT_... as the core's mode; throws invalid_argument.
Table::PutMode to_put_mode(uint64_t flags);

// What a put says that did (stored) or did not take place.
inline rdb_status put_outcome(bool stored, Table::PutMode mode) {
  if (stored) return RDB_OK;
  return mode == Table::PutMode::insert_only ? RDB_EXISTS : RDB_NOT_FOUND;
}

// A pair is there or not: throws invalid_argument for every flag.
void require_no_flags(uint64_t flags);

// Deletes key from a table of either kind; false: it was not there.
bool erase_key(rdb_table& table, Bytes key);

// The records of a batch up to the first that cannot be taken: that one's error, with its index as
// the position, is to be thrown when those before it are done with.
struct TakenRecords {
  std::vector<Table::Record> records;
  std::exception_ptr broken;

  void rethrow() const {
    if (broken) std::rethrow_exception(broken);
  }
};
TakenRecords take_records(const rdb_slice* keys, const rdb_slice* values, size_t count);
TakenRecords take_packed_records(rdb_slice packed);

}  // namespace rdb::capi
