// The engine against std::map: random operations, with everything that goes on around them.
//
// One run is a stream of write transactions over tables of several types. Between them snapshots
// are taken and, much later, compared row by row with the model as it was; values are held long
// after their transaction; the database is verified, closed and opened, or loses power and is
// opened.
//
// RDB_MODEL_SEED sets the seed, RDB_MODEL_OPERATIONS the length of each run. Both are printed, and
// a failure repeats with them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <set>

#include "contents.hpp"
#include "model.hpp"
#include "short_form.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

constexpr int kVar = -1;

const TableKindSpec kSpecs[] = {
    {"bytes", {1, "&[u8]"}, {1, "&[u8]"}, KeyLess::Kind::bytes, kVar, kVar, 4000},
    {"text", {1, "&str"}, {1, "&str"}, KeyLess::Kind::bytes, kVar, kVar, 3000},
    {"numbers", {1, "u64"}, {1, "&[u8]"}, KeyLess::Kind::little_endian, 8, kVar, 5000},
    {"pairs", {1, "u64"}, {1, "u64"}, KeyLess::Kind::little_endian, 8, 8, 30000},
    {"set", {1, "i32"}, {1, "()"}, KeyLess::Kind::little_endian_signed, 4, 0, 20000},
    {"digests", {1, "[u8;16]"}, {1, "[u8;32]"}, KeyLess::Kind::bytes, 16, 32, 8000},
    {"counters", {1, "&str"}, {1, "u64"}, KeyLess::Kind::bytes, kVar, 8, 5000},
};

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

struct Limits {
  uint64_t operations = 0;
  OpenOptions options;
  uint32_t key_space_divisor = 1;
};

// Counts, printed at the end: a run that never crashed proves nothing about crashes.
struct Tally {
  uint64_t operations = 0, commits = 0, non_durable = 0, aborts = 0, snapshots = 0, closes = 0,
           crashes = 0, verifies = 0, renames = 0, deletes = 0, held = 0;
};

class Run {
 public:
  Run(uint64_t seed, Limits limits) : random_(seed), limits_(limits) {
    device_ = std::make_shared<FaultDevice>();
    open();
  }

  Tally go() {
    while (tally_.operations < limits_.operations) {
      write_transaction();
      around();
    }
    check_snapshots();
    held_.clear();
    reopen_cleanly();
    check_all();
    return tally_;
  }

 private:
  struct Snapshot {
    ReadTxn txn;
    Model model;
  };
  struct Held {
    Value value;
    std::string expected;
  };

  void open() { database_.emplace(open_device(device_, limits_.options)); }

  // ---- comparisons ---------------------------------------------------------------------------

  void require_value(const TableKindSpec& spec, ValueRecipe recipe, Bytes found) {
    make_value(spec, recipe, expected_);
    if (as_text(found) != expected_) {
      FAIL(spec.label << ": a value of " << found.size() << " bytes instead of " << recipe.size
                      << ", or other bytes, after operation " << tally_.operations);
    }
  }

  void require_rows(const Table& table, const ModelTable& model, bool backwards) {
    REQUIRE_EQ(table.len(), model.rows->size());
    Cursor cursor = table.cursor();
    if (backwards) {
      for (auto row = model.rows->rbegin(); row != model.rows->rend(); ++row) {
        REQUIRE(cursor.prev());
        require_row(cursor, *model.spec, row->first, row->second);
      }
      REQUIRE_FALSE(cursor.prev());
    } else {
      for (const auto& [key, recipe] : *model.rows) {
        REQUIRE(cursor.next());
        require_row(cursor, *model.spec, key, recipe);
      }
      REQUIRE_FALSE(cursor.next());
    }
  }

  void require_row(const Cursor& cursor, const TableKindSpec& spec, const std::string& key,
                   ValueRecipe recipe) {
    if (as_text(cursor.key()) != key) {
      FAIL(spec.label << ": the cursor is on another key after operation " << tally_.operations);
    }
    require_value(spec, recipe, cursor.value());
  }

