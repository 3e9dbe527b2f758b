// write_table.cpp: what a writer's table can do besides.
#include "batch.hpp"
#include "bulk.hpp"
#include "errors.hpp"
#include "merge.hpp"
#include "record_iterator.hpp"
#include "table.hpp"

namespace rdb::python {
namespace {

// Puts one record; what rdb_put answered.
rdb_status put(const Table& table, PyObject* key, PyObject* value, uint64_t flags) {
  Arena arena(true);
  const rdb_slice key_bytes = table.key->encode(key, arena);
  const rdb_slice value_bytes = table.value->encode(value, arena);
  return use(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return rdb_put(handle, key_bytes, value_bytes, flags, error);
  });
}

bool remove(const Table& table, PyObject* key) {
  Arena arena(true);
  const rdb_slice bytes = table.key->encode(key, arena);
  return use(*table.state, [&](rdb_table* handle, rdb_error* error) {
           note_change(*table.state);
           return rdb_delete(handle, bytes, error);
         }) == RDB_OK;
}

[[noreturn]] void throw_key_error(PyObject* key) {
  PyErr_SetObject(PyExc_KeyError, key);
  throw py::error_already_set();
}

int assign(PyObject* self, PyObject* key, PyObject* value) noexcept {
  return slot(-1, [&] {
    const Table* table = self_of<Table>(self);
    if (table == nullptr) return -1;
    if (value != nullptr) {
      put(*table, key, value, 0);
    } else if (!remove(*table, key)) {
      throw_key_error(key);
    }
    return 0;
  });
}

// Methods called for each record, without pybind11's dispatcher.
template <auto body>
PyObject* fast_method(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
  return slot<PyObject*>(nullptr, [&]() -> PyObject* {
    const Table* table = self_of<Table>(self);
    return table == nullptr ? nullptr : body(*table, args, count);
  });
}

template <uint64_t flags>
PyObject* put_if(const Table& table, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) throw py::type_error("takes a key and a value");
  const rdb_status status = put(table, args[0], args[1], flags);
  if constexpr (flags == 0) return Py_NewRef(Py_None);
  return PyBool_FromLong(status == RDB_OK ? 1 : 0);
}

PyObject* discard(const Table& table, PyObject* const* args, Py_ssize_t count) {
  if (count != 1) throw py::type_error("takes a key");
  return PyBool_FromLong(remove(table, args[0]) ? 1 : 0);
}

// The value of key, taken out; a null object when there is none.
py::object take(const Table& table, PyObject* key) {
  Arena arena(true);
  const rdb_slice bytes = table.key->encode(key, arena);
  rdb_value* old = nullptr;
  const rdb_status status = use(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return rdb_take(handle, bytes, &old, error);
  });
  if (status != RDB_OK) return {};
  const Value owned(old);
  return stolen(table.value->decode(owned.bytes().slice()));
}

PyObject* pop(const Table& table, PyObject* const* args, Py_ssize_t count) {
  if (count < 1 || count > 2) throw py::type_error("takes a key and a default");
  py::object found = take(table, args[0]);
  if (found.ptr() != nullptr) return found.release().ptr();
  if (count == 2) return Py_NewRef(args[1]);
  throw_key_error(args[0]);
}

PyObject* setdefault(const Table& table, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) throw py::type_error("takes a key and a default");
  const py::object found = table.find(args[0]);
  if (found.ptr() != nullptr) return Py_NewRef(found.ptr());
  put(table, args[0], args[1], 0);
  return Py_NewRef(args[1]);
}

PyObject* merge_one(const Table& table, PyObject* const* args, Py_ssize_t count) {
  if (count != 3) throw py::type_error("takes a key, an operand and an operator or function");
  merge(table, args[0], args[1], args[2]);
  return Py_NewRef(Py_None);
}

template <auto call>
constexpr PyCFunction fast() {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(fast_method<call>));
}

