#include "errors.hpp"

namespace rdb::python {

void throw_invalid(const std::string& message) {
  throw UsageError(RDB_ERR_INVALID_ARGUMENT, message);
}

void set_error(const Error& error) noexcept {
  try {
    const py::module_ classes = py::module_::import("rdb._errors");
    py::object position = py::none();
    if (error.position()) position = py::int_(*error.position());
    // The library promises whole characters; a message must never hide the error it tells of.
    const std::string_view text = error.what();
    const py::object message =
        stolen(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
    const bool layout = dynamic_cast<const LayoutError*>(&error) != nullptr;
    const py::object made = classes.attr(layout ? "make_layout_error" : "make_error")(
        error.status(), error.name(), message, error.os_errno(), position);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.ptr())), made.ptr());
  } catch (py::error_already_set& failed) {
    failed.restore();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  }
}

}  // namespace rdb::python
