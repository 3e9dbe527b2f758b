// store.hpp: what all transactions of one open database share.
//
// State of the session, and what each allows:
//
//   untouched -> in_use        mark_in_use(): recovery bit set and synced before the first other
//   write in_use    -> failed        latch(): a header write or sync failed; nobody knows which
//   root the
//                              device holds, so the database takes no more work until it is opened
//                              anew
//   any       -> closing       close(), close_deferred()
//
// Invariants:
//   C1  A page reachable from a durable root is never overwritten.
//   C2  A commit slot is trusted only if its pages were synced first or match their checksums.
//   C3  The header is one write of 320 bytes, after all pages; its sync makes the commit durable.
//   C4  The file is never shorter than the layout of any header that may be on the device.
//
// Threads: functions marked "writer" belong to the holder of writer_lock; others any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/database_clock.hpp"
#include "format/header.hpp"
#include "format/value_envelope.hpp"
#include "io/counting_backend.hpp"
#include "page/frame_pool.hpp"
#include "page/page_allocator.hpp"
#include "rdb/options.hpp"
#include "txn/held_pages.hpp"
#include "txn/pending_pages.hpp"
#include "txn/snapshot_registry.hpp"
#include "txn/writer_lock.hpp"

namespace rdb::txn {

// What opening found out; the rest of the session starts from it.
struct OpenedState {
  format::Header header;          // primary: the slot whose roots are in use
  format::CommitSlot commit;      // of that slot
  uint64_t last_txn_id = 0;       // largest id of any valid slot; the next commit exceeds it
  page::PageAllocator allocator;  // empty layout when read-only
  HeldPages held;
  bool clean = false;  // nothing needs to be written when nothing is changed
};

class Store : public std::enable_shared_from_this<Store> {
 public:
  Store(std::unique_ptr<io::CountingBackend> backend, OpenedState state,
        const OpenOptions& options);
  ~Store();

  // ---- any thread ----
  page::FramePool& pool() const noexcept { return *pool_; }
  const std::shared_ptr<page::FramePool>& shared_pool() const noexcept { return pool_; }
  SnapshotRegistry& snapshots() noexcept { return snapshots_; }
  WriterLock& writer_lock() noexcept { return writer_lock_; }
  const OpenOptions& options() const noexcept { return options_; }
  base::DatabaseClock& clock() noexcept { return clock_; }
  bool read_only() const noexcept { return read_only_; }
  // How user tables keep their values; none: as they are.
  Compression compression() const noexcept { return compression_; }
  bool compressed() const noexcept { return compression_ != Compression::none; }
  // What puts values of user tables in their envelopes; nullopt: nothing does.
  std::optional<format::ValueSealer> make_sealer() const;
  // A compressed file that shodh-redb is no longer expected to write to (db/rdb_only.hpp).
  bool rdb_only() const noexcept { return rdb_only_; }
  void set_rdb_only() noexcept { rdb_only_ = true; }  // while it is opened
  const io::IoCounters& io_counters() const noexcept { return backend_->counters(); }
  uint64_t file_bytes() const { return backend_->size(); }
  const page::FramePool* pool_if_open() const noexcept { return pool_.get(); }
  // Never changes while the file is open.
  const format::BlobRegion& blob_region() const noexcept { return state_.commit.blob_region; }

  // Throws recovery_required or closed when no transaction may begin or go on.
  void require_usable() const;
  bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  bool closing() const noexcept { return closing_.load(std::memory_order_acquire); }

  // Live transactions; the last one to end runs the deferred close.
  void transaction_began();
  void transaction_ended() noexcept;
  uint64_t live_transactions() const;
  // busy while transactions live; afterwards none can begin.
  void begin_closing();
  // Runs close_now at once, or when the last transaction ends.
  void close_when_idle(std::function<void()> close_now) noexcept;

  // ---- writer ----
  page::PageAllocator& allocator() noexcept { return state_.allocator; }
  PendingPages& pending() noexcept { return pending_; }
  HeldPages& held() noexcept { return state_.held; }
  format::Header& header() noexcept { return state_.header; }
  StorageBackend& backend() noexcept { return *backend_; }
  uint64_t last_txn_id() const noexcept { return state_.last_txn_id; }
  uint64_t next_txn_id();  // consumes one

  // Cuts off a mirror or torn tail, sets the recovery bit and syncs; once a session.
  void mark_in_use();
  bool in_use() const noexcept { return in_use_; }
  // The file is as clean as it was found, and nothing waits in memory: closing writes nothing.
  bool untouched() const noexcept { return !in_use_ && state_.clean && non_durable_commits == 0; }
  // Makes room for a page of this order at the end of the file; out_of_space when that is
  // impossible.
  void grow(uint8_t order);
  // Syncs a growth that no header may name before (C4).
  void sync_growth();
  // Pages nobody can reach any more go back to the allocator.
  void reclaim();
  // Returns a page to the allocator now, or when its pins are gone.
  void release_page(PageNumber page);

  // After the closing commit: the file ends where its layout does, and the recovery bit is cleared.
  void trim_and_mark_clean();
  // Writes behind the last page, growing the file by it: the end-of-file mirror.
  void write_behind_pages(uint64_t offset, Bytes bytes);
  // End of the pages of a layout and of the blob region behind them.
  uint64_t data_end_bytes(const format::Layout& layout) const;
  // The system tree holds an allocator_state table, valid or stale.
  bool allocator_state_stored = true;
  uint64_t non_durable_commits = 0;  // since the last durable one

  // Pages of published non-durable commits: the next durable commit writes those still dirty.
  std::unordered_set<uint64_t>& unpersisted() noexcept { return unpersisted_; }

  // Writes the header with state_.header as it is. Latches and throws recovery_required on failure.
  void write_header_and_sync(const format::Header& header);
  void latch() noexcept { failed_.store(true, std::memory_order_release); }

  // Figures for DatabaseStats.
  std::atomic<uint64_t> commit_count{0};
  std::atomic<uint64_t> pages_allocated{0};
  std::atomic<uint64_t> allocated_base_pages{0};  // mirrors of the allocator's, for other threads
  std::atomic<uint64_t> free_base_pages{0};
  uint64_t pending_base_pages() const noexcept { return pending_.base_pages(); }
  void note_page_counts() noexcept;

  // Releases file and lock; resident pages stay for pins.
  void close_backend();

 private:
  std::unique_ptr<io::CountingBackend> backend_;
  OpenedState state_;
  OpenOptions options_;
  base::DatabaseClock clock_;
  bool read_only_;
  const Compression compression_;
  bool rdb_only_ = false;
  std::shared_ptr<page::FramePool> pool_;
  SnapshotRegistry snapshots_;
  PendingPages pending_;
  WriterLock writer_lock_;
  std::unordered_set<uint64_t> unpersisted_;
  bool in_use_ = false;
  bool growth_unsynced_ = false;
  bool backend_open_ = true;

  std::atomic<bool> failed_{false};
  std::atomic<bool> closing_{false};
  mutable std::mutex live_mutex_;  // guards live_ and close_now_
  uint64_t live_ = 0;
  std::function<void()> close_now_;
};

}  // namespace rdb::txn
