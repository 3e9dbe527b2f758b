// callback.hpp: Python functions inside calls of the library.
//
// The call holds its transaction's gate and no interpreter lock (G2 of gate.hpp). The function runs
// with the lock, and while it does the transaction is lent to its thread: using the transaction
// from there raises instead of waiting for itself, and releases go past the gate. Other threads
// wait.
#pragma once

#include <exception>
#include <utility>

#include "python.hpp"
#include "state.hpp"

namespace rdb::python {

class Callback {
 public:
  Callback(TransactionState& transaction, py::object function)
      : transaction_(transaction), function_(std::move(function)) {}
  Callback(const Callback&) = delete;

  // Runs work(function), which answers a status; what it raises is kept, and RDB_ERR_CALLBACK said.
  template <class Work>
  rdb_status run(Work&& work) noexcept {
    const PyGILState_STATE lock = PyGILState_Ensure();
    transaction_.lent_to.store(std::this_thread::get_id(), std::memory_order_relaxed);
    rdb_status status = RDB_ERR_CALLBACK;
    try {
      status = work(function_);
    } catch (...) {
      raised_ = std::current_exception();
    }
    transaction_.lent_to.store({}, std::memory_order_relaxed);
    PyGILState_Release(lock);
    return status;
  }

  // Makes a call that may run the function, and throws what that raised rather than the call's
  // error.
  template <class Call>
  auto during(Call&& call) {
    try {
      return call();
    } catch (const rdb::Error&) {
      if (raised_ != nullptr) std::rethrow_exception(std::exchange(raised_, nullptr));
      throw;
    }
  }

 private:
  TransactionState& transaction_;
  const py::object function_;
  std::exception_ptr raised_;
};

}  // namespace rdb::python
