#include "table.hpp"

#include "batch.hpp"
#include "cursor.hpp"
#include "interrupt.hpp"
#include "multimap.hpp"
#include "records.hpp"
#include "scan.hpp"
#include "value.hpp"

namespace rdb::python {
namespace {

// Most values fit; larger ones are asked for a second time, straight into their bytes object.
constexpr size_t kInlineValueBytes = 512;

PyObject* subscript(PyObject* self, PyObject* key) noexcept {
  return slot<PyObject*>(nullptr, [&]() -> PyObject* {
    const Table* table = self_of<Table>(self);
    if (table == nullptr) return nullptr;
    py::object found = table->find(key);
    if (found.ptr() == nullptr) [[unlikely]]
      PyErr_SetObject(PyExc_KeyError, key);
    return found.release().ptr();
  });
}

int contains(PyObject* self, PyObject* key) noexcept {
  return slot(-1, [&] {
    const Table* table = self_of<Table>(self);
    if (table == nullptr) return -1;
    Arena arena(true);
    const rdb_slice bytes = table->key->encode(key, arena);
    const rdb_status status = use(*table->state, [&](rdb_table* handle, rdb_error* error) {
      return rdb_contains(handle, bytes, error);
    });
    return status == RDB_OK ? 1 : 0;
  });
}

Py_ssize_t length(PyObject* self) noexcept {
  return slot(Py_ssize_t{-1}, [&] {
    const Table* table = self_of<Table>(self);
    if (table == nullptr) return Py_ssize_t{-1};
    uint64_t entries = 0;
    use(*table->state, [&](rdb_table* handle, rdb_error* error) {
      return rdb_table_len(handle, &entries, error);
    });
    return static_cast<Py_ssize_t>(entries);
  });
}

PyObject* iterate(PyObject* self) noexcept {
  return slot<PyObject*>(nullptr, [&]() -> PyObject* {
    const Table* table = self_of<Table>(self);
    if (table == nullptr) return nullptr;
    return py::cast(std::make_unique<RecordIterator>(*table, Bounds{}, Part::keys, false))
        .release()
        .ptr();
  });
}

PyObject* get(PyObject* self, PyObject* const* args, Py_ssize_t count) noexcept {
  return slot<PyObject*>(nullptr, [&]() -> PyObject* {
    const Table* table = self_of<Table>(self);
    if (table == nullptr) return nullptr;
    if (count < 1 || count > 2) throw py::type_error("get() takes a key and a default");
    py::object found = table->find(args[0]);
    if (found.ptr() != nullptr) return found.release().ptr();
    return Py_NewRef(count == 2 ? args[1] : Py_None);
  });
}

PyMethodDef kMethods[] = {
    {"get", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(get)), METH_FASTCALL,
     "get($self, key, default=None, /)\n--\n\nThe value of key, or default when it is not there."},
    {nullptr, nullptr, 0, nullptr},
};

void put_slots(PyHeapTypeObject* type) {
  type->as_mapping.mp_subscript = subscript;
  type->as_mapping.mp_length = length;
  type->as_sequence.sq_contains = contains;
  type->ht_type.tp_iter = iterate;
  type->ht_type.tp_methods = kMethods;
}

// Under the gate the names are copied: they belong to the table.
TableInfo info_of(TableState& state) {
  TableInfo copy;
  use(state, [&](rdb_table* handle, rdb_error* error) {
    rdb_table_info info = RDB_TABLE_INFO_INIT;
    const rdb_status status = rdb_table_describe(handle, &info, error);
    if (status == RDB_OK) copy = rdb::detail::to_table_info(info);
    return status;
  });
  return copy;
}

py::object pin(const Table& table, const py::object& key) {
  Arena arena(true);
  py::object found = table.pin_encoded(table.key->encode(key.ptr(), arena));
  if (found.ptr() == nullptr) {
    PyErr_SetObject(PyExc_KeyError, key.ptr());
    throw py::error_already_set();
  }
  return found;
}

// The record at one end of the table, as a pair; None when it is empty.
py::object record_at(const Table& table, bool last) {
  RecordIterator iterator(table, {}, Part::items, last);
  PyObject* pair = iterator.next();
  if (pair == nullptr) {
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    return py::none();
  }
  return py::reinterpret_steal<py::object>(pair);
}

}  // namespace

