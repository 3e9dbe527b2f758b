// api_fuzz.cpp: a script of rdb.h calls against std::map.
//
// The input is the script: one byte names a step, the next ones its arguments. Every answer is
// compared with a model: statuses, values, order, what cursors see, what snapshots keep. Wrong
// handles, handles of ended transactions and hostile packed records are part of it. At the end the
// file is opened for reading and compared once more. The input's last byte says how the file is
// compressed, besides whatever it means as a step.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "c_calls.hpp"
#include "model.hpp"

namespace rdb::fuzz {
namespace {

using test::KeyLess;

struct Kind {
  const char* key;
  const char* value;
  KeyLess::Kind order;  // of keys, and of the values of a multimap
  bool fixed;           // both 8 bytes wide
  bool multimap = false;
};
constexpr Kind kKinds[] = {{"&[u8]", "&[u8]", KeyLess::Kind::bytes, false},
                           {"u64", "u64", KeyLess::Kind::little_endian, true},
                           {"&str", "&[u8]", KeyLess::Kind::bytes, false},
                           {"&str", "&[u8]", KeyLess::Kind::bytes, false, true},
                           {"u64", "u64", KeyLess::Kind::little_endian, true, true}};
constexpr size_t kPlainKinds = 3;
constexpr const char* kNames[] = {"a", "b", "a longer name", "\xc3\xa9"};

using Rows = std::map<std::string, std::string, KeyLess>;
using Values = std::set<std::string, KeyLess>;
using Sets = std::map<std::string, Values, KeyLess>;
struct ModelTable {
  explicit ModelTable(size_t of_kind)
      : kind(of_kind), rows(KeyLess{kKinds[kind].order}), sets(KeyLess{kKinds[kind].order}) {}

  size_t kind;
  Rows rows;
  Sets sets;  // of a multimap, instead of rows; none is empty

  bool is_multimap() const { return kKinds[kind].multimap; }
  Values& values_of(const std::string& key) {
    return sets.try_emplace(key, KeyLess{kKinds[kind].order}).first->second;
  }
  bool has(const std::string& key, const std::string& value) const {
    const auto set = sets.find(key);
    return set != sets.end() && set->second.contains(value);
  }
  bool erase(const std::string& key, const std::string& value) {
    const auto set = sets.find(key);
    if (set == sets.end() || set->second.erase(value) == 0) return false;
    if (set->second.empty()) sets.erase(set);
    return true;
  }
  uint64_t entries() const {
    uint64_t count = rows.size();
    for (const auto& set : sets) count += set.second.size();
    return count;
  }
};
using Model = std::map<std::string, ModelTable>;

std::string database_path() {
  // Memory, where there is a file system of it: the target is about calls, not about the device.
  std::error_code ignored;
  const bool shared_memory = std::filesystem::is_directory("/dev/shm", ignored);
  const auto folder =
      shared_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  return (folder / ("rdb-fuzz-api-" + std::to_string(::getpid()))).string();
}

class Script : Calls {
 public:
  Script(Input& input, uint8_t codec)
      : input_(input), compression_(codec % 3), path_(database_path()) {
    std::filesystem::remove(path_);
    open();
  }
  ~Script() { std::filesystem::remove(path_); }

  void run() {
    for (int steps = 0; steps < 400 && !input_.empty(); ++steps) step();
    let_go();
    expect(rdb_close(db_, &err_), RDB_OK, "close");
    db_ = nullptr;
    check_values();
    values_.clear();
    check_file();
  }

 private:
  struct Txn {
    rdb_txn* handle = nullptr;
    Model* model = nullptr;  // what it sees
    bool writable = false;
    bool alive = true;
    std::unique_ptr<Model> own;
  };
  struct Table {
    rdb_table* handle = nullptr;  // NULL: closed, but cursors may go on
    std::shared_ptr<Txn> txn;
    std::string name;
    int cursors = 0;
    uint64_t version = 0;  // counts changes; cursors compare
  };
  enum class Place { fresh, front, on, gap, back };
  struct Cursor {
    rdb_cursor* handle = nullptr;
    std::shared_ptr<Table> table;
    Place place = Place::fresh;
    std::string key;  // on, gap
    uint64_t version = 0;
    std::optional<std::string> lower, upper;  // included
  };
  struct Value {
    explicit Value(rdb_value* value, std::string bytes)
        : handle(value), expected(std::move(bytes)) {}
    rdb_value* handle;
    std::string expected;
  };

  // ---- keys and values -----------------------------------------------------------------------

