// table.hpp: rdb.Table, a Mapping, and rdb.WriteTable, a MutableMapping, over a table of one
// transaction.
//
// Several Python objects may share one open table (state.hpp); each has its own idea of types and
// of how values are handed out. Thread safety comes from the transaction's gate.
#pragma once

#include <memory>
#include <string>

#include "codec.hpp"
#include "python.hpp"
#include "state.hpp"

namespace rdb::python {

struct Table {
  std::shared_ptr<TableState> state;
  std::shared_ptr<const Codec> key;
  std::shared_ptr<const Codec> value;
  std::string name;
  bool buffers = false;  // values come as rdb.Value

  // The value of key; a null object when there is none.
  py::object find(PyObject* wanted) const;
  py::object find_encoded(rdb_slice wanted) const;
  // The same as an rdb.Value.
  py::object pin_encoded(rdb_slice wanted) const;
};

struct WriteTable : Table {};

// Over a table whose values expire (ttl.cpp).
struct TtlTable : Table {};
struct WriteTtlTable : WriteTable {};

void bind_table(py::module_& module);
void bind_write_table(py::module_& module);

// What Table and Multimap have in common.
py::object describe_table(const Table& table);
py::object table_stats(const Table& table, const py::object& cancel);
void close_table(const Table& table);

// Opens a table for Transaction.table and existing_table.
py::object open_table(const std::shared_ptr<TransactionState>& transaction, const std::string& name,
                      py::handle key, py::handle value, bool buffers);
py::object open_existing_table(const std::shared_ptr<TransactionState>& transaction,
                               const std::string& name, bool buffers, bool raw);

py::object open_ttl_table(const std::shared_ptr<TransactionState>& transaction,
                          const std::string& name, py::handle key, py::handle value);
py::object open_existing_ttl_table(const std::shared_ptr<TransactionState>& transaction,
                                   const std::string& name, bool raw);

void bind_ttl(py::module_& module);

}  // namespace rdb::python
