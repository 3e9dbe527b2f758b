// arrow_import.hpp: records of a table from an Arrow stream, by the Arrow C data and stream
// interfaces.
//
// Two columns, "key" and "value", in any order. A stored type takes the column that arrow.hpp gives
// it, and besides:
//
//   &[u8], unknown types    large_binary (Z), binary_view (vz)
//   &str String char        large_utf8 (U), utf8_view (vu)
//   [u8;N] u128 i128        binary of every kind, where each value has the type's width
//
// Anything else is a LayoutError, and so is a null, except where the type is ().
#pragma once

#include "python.hpp"
#include "table.hpp"

namespace rdb::python {

// Whether an object offers a stream that put_arrow should read. Tables and scans of this module do
// not: their records are taken as objects, which suits more types.
bool offers_arrow(const py::object& object);

// Stores the records; how many were stored. flags: RDB_PUT_...
uint64_t put_arrow(const Table& table, const py::object& source, uint64_t flags);

}  // namespace rdb::python