  void require_database(const ReadTxn& txn, const Model& model) {
    const std::vector<TableInfo> tables = txn.list_tables();
    REQUIRE_EQ(tables.size(), model.size());
    size_t i = 0;
    for (const auto& [name, table] : model) {
      REQUIRE_EQ(tables[i].name, name);
      REQUIRE_EQ(tables[i].entries, table.rows->size());
      require_rows(txn.open_table(name, table.spec->key_type, table.spec->value_type), table,
                   random_.chance(500));
      ++i;
    }
  }

  void check_all() {
    require_database(database_->begin_read(), committed_);
    CHECK_VERIFIES(*database_);
    ++tally_.verifies;
  }

  void check_snapshots() {
    for (Snapshot& snapshot : snapshots_) require_database(snapshot.txn, snapshot.model);
    tally_.snapshots += snapshots_.size();
    snapshots_.clear();
  }

  // ---- between transactions ------------------------------------------------------------------

  void around() {
    if (random_.chance(60) && snapshots_.size() < 6) {
      snapshots_.push_back({database_->begin_read(), committed_});
    }
    if (random_.chance(40) && !snapshots_.empty()) {
      const auto it = snapshots_.begin() + static_cast<ptrdiff_t>(random_.below(snapshots_.size()));
      require_database(it->txn, it->model);
      snapshots_.erase(it);
      ++tally_.snapshots;
    }
    if (random_.chance(100)) hold_value();
    if (!held_.empty() && (held_.size() > 20 || random_.chance(50))) release_value();
    if (random_.chance(20)) check_all();
    if (random_.chance(15)) {
      check_snapshots();
      reopen_cleanly();
      if (random_.chance(500)) check_all();
    }
    if (random_.chance(20)) lose_power();
  }

  void reopen_cleanly() {
    database_->close();
    database_.reset();
    open();
    REQUIRE(database_->recovery().clean);
    durable_ = committed_;
    ++tally_.closes;
  }

  // The device keeps what the last sync promised and a part of the rest; nothing was in flight, so
  // the last durable commit is back, exactly.
  void lose_power() {
    const CrashMode mode = kAllCrashModes[random_.below(std::size(kAllCrashModes))];
    auto survivor = FaultDevice::from_image(device_->crash_image(mode, random_.next()));
    snapshots_.clear();
    database_.reset();
    device_ = std::move(survivor);
    open();
    committed_ = durable_;
    check_all();
    ++tally_.crashes;
  }

  void hold_value() {
    if (committed_.empty()) return;
    const auto it =
        std::next(committed_.begin(), static_cast<ptrdiff_t>(random_.below(committed_.size())));
    const auto& [name, table] = *it;
    if (table.rows->empty()) return;
    const auto row = table.rows->lower_bound(any_key(*table.spec));
    if (row == table.rows->end()) return;
    const ReadTxn txn = database_->begin_read();
    const Table open = txn.open_table(name, table.spec->key_type, table.spec->value_type);
    std::optional<Value> value = open.get(as_bytes(row->first));
    REQUIRE(value.has_value());
    make_value(*table.spec, row->second, expected_);
    held_.push_back({std::move(*value), expected_});
    ++tally_.held;
  }

  void release_value() {
    REQUIRE_EQ(as_text(held_.front().value.bytes()), held_.front().expected);
    held_.pop_front();
  }

  // ---- one write transaction -----------------------------------------------------------------

  void write_transaction() {
    WriteTxn txn = database_->begin_write();
    working_ = committed_;
    bool durable = true;
    if (random_.chance(300)) {
      txn.set_durability(Durability::none);
      durable = false;
    }
    if (random_.chance(100)) {
      txn.set_two_phase_commit(true);
      durable = true;
    }
    if (random_.chance(50)) {
      txn.set_quick_repair(true);
      durable = true;
    }
    const uint64_t count = random_.chance(20) ? random_.below(8000) : random_.below(300);
    for (uint64_t i = 0; i < count; ++i) operation(txn);
    if (random_.chance(20)) require_own_view(txn);
    open_.clear();
    if (random_.chance(120)) {
      if (random_.chance(500)) txn.abort();  // else its destructor does
      ++tally_.aborts;
      return;
    }
    txn.commit();
    ++tally_.commits;
    if (!durable) ++tally_.non_durable;
    committed_ = working_;
    if (durable) durable_ = committed_;
  }

