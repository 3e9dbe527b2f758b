#include "multimap.hpp"

#include "batch.hpp"
#include "cursor.hpp"
#include "errors.hpp"
#include "scan.hpp"

namespace rdb::python {
namespace {

// Calls function(handle, key, value, error) for a pair.
template <class Function>
rdb_status with_pair(const Multimap& multimap, const py::object& key, const py::object& value,
                     Function&& function) {
  const Table& pairs = multimap.pairs;
  Arena arena(true);
  const rdb_slice key_bytes = pairs.key->encode(key.ptr(), arena);
  const rdb_slice value_bytes = pairs.value->encode(value.ptr(), arena);
  return use(*pairs.state, [&](rdb_table* handle, rdb_error* error) {
    return function(handle, key_bytes, value_bytes, error);
  });
}

template <class Function>
rdb_status with_key(const Multimap& multimap, const py::object& key, Function&& function) {
  const Table& pairs = multimap.pairs;
  Arena arena(true);
  const rdb_slice bytes = pairs.key->encode(key.ptr(), arena);
  return use(*pairs.state,
             [&](rdb_table* handle, rdb_error* error) { return function(handle, bytes, error); });
}

bool contains(const Multimap& multimap, const py::object& key) {
  return with_key(multimap, key, [](rdb_table* handle, rdb_slice bytes, rdb_error* error) {
           return rdb_contains(handle, bytes, error);
         }) == RDB_OK;
}

bool has(const Multimap& multimap, const py::object& key, const py::object& value) {
  return with_pair(multimap, key, value, rdb_multimap_contains) == RDB_OK;
}

uint64_t count(const Multimap& multimap, const py::object& key) {
  uint64_t values = 0;
  with_key(multimap, key, [&](rdb_table* handle, rdb_slice bytes, rdb_error* error) {
    return rdb_multimap_value_count(handle, bytes, &values, error);
  });
  return values;
}

template <auto function>
uint64_t figure(const Multimap& multimap) {
  uint64_t number = 0;
  use(*multimap.pairs.state,
      [&](rdb_table* handle, rdb_error* error) { return function(handle, &number, error); });
  return number;
}

// What rdb/_multimap.py makes of a multimap.
py::object companion(const char* name) { return py::module_::import("rdb._multimap").attr(name); }

py::object value_set(const py::object& self, const py::object& key) {
  return companion("ValueSet")(self, key);
}

py::object subscript(const py::object& self, const py::object& key) {
  if (contains(self.cast<const Multimap&>(), key)) return value_set(self, key);
  PyErr_SetObject(PyExc_KeyError, key.ptr());
  throw py::error_already_set();
}

py::object get(const py::object& self, const py::object& key, const py::object& otherwise) {
  return contains(self.cast<const Multimap&>(), key) ? value_set(self, key) : otherwise;
}

// The values of one key, from either end.
py::object values_of(const Multimap& multimap, const py::object& key, bool reverse) {
  const py::object pairs = scan_range(multimap.pairs, key, key, true, true, reverse);
  return pairs.attr("only_values")();
}

bool add(const Multimap& multimap, const py::object& key, const py::object& value) {
  return with_pair(multimap, key, value,
                   [&](rdb_table* handle, rdb_slice k, rdb_slice v, rdb_error* error) {
                     note_change(*multimap.pairs.state);
                     return rdb_put(handle, k, v, 0, error);
                   }) == RDB_OK;
}

bool discard(const Multimap& multimap, const py::object& key, const py::object& value) {
  return with_pair(multimap, key, value,
                   [&](rdb_table* handle, rdb_slice k, rdb_slice v, rdb_error* error) {
                     note_change(*multimap.pairs.state);
                     return rdb_multimap_delete(handle, k, v, error);
                   }) == RDB_OK;
}

bool discard_key(const Multimap& multimap, const py::object& key) {
  return with_key(multimap, key, [&](rdb_table* handle, rdb_slice bytes, rdb_error* error) {
           note_change(*multimap.pairs.state);
           return rdb_delete(handle, bytes, error);
         }) == RDB_OK;
}

void delete_key(const Multimap& multimap, const py::object& key) {
  if (discard_key(multimap, key)) return;
  PyErr_SetObject(PyExc_KeyError, key.ptr());
  throw py::error_already_set();
}

uint64_t drain(const Multimap& multimap, const py::object& lower, const py::object& upper,
               bool include_lower, bool include_upper) {
  const Bounds bounds = bounds_of(multimap.pairs, lower, upper, include_lower, include_upper);
  uint64_t keys = 0;
  use_unlocked(*multimap.pairs.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*multimap.pairs.state);
    const rdb_range range = bounds.range();
    return rdb_multimap_drain(handle, &range, &keys, error);
  });
  return keys;
}

}  // namespace

