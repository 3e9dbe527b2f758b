// snapshot_registry.hpp: which commits somebody still looks at.
//
// Invariants:
//   S1  A reader's hold is taken in the same critical section that reads its roots, so no page
//       reachable from them can be released in between.
//   S2  A page freed by commit T may be reused when no live id is smaller than T (spec 01
//   section 8.2).
//
// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "format/root_record.hpp"

namespace rdb::txn {

struct Snapshot {
  format::TreeRoot user_root;
  format::TreeRoot system_root;
  uint64_t txn_id = 0;
};

class SnapshotRegistry {
 public:
  void publish(const Snapshot& snapshot, bool durable);

  Snapshot capture();          // the newest commit, durable or not, with a hold on it
  Snapshot capture_durable();  // the newest durable commit, with a hold
  void release(uint64_t txn_id) noexcept;
  // A hold that outlives readers: a savepoint or history snapshot stored in the file.
  void hold(uint64_t txn_id);

  Snapshot current() const;
  uint64_t durable_txn_id() const;
  std::optional<uint64_t> oldest() const;  // smallest live id
  uint64_t live() const;                   // holds, savepoints and history included

 private:
  mutable std::mutex mutex_;  // guards everything below
  Snapshot current_;
  Snapshot durable_;
  std::map<uint64_t, uint64_t> holds_;  // txn id -> count
  uint64_t live_ = 0;
};

}  // namespace rdb::txn