  // The transaction sees its own changes.
  void require_own_view(WriteTxn& txn) {
    open_.clear();
    REQUIRE_EQ(txn.list_tables().size(), working_.size());
    for (const auto& [name, table] : working_) {
      require_rows(txn.open_table(name, table.spec->key_type, table.spec->value_type), table,
                   random_.chance(500));
    }
  }

  void operation(WriteTxn& txn) {
    ++tally_.operations;
    if (random_.chance(1)) {
      change_catalog(txn);
      return;
    }
    Open& target = any_table(txn);
    Table& table = target.table;
    ModelTable& model = working_.at(target.name);
    switch (random_.below(20)) {
      case 0:
        read_batch(table, model);
        break;
      case 1:
        walk(table, model);
        break;
      case 2:
        wander(table, model);
        break;
      case 3:
        if (random_.chance(200)) erase_through_cursor(table, model);
        break;
      case 4:
        pop(table, model);
        break;
      case 5:
      case 6:
      case 7:
        get(table, model);
        break;
      case 8:
        if (random_.chance(20)) require_rows_in_batches(table, model);
        break;
      case 9:
      case 10:
      case 11:
      case 12:
        erase(table, model, any_key(*model.spec));
        break;
      default:
        put(table, model);
    }
  }

  struct Open {
    std::string name;
    Table table;
  };

  Open& any_table(WriteTxn& txn) {
    if (!open_.empty() && !random_.chance(20)) return open_[random_.below(open_.size())];
    if (!open_.empty() && random_.chance(300)) {
      open_.erase(open_.begin() + static_cast<ptrdiff_t>(random_.below(open_.size())));
    }
    // A few tables of each kind, by number.
    const TableKindSpec& spec = kSpecs[random_.below(std::size(kSpecs))];
    std::string name = spec.label;
    if (random_.chance(100)) name += "-" + std::to_string(random_.below(3));
    return open_named(txn, name, spec);
  }

  Open& open_named(WriteTxn& txn, const std::string& name, const TableKindSpec& spec) {
    const auto already =
        std::find_if(open_.begin(), open_.end(), [&](const Open& o) { return o.name == name; });
    if (already != open_.end()) return *already;
    if (!working_.contains(name)) {
      working_[name] = {&spec, std::make_shared<ModelRows>(KeyLess{spec.order})};
    }
    open_.push_back({name, txn.open_table(name, spec.key_type, spec.value_type)});
    return open_.back();
  }

  void change_catalog(WriteTxn& txn) {
    const TableKindSpec& spec = kSpecs[random_.below(std::size(kSpecs))];
    const std::string from = spec.label;
    const auto close = [&](const std::string& name) {
      std::erase_if(open_, [&](const Open& o) { return o.name == name; });
    };
    if (random_.chance(400)) {
      // Mostly the small ones with a number, now and then a large one.
      const std::string name =
          random_.chance(700) ? from + "-" + std::to_string(random_.below(3)) : from;
      close(name);
      REQUIRE_EQ(txn.delete_table(name), working_.erase(name) == 1);
      ++tally_.deletes;
    } else {
      const std::string to = from + "-" + std::to_string(random_.below(3));
      close(from);
      if (!working_.contains(from)) {
        CHECK_THROWS_CODE(txn.rename_table(from, to), ErrorCode::table_missing);
      } else if (working_.contains(to)) {
        CHECK_THROWS_CODE(txn.rename_table(from, to), ErrorCode::table_exists);
      } else {
        txn.rename_table(from, to);
        auto node = working_.extract(from);
        node.key() = to;
        working_.insert(std::move(node));
        ++tally_.renames;
      }
    }
  }

  // ---- operations on one table ---------------------------------------------------------------

  std::string any_key(const TableKindSpec& spec) {
    const uint32_t space = std::max(1u, spec.key_space / limits_.key_space_divisor);
    // Neighbours of the last key now and then, for splits and merges in one place.
    if (random_.chance(500)) {
      last_id_ = (last_id_ + 1) % space;
    } else {
      last_id_ = static_cast<uint32_t>(random_.below(space));
    }
    return make_key(spec, last_id_);
  }