py::object describe_table(const Table& table) { return make_table_info(info_of(*table.state)); }

py::object table_stats(const Table& table, const py::object& cancel) {
  rdb_table_stats_info info = RDB_TABLE_STATS_INFO_INIT;
  table.state->parent->mark.check();
  interruptible(cancel, [&](const Cancel* stop) {
    enter(*table.state, [&](rdb_table* walked, rdb_error* error) {
      return rdb_table_stats(walked, rdb::detail::get(stop), &info, error);
    });
  });
  return make_table_stats(info);
}

void close_table(const Table& table) {
  TableState& state = *table.state;
  state.parent->mark.check();
  if (state.parent->lent_here()) throw_lent();
  const Owning owning(state.parent->gate);  // of a reader too: other threads may be using it
  // Nothing is lost when this fails: the release itself always happens.
  rdb_table_close(std::exchange(state.handle, nullptr), nullptr);
}

namespace {

template <class Reader, class Writer>
py::object wrap(Table table) {
  const auto made = [&](auto of_kind) {
    static_cast<Table&>(*of_kind) = std::move(table);
    return py::cast(std::move(of_kind));
  };
  if (table.state->parent->writer) return made(std::make_unique<Writer>());
  return made(std::make_unique<Reader>());
}

py::object wrap_multimap(Table pairs) {
  if (pairs.state->parent->writer) {
    auto writable = std::make_unique<WriteMultimap>();
    writable->pairs = std::move(pairs);
    return py::cast(std::move(writable));
  }
  auto multimap = std::make_unique<Multimap>();
  multimap->pairs = std::move(pairs);
  return py::cast(std::move(multimap));
}

// One open table per name in a writer: the library opens each once only.
template <class Open>
std::shared_ptr<TableState> open_state(const std::shared_ptr<TransactionState>& transaction,
                                       const std::string& name, bool expiring, Open&& open) {
  if (transaction->writer) {
    const std::lock_guard lock(transaction->tables_guard);
    const auto found = transaction->tables.find(name);
    if (found != transaction->tables.end()) {
      std::shared_ptr<TableState> open_one = found->second.lock();
      if (open_one != nullptr && open_one->handle != nullptr) {
        if (open_one->expiring == expiring) return open_one;
        throw TableError(RDB_ERR_TABLE_OPEN,
                         "table " + name +
                             (expiring ? " is open as one without expiry"
                                       : " is open as one whose values expire"));
      }
    }
  }
  rdb_table* opened = nullptr;
  use(*transaction, [&](rdb_txn* txn, rdb_error* error) {
    return open(txn, rdb_slice{name.data(), name.size()}, &opened, error);
  });
  auto state = std::make_shared<TableState>(transaction, opened, expiring);
  if (transaction->writer) {
    const std::lock_guard lock(transaction->tables_guard);
    transaction->tables[name] = state;
  }
  return state;
}

}  // namespace

py::object Table::find(PyObject* wanted) const {
  Arena arena(true);
  return find_encoded(key->encode(wanted, arena));
}

py::object Table::pin_encoded(rdb_slice bytes) const {
  rdb_value* pinned = nullptr;
  const rdb_status status = use(*state, [&](rdb_table* handle, rdb_error* error) {
    return rdb_get_pin(handle, bytes, &pinned, error);
  });
  if (status == RDB_NOT_FOUND) return {};
  Value owned(pinned);
  return py::cast(std::move(owned));
}

py::object Table::find_encoded(rdb_slice bytes) const {
  if (buffers) return pin_encoded(bytes);
  std::byte small[kInlineValueBytes];
  size_t size = 0;
  PyObject* large = nullptr;  // a bytes object
  const rdb_status status = use(*state, [&](rdb_table* handle, rdb_error* error) -> rdb_status {
    const rdb_status first = rdb_get_into(handle, bytes, small, sizeof small, &size, error);
    if (first != RDB_MORE) [[likely]]
      return first;
    large = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (large == nullptr) return RDB_MORE;
    return rdb_get_into(handle, bytes, PyBytes_AS_STRING(large), size, &size, error);
  });
  py::object owned = py::reinterpret_steal<py::object>(large);
  if (status == RDB_NOT_FOUND) return {};
  if (status == RDB_MORE) throw py::error_already_set();  // MemoryError
  if (large == nullptr) return stolen(value->decode({small, size}));
  if (value->kind() == Codec::Kind::bytes) return owned;
  return stolen(value->decode({PyBytes_AS_STRING(large), size}));
}

