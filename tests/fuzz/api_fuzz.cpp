// api_fuzz.cpp: the script's steps, transactions, tables and the database, and its end.
#include <unistd.h>

#include <filesystem>

#include "api_script.hpp"

namespace rdb::fuzz {
namespace {

std::string database_path() {
  // Memory, where there is a file system of it: the target is about calls, not about the device.
  std::error_code ignored;
  const bool shared_memory = std::filesystem::is_directory("/dev/shm", ignored);
  const auto folder =
      shared_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  return (folder / ("rdb-fuzz-api-" + std::to_string(::getpid()))).string();
}

}  // namespace

Script::Script(Input& input, uint8_t codec)
    : input_(input), compression_(codec % 3), path_(database_path()) {
  std::filesystem::remove(path_);
  open();
}

Script::~Script() { std::filesystem::remove(path_); }

void Script::run() {
  for (int steps = 0; steps < 400 && !input_.empty(); ++steps) step();
  let_go();
  expect(rdb_close(db_, &err_), RDB_OK, "close");
  db_ = nullptr;
  check_values();
  values_.clear();
  check_file();
}

void Script::step() {
  const uint8_t what = input_.u8();
  if (what >= 224) return multimap_step(what - 224);
  switch (what % 32) {
    case 0:
      return begin_writer();
    case 1:
      return end_writer(true);
    case 2:
      return end_writer(input_.u8() % 4 != 0);
    case 3:
      return begin_reader();
    case 4:
      return end_reader();
    case 5:
    case 6:
      return open_table(false);
    case 7:
      return close_table();
    case 8:
    case 9:
      return put();
    case 10:
      return erase();
    case 11:
      return get();
    case 12:
      return pop();
    case 13:
    case 14:
      return put_batch();
    case 15:
      return get_batch();
    case 16:
      return delete_batch();
    case 17:
      return open_cursor();
    case 18:
    case 19:
    case 20:
      return move_cursor();
    case 21:
      return seek_cursor();
    case 22:
      return delete_at_cursor();
    case 23:
      return batch_of_cursor();
    case 24:
      return close_cursor();
    case 25:
      return set_range();
    case 26:
      return rename_or_delete_table();
    case 27:
      return list_tables();
    case 28:
      return look_at_database();
    case 29:
      return reopen();
    case 30:
      return wrong_handles();
    default:
      return packed_records();
  }
}

void Script::open() {
  rdb_options options = RDB_OPTIONS_INIT;
  options.memory_budget_bytes = uint64_t{1} << 20;
  options.region_pages = 64;
  options.compression = compression_;
  expect(rdb_open(slice(path_), &options, &db_, &err_), RDB_OK, "open");
}

void Script::begin_writer() {
  rdb_txn_options options = RDB_TXN_OPTIONS_INIT;
  const uint8_t bits = input_.u8();
  options.wait = RDB_WAIT_NOT;
  options.durability = (bits & 1) != 0 ? RDB_DURABILITY_NONE : RDB_DURABILITY_IMMEDIATE;
  options.two_phase = (bits & 6) == 2;
  options.quick_repair = (bits & 6) == 4;
  rdb_txn* txn = nullptr;
  const rdb_status status = rdb_txn_begin(db_, RDB_TXN_WRITE, &options, &txn, &err_);
  expect(status, writer_ ? RDB_ERR_LOCK_TIMEOUT : RDB_OK, "begin a writer");
  if (txn == nullptr) return;
  writer_ = std::make_shared<Txn>();
  writer_->handle = txn;
  writer_->writable = true;
  writer_->own = std::make_unique<Model>(committed_);
  writer_->model = writer_->own.get();
  txns_.push_back(writer_);
}

void Script::end_writer(bool commit) {
  if (!writer_) return;
  if (commit) {
    expect(rdb_txn_commit(writer_->handle, &err_), RDB_OK, "commit");
    committed_ = *writer_->model;
  } else {
    expect(rdb_txn_abort(writer_->handle, &err_), RDB_OK, "abort");
  }
  ended(writer_);
  writer_ = nullptr;
}

void Script::begin_reader() {
  if (txns_.size() > 4) return;
  auto reader = std::make_shared<Txn>();
  expect(rdb_txn_begin(db_, RDB_TXN_READ, nullptr, &reader->handle, &err_), RDB_OK,
         "begin a reader");
  reader->own = std::make_unique<Model>(committed_);
  reader->model = reader->own.get();
  txns_.push_back(std::move(reader));
}

void Script::end_reader() {
  auto* txn = choose(txns_);
  if (txn == nullptr || (*txn)->writable) return;
  const auto reader = *txn;
  expect(rdb_txn_abort(reader->handle, &err_), RDB_OK, "end a reader");
  ended(reader);
}

void Script::ended(const std::shared_ptr<Txn>& txn) {
  txn->alive = false;
  std::erase(txns_, txn);
}

void Script::open_table(bool multimap) {
  auto* chosen = choose(txns_);
  if (chosen == nullptr || tables_.size() > 8) return;
  const std::shared_ptr<Txn> txn = *chosen;
  const std::string name = kNames[input_.u8() % std::size(kNames)];
  const size_t first = multimap ? kPlainKinds : 0;
  const size_t end = multimap ? std::size(kKinds) : kPlainKinds;
  const size_t kind = first + input_.u8() % (end - first);
  const bool raw = input_.u8() % 8 == 0;
  const auto known = txn->model->find(name);
  const bool exists = known != txn->model->end();
  rdb_status expected = RDB_OK;
  if (txn->writable && open_in_writer(name)) {
    expected = RDB_ERR_TABLE_OPEN;
  } else if (!exists && (raw || !txn->writable)) {
    expected = RDB_ERR_TABLE_MISSING;
  } else if (exists && known->second.is_multimap() != multimap) {
    expected = multimap ? RDB_ERR_TABLE_NOT_MULTIMAP : RDB_ERR_TABLE_IS_MULTIMAP;
  } else if (exists && !raw && known->second.kind != kind) {
    expected = RDB_ERR_TABLE_TYPE;
  }
  auto table = std::make_shared<Table>();
  const rdb_type key = type(kKinds[kind].key);
  const rdb_type value = type(kKinds[kind].value);
  const auto open = multimap ? &rdb_multimap_open : &rdb_table_open;
  const auto open_raw = multimap ? &rdb_multimap_open_raw : &rdb_table_open_raw;
  expect(raw ? open_raw(txn->handle, slice(name), &table->handle, &err_)
             : open(txn->handle, slice(name), &key, &value, &table->handle, &err_),
         expected, multimap ? "open a multimap" : "open a table");
  if (expected != RDB_OK) return;
  txn->model->try_emplace(name, kind);
  table->txn = txn;
  table->name = name;
  uint64_t entries = 0;
  expect(rdb_table_len(table->handle, &entries, &err_), RDB_OK, "len");
  require(entries == content(*table).entries(), "a table has another number of entries");
  tables_.push_back(std::move(table));
}

void Script::close_table() {
  auto* table = choose(tables_);
  if (table == nullptr) return;
  expect(rdb_table_close((*table)->handle, &err_), RDB_OK, "close a table");
  (*table)->handle = nullptr;
  forget_table(*table);
}

void Script::rename_or_delete_table() {
  if (!writer_) return;
  const std::string from = kNames[input_.u8() % std::size(kNames)];
  const std::string to = kNames[input_.u8() % std::size(kNames)];
  Model& model = *writer_->model;
  if (input_.u8() % 2 == 0) {
    const rdb_status expected = open_in_writer(from)    ? RDB_ERR_TABLE_OPEN
                                : !model.contains(from) ? RDB_NOT_FOUND
                                                        : RDB_OK;
    expect(rdb_table_delete(writer_->handle, slice(from), &err_), expected, "delete a table");
    if (expected == RDB_OK) model.erase(from);
    return;
  }
  rdb_status expected = RDB_OK;
  if (open_in_writer(from)) {
    expected = RDB_ERR_TABLE_OPEN;
  } else if (!model.contains(from)) {
    expected = RDB_ERR_TABLE_MISSING;
  } else if (const auto other = model.find(to); other != model.end()) {
    const bool same = other->second.is_multimap() == model.at(from).is_multimap();
    expected = same                          ? RDB_ERR_TABLE_EXISTS
               : other->second.is_multimap() ? RDB_ERR_TABLE_IS_MULTIMAP
                                             : RDB_ERR_TABLE_NOT_MULTIMAP;
  }
  expect(rdb_table_rename(writer_->handle, slice(from), slice(to), &err_), expected, "rename");
  if (expected != RDB_OK) return;
  auto entry = model.extract(from);
  entry.key() = to;
  model.insert(std::move(entry));
}

void Script::list_tables() {
  auto* chosen = choose(txns_);
  if (chosen == nullptr) return;
  const Model& model = *(*chosen)->model;
  rdb_listing* listing = nullptr;
  expect(rdb_table_list((*chosen)->handle, &listing, &err_), RDB_OK, "list");
  require(rdb_listing_count(listing) == model.size(), "another number of tables");
  size_t i = 0;
  for (const auto& [name, table] : model) {
    rdb_table_info info = RDB_TABLE_INFO_INIT;
    expect(rdb_listing_at(listing, i++, &info, &err_), RDB_OK, "listing_at");
    require(text(info.name) == name && text(info.key_type.name) == kKinds[table.kind].key,
            "another table is listed");
    require((info.kind == RDB_TABLE_MULTIMAP) == table.is_multimap(), "a table of the other kind");
  }
  rdb_listing_free(listing);
}

void Script::look_at_database() {
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  expect(rdb_stats(db_, &stats, &err_), RDB_OK, "stats");
  require(stats.live_readers <= txns_.size(), "readers that are none");
  if (const auto table = choose_table()) {
    rdb_table_stats_info figures = RDB_TABLE_STATS_INFO_INIT;
    expect(rdb_table_stats(table->handle, nullptr, &figures, &err_), RDB_OK, "table stats");
    require(figures.entries == content(*table).rows.size(), "figures of another table");
    rdb_cancel* cancel = nullptr;
    expect(rdb_cancel_create(&cancel, &err_), RDB_OK, "create a cancel");
    rdb_cancel_trigger(cancel);
    expect(rdb_table_stats(table->handle, cancel, &figures, &err_),
           content(*table).rows.empty() ? RDB_OK : RDB_ERR_CANCELLED, "cancelled stats");
    rdb_cancel_free(cancel);
  }
  // Beside a writer verification waits for it to end, which would be us.
  if (!writer_) verify();
}

void Script::verify() {
  rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
  options.level = RDB_VERIFY_FULL;
  rdb_report* report = nullptr;
  expect(rdb_verify(db_, &options, &report, &err_), RDB_OK, "verify");
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  expect(rdb_report_describe(report, &info, &err_), RDB_OK, "describe a report");
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  if (rdb_report_problem(report, 0, &problem, &err_) == RDB_OK) {
    fail(text(problem.object) + ": " + text(problem.what));
  }
  require(info.leaked_pages == 0, "pages are lost");
  rdb_report_free(report);
}

void Script::reopen() {
  if (input_.u8() % 2 == 0) {
    expect(rdb_close(db_, &err_), txns_.empty() ? RDB_OK : RDB_ERR_BUSY, "close");
    if (!txns_.empty()) return;
    let_go();
  } else {
    // From now on everything answers closed; the file is free when the last handle is gone.
    rdb_close_deferred(db_);
    for (const auto& txn : txns_) {
      uint64_t id = 0;
      rdb_listing* listing = nullptr;
      expect(rdb_table_list(txn->handle, &listing, &err_), RDB_ERR_CLOSED, "list when closed");
      note(rdb_txn_id(txn->handle, &id, &err_), "txn_id");
    }
    writer_ = nullptr;
    let_go();
  }
  check_values();
  open();
  if (input_.u8() % 2 == 0) verify();
}

// Ends and closes whatever is open, in an order of the script's choice. A writer is aborted.
void Script::let_go() {
  const bool txns_first = input_.u8() % 2 == 0;
  const auto end_txns = [&] {
    while (!txns_.empty()) {
      const auto txn = txns_.back();
      note(rdb_txn_abort(txn->handle, &err_), "abort");
      ended(txn);
    }
    writer_ = nullptr;
  };
  if (txns_first) end_txns();
  while (!cursors_.empty()) close(cursors_.size() - 1);
  while (!tables_.empty()) {
    const auto table = tables_.back();
    expect(rdb_table_close(table->handle, &err_), RDB_OK, "close a table");
    tables_.pop_back();
  }
  end_txns();
}

// A pin outlives its transaction and its database.
void Script::check_values() {
  for (const Value& value : values_) {
    require(text(rdb_value_data(value.handle)) == value.expected, "a held value changed");
    rdb_value_free(value.handle);
  }
  values_.clear();
}

void Script::wrong_handles() {
  rdb_slice key{}, value{};
  uint64_t count = 0;
  expect(rdb_txn_id(nullptr, &count, &err_), RDB_ERR_MISUSE, "txn_id of NULL");
  expect(rdb_txn_id(as<rdb_txn>(db_), &count, &err_), RDB_ERR_BAD_HANDLE, "txn_id of a database");
  expect(rdb_cursor_next(as<rdb_cursor>(db_), &key, &value, &err_), RDB_ERR_BAD_HANDLE,
         "next of a database");
  expect(rdb_table_close(as<rdb_table>(db_), &err_), RDB_ERR_BAD_HANDLE, "close a database");
  rdb_value_free(as<rdb_value>(db_));
  rdb_result_free(as<rdb_result>(db_));
  require(rdb_listing_count(as<rdb_listing>(db_)) == 0, "a database lists tables");
  if (!tables_.empty() && tables_.front()->handle != nullptr) {
    rdb_table* table = tables_.front()->handle;
    expect(rdb_close(as<rdb_db>(table), &err_), RDB_ERR_BAD_HANDLE, "close a table as database");
    expect(rdb_txn_commit(as<rdb_txn>(table), &err_), RDB_ERR_BAD_HANDLE, "commit a table");
    if (tables_.front()->txn->alive) {
      expect(rdb_put(table, {nullptr, 3}, {nullptr, 0}, 0, &err_), RDB_ERR_MISUSE, "put of NULL");
    }
  }
  // Tables and cursors of transactions that are over.
  for (const auto& table : tables_) {
    if (table->txn->alive || table->handle == nullptr) continue;
    expect(rdb_table_len(table->handle, &count, &err_), RDB_ERR_CLOSED, "len when over");
    expect(rdb_put(table->handle, slice("12345678"), slice("12345678"), 0, &err_),
           table->txn->writable ? RDB_ERR_CLOSED : RDB_ERR_MISUSE, "put when over");
  }
  for (const Cursor& cursor : cursors_) {
    if (cursor.table->txn->alive) continue;
    expect(rdb_cursor_next(cursor.handle, &key, &value, &err_), RDB_ERR_CLOSED, "next when over");
  }
}

// The closed file holds the model, in a read-only open that verifies.
void Script::check_file() {
  rdb_options options = RDB_OPTIONS_INIT;
  options.mode = RDB_OPEN_READ_ONLY;
  expect(rdb_open(slice(path_), &options, &db_, &err_), RDB_OK, "open for reading");
  verify();
  rdb_txn* txn = nullptr;
  expect(rdb_txn_begin(db_, RDB_TXN_READ, nullptr, &txn, &err_), RDB_OK, "begin a reader");
  for (const auto& [name, model] : committed_) {
    rdb_table* table = nullptr;
    rdb_cursor* cursor = nullptr;
    expect(model.is_multimap() ? rdb_multimap_open_raw(txn, slice(name), &table, &err_)
                               : rdb_table_open_raw(txn, slice(name), &table, &err_),
           RDB_OK, "open a table");
    expect(rdb_cursor_open(table, &cursor, &err_), RDB_OK, "open a cursor");
    rdb_slice key{}, value{};
    for (const auto& [expected_key, expected_value] : pairs_of(model.sets, {})) {
      expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_OK, "next pair");
      require(text(key) == expected_key && text(value) == expected_value, "another pair is kept");
    }
    for (const auto& [expected_key, expected_value] : model.rows) {
      expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_OK, "next");
      require(text(key) == expected_key && text(value) == expected_value, "another row is kept");
    }
    expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_END, "next");
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
    expect(rdb_table_close(table, &err_), RDB_OK, "close a table");
  }
  expect(rdb_txn_abort(txn, &err_), RDB_OK, "end a reader");
  expect(rdb_close(db_, &err_), RDB_OK, "close");
}

}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rdb::fuzz::Input input(rdb::fuzz::input_bytes(data, size));
  rdb::fuzz::Script(input, size == 0 ? uint8_t{0} : data[size - 1]).run();
  return 0;
}
