#include "db/open.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "btree/cursor.hpp"
#include "db/rdb_only.hpp"
#include "db/repair.hpp"
#include "format/allocator_key.hpp"
#include "format/system_tables.hpp"
#include "page/allocator_codec.hpp"
#include "rdb/cancel.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/write_txn.hpp"

namespace rdb::db {

namespace {

using format::CommitSlot;
using format::Header;
using format::kHeaderBytes;
using format::kPageBytes;
using format::Layout;
using format::SlotState;

// Opening reads through a pool of its own, which always verifies.
constexpr uint64_t kOpenPoolBytes = uint64_t{32} << 20;

using HeaderBytes = std::array<std::byte, kHeaderBytes>;

class Opener {
 public:
  Opener(StorageBackend& backend, const OpenOptions& options, RecoveryReport& report)
      : backend_(backend),
        options_(options),
        report_(report),
        read_only_(options.mode == OpenMode::read_only || backend.read_only()) {}

  txn::OpenedState run() {
    file_bytes_ = backend_.size();
    if (file_bytes_ == 0) return create();
    if (!read_header()) return create();
    find_layout();
    return load();
  }
  bool created() const noexcept { return created_; }
  // A full repair found counts or page lists to correct: in the file they still are as they were.
  bool mended() const noexcept { return mended_; }
  // Tables whose records are to be corrected; catalogs are, in what run() returned.
  const std::vector<txn::Recount>& recounts() const noexcept { return recounts_; }

 private:
  txn::OpenedState create();
  bool read_header();
  bool is_torn_creation(const HeaderBytes& bytes);
  void read_mirror();
  void take_mirror();
  void find_layout();
  void check_versions() const;
  txn::OpenedState load();
  std::vector<int> candidate_slots() const;
  bool try_slot(int slot, bool may_quick_load, txn::OpenedState& state);
  bool quick_load(page::FramePool& pool, const CommitSlot& commit, txn::OpenedState& state);
  bool is_shodh_file(page::FramePool& pool, const CommitSlot& commit) const;
  CommitSlot slot(int i) const;
  bool slot_ok(int i) const { return header_.slot_state(i) == SlotState::valid; }

  StorageBackend& backend_;
  const OpenOptions& options_;
  RecoveryReport& report_;
  const bool read_only_;

  uint64_t file_bytes_ = 0;
  uint64_t page_area_bytes_ = 0;  // B-tree file length: without mirror and blob region
  Header header_;
  std::optional<Header> mirror_;
  Layout layout_;
  bool recovery_needed_ = false;
  bool force_full_repair_ = false;
  bool created_ = false;
  bool mended_ = false;
  std::vector<txn::Recount> recounts_;
};

txn::OpenedState make_state(const Header& header, const CommitSlot& commit) {
  return {header, commit, commit.txn_id, page::PageAllocator(header.layout), {}, false};
}

// The layout of a new file; nullopt when regions of the size asked for are too small.
std::optional<Layout> new_layout(const OpenOptions& options) {
  Layout empty;
  if (options.region_pages != 0) empty.region_max_data_pages = options.region_pages;
  empty.check_geometry();
  return empty.with_total_pages(format::kInitialPages);
}

// The two headers a creation writes, with a sync in between: without its magic the first is no
// database, so the second has everything or nothing.
struct CreationHeaders {
  CreationHeaders(const Layout& layout, Compression compression)
      : first(Header::create(layout, compression == Compression::none ? 3 : 4)) {
    first.two_phase = true;
    first.compression = static_cast<uint8_t>(compression);
    second = first;
    commit.txn_id = 1;
    commit.version = first.raw_version(0);
    second.set_slot(1, commit);
    second.primary = 1;
  }

