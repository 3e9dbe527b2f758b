#include "txn/held_pages.hpp"

#include <algorithm>
#include <span>

#include "btree/cursor.hpp"
#include "format/history_snapshot.hpp"
#include "format/page_list.hpp"
#include "format/savepoint_record.hpp"
#include "format/system_tables.hpp"
#include "format/txn_page_key.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/system_table_edit.hpp"
#include "txn/txn_pages.hpp"

namespace rdb::txn {

namespace {

using format::KeyReading;
using format::TxnPageKey;

struct RawRow {
  std::vector<std::byte> key;
  std::vector<std::byte> value;
};

// Raw rows of a system table in stored order; none when the table is absent. When it has other
// widths its rows cannot be told, and readable becomes false.
std::vector<RawRow> raw_rows(page::FramePool& pool, const format::TreeRoot& catalog,
                             const format::SystemTable& table, std::vector<std::string>& notes,
                             bool& readable) {
  std::vector<RawRow> rows;
  const auto record = find_record(pool, {catalog}, table.name);
  if (!record) return rows;
  if (record->widths != table.widths || record->kind != TableKind::normal) {
    notes.push_back("The system table \"" + std::string(table.name) +
                    "\" has other types than it must have; its rows are ignored.");
    readable = false;
    return rows;
  }
  btree::TreeCursor cursor(pool, record->root, {record->widths, btree::KeyOrder()});
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const Bytes key = cursor.key();
    const Bytes value = cursor.value();
    rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
  }
  return rows;
}

PageListRow parse_row(const RawRow& raw, KeyReading reading, KeyProfile fallback,
                      const format::Layout& layout) {
  PageListRow row;
  const KeyProfile profile = reading == KeyReading::shodh  ? KeyProfile::shodh
                             : reading == KeyReading::redb ? KeyProfile::redb
                                                           : fallback;
  row.txn_id = TxnPageKey::decode(raw.key.data(), profile).txn_id;
  row.trusted = reading != KeyReading::impossible;
  const format::PageListView list = format::PageListView::parse(raw.value);
  row.trusted = row.trusted && list.well_formed();
  for (uint32_t i = 0; i < list.size(); ++i) {
    const auto page = list.at(i);
    if (page && layout.contains(*page)) {
      row.pages.push_back(*page);
    } else {
      row.trusted = false;
    }
  }
  if (!row.trusted) {
    row.stored_value = raw.value;
    if (reading == KeyReading::impossible) row.stored_key = raw.key;
  }
  return row;
}

bool all_trusted(const std::vector<PageListRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const PageListRow& row) { return row.trusted; });
}

size_t forget_untrusted(std::vector<PageListRow>& rows) {
  return std::erase_if(rows, [](const PageListRow& row) { return !row.trusted; });
}

// Rows of one commit are numbered anew. One that is not trusted keeps its value, and its key when
// that cannot be read.
void write_rows(SystemTableEdit& edit, const std::vector<PageListRow>& rows, uint32_t capacity,
                KeyProfile profile) {
  uint64_t txn_id = 0;
  uint64_t pagination = 0;
  for (const PageListRow& row : rows) {
    if (row.txn_id != txn_id) pagination = 0;
    txn_id = row.txn_id;
    if (!row.trusted) {
      const auto key = TxnPageKey{txn_id, pagination++}.encode(profile);
      edit.put(row.stored_key.empty() ? Bytes(key) : Bytes(row.stored_key), row.stored_value);
      continue;
    }
    std::span<const PageNumber> left(row.pages);
    while (!left.empty()) {
      const size_t n = std::min<size_t>(left.size(), capacity);
      edit.put(TxnPageKey{txn_id, pagination++}.encode(profile),
               format::make_page_list(left.first(n), capacity));
      left = left.subspan(n);
    }
  }
}

format::KeyOrderKind key_order(KeyProfile profile) {
  return profile == KeyProfile::shodh ? format::KeyOrderKind::bytes
                                      : format::KeyOrderKind::txn_page_le;
}

}  // namespace