  ValueRecipe any_value(const TableKindSpec& spec) {
    uint32_t size = 0;
    if (spec.value_width >= 0) {
      size = static_cast<uint32_t>(spec.value_width);
    } else if (random_.chance(1)) {
      size = 100 << 10;
    } else if (random_.chance(80)) {
      size = static_cast<uint32_t>(random_.below((8 << 10) + 1));
    } else {
      size = static_cast<uint32_t>(random_.below(160));
    }
    return {random_.next(), size};
  }

  void put(Table& table, ModelTable& model) {
    const std::string key = any_key(*model.spec);
    const ValueRecipe recipe = any_value(*model.spec);
    make_value(*model.spec, recipe, scratch_);
    const bool present = model.rows->contains(key);
    auto mode = Table::PutMode::upsert;
    bool expected = true;
    if (random_.chance(150)) {
      mode = Table::PutMode::insert_only;
      expected = !present;
    } else if (random_.chance(150)) {
      mode = Table::PutMode::update_only;
      expected = present;
    }
    REQUIRE_EQ(table.put(as_bytes(key), as_bytes(scratch_), mode), expected);
    if (expected) model.edit().insert_or_assign(key, recipe);
  }

  void erase(Table& table, ModelTable& model, const std::string& key) {
    REQUIRE_EQ(table.erase(as_bytes(key)), model.rows->contains(key));
    if (model.rows->contains(key)) model.edit().erase(key);
  }

  void get(const Table& table, const ModelTable& model) {
    const std::string key = any_key(*model.spec);
    const auto row = model.rows->find(key);
    const bool present = row != model.rows->end();
    if (random_.chance(300)) {
      REQUIRE_EQ(table.contains(as_bytes(key)), present);
      return;
    }
    if (random_.chance(300)) {
      std::vector<std::byte> out(4096);
      size_t size = 0;
      const std::optional<bool> copied = table.get_into(as_bytes(key), out, size);
      REQUIRE_EQ(copied.has_value(), present);
      if (!present) return;
      REQUIRE_EQ(size, row->second.size);
      REQUIRE_EQ(*copied, size <= out.size());
      if (*copied) require_value(*model.spec, row->second, Bytes(out).first(size));
      return;
    }
    const std::optional<Value> value = table.get(as_bytes(key));
    REQUIRE_EQ(value.has_value(), present);
    if (present) require_value(*model.spec, row->second, value->bytes());
  }

  void read_batch(const Table& table, const ModelTable& model) {
    std::vector<std::string> keys(random_.below(70));
    for (std::string& key : keys) key = any_key(*model.spec);
    std::vector<Bytes> wanted;
    for (const std::string& key : keys) wanted.push_back(as_bytes(key));
    table.get_batch(wanted, batch_);
    REQUIRE_EQ(batch_.size(), keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto row = model.rows->find(keys[i]);
      REQUIRE_EQ(batch_.found(i), row != model.rows->end());
      if (batch_.found(i)) require_value(*model.spec, row->second, batch_.value(i));
    }
  }

  void pop(Table& table, ModelTable& model) {
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    const bool first = random_.chance(500);
    REQUIRE_EQ(first ? table.pop_first(key, value) : table.pop_last(key, value),
               !model.rows->empty());
    if (model.rows->empty()) return;
    const auto row = first ? model.rows->begin() : std::prev(model.rows->end());
    REQUIRE_EQ(as_text(key), row->first);
    require_value(*model.spec, row->second, value);
    model.edit().erase(std::string(as_text(key)));
  }

  // Rows of a model within a range, in order.
  static std::vector<ModelRows::const_iterator> rows_within(const ModelRows& rows,
                                                            const KeyRange& range) {
    const KeyLess less = rows.key_comp();
    auto begin = rows.begin();
    auto end = rows.end();
    const std::string lower(as_text(range.lower_key));
    const std::string upper(as_text(range.upper_key));
    if (range.lower == Bound::included) begin = rows.lower_bound(lower);
    if (range.lower == Bound::excluded) begin = rows.upper_bound(lower);
    if (range.upper == Bound::included) end = rows.upper_bound(upper);
    if (range.upper == Bound::excluded) end = rows.lower_bound(upper);
    std::vector<ModelRows::const_iterator> found;
    const bool bounded = range.lower != Bound::unbounded && range.upper != Bound::unbounded;
    if (bounded &&
        (less(upper, lower) || (!less(lower, upper) && (range.lower == Bound::excluded ||
                                                        range.upper == Bound::excluded)))) {
      return found;
    }
    for (auto it = begin; it != end && found.size() < 400; ++it) found.push_back(it);
    return found;
  }

