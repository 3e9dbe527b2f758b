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

// Raw rows of a system table in stored order; none when the table is absent or has other widths.
struct RawRow {
  std::vector<std::byte> key;
  std::vector<std::byte> value;
};

std::vector<RawRow> raw_rows(page::FramePool& pool, const format::TreeRoot& catalog,
                             const format::SystemTable& table, std::vector<std::string>& notes) {
  std::vector<RawRow> rows;
  const auto record = find_record(pool, {catalog}, table.name);
  if (!record) return rows;
  if (record->widths != table.widths || record->kind != TableKind::normal) {
    notes.push_back("The system table \"" + std::string(table.name) +
                    "\" has other types than it must have; its rows are ignored.");
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
  return row;
}

void write_rows(SystemTableEdit& edit, const std::vector<PageListRow>& rows, uint32_t capacity,
                KeyProfile profile) {
  uint64_t txn_id = 0;
  uint64_t pagination = 0;
  for (const PageListRow& row : rows) {
    if (row.txn_id != txn_id) pagination = 0;
    txn_id = row.txn_id;
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

  std::vector<KeyReading> savepoint_readings;
  for (const RawRow& raw : raw_rows(pool, catalog, format::kPersistentSavepoints, notes)) {
    try {
      const auto record = format::SavepointRecord::parse(raw.value);
      if (record.txn_id > snapshot.txn_id)
        throw Error(ErrorCode::corrupted, "it names a later commit");
      savepoint_readings.push_back(format::judge_savepoint_id(raw.key.data(), record.id));
      held.holds_.push_back(record.txn_id);
      held.oldest_savepoint_ = std::min(held.oldest_savepoint_, record.txn_id);
    } catch (const Error& error) {
      notes.push_back(std::string("A savepoint row is damaged and cannot be restored (") +
                      error.what() + "); nothing it could need is reused.");
      held.holds_.push_back(0);
      held.oldest_savepoint_ = 0;
    }
  }
  for (const RawRow& raw : raw_rows(pool, catalog, format::kTransactionHistory, notes)) {
    const uint64_t txn_id = base::load_le64(raw.key.data());
    if (txn_id > snapshot.txn_id) {
      notes.push_back("A history snapshot names a later commit and is ignored.");
      continue;
    }
    held.holds_.push_back(txn_id);
  }
  std::sort(held.holds_.begin(), held.holds_.end());

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
    raw[t] = raw_rows(pool, catalog, tables[t].table, notes);
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

void HeldPages::keep_if(const std::function<bool(PageNumber)>& keep) {
  for (auto* rows : {&lists_.data_freed, &lists_.system_freed}) {
    for (PageListRow& row : *rows) {
      std::erase_if(row.pages, [&](PageNumber page) { return !keep(page); });
    }
  }
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
    // Malformed rows go as well: their pages stay allocated until a full repair looks at them.
    const auto needed = [&](const PageListRow& row) {
      return row.trusted && active() && row.txn_id > oldest_hold();
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
      if (row.trusted && row.txn_id >= oldest_savepoint_) kept.push_back(row);
    }
    allocated.clear();
    write_rows(allocated, kept, format::kDataListCapacity, profile_);
  }
  if (active()) {
    write_rows(data_freed, {{txn_id, pages.freed_by_user()}}, format::kDataListCapacity, profile_);
    if (oldest_savepoint_ != ~uint64_t{0}) {
      write_rows(allocated, {{txn_id, pages.allocated_by_user()}}, format::kDataListCapacity,
                 profile_);
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
