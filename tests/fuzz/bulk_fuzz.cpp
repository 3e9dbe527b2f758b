// bulk_fuzz.cpp: a script of merges, bulk changes and expiring values through rdb.h against
// std::map.
//
// The input is the script: its first byte says how the database, which lies in memory, is
// compressed; then a byte names a table and one a step, and the next ones its arguments. Three
// tables: numbers, byte strings, and byte strings that expire by a clock that the script moves both
// ways; copies of them; a snapshot. Every answer is compared with a model, which has merges of its
// own. At the end everything is read and verified.
#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "c_calls.hpp"
#include "model.hpp"

namespace rdb::fuzz {
namespace {

using test::KeyLess;

struct Kind {
  const char* name;
  const char* key;
  const char* value;
  KeyLess::Kind order;
  bool fixed;     // keys and values have 8 bytes
  bool expiring;  // values come with a lifetime
};
constexpr Kind kKinds[] = {{"numbers", "u64", "u64", KeyLess::Kind::little_endian, true, false},
                           {"strings", "&[u8]", "&[u8]", KeyLess::Kind::bytes, false, false},
                           {"cache", "&str", "&[u8]", KeyLess::Kind::bytes, false, true}};
constexpr size_t kTables = std::size(kKinds);

struct Row {
  std::string value;
  uint64_t expires = 0;  // 0: never
};
using Rows = std::map<std::string, Row, KeyLess>;
struct Model {
  std::array<Rows, kTables> tables;
  std::array<std::optional<Rows>, kTables> copies;
};
// Steps from this byte on came later: what older scripts say stays what it was.
constexpr uint8_t kLateSteps = 252;

// Numbers as the operators see them.
uint64_t number(const std::string& bytes) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}
std::string bytes_of(uint64_t number, size_t size) {
  return {reinterpret_cast<const char*>(&number), size};
}
template <typename Float>
std::string sum(const std::string& a, const std::string& b) {
  Float left, right;
  std::memcpy(&left, a.data(), sizeof left);
  std::memcpy(&right, b.data(), sizeof right);
  left += right;
  return {reinterpret_cast<const char*>(&left), sizeof left};
}

std::string merged(uint32_t kind, const std::string& old, const std::string& operand) {
  if (kind == RDB_MERGE_BYTES_APPEND) return old + operand;
  const size_t size = old.size();
  if (size != operand.size()) return old;
  if (kind == RDB_MERGE_BITWISE_OR) {
    std::string out = old;
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(out[i] | operand[i]);
    return out;
  }
  if (kind == RDB_MERGE_FLOAT_ADD) {
    return size == 4 ? sum<float>(old, operand) : size == 8 ? sum<double>(old, operand) : old;
  }
  if (size != 1 && size != 2 && size != 4 && size != 8) return old;
  const uint64_t a = number(old);
  const uint64_t b = number(operand);
  const uint64_t most = ~uint64_t{0} >> (64 - 8 * size);
  switch (kind) {
    case RDB_MERGE_NUMERIC_ADD:
      return bytes_of(a + b, size);
    case RDB_MERGE_SATURATING_ADD:
      return bytes_of(b > most - a ? most : a + b, size);
    case RDB_MERGE_NUMERIC_MAX:
      return bytes_of(std::max(a, b), size);
    default:
      return bytes_of(std::min(a, b), size);
  }
}

class BulkScript : Calls {
 public:
  explicit BulkScript(Input& input) : input_(input) {
    for (size_t i = 0; i < kTables; ++i) model_.tables[i] = Rows(KeyLess{kKinds[i].order});
    committed_ = model_;
    rdb_options options = RDB_OPTIONS_INIT;
    options.memory_budget_bytes = uint64_t{1} << 20;
    options.compression = input_.u8() % 3;
    expect(rdb_open_memory(&options, &db_, &err_), RDB_OK, "open");
    set_clock(1000);
    begin();
  }

