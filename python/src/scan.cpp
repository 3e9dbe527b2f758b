#include "scan.hpp"

#include "arrow.hpp"
#include "errors.hpp"

namespace rdb::python {
namespace {

std::vector<std::byte> encoded_key(const Table& table, py::handle key) {
  Arena arena(true);
  const rdb_slice bytes = table.key->encode(key.ptr(), arena);
  const auto* start = static_cast<const std::byte*>(bytes.data);
  return {start, start + bytes.size};
}

py::object make_scan(Scan scan) { return py::cast(std::make_unique<Scan>(std::move(scan))); }

py::object iterate(const Scan& scan, bool reverse) {
  return py::cast(std::make_unique<RecordIterator>(scan.table, scan.bounds, scan.part, reverse));
}

PyObject* iterate_slot(PyObject* self) noexcept {
  return slot<PyObject*>(nullptr, [&]() -> PyObject* {
    const Scan* scan = self_of<Scan>(self);
    return scan == nullptr ? nullptr : iterate(*scan, scan->reverse).release().ptr();
  });
}

// Of the whole table the library knows it; of a part it has to be counted.
size_t count(const Scan& scan) {
  if (scan.whole()) {
    uint64_t entries = 0;
    use(*scan.table.state,
        [&](rdb_table* table, rdb_error* error) { return rdb_table_len(table, &entries, error); });
    return entries;
  }
  return BlockReader(scan.table.state, scan.bounds, false).count();
}

bool contains(const Scan& scan, const py::object& item) {
  if (scan.part == Part::keys && scan.whole()) {
    return scan.table.find(item.ptr()).ptr() != nullptr;
  }
  const py::object iterator = iterate(scan, scan.reverse);
  const int found = PySequence_Contains(iterator.ptr(), item.ptr());
  ensured(found);
  return found == 1;
}

Scan with_part(const Scan& scan, Part part) {
  Scan other = scan;
  other.part = part;
  return other;
}

}  // namespace

py::object scan_all(const Table& table, Part part) { return make_scan({table, {}, part, false}); }

Bounds bounds_of(const Table& table, py::handle lower, py::handle upper, bool include_lower,
                 bool include_upper) {
  Bounds bounds;
  if (!lower.is_none()) {
    bounds.lower = encoded_key(table, lower);
    bounds.lower_bound = include_lower ? RDB_BOUND_INCLUDED : RDB_BOUND_EXCLUDED;
  }
  if (!upper.is_none()) {
    bounds.upper = encoded_key(table, upper);
    bounds.upper_bound = include_upper ? RDB_BOUND_INCLUDED : RDB_BOUND_EXCLUDED;
  }
  return bounds;
}

py::object scan_range(const Table& table, py::handle lower, py::handle upper, bool include_lower,
                      bool include_upper, bool reverse) {
  return make_scan(
      {table, bounds_of(table, lower, upper, include_lower, include_upper), Part::items, reverse});
}

py::object scan_prefix(const Table& table, py::handle prefix, bool reverse) {
  const Codec::Kind kind = table.key->kind();
  if ((kind != Codec::Kind::bytes || table.key->width() != 0) && kind != Codec::Kind::text) {
    throw py::type_error("prefixes are for keys of bytes or text; this table's are " +
                         table.key->name());
  }
  Scan scan{table, {}, Part::items, reverse};
  scan.bounds.lower = encoded_key(table, prefix);
  scan.bounds.lower_bound = RDB_BOUND_INCLUDED;
  // The first key behind all that begin so: the last byte that can be raised is raised.
  std::vector<std::byte> end = scan.bounds.lower;
  while (!end.empty() && end.back() == std::byte{0xff}) end.pop_back();
  if (!end.empty()) {
    end.back() = static_cast<std::byte>(std::to_integer<unsigned>(end.back()) + 1);
    scan.bounds.upper = std::move(end);
    scan.bounds.upper_bound = RDB_BOUND_EXCLUDED;
  }
  return make_scan(std::move(scan));
}

void bind_scan(py::module_& module) {
  py::class_<Scan>(module, "Scan", py::is_final(),
                   with_slots([](PyHeapTypeObject* type) { type->ht_type.tp_iter = iterate_slot; }),
                   "A part of a table's records, in key order.\n\n"
                   "Iterating reads them anew each time. Also: reversed(scan), len(scan), item in "
                   "scan, and\n__arrow_c_stream__ for pyarrow, polars, duckdb and pandas.")
      .def(
          "__reversed__", [](const Scan& scan) { return iterate(scan, !scan.reverse); },
          "The same records from the other end.")
      .def("__len__", count, "Number of records. Counts them, unless it is the whole table.")
      .def("__contains__", contains, "Whether the item is among those that iterating gives.")
      // Not keys(): whatever has that is a mapping to dict() and its kind.
      .def(
          "only_keys", [](const Scan& scan) { return make_scan(with_part(scan, Part::keys)); },
          "The same records, their keys only.")
      .def(
          "only_values", [](const Scan& scan) { return make_scan(with_part(scan, Part::values)); },
          "The same records, their values only.")
      .def(
          "__arrow_c_schema__", [](const Scan& scan) { return export_schema(scan); },
          "The records' Arrow schema, as a capsule.")
      .def(
          "__arrow_c_stream__",
          [](const Scan& scan, const py::object& requested) {
            return export_stream(scan, requested);
          },
          py::arg("requested_schema") = py::none(),
          "The records as an Arrow stream of the columns key and value, in a capsule.\n\n"
          "requested_schema is ignored, as the protocol allows: consumers cast.")
      .def("__repr__", [](const Scan& scan) {
        return "<rdb.Scan of table " + py::repr(py::str(scan.table.name)).cast<std::string>() + ">";
      });
}

}  // namespace rdb::python
