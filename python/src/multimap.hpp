// multimap.hpp: rdb.Multimap and rdb.WriteMultimap: a mapping from keys to sets of values, over a
// multimap of one transaction. The sets are rdb.ValueSet, of rdb/_multimap.py, which read when they
// are asked.
//
// What scans, cursors and batches need of a table is the table inside. Its find() is not for
// multimaps.
#pragma once

#include "python.hpp"
#include "table.hpp"

namespace rdb::python {

struct Multimap {
  Table pairs;
};

struct WriteMultimap : Multimap {};

void bind_multimap(py::module_& module);

// For Transaction.multimap and existing_multimap.
py::object open_multimap(const std::shared_ptr<TransactionState>& transaction,
                         const std::string& name, py::handle key, py::handle value);
py::object open_existing_multimap(const std::shared_ptr<TransactionState>& transaction,
                                  const std::string& name, bool raw);

}  // namespace rdb::python
