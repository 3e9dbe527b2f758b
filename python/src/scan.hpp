// scan.hpp: rdb.Scan, a part of a table's records that can be iterated, reversed, counted and
// exported to Arrow. What keys(), values(), items(), range() and prefix() return.
#pragma once

#include <memory>

#include "record_iterator.hpp"
#include "table.hpp"

namespace rdb::python {

struct Scan {
  Table table;
  Bounds bounds;
  Part part = Part::items;
  bool reverse = false;

  bool whole() const noexcept {
    return bounds.lower_bound == RDB_BOUND_NONE && bounds.upper_bound == RDB_BOUND_NONE;
  }
};

// A scan of everything.
py::object scan_all(const Table& table, Part part);
// lower, upper: None, or a key of the table.
py::object scan_range(const Table& table, py::handle lower, py::handle upper, bool include_lower,
                      bool include_upper, bool reverse);
// The bounds of such a range.
Bounds bounds_of(const Table& table, py::handle lower, py::handle upper, bool include_lower,
                 bool include_upper);
// Keys that begin with some bytes or text.
py::object scan_prefix(const Table& table, py::handle prefix, bool reverse);

void bind_scan(py::module_& module);

}  // namespace rdb::python
