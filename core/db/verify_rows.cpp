#include "db/verify_rows.hpp"

#include <algorithm>

#include "format/allocator_key.hpp"
#include "format/history_snapshot.hpp"
#include "format/page_list.hpp"
#include "format/savepoint_record.hpp"
#include "format/txn_page_key.hpp"
#include "page/allocator_codec.hpp"
#include "rdb/error.hpp"

namespace rdb::db {

namespace {

using format::AllocatorKey;
using format::KeyReading;
using format::PageNumber;
using format::SystemTable;

constexpr const char* kStoredState = "stored allocator state";

constexpr const SystemTable* kPageLists[] = {
    &format::kDataPagesUnreachable, &format::kSystemPagesUnreachable, &format::kDataPagesAllocated};
constexpr const SystemTable* kJudged[] = {
    &format::kNextSavepointId,      &format::kPersistentSavepoints,
    &format::kDataPagesUnreachable, &format::kSystemPagesUnreachable,
    &format::kDataPagesAllocated,   &format::kAllocatorState,
    &format::kTransactionHistory};

std::string object_of(const SystemTable& table) {
  return std::string("system table \"").append(table.name) + "\"";
}

bool is_page_list(const SystemTable& table) {
  return std::any_of(std::begin(kPageLists), std::end(kPageLists),
                     [&](const SystemTable* list) { return list->name == table.name; });
}

btree::KeyOrder order_of_kind(const SystemTable& table, format::KeyOrderKind kind) {
  format::TypeInfo info;
  info.known = true;
  info.width = table.widths.key;
  info.order = kind;
  return btree::KeyOrder(info);
}

}  // namespace

void SystemRows::take(std::string_view table, PageNumber page, const format::LeafView& leaf) {
  const bool judged = std::any_of(std::begin(kJudged), std::end(kJudged),
                                  [&](const SystemTable* t) { return t->name == table; });
  if (!judged) return;
  std::vector<Row>& rows = rows_[std::string(table)];
  for (uint32_t i = 0; i < leaf.size(); ++i) {
    const Bytes key = leaf.key(i);
    const Bytes value = leaf.value(i);
    rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}, page});
  }
}

void SystemRows::miss(std::string_view table) {
  for (const SystemTable* list : kPageLists) {
    if (list->name == table) lists_complete_ = false;
  }
  // A state with rows missing is no state.
  if (table == format::kAllocatorState.name) rows_.erase(std::string(table));
}

const std::vector<SystemRows::Row>& SystemRows::rows_of(const SystemTable& table) const {
  static const std::vector<Row> none;
  const auto found = rows_.find(table.name);
  return found == rows_.end() ? none : found->second;
}

// nullopt when both byte orders occur.
std::optional<KeyProfile> SystemRows::profile_of(const SystemTable& table) const {
  bool shodh = false;
  bool redb = false;
  for (const Row& row : rows_of(table)) {
    KeyReading reading = KeyReading::impossible;
    if (is_page_list(table)) {
      reading = format::judge_txn_page_key(row.key.data(), snapshot_.txn_id);
    } else if (row.value.size() >= 9) {
      reading = format::judge_savepoint_id(row.key.data(), base::load_le64(row.value.data() + 1));
    }
    shodh = shodh || reading == KeyReading::shodh;
    redb = redb || reading == KeyReading::redb;
  }
  if (shodh && redb) return std::nullopt;
  return redb ? KeyProfile::redb : KeyProfile::shodh;
}

btree::KeyOrder SystemRows::order_of(const SystemTable& table) const {
  using Kind = format::KeyOrderKind;
  if (table.name == format::kAllocatorState.name) {
    const std::vector<Row>& rows = rows_of(table);
    const bool deprecated = std::any_of(rows.begin(), rows.end(), [](const Row& row) {
      return AllocatorKey::decode(row.key.data()).kind == AllocatorKey::Kind::deprecated;
    });
    return deprecated ? btree::KeyOrder() : order_of_kind(table, Kind::allocator_state);
  }
  if (is_page_list(table) || table.name == format::kPersistentSavepoints.name) {
    const std::optional<KeyProfile> profile = profile_of(table);
    if (!profile) return {};
    if (*profile == KeyProfile::shodh) return order_of_kind(table, Kind::bytes);
    return order_of_kind(table, is_page_list(table) ? Kind::txn_page_le : Kind::u64);
  }
  return {};
}

bool SystemRows::root_inside(const format::TreeRoot& root) const {
  return !root || census_.layout().contains(root->page);
}

