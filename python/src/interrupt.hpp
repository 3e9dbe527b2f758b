// interrupt.hpp: long calls that Ctrl-C, rdb.Cancel and progress callbacks can stop.
//
// Python runs signal handlers in the main thread only, and only while that runs Python code. So in
// the main thread a long call goes to a thread of its own, while the main thread looks for signals
// and triggers the call's cancel handle when a handler raises. Elsewhere the call is made directly.
#pragma once

#include <exception>
#include <functional>

#include "errors.hpp"
#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

// Made without the interpreter lock, maybe in another thread; runs no Python code but callbacks.
using LongCall = std::function<void(const Cancel*)>;

// Runs call and throws what it throws. When a signal handler raised, that is thrown after `undo`
// took back what the call may have finished all the same. cancel: None or an rdb.Cancel.
void interruptible(const py::object& cancel, const LongCall& call,
                   const std::function<void()>& undo = {});

// A Python function as an rdb::Progress. What it raises ends the call; rethrow() throws that again.
class ProgressCallback {
 public:
  explicit ProgressCallback(py::object function) : function_(std::move(function)) {}
  Progress get();
  void rethrow() {
    if (raised_ != nullptr) std::rethrow_exception(std::exchange(raised_, nullptr));
  }

 private:
  bool call(uint64_t done, uint64_t total);

  const py::object function_;
  std::exception_ptr raised_;
};

void bind_cancel(py::module_& module);

}  // namespace rdb::python