  void run() {
    for (int steps = 0; steps < 300 && !input_.empty(); ++steps) step();
    end(true);
    begin();
    for (size_t i = 0; i < kTables; ++i) {
      compare(i);
      compare_copy(i);
    }
    end(false);
    if (snapshot_.txn != nullptr) end_snapshot();
    rdb_report* report = nullptr;
    rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
    options.level = RDB_VERIFY_FULL;
    expect(rdb_verify(db_, &options, &report, &err_), RDB_OK, "verify");
    rdb_report_info info = RDB_REPORT_INFO_INIT;
    expect(rdb_report_describe(report, &info, &err_), RDB_OK, "describe the report");
    require(info.problem_count == 0, "the verification found problems");
    rdb_report_free(report);
    expect(rdb_close(db_, &err_), RDB_OK, "close");
  }

 private:
  void step() {
    table_ = input_.u8() % kTables;
    const uint8_t what = input_.u8();
    if (what >= kLateSteps) return late_step(what - kLateSteps);
    switch (what % 18) {
      case 0:
      case 1:
        return put();
      case 2:
        return put_many();
      case 3:
        return exchange();
      case 4:
        return take();
      case 5:
        return compare_and_put();
      case 6:
        return merge();
      case 7:
      case 8:
        return merge_many();
      case 9:
        return merge_by_function();
      case 10:
        return drain();
      case 11:
        return retain();
      case 12:
        return extract();
      case 13:
        return put_by_cursor();
      case 14:
        return move_clock();
      case 15:
        return touch();
      case 16:
        return purge();
      default:
        compare(table_);
        if (input_.u8() % 4 == 0) {
          end(input_.u8() % 4 != 0);
          begin();
        }
    }
  }

  void late_step(int what) {
    switch (what) {
      case 0:
        return reserve();
      case 1:
        return copy();
      case 2:
        return delete_copy();
      default:
        snapshot_.txn == nullptr ? take_snapshot() : end_snapshot();
    }
  }

  // ---- the transaction -----------------------------------------------------------------------

  void begin() {
    expect(rdb_txn_begin(db_, RDB_TXN_WRITE, nullptr, &txn_, &err_), RDB_OK, "begin");
    for (size_t i = 0; i < kTables; ++i) tables_[i] = open(txn_, i, kKinds[i].name);
  }
  rdb_table* open(rdb_txn* txn, size_t kind, const std::string& name,
                  rdb_status expected = RDB_OK) {
    const rdb_type key = type(kKinds[kind].key);
    const rdb_type value = type(kKinds[kind].value);
    const auto open = kKinds[kind].expiring ? &rdb_ttl_open : &rdb_table_open;
    rdb_table* table = nullptr;
    expect(open(txn, slice(name), &key, &value, &table, &err_), expected, "open");
    return table;
  }
  void end(bool commit) {
    for (rdb_table* table : tables_) {
      expect(rdb_table_close(table, &err_), RDB_OK, "close a table");
    }
    if (commit) {
      expect(rdb_txn_commit(txn_, &err_), RDB_OK, "commit");
      committed_ = model_;
      made_ = true;
    } else {
      expect(rdb_txn_abort(txn_, &err_), RDB_OK, "abort");
      model_ = committed_;
    }
  }

  // ---- the clock -----------------------------------------------------------------------------

  void set_clock(uint64_t now) {
    now_ = now;
    expect(rdb_clock_set(db_, now, &err_), RDB_OK, "set the clock");
  }
  void move_clock() {
    const uint64_t by = input_.u8() * 4;
    set_clock(input_.u8() % 4 == 0 && by < now_ ? now_ - by : now_ + by);
  }
  bool live(const Row& row) const { return row.expires == 0 || row.expires > now_; }

  // ---- the chosen table ----------------------------------------------------------------------

  const Kind& kind() const { return kKinds[table_]; }
  Rows& rows() { return model_.tables[table_]; }
  rdb_table* table() { return tables_[table_]; }
  Row* find(const std::string& key) {
    const auto found = rows().find(key);
    return found == rows().end() || !live(found->second) ? nullptr : &found->second;
  }
  std::vector<std::pair<std::string, std::string>> shown(const Rows& rows) const {
    std::vector<std::pair<std::string, std::string>> shown;
    for (const auto& [key, row] : rows) {
      if (live(row)) shown.emplace_back(key, row.value);
    }
    return shown;
  }

