#include "transaction.hpp"

#include <cmath>
#include <optional>
#include <vector>

#include "bulk.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "multimap.hpp"
#include "records.hpp"
#include "table.hpp"

namespace rdb::python {
namespace {

uint32_t parse_durability(const std::string& word) {
  if (word == "immediate") return RDB_DURABILITY_IMMEDIATE;
  if (word == "none") return RDB_DURABILITY_NONE;
  throw_invalid("durability is 'immediate' or 'none'");
}

uint64_t parse_timeout(const py::object& seconds) {
  const double wanted = seconds.cast<double>();
  if (!(wanted >= 0) || wanted > 1e12) {
    throw_invalid("timeout is a number of seconds, 0 or more");
  }
  return static_cast<uint64_t>(std::ceil(wanted * 1000));
}

// Takes the handle out, so that whatever happens next the transaction is over.
template <class Finish>
void finish(TransactionState& state, Finish&& release) {
  const bool forked = state.mark.forked();
  if (!forked && state.lent_here()) throw_lent();
  const WithoutLock unlocked;
  if (!forked) state.gate.own();
  rdb_txn* handle = std::exchange(state.handle, nullptr);
  state.over.store(true, std::memory_order_relaxed);
  rdb_error error;
  const rdb_status status = handle == nullptr ? RDB_OK : release(handle, &error);
  if (!forked) state.gate.disown();
  if (status < 0) throw_error(error);
}

bool is_over(const Transaction& transaction) {
  return transaction.state->over.load(std::memory_order_relaxed);
}

void abort(const Transaction& transaction) { finish(*transaction.state, rdb_txn_abort); }

void commit(const WriteTransaction& transaction) {
  TransactionState& state = *transaction.state;
  state.mark.check();
  if (is_over(transaction)) throw_closed("the transaction is over");
  finish(state, rdb_txn_commit);
}

uint64_t txn_id(const Transaction& transaction) {
  uint64_t id = 0;
  use(*transaction.state,
      [&](rdb_txn* txn, rdb_error* error) { return rdb_txn_id(txn, &id, error); });
  return id;
}

// Names that are bytes may be no UTF-8; the library says what it thinks of that.
std::string name_bytes(const py::object& name) {
  if (!PyUnicode_Check(name.ptr()) && !PyBytes_Check(name.ptr())) {
    throw py::type_error("the name of a table is str");
  }
  return name.cast<std::string>();
}

std::vector<TableInfo> list_tables(TransactionState& state, const std::string* only) {
  std::vector<TableInfo> infos;
  use_unlocked(state, [&](rdb_txn* txn, rdb_error* error) {
    rdb_listing* handle = nullptr;
    rdb_status status = only == nullptr ? rdb_table_list(txn, &handle, error)
                                        : rdb_table_find(txn, Bytes(*only).slice(), &handle, error);
    const rdb::detail::Handle<rdb_listing, &rdb_listing_free> listing(handle);
    for (size_t i = 0; status == RDB_OK && i < rdb_listing_count(handle); ++i) {
      rdb_table_info info = RDB_TABLE_INFO_INIT;
      status = rdb_listing_at(handle, i, &info, error);
      if (status == RDB_OK) infos.push_back(rdb::detail::to_table_info(info));
    }
    return status;
  });
  return infos;
}

py::list tables(const Transaction& transaction) {
  py::list list;
  for (const TableInfo& info : list_tables(*transaction.state, nullptr)) {
    list.append(make_table_info(info));
  }
  return list;
}

py::object find_table(const Transaction& transaction, const py::object& name) {
  const std::string bytes = name_bytes(name);
  const std::vector<TableInfo> infos = list_tables(*transaction.state, &bytes);
  return infos.empty() ? py::none() : make_table_info(infos.front());
}

void rename_table(const WriteTransaction& transaction, const py::object& from,
                  const py::object& to) {
  const std::string old_name = name_bytes(from);
  const std::string new_name = name_bytes(to);
  use(*transaction.state, [&](rdb_txn* txn, rdb_error* error) {
    return rdb_table_rename(txn, {old_name.data(), old_name.size()},
                            {new_name.data(), new_name.size()}, error);
  });
}

uint64_t copy_into(const WriteTransaction& transaction, const Table& source, const py::object& name,
                   const py::object& cancel) {
  const std::string bytes = name_bytes(name);
  uint64_t copied = 0;
  interruptible(cancel, [&](const Cancel* stop) {
    copied = copy_table(*transaction.state, source, bytes, stop);
  });
  return copied;
}

bool delete_table(const WriteTransaction& transaction, const py::object& name) {
  const std::string bytes = name_bytes(name);
  return use_unlocked(*transaction.state, [&](rdb_txn* txn, rdb_error* error) {
           return rdb_table_delete(txn, {bytes.data(), bytes.size()}, error);
         }) == RDB_OK;
}

void set_durability(const WriteTransaction& transaction, const std::string& durability) {
  const uint32_t wanted = parse_durability(durability);
  use(*transaction.state,
      [&](rdb_txn* txn, rdb_error* error) { return rdb_txn_set_durability(txn, wanted, error); });
}

template <auto set>
void set_switch(const WriteTransaction& transaction, bool on) {
  use(*transaction.state,
      [&](rdb_txn* txn, rdb_error* error) { return set(txn, on ? 1 : 0, error); });
}

void exit_reader(const Transaction& transaction, const py::args&) { abort(transaction); }

void exit_writer(const WriteTransaction& transaction, const py::object& type, const py::object&,
                 const py::object&) {
  if (is_over(transaction)) return;
  type.is_none() ? commit(transaction) : abort(transaction);
}

[[noreturn]] py::object refuse_pickle(const Transaction&, int) {
  throw py::type_error("a transaction cannot be pickled or copied: begin one in the other process");
}

}  // namespace

py::object begin_read(const std::shared_ptr<DatabaseState>& database) {
  rdb_txn* begun = nullptr;
  // A short lock inside the library and no device: the interpreter lock is kept.
  use_database(*database, [&](const rdb::Database& open) {
    return checked([&](rdb_error* error) {
      return rdb_txn_begin(open.get(), RDB_TXN_READ, nullptr, &begun, error);
    });
  });
  auto transaction = std::make_unique<Transaction>();
  transaction->state = std::make_shared<TransactionState>(database, begun, false);
  return py::cast(std::move(transaction));
}

py::object begin_write(const std::shared_ptr<DatabaseState>& database, const py::object& timeout,
                       const std::string& durability, bool two_phase, bool quick_repair,
                       const py::object& cancel) {
  rdb_txn_options options = RDB_TXN_OPTIONS_INIT;
  options.durability = parse_durability(durability);
  options.two_phase = two_phase ? 1 : 0;
  options.quick_repair = quick_repair ? 1 : 0;
  options.wait = RDB_WAIT_NOT;
  const std::optional<uint64_t> timeout_ms =
      timeout.is_none() ? std::nullopt : std::optional(parse_timeout(timeout));
  if (!cancel.is_none()) options.cancel = cancel.cast<const Cancel&>().get();

  rdb_txn* begun = nullptr;
  const auto begin = [&] {
    use_database(*database, [&](const rdb::Database& open) {
      return checked([&](rdb_error* error) {
        return rdb_txn_begin(open.get(), RDB_TXN_WRITE, &options, &begun, error);
      });
    });
  };
  // Usually there is nothing to wait for, and no thread to be started for the wait.
  try {
    const WithoutLock unlocked;
    begin();
  } catch (const ConcurrencyError& error) {
    if (error.status() != RDB_ERR_LOCK_TIMEOUT || timeout_ms == uint64_t{0}) throw;
  }
  if (begun == nullptr) {
    options.wait = timeout_ms ? RDB_WAIT_TIMEOUT : RDB_WAIT_FOREVER;
    options.timeout_ms = timeout_ms.value_or(0);
    interruptible(
        cancel,
        [&](const Cancel* stop) {
          options.cancel = rdb::detail::get(stop);
          begin();
        },
        [&] { rdb_txn_abort(begun, nullptr); });
  }
  auto transaction = std::make_unique<WriteTransaction>();
  transaction->state = std::make_shared<TransactionState>(database, begun, true);
  return py::cast(std::move(transaction));
}

void bind_transaction(py::module_& module) {
  py::class_<Transaction>(module, "Transaction", made_here(),
                          "A reader: the database as it was when it began.\n\n"
                          "Database.read makes it. Also a context manager, which ends it. May be "
                          "used by several threads.")
      .def(
          "table",
          [](const Transaction& self, const py::object& name, const py::object& key,
             const py::object& value, bool buffers) {
            return open_table(self.state, name_bytes(name), key, value, buffers);
          },
          py::arg("name"), py::kw_only(), py::arg("key") = py::none(),
          py::arg("value") = py::none(), py::arg("buffers") = false,
          "Opens a table; a writer creates it when it is missing.\n\n"
          "key and value are its types: bytes (also None), str, int (i64), float, bool, "
          "type(None),\nuuid.UUID, a class of datetime, a tuple of types, list[T], Optional[T], a "
          "stored type's name\n('u64', '[u8;16]', '(&str,u64)'), or a TypeName. They must be those "
          "it is stored with.\nbuffers=True: values come as rdb.Value, without a "
          "copy.")
      .def(
          "existing_table",
          [](const Transaction& self, const py::object& name, bool buffers, bool raw) {
            return open_existing_table(self.state, name_bytes(name), buffers, raw);
          },
          py::arg("name"), py::kw_only(), py::arg("buffers") = false, py::arg("raw") = false,
          "Opens a table under the types it is stored with, and never creates one.\n\n"
          "Types this package does not know come as bytes, with raw=True all do, as stored.")
      .def(
          "multimap",
          [](const Transaction& self, const py::object& name, const py::object& key,
             const py::object& value) {
            return open_multimap(self.state, name_bytes(name), key, value);
          },
          py::arg("name"), py::kw_only(), py::arg("key") = py::none(),
          py::arg("value") = py::none(),
          "Opens a multimap, which has a set of values for each key; types as of table.")
      .def(
          "existing_multimap",
          [](const Transaction& self, const py::object& name, bool raw) {
            return open_existing_multimap(self.state, name_bytes(name), raw);
          },
          py::arg("name"), py::kw_only(), py::arg("raw") = false,
          "Opens a multimap under the types it is stored with, and never creates one.")
      .def(
          "ttl_table",
          [](const Transaction& self, const py::object& name, const py::object& key,
             const py::object& value) {
            return open_ttl_table(self.state, name_bytes(name), key, value);
          },
          py::arg("name"), py::kw_only(), py::arg("key") = py::none(),
          py::arg("value") = py::none(),
          "Opens a table whose values expire; types as of table, value without the expiry.")
      .def(
          "existing_ttl_table",
          [](const Transaction& self, const py::object& name, bool raw) {
            return open_existing_ttl_table(self.state, name_bytes(name), raw);
          },
          py::arg("name"), py::kw_only(), py::arg("raw") = false,
          "Opens such a table under the types it is stored with, and never creates one.")
      .def("tables", tables, "All tables, ordered by name, as a list of TableInfo.")
      .def("find_table", find_table, py::arg("name"),
           "The TableInfo of one table; None when there is none.")
      .def_property_readonly("id", txn_id,
                             "Number of the commit that is seen; of a writer: of its commit to be.")
      .def_property_readonly("closed", is_over, "Whether the transaction is over.")
      .def_property_readonly(
          "writable", [](const Transaction& self) { return self.state->writer; },
          "Whether this is the writer.")
      .def("abort", abort,
           "Ends the transaction; a writer takes back what it did. A second time is fine.")
      .def(
          "__enter__", [](const py::object& self) { return self; }, "The transaction itself.")
      .def("__exit__", exit_reader, "Ends the reader.")
      .def("__reduce_ex__", refuse_pickle, "Refuses: begin one in the other process.")
      .def("__repr__", [](const py::object& self) {
        return "<rdb." + self.attr("__class__").attr("__name__").cast<std::string>() +
               (self.attr("closed").cast<bool>() ? ", over>" : ">");
      });
  py::class_<WriteTransaction, Transaction>(
      module, "WriteTransaction", py::is_final(), made_here(),
      "The writer: sees its own changes, and makes them visible to others at once.\n\n"
      "Database.write makes it. As a context manager it commits, or aborts after an exception. May "
      "be handed\nfrom thread to thread.")
      .def("commit", commit,
           "Makes the changes visible, and durable as far as the durability promises.")
      .def("copy_table", copy_into, py::arg("source"), py::arg("name"), py::kw_only(),
           py::arg("cancel") = py::none(),
           "Copies the records of a table of any transaction, as they are stored, into the table "
           "called name.\n\nIt is created with the same types when it is missing; else the types "
           "must be the same, and records\nreplace those of their keys. Returns how many were "
           "copied.")
      .def("rename_table", rename_table, py::arg("name"), py::arg("new_name"),
           "Gives a table another name; it must not be open.")
      .def("delete_table", delete_table, py::arg("name"),
           "Deletes a table, which must not be open. False: there was none.")
      .def("set_durability", set_durability, py::arg("durability"),
           "'immediate': the commit survives a crash. 'none': with the next one that does.")
      .def("set_two_phase", set_switch<rdb_txn_set_two_phase>, py::arg("on") = true,
           "Syncs twice, so that recovery need not rely on checksums.")
      .def("set_quick_repair", set_switch<rdb_txn_set_quick_repair>, py::arg("on") = true,
           "Stores what makes opening after a crash read no pages.")
      .def("__exit__", exit_writer, "Commits; after an exception aborts.");
}

}  // namespace rdb::python
