// bulk.hpp: many records out of a writer's table at once, and tables copied.
#pragma once

#include "block_reader.hpp"
#include "cursor.hpp"
#include "python.hpp"
#include "table.hpp"

namespace rdb::python {

// Limits as Table.range takes them.
Bounds bounds_of(const Table& table, const py::object& lower, const py::object& upper,
                 bool include_lower, bool include_upper);

uint64_t drain(const Table& table, const Bounds& bounds);
uint64_t retain(const Table& table, const Bounds& bounds, const py::object& keep);

// rdb.Extraction: an iterator that takes what it returns out of the table.
class Extraction {
 public:
  Extraction(const Table& table, const Bounds& bounds, bool reverse, py::object where);
  ~Extraction();
  Extraction(const Extraction&) = delete;

  py::object next();
  void close();

 private:
  template <class Body>
  rdb_status call(Body&& body) const;

  const Table table_;
  const bool reverse_;
  const py::object where_;  // None: everything
  mutable Gate gate_;
  rdb_extract* walk_ = nullptr;  // NULL once closed; read and written under the gate
};

uint64_t copy_table(TransactionState& target, const Table& source, const std::string& name,
                    const Cancel* cancel);

void bind_bulk(py::module_& module);

}  // namespace rdb::python