  std::string make_key() {
    const uint32_t id = input_.u8();
    if (kind().fixed) return bytes_of(id * 3, 8);
    return "k" + std::string(id % 5 * 30, 'x') + std::to_string(id);
  }
  std::string make_value() {
    const uint8_t what = input_.u8();
    // No float of these bytes is a NaN, and the sum of two NaN is any of the two.
    const char byte = static_cast<char>(what & 0x3F);
    if (kind().fixed) return std::string(8, byte);
    // Lengths that operators know, and others.
    static constexpr std::array<size_t, 8> kSizes = {0, 1, 2, 4, 8, 9, 100, 700};
    return std::string(kSizes[what % 8], byte);
  }
  struct Range {
    std::optional<std::string> lower, upper;  // lower included, upper not
    rdb_range range{};
  };
  void make_range(Range& out) {
    const uint8_t what = input_.u8() % 4;
    if ((what & 1) != 0) out.lower = make_key();
    if ((what & 2) != 0) out.upper = make_key();
    out.range.lower_bound = out.lower ? RDB_BOUND_INCLUDED : RDB_BOUND_NONE;
    out.range.upper_bound = out.upper ? RDB_BOUND_EXCLUDED : RDB_BOUND_NONE;
    if (out.lower) out.range.lower = slice(*out.lower);
    if (out.upper) out.range.upper = slice(*out.upper);
  }
  bool holds(const Range& range, const std::string& key) {
    const auto less = rows().key_comp();
    return (!range.lower || !less(key, *range.lower)) && (!range.upper || less(key, *range.upper));
  }

  // ---- steps ---------------------------------------------------------------------------------

  void put() {
    const std::string key = make_key();
    const std::string value = make_value();
    const uint64_t flags = input_.u8() % 3;
    const bool exists = find(key) != nullptr;
    const rdb_status expected = flags == RDB_PUT_INSERT_ONLY && exists    ? RDB_EXISTS
                                : flags == RDB_PUT_UPDATE_ONLY && !exists ? RDB_NOT_FOUND
                                                                          : RDB_OK;
    Row row{value, 0};
    if (kind().expiring && input_.u8() % 4 != 0) {
      const uint64_t ttl = input_.u8() * 2;
      row.expires = now_ + ttl;
      expect(rdb_ttl_put(table(), slice(key), slice(value), ttl, flags, &err_), expected,
             "put for a time");
    } else {
      expect(rdb_put(table(), slice(key), slice(value), flags, &err_), expected, "put");
    }
    if (expected == RDB_OK) rows()[key] = row;
  }

  // Enough of them for several leaves, in no order.
  void put_many() {
    const size_t count = input_.u8();
    const uint32_t factor = input_.u8() * 2u + 1;
    const std::string value = make_value();
    std::vector<std::string> keys(count);
    std::vector<rdb_slice> key_slices, values(count, slice(value));
    for (size_t i = 0; i < count; ++i) {
      const uint32_t id = static_cast<uint32_t>(i) * factor % 1021;
      keys[i] = kind().fixed ? bytes_of(id, 8) : "m" + std::to_string(id);
      key_slices.push_back(slice(keys[i]));
      rows()[keys[i]] = {value, 0};
    }
    uint64_t written = 0;
    expect(rdb_put_batch(table(), key_slices.data(), values.data(), count, 0, &written, &err_),
           RDB_OK, "put a batch");
    require(written == count, "a batch miscounts");
  }

  void exchange() {
    const std::string key = make_key();
    const std::string value = make_value();
    const Row* old = find(key);
    rdb_value* given = nullptr;
    expect(rdb_exchange(table(), slice(key), slice(value), 0, &given, &err_), RDB_OK, "exchange");
    check_old(given, old);
    rows()[key] = {value, 0};
  }
  void take() {
    const std::string key = make_key();
    const Row* old = find(key);
    rdb_value* given = nullptr;
    expect(rdb_take(table(), slice(key), &given, &err_), old != nullptr ? RDB_OK : RDB_NOT_FOUND,
           "take");
    check_old(given, old);
    rows().erase(key);
  }
  static void check_old(rdb_value* given, const Row* old) {
    require((given != nullptr) == (old != nullptr), "another old value");
    if (given == nullptr) return;
    require(text(rdb_value_data(given)) == old->value, "another old value");
    rdb_value_free(given);
  }

