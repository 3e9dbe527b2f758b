#include "value.hpp"

namespace rdb::python {
namespace {

int get_buffer(PyObject* self, Py_buffer* view, int flags) noexcept {
  const Value* value = self_of<Value>(self);
  if (value == nullptr) return -1;
  const Bytes bytes = value->bytes();
  // Consumers may dislike NULL even where there are no bytes.
  const void* start = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  return PyBuffer_FillInfo(view, self, const_cast<void*>(start),
                           static_cast<Py_ssize_t>(bytes.size()), 1, flags);
}

Py_ssize_t length(PyObject* self) noexcept {
  const Value* value = self_of<Value>(self);
  return value == nullptr ? -1 : static_cast<Py_ssize_t>(value->bytes().size());
}

PyObject* to_bytes(PyObject* self, PyObject*) noexcept {
  const Value* value = self_of<Value>(self);
  if (value == nullptr) return nullptr;
  const std::string_view text = value->text();
  return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

Py_hash_t hash(PyObject* self) noexcept {
  PyObject* copy = to_bytes(self, nullptr);
  if (copy == nullptr) return -1;
  const Py_hash_t result = PyObject_Hash(copy);  // equal to bytes, so hashed like them
  Py_DECREF(copy);
  return result;
}

PyObject* compare(PyObject* self, PyObject* other, int operation) noexcept {
  if ((operation != Py_EQ && operation != Py_NE) || !PyObject_CheckBuffer(other)) {
    return Py_NewRef(Py_NotImplemented);
  }
  const Value* value = self_of<Value>(self);
  if (value == nullptr) return nullptr;
  Py_buffer view;
  if (PyObject_GetBuffer(other, &view, PyBUF_SIMPLE) < 0) {
    PyErr_Clear();
    return Py_NewRef(Py_NotImplemented);
  }
  const Bytes bytes = value->bytes();
  const bool equal = bytes == Bytes(view.buf, static_cast<size_t>(view.len));
  PyBuffer_Release(&view);
  return PyBool_FromLong(equal == (operation == Py_EQ) ? 1 : 0);
}

PyMethodDef kMethods[] = {
    {"__bytes__", to_bytes, METH_NOARGS, "__bytes__($self, /)\n--\n\nA copy of the bytes."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

void bind_value(py::module_& module) {
  py::class_<Value>(
      module, "Value", py::is_final(), with_slots([](PyHeapTypeObject* type) {
        type->as_buffer.bf_getbuffer = get_buffer;
        type->ht_type.tp_as_buffer = &type->as_buffer;
        type->as_sequence.sq_length = length;
        type->ht_type.tp_hash = hash;
        type->ht_type.tp_richcompare = compare;
        type->ht_type.tp_methods = kMethods;
      }),
      "The bytes of a stored value, without a copy.\n\n"
      "memoryview(value), numpy.frombuffer(value) and bytes(value) read it; it stays readable as "
      "long as it is\nreferenced, after its transaction and database too, and holds the page it "
      "lies on for that time.")
      .def("__repr__", [](const Value& value) {
        return "<rdb.Value of " + std::to_string(value.bytes().size()) + " bytes>";
      });
}

}  // namespace rdb::python