  Header first;
  Header second;
  CommitSlot commit;
};

txn::OpenedState Opener::create() {
  if (read_only_ || options_.mode == OpenMode::existing) {
    throw Error(ErrorCode::format,
                "the file is empty or its creation was never finished; it holds "
                "no database");
  }
  const auto layout = new_layout(options_);
  if (!layout) throw Error(ErrorCode::invalid_config, "regions of this size are too small");
  if (file_bytes_ > layout->file_bytes()) backend_.resize(layout->file_bytes());
  backend_.grow_reserved(layout->file_bytes());

  const CreationHeaders headers(*layout, options_.compression);
  backend_.write(0, headers.first.encode_without_magic());
  backend_.sync();
  backend_.write(0, headers.second.encode());
  if (options_.eof_mirror) backend_.append(layout->file_bytes(), headers.second.encode_mirror());
  backend_.sync();
  created_ = true;
  report_.txn_id = headers.commit.txn_id;
  return make_state(headers.second, headers.commit);
}

// False: the remains of a creation that never finished, to be created anew.
bool Opener::read_header() {
  if (file_bytes_ < kHeaderBytes) {
    throw Error(ErrorCode::format, "the file has " + std::to_string(file_bytes_) +
                                       " bytes, too few for a database header");
  }
  HeaderBytes bytes;
  backend_.read(0, bytes);
  const bool creating = !format::has_magic(bytes);
  if (creating && (format::is_unfinished_creation(bytes) || is_torn_creation(bytes))) return false;
  header_ = Header::parse(bytes);
  read_mirror();
  if (!slot_ok(0) && !slot_ok(1)) take_mirror();
  check_versions();
  return true;
}

// A creation that lost power leaves zeros, in which any bytes of the two headers it writes may have
// arrived. Every byte is looked at: a longer file, or one with content, is not ours to overwrite.
bool Opener::is_torn_creation(const HeaderBytes& bytes) {
  constexpr uint64_t kNewFileBytes = (1 + uint64_t{format::kInitialPages}) * kPageBytes;
  if (file_bytes_ > kNewFileBytes + kHeaderBytes) return false;
  HeaderBytes first{};
  HeaderBytes second{};
  if (const auto layout = new_layout(options_)) {
    const CreationHeaders headers(*layout, options_.compression);
    first = headers.first.encode_without_magic();
    second = headers.second.encode();
  }
  for (size_t i = 0; i < kHeaderBytes; ++i) {
    if (bytes[i] != std::byte{0} && bytes[i] != first[i] && bytes[i] != second[i]) return false;
  }
  std::vector<std::byte> pages(std::min(file_bytes_, kNewFileBytes) - kHeaderBytes);
  backend_.read(kHeaderBytes, pages);
  return std::all_of(pages.begin(), pages.end(), [](std::byte b) { return b == std::byte{0}; });
}

// A mirror is recognised by its place as well: a file of whole pages never has one (spec 01, 1.8).
void Opener::read_mirror() {
  page_area_bytes_ = file_bytes_;
  if (file_bytes_ < 2 * kHeaderBytes) return;
  const uint64_t offset = file_bytes_ - kHeaderBytes;
  const uint64_t blob_end = [&] {
    const int i = slot_ok(header_.primary) ? header_.primary : 1 - header_.primary;
    if (!slot_ok(i) || header_.raw_version(i) < 5) return uint64_t{0};
    const format::BlobRegion blobs = header_.slot(i).blob_region;
    return blobs.lies_inside(file_bytes_) ? blobs.end() : 0;
  }();
  if (offset % kPageBytes != 0 && offset != blob_end) return;
  HeaderBytes bytes;
  backend_.read(offset, bytes);
  mirror_ = Header::parse_mirror(bytes);
  if (mirror_) page_area_bytes_ = offset;
}

void Opener::take_mirror() {
  const auto old_version = [&](int i) {
    return header_.raw_version(i) == 1 || header_.raw_version(i) == 2;
  };
  if (old_version(0) && old_version(1)) {
    throw Error(ErrorCode::upgrade_required,
                "the file has format version " + std::to_string(header_.raw_version(0)) +
                    "; open it with redb 2.6 first, which upgrades it");
  }
  const auto usable = [&](const Header& mirror) {
    return (mirror.slot_state(0) == SlotState::valid || mirror.slot_state(1) == SlotState::valid) &&
           mirror.layout.region_header_pages == header_.layout.region_header_pages &&
           mirror.layout.region_max_data_pages == header_.layout.region_max_data_pages;
  };
  if (!mirror_ || !usable(*mirror_)) {
    throw Error(ErrorCode::corrupted, "both commit slots of the header are damaged");
  }
  header_ = *mirror_;
  header_.recovery_required = true;
  force_full_repair_ = true;
  report_.used_mirror = true;
  report_.notes.push_back(
      "Both commit slots were damaged; the copy at the end of the file is used.");
}

void Opener::check_versions() const {
  for (int i = 0; i < 2; ++i) {
    if (slot_ok(i)) static_cast<void>(header_.slot(i));  // throws for versions not known here
  }
}

CommitSlot Opener::slot(int i) const { return header_.slot(i); }

void Opener::find_layout() {
  const int in_use = slot_ok(header_.primary) ? header_.primary : 1 - header_.primary;
  const CommitSlot commit = slot(in_use);
  const uint64_t stored_bytes = header_.recovery_required ? 0 : header_.layout.file_bytes();
  const format::BlobRegion& blobs = commit.blob_region;
  if (blobs.offset > 0 && !blobs.lies_inside(file_bytes_)) {
    report_.notes.push_back(
        "The region of old blobs does not lie inside the file; its blobs are lost.");
  }
  const uint64_t blob_offset = blobs.begins_inside(file_bytes_) ? blobs.offset : 0;
  if (blob_offset > 0) {
    if (!header_.recovery_required && blob_offset < stored_bytes) {
      // Spec 01 section 7.6: grown by a release that did not move the region.
      force_full_repair_ = true;
      report_.notes.push_back(
          "The blob region overlaps the page area; blobs stored there may be damaged.");
    } else {
      page_area_bytes_ = blob_offset;
    }
  }

  if (!header_.recovery_required && page_area_bytes_ < stored_bytes) {
    throw Error(ErrorCode::corrupted, "the file is truncated: its header describes " +
                                          std::to_string(stored_bytes) + " bytes, it has " +
                                          std::to_string(page_area_bytes_));
  }
  layout_ = header_.layout;
  recovery_needed_ = header_.recovery_required || force_full_repair_;
  if (header_.recovery_required || page_area_bytes_ != stored_bytes) {
    const auto found = header_.layout.from_file_bytes(page_area_bytes_);
    if (!found) {
      throw Error(ErrorCode::corrupted, "the file is truncated: it has no room for a single page");
    }
    layout_ = *found;
    recovery_needed_ = true;
  }
}

// Spec 01 section 7.3, in the order in which the slots are to be tried.
std::vector<int> Opener::candidate_slots() const {
  const int primary = header_.primary;
  const int secondary = 1 - primary;
  if (!header_.recovery_required && slot_ok(primary)) return {primary};
  if (!header_.recovery_required) return {secondary};
  if (header_.two_phase) {
    if (!slot_ok(primary)) {
      throw Error(
          ErrorCode::corrupted,
          "the primary commit slot is damaged although it was written by a two-phase commit");
    }
    return {primary};
  }
  if (!slot_ok(primary)) return {secondary};
  if (!slot_ok(secondary)) return {primary};
  if (slot(secondary).txn_id > slot(primary).txn_id) return {secondary, primary};
  return {primary, secondary};
}

txn::OpenedState Opener::load() {
  header_.layout = layout_;
  const std::vector<int> candidates = candidate_slots();
  const bool primary_only = candidates.front() == header_.primary;
  txn::OpenedState state = make_state(header_, slot(candidates.front()));
  report_.clean = !recovery_needed_ && primary_only;
  const bool may_quick_load = header_.two_phase && primary_only && !force_full_repair_;
  std::string first_failure;
  for (size_t i = 0; i < candidates.size(); ++i) {
    try {
      const bool quick = try_slot(candidates[i], may_quick_load && i == 0, state);
      state.last_txn_id = 0;
      for (int s = 0; s < 2; ++s) {
        if (slot_ok(s)) state.last_txn_id = std::max(state.last_txn_id, slot(s).txn_id);
      }
      state.header.primary = candidates[i];
      if (candidates[i] != header_.primary) state.header.two_phase = false;
      report_.used_older_commit =
          i > 0 || (!header_.recovery_required && candidates[i] != header_.primary);
      if (report_.used_older_commit) {
        report_.notes.push_back("The newest commit did not survive; commit " +
                                std::to_string(state.commit.txn_id) + " is used." +
                                (first_failure.empty() ? "" : " (" + first_failure + ")"));
      }
      report_.txn_id = state.commit.txn_id;
      // A mirror that the caller does not want goes with the closing commit.
      state.clean = report_.clean && quick && (!mirror_ || options_.eof_mirror);
      return state;
    } catch (const Error& error) {
      const bool damaged =
          error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted;
      if (!damaged || i + 1 == candidates.size()) throw;
      first_failure = error.what();
    }
  }
  throw Error(ErrorCode::internal, "no commit slot was tried");
}

// Fills state from one slot. Returns whether the stored allocator state could be used.
bool Opener::try_slot(int index, bool may_quick_load, txn::OpenedState& state) {
  const CommitSlot commit = slot(index);
  for (const format::TreeRoot& root : {commit.user_root, commit.system_root}) {
    if (root) layout_.check_page(root->page);
  }
  page::FramePool pool(backend_, layout_, kOpenPoolBytes, ReadVerification::full);
  state.commit = commit;
  state.held = {};
  recounts_.clear();
  mended_ = false;
  const RepairOptions repair{header_.compression != 0, options_.repair_progress, options_.cancel};
  if (read_only_) {
    const bool doubtful = recovery_needed_ || index != header_.primary;
    if (doubtful && !options_.accept_damage) {
      verify_trees(pool, layout_, commit, repair).correct(state.commit, report_.notes);
      report_.full_repair = true;
    }
    return false;
  }
  state.held = txn::HeldPages::load(pool, {commit.user_root, commit.system_root, commit.txn_id},
                                    layout_, mirror_.has_value() || is_shodh_file(pool, commit),
                                    options_.key_profile, report_.notes);
  if (may_quick_load && quick_load(pool, commit, state)) return true;
  Repaired repaired = rebuild_allocator(pool, layout_, commit, state.held, repair, report_.notes);
  state.allocator = std::move(repaired.allocator);
  mended_ = repaired.count.correct(state.commit, report_.notes) || repaired.lists_changed;
  recounts_ = std::move(repaired.count.wrong);
  report_.full_repair = true;
  return false;
}

// The state is valid when this very commit stored it (spec 01 section 3.5). Anything else, and any
// damage, means a full repair, not an error.
bool Opener::quick_load(page::FramePool& pool, const CommitSlot& commit, txn::OpenedState& state) {
  try {
    const auto record = txn::find_record(pool, {commit.system_root}, format::kAllocatorState.name);
    if (!record || record->widths != format::kAllocatorState.widths ||
        record->kind != TableKind::normal) {
      return false;
    }
    std::vector<page::FreeMap> maps;
    bool current = false;
    btree::TreeCursor cursor(pool, record->root, {record->widths, btree::KeyOrder()});
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const format::AllocatorKey key = format::AllocatorKey::decode(cursor.key().data());
      switch (key.kind) {
        case format::AllocatorKey::Kind::deprecated:
          break;
        case format::AllocatorKey::Kind::region:
          if (key.region != maps.size()) return false;
          maps.push_back(page::decode_region(cursor.value(), layout_.region_max_data_pages));
          break;
        case format::AllocatorKey::Kind::tracker:
          page::check_tracker(cursor.value());
          break;
        case format::AllocatorKey::Kind::txn_id:
          current =
              cursor.value().size() == 8 && base::load_le64(cursor.value().data()) == commit.txn_id;
          break;
      }
    }
    if (!current || maps.empty()) return false;
    state.allocator = page::PageAllocator(layout_, std::move(maps));
    return true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::io) throw;
    report_.notes.push_back(std::string("The stored allocator state cannot be used: ") +
                            error.what() + ".");
    return false;
  }
}