  void compare_and_put() {
    const std::string key = make_key();
    const Row* there = find(key);
    std::optional<std::string> expected;
    switch (input_.u8() % 4) {
      case 0:
        break;
      case 1:
        expected = make_value();
        break;
      default:
        if (there != nullptr) expected = there->value;
    }
    std::optional<std::string> value;
    if (input_.u8() % 4 != 0) value = make_value();
    const std::string wanted = expected.value_or("");
    const std::string stored = value.value_or("");
    const rdb_slice wanted_slice = slice(wanted);
    const rdb_slice value_slice = slice(stored);
    const rdb_status outcome = (there != nullptr) != expected.has_value()
                                   ? (there != nullptr ? RDB_EXISTS : RDB_NOT_FOUND)
                               : there != nullptr && there->value != *expected ? RDB_DIFFERENT
                                                                               : RDB_OK;
    expect(rdb_compare_and_put(table(), slice(key), expected ? &wanted_slice : nullptr,
                               value ? &value_slice : nullptr, &err_),
           outcome, "compare and put");
    if (outcome != RDB_OK) return;
    if (value) {
      rows()[key] = {*value, 0};
    } else {
      rows().erase(key);
    }
  }

  std::string make_operand() {
    std::string operand = make_value();
    if (kind().fixed && input_.u8() % 16 == 0) operand.resize(input_.u8() % 8);
    return operand;
  }
  // What a merge does to the model.
  rdb_status merge_into_model(const std::string& key, uint32_t op, const std::string& operand) {
    Row* old = find(key);
    const Row row =
        old != nullptr ? Row{merged(op, old->value, operand), old->expires} : Row{operand, 0};
    if (kind().fixed && row.value.size() != 8) return RDB_ERR_MERGE_WIDTH;
    rows()[key] = row;
    return RDB_OK;
  }
  void merge() {
    const std::string key = make_key();
    const std::string operand = make_operand();
    const rdb_merge_operator op = RDB_MERGE_OPERATOR_INIT(input_.u8() % 7u);
    const rdb_status expected = merge_into_model(key, op.kind, operand);
    expect(rdb_merge(table(), slice(key), slice(operand), &op, &err_), expected, "merge");
  }
  void merge_many() {
    std::vector<std::string> keys, operands;
    for (size_t count = input_.u8() % 64; count > 0; --count) {
      keys.push_back(make_key());
      operands.push_back(make_operand());
    }
    const rdb_merge_operator op = RDB_MERGE_OPERATOR_INIT(input_.u8() % 7u);
    std::vector<rdb_slice> key_slices, operand_slices;
    for (size_t i = 0; i < keys.size(); ++i) {
      key_slices.push_back(slice(keys[i]));
      operand_slices.push_back(slice(operands[i]));
    }
    rdb_status expected = RDB_OK;
    uint64_t done = 0;
    while (done < keys.size() && expected == RDB_OK) {
      expected = merge_into_model(keys[done], op.kind, operands[done]);
      done += expected == RDB_OK ? 1 : 0;
    }
    uint64_t merges = 0;
    expect(rdb_merge_batch(table(), key_slices.data(), operand_slices.data(), keys.size(), &op,
                           &merges, &err_),
           expected, "merge a batch");
    require(expected != RDB_OK || merges == done, "another number of merges");
    require(expected == RDB_OK || err_.position == done, "another record is to blame");
  }

