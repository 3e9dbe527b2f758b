// commit.hpp: makes one write transaction visible, and durable when it asks for that.
//
// Durable, one-phase ("1PC+C"): pages, then the header with the new slot and the flipped god byte;
// one sync (two when the file grew: C4). After a crash the newest slot whose trees match their
// checksums is taken. Two-phase: pages and new slot under the old god byte, sync, god byte, sync.
// Quick repair: two-phase, and the allocator state is stored in the same commit. Non-durable:
// nothing is written; roots and dirty frames are published.
//
// A failure before the first header write leaves nothing behind: the caller rolls the pages back. A
// failure in or after it latches the store (store.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "txn/write_txn.hpp"

namespace rdb::txn {

class Committer {
 public:
  explicit Committer(WriteTxnImpl& txn);
  void run();

 private:
  bool changes_nothing() const;
  void fold_table_roots();
  void fold_system_tables();
  void store_allocator_state();
  std::vector<PageNumber> free_after_commit() const;
  void write_pages();
  void write_header();
  void write_mirror(const format::Header& header);
  void publish();
  void prepare_memory(uint64_t pages_written);

  WriteTxnImpl& txn_;
  Store& store_;
  TxnPages& pages_;
  bool durable_;
  bool quick_repair_;
  bool two_phase_;
  bool user_frees_recorded_ = false;  // in data_pages_unreachable, for savepoints
  std::vector<PageNumber> released_;  // by rows that left the page lists
  format::Layout layout_;             // that the new header names
};

}  // namespace rdb::txn
