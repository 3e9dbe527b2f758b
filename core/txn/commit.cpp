#include "txn/commit.hpp"

#include <algorithm>

#include "btree/finalize.hpp"
#include "format/allocator_key.hpp"
#include "io/prewriting_backend.hpp"
#include "rdb/error.hpp"
#include "txn/system_table_edit.hpp"

namespace rdb::txn {

namespace {

// Spec 01 section 6.5 allows 10000; one more is made durable instead of refused.
constexpr uint64_t kMaxPendingNonDurableCommits = 10000;

constexpr uint64_t kPreparedShare = io::PrewritingBackend::kLargeShare;
constexpr uint64_t kMinPreparedPages = io::PrewritingBackend::kAheadBytes / format::kPageBytes;
constexpr uint64_t kMaxPreparedPages = io::PrewritingBackend::kMaxAheadBytes / format::kPageBytes;

constexpr int kMaxStatePasses = 12;
constexpr int kMaxShrinkingPasses = 8;

}  // namespace

Committer::Committer(WriteTxnImpl& txn)
    : txn_(txn),
      store_(*txn.store_),
      pages_(txn.pages_),
      durable_(txn.durability_ == Durability::immediate || txn.quick_repair_ || txn.two_phase_ ||
               txn.closing_ || store_.held().active() ||
               store_.non_durable_commits >= kMaxPendingNonDurableCommits),
      quick_repair_(txn.quick_repair_ || txn.closing_),
      two_phase_(txn.two_phase_ || quick_repair_) {}

void Committer::run() {
  if (changes_nothing()) return;
  fold_table_roots();
  if (durable_) {
    fold_system_tables();
    write_pages();
    write_header();
  }
  const uint64_t pages = pages_.allocated_base_pages();
  publish();
  if (durable_ && !txn_.closing_) prepare_memory(pages);
}

// Small commits that follow a bulk load should not pay for the first touch of memory by the
// megabyte. The file's blocks are prepared to the same extent (io/prewriting_backend.hpp).
void Committer::prepare_memory(uint64_t pages_written) {
  const uint64_t pages = std::min(pages_written / kPreparedShare, kMaxPreparedPages);
  if (pages < kMinPreparedPages) return;
  store_.pool().prepare(store_.allocator().end_of_used(), pages);
}

bool Committer::changes_nothing() const {
  return !quick_repair_ && !pages_.any_allocated() && pages_.freed_by_user().empty() &&
         pages_.freed_by_system().empty() && txn_.user_catalog_ == txn_.base_.user_root &&
         (!durable_ || store_.unpersisted().empty()) &&
         (!durable_ || store_.non_durable_commits == 0);
}

// Staged roots go into the catalog, then the catalog's own checksums become final.
void Committer::fold_table_roots() {
  page::PageWriter& writer = pages_.user();
  for (auto& [name, table] : txn_.tables_) {
    if (!table->changed) continue;
    if (table->multimap) {
      btree::finalize_multimap(writer, table->root, table->record.widths.key,
                               collection_form(table->record), [&] { pages_.spill_if_needed(); });
    } else {
      btree::finalize(writer, table->root, table->shape.widths);
    }
    format::TableRecord record = table->record;
    record.root = table->root;
    record.length = table->length();
    if (record == table->record) continue;
    put_record(writer, txn_.user_catalog_, name, record);
    table->record = record;
  }
  btree::finalize(writer, txn_.user_catalog_, catalog_shape().widths);
}

void Committer::fold_system_tables() {
  page::PageWriter& writer = pages_.system();
  user_frees_recorded_ = store_.held().fold(pages_, txn_.system_catalog_, txn_.id_, released_);
  if (quick_repair_) {
    store_allocator_state();
  } else if (store_.allocator_state_stored) {
    SystemTableEdit state(writer, txn_.system_catalog_, format::kAllocatorState,
                          format::KeyOrderKind::allocator_state);
    if (state.existed()) state.drop();
    layout_ = store_.allocator().layout();
  }
  btree::finalize(writer, txn_.system_catalog_, catalog_shape().widths);
  if (!quick_repair_) layout_ = store_.allocator().layout();
}

// Pages that are used now and free once this two-phase commit is durable: nobody will consult an
// older root after a crash, and readers do not survive one.
std::vector<PageNumber> Committer::free_after_commit() const {
  std::vector<PageNumber> pages = store_.pending().all();
  const auto add = [&](const std::vector<PageNumber>& more) {
    pages.insert(pages.end(), more.begin(), more.end());
  };
  if (!user_frees_recorded_) add(pages_.freed_by_user());
  add(pages_.freed_by_system());
  add(released_);
  std::sort(pages.begin(), pages.end());
  return pages;
}

// Storing the state allocates pages, which changes the state. So rows of the final sizes are put
// first; when nothing can be allocated any more they are overwritten in place (spec 01
// section 3.5). A row that gets shorter may move to a smaller page, so the sizes must be met
// exactly.
void Committer::store_allocator_state() {
  page::PageAllocator& allocator = store_.allocator();
  SystemTableEdit table(pages_.system(), txn_.system_catalog_, format::kAllocatorState,
                        format::KeyOrderKind::allocator_state);
  std::vector<std::byte> txn_id(8);
  base::store_le64(txn_id.data(), txn_.id_);
  const auto region_key = [](uint32_t region) {
    return format::AllocatorKey{format::AllocatorKey::Kind::region, region}.encode();
  };
  const auto tracker_key = format::AllocatorKey{format::AllocatorKey::Kind::tracker, 0}.encode();
  const auto txn_key = format::AllocatorKey{format::AllocatorKey::Kind::txn_id, 0}.encode();

  format::Layout target = allocator.layout();
  for (int pass = 0;; ++pass) {
    if (pass == kMaxStatePasses) {
      throw Error(ErrorCode::internal, "the allocator state does not settle");
    }
    table.clear();
    page::PageAllocator sizes(target);
    std::vector<uint64_t> room;
    for (uint32_t region = 0; region < target.region_count(); ++region) {
      room.push_back(sizes.region_state_bytes(region));
      table.put(region_key(region), std::vector<std::byte>(room.back()));
    }
    table.put(tracker_key, std::vector<std::byte>(sizes.tracker_state_bytes()));
    table.put(txn_key, txn_id);
    table.stage();

    // What is used and free after this commit; from here on no page may change hands.
    page::PageAllocator after = allocator;
    for (PageNumber page : free_after_commit()) {
      // A damaged file may list a page twice, or once more as part of a larger one.
      if (after.is_used(page)) after.release(page);
    }
    // Rows for fewer pages need fewer pages themselves, and so on. Should that never end, the file
    // stays as long as it is.
    const bool may_shrink = txn_.closing_ && pass < kMaxShrinkingPasses;
    if (may_shrink) after.set_layout(after.shrunk_layout());
    const page::AllocatorState state = after.encode_state();
    bool fits =
        state.regions.size() == room.size() && state.tracker.size() == sizes.tracker_state_bytes();
    for (size_t i = 0; fits && i < room.size(); ++i) fits = state.regions[i].size() == room[i];
    if (!fits) {
      target = after.layout();
      continue;
    }
    const uint64_t free_before = allocator.free_pages();
    for (uint32_t region = 0; region < state.regions.size(); ++region) {
      table.put(region_key(region), state.regions[region]);
    }
    table.put(tracker_key, state.tracker);
    table.finish();
    if (allocator.free_pages() != free_before) {
      throw Error(ErrorCode::internal, "storing the allocator state changed it");
    }
    layout_ = after.layout();
    return;
  }
}

void Committer::write_pages() {
  store_.mark_in_use();
  pages_.write_dirty();
}

void Committer::write_header() {
  format::Header header = store_.header();
  const int slot = 1 - header.primary;
  const format::CommitSlot previous = header.slot(header.primary);
  format::CommitSlot commit;
  const bool slot_valid = header.slot_state(slot) == format::SlotState::valid;
  commit.version = slot_valid ? header.raw_version(slot) : previous.version;
  commit.blob_region = previous.blob_region;
  if (commit.blob_region.offset > 0) commit.version = 5;
  commit.user_root = txn_.user_catalog_;
  commit.system_root = txn_.system_catalog_;
  commit.txn_id = txn_.id_;

  header.set_slot(slot, commit);
  header.layout = layout_;
  header.recovery_required = true;
  store_.sync_growth();
  if (two_phase_) {
    store_.write_header_and_sync(header);
  }
  header.primary = slot;
  header.two_phase = two_phase_;
  if (store_.options().eof_mirror) write_mirror(header);
  store_.write_header_and_sync(header);
  store_.header() = header;
}

void Committer::write_mirror(const format::Header& header) {
  store_.write_behind_pages(store_.data_end_bytes(header.layout), header.encode_mirror());
}

void Committer::publish() {
  std::vector<PageNumber> freed;
  std::vector<PageNumber> freed_unpersisted;
  const auto sort_out = [&](const std::vector<PageNumber>& pages) {
    for (PageNumber page : pages) {
      const bool fallback_needs_it = !store_.unpersisted().contains(page.bits());
      (fallback_needs_it ? freed : freed_unpersisted).push_back(page);
    }
  };
  if (!user_frees_recorded_) sort_out(pages_.freed_by_user());
  sort_out(pages_.freed_by_system());
  sort_out(released_);

  pages_.publish(durable_);
  store_.snapshots().publish({txn_.user_catalog_, txn_.system_catalog_, txn_.id_}, durable_);
  store_.pending().add(txn_.id_, std::move(freed), true);
  store_.pending().add(txn_.id_, std::move(freed_unpersisted), false);
  if (durable_) {
    store_.held().committed();
    store_.allocator_state_stored = quick_repair_;
    store_.non_durable_commits = 0;
  } else {
    ++store_.non_durable_commits;
  }
  store_.commit_count.fetch_add(1, std::memory_order_relaxed);
  store_.reclaim();
}

}  // namespace rdb::txn