void SystemRows::judge() {
  judge_savepoints();
  judge_history();
  judge_freed(format::kDataPagesUnreachable);
  judge_freed(format::kSystemPagesUnreachable);
  judge_allocated();
  judge_allocator_state();
}

void SystemRows::judge_savepoints() {
  const std::string object = object_of(format::kPersistentSavepoints);
  std::vector<uint64_t> ids;
  for (const Row& row : rows_of(format::kPersistentSavepoints)) {
    try {
      const auto record = format::SavepointRecord::parse(row.value);
      const std::string name = "savepoint " + std::to_string(record.id);
      ids.push_back(record.id);
      if (format::judge_savepoint_id(row.key.data(), record.id) == KeyReading::impossible) {
        findings_.add(name, "Its row has the key of another savepoint.", meaning::kSavepointLost,
                      row.page);
      } else if (record.txn_id > snapshot_.txn_id) {
        findings_.add(name,
                      "It is of commit " + std::to_string(record.txn_id) + ", the newest is " +
                          std::to_string(snapshot_.txn_id) + ".",
                      meaning::kSavepointLost, row.page);
      } else if (!root_inside(record.user_root)) {
        findings_.add(
            name, "Its root, page " + record.user_root->page.text() + ", lies outside the file.",
            meaning::kSavepointLost, row.page);
      } else {
        oldest_savepoint_ = std::min(oldest_savepoint_, record.txn_id);
        old_trees_.push_back({name, record.user_root, meaning::kSavepointLost});
      }
    } catch (const Error& error) {
      findings_.add(object, std::string(error.what()) + ".", meaning::kSavepointLost, row.page);
    }
  }
  judge_next_savepoint_id(ids);
}

void SystemRows::judge_next_savepoint_id(const std::vector<uint64_t>& ids) {
  if (ids.empty()) return;
  const uint64_t newest = *std::max_element(ids.begin(), ids.end());
  bool above = false;
  for (const Row& row : rows_of(format::kNextSavepointId)) {
    above =
        base::load_be64(row.value.data()) > newest || base::load_le64(row.value.data()) > newest;
  }
  if (!above) {
    findings_.add(object_of(format::kNextSavepointId),
                  "The next savepoint would get a number that is taken, the newest is " +
                      std::to_string(newest) + ".",
                  meaning::kIdReused);
  }
}

void SystemRows::judge_history() {
  for (const Row& row : rows_of(format::kTransactionHistory)) {
    const uint64_t txn_id = base::load_le64(row.key.data());
    const std::string name = "history snapshot " + std::to_string(txn_id);
    try {
      const auto record = format::HistorySnapshot::parse(row.value);
      if (txn_id > snapshot_.txn_id) {
        findings_.add(
            name,
            "It is of a later commit than the newest, " + std::to_string(snapshot_.txn_id) + ".",
            meaning::kSnapshotLost, row.page);
      } else if (std::to_integer<int>(row.value[0]) > 1) {
        findings_.add(name, "Its root flag is neither 0 nor 1.", meaning::kSnapshotLost, row.page);
      } else if (!root_inside(record.user_root)) {
        findings_.add(
            name, "Its root, page " + record.user_root->page.text() + ", lies outside the file.",
            meaning::kSnapshotLost, row.page);
      } else {
        old_trees_.push_back({name, record.user_root, meaning::kSnapshotLost});
      }
    } catch (const Error& error) {
      findings_.add(name, std::string(error.what()) + ".", meaning::kSnapshotLost, row.page);
    }
  }
}

void SystemRows::judge_freed(const SystemTable& table) {
  for (const Row& row : rows_of(table)) judge_freed_row(table, row);
}

// Nothing is freed because of a row that is not trusted, so its pages are left out.
void SystemRows::judge_freed_row(const SystemTable& table, const Row& row) {
  const std::string object = object_of(table);
  const auto list = format::PageListView::parse(row.value);
  std::vector<PageNumber> pages;
  for (uint32_t i = 0; i < list.size(); ++i) {
    const auto page = list.at(i);
    if (page && census_.layout().contains(*page)) pages.push_back(*page);
  }
  const char* distrust = nullptr;
  if (format::judge_txn_page_key(row.key.data(), snapshot_.txn_id) == KeyReading::impossible) {
    distrust = "A row is of a commit that has not been made yet.";
  } else if (!list.well_formed()) {
    distrust = "A row counts more pages than it lists.";
  } else if (pages.size() < list.size()) {
    distrust = "A row lists a page outside the file.";
  }
  if (distrust != nullptr) {
    findings_.add(object, distrust, meaning::kSpaceKept, row.page);
    lists_complete_ = false;
    return;
  }
  for (const PageNumber page : pages) {
    if (census_.hold(page)) continue;
    if (census_.is_reached(page)) {
      findings_.add_contested(object, "Page " + page.text() + " is listed as freed and is in use",
                              meaning::kMayOverwrite, page);
    } else {
      findings_.add(object, "Page " + page.text() + " is listed as freed twice.",
                    meaning::kMayOverwrite, page);
    }
  }
}