  struct Answer {
    rdb_status status = RDB_OK;
    std::string value;
    std::optional<std::string> seen;
  };
  void merge_by_function() {
    const std::string key = make_key();
    Answer answer;
    answer.value = make_operand();
    static constexpr rdb_status kAnswers[] = {RDB_OK, RDB_OK, RDB_NOT_FOUND, RDB_STOPPED};
    answer.status = kAnswers[input_.u8() % 4];
    rdb_merge_operator op = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_FUNCTION);
    op.ctx = &answer;
    op.fn = [](void* ctx, rdb_slice, const rdb_slice* existing, rdb_slice, rdb_slice* result) {
      auto& mine = *static_cast<Answer*>(ctx);
      if (existing != nullptr) mine.seen = text(*existing);
      *result = slice(mine.value);
      return mine.status;
    };
    Row* old = find(key);
    const bool wrong = kind().fixed && answer.value.size() != 8;
    const rdb_status expected = answer.status == RDB_STOPPED       ? RDB_STOPPED
                                : answer.status == RDB_OK && wrong ? RDB_ERR_MERGE_WIDTH
                                                                   : RDB_OK;
    expect(rdb_merge(table(), slice(key), slice("x"), &op, &err_), expected, "merge by a function");
    require(answer.seen == (old != nullptr ? std::optional(old->value) : std::nullopt),
            "a merge function was shown another value");
    if (expected != RDB_OK) return;
    if (answer.status == RDB_OK) {
      rows()[key] = {answer.value, old != nullptr ? old->expires : 0};
    } else if (old != nullptr) {
      rows().erase(key);
    }
  }

  void drain() {
    Range range;
    make_range(range);
    uint64_t removed = 0;
    expect(rdb_drain(table(), &range.range, &removed, &err_), RDB_OK, "drain");
    require(
        removed == std::erase_if(rows(), [&](const auto& row) { return holds(range, row.first); }),
        "another number of rows was drained");
  }

  struct Filter {
    uint32_t divisor;
    uint64_t stop_at;
    uint64_t asked = 0;
    static bool goes(std::string_view key, uint32_t divisor) {
      uint32_t hash = 0;
      for (const char c : key) hash = hash * 31 + static_cast<unsigned char>(c);
      return hash % divisor == 0;
    }
  };
  void retain() {
    Range range;
    make_range(range);
    Filter state{1u + input_.u8() % 5, input_.u8() % 4 == 0 ? input_.u8() : UINT64_MAX};
    const rdb_filter filter = {.fn = [](void* ctx, rdb_slice key, rdb_slice) -> rdb_status {
                                 auto& mine = *static_cast<Filter*>(ctx);
                                 if (mine.asked++ == mine.stop_at) return RDB_STOPPED;
                                 return Filter::goes(text(key), mine.divisor) ? RDB_NOT_FOUND
                                                                              : RDB_OK;
                               },
                               .ctx = &state,
                               .drop = nullptr};
    uint64_t removed = 0;
    expect(rdb_retain(table(), &range.range, &filter, &removed, &err_), RDB_OK, "retain");
    uint64_t asked = 0;
    uint64_t gone = 0;
    for (auto row = rows().begin(); row != rows().end();) {
      const bool mine = live(row->second) && holds(range, row->first);
      if (mine && asked == state.stop_at) break;
      asked += mine ? 1 : 0;
      const bool goes = mine && Filter::goes(row->first, state.divisor);
      gone += goes ? 1 : 0;
      row = goes ? rows().erase(row) : std::next(row);
    }
    require(removed == gone, "another number of rows went");
  }

  void extract() {
    Range range;
    make_range(range);
    std::vector<std::pair<std::string, std::string>> left;
    for (auto& row : shown(rows())) {
      if (holds(range, row.first)) left.push_back(std::move(row));
    }
    rdb_extract* walk = nullptr;
    expect(rdb_extract_open(table(), &range.range, &walk, &err_), RDB_OK, "extract");
    uint64_t taken = 0;
    // Where the walk stands among those left: on one, or in front of the one of that number.
    size_t at = 0;
    bool on = false;
    bool fresh = true;
    for (int moves = input_.u8(); moves > 0; --moves) {
      rdb_slice key{}, value{};
      const uint8_t what = input_.u8() % 8;
      if (what < 5) {
        if (on) ++at;
        on = at < left.size();
        fresh = false;
        expect(rdb_extract_next(walk, &key, &value, &err_), on ? RDB_OK : RDB_END, "extract next");
      } else if (what < 6) {
        if (fresh) at = left.size();
        on = at > 0;
        if (on) --at;
        fresh = false;
        expect(rdb_extract_prev(walk, &key, &value, &err_), on ? RDB_OK : RDB_END, "extract prev");
      } else {
        expect(rdb_extract_take(walk, &err_), on ? RDB_OK : RDB_NOT_FOUND, "extract take");
        if (!on) continue;
        rows().erase(left[at].first);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
        on = false;
        ++taken;
        continue;
      }
      if (on) {
        require(text(key) == left[at].first && text(value) == left[at].second,
                "a walk shows another record");
      }
    }
    uint64_t removed = 0;
    expect(rdb_extract_close(walk, &removed, &err_), RDB_OK, "extract close");
    require(removed == taken, "another number of records was taken");
  }