HeldPages HeldPages::load(page::FramePool& pool, const Snapshot& snapshot,
                          const format::Layout& layout, bool shodh_file, KeyProfile fallback,
                          std::vector<std::string>& notes) {
  HeldPages held;
  const format::TreeRoot& catalog = snapshot.system_root;

  const auto rows_of = [&](const format::SystemTable& table) {
    return raw_rows(pool, catalog, table, notes, held.old_trees_known_);
  };
  std::vector<KeyReading> savepoint_readings;
  const std::vector<RawRow> savepoints = rows_of(format::kPersistentSavepoints);
  if (!held.old_trees_known_) {
    held.holds_.push_back(0);
    held.oldest_savepoint_ = 0;
  }
  for (const RawRow& raw : savepoints) {
    try {
      const auto record = format::SavepointRecord::parse(raw.value);
      if (record.txn_id > snapshot.txn_id)
        throw Error(ErrorCode::corrupted, "it names a later commit");
      savepoint_readings.push_back(format::judge_savepoint_id(raw.key.data(), record.id));
      if (record.user_root) layout.check_page(record.user_root->page);
      held.holds_.push_back(record.txn_id);
      held.oldest_savepoint_ = std::min(held.oldest_savepoint_, record.txn_id);
      held.old_trees_.push_back(
          {"savepoint " + std::to_string(record.id), record.txn_id, record.user_root});
    } catch (const Error& error) {
      notes.push_back(std::string("A savepoint row is damaged and cannot be restored (") +
                      error.what() + "); nothing it could need is reused.");
      held.holds_.push_back(0);
      held.oldest_savepoint_ = 0;
      held.old_trees_known_ = false;
    }
  }
  for (const RawRow& raw : rows_of(format::kTransactionHistory)) {
    const uint64_t txn_id = base::load_le64(raw.key.data());
    if (txn_id > snapshot.txn_id) {
      notes.push_back("A history snapshot names a later commit and is ignored.");
      continue;
    }
    held.holds_.push_back(txn_id);
    const std::string object = "history snapshot " + std::to_string(txn_id);
    try {
      const auto record = format::HistorySnapshot::parse(raw.value);
      if (record.user_root) layout.check_page(record.user_root->page);
      held.old_trees_.push_back({object, txn_id, record.user_root});
    } catch (const Error& error) {
      notes.push_back("The " + object + " is damaged and cannot be read (" + error.what() + ").");
    }
  }
  std::sort(held.holds_.begin(), held.holds_.end());
  std::stable_sort(held.old_trees_.begin(), held.old_trees_.end(),
                   [](const OldTree& a, const OldTree& b) { return a.txn_id > b.txn_id; });

  struct Table {
    const format::SystemTable& table;
    std::vector<PageListRow> Lists::*rows;
  };
  const Table tables[] = {{format::kDataPagesUnreachable, &Lists::data_freed},
                          {format::kSystemPagesUnreachable, &Lists::system_freed},
                          {format::kDataPagesAllocated, &Lists::data_allocated}};
  std::vector<RawRow> raw[3];
  uint64_t seen_shodh = 0, seen_redb = 0;
  for (KeyReading reading : savepoint_readings) {
    seen_shodh += reading == KeyReading::shodh;
    seen_redb += reading == KeyReading::redb;
  }
  for (int t = 0; t < 3; ++t) {
    raw[t] = rows_of(tables[t].table);
    for (const RawRow& row : raw[t]) {
      const KeyReading reading = format::judge_txn_page_key(row.key.data(), snapshot.txn_id);
      seen_shodh += reading == KeyReading::shodh;
      seen_redb += reading == KeyReading::redb;
    }
  }
  // Spec 01 section 4.6: shodh when anything says so, redb when existing keys do, else the option.
  held.profile_ = shodh_file || seen_shodh > 0 ? KeyProfile::shodh
                  : seen_redb > 0              ? KeyProfile::redb
                                               : fallback;
  for (int t = 0; t < 3; ++t) {
    std::vector<PageListRow>& rows = held.lists_.*tables[t].rows;
    for (const RawRow& row : raw[t]) {
      const KeyReading reading = format::judge_txn_page_key(row.key.data(), snapshot.txn_id);
      rows.push_back(parse_row(row, reading, held.profile_, layout));
      if (!rows.back().trusted) {
        notes.push_back("A row of \"" + std::string(tables[t].table.name) +
                        "\" is malformed; no page is freed because of it.");
      }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const PageListRow& a, const PageListRow& b) {
      return a.txn_id < b.txn_id;
    });
  }
  return held;
}

