// python.hpp: pybind11, and what the hot paths need besides: type slots, and C++ objects reached
// without pybind11's dispatcher.
//
// A method bound with pybind11 costs a few hundred nanoseconds, more than a lookup itself. So what
// is called for each record (table[key], iteration, get, put) fills type slots and method tables by
// hand; everything else goes through pybind11.
//
// Interpreter lock: held on entry everywhere unless a comment says otherwise. The module must be
// correct without one as well (free-threaded builds): no mutable statics, no borrowed references
// kept across a call, and every object's state behind a Gate or a critical section.
#pragma once

#include <pybind11/pybind11.h>

#include <new>
#include <stdexcept>
#include <utility>

namespace rdb::python {

namespace py = pybind11;

// The C++ object of an instance of a class of this module. Every class has one base at most, so
// pybind11 stores the pointer in the instance itself. NULL with TypeError for what object.__new__
// made, where no constructor has run, and for a class that somebody made of two of ours.
template <class T>
T* self_of(PyObject* object) noexcept {
  const auto* instance = reinterpret_cast<py::detail::instance*>(object);
  void* held = instance->simple_layout ? instance->simple_value_holder[0] : nullptr;
  if (held == nullptr) [[unlikely]] {
    PyErr_SetString(PyExc_TypeError, "objects of this class come from the functions of rdb");
  }
  return static_cast<T*>(held);
}

inline PyObject* refuse_new(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  PyErr_Format(PyExc_TypeError, "%s cannot be made directly; the functions of rdb make it",
               type->tp_name);
  return nullptr;
}

// A class whose objects only this module makes, so that there are none without a C++ object, with
// further slots: fill(PyHeapTypeObject*) runs before PyType_Ready.
template <class Fill>
py::custom_type_setup with_slots(Fill&& fill) {
  return py::custom_type_setup([fill = std::forward<Fill>(fill)](PyHeapTypeObject* type) {
    type->ht_type.tp_new = refuse_new;
    fill(type);
  });
}
inline py::custom_type_setup made_here() {
  return with_slots([](PyHeapTypeObject*) {});
}

// The pending Python exception as a C++ one, when a call of the C API failed.
inline PyObject* ensured(PyObject* object) {
  if (object == nullptr) throw py::error_already_set();
  return object;
}
inline void ensured(int status) {
  if (status < 0) throw py::error_already_set();
}
inline py::object stolen(PyObject* object) {
  return py::reinterpret_steal<py::object>(ensured(object));
}

// Releases the interpreter lock for a scope, when this thread holds it: consumers of Arrow streams
// call without it.
class WithoutLock {
 public:
  WithoutLock() noexcept : state_(PyGILState_Check() == 1 ? PyEval_SaveThread() : nullptr) {}
  WithoutLock(const WithoutLock&) = delete;
  ~WithoutLock() {
    if (state_ != nullptr) PyEval_RestoreThread(state_);
  }

 private:
  PyThreadState* state_;
};

// Objects of free-threaded builds are locked one by one; elsewhere the interpreter lock does that.
class Critical {
 public:
#ifdef Py_GIL_DISABLED
  explicit Critical(PyObject* object) noexcept { PyCriticalSection_Begin(&section_, object); }
  ~Critical() { PyCriticalSection_End(&section_); }

 private:
  PyCriticalSection section_;
#else
  explicit Critical(PyObject*) noexcept {}
#endif
};

}  // namespace rdb::python
