// merge.hpp: merges of a writer's table.
#pragma once

#include "python.hpp"
#include "table.hpp"

namespace rdb::python {

// op: the name of an operator, or a function (key, existing or None, operand) -> value or None.
void merge(const Table& table, PyObject* key, PyObject* operand, PyObject* op);
// keys and operands as in put_batch.
void merge_batch(const Table& table, const py::object& keys, const py::object& operands,
                 const py::object& op);
void merge_items(const Table& table, const py::object& records, const py::object& op);

}  // namespace rdb::python