  std::string make_key(size_t kind) {
    const uint32_t id = input_.u8();
    if (kKinds[kind].fixed) {
      std::string key(8, '\0');
      for (size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(i < 2 ? id * 3 >> (8 * i) : 0);
      return key;
    }
    std::string key = "k" + std::to_string(id);
    if (id % 7 == 0) key.append(id * 4, 'x');
    return id == 255 ? std::string() : key;
  }
  std::string make_value(size_t kind) {
    const uint8_t what = input_.u8();
    if (kKinds[kind].fixed) return std::string(8, static_cast<char>(what));
    return std::string(what < 240 ? what * 3u : what * 40u, static_cast<char>('a' + what % 26));
  }

  // ---- choosing ------------------------------------------------------------------------------

  template <typename Objects>
  typename Objects::value_type* choose(Objects& objects) {
    if (objects.empty()) return nullptr;
    return &objects[input_.u8() % objects.size()];
  }
  std::shared_ptr<Table> choose_table(bool multimap = false) {
    auto* table = choose(tables_);
    if (table == nullptr || !(*table)->txn->alive || (*table)->handle == nullptr) return nullptr;
    return content(**table).is_multimap() == multimap ? *table : nullptr;
  }
  ModelTable& content(const Table& table) { return table.txn->model->at(table.name); }
  bool open_in_writer(const std::string& name) {
    return std::any_of(tables_.begin(), tables_.end(), [&](const auto& table) {
      return table->txn == writer_ && table->name == name &&
             (table->handle != nullptr || table->cursors > 0);
    });
  }

  // ---- steps ---------------------------------------------------------------------------------

  void step() {
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
        return open_table();
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

  void open() {
    rdb_options options = RDB_OPTIONS_INIT;
    options.memory_budget_bytes = uint64_t{1} << 20;
    options.region_pages = 64;
    options.compression = compression_;
    expect(rdb_open(slice(path_), &options, &db_, &err_), RDB_OK, "open");
  }

  void begin_writer() {
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

  void end_writer(bool commit) {
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

  void begin_reader() {
    if (txns_.size() > 4) return;
    auto reader = std::make_shared<Txn>();
    expect(rdb_txn_begin(db_, RDB_TXN_READ, nullptr, &reader->handle, &err_), RDB_OK,
           "begin a reader");
    reader->own = std::make_unique<Model>(committed_);
    reader->model = reader->own.get();
    txns_.push_back(std::move(reader));
  }

  void end_reader() {
    auto* txn = choose(txns_);
    if (txn == nullptr || (*txn)->writable) return;
    const auto reader = *txn;
    expect(rdb_txn_abort(reader->handle, &err_), RDB_OK, "end a reader");
    ended(reader);
  }

  void ended(const std::shared_ptr<Txn>& txn) {
    txn->alive = false;
    std::erase(txns_, txn);
  }

  void open_table() {
    auto* chosen = choose(txns_);
    if (chosen == nullptr || tables_.size() > 8) return;
    const std::shared_ptr<Txn> txn = *chosen;
    const std::string name = kNames[input_.u8() % std::size(kNames)];
    const size_t kind = input_.u8() % kPlainKinds;
    const bool raw = input_.u8() % 8 == 0;
    const auto known = txn->model->find(name);
    const bool exists = known != txn->model->end();
    rdb_status expected = RDB_OK;
    if (txn->writable && open_in_writer(name)) {
      expected = RDB_ERR_TABLE_OPEN;
    } else if (!exists && (raw || !txn->writable)) {
      expected = RDB_ERR_TABLE_MISSING;
    } else if (exists && known->second.is_multimap()) {
      expected = RDB_ERR_TABLE_IS_MULTIMAP;
    } else if (exists && !raw && known->second.kind != kind) {
      expected = RDB_ERR_TABLE_TYPE;
    }
    auto table = std::make_shared<Table>();
    const rdb_type key = type(kKinds[kind].key);
    const rdb_type value = type(kKinds[kind].value);
    expect(raw ? rdb_table_open_raw(txn->handle, slice(name), &table->handle, &err_)
               : rdb_table_open(txn->handle, slice(name), &key, &value, &table->handle, &err_),
           expected, "open a table");
    if (expected == RDB_OK) opened(std::move(table), txn, name, kind);
  }

  void opened(std::shared_ptr<Table> table, const std::shared_ptr<Txn>& txn,
              const std::string& name, size_t kind) {
    txn->model->try_emplace(name, kind);
    table->txn = txn;
    table->name = name;
    uint64_t entries = 0;
    expect(rdb_table_len(table->handle, &entries, &err_), RDB_OK, "len");
    require(entries == content(*table).entries(), "a table has another number of entries");
    tables_.push_back(std::move(table));
  }

  void close_table() {
    auto* table = choose(tables_);
    if (table == nullptr) return;
    expect(rdb_table_close((*table)->handle, &err_), RDB_OK, "close a table");
    (*table)->handle = nullptr;
    forget_table(*table);
  }
  void forget_table(std::shared_ptr<Table> table) {
    if (table->handle == nullptr && table->cursors == 0) std::erase(tables_, table);
  }

  // The status a change by this table must have instead of RDB_OK.
  static rdb_status refusal(const Table& table) {
    return table.txn->writable ? RDB_OK : RDB_ERR_MISUSE;
  }

  void put() {
    const auto table = choose_table();
    if (!table) return;
    ModelTable& model = content(*table);
    std::string key = make_key(model.kind);
    std::string value = make_value(model.kind);
    const uint64_t flags = input_.u8() % 8 < 5 ? 0 : input_.u8() % 4;
    const bool wrong = kKinds[model.kind].fixed && input_.u8() % 16 == 0;
    if (wrong) key.pop_back();
    const bool exists = model.rows.contains(key);
    rdb_status expected = refusal(*table);
    if (expected == RDB_OK && (wrong || flags == 3)) {
      expected = RDB_ERR_INVALID_ARGUMENT;
    } else if (expected == RDB_OK && flags == RDB_PUT_INSERT_ONLY && exists) {
      expected = RDB_EXISTS;
    } else if (expected == RDB_OK && flags == RDB_PUT_UPDATE_ONLY && !exists) {
      expected = RDB_NOT_FOUND;
    }
    expect(rdb_put(table->handle, slice(key), slice(value), flags, &err_), expected, "put");
    if (expected != RDB_OK) return;
    model.rows[key] = value;
    ++table->version;
  }

  void erase() {
    const auto table = choose_table();
    if (!table) return;
    ModelTable& model = content(*table);
    const std::string key = make_key(model.kind);
    rdb_status expected = refusal(*table);
    if (expected == RDB_OK && !model.rows.contains(key)) expected = RDB_NOT_FOUND;
    expect(rdb_delete(table->handle, slice(key), &err_), expected, "delete");
    if (expected != RDB_OK) return;
    model.rows.erase(key);
    ++table->version;
  }

  void get() {
    const auto table = choose_table();
    if (!table) return;
    const ModelTable& model = content(*table);
    const std::string key = make_key(model.kind);
    const auto row = model.rows.find(key);
    const rdb_status expected = row == model.rows.end() ? RDB_NOT_FOUND : RDB_OK;
    expect(rdb_contains(table->handle, slice(key), &err_), expected, "contains");
    std::string buffer(input_.u8() * 4u, '?');
    size_t size = 0;
    const rdb_status status =
        rdb_get_into(table->handle, slice(key), buffer.data(), buffer.size(), &size, &err_);
    if (expected == RDB_OK) {
      require(size == row->second.size(), "a value has another size");
      expect(status, size > buffer.size() ? RDB_MORE : RDB_OK, "get_into");
      require(status == RDB_MORE || buffer.substr(0, size) == row->second, "another value");
    } else {
      expect(status, expected, "get_into");
    }
    rdb_value* value = nullptr;
    expect(rdb_get_pin(table->handle, slice(key), &value, &err_), expected, "get_pin");
    if (value == nullptr) return;
    require(text(rdb_value_data(value)) == row->second, "a pin holds another value");
    if (values_.size() < 6) {
      values_.emplace_back(value, row->second);
    } else {
      rdb_value_free(value);
    }
  }

  void pop() {
    const auto table = choose_table();
    if (!table) return;
    ModelTable& model = content(*table);
    const bool first = input_.u8() % 2 == 0;
    rdb_status expected = refusal(*table);
    if (expected == RDB_OK && model.rows.empty()) expected = RDB_NOT_FOUND;
    rdb_value* key = nullptr;
    rdb_value* value = nullptr;
    expect(first ? rdb_pop_first(table->handle, &key, &value, &err_)
                 : rdb_pop_last(table->handle, &key, &value, &err_),
           expected, "pop");
    if (expected != RDB_OK) {
      require(key == nullptr && value == nullptr, "a failed pop left handles");
      return;
    }
    const auto row = first ? model.rows.begin() : std::prev(model.rows.end());
    require(text(rdb_value_data(key)) == row->first && text(rdb_value_data(value)) == row->second,
            "pop took another row");
    rdb_value_free(key);
    rdb_value_free(value);
    model.rows.erase(row);
    ++table->version;
  }

  void put_batch() {
    const auto table = choose_table();
    if (!table) return;
    ModelTable& model = content(*table);
    std::vector<std::string> keys, values;
    for (size_t i = input_.u8() % 64; i > 0; --i) {
      keys.push_back(make_key(model.kind));
      values.push_back(make_value(model.kind));
    }
    std::vector<rdb_slice> key_slices, value_slices;
    for (const auto& key : keys) key_slices.push_back(slice(key));
    for (const auto& value : values) value_slices.push_back(slice(value));
    uint64_t written = 0;
    const rdb_status status = rdb_put_batch(table->handle, key_slices.data(), value_slices.data(),
                                            keys.size(), 0, &written, &err_);
    expect(status, refusal(*table), "put_batch");
    require(written == (status == RDB_OK ? keys.size() : 0), "a batch miscounts");
    if (status != RDB_OK || keys.empty()) return;
    for (size_t i = 0; i < keys.size(); ++i) model.rows[keys[i]] = values[i];
    ++table->version;
  }

  void get_batch() {
    const auto table = choose_table();
    if (!table) return;
    const ModelTable& model = content(*table);
    std::vector<std::string> keys;
    for (size_t i = input_.u8() % 48; i > 0; --i) keys.push_back(make_key(model.kind));
    std::vector<rdb_slice> slices;
    for (const auto& key : keys) slices.push_back(slice(key));
    rdb_result* result = nullptr;
    expect(rdb_result_create(&result, &err_), RDB_OK, "create a result");
    expect(rdb_get_batch(table->handle, slices.data(), slices.size(), result, &err_), RDB_OK,
           "get_batch");
    require(rdb_result_count(result) == keys.size(), "a batch miscounts");
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto row = model.rows.find(keys[i]);
      rdb_slice value{};
      expect(rdb_result_at(result, i, &value, &err_),
             row == model.rows.end() ? RDB_NOT_FOUND : RDB_OK, "result_at");
      require(row == model.rows.end() || text(value) == row->second, "a batch has another value");
    }
    rdb_slice beyond{};
    expect(rdb_result_at(result, keys.size(), &beyond, &err_), RDB_ERR_INVALID_ARGUMENT,
           "result_at behind the end");
    rdb_result_free(result);
  }

  void delete_batch() {
    const auto table = choose_table();
    if (!table || !table->txn->writable) return;
    ModelTable& model = content(*table);
    std::vector<std::string> keys;
    for (size_t i = input_.u8() % 64; i > 0; --i) keys.push_back(make_key(model.kind));
    std::vector<rdb_slice> slices;
    for (const auto& key : keys) slices.push_back(slice(key));
    uint64_t deleted = 0;
    expect(rdb_delete_batch(table->handle, slices.data(), slices.size(), &deleted, &err_), RDB_OK,
           "delete_batch");
    uint64_t gone = 0;
    for (const auto& key : keys) gone += model.rows.erase(key);
    require(deleted == gone, "a batch deleted another number of rows");
    if (gone > 0) ++table->version;
  }

  // Bytes of the script as packed records. What they do is read back from the table.
  void packed_records() {
    const auto table = choose_table();
    if (!table || !table->txn->writable) return;
    const Bytes packed = input_.take(input_.u8());
    uint64_t count = 0;
    note(rdb_put_batch_packed(table->handle, {packed.data(), packed.size()}, 0, &count, &err_),
         "put_batch_packed");
    note(rdb_delete_batch_packed(table->handle, {packed.data(), packed.size()}, &count, &err_),
         "delete_batch_packed");
    rdb_result* result = nullptr;
    expect(rdb_result_create(&result, &err_), RDB_OK, "create a result");
    note(rdb_get_batch_packed(table->handle, {packed.data(), packed.size()}, result, &err_),
         "get_batch_packed");
    rdb_result_free(result);
    ModelTable& model = content(*table);
    model.rows.clear();
    rdb_cursor* cursor = nullptr;
    expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
    rdb_slice key{}, value{};
    while (note(rdb_cursor_next(cursor, &key, &value, &err_), "next") == RDB_OK) {
      model.rows[text(key)] = text(value);
    }
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
    // Whether a failed batch changed something cannot be told: cursors over the table go.
    while (true) {
      const auto stale = std::find_if(cursors_.begin(), cursors_.end(),
                                      [&](const Cursor& c) { return c.table == table; });
      if (stale == cursors_.end()) break;
      close(static_cast<size_t>(stale - cursors_.begin()));
    }
  }

  // ---- cursors -------------------------------------------------------------------------------

  void open_cursor() {
    const auto table = choose_table();
    if (!table || cursors_.size() > 5) return;
    Cursor cursor;
    expect(rdb_cursor_open(table->handle, &cursor.handle, &err_), RDB_OK, "open a cursor");
    cursor.table = table;
    cursor.version = table->version;
    ++table->cursors;
    cursors_.push_back(std::move(cursor));
  }

  void close(size_t i) {
    const Cursor cursor = cursors_[i];
    cursors_.erase(cursors_.begin() + static_cast<ptrdiff_t>(i));
    expect(rdb_cursor_close(cursor.handle, &err_), RDB_OK, "close a cursor");
    --cursor.table->cursors;
    forget_table(cursor.table);
  }
  void close_cursor() {
    if (!cursors_.empty()) close(input_.u8() % cursors_.size());
  }

  Cursor* live_cursor() {
    Cursor* cursor = choose(cursors_);
    return cursor != nullptr && cursor->table->txn->alive ? cursor : nullptr;
  }
  const Rows& rows_of(const Cursor& cursor) { return content(*cursor.table).rows; }
  bool stale(const Cursor& cursor) const { return cursor.version != cursor.table->version; }

  bool in_range(const Cursor& cursor, const std::string& key) {
    const auto less = rows_of(cursor).key_comp();
    return (!cursor.lower || !less(key, *cursor.lower)) &&
           (!cursor.upper || !less(*cursor.upper, key));
  }
  // First row of the range, last one, or the end.
  Rows::const_iterator front_of(const Cursor& cursor) {
    const Rows& rows = rows_of(cursor);
    const auto row = cursor.lower ? rows.lower_bound(*cursor.lower) : rows.begin();
    return row != rows.end() && in_range(cursor, row->first) ? row : rows.end();
  }
  Rows::const_iterator back_of(const Cursor& cursor) {
    const Rows& rows = rows_of(cursor);
    auto row = cursor.upper ? rows.upper_bound(*cursor.upper) : rows.end();
    if (row == rows.begin()) return rows.end();
    --row;
    return in_range(cursor, row->first) ? row : rows.end();
  }

  void landed(Cursor& cursor, Rows::const_iterator row, Place otherwise, rdb_status status,
              rdb_status nothing, rdb_slice key, rdb_slice value, const char* call) {
    cursor.version = cursor.table->version;
    if (row == rows_of(cursor).end()) {
      expect(status, nothing, call);
      cursor.place = otherwise;
      return;
    }
    expect(status, RDB_OK, call);
    require(text(key) == row->first && text(value) == row->second,
            std::string(call) + " arrives at another row");
    cursor.place = Place::on;
    cursor.key = row->first;
  }

  void move_cursor() {
    Cursor* cursor = live_cursor();
    if (cursor == nullptr) return;
    const Rows& rows = rows_of(*cursor);
    rdb_slice key{}, value{};
    switch (input_.u8() % 5) {
      case 0: {
        const rdb_status status = rdb_cursor_first(cursor->handle, &key, &value, &err_);
        return landed(*cursor, front_of(*cursor), Place::back, status, RDB_END, key, value,
                      "first");
      }
      case 1: {
        const rdb_status status = rdb_cursor_last(cursor->handle, &key, &value, &err_);
        return landed(*cursor, back_of(*cursor), Place::front, status, RDB_END, key, value, "last");
      }
      case 2: {
        const rdb_status status = rdb_cursor_get(cursor->handle, &key, &value, &err_);
        if (stale(*cursor)) {
          note(status, "get of a stale cursor");
          require(status == RDB_ERR_MISUSE || status == RDB_NOT_FOUND, "a stale cursor answers");
          return;
        }
        const bool on = cursor->place == Place::on;
        expect(status, on ? RDB_OK : RDB_NOT_FOUND, "get");
        require(!on || (text(key) == cursor->key && text(value) == rows.at(cursor->key)),
                "a cursor stands elsewhere");
        return;
      }
      case 3: {
        const rdb_status status = rdb_cursor_next(cursor->handle, &key, &value, &err_);
        if (stale(*cursor)) return expect(status, RDB_ERR_MISUSE, "next of a stale cursor");
        auto row = rows.end();
        if (cursor->place == Place::fresh || cursor->place == Place::front) {
          row = front_of(*cursor);
        } else if (cursor->place != Place::back) {
          row = rows.upper_bound(cursor->key);
          if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
        }
        return landed(*cursor, row, Place::back, status, RDB_END, key, value, "next");
      }
      default: {
        const rdb_status status = rdb_cursor_prev(cursor->handle, &key, &value, &err_);
        if (stale(*cursor)) return expect(status, RDB_ERR_MISUSE, "prev of a stale cursor");
        auto row = rows.end();
        if (cursor->place == Place::fresh || cursor->place == Place::back) {
          row = back_of(*cursor);
        } else if (cursor->place != Place::front) {
          row = rows.lower_bound(cursor->key);
          row = row == rows.begin() ? rows.end() : std::prev(row);
          if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
        }
        return landed(*cursor, row, Place::front, status, RDB_END, key, value, "prev");
      }
    }
  }

  void seek_cursor() {
    Cursor* cursor = live_cursor();
    if (cursor == nullptr) return;
    const Rows& rows = rows_of(*cursor);
    const std::string target = make_key(content(*cursor->table).kind);
    const auto less = rows.key_comp();
    rdb_slice key{}, value{};
    const uint8_t what = input_.u8() % 3;
    if (what == 2) {
      auto row = rows.upper_bound(target);
      row = row == rows.begin() ? rows.end() : std::prev(row);
      if (cursor->upper && less(*cursor->upper, target)) row = back_of(*cursor);
      if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
      const rdb_status status =
          rdb_cursor_seek_le(cursor->handle, slice(target), &key, &value, &err_);
      return landed(*cursor, row, Place::front, status, RDB_NOT_FOUND, key, value, "seek_le");
    }
    auto row = rows.lower_bound(target);
    if (cursor->lower && less(target, *cursor->lower)) row = front_of(*cursor);
    if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
    if (what == 0) {
      const rdb_status status = rdb_cursor_seek(cursor->handle, slice(target), &key, &value, &err_);
      return landed(*cursor, row, Place::back, status, RDB_NOT_FOUND, key, value, "seek");
    }
    const rdb_status status =
        rdb_cursor_seek_exact(cursor->handle, slice(target), &key, &value, &err_);
    if (row == rows.end() || row->first == target) {
      return landed(*cursor, row, Place::back, status, RDB_NOT_FOUND, key, value, "seek_exact");
    }
    expect(status, RDB_NOT_FOUND, "seek_exact");
    cursor->version = cursor->table->version;
    cursor->place = Place::on;
    cursor->key = row->first;
  }

  void delete_at_cursor() {
    Cursor* cursor = live_cursor();
    if (cursor == nullptr) return;
    const rdb_status status = rdb_cursor_delete(cursor->handle, &err_);
    if (!cursor->table->txn->writable) return expect(status, RDB_ERR_MISUSE, "delete of a reader");
    if (stale(*cursor)) {
      note(status, "delete of a stale cursor");
      require(status == RDB_ERR_MISUSE || status == RDB_NOT_FOUND, "a stale cursor deletes");
      return;
    }
    expect(status, cursor->place == Place::on ? RDB_OK : RDB_NOT_FOUND, "delete at a cursor");
    if (status != RDB_OK) return;
    content(*cursor->table).rows.erase(cursor->key);
    cursor->version = ++cursor->table->version;
    // Between its neighbours; behind the last row that is the end.
    const Rows& rows = rows_of(*cursor);
    cursor->place = rows.upper_bound(cursor->key) == rows.end() ? Place::back : Place::gap;
  }

  void batch_of_cursor() {
    Cursor* cursor = live_cursor();
    if (cursor == nullptr) return;
    rdb_slice keys[16], values[16];
    size_t count = 0;
    const size_t room = 1 + input_.u8() % 16;
    const rdb_status status =
        rdb_cursor_next_batch(cursor->handle, keys, values, room, &count, &err_);
    if (stale(*cursor)) return expect(status, RDB_ERR_MISUSE, "a batch of a stale cursor");
    const Rows& rows = rows_of(*cursor);
    auto row = rows.end();
    if (cursor->place == Place::fresh || cursor->place == Place::front) {
      row = front_of(*cursor);
    } else if (cursor->place != Place::back) {
      row = rows.upper_bound(cursor->key);
    }
    if (row != rows.end() && !in_range(*cursor, row->first)) row = rows.end();
    expect(status, row == rows.end() ? RDB_END : RDB_OK, "a batch");
    if (status == RDB_END) {
      cursor->place = Place::back;
      return;
    }
    require(count >= 1 && count <= room, "a batch of an impossible size");
    for (size_t i = 0; i < count; ++i, ++row) {
      require(row != rows.end() && in_range(*cursor, row->first) && text(keys[i]) == row->first &&
                  text(values[i]) == row->second,
              "a batch has another row");
    }
    cursor->place = Place::on;
    cursor->key = std::prev(row)->first;
  }

  void set_range() {
    Cursor* cursor = live_cursor();
    if (cursor == nullptr) return;
    const size_t kind = content(*cursor->table).kind;
    cursor->lower.reset();
    cursor->upper.reset();
    const uint8_t what = input_.u8() % 4;
    if ((what & 1) != 0) cursor->lower = make_key(kind);
    if ((what & 2) != 0) cursor->upper = make_key(kind);
    rdb_range range{};
    range.lower_bound = cursor->lower ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
    range.upper_bound = cursor->upper ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
    if (cursor->lower) range.lower = slice(*cursor->lower);
    if (cursor->upper) range.upper = slice(*cursor->upper);
    expect(rdb_cursor_set_range(cursor->handle, &range, &err_), RDB_OK, "set_range");
    cursor->place = Place::fresh;
    cursor->version = cursor->table->version;
  }

  // ---- multimaps -----------------------------------------------------------------------------

  void multimap_step(int what) {
    switch (what % 16) {
      case 0:
      case 1:
        return open_multimap();
      case 2:
      case 3:
        return put_pair();
      case 4:
      case 5:
        return put_values();
      case 6:
        return put_pairs();
      case 7:
        return delete_pair();
      case 8:
        return delete_pairs();
      case 9:
        return delete_keys();
      case 10:
        return get_values();
      case 11:
      case 12:
        return scan_pairs();
      case 13:
        return walk_keys();
      case 14:
        return drain();
      default:
        return delete_while_scanning();
    }
  }

  std::shared_ptr<Table> choose_multimap() { return choose_table(true); }

  std::string numbered_value(size_t kind, uint32_t id) {
    if (!kKinds[kind].fixed) return std::string(id % 5 * 11, 'v') + std::to_string(id);
    std::string value(8, '\0');
    value[0] = static_cast<char>(id);
    value[1] = static_cast<char>(id >> 8);
    return value;
  }
  std::string make_set_value(size_t kind) { return numbered_value(kind, input_.u8()); }

  // Both ends included; none where the script says so.
  struct KeyRange {
    std::optional<std::string> lower, upper;
    rdb_range range{};
  };
  void make_range(size_t kind, KeyRange& out) {
    const uint8_t what = input_.u8() % 4;
    if ((what & 1) != 0) out.lower = make_key(kind);
    if ((what & 2) != 0) out.upper = make_key(kind);
    out.range.lower_bound = out.lower ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
    out.range.upper_bound = out.upper ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
    if (out.lower) out.range.lower = slice(*out.lower);
    if (out.upper) out.range.upper = slice(*out.upper);
  }
  static bool holds(const KeyRange& range, const Sets& sets, const std::string& key) {
    const auto less = sets.key_comp();
    return (!range.lower || !less(key, *range.lower)) && (!range.upper || !less(*range.upper, key));
  }

  void open_multimap() {
    auto* chosen = choose(txns_);
    if (chosen == nullptr || tables_.size() > 8) return;
    const std::shared_ptr<Txn> txn = *chosen;
    const std::string name = kNames[input_.u8() % std::size(kNames)];
    const size_t kind = kPlainKinds + input_.u8() % (std::size(kKinds) - kPlainKinds);
    const bool raw = input_.u8() % 8 == 0;
    const auto known = txn->model->find(name);
    const bool exists = known != txn->model->end();
    rdb_status expected = RDB_OK;
    if (txn->writable && open_in_writer(name)) {
      expected = RDB_ERR_TABLE_OPEN;
    } else if (!exists && (raw || !txn->writable)) {
      expected = RDB_ERR_TABLE_MISSING;
    } else if (exists && !known->second.is_multimap()) {
      expected = RDB_ERR_TABLE_NOT_MULTIMAP;
    } else if (exists && !raw && known->second.kind != kind) {
      expected = RDB_ERR_TABLE_TYPE;
    }
    auto table = std::make_shared<Table>();
    const rdb_type key = type(kKinds[kind].key);
    const rdb_type value = type(kKinds[kind].value);
    expect(raw ? rdb_multimap_open_raw(txn->handle, slice(name), &table->handle, &err_)
               : rdb_multimap_open(txn->handle, slice(name), &key, &value, &table->handle, &err_),
           expected, "open a multimap");
    if (expected == RDB_OK) opened(std::move(table), txn, name, kind);
  }

  void put_pair() {
    const auto table = choose_multimap();
    if (!table) return;
    ModelTable& model = content(*table);
    const std::string key = make_key(model.kind);
    const std::string value = make_set_value(model.kind);
    rdb_status expected = refusal(*table);
    if (expected == RDB_OK && model.has(key, value)) expected = RDB_EXISTS;
    expect(rdb_put(table->handle, slice(key), slice(value), 0, &err_), expected, "put a pair");
    if (expected == RDB_OK) model.values_of(key).insert(value);
  }

  void put_batch_of_pairs(Table& table, const std::vector<std::string>& keys,
                          const std::vector<std::string>& values) {
    ModelTable& model = content(table);
    std::vector<rdb_slice> key_slices, value_slices;
    for (const auto& key : keys) key_slices.push_back(slice(key));
    for (const auto& value : values) value_slices.push_back(slice(value));
    uint64_t written = 0;
    const rdb_status status = rdb_put_batch(table.handle, key_slices.data(), value_slices.data(),
                                            keys.size(), 0, &written, &err_);
    expect(status, refusal(table), "put pairs");
    uint64_t fresh = 0;
    if (status == RDB_OK) {
      for (size_t i = 0; i < keys.size(); ++i) {
        fresh += model.values_of(keys[i]).insert(values[i]).second;
      }
    }
    require(written == fresh, "a batch of pairs miscounts");
  }

  // So many values of one key that they leave its leaf.
  void put_values() {
    const auto table = choose_multimap();
    if (!table) return;
    const size_t kind = content(*table).kind;
    const std::string key = make_key(kind);
    const uint32_t first = input_.u8() * 4u;
    const std::vector<std::string> keys(input_.u8() * 2u, key);
    std::vector<std::string> values;
    while (values.size() < keys.size()) {
      values.push_back(numbered_value(kind, first + static_cast<uint32_t>(values.size())));
    }
    put_batch_of_pairs(*table, keys, values);
  }

  void put_pairs() {
    const auto table = choose_multimap();
    if (!table) return;
    const size_t kind = content(*table).kind;
    std::vector<std::string> keys, values;
    for (size_t i = input_.u8() % 48; i > 0; --i) {
      keys.push_back(make_key(kind));
      values.push_back(make_set_value(kind));
    }
    put_batch_of_pairs(*table, keys, values);
  }

  void delete_pair() {
    const auto table = choose_multimap();
    if (!table) return;
    ModelTable& model = content(*table);
    const std::string key = make_key(model.kind);
    const std::string value = make_set_value(model.kind);
    rdb_status expected = refusal(*table);
    if (expected == RDB_OK && !model.has(key, value)) expected = RDB_NOT_FOUND;
    expect(rdb_multimap_delete(table->handle, slice(key), slice(value), &err_), expected,
           "delete a pair");
    if (expected == RDB_OK) model.erase(key, value);
  }

  // A run of values of one key.
  void delete_pairs() {
    const auto table = choose_multimap();
    if (!table || !table->txn->writable) return;
    ModelTable& model = content(*table);
    const std::string key = make_key(model.kind);
    const uint32_t first = input_.u8() * 4u;
    const std::vector<rdb_slice> keys(input_.u8() * 2u, slice(key));
    std::vector<std::string> values;
    while (values.size() < keys.size()) {
      values.push_back(numbered_value(model.kind, first + static_cast<uint32_t>(values.size())));
    }
    std::vector<rdb_slice> value_slices;
    for (const auto& value : values) value_slices.push_back(slice(value));
    uint64_t deleted = 0;
    expect(rdb_multimap_delete_batch(table->handle, keys.data(), value_slices.data(), keys.size(),
                                     &deleted, &err_),
           RDB_OK, "delete pairs");
    uint64_t gone = 0;
    for (const auto& value : values) gone += model.erase(key, value);
    require(deleted == gone, "a batch deleted another number of pairs");
  }

  // Keys with all their values, one or several.
  void delete_keys() {
    const auto table = choose_multimap();
    if (!table) return;
    ModelTable& model = content(*table);
    std::vector<std::string> keys;
    for (size_t i = input_.u8() % 8; i > 0; --i) keys.push_back(make_key(model.kind));
    if (keys.size() == 1) {
      rdb_status expected = refusal(*table);
      if (expected == RDB_OK && !model.sets.contains(keys[0])) expected = RDB_NOT_FOUND;
      expect(rdb_delete(table->handle, slice(keys[0]), &err_), expected, "delete a key");
      if (expected == RDB_OK) model.sets.erase(keys[0]);
      return;
    }
    std::vector<rdb_slice> slices;
    for (const auto& key : keys) slices.push_back(slice(key));
    uint64_t deleted = 0;
    const rdb_status status =
        rdb_delete_batch(table->handle, slices.data(), slices.size(), &deleted, &err_);
    expect(status, refusal(*table), "delete keys");
    if (status != RDB_OK) return;
    uint64_t gone = 0;
    for (const auto& key : keys) gone += model.sets.erase(key);
    require(deleted == gone, "a batch deleted another number of keys");
  }

  void get_values() {
    const auto table = choose_multimap();
    if (!table) return;
    const ModelTable& model = content(*table);
    const std::string key = make_key(model.kind);
    const std::string value = make_set_value(model.kind);
    const auto set = model.sets.find(key);
    const rdb_status expected = set == model.sets.end() ? RDB_NOT_FOUND : RDB_OK;
    expect(rdb_contains(table->handle, slice(key), &err_), expected, "contains a key");
    expect(rdb_multimap_contains(table->handle, slice(key), slice(value), &err_),
           model.has(key, value) ? RDB_OK : RDB_NOT_FOUND, "contains a pair");
    uint64_t count = 0;
    expect(rdb_multimap_key_count(table->handle, &count, &err_), RDB_OK, "key_count");
    require(count == model.sets.size(), "another number of keys");
    expect(rdb_multimap_value_count(table->handle, slice(key), &count, &err_), expected,
           "value_count");
    require(expected != RDB_OK || count == set->second.size(), "another number of values");
    rdb_result* result = nullptr;
    expect(rdb_result_create(&result, &err_), RDB_OK, "create a result");
    expect(rdb_multimap_get(table->handle, slice(key), result, &err_), expected, "get values");
    require(rdb_result_count(result) == (expected == RDB_OK ? set->second.size() : 0),
            "values are missing");
    if (expected == RDB_OK) {
      size_t i = 0;
      for (const std::string& wanted : set->second) {
        rdb_slice found{};
        expect(rdb_result_at(result, i++, &found, &err_), RDB_OK, "result_at");
        require(text(found) == wanted, "another value of a key");
      }
    }
    rdb_result_free(result);
    rdb_value* pinned = nullptr;
    expect(rdb_get_pin(table->handle, slice(key), &pinned, &err_), RDB_ERR_TABLE_IS_MULTIMAP,
           "get of a multimap");
  }

  static std::vector<std::pair<std::string, std::string>> pairs_of(const Sets& sets,
                                                                   const KeyRange& range) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [key, values] : sets) {
      if (!holds(range, sets, key)) continue;
      for (const auto& value : values) pairs.emplace_back(key, value);
    }
    return pairs;
  }

  void scan_pairs() {
    const auto table = choose_multimap();
    if (!table) return;
    const ModelTable& model = content(*table);
    KeyRange range;
    make_range(model.kind, range);
    auto pairs = pairs_of(model.sets, range);
    const bool backward = input_.u8() % 2 == 1;
    if (backward) std::reverse(pairs.begin(), pairs.end());
    rdb_cursor* cursor = nullptr;
    expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
    expect(rdb_cursor_set_range(cursor, &range.range, &err_), RDB_OK, "set_range");
    const auto go = backward ? rdb_cursor_prev : rdb_cursor_next;
    rdb_slice key{}, value{};
    for (const auto& [wanted_key, wanted_value] : pairs) {
      expect(go(cursor, &key, &value, &err_), RDB_OK, "step over pairs");
      require(text(key) == wanted_key && text(value) == wanted_value, "another pair");
    }
    expect(go(cursor, &key, &value, &err_), RDB_END, "step behind the last pair");
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
  }

  // From a pair that may not be there, key by key.
  void walk_keys() {
    const auto table = choose_multimap();
    if (!table) return;
    const ModelTable& model = content(*table);
    const std::string from_key = make_key(model.kind);
    const std::string from_value = make_set_value(model.kind);
    rdb_cursor* cursor = nullptr;
    expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
    auto set = model.sets.lower_bound(from_key);
    std::string wanted;
    if (set != model.sets.end()) {
      wanted = *set->second.begin();
      if (set->first == from_key) {
        const auto at = set->second.lower_bound(from_value);
        if (at != set->second.end()) {
          wanted = *at;
        } else if (++set != model.sets.end()) {
          wanted = *set->second.begin();
        }
      }
    }
    rdb_slice key{}, value{};
    expect(rdb_cursor_seek_pair(cursor, slice(from_key), slice(from_value), &key, &value, &err_),
           set == model.sets.end() ? RDB_NOT_FOUND : RDB_OK, "seek_pair");
    if (set != model.sets.end()) {
      require(text(key) == set->first && text(value) == wanted, "seek_pair finds another pair");
      const bool backward = input_.u8() % 2 == 1;
      while (true) {
        const bool last = backward ? set == model.sets.begin() : ++set == model.sets.end();
        expect(backward ? rdb_cursor_prev_key(cursor, &key, &value, &err_)
                        : rdb_cursor_next_key(cursor, &key, &value, &err_),
               last ? RDB_END : RDB_OK, "go to the key beside");
        if (last) break;
        if (backward) --set;
        require(text(key) == set->first &&
                    text(value) == (backward ? *set->second.rbegin() : *set->second.begin()),
                "another key");
      }
    }
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
  }

  void drain() {
    const auto table = choose_multimap();
    if (!table) return;
    ModelTable& model = content(*table);
    const bool all = input_.u8() % 8 == 0;
    KeyRange range;
    if (!all) make_range(model.kind, range);
    uint64_t keys = 0;
    const rdb_status status =
        rdb_multimap_drain(table->handle, all ? nullptr : &range.range, &keys, &err_);
    expect(status, refusal(*table), "drain");
    if (status != RDB_OK) return;
    const uint64_t gone = std::erase_if(
        model.sets, [&](const auto& set) { return holds(range, model.sets, set.first); });
    require(keys == gone, "drain takes another number of keys");
  }

  // One pair in so many goes while a cursor passes over it.
  void delete_while_scanning() {
    const auto table = choose_multimap();
    if (!table || !table->txn->writable) return;
    ModelTable& model = content(*table);
    KeyRange range;
    make_range(model.kind, range);
    const size_t stride = 1 + input_.u8() % 8;
    const auto pairs = pairs_of(model.sets, range);
    rdb_cursor* cursor = nullptr;
    expect(rdb_cursor_open(table->handle, &cursor, &err_), RDB_OK, "open a cursor");
    expect(rdb_cursor_set_range(cursor, &range.range, &err_), RDB_OK, "set_range");
    rdb_slice key{}, value{};
    for (size_t i = 0; i < pairs.size(); ++i) {
      expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_OK, "next pair");
      require(text(key) == pairs[i].first && text(value) == pairs[i].second,
              "another pair after deletions");
      if (i % stride != 0) continue;
      expect(rdb_cursor_delete(cursor, &err_), RDB_OK, "delete the pair of a cursor");
      model.erase(pairs[i].first, pairs[i].second);
    }
    expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_END, "next behind the last pair");
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
  }

