#include "cursor.hpp"

#include <array>
#include <string>

#include "errors.hpp"
#include "ttl.hpp"

namespace rdb::python {
namespace {

struct Record {
  std::string key;
  std::string value;

  void assign(rdb_slice key_bytes, rdb_slice value_bytes) {
    key.assign(static_cast<const char*>(key_bytes.data), key_bytes.size);
    value.assign(static_cast<const char*>(value_bytes.data), value_bytes.size);
  }
};

py::object decode(const Table& table, const Record& record) {
  return py::make_tuple(stolen(table.key->decode({record.key.data(), record.key.size()})),
                        stolen(table.value->decode({record.value.data(), record.value.size()})));
}

template <auto move>
py::object moved(const Cursor& cursor) {
  return cursor.arrive([](rdb_cursor* handle, rdb_slice* key, rdb_slice* value, rdb_error* error) {
    return move(handle, key, value, error);
  });
}

template <auto seek>
py::object sought(const Cursor& cursor, const py::object& target) {
  Arena arena(true);
  const rdb_slice bytes = cursor.table().key->encode(target.ptr(), arena);
  return cursor.arrive(
      [bytes](rdb_cursor* handle, rdb_slice* key, rdb_slice* value, rdb_error* error) {
        return seek(handle, bytes, key, value, error);
      });
}

}  // namespace

Cursor::Cursor(const Table& table) : table_(table) {
  use(*table_.state, [&](rdb_table* handle, rdb_error* error) {
    return rdb_cursor_open(handle, &cursor_, error);
  });
}

Cursor::~Cursor() { close(); }

void Cursor::close() noexcept {
  const bool forked = table_.state->parent->mark.forked();
  if (!forked) gate_.own();
  rdb_cursor* closed = std::exchange(cursor_, nullptr);
  if (!forked) gate_.disown();
  close_cursor(*table_.state->parent, closed);
}

// The cursor's own gate first: a reader's gate admits several threads, its cursor only one.
template <class Body>
rdb_status Cursor::call(Body&& body) const {
  TransactionState& transaction = *table_.state->parent;
  transaction.mark.check();
  const Owning owning(gate_);
  return enter(transaction, [&](rdb_txn*, rdb_error* error) {
    if (cursor_ == nullptr) throw_closed("the cursor is closed");
    return body(cursor_, error);
  });
}

template <class MoveCall>
py::object Cursor::arrive(MoveCall&& move) const {
  Record record;
  const rdb_status status = call([&](rdb_cursor* cursor, rdb_error* error) {
    rdb_slice key, value;
    const rdb_status outcome = move(cursor, &key, &value, error);
    if (outcome == RDB_OK) record.assign(key, value);
    return outcome;
  });
  return status == RDB_OK ? decode(table_, record) : py::none();
}

void Cursor::set_range(const py::object& lower, const py::object& upper, bool include_lower,
                       bool include_upper) {
  Arena arena(true);
  rdb_range range{};
  if (!lower.is_none()) {
    range.lower = table_.key->encode(lower.ptr(), arena);
    range.lower_bound = include_lower ? RDB_BOUND_INCLUDED : RDB_BOUND_EXCLUDED;
  }
  if (!upper.is_none()) {
    range.upper = table_.key->encode(upper.ptr(), arena);
    range.upper_bound = include_upper ? RDB_BOUND_INCLUDED : RDB_BOUND_EXCLUDED;
  }
  call([&](rdb_cursor* cursor, rdb_error* error) {
    return rdb_cursor_set_range(cursor, &range, error);
  });
}

// From a record whose value does not decode to the one before it, which a batch has handed out.
static bool step_off(rdb_cursor* cursor) {
  rdb_slice key;
  return rdb_cursor_get(cursor, &key, nullptr, nullptr) == RDB_OK &&
         rdb_cursor_prev(cursor, nullptr, nullptr, nullptr) == RDB_OK;
}

py::list Cursor::next_batch(size_t count) const {
  std::vector<Record> records;
  bool more = true;
  while (more && records.size() < count) {
    std::array<rdb_slice, 64> keys, values;
    const size_t wanted = std::min(keys.size(), count - records.size());
    more = call([&](rdb_cursor* cursor, rdb_error* error) {
             size_t filled = 0;
             const rdb_status status =
                 rdb_cursor_next_batch(cursor, keys.data(), values.data(), wanted, &filled, error);
             if (status < 0 && !records.empty() && step_off(cursor)) return RDB_END;
             for (size_t i = 0; status == RDB_OK && i < filled; ++i) {
               records.emplace_back().assign(keys[i], values[i]);
             }
             return status;
           }) == RDB_OK;
  }
  py::list pairs;
  for (const Record& record : records) pairs.append(decode(table_, record));
  return pairs;
}

bool Cursor::erase() const {
  return call([&](rdb_cursor* cursor, rdb_error* error) {
           note_change(*table_.state);
           return rdb_cursor_delete(cursor, error);
         }) == RDB_OK;
}

bool Cursor::put(const py::object& value) const {
  Arena arena(true);
  const rdb_slice bytes = table_.value->encode(value.ptr(), arena);
  return call([&](rdb_cursor* cursor, rdb_error* error) {
           note_change(*table_.state);
           return rdb_cursor_put(cursor, bytes, error);
         }) == RDB_OK;
}

py::object Cursor::expiry() const {
  uint64_t expiry = 0;
  const rdb_status status = call([&](rdb_cursor* cursor, rdb_error* error) {
    return rdb_cursor_expiry(cursor, &expiry, error);
  });
  if (status != RDB_OK) {
    PyErr_SetString(PyExc_LookupError, "the cursor stands on no record");
    throw py::error_already_set();
  }
  return moment_object(expiry);
}

template <class MoveCall>
py::object MultimapCursor::arrive_at_value(MoveCall&& move) const {
  return arrive([&](rdb_cursor* cursor, rdb_slice* key, rdb_slice* value, rdb_error* error) {
    const rdb_status status = move(cursor, nullptr, error);
    return status == RDB_OK ? rdb_cursor_get(cursor, key, value, error) : status;
  });
}

uint64_t MultimapCursor::value_count() const {
  uint64_t count = 0;
  call([&](rdb_cursor* cursor, rdb_error* error) {
    return rdb_cursor_value_count(cursor, &count, error);
  });
  return count;
}

namespace {

template <auto move>
py::object moved_to_value(const MultimapCursor& cursor) {
  return cursor.arrive_at_value([](rdb_cursor* handle, rdb_slice* value, rdb_error* error) {
    return move(handle, value, error);
  });
}

py::object sought_pair(const MultimapCursor& cursor, const py::object& key,
                       const py::object& value) {
  Arena arena(true);
  const rdb_slice key_bytes = cursor.table().key->encode(key.ptr(), arena);
  const rdb_slice value_bytes = cursor.table().value->encode(value.ptr(), arena);
  return cursor.arrive(
      [&](rdb_cursor* handle, rdb_slice* found_key, rdb_slice* found_value, rdb_error* error) {
        return rdb_cursor_seek_pair(handle, key_bytes, value_bytes, found_key, found_value, error);
      });
}

}  // namespace

void bind_cursor(py::module_& module) {
  py::class_<Cursor>(
      module, "Cursor", made_here(),
      "A position in a table, moved by hand. Table.cursor makes it.\n\n"
      "Every move returns the record it arrives at as (key, value), or None when "
      "there is none. A fresh\ncursor stands before the first record. When the table "
      "is changed otherwise than through the cursor,\nit must be placed anew. After a "
      "move that could not read a page it stands before the first record.\nFor "
      "reading along, iterators are faster.")
      .def("first", moved<rdb_cursor_first>, "Goes to the first record.")
      .def("last", moved<rdb_cursor_last>, "Goes to the last record.")
      .def("next", moved<rdb_cursor_next>, "Goes to the next record.")
      .def("prev", moved<rdb_cursor_prev>, "Goes to the record before.")
      .def("get", moved<rdb_cursor_get>, "The record under the cursor.")
      .def("seek", sought<rdb_cursor_seek>, py::arg("key"),
           "Goes to the first record whose key is key or greater.")
      .def("seek_exact", sought<rdb_cursor_seek_exact>, py::arg("key"),
           "Goes to the record of key; else None, and the cursor stands where seek puts it.")
      .def("seek_le", sought<rdb_cursor_seek_le>, py::arg("key"),
           "Goes to the last record whose key is key or smaller.")
      .def("set_range", &Cursor::set_range, py::arg("lower") = py::none(),
           py::arg("upper") = py::none(), py::kw_only(), py::arg("include_lower") = true,
           py::arg("include_upper") = false,
           "Confines the cursor to a range and puts it before the first record in there.")
      .def(
          "next_batch", &Cursor::next_batch, py::arg("count"),
          "Moves over the next records and returns them as a list, shorter at the end and before a "
          "value that does\nnot decode; the next call raises for that, and the one after it goes "
          "on "
          "behind it.")
      .def("delete", &Cursor::erase,
           "Deletes the record under the cursor; False when it stands on none.\n\n"
           "It then stands between the neighbours.")
      .def("put", &Cursor::put, py::arg("value"),
           "Replaces the value of the record under the cursor, which stays on it; False when there "
           "is none.")
      .def(
          "expiry", &Cursor::expiry,
          "When the record under the cursor expires, as of TtlTable.expiry; LookupError when there "
          "is none.")
      .def("close", &Cursor::close, "Releases the cursor. A second time is fine.")
      .def(
          "__enter__", [](const py::object& self) { return self; }, "The cursor itself.")
      .def(
          "__exit__", [](Cursor& cursor, const py::args&) { cursor.close(); },
          "Releases the cursor.");
  py::class_<MultimapCursor, Cursor>(
      module, "MultimapCursor", py::is_final(), made_here(),
      "A position among the pairs of a multimap. Multimap.cursor makes it.\n\n"
      "next and prev go from value to value and on to the next key; seek and seek_exact go to the "
      "first\nvalue of a key, seek_le to the last.")
      .def("next_key", moved<rdb_cursor_next_key>, "Goes to the first value of the next key.")
      .def("prev_key", moved<rdb_cursor_prev_key>, "Goes to the last value of the key before.")
      .def("next_value", moved_to_value<rdb_cursor_next_value>,
           "Goes to the next value of the same key; else None, and the cursor stays.")
      .def("prev_value", moved_to_value<rdb_cursor_prev_value>,
           "Goes to the value before, of the same key; else None, and the cursor stays.")
      .def("first_value", moved_to_value<rdb_cursor_first_value>,
           "Goes to the first value of the same key.")
      .def("last_value", moved_to_value<rdb_cursor_last_value>,
           "Goes to the last value of the same key.")
      .def("seek_pair", sought_pair, py::arg("key"), py::arg("value"),
           "Goes to the first pair that does not come before (key, value).")
      .def("value_count", &MultimapCursor::value_count,
           "Number of values of the key under the cursor; 0 when it stands on no pair.");
}

}  // namespace rdb::python
