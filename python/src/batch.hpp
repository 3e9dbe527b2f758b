// batch.hpp: many records with one call, from iterables, mappings, arrays and buffers.
#pragma once

#include <functional>

#include "python.hpp"
#include "table.hpp"

namespace rdb::python {

// Records that one call into the library takes at most, and about how many bytes. Puts are many at
// once, since the library writes what one call brings in key order.
inline constexpr size_t kPutRecords = 128 * 1024;
inline constexpr size_t kChunkBytes = 64 << 20;

// Stores count records in one call, without the interpreter lock, and hears Ctrl-C behind it; how
// many were stored. first: place of the first one in its batch, for the position of an error.
uint64_t put_chunk(const Table& table, const rdb_slice* keys, const rdb_slice* values, size_t count,
                   uint64_t flags, size_t first);

// Table.get_batch.
py::object get_batch(const Table& table, const py::object& keys, const py::object& missing,
                     const py::object& out);
// Takes count records, encoded, of which the first is number `first` of all; the number of those it
// stored. Called with the interpreter lock.
using StoreRecords = std::function<uint64_t(const rdb_slice* keys, const rdb_slice* values,
                                            size_t count, size_t first)>;
// What a call answered about such records: positions in errors count from the start of all of them.
inline rdb_status moved(rdb_status status, rdb_error* error, size_t first) noexcept {
  if (status < 0 && error->position != RDB_NO_POSITION) error->position += first;
  return status;
}
// Encodes keys and values, or records as WriteTable.update takes them, and hands them over in
// pieces.
uint64_t store_batch(const Table& table, const py::object& keys, const py::object& values,
                     const StoreRecords& store);
uint64_t store_items(const Table& table, const py::object& items, const StoreRecords& store);

// RDB_PUT_... of a mode as Python calls it.
uint64_t mode_flags(const std::string& mode);

// WriteTable.put_batch; the number of records stored. flags: RDB_PUT_...
uint64_t put_batch(const Table& table, const py::object& keys, const py::object& values,
                   uint64_t flags);
// WriteTable.update: a mapping, an iterable of pairs, another table or scan, or an Arrow stream.
uint64_t put_items(const Table& table, const py::object& items, uint64_t flags);
// WriteMultimap.discard_batch: an iterable of pairs; the number of those that were there.
uint64_t delete_items(const Table& table, const py::object& items);
// WriteTable.delete_batch; the number of keys that were there.
uint64_t delete_batch(const Table& table, const py::object& keys);

}  // namespace rdb::python
