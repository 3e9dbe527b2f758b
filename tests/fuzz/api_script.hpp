// api_script.hpp: a script of rdb.h calls against std::map; the input is the script.
//
// One byte names a step, the next ones its arguments. Every answer is compared with a model:
// statuses, values, order, what cursors see, what snapshots keep. Wrong handles, handles of ended
// transactions and hostile packed records are part of it. At the end the file is opened for reading
// and compared once more. The input's last byte says how the file is compressed, besides whatever
// it means as a step.
#pragma once

#include <algorithm>
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

using test::KeyLess;

struct Kind {
  const char* key;
  const char* value;
  KeyLess::Kind order;  // of keys, and of the values of a multimap
  bool fixed;           // both 8 bytes wide
  bool multimap = false;
};
inline constexpr Kind kKinds[] = {{"&[u8]", "&[u8]", KeyLess::Kind::bytes, false},
                                  {"u64", "u64", KeyLess::Kind::little_endian, true},
                                  {"&str", "&[u8]", KeyLess::Kind::bytes, false},
                                  {"&str", "&[u8]", KeyLess::Kind::bytes, false, true},
                                  {"u64", "u64", KeyLess::Kind::little_endian, true, true}};
inline constexpr size_t kPlainKinds = 3;
inline constexpr const char* kNames[] = {"a", "b", "a longer name", "\xc3\xa9"};

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

class Script : Calls {
 public:
  Script(Input& input, uint8_t codec);
  ~Script();

  void run();

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

  void step();
  void open();
  void begin_writer();
  void end_writer(bool commit);
  void begin_reader();
  void end_reader();
  void ended(const std::shared_ptr<Txn>& txn);
  void open_table(bool multimap);
  void close_table();
  void forget_table(std::shared_ptr<Table> table) {
    if (table->handle == nullptr && table->cursors == 0) std::erase(tables_, table);
  }
  // The status a change by this table must have instead of RDB_OK.
  static rdb_status refusal(const Table& table) {
    return table.txn->writable ? RDB_OK : RDB_ERR_MISUSE;
  }

  // ---- records of plain tables ---------------------------------------------------------------

  void put();
  void erase();
  void get();
  void pop();
  void put_batch();
  void get_batch();
  void delete_batch();
  void packed_records();

  // ---- cursors -------------------------------------------------------------------------------

  void open_cursor();
  void close(size_t i);
  void close_cursor();
  Cursor* live_cursor();
  const Rows& rows_of(const Cursor& cursor) { return content(*cursor.table).rows; }
  bool stale(const Cursor& cursor) const { return cursor.version != cursor.table->version; }
  bool in_range(const Cursor& cursor, const std::string& key) {
    const auto less = rows_of(cursor).key_comp();
    return (!cursor.lower || !less(key, *cursor.lower)) &&
           (!cursor.upper || !less(*cursor.upper, key));
  }
  Rows::const_iterator front_of(const Cursor& cursor);
  Rows::const_iterator back_of(const Cursor& cursor);
  void landed(Cursor& cursor, Rows::const_iterator row, Place otherwise, rdb_status status,
              rdb_status nothing, rdb_slice key, rdb_slice value, const char* call);
  void move_cursor();
  void seek_cursor();
  void delete_at_cursor();
  void batch_of_cursor();
  void set_range();

  // ---- multimaps -----------------------------------------------------------------------------

  void multimap_step(int what);
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
  void make_range(size_t kind, KeyRange& out);
  static bool holds(const KeyRange& range, const Sets& sets, const std::string& key) {
    const auto less = sets.key_comp();
    return (!range.lower || !less(key, *range.lower)) && (!range.upper || !less(*range.upper, key));
  }
  void put_pair();
  void put_batch_of_pairs(Table& table, const std::vector<std::string>& keys,
                          const std::vector<std::string>& values);
  void put_values();
  void put_pairs();
  void delete_pair();
  void delete_pairs();
  void delete_keys();
  void get_values();
  static std::vector<std::pair<std::string, std::string>> pairs_of(const Sets& sets,
                                                                   const KeyRange& range);
  void scan_pairs();
  void walk_keys();
  void drain();
  void delete_while_scanning();

  // ---- tables and the database ---------------------------------------------------------------

  void rename_or_delete_table();
  void list_tables();
  void look_at_database();
  void verify();
  void reopen();
  void let_go();
  void check_values();
  template <typename To, typename From>
  static To* as(From* handle) {
    return reinterpret_cast<To*>(handle);
  }
  void wrong_handles();
  void check_file();

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

}  // namespace rdb::fuzz
