// ttl.cpp: rdb.TtlTable and rdb.WriteTtlTable, tables whose values expire.
#include "ttl.hpp"

#include <cmath>

#include "batch.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "table.hpp"

namespace rdb::python {
namespace {

constexpr double kMillisecondsPerSecond = 1000;
constexpr double kBeyond = 18446744073709551616.0;  // 2^64

rdb_slice encoded(const Table& table, const py::object& key, Arena& arena) {
  return table.key->encode(key.ptr(), arena);
}

[[noreturn]] void throw_key_error(const py::object& key) {
  PyErr_SetObject(PyExc_KeyError, key.ptr());
  throw py::error_already_set();
}

py::object expiry(const Table& table, const py::object& key) {
  Arena arena(true);
  const rdb_slice bytes = encoded(table, key, arena);
  uint64_t moment = 0;
  const rdb_status status = use(*table.state, [&](rdb_table* handle, rdb_error* error) {
    return rdb_ttl_expiry(handle, bytes, &moment, error);
  });
  if (status != RDB_OK) throw_key_error(key);
  return moment_object(moment);
}

uint64_t live_count(const Table& table, const py::object& cancel) {
  uint64_t count = 0;
  table.state->parent->mark.check();
  interruptible(cancel, [&](const Cancel* stop) {
    enter(*table.state, [&](rdb_table* handle, rdb_error* error) {
      return rdb_ttl_live_count(handle, rdb::detail::get(stop), &count, error);
    });
  });
  return count;
}

// Puts one record; whether it was stored.
bool put_for(const Table& table, const py::object& key, const py::object& value,
             const py::object& ttl, const std::string& mode) {
  const uint64_t flags = mode_flags(mode);
  const uint64_t ttl_ms = parse_ttl(ttl);
  Arena arena(true);
  const rdb_slice key_bytes = encoded(table, key, arena);
  const rdb_slice value_bytes = table.value->encode(value.ptr(), arena);
  return use(*table.state, [&](rdb_table* handle, rdb_error* error) {
           note_change(*table.state);
           return rdb_ttl_put(handle, key_bytes, value_bytes, ttl_ms, flags, error);
         }) == RDB_OK;
}

bool touch(const Table& table, const py::object& key, const py::object& ttl) {
  const uint64_t ttl_ms = parse_ttl(ttl);
  Arena arena(true);
  const rdb_slice bytes = encoded(table, key, arena);
  return use(*table.state, [&](rdb_table* handle, rdb_error* error) {
           note_change(*table.state);
           return rdb_ttl_touch(handle, bytes, ttl_ms, error);
         }) == RDB_OK;
}

py::object default_ttl(const Table& table) {
  uint64_t ttl_ms = 0;
  use(*table.state,
      [&](rdb_table* handle, rdb_error* error) { return rdb_ttl_default(handle, &ttl_ms, error); });
  if (ttl_ms == RDB_TTL_NONE) return py::none();
  return py::float_(static_cast<double>(ttl_ms) / kMillisecondsPerSecond);
}

void set_default_ttl(const Table& table, const py::object& ttl) {
  const uint64_t ttl_ms = parse_ttl(ttl);
  use(*table.state, [&](rdb_table* handle, rdb_error* error) {
    return rdb_ttl_set_default(handle, ttl_ms, error);
  });
}

py::tuple purge(const Table& table, uint64_t max_records, const py::object& after,
                const py::object& cancel) {
  Arena arena(true);
  rdb_slice behind{};
  if (!after.is_none()) behind = encoded(table, after, arena);
  uint64_t examined = 0;
  uint64_t removed = 0;
  rdb_value* position = nullptr;
  table.state->parent->mark.check();
  interruptible(cancel, [&](const Cancel* stop) {
    enter(*table.state, [&](rdb_table* handle, rdb_error* error) {
      note_change(*table.state);
      return rdb_ttl_purge(handle, after.is_none() ? nullptr : &behind, max_records,
                           rdb::detail::get(stop), &examined, &removed, &position, error);
    });
  });
  py::object next = py::none();
  if (position != nullptr) {
    const Value owned(position);
    next = stolen(table.key->decode(owned.bytes().slice()));
  }
  return py::make_tuple(examined, removed, next);
}

}  // namespace

uint64_t parse_ttl(const py::object& ttl) {
  if (ttl.is_none()) return RDB_TTL_NONE;
  const py::object seconds = py::hasattr(ttl, "total_seconds") ? ttl.attr("total_seconds")() : ttl;
  if (!PyFloat_Check(seconds.ptr()) && !PyLong_Check(seconds.ptr())) {
    throw py::type_error("a lifetime is a number of seconds, a timedelta, or None");
  }
  const double milliseconds = std::round(seconds.cast<double>() * kMillisecondsPerSecond);
  if (!(milliseconds >= 0)) throw_invalid("a lifetime is not negative");
  // One that does not fit lasts as long as there are moments, and not for ever.
  return milliseconds < kBeyond ? static_cast<uint64_t>(milliseconds) : RDB_TTL_NONE - 1;
}

py::object moment_object(uint64_t milliseconds) {
  if (milliseconds == 0) return py::none();
  return py::float_(static_cast<double>(milliseconds) / kMillisecondsPerSecond);
}

void bind_ttl(py::module_& module) {
  py::class_<TtlTable, Table>(
      module, "TtlTable", py::is_final(), made_here(),
      "A table whose values expire, as a reader sees it: what has expired is not there.\n\n"
      "Transaction.ttl_table makes it. len() counts also what has expired and was not purged.")
      .def("expiry", expiry, py::arg("key"),
           "When the value of key expires: seconds since 1970 began, as time.time() counts them; "
           "None: never.\n\nKeyError: it is not there, or has expired.")
      .def("live_count", live_count, py::kw_only(), py::arg("cancel") = py::none(),
           "Number of records that have not expired. Reads the whole table.");
  py::class_<WriteTtlTable, WriteTable>(module, "WriteTtlTable", py::is_final(), made_here(),
                                        "A table whose values expire, as the writer sees it.\n\n"
                                        "A lifetime is a number of seconds or a timedelta; None: "
                                        "for ever. len() counts also what has "
                                        "expired\nand was not purged.")
      .def("expiry", expiry, py::arg("key"), "As TtlTable.expiry.")
      .def("live_count", live_count, py::kw_only(), py::arg("cancel") = py::none(),
           "As TtlTable.live_count.")
      .def_property("default_ttl", default_ttl, set_default_ttl,
                    "The lifetime of values that are stored without one, in seconds; None, at "
                    "first: for ever.\n\nOf the open table; not stored.")
      .def("put_for", put_for, py::arg("key"), py::arg("value"), py::arg("ttl"), py::kw_only(),
           py::arg("mode") = "put",
           "Stores a value that lives for ttl from now; mode as in put_batch. True when it was "
           "stored.")
      .def("touch", touch, py::arg("key"), py::arg("ttl"),
           "Lets the value of key live for ttl from now. False: it is not there, or has expired.")
      .def("purge", purge, py::arg("max_records") = 0, py::kw_only(), py::arg("after") = py::none(),
           py::arg("cancel") = py::none(),
           "One step of a purge: looks at max_records records (0: all) behind the key after and "
           "deletes those that\nhave expired.\n\nReturns (examined, removed, position): position "
           "is the after of the next step, None at the end. Steps\nin transactions of their own "
           "hold up nobody.");
}

}  // namespace rdb::python