// Evidence of spec 01 section 4.6 that shodh-redb, not redb, wrote the file.
bool Opener::is_shodh_file(page::FramePool& pool, const CommitSlot& commit) const {
  if (commit.version >= 4) return true;
  for (const format::SystemTable& table : format::kSystemTables) {
    if (!table.known_to_redb && txn::find_record(pool, {commit.system_root}, table.name))
      return true;
  }
  return false;
}

// What the repair found becomes what the file says, before anybody reads it. A file that cannot be
// written now, because the disk is full, say, opens all the same.
void commit_repair(const std::shared_ptr<txn::Store>& store,
                   const std::vector<txn::Recount>& recounts, RecoveryReport& report) {
  try {
    txn::WriteTxnImpl txn(store, {});
    txn.set_quick_repair(true);
    txn.correct_records(recounts);
    txn.commit();
  } catch (const Error& error) {
    if (store->failed()) throw;
    report.notes.push_back(std::string("What was corrected could not be written: ") + error.what() +
                           ".");
  }
}

// Whether a compressed file carries the mark, which is put when it is wanted.
void settle_rdb_only(const std::shared_ptr<txn::Store>& store, bool wanted) {
  if (store->read_only()) return;  // only changes ask
  try {
    if (has_rdb_only_mark(*store)) return store->set_rdb_only();
  } catch (const Error& error) {
    // Damage is told to whoever uses what is damaged.
    if (error.code() != ErrorCode::corrupted && error.code() != ErrorCode::page_corrupted) throw;
  }
  if (!wanted) return;
  put_rdb_only_mark(store);
  store->set_rdb_only();
}

