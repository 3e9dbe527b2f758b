// transaction.hpp: rdb.Transaction (a reader) and rdb.WriteTransaction.
#pragma once

#include <memory>
#include <string>

#include "python.hpp"
#include "state.hpp"

namespace rdb::python {

struct Transaction {
  std::shared_ptr<TransactionState> state;
};

struct WriteTransaction : Transaction {};

py::object begin_read(const std::shared_ptr<DatabaseState>& database);
py::object begin_write(const std::shared_ptr<DatabaseState>& database, const py::object& timeout,
                       const std::string& durability, bool two_phase, bool quick_repair,
                       const py::object& cancel);
template <class Owner>
py::object begin_write_of(const Owner& owner, const py::object& timeout,
                          const std::string& durability, bool two_phase, bool quick_repair,
                          const py::object& cancel) {
  return begin_write(owner.state, timeout, durability, two_phase, quick_repair, cancel);
}

void bind_transaction(py::module_& module);

}  // namespace rdb::python