  void put_by_cursor() {
    const auto all = shown(rows());
    const size_t stride = 1 + input_.u8() % 8;
    rdb_cursor* cursor = nullptr;
    expect(rdb_cursor_open(table(), &cursor, &err_), RDB_OK, "open a cursor");
    for (size_t i = 0; i < all.size(); ++i) {
      rdb_slice key{}, value{};
      expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_OK, "next");
      require(text(key) == all[i].first && text(value) == all[i].second, "another record");
      if (i % stride != 0) continue;
      const std::string fresh = make_value();
      expect(rdb_cursor_put(cursor, slice(fresh), &err_), RDB_OK, "put by a cursor");
      rows()[all[i].first].value = fresh;
    }
    rdb_slice key{};
    expect(rdb_cursor_next(cursor, &key, nullptr, &err_), RDB_END, "next behind the last");
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
  }

  void touch() {
    if (!kind().expiring) return;
    const std::string key = make_key();
    const uint64_t ttl = input_.u8() * 8;
    Row* row = find(key);
    expect(rdb_ttl_touch(table(), slice(key), ttl, &err_), row != nullptr ? RDB_OK : RDB_NOT_FOUND,
           "touch");
    if (row != nullptr) row->expires = now_ + ttl;
    uint64_t expiry = 0;
    row = find(key);
    expect(rdb_ttl_expiry(table(), slice(key), &expiry, &err_),
           row != nullptr ? RDB_OK : RDB_NOT_FOUND, "expiry");
    require(row == nullptr || expiry == row->expires, "another expiry");
  }

  void purge() {
    if (!kind().expiring) return;
    const uint64_t step = 1 + input_.u8() % 50;
    std::optional<std::string> after;
    uint64_t removed = 0;
    do {
      const std::string last = after.value_or("");
      const rdb_slice behind = slice(last);
      uint64_t examined = 0, gone = 0;
      rdb_value* position = nullptr;
      const rdb_status status = note(rdb_ttl_purge(table(), after ? &behind : nullptr, step,
                                                   nullptr, &examined, &gone, &position, &err_),
                                     "purge");
      require(status == (position != nullptr ? RDB_OK : RDB_END),
              "a purge neither goes on nor ends");
      require(examined <= step && gone <= examined, "a step of a purge went too far");
      removed += gone;
      after.reset();
      if (position != nullptr) after = text(rdb_value_data(position));
      rdb_value_free(position);
    } while (after);
    require(removed == std::erase_if(rows(), [&](const auto& row) { return !live(row.second); }),
            "another number of rows had expired");
  }

  // ---- late steps ----------------------------------------------------------------------------

  void reserve() {
    const std::string key = make_key();
    const std::string value = make_value();
    const bool exists = find(key) != nullptr;
    const uint64_t flags = input_.u8() % 3;
    rdb_reservation* reservation = nullptr;
    void* buffer = nullptr;
    expect(rdb_reserve(table(), slice(key), value.size(), flags, &reservation, &buffer, &err_),
           RDB_OK, "reserve");
    if (!value.empty()) std::memcpy(buffer, value.data(), value.size());
    if (input_.u8() % 8 == 0) return rdb_reservation_free(reservation);
    const rdb_status expected = flags == RDB_PUT_INSERT_ONLY && exists    ? RDB_EXISTS
                                : flags == RDB_PUT_UPDATE_ONLY && !exists ? RDB_NOT_FOUND
                                                                          : RDB_OK;
    expect(rdb_reservation_store(reservation, &err_), expected, "store a reservation");
    if (expected == RDB_OK) rows()[key] = {value, 0};
  }

  std::string copy_name(size_t table) const { return std::string("copy of ") + kKinds[table].name; }
  void copy() {
    uint64_t copied = 0;
    expect(rdb_table_copy(table(), txn_, slice(copy_name(table_)), nullptr, &copied, &err_), RDB_OK,
           "copy a table");
    require(copied == rows().size(), "another number of rows was copied");
    std::optional<Rows>& into = model_.copies[table_];
    if (!into) into.emplace(KeyLess{kind().order});
    for (const auto& [key, row] : rows()) (*into)[key] = row;
    compare_copy(table_);
  }
  void delete_copy() {
    expect(rdb_table_delete(txn_, slice(copy_name(table_)), &err_),
           model_.copies[table_] ? RDB_OK : RDB_NOT_FOUND, "delete a copy");
    model_.copies[table_].reset();
  }

  // What was committed, to be read again when much has changed.
  struct Snapshot {
    rdb_txn* txn = nullptr;
    bool made = false;
    Model model;
  };
  void take_snapshot() {
    expect(rdb_txn_begin(db_, RDB_TXN_READ, nullptr, &snapshot_.txn, &err_), RDB_OK, "begin");
    snapshot_.model = committed_;
    snapshot_.made = made_;
  }
  void end_snapshot() {
    for (size_t i = 0; i < kTables; ++i) {
      const rdb_status there = snapshot_.made ? RDB_OK : RDB_ERR_TABLE_MISSING;
      if (rdb_table* table = open(snapshot_.txn, i, kKinds[i].name, there)) {
        compare(table, snapshot_.model.tables[i], kKinds[i].expiring);
        expect(rdb_table_close(table, &err_), RDB_OK, "close a table");
      }
    }
    expect(rdb_txn_abort(snapshot_.txn, &err_), RDB_OK, "end a snapshot");
    snapshot_.txn = nullptr;
  }

  // ---- comparison ----------------------------------------------------------------------------

  void compare(size_t table) {
    compare(tables_[table], model_.tables[table], kKinds[table].expiring);
  }
  void compare_copy(size_t table) {
    if (!model_.copies[table]) return;
    rdb_table* copy = open(txn_, table, copy_name(table));
    compare(copy, *model_.copies[table], kKinds[table].expiring);
    expect(rdb_table_close(copy, &err_), RDB_OK, "close a copy");
  }
  void compare(rdb_table* table, const Rows& rows, bool expiring) {
    const auto all = shown(rows);
    uint64_t count = 0;
    expect(rdb_table_len(table, &count, &err_), RDB_OK, "len");
    require(count == rows.size(), "another number of rows");
    if (expiring) {
      expect(rdb_ttl_live_count(table, nullptr, &count, &err_), RDB_OK, "live count");
      require(count == all.size(), "another number of live rows");
    }
    rdb_cursor* cursor = nullptr;
    expect(rdb_cursor_open(table, &cursor, &err_), RDB_OK, "open a cursor");
    rdb_slice key{}, value{};
    for (const auto& [expected_key, expected_value] : all) {
      expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_OK, "next");
      require(text(key) == expected_key && text(value) == expected_value, "another row");
    }
    expect(rdb_cursor_next(cursor, &key, &value, &err_), RDB_END, "next");
    expect(rdb_cursor_close(cursor, &err_), RDB_OK, "close a cursor");
  }

  Input& input_;
  rdb_db* db_ = nullptr;
  rdb_txn* txn_ = nullptr;
  std::array<rdb_table*, kTables> tables_{};
  size_t table_ = 0;  // the one of the step under way
  uint64_t now_ = 0;
  Model model_;
  Model committed_;
  bool made_ = false;  // the tables, by a commit
  Snapshot snapshot_;
};

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rdb::fuzz::Input input(rdb::fuzz::input_bytes(data, size));
  rdb::fuzz::BulkScript(input).run();
  return 0;
}