namespace {

// A shared one may be of the other kind.
void require_kind(const TableInfo& info, bool multimap, const std::string& name) {
  if (info.multimap == multimap) return;
  throw TableError(multimap ? RDB_ERR_TABLE_NOT_MULTIMAP : RDB_ERR_TABLE_IS_MULTIMAP,
                   "table " + name + (multimap ? " is no multimap" : " is a multimap"));
}

enum class TableForm { plain, multimap, ttl };

// The type of the values, which of a TTL table come without their expiry. The class of that type is
// not recorded; it is the one its name has by itself.
Type shown_type(const TableInfo& info, TableForm form) {
  constexpr std::string_view kMark = "ttl::";
  if (form != TableForm::ttl) return info.value_type;
  return Codec::type_of_name(info.value_type.name.substr(kMark.size()));
}

// Under the types given; function is what the library opens with.
template <class Function>
Table open_typed(const std::shared_ptr<TransactionState>& transaction, const std::string& name,
                 py::handle key, py::handle value, TableForm form, Function function) {
  auto key_codec = std::make_shared<const Codec>(Codec::from_python(key));
  auto value_codec = std::make_shared<const Codec>(Codec::from_python(value));
  const rdb_type key_type = key_codec->type();
  const rdb_type value_type = value_codec->type();
  auto state = open_state(transaction, name, form == TableForm::ttl,
                          [&](rdb_txn* txn, rdb_slice text, rdb_table** out, rdb_error* error) {
                            return function(txn, text, &key_type, &value_type, out, error);
                          });
  // A shared one may have been opened under other types, or as stored.
  const TableInfo info = info_of(*state);
  require_kind(info, form == TableForm::multimap, name);
  const bool same_value = form == TableForm::ttl
                              ? value_codec->name() == shown_type(info, form).name
                              : value_codec->is(info.value_type);
  if (!key_codec->is(info.key_type) || !same_value) {
    throw TableError(RDB_ERR_TABLE_TYPE,
                     "table " + name + " is open under other key or value types");
  }
  return {state, std::move(key_codec), std::move(value_codec), name};
}

// Under the types it is stored with; raw: as bytes.
template <class Function>
Table open_as_stored(const std::shared_ptr<TransactionState>& transaction, const std::string& name,
                     bool raw, TableForm form, Function function) {
  auto state = open_state(transaction, name, form == TableForm::ttl, function);
  const TableInfo info = info_of(*state);
  require_kind(info, form == TableForm::multimap, name);
  const auto codec = [&](const Type& type) {
    return raw ? std::make_shared<const Codec>(Codec::from_python(py::none()))
               : std::make_shared<const Codec>(type);
  };
  return {state, codec(info.key_type), codec(shown_type(info, form)), name};
}

}  // namespace

py::object open_table(const std::shared_ptr<TransactionState>& transaction, const std::string& name,
                      py::handle key, py::handle value, bool buffers) {
  Table table = open_typed(transaction, name, key, value, TableForm::plain, rdb_table_open);
  table.buffers = buffers;
  return wrap<Table, WriteTable>(std::move(table));
}

py::object open_existing_table(const std::shared_ptr<TransactionState>& transaction,
                               const std::string& name, bool buffers, bool raw) {
  Table table = open_as_stored(transaction, name, raw, TableForm::plain, rdb_table_open_raw);
  table.buffers = buffers;
  return wrap<Table, WriteTable>(std::move(table));
}

py::object open_multimap(const std::shared_ptr<TransactionState>& transaction,
                         const std::string& name, py::handle key, py::handle value) {
  return wrap_multimap(
      open_typed(transaction, name, key, value, TableForm::multimap, rdb_multimap_open));
}

py::object open_existing_multimap(const std::shared_ptr<TransactionState>& transaction,
                                  const std::string& name, bool raw) {
  return wrap_multimap(
      open_as_stored(transaction, name, raw, TableForm::multimap, rdb_multimap_open_raw));
}

