// batch.hpp: many records with one call, from iterables, mappings, arrays and buffers.
#pragma once

#include "python.hpp"
#include "table.hpp"

namespace rdb::python {

// Table.get_batch.
py::object get_batch(const Table& table, const py::object& keys, const py::object& missing,
                     const py::object& out);
// WriteTable.put_batch; the number of records stored. flags: RDB_PUT_...
uint64_t put_batch(const Table& table, const py::object& keys, const py::object& values,
                   uint64_t flags);
// WriteTable.update: a mapping, an iterable of pairs, or another table or scan.
uint64_t put_items(const Table& table, const py::object& items, uint64_t flags);
// WriteTable.delete_batch; the number of keys that were there.
uint64_t delete_batch(const Table& table, const py::object& keys);

}  // namespace rdb::python
