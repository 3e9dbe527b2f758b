#include "batch.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "arrow_import.hpp"
#include "rows.hpp"

namespace rdb::python {
namespace {

// Records that one other call into the library takes: enough that the call costs nothing, few
// enough that Ctrl-C is heard and memory stays small.
constexpr size_t kCallRecords = 4096;

// Encodes objects until a chunk is full, and hands chunks over with the position of their first.
class Chunk {
 public:
  Chunk(size_t columns, size_t max_records)
      : columns_(columns), max_records_(max_records), arena_(false) {}

  void add(size_t column, const Codec& codec, PyObject* object) {
    const rdb_slice bytes = codec.encode(object, arena_);
    slices_[column].push_back(bytes);
    bytes_ += bytes.size;
  }
  bool full() const noexcept { return size() >= max_records_ || bytes_ >= kChunkBytes; }
  size_t size() const noexcept { return slices_[columns_ - 1].size(); }
  const rdb_slice* column(size_t i) const noexcept { return slices_[i].data(); }
  void clear() {
    slices_[0].clear();
    slices_[1].clear();
    arena_.clear();
    bytes_ = 0;
  }

 private:
  const size_t columns_;
  const size_t max_records_;
  Arena arena_;
  std::vector<rdb_slice> slices_[2];
  size_t bytes_ = 0;
};

uint64_t store_chunk(const StoreRecords& store, const rdb_slice* keys, const rdb_slice* values,
                     size_t count, size_t first) {
  if (count == 0) return 0;
  const uint64_t stored = store(keys, values, count, first);
  ensured(PyErr_CheckSignals());
  return stored;
}

StoreRecords putting(const Table& table, uint64_t flags) {
  return
      [&table, flags](const rdb_slice* keys, const rdb_slice* values, size_t count, size_t first) {
        return put_chunk(table, keys, values, count, flags, first);
      };
}

uint64_t delete_chunk(const Table& table, const rdb_slice* keys, size_t count, size_t first) {
  if (count == 0) return 0;
  uint64_t deleted = 0;
  use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return moved(rdb_delete_batch(handle, keys, count, &deleted, error), error, first);
  });
  ensured(PyErr_CheckSignals());
  return deleted;
}

// Calls use(object) for each object of an iterable.
template <class Use>
void for_each(py::handle iterable, Use&& use_one) {
  const py::object iterator = stolen(PyObject_GetIter(iterable.ptr()));
  while (PyObject* next = PyIter_Next(iterator.ptr())) {
    const py::object item = py::reinterpret_steal<py::object>(next);
    use_one(item);
  }
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
}

// Both parts of a pair; new references.
std::pair<py::object, py::object> take_apart(const py::object& pair) {
  if (PyTuple_CheckExact(pair.ptr()) && PyTuple_GET_SIZE(pair.ptr()) == 2) [[likely]] {
    return {py::reinterpret_borrow<py::object>(PyTuple_GET_ITEM(pair.ptr(), 0)),
            py::reinterpret_borrow<py::object>(PyTuple_GET_ITEM(pair.ptr(), 1))};
  }
  const py::object parts = stolen(PySequence_Tuple(pair.ptr()));
  if (PyTuple_GET_SIZE(parts.ptr()) != 2) {
    throw py::value_error("a record is a pair of key and value");
  }
  return take_apart(parts);
}

// One chunk of rows as slices.
void slices_of(const Rows& rows, size_t first, size_t count, std::vector<rdb_slice>& out) {
  out.resize(count);
  for (size_t i = 0; i < count; ++i) out[i] = rows[first + i];
}

// Visits keys given as rows or as an iterable, up to max_records at once: use(slices, count,
// first).
template <class Use>
void for_each_chunk(const Codec& codec, const py::object& keys, size_t max_records,
                    Use&& use_chunk) {
  if (const std::optional<Rows> rows = Rows::of(keys, codec)) {
    std::vector<rdb_slice> slices;
    for (size_t first = 0; first < rows->size(); first += slices.size()) {
      slices_of(*rows, first, std::min(max_records, rows->size() - first), slices);
      use_chunk(slices.data(), slices.size(), first);
    }
    return;
  }
  Chunk chunk(1, max_records);
  size_t first = 0;
  const auto flush = [&] {
    use_chunk(chunk.column(0), chunk.size(), first);
    first += chunk.size();
    chunk.clear();
  };
  for_each(keys, [&](const py::object& key) {
    chunk.add(0, codec, key.ptr());
    if (chunk.full()) flush();
  });
  flush();
}

