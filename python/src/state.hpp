// state.hpp: the handles of the ABI as Python objects share them.
//
// Database, transaction and table keep one state each; a child holds its parent's, so that Python's
// collector may drop the objects in any order. The handle is released with the last owner; an
// object that was closed early has a NULL handle and answers ClosedError.
//
// Forks: every state remembers the fork generation it was born in. In a forked child its use raises
// ForkError before any Gate is touched, since a thread of the parent may hold that for ever, and
// its release only frees memory (the ABI sees to that).
//
// Lock order: table's or iterator's critical section, transaction's gate, database's gate.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "errors.hpp"
#include "gate.hpp"
#include "rdb.hpp"

namespace rdb::python {

// Raised by the child of every fork of this process, see module.cpp.
uint64_t fork_generation() noexcept;
void enter_child() noexcept;

class ForkMark {
 public:
  bool forked() const noexcept { return born_ != fork_generation(); }
  void check() const {  // throws ForkError
    if (forked()) [[unlikely]]
      throw_forked();
  }

 private:
  [[noreturn]] static void throw_forked();
  const uint64_t born_ = fork_generation();
};

struct DatabaseState {
  DatabaseState(rdb::Database opened, std::string name) noexcept
      : database(std::move(opened)), path(std::move(name)) {}
  ~DatabaseState();
  DatabaseState(const DatabaseState&) = delete;

  rdb::Database database;  // empty once closed; read and written under the gate
  Gate gate;
  const ForkMark mark;
  const std::string path;  // empty: in memory
};

struct TableState;

struct TransactionState {
  TransactionState(std::shared_ptr<DatabaseState> database, rdb_txn* begun, bool writes) noexcept
      : parent(std::move(database)), handle(begun), writer(writes) {}
  ~TransactionState();
  TransactionState(const TransactionState&) = delete;

  const std::shared_ptr<DatabaseState> parent;
  rdb_txn* handle;                // NULL once over; read and written under the gate
  std::atomic<bool> over{false};  // the same, for iterators that need no handle
  const bool writer;
  Gate gate;
  const ForkMark mark;
  // The thread that runs a function of the caller's inside a call that holds the gate
  // (callback.hpp), and would wait for itself there.
  std::atomic<std::thread::id> lent_to{};

  bool lent_here() const noexcept {
    return lent_to.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  // Tables open in a writer, which may open each once only: asked for again, one is shared.
  std::mutex tables_guard;
  std::map<std::string, std::weak_ptr<TableState>> tables;
};

struct TableState {
  TableState(std::shared_ptr<TransactionState> transaction, rdb_table* opened, bool ttl) noexcept
      : parent(std::move(transaction)), expiring(ttl), handle(opened) {}
  ~TableState();
  TableState(const TableState&) = delete;

  const std::shared_ptr<TransactionState> parent;
  const bool expiring;               // opened by rdb_ttl_open
  rdb_table* handle;                 // NULL once closed; read and written under parent's gate
  std::atomic<uint64_t> changes{0};  // number of changing calls, for iterators
};

// Calls `call(handle, &error)` with the handle of a transaction or table and returns its outcome; a
// failure is thrown as rdb::Error once the gate is left. `call` must not run Python code (G2).
// `use` keeps the interpreter lock, `use_unlocked` is for what may block, and works without it too.
template <class State, class Call>
rdb_status use(State& state, Call&& call);
template <class State, class Call>
rdb_status use_unlocked(State& state, Call&& call);

// The same for a database: `call(rdb::Database&)`, whose result is returned.
template <class Call>
auto use_database(DatabaseState& state, Call&& call);

// Says that a call changes the table: iterators over it end with RuntimeError. Under its gate.
inline void note_change(TableState& table) noexcept {
  table.changes.fetch_add(1, std::memory_order_relaxed);
}

// Closes a cursor of a table. Nothing can be reported. Not under a gate of its own transaction.
void close_cursor(TransactionState& transaction, rdb_cursor* cursor) noexcept;

// ------------------------------------------------------------------------------------------------

[[noreturn]] void throw_closed(const char* noun);
[[noreturn]] void throw_lent();

class Share {  // of a database's gate
 public:
  explicit Share(Gate& gate) : gate_(gate) { gate.share(); }
  ~Share() { gate_.unshare(); }
  Share(const Share&) = delete;

 private:
  Gate& gate_;
};

class Hold {  // the gate of a transaction as its kind asks for
 public:
  explicit Hold(TransactionState& state) : state_(state) {
    if (state.lent_here()) [[unlikely]]
      throw_lent();
    state.writer ? state.gate.own() : state.gate.share();
  }
  ~Hold() { state_.writer ? state_.gate.disown() : state_.gate.unshare(); }
  Hold(const Hold&) = delete;

 private:
  TransactionState& state_;
};

template <class Call>
rdb_status enter(TransactionState& state, Call&& call) {
  rdb_error error;
  rdb_status status;
  {
    const Hold hold(state);
    if (state.handle == nullptr) [[unlikely]]
      throw_closed("the transaction is over");
    status = call(state.handle, &error);
  }
  if (status < 0) [[unlikely]]
    throw_error(error);
  return status;
}
template <class Call>
rdb_status enter(TableState& state, Call&& call) {
  return enter(*state.parent, [&](rdb_txn*, rdb_error* error) {
    if (state.handle == nullptr) [[unlikely]]
      throw_closed("the table is closed");
    return call(state.handle, error);
  });
}

inline const ForkMark& mark_of(const TransactionState& state) { return state.mark; }
inline const ForkMark& mark_of(const TableState& state) { return state.parent->mark; }

template <class State, class Call>
rdb_status use(State& state, Call&& call) {
  mark_of(state).check();
  return enter(state, std::forward<Call>(call));
}
template <class State, class Call>
rdb_status use_unlocked(State& state, Call&& call) {
  mark_of(state).check();
  const WithoutLock unlocked;
  return enter(state, std::forward<Call>(call));
}
template <class Call>
auto use_database(DatabaseState& state, Call&& call) {
  state.mark.check();
  const Share share(state.gate);
  if (!state.database) throw_closed("the database is closed");
  return call(state.database);
}

}  // namespace rdb::python
