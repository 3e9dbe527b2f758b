// errors.hpp: failures on their way to Python.
//
// What fails throws rdb::Error, as rdb.hpp does, with or without the interpreter lock; slot() and a
// translator that module.cpp registers turn it into an exception. The classes of those, and which
// status gets which, are in rdb/_errors.py.
#pragma once

#include <exception>
#include <string>

#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

// The caller's memory has the wrong layout, shape or type of elements: rdb.LayoutError.
struct LayoutError : UsageError {
  explicit LayoutError(const std::string& message)
      : UsageError(RDB_ERR_INVALID_ARGUMENT, message) {}
};

// A value out of its domain.
[[noreturn]] void throw_invalid(const std::string& message);

// Sets the Python exception for a failure.
void set_error(const Error& error) noexcept;

// Runs the body of a type slot: C++ exceptions become Python's.
template <class Result, class Body>
Result slot(Result failed, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const Error& error) {
    set_error(error);
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return failed;
}

}  // namespace rdb::python