// Looks the keys of one chunk up. The answers belong to result, not to the transaction.
void look_up(const Table& table, const rdb_slice* keys, size_t count, size_t first,
             const Result& result) {
  use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
    return moved(rdb_get_batch(handle, keys, count, result.get(), error), error, first);
  });
  ensured(PyErr_CheckSignals());
}

// The rows of values for keys that are not rows: as many as there are keys.
[[noreturn]] void refuse_lengths(size_t keys, size_t values) {
  throw LayoutError(std::to_string(keys) + " keys, but " + std::to_string(values) + " values");
}

py::object get_into(const Table& table, const py::object& keys, const py::object& out,
                    const Result& result) {
  const std::optional<Rows> rows = Rows::of(out, *table.value, true);
  if (!rows) throw LayoutError("out must be a writable array or buffer");
  std::string found(rows->size(), '\0');
  size_t total = 0;
  for_each_chunk(*table.key, keys, kCallRecords,
                 [&](const rdb_slice* slices, size_t count, size_t first) {
                   if (count > rows->size() - first) refuse_lengths(first + count, rows->size());
                   look_up(table, slices, count, first, result);
                   for (size_t i = 0; i < count; ++i) {
                     const std::optional<Bytes> value = result.at(i);
                     if (!value) continue;
                     if (value->size() != rows->width()) {
                       throw LayoutError("the value of key " + std::to_string(first + i) + " has " +
                                         std::to_string(value->size()) + " bytes, a row of out " +
                                         std::to_string(rows->width()));
                     }
                     std::memcpy(rows->start(first + i), value->data(), value->size());
                     found[first + i] = 1;
                   }
                   total = first + count;
                 });
  if (total != rows->size()) refuse_lengths(total, rows->size());
  return stolen(PyByteArray_FromStringAndSize(found.data(), static_cast<Py_ssize_t>(found.size())));
}

}  // namespace

uint64_t put_chunk(const Table& table, const rdb_slice* keys, const rdb_slice* values, size_t count,
                   uint64_t flags, size_t first) {
  if (count == 0) return 0;
  uint64_t written = 0;
  use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return moved(rdb_put_batch(handle, keys, values, count, flags, &written, error), error, first);
  });
  ensured(PyErr_CheckSignals());
  return written;
}

py::object get_batch(const Table& table, const py::object& keys, const py::object& missing,
                     const py::object& out) {
  const Result result;
  if (!out.is_none()) return get_into(table, keys, out, result);

  py::list values;
  for_each_chunk(*table.key, keys, kCallRecords,
                 [&](const rdb_slice* slices, size_t count, size_t first) {
                   if (table.buffers) {  // pins cannot be taken out of a result
                     for (size_t i = 0; i < count; ++i) {
                       const py::object found = table.find_encoded(slices[i]);
                       values.append(found.ptr() == nullptr ? missing : found);
                     }
                     return;
                   }
                   if (count == 0) return;
                   look_up(table, slices, count, first, result);
                   for (size_t i = 0; i < count; ++i) {
                     const std::optional<Bytes> value = result.at(i);
                     values.append(value ? stolen(table.value->decode(value->slice())) : missing);
                   }
                 });
  return values;
}

uint64_t store_items(const Table& table, const py::object& items, const StoreRecords& store) {
  const py::object pairs = py::hasattr(items, "keys") ? items.attr("items")() : items;
  Chunk chunk(2, kPutRecords);
  uint64_t written = 0;
  size_t first = 0;
  const auto flush = [&] {
    written += store_chunk(store, chunk.column(0), chunk.column(1), chunk.size(), first);
    first += chunk.size();
    chunk.clear();
  };
  for_each(pairs, [&](const py::object& pair) {
    const auto [key, value] = take_apart(pair);
    chunk.add(0, *table.key, key.ptr());
    chunk.add(1, *table.value, value.ptr());
    if (chunk.full()) flush();
  });
  flush();
  return written;
}

