#include "state.hpp"

namespace rdb::python {
namespace {

std::atomic<uint64_t> forks{0};

// Exclusive use for the release of a child. In a forked child there is nothing to exclude, and a
// callback's thread has it already.
template <class Release>
void release_child(TransactionState& transaction, Release&& release) noexcept {
  if (transaction.mark.forked() || transaction.lent_here()) {
    release();
    return;
  }
  transaction.gate.own();
  release();
  transaction.gate.disown();
}

}  // namespace

uint64_t fork_generation() noexcept { return forks.load(std::memory_order_relaxed); }

void enter_child() noexcept { forks.fetch_add(1, std::memory_order_relaxed); }

void ForkMark::throw_forked() {
  throw ConcurrencyError(
      RDB_ERR_FORKED,
      "this object belongs to the parent process; open the file again in the child, for "
      "reading when several processes share it");
}

DatabaseState::~DatabaseState() {
  if (!database) return;
  const WithoutLock unlocked;
  const rdb::Database last = std::move(database);
}

TransactionState::~TransactionState() {
  if (handle == nullptr) return;
  const WithoutLock unlocked;
  rdb_txn_abort(handle, nullptr);
}

TableState::~TableState() {
  if (handle == nullptr) return;
  release_child(*parent, [this] { rdb_table_close(handle, nullptr); });
}

void close_cursor(TransactionState& transaction, rdb_cursor* cursor) noexcept {
  if (cursor == nullptr) return;
  release_child(transaction, [cursor] { rdb_cursor_close(cursor, nullptr); });
}

void throw_lent() {
  throw UsageError(RDB_ERR_MISUSE,
                   "a function inside a call on the transaction is running, and may not use it");
}

void throw_closed(const char* sentence) { throw UsageError(RDB_ERR_CLOSED, sentence); }

}  // namespace rdb::python