bool HeldPages::lists_trusted() const noexcept {
  return all_trusted(lists_.data_freed) && all_trusted(lists_.system_freed);
}

void HeldPages::keep_if(
    const std::function<bool(const PageListRow&, bool user, PageNumber)>& keep) {
  for (auto* rows : {&lists_.data_freed, &lists_.system_freed}) {
    for (PageListRow& row : *rows) {
      std::erase_if(row.pages,
                    [&](PageNumber page) { return !keep(row, rows == &lists_.data_freed, page); });
    }
  }
}

void HeldPages::list_freed(uint64_t txn_id, std::vector<PageNumber> pages) {
  std::vector<PageListRow>& rows = lists_.data_freed;
  const auto later = [](uint64_t id, const PageListRow& row) { return id < row.txn_id; };
  rows.insert(std::upper_bound(rows.begin(), rows.end(), txn_id, later),
              {txn_id, std::move(pages), true, {}, {}});
}

bool HeldPages::forget_untrusted_rows() {
  return forget_untrusted(lists_.data_freed) + forget_untrusted(lists_.system_freed) +
             forget_untrusted(lists_.data_allocated) >
         0;
}

bool HeldPages::keep_allocated_if(const std::function<bool(PageNumber)>& used) {
  size_t forgotten = 0;
  for (PageListRow& row : lists_.data_allocated) {
    forgotten += std::erase_if(row.pages, [&](PageNumber page) { return !used(page); });
  }
  return forgotten > 0;
}

bool HeldPages::fold(TxnPages& pages, format::TreeRoot& system_catalog, uint64_t txn_id,
                     std::vector<PageNumber>& released) {
  if (settled_ && !active()) return false;
  const format::KeyOrderKind order = key_order(profile_);
  page::PageWriter& writer = pages.system();
  SystemTableEdit data_freed(writer, system_catalog, format::kDataPagesUnreachable, order);
  SystemTableEdit system_freed(writer, system_catalog, format::kSystemPagesUnreachable, order);
  SystemTableEdit allocated(writer, system_catalog, format::kDataPagesAllocated, order);

  if (!settled_) {
    const auto needed = [&](const PageListRow& row) {
      return active() && (!row.trusted || row.txn_id > oldest_hold());
    };
    const auto rewrite = [&](SystemTableEdit& edit, const std::vector<PageListRow>& rows,
                             uint32_t capacity) {
      std::vector<PageListRow> kept;
      for (const PageListRow& row : rows) {
        if (needed(row)) {
          kept.push_back(row);
        } else if (row.trusted) {
          released.insert(released.end(), row.pages.begin(), row.pages.end());
        }
      }
      edit.clear();
      write_rows(edit, kept, capacity, profile_);
    };
    rewrite(data_freed, lists_.data_freed, format::kDataListCapacity);
    rewrite(system_freed, lists_.system_freed, format::kSystemListCapacity);
    std::vector<PageListRow> kept;
    for (const PageListRow& row : lists_.data_allocated) {
      if (active() && (!row.trusted || row.txn_id >= oldest_savepoint_)) kept.push_back(row);
    }
    allocated.clear();
    write_rows(allocated, kept, format::kDataListCapacity, profile_);
  }
  if (active()) {
    write_rows(data_freed, {{txn_id, pages.freed_by_user(), true, {}, {}}},
               format::kDataListCapacity, profile_);
    if (oldest_savepoint_ != ~uint64_t{0}) {
      write_rows(allocated, {{txn_id, pages.allocated_by_user(), true, {}, {}}},
                 format::kDataListCapacity, profile_);
    }
  }
  data_freed.finish();
  system_freed.finish();
  allocated.finish();
  folded_ = true;
  return active();
}

void HeldPages::committed() {
  if (folded_) settled_ = true;
  folded_ = false;
  if (settled_) lists_ = {};
}

}  // namespace rdb::txn
