#include "bulk.hpp"

#include <string>
#include <utility>

#include "callback.hpp"
#include "interrupt.hpp"

namespace rdb::python {

Bounds bounds_of(const Table& table, const py::object& lower, const py::object& upper,
                 bool include_lower, bool include_upper) {
  Bounds bounds;
  const auto take = [&](const py::object& key, std::vector<std::byte>& out) {
    Arena arena(true);
    const Bytes bytes(table.key->encode(key.ptr(), arena));
    out.assign(bytes.begin(), bytes.end());
  };
  if (!lower.is_none()) {
    take(lower, bounds.lower);
    bounds.lower_bound = include_lower ? RDB_BOUND_INCLUDED : RDB_BOUND_EXCLUDED;
  }
  if (!upper.is_none()) {
    take(upper, bounds.upper);
    bounds.upper_bound = include_upper ? RDB_BOUND_INCLUDED : RDB_BOUND_EXCLUDED;
  }
  return bounds;
}

uint64_t drain(const Table& table, const Bounds& bounds) {
  const rdb_range range = bounds.range();
  uint64_t removed = 0;
  use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table.state);
    return rdb_drain(handle, &range, &removed, error);
  });
  return removed;
}

namespace {

struct Keeping {
  const Table& table;
  Callback callback;

  static rdb_status judge(void* self, rdb_slice key, rdb_slice value) noexcept {
    auto* const keeping = static_cast<Keeping*>(self);
    return keeping->callback.run([&](const py::object& keep) {
      const Table& table = keeping->table;
      const py::object answer =
          keep(stolen(table.key->decode(key)), stolen(table.value->decode(value)));
      const int stays = PyObject_IsTrue(answer.ptr());
      ensured(stays);
      return stays != 0 ? RDB_OK : RDB_NOT_FOUND;
    });
  }
};

}  // namespace

uint64_t retain(const Table& table, const Bounds& bounds, const py::object& keep) {
  if (PyCallable_Check(keep.ptr()) == 0)
    throw py::type_error("keep is a function of key and value");
  const rdb_range range = bounds.range();
  Keeping keeping{table, {*table.state->parent, keep}};
  const rdb_filter filter = {Keeping::judge, &keeping, nullptr};
  uint64_t removed = 0;
  keeping.callback.during([&] {
    return use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
      note_change(*table.state);
      return rdb_retain(handle, &range, &filter, &removed, error);
    });
  });
  return removed;
}

// ---- extraction
// ------------------------------------------------------------------------------

Extraction::Extraction(const Table& table, const Bounds& bounds, bool reverse, py::object where)
    : table_(table), reverse_(reverse), where_(std::move(where)) {
  const rdb_range range = bounds.range();
  use(*table_.state, [&](rdb_table* handle, rdb_error* error) {
    note_change(*table_.state);
    return rdb_extract_open(handle, &range, &walk_, error);
  });
}

Extraction::~Extraction() {
  try {
    close();
  } catch (const Error&) {
  }
}

template <class Body>
rdb_status Extraction::call(Body&& body) const {
  TransactionState& transaction = *table_.state->parent;
  transaction.mark.check();
  const Owning owning(gate_);
  return enter(transaction, [&](rdb_txn*, rdb_error* error) {
    if (walk_ == nullptr) throw_closed("the extraction is closed");
    return body(walk_, error);
  });
}

py::object Extraction::next() {
  for (;;) {
    std::string key_bytes, value_bytes;
    const rdb_status status = call([&](rdb_extract* walk, rdb_error* error) {
      rdb_slice key, value;
      const rdb_status moved = reverse_ ? rdb_extract_prev(walk, &key, &value, error)
                                        : rdb_extract_next(walk, &key, &value, error);
      if (moved == RDB_OK) {
        key_bytes = Bytes(key).str();
        value_bytes = Bytes(value).str();
      }
      return moved;
    });
    if (status != RDB_OK) throw py::stop_iteration();
    py::object key = stolen(table_.key->decode(Bytes(key_bytes).slice()));
    py::object value = stolen(table_.value->decode(Bytes(value_bytes).slice()));
    if (!where_.is_none()) {
      const int wanted = PyObject_IsTrue(where_(key, value).ptr());
      ensured(wanted);
      if (wanted == 0) continue;
    }
    call([](rdb_extract* walk, rdb_error* error) { return rdb_extract_take(walk, error); });
    return py::make_tuple(std::move(key), std::move(value));
  }
}

void Extraction::close() {
  TransactionState& transaction = *table_.state->parent;
  const bool forked = transaction.mark.forked();
  if (!forked) gate_.own();
  rdb_extract* const walk = std::exchange(walk_, nullptr);
  if (!forked) gate_.disown();
  if (walk == nullptr) return;
  if (forked) {
    rdb_extract_close(walk, nullptr, nullptr);
    return;
  }
  rdb_error error;
  rdb_status status;
  {
    const WithoutLock unlocked;
    transaction.gate.own();
    note_change(*table_.state);
    status = rdb_extract_close(walk, nullptr, &error);
    transaction.gate.disown();
  }
  // Its transaction was taken back, and with it what was extracted.
  if (status < 0 && status != RDB_ERR_CLOSED) throw_error(error);
}

// ---- copies
// ----------------------------------------------------------------------------------

uint64_t copy_table(TransactionState& target, const Table& source, const std::string& name,
                    const Cancel* cancel) {
  uint64_t copied = 0;
  const auto copy = [&](rdb_table* from, rdb_txn* to, rdb_error* error) {
    return rdb_table_copy(from, to, Bytes(name).slice(), rdb::detail::get(cancel), &copied, error);
  };
  if (source.state->parent.get() == &target) {
    use_unlocked(*source.state, [&](rdb_table* from, rdb_error* error) {
      return copy(from, target.handle, error);
    });
    return copied;
  }
  source.state->parent->mark.check();
  use_unlocked(target, [&](rdb_txn* to, rdb_error*) {
    return enter(*source.state,
                 [&](rdb_table* from, rdb_error* error) { return copy(from, to, error); });
  });
  return copied;
}

void bind_bulk(py::module_& module) {
  py::class_<Extraction>(
      module, "Extraction", py::is_final(), made_here(),
      "An iterator that takes what it returns out of the table. WriteTable.extract makes it.\n\n"
      "The table belongs to it until it is closed or the transaction is over: other uses raise "
      "UsageError.\nWhat it was not asked for stays. As a context manager it closes itself.")
      .def(
          "__iter__", [](const py::object& self) { return self; }, "The extraction itself.")
      .def("__next__", &Extraction::next, "The next record, which is taken out of the table.")
      .def("close", &Extraction::close,
           "Ends it; the records it returned are gone. A second time is fine.")
      .def(
          "__enter__", [](const py::object& self) { return self; }, "The extraction itself.")
      .def(
          "__exit__", [](Extraction& extraction, const py::args&) { extraction.close(); },
          "Closes the walk, whatever happened in the block.");
}

}  // namespace rdb::python
