#include "session.hpp"

namespace rdb::demo {

namespace {

constexpr rdb_error kNoError{};

rdb_type type_of(std::string_view name) {
  return {slice(name), name.starts_with('(') ? RDB_TYPE_TUPLE : RDB_TYPE_BUILTIN, 0};
}

}  // namespace

std::string encode_u64(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

uint64_t decode_u64(std::string_view bytes) {
  if (bytes.size() != 8) throw Failure("a counter has " + std::to_string(bytes.size()) + " bytes");
  uint64_t value = 0;
  for (size_t i = 8; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

PairCodec::PairCodec() {
  rdb_error error = kNoError;
  const rdb_type type = type_of(kType);
  rdb_codec* codec = nullptr;
  check(rdb_codec_create(&type, &codec, &error), error);
  codec_.reset(codec);
}

std::string_view PairCodec::encode(std::string_view first, std::string_view second) {
  rdb_error error = kNoError;
  rdb_slice key{};
  check(rdb_codec_put_bytes(codec_.get(), slice(first), &error), error);
  check(rdb_codec_put_bytes(codec_.get(), slice(second), &error), error);
  check(rdb_codec_finish(codec_.get(), &key, &error), error);
  return text(key);
}

std::pair<std::string_view, std::string_view> PairCodec::decode(std::string_view key) {
  rdb_error error = kNoError;
  rdb_item tuple = RDB_ITEM_INIT;
  rdb_item first = RDB_ITEM_INIT;
  rdb_item second = RDB_ITEM_INIT;
  check(rdb_codec_read(codec_.get(), slice(key), &error), error);
  for (rdb_item* item : {&tuple, &first, &second}) {
    check(rdb_codec_next(codec_.get(), item, &error), error);
  }
  return {text(first.bytes), text(second.bytes)};
}

Cursor::Cursor(const rdb_table* table) {
  rdb_error error = kNoError;
  rdb_cursor* cursor = nullptr;
  check(rdb_cursor_open(table, &cursor, &error), error);
  cursor_.reset(cursor);
}

Cursor::Cursor(const rdb_table* table, std::string_view prefix) : Cursor(table) {
  // The first key behind the range: the prefix with its last byte raised.
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  const rdb_range range{slice(prefix), slice(end), RDB_BOUND_INCLUDED,
                        end.empty() ? RDB_BOUND_NONE : RDB_BOUND_EXCLUDED};
  rdb_error error = kNoError;
  check(rdb_cursor_set_range(cursor_.get(), &range, &error), error);
}

Cursor::Cursor(const rdb_table* table, std::string_view lower, std::string_view upper)
    : Cursor(table) {
  const rdb_range range{slice(lower), slice(upper), RDB_BOUND_INCLUDED, RDB_BOUND_EXCLUDED};
  rdb_error error = kNoError;
  check(rdb_cursor_set_range(cursor_.get(), &range, &error), error);
}

bool Cursor::next(std::string_view& key, std::string_view& value) {
  rdb_error error = kNoError;
  rdb_slice key_slice{};
  rdb_slice value_slice{};
  if (check(rdb_cursor_next(cursor_.get(), &key_slice, &value_slice, &error), error) == RDB_END) {
    return false;
  }
  key = text(key_slice);
  value = text(value_slice);
  return true;
}

uint64_t Table::len() const {
  rdb_error error = kNoError;
  uint64_t entries = 0;
  check(rdb_table_len(table_.get(), &entries, &error), error);
  return entries;
}

std::optional<std::string> Table::get(std::string_view key) const {
  rdb_error error = kNoError;
  rdb_value* value = nullptr;
  if (check(rdb_get_pin(table_.get(), slice(key), &value, &error), error) == RDB_NOT_FOUND) {
    return std::nullopt;
  }
  const std::string copy(text(rdb_value_data(value)));
  rdb_value_free(value);
  return copy;
}

void Table::put(std::string_view key, std::string_view value) {
  rdb_error error = kNoError;
  check(rdb_put(table_.get(), slice(key), slice(value), 0, &error), error);
}

bool Table::erase(std::string_view key) {
  rdb_error error = kNoError;
  return check(rdb_delete(table_.get(), slice(key), &error), error) == RDB_OK;
}

void Table::add(std::string_view key, uint64_t amount) {
  static constexpr rdb_merge_operator kAdd = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_NUMERIC_ADD);
  rdb_error error = kNoError;
  check(rdb_merge(table_.get(), slice(key), slice(encode_u64(amount)), &kAdd, &error), error);
}

void Table::put_for(std::string_view key, std::string_view value, uint64_t ttl_ms) {
  rdb_error error = kNoError;
  check(rdb_ttl_put(table_.get(), slice(key), slice(value), ttl_ms, 0, &error), error);
}

uint64_t Table::live_count() const {
  rdb_error error = kNoError;
  uint64_t count = 0;
  check(rdb_ttl_live_count(table_.get(), nullptr, &count, &error), error);
  return count;
}

Table::Purged Table::purge(const std::optional<std::string>& after, uint64_t max_records) {
  rdb_error error = kNoError;
  const rdb_slice behind = after ? slice(*after) : rdb_slice{};
  Purged purged;
  rdb_value* position = nullptr;
  check(rdb_ttl_purge(table_.get(), after ? &behind : nullptr, max_records, nullptr,
                      &purged.examined, &purged.removed, &position, &error),
        error);
  if (position != nullptr) purged.position = std::string(text(rdb_value_data(position)));
  rdb_value_free(position);
  return purged;
}

std::vector<std::string> Table::values(std::string_view key) const {
  rdb_error error = kNoError;
  rdb_result* made = nullptr;
  check(rdb_result_create(&made, &error), error);
  const std::unique_ptr<rdb_result, void (*)(rdb_result*)> result(made, rdb_result_free);
  check(rdb_multimap_get(table_.get(), slice(key), result.get(), &error), error);
  std::vector<std::string> values;
  for (size_t i = 0; i < rdb_result_count(result.get()); ++i) {
    rdb_slice value{};
    check(rdb_result_at(result.get(), i, &value, &error), error);
    values.emplace_back(text(value));
  }
  return values;
}

rdb_table_stats_info Table::stats() const {
  rdb_error error = kNoError;
  rdb_table_stats_info stats = RDB_TABLE_STATS_INFO_INIT;
  check(rdb_table_stats(table_.get(), nullptr, &stats, &error), error);
  return stats;
}

Txn::Txn(const rdb_db* db, uint32_t kind) {
  rdb_error error = kNoError;
  rdb_txn* txn = nullptr;
  check(rdb_txn_begin(db, kind, nullptr, &txn, &error), error);
  txn_.reset(txn);
}

uint64_t Txn::id() const {
  rdb_error error = kNoError;
  uint64_t id = 0;
  check(rdb_txn_id(txn_.get(), &id, &error), error);
  return id;
}

Table Txn::open(std::string_view name, std::string_view key_type, std::string_view value_type) {
  rdb_error error = kNoError;
  const rdb_type key = type_of(key_type);
  const rdb_type value = type_of(value_type);
  rdb_table* table = nullptr;
  check(rdb_table_open(txn_.get(), slice(name), &key, &value, &table, &error), error);
  return Table(table);
}

Table Txn::open_multimap(std::string_view name, std::string_view key_type,
                         std::string_view value_type) {
  rdb_error error = kNoError;
  const rdb_type key = type_of(key_type);
  const rdb_type value = type_of(value_type);
  rdb_table* table = nullptr;
  check(rdb_multimap_open(txn_.get(), slice(name), &key, &value, &table, &error), error);
  return Table(table);
}

Table Txn::open_ttl(std::string_view name, std::string_view key_type, std::string_view value_type) {
  rdb_error error = kNoError;
  const rdb_type key = type_of(key_type);
  const rdb_type value = type_of(value_type);
  rdb_table* table = nullptr;
  check(rdb_ttl_open(txn_.get(), slice(name), &key, &value, &table, &error), error);
  return Table(table);
}

void Txn::commit() {
  rdb_error error = kNoError;
  check(rdb_txn_commit(txn_.release(), &error), error);
}

Database::Database(const std::string& path, uint32_t mode) {
  rdb_error error = kNoError;
  rdb_options options = RDB_OPTIONS_INIT;
  options.mode = mode;
  rdb_db* db = nullptr;
  check(rdb_open(slice(path), &options, &db, &error), error);
  db_.reset(db);
}

rdb_stats_info Database::stats() const {
  rdb_error error = kNoError;
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  check(rdb_stats(db_.get(), &stats, &error), error);
  return stats;
}

uint64_t Database::now_ms() const {
  rdb_error error = kNoError;
  uint64_t now_ms = 0;
  check(rdb_clock_now(db_.get(), &now_ms, &error), error);
  return now_ms;
}

void Database::set_clock(uint64_t now_ms) const {
  rdb_error error = kNoError;
  check(rdb_clock_set(db_.get(), now_ms, &error), error);
}

bool Database::was_clean() const {
  rdb_error error = kNoError;
  rdb_recovery_info info = RDB_RECOVERY_INFO_INIT;
  check(rdb_recovery(db_.get(), &info, &error), error);
  return (info.flags & RDB_RECOVERY_CLEAN) != 0;
}

Database::Verdict Database::verify(const std::function<void(uint64_t, uint64_t)>& progress) const {
  rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
  options.level = RDB_VERIFY_FULL;
  options.progress.fn = [](void* context, uint64_t done, uint64_t total) -> rdb_status {
    (*static_cast<const std::function<void(uint64_t, uint64_t)>*>(context))(done, total);
    return RDB_OK;
  };
  options.progress.ctx = const_cast<void*>(static_cast<const void*>(&progress));
  rdb_error error = kNoError;
  rdb_report* report = nullptr;
  check(rdb_verify(db_.get(), &options, &report, &error), error);
  const std::unique_ptr<rdb_report, void (*)(rdb_report*)> owned(report, rdb_report_free);
  Verdict verdict;
  check(rdb_report_describe(report, &verdict.info, &error), error);
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  if (check(rdb_report_problem(report, 0, &problem, &error), error) == RDB_OK) {
    verdict.first_problem =
        std::string(text(problem.object)) + ": " + std::string(text(problem.what));
  }
  return verdict;
}

void Database::close() {
  rdb_error error = kNoError;
  check(rdb_close(db_.release(), &error), error);
}

}  // namespace rdb::demo
