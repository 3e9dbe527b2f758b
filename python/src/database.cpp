#include "database.hpp"

#include <optional>
#include <utility>

#include "errors.hpp"
#include "interrupt.hpp"
#include "records.hpp"
#include "transaction.hpp"
#include "ttl.hpp"

namespace rdb::python {
namespace {

// Anything as the text that rdb_options_set takes.
std::string option_text(py::handle value) {
  if (PyBool_Check(value.ptr())) return value.ptr() == Py_True ? "true" : "false";
  return py::str(value).cast<std::string>();
}

// str, bytes or os.PathLike as the bytes of a path.
std::string path_bytes(const py::object& path) {
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(path.ptr(), &encoded) == 0) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(encoded);
}

std::unique_ptr<Database> open_with(const std::string* path, const py::object& progress,
                                    const py::object& cancel, const py::kwargs& given) {
  Options options;
  for (const auto& [name, value] : given) {
    if (!value.is_none())
      options.by_name.emplace_back(name.cast<std::string>(), option_text(value));
  }
  ProgressCallback callback(progress);
  options.repair_progress = callback.get();
  std::optional<rdb::Database> opened;
  try {
    interruptible(
        cancel,
        [&](const Cancel* stop) {
          options.cancel = stop;
          opened.emplace(path == nullptr ? rdb::Database::open_memory(options)
                                         : rdb::Database::open(*path, options));
        },
        [&] { opened.reset(); });
  } catch (const Error&) {
    callback.rethrow();  // what the callback raised says more
    throw;
  }
  auto database = std::make_unique<Database>();
  database->state =
      std::make_shared<DatabaseState>(*std::move(opened), path == nullptr ? std::string() : *path);
  return database;
}

std::unique_ptr<Database> open(const py::object& path, const py::object& progress,
                               const py::object& cancel, const py::kwargs& options) {
  const std::string bytes = path_bytes(path);
  return open_with(&bytes, progress, cancel, options);
}

std::unique_ptr<Database> open_memory(const py::kwargs& options) {
  return open_with(nullptr, py::none(), py::none(), options);
}

// Exclusive use of a database for its end. Not a wait: a callback of the very call that is under
// way may be asking.
class Own {
 public:
  explicit Own(Gate& gate) : gate_(gate) {
    if (!gate.try_own()) {
      throw ConcurrencyError(RDB_ERR_BUSY, "a call on the database is under way");
    }
  }
  ~Own() { gate_.disown(); }
  Own(const Own&) = delete;

 private:
  Gate& gate_;
};

void close(const Database& database) {
  DatabaseState& state = *database.state;
  const WithoutLock unlocked;
  if (state.mark.forked()) {
    const rdb::Database last = std::move(state.database);  // the parent's file is not touched
    return;
  }
  const Own own(state.gate);
  state.database.close();
}

// After an exception the block's transactions may be open still; the exception is what matters.
void exit(const Database& database, const py::object& type, const py::object&, const py::object&) {
  try {
    close(database);
  } catch (const Error&) {
    if (type.is_none()) throw;
    DatabaseState& state = *database.state;
    const WithoutLock unlocked;
    if (!state.gate.try_own()) return;
    { const rdb::Database last = std::move(state.database); }
    state.gate.disown();
  }
}

bool is_closed(const Database& database) {
  DatabaseState& state = *database.state;
  if (state.mark.forked()) return true;
  if (!state.gate.try_share()) return false;  // being closed right now
  const bool closed = !state.database;
  state.gate.unshare();
  return closed;
}

VerifyLevel parse_level(const std::string& level) {
  if (level == "header") return VerifyLevel::header;
  if (level == "checksums") return VerifyLevel::checksums;
  if (level == "full") return VerifyLevel::full;
  throw_invalid("level is 'header', 'checksums' or 'full'");
}

py::object verify(const Database& database, const std::string& level, const py::object& progress,
                  const py::object& cancel) {
  VerifyOptions options;
  options.level = parse_level(level);
  ProgressCallback callback(progress);
  options.progress = callback.get();
  std::optional<Report> report;
  try {
    interruptible(cancel, [&](const Cancel* stop) {
      options.cancel = stop;
      use_database(*database.state,
                   [&](const rdb::Database& open) { report = open.verify(options); });
    });
  } catch (const Error&) {
    callback.rethrow();
    throw;
  }
  return report ? make_report(*report) : py::none();  // None: the callback asked to stop
}

py::float_ now(const Database& database) {
  uint64_t moment = 0;
  use_database(*database.state, [&](const rdb::Database& open) {
    return checked([&](rdb_error* error) { return rdb_clock_now(open.get(), &moment, error); });
  });
  return py::float_(static_cast<double>(moment) / 1000);
}

void set_clock(const Database& database, const py::object& moment) {
  const uint64_t now_ms = moment.is_none() ? RDB_CLOCK_RUNS : parse_ttl(moment);
  use_database(*database.state, [&](const rdb::Database& open) {
    return checked([&](rdb_error* error) { return rdb_clock_set(open.get(), now_ms, error); });
  });
}

py::object stats(const Database& database) {
  return make_stats(
      use_database(*database.state, [](const rdb::Database& open) { return open.stats(); }));
}

py::object recovery(const Database& database) {
  return make_recovery(
      use_database(*database.state, [](const rdb::Database& open) { return open.recovery(); }));
}

}  // namespace