// Beside an error that is under way: it tells more than a close that fails too.
template <typename Close>
void close_quietly(Close close) {
  try {
    close();
  } catch (const Error&) {
  }
}

}  // namespace

std::shared_ptr<txn::Store> open_store(std::unique_ptr<StorageBackend> backend,
                                       const OpenOptions& options, RecoveryReport& report) {
  auto counting = std::make_unique<io::CountingBackend>(std::move(backend));
  try {
    Opener opener(*counting, options, report);
    txn::OpenedState state = opener.run();
    auto store = std::make_shared<txn::Store>(std::move(counting), std::move(state), options);
    if (opener.created()) store->mark_in_use();
    if (opener.mended()) commit_repair(store, opener.recounts(), report);
    if (store->compressed()) settle_rdb_only(store, opener.created() || options.rdb_only);
    return store;
  } catch (...) {
    if (counting != nullptr) close_quietly([&] { counting->close(); });
    throw;
  }
}

void close_store(const std::shared_ptr<txn::Store>& store) {
  if (store->read_only() || store->failed() || store->untouched()) {
    store->close_backend();
    return;
  }
  try {
    txn::WriteTxnImpl txn(store, {}, txn::WriteTxnImpl::Purpose::closing);
    txn.commit();
    store->trim_and_mark_clean();
  } catch (...) {
    // The recovery bit is still set; the next open repairs.
    close_quietly([&] { store->close_backend(); });
    throw;
  }
  store->close_backend();
}

}  // namespace rdb::db
