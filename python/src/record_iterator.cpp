#include "record_iterator.hpp"

#include <stdexcept>

#include "value.hpp"

namespace rdb::python {
namespace {

// Sets a flag for a scope.
class Inside {
 public:
  explicit Inside(bool& flag) noexcept : flag_(flag) { flag_ = true; }
  ~Inside() { flag_ = false; }
  Inside(const Inside&) = delete;

 private:
  bool& flag_;
};

// Whether the collector cares for none of the codec's objects.
bool is_plain(const Codec& codec) noexcept {
  return codec.kind() == Codec::Kind::bytes || codec.kind() == Codec::Kind::text;
}

}  // namespace

RecordIterator::RecordIterator(const Table& table, const Bounds& bounds, Part part, bool reverse)
    : table_(table),
      part_(part),
      plain_(!table.buffers && is_plain(*table.key) && is_plain(*table.value)),
      reader_(table.state, bounds, reverse) {}

RecordIterator::~RecordIterator() { Py_XDECREF(pair_); }

PyObject* RecordIterator::make_value(const BlockReader::Record& record) {
  if (!table_.buffers) return table_.value->decode(record.value);
  // The reader's block is used again; a pin is not. One call each, for those who asked for buffers.
  return table_.find_encoded(record.key).release().ptr();
}

PyObject* RecordIterator::next() {
  if (inside_) [[unlikely]] {
    throw py::value_error("iterator already executing in another thread");
  }
  if (reader_.empty()) ensured(PyErr_CheckSignals());  // list(table) must be interruptible
  BlockReader::Record record;
  {
    const Inside inside(inside_);
    if (!reader_.next(record)) return nullptr;
  }
  if (part_ == Part::keys) return table_.key->decode(record.key);
  if (part_ == Part::values) return make_value(record);
  PyObject* first = table_.key->decode(record.key);
  if (first == nullptr) return nullptr;
  PyObject* second = nullptr;
  try {
    second = make_value(record);
  } catch (...) {
    Py_DECREF(first);
    throw;
  }
  if (second == nullptr) {
    Py_DECREF(first);
    return nullptr;
  }
#ifndef Py_GIL_DISABLED
  // As dict.items() does: when the caller took the last pair apart, it is free to be used again.
  if (pair_ != nullptr && Py_REFCNT(pair_) == 1) {
    PyObject* old_first = PyTuple_GET_ITEM(pair_, 0);
    PyObject* old_second = PyTuple_GET_ITEM(pair_, 1);
    PyTuple_SET_ITEM(pair_, 0, first);
    PyTuple_SET_ITEM(pair_, 1, second);
    Py_INCREF(pair_);
    Py_DECREF(old_first);
    Py_DECREF(old_second);
    // The collector stops tracking tuples of plain objects; these may be others.
    if (!plain_ && !PyObject_GC_IsTracked(pair_)) PyObject_GC_Track(pair_);
    return pair_;
  }
#endif
  PyObject* pair = PyTuple_New(2);
  if (pair == nullptr) {
    Py_DECREF(first);
    Py_DECREF(second);
    return nullptr;
  }
  PyTuple_SET_ITEM(pair, 0, first);
  PyTuple_SET_ITEM(pair, 1, second);
#ifndef Py_GIL_DISABLED
  Py_XDECREF(std::exchange(pair_, Py_NewRef(pair)));
#endif
  return pair;
}

namespace {

PyObject* iterate(PyObject* self) noexcept { return Py_NewRef(self); }

PyObject* step(PyObject* self) noexcept {
  return slot<PyObject*>(nullptr, [&]() -> PyObject* {
    RecordIterator* iterator = self_of<RecordIterator>(self);
    if (iterator == nullptr) return nullptr;
    const Critical locked(self);
    return iterator->next();
  });
}

}  // namespace

void bind_record_iterator(py::module_& module) {
  py::class_<RecordIterator>(module, "RecordIterator", py::is_final(),
                             with_slots([](PyHeapTypeObject* type) {
                               type->ht_type.tp_iter = iterate;
                               type->ht_type.tp_iternext = step;
                             }),
                             "Iterator over the records of a table.\n\n"
                             "Reads some hundred records at a time. Ends with RuntimeError when "
                             "the table is changed meanwhile,\nand with ClosedError when its "
                             "transaction is over.");
}

}  // namespace rdb::python