Database::~Database() {
  if (state == nullptr || state->mark.forked() || !state->database) return;
  // An exception may be pending while objects die; the warning must not touch it.
  const py::error_scope keep;
  if (PyErr_ResourceWarning(nullptr, 1, "unclosed rdb.Database %R", py::bytes(state->path).ptr()) <
      0) {
    PyErr_WriteUnraisable(nullptr);
  }
}

void bind_database(py::module_& module) {
  py::class_<Database>(module, "Database", py::is_final(), made_here(),
                       "An open database. Also a context manager, which closes it.\n\n"
                       "rdb.open makes it. May be used by any number of threads at once, not by "
                       "forked children.")
      .def(
          "read", [](const Database& database) { return begin_read(database.state); },
          "Begins a reader: a snapshot of the database as it is now.")
      .def("write", begin_write_of<Database>, py::kw_only(), py::arg("timeout") = py::none(),
           py::arg("durability") = "immediate", py::arg("two_phase") = false,
           py::arg("quick_repair") = false, py::arg("cancel") = py::none(),
           "Begins the writer, of which there is one at a time.\n\n"
           "timeout is how many seconds to wait for another one before LockTimeoutError (None: for "
           "ever; a\nthread that waits for a writer of its own waits for ever). durability: "
           "'immediate' (the commit\nsurvives a crash) or 'none' (with the next one that does). "
           "two_phase and quick_repair: see\nWriteTransaction.set_two_phase and set_quick_repair.")
      .def("verify", verify, py::arg("level") = "header", py::kw_only(),
           py::arg("progress") = py::none(), py::arg("cancel") = py::none(),
           "Checks the last durable state and reports what it found, as a Report.\n\n"
           "level: 'header', 'checksums' or 'full'. progress(done, total) is called now and then, "
           "maybe from\nanother thread; when it returns False the check stops and the result is "
           "None.")
      .def("now", now,
           "The time by which TTL tables go: seconds since 1970 began, as time.time() counts them.")
      .def(
          "set_clock", set_clock, py::arg("moment"),
          "Stops that time at a moment, for tests and for programs with a time of their own; None: "
          "it runs\nagain. For every transaction, at once; not stored.")
      .def("stats", stats, "Figures of the database, as Stats.")
      .def("recovery", recovery, "How the opening went, as a Recovery.")
      .def("close", close,
           "Closes the database, which makes the last commits durable. Closing twice is fine.\n\n"
           "BusyError: transactions are open; nothing happened.")
      .def(
          "__enter__", [](const py::object& self) { return self; }, "The database itself.")
      .def("__exit__", exit, "Closes the database; after an exception even with open transactions.")
      .def_property_readonly("closed", is_closed, "Whether the database was closed.")
      .def_property_readonly(
          "path",
          [](const Database& database) -> py::object {
            if (database.state->path.empty()) return py::none();
            return stolen(PyUnicode_DecodeFSDefaultAndSize(
                database.state->path.data(), static_cast<Py_ssize_t>(database.state->path.size())));
          },
          "The path it was opened with; None: in memory.")
      .def(
          "__reduce_ex__",
          [](const Database&, int) -> py::object {
            throw py::type_error(
                "a database cannot be pickled or copied: open the file again in the other "
                "process, for reading when several share it");
          },
          "Refuses: open the file again in the other process.")
      .def("__repr__", [](const py::object& self) {
        const py::object path = self.attr("path");
        return "<rdb.Database " +
               (path.is_none() ? "in memory" : py::repr(path).cast<std::string>()) +
               (self.attr("closed").cast<bool>() ? ", closed>" : ">");
      });
  module.def("open", open, py::arg("path"), py::kw_only(), py::arg("progress") = py::none(),
             py::arg("cancel") = py::none(),
             "Opens the database in the file at path, or creates it.\n\n"
             "Options by name, as rdb.options() lists them: mode ('create', 'existing', "
             "'read_only',\n'create_new'), memory_budget_bytes and others. progress(done, total) "
             "is called now and then during\na repair, maybe from another thread; when it returns "
             "False the opening fails.");
  module.def("open_memory", open_memory,
             "Makes a database in memory, gone when it is closed. Options as for open.");
}

}  // namespace rdb::python