  // A range, read one way.
  void walk(const Table& table, const ModelTable& model) {
    const std::string a = any_key(*model.spec);
    const std::string b = any_key(*model.spec);
    KeyRange range{static_cast<Bound>(random_.below(3)), static_cast<Bound>(random_.below(3)),
                   as_bytes(a), as_bytes(b)};
    Cursor cursor = table.cursor();
    cursor.set_range(range);
    const auto rows = rows_within(*model.rows, range);
    const uint64_t most = random_.below(60);
    uint64_t steps = 0;
    if (random_.chance(500) || rows.size() == 400) {
      for (const auto& row : rows) {
        if (steps++ == most) return;
        REQUIRE(cursor.next());
        require_row(cursor, *model.spec, row->first, row->second);
      }
      if (rows.size() < 400) REQUIRE_FALSE(cursor.next());
    } else {
      for (size_t i = rows.size(); i-- > 0;) {
        if (steps++ == most) return;
        REQUIRE(cursor.prev());
        require_row(cursor, *model.spec, rows[i]->first, rows[i]->second);
      }
      REQUIRE_FALSE(cursor.prev());
    }
  }

  // Seeks of all kinds, then steps either way.
  void wander(const Table& table, const ModelTable& model) {
    const ModelRows& rows = *model.rows;
    Cursor cursor = table.cursor();
    for (int jump = 0; jump < 3; ++jump) {
      const std::string key = any_key(*model.spec);
      auto row = rows.lower_bound(key);
      bool before_first = false;
      switch (random_.below(4)) {
        case 0:
          REQUIRE_EQ(cursor.seek(as_bytes(key)), row != rows.end());
          break;
        case 1:
          REQUIRE_EQ(cursor.seek_exact(as_bytes(key)), rows.contains(key));
          break;
        case 2:
          row = rows.upper_bound(key);
          if (row == rows.begin()) {
            before_first = true;
          } else {
            --row;
          }
          REQUIRE_EQ(cursor.seek_le(as_bytes(key)), !before_first);
          break;
        default:
          row = rows.empty() ? rows.end() : std::prev(rows.end());
          REQUIRE_EQ(cursor.last(), !rows.empty());
      }
      if (before_first) continue;
      for (int step = 0; step < 6; ++step) {
        if (row != rows.end()) require_row(cursor, *model.spec, row->first, row->second);
        if (random_.chance(500)) {
          if (row != rows.end()) ++row;
          REQUIRE_EQ(cursor.next(), row != rows.end());
        } else {
          if (row == rows.begin()) {
            REQUIRE_FALSE(cursor.prev());
            break;
          }
          --row;
          REQUIRE(cursor.prev());
        }
      }
    }
  }

  void erase_through_cursor(Table& table, ModelTable& model) {
    Cursor cursor = table.cursor();
    const std::string key = any_key(*model.spec);
    ModelRows& rows = model.edit();
    auto row = rows.lower_bound(key);
    REQUIRE_EQ(cursor.seek(as_bytes(key)), row != rows.end());
    const bool forward = random_.chance(500);
    for (uint64_t left = random_.below(80); left > 0 && row != rows.end(); --left) {
      require_row(cursor, *model.spec, row->first, row->second);
      if (random_.chance(800)) {
        cursor.erase();
        row = rows.erase(row);
        REQUIRE_FALSE(cursor.valid());
      } else if (forward) {
        ++row;
      }
      if (forward) {
        REQUIRE_EQ(cursor.next(), row != rows.end());
      } else {
        if (row == rows.begin()) {
          REQUIRE_FALSE(cursor.prev());
          break;
        }
        --row;
        REQUIRE(cursor.prev());
      }
    }
  }