uint64_t delete_items(const Table& table, const py::object& items) {
  Chunk chunk(2, kCallRecords);
  uint64_t deleted = 0;
  size_t first = 0;
  const auto flush = [&] {
    if (chunk.size() == 0) return;
    use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
      note_change(*table.state);
      uint64_t count = 0;
      const rdb_status status = rdb_multimap_delete_batch(handle, chunk.column(0), chunk.column(1),
                                                          chunk.size(), &count, error);
      deleted += count;
      return moved(status, error, first);
    });
    ensured(PyErr_CheckSignals());
    first += chunk.size();
    chunk.clear();
  };
  for_each(items, [&](const py::object& pair) {
    const auto [key, value] = take_apart(pair);
    chunk.add(0, *table.key, key.ptr());
    chunk.add(1, *table.value, value.ptr());
    if (chunk.full()) flush();
  });
  flush();
  return deleted;
}

uint64_t store_batch(const Table& table, const py::object& keys, const py::object& values,
                     const StoreRecords& store) {
  const std::optional<Rows> value_rows = Rows::of(values, *table.value);
  uint64_t written = 0;
  if (value_rows) {
    std::vector<rdb_slice> slices;
    size_t total = 0;
    for_each_chunk(*table.key, keys, kPutRecords,
                   [&](const rdb_slice* key_slices, size_t count, size_t first) {
                     if (count > value_rows->size() - first)
                       refuse_lengths(first + count, value_rows->size());
                     slices_of(*value_rows, first, count, slices);
                     written += store_chunk(store, key_slices, slices.data(), count, first);
                     total = first + count;
                   });
    if (total != value_rows->size()) refuse_lengths(total, value_rows->size());
    return written;
  }
  const py::object iterator = stolen(PyObject_GetIter(values.ptr()));
  Chunk chunk(1, kPutRecords);
  size_t total = 0;
  for_each_chunk(*table.key, keys, kPutRecords,
                 [&](const rdb_slice* key_slices, size_t count, size_t first) {
                   chunk.clear();
                   for (size_t i = 0; i < count; ++i) {
                     PyObject* next = PyIter_Next(iterator.ptr());
                     if (next == nullptr) {
                       if (PyErr_Occurred() != nullptr) throw py::error_already_set();
                       refuse_lengths(first + count, first + i);
                     }
                     const py::object value = py::reinterpret_steal<py::object>(next);
                     chunk.add(0, *table.value, value.ptr());
                   }
                   written += store_chunk(store, key_slices, chunk.column(0), count, first);
                   total = first + count;
                 });
  if (PyObject* next = PyIter_Next(iterator.ptr())) {
    Py_DECREF(next);
    throw LayoutError("more values than the " + std::to_string(total) + " keys");
  }
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  return written;
}

uint64_t put_items(const Table& table, const py::object& items, uint64_t flags) {
  if (offers_arrow(items)) return put_arrow(table, items, flags);
  return store_items(table, items, putting(table, flags));
}

uint64_t mode_flags(const std::string& mode) {
  if (mode == "put") return 0;
  if (mode == "insert") return RDB_PUT_INSERT_ONLY;
  if (mode == "replace") return RDB_PUT_UPDATE_ONLY;
  throw_invalid("mode is 'put', 'insert' or 'replace'");
}

uint64_t put_batch(const Table& table, const py::object& keys, const py::object& values,
                   uint64_t flags) {
  return store_batch(table, keys, values, putting(table, flags));
}

uint64_t delete_batch(const Table& table, const py::object& keys) {
  uint64_t deleted = 0;
  for_each_chunk(*table.key, keys, kCallRecords,
                 [&](const rdb_slice* slices, size_t count, size_t first) {
                   deleted += delete_chunk(table, slices, count, first);
                 });
  return deleted;
}

}  // namespace rdb::python