PyMethodDef kMethods[] = {
    {"put", nullptr, METH_FASTCALL,
     "put($self, key, value, /)\n--\n\nStores value under key, replacing what was there."},
    {"insert", nullptr, METH_FASTCALL,
     "insert($self, key, value, /)\n--\n\n"
     "Stores value under key unless it is there: True when it was stored."},
    {"replace", nullptr, METH_FASTCALL,
     "replace($self, key, value, /)\n--\n\n"
     "Stores value under key only when it is there: True when it was stored."},
    {"discard", nullptr, METH_FASTCALL,
     "discard($self, key, /)\n--\n\nDeletes key: True when it was there."},
    {"pop", nullptr, METH_FASTCALL,
     "pop($self, key, default=..., /)\n--\n\n"
     "Takes key out and returns its value; when it is not there default, or KeyError."},
    {"setdefault", nullptr, METH_FASTCALL,
     "setdefault($self, key, default, /)\n--\n\n"
     "The value of key, which becomes default when it was not there."},
    {"merge", nullptr, METH_FASTCALL,
     "merge($self, key, operand, op, /)\n--\n\n"
     "Makes the value of key anew from what is stored and operand.\n\n"
     "op: 'numeric_add', 'saturating_add', 'float_add', 'numeric_max', 'numeric_min', 'bitwise_or' "
     "or\n'bytes_append', which store the operand where the key is absent; or a function (key, "
     "existing or None,\noperand) that returns the new value, or None to delete the key. It may "
     "not "
     "use the transaction; what it\nraises passes through, and nothing changes then."},
    {nullptr, nullptr, 0, nullptr},
};

void fill_methods() {
  // reinterpret_cast is no constant expression.
  kMethods[0].ml_meth = fast<put_if<0>>();
  kMethods[1].ml_meth = fast<put_if<RDB_PUT_INSERT_ONLY>>();
  kMethods[2].ml_meth = fast<put_if<RDB_PUT_UPDATE_ONLY>>();
  kMethods[3].ml_meth = fast<discard>();
  kMethods[4].ml_meth = fast<pop>();
  kMethods[5].ml_meth = fast<setdefault>();
  kMethods[6].ml_meth = fast<merge_one>();
}

// The first or last record, taken out; a null object when the table is empty.
template <auto take>
py::object take_record(const Table& table) {
  rdb_value* key = nullptr;
  rdb_value* value = nullptr;
  const rdb_status status = use(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return take(handle, &key, &value, error);
  });
  if (status == RDB_NOT_FOUND) return {};
  const Value owned_key(key);
  const Value owned_value(value);
  return py::make_tuple(stolen(table.key->decode(owned_key.bytes().slice())),
                        stolen(table.value->decode(owned_value.bytes().slice())));
}

template <auto take>
py::object take_or_none(const Table& table) {
  py::object record = take_record<take>(table);
  return record.ptr() == nullptr ? py::none() : record;
}

py::object popitem(const Table& table) {
  py::object record = take_record<rdb_pop_last>(table);
  if (record.ptr() == nullptr) throw py::key_error("popitem(): the table is empty");
  return record;
}

void clear(const Table& table) { drain(table, {}); }

// The value that was replaced; None when there was none.
py::object exchange(const Table& table, const py::object& key, const py::object& value) {
  Arena arena(true);
  const rdb_slice key_bytes = table.key->encode(key.ptr(), arena);
  const rdb_slice value_bytes = table.value->encode(value.ptr(), arena);
  rdb_value* old = nullptr;
  use(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return rdb_exchange(handle, key_bytes, value_bytes, 0, &old, error);
  });
  if (old == nullptr) return py::none();
  const Value owned(old);
  return stolen(table.value->decode(owned.bytes().slice()));
}

bool compare_and_put(const Table& table, const py::object& key, const py::object& expected,
                     const py::object& value) {
  Arena arena(true);
  const rdb_slice key_bytes = table.key->encode(key.ptr(), arena);
  rdb_slice expected_bytes{}, value_bytes{};
  if (!expected.is_none()) expected_bytes = table.value->encode(expected.ptr(), arena);
  if (!value.is_none()) value_bytes = table.value->encode(value.ptr(), arena);
  return use(*table.state, [&](rdb_table* handle, rdb_error* error) {
           note_change(*table.state);
           return rdb_compare_and_put(handle, key_bytes,
                                      expected.is_none() ? nullptr : &expected_bytes,
                                      value.is_none() ? nullptr : &value_bytes, error);
         }) == RDB_OK;
}

void update(const Table& table, const py::object& records, const py::kwargs& named) {
  if (!records.is_none()) put_items(table, records, 0);
  if (!named.empty()) put_items(table, named, 0);
}

}  // namespace

