#include "txn/store.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/machine.hpp"

namespace rdb::txn {

namespace {

constexpr uint64_t kMinBudgetBytes = uint64_t{1} << 20;

// A quarter of the machine's memory, between 16 MiB and 1 GiB; 1 GiB when it cannot be told
// (spec 05 section 1.1).
uint64_t default_budget_bytes() {
  const uint64_t memory = base::memory_bytes();
  if (memory == 0) return uint64_t{1} << 30;
  return std::clamp(memory / 4, uint64_t{16} << 20, uint64_t{1} << 30);
}

uint64_t budget_bytes(const OpenOptions& options) {
  if (options.memory_budget_bytes == 0) return default_budget_bytes();
  return std::max(options.memory_budget_bytes, kMinBudgetBytes);
}

}  // namespace

Store::Store(std::unique_ptr<io::CountingBackend> backend, OpenedState state,
             const OpenOptions& options)
    : backend_(std::move(backend)),
      state_(std::move(state)),
      options_(options),
      clock_(options.clock),
      read_only_(options.mode == OpenMode::read_only || backend_->read_only()),
      compression_(static_cast<Compression>(state_.header.compression)),
      pool_(std::make_shared<page::FramePool>(*backend_, state_.header.layout,
                                              budget_bytes(options), options.read_verification)) {
  // Borrowed by open() alone.
  options_.repair_progress = nullptr;
  options_.cancel = nullptr;
  snapshots_.publish({state_.commit.user_root, state_.commit.system_root, state_.commit.txn_id},
                     true);
  for (uint64_t id : state_.held.holds()) snapshots_.hold(id);
  note_page_counts();
}

Store::~Store() {
  try {
    close_backend();
  } catch (const Error&) {
    // Nobody is left to tell; what had to be durable was synced before.
  }
}

void Store::close_backend() {
  if (!backend_open_) return;
  backend_open_ = false;
  pool_->detach();
  backend_->close();
}

std::optional<format::ValueSealer> Store::make_sealer() const {
  if (!compressed()) return std::nullopt;
  return format::ValueSealer(compression_, options_.compression_level);
}

void Store::require_usable() const {
  if (closing()) throw Error(ErrorCode::closed, "the database is closed");
  if (failed()) {
    throw Error(ErrorCode::recovery_required,
                "an earlier commit failed while its header was written; open the database anew");
  }
}

void Store::transaction_began() {
  const std::lock_guard lock(live_mutex_);
  require_usable();
  ++live_;
}

void Store::transaction_ended() noexcept {
  std::function<void()> close_now;
  {
    const std::lock_guard lock(live_mutex_);
    if (--live_ == 0) close_now.swap(close_now_);
  }
  if (close_now) close_now();
}

uint64_t Store::live_transactions() const {
  const std::lock_guard lock(live_mutex_);
  return live_;
}

void Store::begin_closing() {
  const std::lock_guard lock(live_mutex_);
  if (closing()) throw Error(ErrorCode::closed, "the database is closed");
  if (live_ > 0) {
    throw Error(ErrorCode::busy, std::to_string(live_) + " transactions are still open");
  }
  closing_.store(true, std::memory_order_release);
}

void Store::close_when_idle(std::function<void()> close_now) noexcept {
  {
    const std::lock_guard lock(live_mutex_);
    if (closing()) return;
    closing_.store(true, std::memory_order_release);
    if (live_ > 0) {
      close_now_ = std::move(close_now);
      return;
    }
  }
  close_now();
}

uint64_t Store::next_txn_id() {
  if (state_.last_txn_id >= ~uint64_t{0} - 1) {
    throw Error(ErrorCode::out_of_space, "the file has used up its transaction ids");
  }
  return ++state_.last_txn_id;
}

void Store::mark_in_use() {
  if (in_use_) return;
  // A stale mirror would bring back a root whose pages are reused (spec 01 section 1.8).
  const uint64_t end = data_end_bytes(state_.header.layout);
  if (!options_.eof_mirror && backend_->size() > end) backend_->resize(end);
  format::Header header = state_.header;
  header.recovery_required = true;
  write_header_and_sync(header);
  state_.header = header;
  in_use_ = true;
}

uint64_t Store::data_end_bytes(const format::Layout& layout) const {
  const format::BlobRegion& blobs = state_.commit.blob_region;
  const uint64_t pages_end = layout.file_bytes();
  return blobs.lies_inside(backend_->size()) ? std::max(pages_end, blobs.end()) : pages_end;
}

void Store::trim_and_mark_clean() {
  const uint64_t end =
      data_end_bytes(state_.header.layout) + (options_.eof_mirror ? format::kHeaderBytes : 0);
  if (backend_->size() > end) {
    backend_->resize(end);
    backend_->sync();
  }
  format::Header header = state_.header;
  header.recovery_required = false;
  write_header_and_sync(header);
  state_.header = header;
}

void Store::grow(uint8_t order) {
  if (state_.commit.blob_region.offset != 0) {
    throw Error(
        ErrorCode::out_of_space,
        "the file holds a blob region of an older release behind its pages and cannot grow");
  }
  const std::optional<format::Layout> grown = state_.allocator.grown_layout(order);
  if (!grown) throw Error(ErrorCode::out_of_space, "the file has reached the limits of its format");
  mark_in_use();
  growth_unsynced_ = true;
  backend_->grow_reserved(grown->file_bytes());
  pool_->grow(*grown);
  state_.allocator.set_layout(*grown);
}

void Store::write_behind_pages(uint64_t offset, Bytes bytes) {
  try {
    backend_->append(offset, bytes);
  } catch (const Error& error) {
    latch();
    throw Error(ErrorCode::recovery_required,
                std::string("writing the end-of-file mirror failed: ") + error.what(),
                error.position(), error.os_errno());
  }
}

void Store::sync_growth() {
  if (!growth_unsynced_) return;
  try {
    backend_->sync();
  } catch (const Error& error) {
    // A failed sync may have dropped what non-durable commits had written out; their frames may be
    // gone by now.
    if (unpersisted_.empty()) throw;
    latch();
    throw Error(ErrorCode::recovery_required,
                std::string("a sync failed that commits without durability depend on, open the "
                            "database anew: ") +
                    error.what(),
                error.position(), error.os_errno());
  }
  growth_unsynced_ = false;
}

void Store::release_page(PageNumber page) {
  if (pool_->pinned(page)) {
    pending_.add_pinned(page);
    return;
  }
  // A damaged file may list a page twice; the allocator is right, the list is not.
  if (!state_.allocator.is_used(page)) return;
  pool_->discard(page);
  unpersisted_.erase(page.bits());
  state_.allocator.release(page);
}

void Store::reclaim() {
  for (PageNumber page :
       pending_.take_reusable(snapshots_.oldest(), snapshots_.durable_txn_id(), *pool_)) {
    release_page(page);
  }
  note_page_counts();
}

void Store::write_header_and_sync(const format::Header& header) {
  try {
    const auto bytes = header.encode();
    backend_->write(0, bytes);
    backend_->sync();
    growth_unsynced_ = false;
  } catch (const Error& error) {
    latch();
    throw Error(ErrorCode::recovery_required,
                std::string("writing the file header failed, the next open decides which commit "
                            "survived: ") +
                    error.what(),
                error.position(), error.os_errno());
  }
}

void Store::note_page_counts() noexcept {
  allocated_base_pages.store(state_.allocator.allocated_pages(), std::memory_order_relaxed);
  free_base_pages.store(state_.allocator.free_pages(), std::memory_order_relaxed);
}

}  // namespace rdb::txn