  // ---- tables and the database ---------------------------------------------------------------

  void rename_or_delete_table() {
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

  void list_tables() {
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
      require((info.kind == RDB_TABLE_MULTIMAP) == table.is_multimap(),
              "a table of the other kind");
    }
    rdb_listing_free(listing);
  }

  void look_at_database() {
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

  void verify() {
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

  void reopen() {
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
  void let_go() {
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
  void check_values() {
    for (const Value& value : values_) {
      require(text(rdb_value_data(value.handle)) == value.expected, "a held value changed");
      rdb_value_free(value.handle);
    }
    values_.clear();
  }

  template <typename To, typename From>
  static To* as(From* handle) {
    return reinterpret_cast<To*>(handle);
  }

  void wrong_handles() {
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
  void check_file() {
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

  Input& input_;
  const uint32_t compression_;  // RDB_COMPRESSION_...
  const std::string path_;
  rdb_db* db_ = nullptr;
  Model committed_;
  std::shared_ptr<Txn> writer_;
  std::vector<std::shared_ptr<Txn>> txns_;
  std::vector<std::shared_ptr<Table>> tables_;
  std::vector<Cursor> cursors_;
  std::vector<Value> values_;
};

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rdb::fuzz::Input input(rdb::fuzz::input_bytes(data, size));
  rdb::fuzz::Script(input, size == 0 ? uint8_t{0} : data[size - 1]).run();
  return 0;
}