  // The whole table through the bulk forms of a cursor.
  void require_rows_in_batches(const Table& table, const ModelTable& model) {
    Cursor cursor = table.cursor();
    auto row = model.rows->begin();
    if (random_.chance(500)) {
      std::vector<Bytes> keys(1 + random_.below(100));
      std::vector<Bytes> values(keys.size());
      while (const size_t n = cursor.next_slices(keys, values)) {
        for (size_t i = 0; i < n; ++i, ++row) {
          REQUIRE(row != model.rows->end());
          REQUIRE_EQ(as_text(keys[i]), row->first);
          require_value(*model.spec, row->second, values[i]);
        }
      }
    } else {
      std::vector<std::byte> out(2000 + random_.below(20000));
      for (;;) {
        size_t used = 0;
        size_t needed = 0;
        const size_t n = cursor.next_packed(out, 1 + random_.below(200), used, needed);
        if (n == 0 && needed == 0) break;
        if (n == 0) {
          REQUIRE(needed > out.size());
          out.resize(needed);
          continue;
        }
        size_t at = 0;
        for (size_t i = 0; i < n; ++i, ++row) {
          REQUIRE(row != model.rows->end());
          uint32_t lengths[2];
          std::memcpy(lengths, out.data() + at, 8);
          REQUIRE_EQ(as_text(Bytes(out).subspan(at + 8, lengths[0])), row->first);
          require_value(*model.spec, row->second,
                        Bytes(out).subspan(at + 8 + lengths[0], lengths[1]));
          at += (8 + lengths[0] + lengths[1] + 3) / 4 * 4;
        }
        REQUIRE_EQ(at, used);
      }
    }
    REQUIRE(row == model.rows->end());
  }

  Random random_;
  const Limits limits_;
  Tally tally_;
  std::shared_ptr<FaultDevice> device_;
  std::optional<Database> database_;
  Model committed_;
  Model durable_;
  Model working_;
  std::vector<Open> open_;  // tables of the running transaction
  std::vector<Snapshot> snapshots_;
  std::deque<Held> held_;
  uint32_t last_id_ = 0;
  BatchResult batch_;
  std::string scratch_;
  std::string expected_;
};

void run(const char* what, uint64_t seed, Limits limits) {
  const uint64_t chosen = from_environment("RDB_MODEL_SEED", seed);
  limits.operations = from_environment("RDB_MODEL_OPERATIONS", limits.operations / one_in(10));
  std::printf("%s: seed %llu\n", what, static_cast<unsigned long long>(chosen));
  std::fflush(stdout);
  INFO("seed " << chosen);
  const Tally tally = Run(chosen, limits).go();
  const auto n = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "%s: %llu operations, %llu commits (%llu not durable), %llu aborts, %llu snapshots compared, "
      "%llu values held, %llu renames, %llu deletions, %llu reopenings, %llu power losses, "
      "%llu verifications\n",
      what, n(tally.operations), n(tally.commits), n(tally.non_durable), n(tally.aborts),
      n(tally.snapshots), n(tally.held), n(tally.renames), n(tally.deletes), n(tally.closes),
      n(tally.crashes), n(tally.verifies));
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a million random operations leave what std::map holds") {
    Limits limits;
    limits.operations = 1'000'000;
    limits.options.memory_budget_bytes = 32 << 20;
    run("model", 20260, limits);
  }

  TEST_CASE("a memory budget of 1 MiB changes nothing but the speed") {
    Limits limits;
    limits.operations = 300'000;
    limits.options.memory_budget_bytes = 1 << 20;
    run("small budget", 20261, limits);
  }

  TEST_CASE("many small regions hold the same rows") {
    Limits limits;
    limits.operations = 300'000;
    limits.options.region_pages = 64;
    limits.options.memory_budget_bytes = 8 << 20;
    run("small regions", 20262, limits);
  }

  TEST_CASE("an end-of-file mirror and little-endian page lists change nothing") {
    Limits limits;
    limits.operations = 60'000;
    limits.options.eof_mirror = true;
    limits.options.key_profile = KeyProfile::redb;
    limits.key_space_divisor = 10;
    run("mirror", 20263, limits);
  }
}

}  // namespace rdb::test