void bind_write_table(py::module_& module) {
  fill_methods();
  py::class_<WriteTable, Table>(module, "WriteTable", with_slots([](PyHeapTypeObject* type) {
                                  type->as_mapping.mp_ass_subscript = assign;
                                  type->ht_type.tp_methods = kMethods;
                                }),
                                "A table as the writer sees it: a MutableMapping in key order.")
      .def("popitem", popitem, "Takes the last record out and returns it; KeyError when empty.")
      .def("pop_first", take_or_none<rdb_pop_first>,
           "Takes the first record out and returns it; None when the table is empty.")
      .def("pop_last", take_or_none<rdb_pop_last>,
           "Takes the last record out and returns it; None when the table is empty.")
      .def("clear", clear, "Deletes all records.")
      .def("update", update, py::arg("records") = py::none(), py::pos_only(),
           "Stores the records of a mapping, of an iterable of pairs, or of an Arrow stream, in "
           "batches.\n\n"
           "An Arrow stream is any object with __arrow_c_stream__, such as a frame of polars or a "
           "table of pyarrow;\nits two columns are called 'key' and 'value', are of the table's "
           "types "
           "and without nulls (LayoutError).\nWhat came before an error stays done.")
      .def(
          "put_batch",
          [](const WriteTable& table, const py::object& keys, const py::object& values,
             const std::string& mode) { return put_batch(table, keys, values, mode_flags(mode)); },
          py::arg("keys"), py::arg("values"), py::kw_only(), py::arg("mode") = "put",
          "Stores many records and returns how many were stored.\n\n"
          "keys and values: iterables of equal length, or arrays or buffers with one a row, which "
          "are read where\nthey lie. mode: 'put', 'insert' (passes over keys that are there) or "
          "'replace' (over those that are\nnot). What came before an error stays done.")
      .def(
          "put_items",
          [](const WriteTable& table, const py::object& records, const std::string& mode) {
            return put_items(table, records, mode_flags(mode));
          },
          py::arg("records"), py::kw_only(), py::arg("mode") = "put",
          "As update, with a mode as in put_batch; returns how many records were stored.")
      .def("exchange", exchange, py::arg("key"), py::arg("value"),
           "Stores value under key and returns what was there before; None when nothing was.")
      .def("compare_and_put", compare_and_put, py::arg("key"), py::arg("expected"),
           py::arg("value"),
           "Stores value under key if its value is expected: True when it was.\n\n"
           "expected None: the key is to be absent. value None: the key is deleted instead.")
      .def(
          "drain",
          [](const WriteTable& table, const py::object& lower, const py::object& upper,
             bool include_lower, bool include_upper) {
            return drain(table, bounds_of(table, lower, upper, include_lower, include_upper));
          },
          py::arg("lower") = py::none(), py::arg("upper") = py::none(), py::kw_only(),
          py::arg("include_lower") = true, py::arg("include_upper") = false,
          "Deletes the records of a range, as Table.range takes it, and returns how many.")
      .def(
          "retain",
          [](const WriteTable& table, const py::object& keep, const py::object& lower,
             const py::object& upper, bool include_lower, bool include_upper) {
            return retain(table, bounds_of(table, lower, upper, include_lower, include_upper),
                          keep);
          },
          py::arg("keep"), py::arg("lower") = py::none(), py::arg("upper") = py::none(),
          py::kw_only(), py::arg("include_lower") = true, py::arg("include_upper") = false,
          "Deletes the records of a range for which keep(key, value) is false, and returns how "
          "many.\n\nkeep may not use the transaction; what it raises passes through, and nothing "
          "changes then.")
      .def(
          "extract",
          [](const WriteTable& table, const py::object& lower, const py::object& upper,
             bool include_lower, bool include_upper, bool reverse, py::object where) {
            return std::make_unique<Extraction>(
                table, bounds_of(table, lower, upper, include_lower, include_upper), reverse,
                std::move(where));
          },
          py::arg("lower") = py::none(), py::arg("upper") = py::none(), py::kw_only(),
          py::arg("include_lower") = true, py::arg("include_upper") = false,
          py::arg("reverse") = false, py::arg("where") = py::none(),
          "An iterator over the records of a range that takes each out of the table as it returns "
          "it.\n\nwhere(key, value): only those for which it is true.")
      .def(
          "merge_batch",
          [](const WriteTable& table, const py::object& keys, const py::object& operands,
             const py::object& op) { merge_batch(table, keys, operands, op); },
          py::arg("keys"), py::arg("operands"), py::arg("op"),
          "Merges many operands, in their order; a key may occur many times.\n\n"
          "keys and operands as in put_batch, op as in merge. Before an error everything is done, "
          "behind it nothing.")
      .def(
          "merge_items",
          [](const WriteTable& table, const py::object& records, const py::object& op) {
            merge_items(table, records, op);
          },
          py::arg("records"), py::arg("op"),
          "As merge_batch for a mapping, or an iterable of pairs of key and operand.")
      .def(
          "delete_batch",
          [](const WriteTable& table, const py::object& keys) { return delete_batch(table, keys); },
          py::arg("keys"), "Deletes many keys and returns how many were there.");
}

}  // namespace rdb::python
