#include "interrupt.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace rdb::python {
namespace {

constexpr std::chrono::milliseconds kSignalPeriod{20};

bool in_main_thread() {
  const py::object main = py::module_::import("threading").attr("main_thread")();
  return main.attr("ident").cast<unsigned long>() == PyThread_get_thread_ident();
}

// Runs call in a thread of its own, and throws what it threw; unless a signal handler raised, which
// is pending afterwards.
void run_watched(const LongCall& call, const Cancel& cancel) {
  std::mutex guard;
  std::condition_variable finished;
  bool done = false;
  std::exception_ptr thrown;
  std::thread worker([&] {
    try {
      call(&cancel);
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(guard);
    done = true;
    finished.notify_one();
  });
  const auto wait = [&] {
    const WithoutLock unlocked;
    std::unique_lock lock(guard);
    return finished.wait_for(lock, kSignalPeriod, [&] { return done; });
  };
  bool raised = false;
  while (!wait()) {
    if (!raised && PyErr_CheckSignals() < 0) {
      raised = true;
      cancel.trigger();
    }
  }
  worker.join();
  if (!raised && thrown != nullptr) std::rethrow_exception(thrown);
}

}  // namespace

void interruptible(const py::object& cancel, const LongCall& call,
                   const std::function<void()>& undo) {
  const Cancel* given = cancel.is_none() ? nullptr : &cancel.cast<const Cancel&>();
  if (!in_main_thread()) {
    const WithoutLock unlocked;
    call(given);
    return;
  }
  std::optional<Cancel> own;
  if (given == nullptr) given = &own.emplace();
  run_watched(call, *given);
  if (PyErr_Occurred() == nullptr) return;
  const py::error_already_set raised;  // takes it, so that undo meets none
  if (undo) undo();
  throw raised;
}

Progress ProgressCallback::get() {
  if (function_.is_none()) return {};
  return [this](uint64_t done, uint64_t total) { return call(done, total); };
}

bool ProgressCallback::call(uint64_t done, uint64_t total) {
  const py::gil_scoped_acquire locked;
  try {
    return !function_(done, total).is(py::bool_(false));
  } catch (...) {
    raised_ = std::current_exception();
  }
  throw Error(RDB_ERR_CALLBACK, "the progress callback raised");
}

namespace {

// Made whole by __new__, so that there is no Cancel without a handle.
PyObject* new_cancel(PyTypeObject*, PyObject* args, PyObject* named) noexcept {
  return slot<PyObject*>(nullptr, [&] {
    if (PyTuple_GET_SIZE(args) != 0 || (named != nullptr && PyDict_GET_SIZE(named) != 0)) {
      throw py::type_error("Cancel() takes no arguments");
    }
    return py::cast(std::make_unique<Cancel>()).release().ptr();
  });
}
int init_nothing(PyObject*, PyObject*, PyObject*) noexcept { return 0; }

}  // namespace

void bind_cancel(py::module_& module) {
  py::class_<Cancel>(module, "Cancel", py::is_final(), with_slots([](PyHeapTypeObject* type) {
                       type->ht_type.tp_new = new_cancel;
                       type->ht_type.tp_init = init_nothing;
                     }),
                     "Stops long calls from another thread or a signal handler.\n\n"
                     "Give it to the calls that have a cancel parameter; they then end with "
                     "CancelledError.")
      .def(
          "trigger", [](const Cancel& cancel) { cancel.trigger(); },
          "Ends the calls that were given this, and later ones at once, until reset.")
      .def(
          "reset", [](const Cancel& cancel) { cancel.reset(); }, "Takes the trigger back.");
}

}  // namespace rdb::python