void bind_multimap(py::module_& module) {
  py::class_<Multimap>(
      module, "Multimap", made_here(),
      "A multimap as one transaction sees it: a Mapping from each key to the set of its values.\n\n"
      "Transaction.multimap makes it. Keys are in order, and so are the values of each; len() "
      "counts keys.\nIterating while the multimap is changed raises RuntimeError.")
      .def("__getitem__", subscript, "The values of key, as a ValueSet; KeyError when it has none.")
      .def("get", get, py::arg("key"), py::arg("default") = py::none(), py::pos_only(),
           "The values of key, as a ValueSet, or default when it has none.")
      .def("__contains__", contains, "Whether key has a value.")
      .def("__len__", figure<rdb_multimap_key_count>, "Number of keys.")
      .def(
          "__iter__", [](const py::object& self) { return companion("iterate_keys")(self, false); },
          "The keys, in order.")
      .def(
          "__reversed__",
          [](const py::object& self) { return companion("iterate_keys")(self, true); },
          "The keys from last to first.")
      .def(
          "keys", [](const py::object& self) { return companion("KeysView")(self); },
          "The keys, as a view.")
      .def(
          "values", [](const py::object& self) { return companion("ValuesView")(self); },
          "The ValueSet of each key, as a view.")
      .def(
          "items", [](const py::object& self) { return companion("ItemsView")(self); },
          "Each key with its ValueSet, as a view.")
      .def("has", has, py::arg("key"), py::arg("value"), "Whether value is one of key's.")
      .def("count", count, py::arg("key"), "Number of key's values, which are not read.")
      .def("pair_count", figure<rdb_table_len>, "Number of values over all keys.")
      .def("values_of", values_of, py::arg("key"), py::kw_only(), py::arg("reverse") = false,
           "The values of key, as a Scan.")
      .def(
          "pairs", [](const Multimap& self) { return scan_all(self.pairs, Part::items); },
          "Every value with its key, as a Scan of (key, value).")
      .def(
          "range",
          [](const Multimap& self, const py::object& lower, const py::object& upper,
             bool include_lower, bool include_upper, bool reverse) {
            return scan_range(self.pairs, lower, upper, include_lower, include_upper, reverse);
          },
          py::arg("lower") = py::none(), py::arg("upper") = py::none(), py::kw_only(),
          py::arg("include_lower") = true, py::arg("include_upper") = false,
          py::arg("reverse") = false,
          "The pairs whose keys are in a range, as a Scan; arguments as of Table.range.")
      .def(
          "prefix",
          [](const Multimap& self, const py::object& prefix, bool reverse) {
            return scan_prefix(self.pairs, prefix, reverse);
          },
          py::arg("prefix"), py::kw_only(), py::arg("reverse") = false,
          "The pairs whose keys begin with prefix, as a Scan.")
      .def(
          "cursor",
          [](const Multimap& self) { return std::make_unique<MultimapCursor>(self.pairs); },
          "A position among the pairs, to be moved by hand.")
      .def(
          "describe", [](const Multimap& self) { return describe_table(self.pairs); },
          "What the catalog knows of the multimap, as a TableInfo.")
      .def(
          "stats",
          [](const Multimap& self, const py::object& cancel) {
            return table_stats(self.pairs, cancel);
          },
          py::kw_only(), py::arg("cancel") = py::none(),
          "Walks the whole multimap for its figures, as a TableStats.")
      .def(
          "close", [](const Multimap& self) { close_table(self.pairs); },
          "Releases the multimap. A second time is fine.")
      .def_property_readonly(
          "name", [](const Multimap& self) { return py::str(self.pairs.name); },
          "The multimap's name.")
      .def("__repr__", [](const py::object& self) {
        return "<rdb." + self.attr("__class__").attr("__name__").cast<std::string>() + " " +
               py::repr(self.attr("name")).cast<std::string>() + ">";
      });
  py::class_<WriteMultimap, Multimap>(module, "WriteMultimap", py::is_final(), made_here(),
                                      "A multimap as the writer sees it.")
      .def("add", add, py::arg("key"), py::arg("value"), py::pos_only(),
           "Adds value to those of key: True when it was new.")
      .def("discard", discard, py::arg("key"), py::arg("value"), py::pos_only(),
           "Takes value from those of key: True when it was there.")
      .def("discard_key", discard_key, py::arg("key"), py::pos_only(),
           "Deletes key with all its values: True when it had one.")
      .def("__delitem__", delete_key, "Deletes key with all its values; KeyError when it has none.")
      .def(
          "update",
          [](const WriteMultimap& self, const py::object& pairs) {
            return put_items(self.pairs, pairs, 0);
          },
          py::arg("pairs"), py::pos_only(),
          "Adds the pairs of an iterable of (key, value), in batches; returns how many were "
          "new.\n\n"
          "What came before an error stays done.")
      .def(
          "discard_batch",
          [](const WriteMultimap& self, const py::object& pairs) {
            return delete_items(self.pairs, pairs);
          },
          py::arg("pairs"), py::pos_only(), "Takes many pairs out; returns how many were there.")
      .def("drain", drain, py::arg("lower") = py::none(), py::arg("upper") = py::none(),
           py::kw_only(), py::arg("include_lower") = true, py::arg("include_upper") = false,
           "Deletes all keys of a range with their values; returns how many keys that were.")
      .def(
          "clear",
          [](const WriteMultimap& self) { drain(self, py::none(), py::none(), true, false); },
          "Deletes everything.");
}

}  // namespace rdb::python