py::object open_ttl_table(const std::shared_ptr<TransactionState>& transaction,
                          const std::string& name, py::handle key, py::handle value) {
  return wrap<TtlTable, WriteTtlTable>(
      open_typed(transaction, name, key, value, TableForm::ttl, rdb_ttl_open));
}

py::object open_existing_ttl_table(const std::shared_ptr<TransactionState>& transaction,
                                   const std::string& name, bool raw) {
  return wrap<TtlTable, WriteTtlTable>(
      open_as_stored(transaction, name, raw, TableForm::ttl, rdb_ttl_open_raw));
}

void bind_table(py::module_& module) {
  py::class_<Table>(
      module, "Table", with_slots(put_slots),
      "A table as one transaction sees it: a Mapping in key order.\n\n"
      "Transaction.table makes it. Iterating while the table is changed raises RuntimeError, as "
      "with dict.")
      .def(
          "keys", [](const Table& table) { return scan_all(table, Part::keys); },
          "All keys, in order.")
      .def(
          "values", [](const Table& table) { return scan_all(table, Part::values); },
          "All values, in key order.")
      .def(
          "items", [](const Table& table) { return scan_all(table, Part::items); },
          "All records as (key, value), in key order.")
      .def("range", scan_range, py::arg("lower") = py::none(), py::arg("upper") = py::none(),
           py::kw_only(), py::arg("include_lower") = true, py::arg("include_upper") = false,
           py::arg("reverse") = false,
           "The records from lower up to and without upper, as a Scan.\n\n"
           "None: no limit. include_lower and include_upper say whether the limits belong to it; "
           "reverse reads\nfrom the upper end.")
      .def("prefix", scan_prefix, py::arg("prefix"), py::kw_only(), py::arg("reverse") = false,
           "The records whose keys begin with prefix, as a Scan.")
      .def(
          "__reversed__",
          [](const Table& table) {
            return py::cast(std::make_unique<RecordIterator>(table, Bounds{}, Part::keys, true));
          },
          "The keys from last to first.")
      .def(
          "first", [](const Table& table) { return record_at(table, false); },
          "The first record as (key, value); None when the table is empty.")
      .def(
          "last", [](const Table& table) { return record_at(table, true); },
          "The last record as (key, value); None when the table is empty.")
      .def("pin", pin, py::arg("key"),
           "The value of key as an rdb.Value, without a copy; KeyError when it is not there.")
      .def(
          "cursor", [](const Table& table) { return std::make_unique<Cursor>(table); },
          "A position in the table, to be moved by hand.")
      .def("get_batch", get_batch, py::arg("keys"), py::arg("default") = py::none(), py::kw_only(),
           py::arg("out") = py::none(),
           "The values of many keys at once.\n\n"
           "keys is an iterable of keys, or an array or buffer with one key a row. Returns a list "
           "with default\nwhere a key is not there. With out, a writable array or buffer with one "
           "row a key, the values are\nwritten there instead (missing ones leave their row as it "
           "is), and a bytearray is returned that has 1\nfor each key that was there and else 0.")
      .def("describe", describe_table, "What the catalog knows of the table, as a TableInfo.")
      .def("stats", table_stats, py::kw_only(), py::arg("cancel") = py::none(),
           "Walks the whole table for its figures, as a TableStats.")
      .def(
          "__arrow_c_schema__",
          [](const py::object& self) { return self.attr("items")().attr("__arrow_c_schema__")(); },
          "The records' Arrow schema, as a capsule.")
      .def(
          "__arrow_c_stream__",
          [](const py::object& self, const py::object& requested) {
            return self.attr("items")().attr("__arrow_c_stream__")(requested);
          },
          py::arg("requested_schema") = py::none(), "All records as an Arrow stream, in a capsule.")
      .def("close", close_table,
           "Releases the table, which renaming and deleting it need; its changes stay.\n\n"
           "Otherwise not needed. The object cannot be used afterwards.")
      .def_property_readonly(
          "name", [](const Table& table) { return table.name; }, "The table's name.")
      .def("__repr__", [](const py::object& self) {
        return "<rdb." + self.attr("__class__").attr("__name__").cast<std::string>() + " " +
               py::repr(self.attr("name")).cast<std::string>() + ">";
      });
}

}  // namespace rdb::python