// Restoring a savepoint frees what later commits allocated.
void SystemRows::judge_allocated() {
  const SystemTable& table = format::kDataPagesAllocated;
  const std::string object = object_of(table);
  const KeyProfile fallback = profile_of(table).value_or(KeyProfile::shodh);
  for (const Row& row : rows_of(table)) {
    const KeyReading reading = format::judge_txn_page_key(row.key.data(), snapshot_.txn_id);
    const auto list = format::PageListView::parse(row.value);
    if (reading == KeyReading::impossible) {
      findings_.add(object, "A row is of a commit that has not been made yet.",
                    meaning::kSavepointLost, row.page);
      continue;
    }
    const KeyProfile profile = reading == KeyReading::shodh  ? KeyProfile::shodh
                               : reading == KeyReading::redb ? KeyProfile::redb
                                                             : fallback;
    if (format::TxnPageKey::decode(row.key.data(), profile).txn_id <= oldest_savepoint_) continue;
    if (!list.well_formed()) {
      findings_.add(object, "A row counts more pages than it lists.", meaning::kSavepointLost,
                    row.page);
      continue;
    }
    for (uint32_t i = 0; i < list.size(); ++i) {
      const auto page = list.at(i);
      if (!page || !census_.layout().contains(*page)) {
        findings_.add(object, "A row lists a page outside the file.", meaning::kSavepointLost,
                      row.page);
        break;
      }
      if (lists_complete_ && !census_.is_accounted_for(*page)) {
        findings_.add(object, "Page " + page->text() + " is listed as allocated and is free.",
                      meaning::kSavepointLost, *page);
      }
    }
  }
}

void SystemRows::judge_allocator_state() {
  try {
    stored_ = parse_allocator_state();
  } catch (const Error& error) {
    findings_.add(kStoredState, std::string(error.what()) + ".", meaning::kStateUseless);
  }
}

// nullopt: there is none, or it is of an earlier commit, which nobody believes.
std::optional<page::PageAllocator> SystemRows::parse_allocator_state() {
  const std::vector<Row>& rows = rows_of(format::kAllocatorState);
  const bool current = std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
    return AllocatorKey::decode(row.key.data()).kind == AllocatorKey::Kind::txn_id &&
           row.value.size() == 8 && base::load_le64(row.value.data()) == snapshot_.txn_id;
  });
  if (!current) return std::nullopt;
  const format::Layout& layout = census_.layout();
  const auto wrong = [](const std::string& what) {
    throw Error(ErrorCode::format, "allocator state: " + what);
  };
  std::vector<page::FreeMap> maps;
  Bytes tracker;
  for (const Row& row : rows) {
    const AllocatorKey key = AllocatorKey::decode(row.key.data());
    if (key.kind == AllocatorKey::Kind::tracker) tracker = row.value;
    if (key.kind != AllocatorKey::Kind::region) continue;
    if (key.region != maps.size()) {
      wrong("the row of region " + std::to_string(maps.size()) + " is missing");
    }
    maps.push_back(page::decode_region(row.value, layout.region_max_data_pages));
  }
  if (maps.empty()) wrong("it describes no region");
  if (tracker.empty()) wrong("the row of the region tracker is missing");
  const uint32_t tracked = page::check_tracker(tracker);
  if (tracked < maps.size()) {
    wrong("the region tracker covers " + std::to_string(tracked) + " of " +
          std::to_string(maps.size()) + " regions");
  }
  // A bit that promises too much is a hint that fails; one that promises too little hides space.
  // The Rust engines themselves leave such bits behind, but never for single pages.
  for (uint32_t region = 0; region < maps.size(); ++region) {
    if (maps[region].free_count() > 0 && !page::tracker_offers(tracker, region, 0)) {
      findings_.add(kStoredState,
                    "The region tracker says that region " + std::to_string(region) +
                        " is full, it has " + std::to_string(maps[region].free_count()) +
                        " free pages.",
                    meaning::kSpaceHidden);
    }
  }
  return page::PageAllocator(layout, std::move(maps));
}

}  // namespace rdb::db
