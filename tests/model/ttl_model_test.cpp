// TTL tables against a map of values with their moments: random operations under a clock that runs,
// jumps ahead and is set back, with reopening, aborts and lost power.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <optional>

#include "base/endian.hpp"
#include "contents.hpp"
#include "model.hpp"
#include "rdb/ttl.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using Mode = Table::PutMode;

struct Entry {
  std::string value;
  uint64_t expiry = 0;
};
using Model = std::map<std::string, Entry>;

class Run {
 public:
  Run(uint64_t seed, OpenOptions options, TypeName value_type)
      : random_(seed), options_(std::move(options)), value_type_(std::move(value_type)) {
    device_ = std::make_shared<FaultDevice>();
    open();
  }

  void go(int transactions) {
    for (int i = 0; i < transactions; ++i) {
      write_transaction();
      if (random_.chance(100)) check_all();
      if (random_.chance(50)) reopen();
      if (random_.chance(30)) lose_power();
    }
    reopen();
    check_all();
    // A run in which little expired, or nothing came back, would prove little.
    CHECK_GT(purged_, 50);
    CHECK_GT(missed_, 50);
    CHECK_GT(returned_, 10);
  }

 private:
  void open() {
    database_.emplace(open_device(device_, options_));
    database_->set_clock(now_);
  }

  // ---- the model's rules ----

  bool live(const Entry& entry) const { return entry.expiry == 0 || entry.expiry > now_; }
  Entry* find(const std::string& key) {
    const auto it = working_.find(key);
    return it != working_.end() && live(it->second) ? &it->second : nullptr;
  }
  uint64_t expiry_after(uint64_t ttl) const {
    if (ttl == kNoTtl) return 0;
    if (ttl > UINT64_MAX - now_) return UINT64_MAX;
    return std::max<uint64_t>(now_ + ttl, 1);
  }
  bool put(const std::string& key, const std::string& value, uint64_t ttl, Mode mode) {
    const bool there = find(key) != nullptr;
    if (mode == Mode::insert_only && there) return false;
    if (mode == Mode::update_only && !there) return false;
    working_[key] = {value, expiry_after(ttl)};
    return true;
  }
  std::vector<std::pair<std::string, Entry>> live_entries(const Model& model) const {
    std::vector<std::pair<std::string, Entry>> entries;
    std::copy_if(model.begin(), model.end(), std::back_inserter(entries),
                 [&](const auto& row) { return live(row.second); });
    return entries;
  }

  // ---- random input ----

  std::string key() {
    const uint64_t id = random_.below(1500);
    return "key/" + std::string(id % 7 * 5, 'k') + std::to_string(id);
  }
  std::string value() {
    const uint64_t id = random_.next();
    if (value_type_ == kU64Type) return le64(id);
    return std::string(id % 300, static_cast<char>('a' + id % 26)) + std::to_string(id % 10);
  }
  uint64_t ttl() {
    switch (random_.below(8)) {
      case 0:
        return 0;
      case 1:
        return kNoTtl;
      case 2:
        return UINT64_MAX - 1 - random_.below(3);
      default:
        return random_.below(2000);
    }
  }
  Mode mode() { return random_.chance(600) ? Mode::upsert : Mode(1 + random_.below(2)); }

  void move_clock() {
    const uint64_t before = live_entries(working_).size();
    switch (random_.below(5)) {
      case 0:  // set back
        now_ -= std::min(now_, random_.below(3000));
        break;
      case 1:
        now_ = random_.chance(50) ? 0 : now_ + random_.below(1500);
        break;
      default:
        now_ += random_.below(200);
    }
    const uint64_t after = live_entries(working_).size();
    if (after > before) returned_ += after - before;
    database_->set_clock(now_);
  }

  // ---- comparisons ----

  void require_entries(const TtlTable& table, const Model& model) {
    const auto expected = live_entries(model);
    REQUIRE_EQ(table.len(), model.size());
    REQUIRE_EQ(table.live_count(), expected.size());
    Cursor cursor = table.cursor();
    const auto require_row = [&](size_t i, Bytes key, Bytes value) {
      REQUIRE_LT(i, expected.size());
      REQUIRE(as_text(key) == expected[i].first);
      REQUIRE(as_text(value) == expected[i].second.value);
    };
    size_t i = 0;
    switch (random_.below(4)) {
      case 0:
        for (; cursor.next(); ++i) {
          require_row(i, cursor.key(), cursor.value());
          REQUIRE_EQ(cursor.expiry(), expected[i].second.expiry);
        }
        break;
      case 1:
        for (i = 0; cursor.prev(); ++i) {
          require_row(expected.size() - 1 - i, cursor.key(), cursor.value());
        }
        break;
      case 2: {
        std::vector<Bytes> keys(1 + random_.below(100));
        std::vector<Bytes> values(keys.size());
        while (const size_t n = cursor.next_slices(keys, values)) {
          for (size_t j = 0; j < n; ++j) require_row(i++, keys[j], values[j]);
        }
        break;
      }
      default: {
        std::vector<std::byte> buffer(64 + random_.below(5000));
        for (size_t used = 0, needed = 0;;) {
          const size_t n = cursor.next_packed(buffer, 1 + random_.below(200), used, needed);
          if (n == 0 && needed == 0) break;
          if (n == 0) buffer.resize(needed);
          const std::byte* at = buffer.data();
          for (size_t j = 0; j < n; ++j) {
            const size_t key_size = base::load_le32(at);
            const size_t value_size = base::load_le32(at + 4);
            require_row(i++, {at + 8, key_size}, {at + 8 + key_size, value_size});
            at += (8 + key_size + value_size + 3) / 4 * 4;
          }
        }
      }
    }
    REQUIRE_EQ(i, expected.size());
  }

  void check_all() {
    const ReadTxn txn = database_->begin_read();
    if (txn.find_table("t")) {
      require_entries(txn.open_ttl("t", kTextType, value_type_), committed_);
    } else {
      REQUIRE(committed_.empty());
    }
    CHECK_VERIFIES(*database_);
  }

  void reopen() {
    database_->close();
    database_.reset();
    open();
    durable_ = committed_;
  }

  void lose_power() {
    const CrashMode mode = kAllCrashModes[random_.below(std::size(kAllCrashModes))];
    auto survivor = FaultDevice::from_image(device_->crash_image(mode, random_.next()));
    database_.reset();
    device_ = std::move(survivor);
    open();
    committed_ = durable_;
    check_all();
  }

  // ---- one transaction ----

  void write_transaction() {
    WriteTxn txn = database_->begin_write();
    const bool durable = !random_.chance(300);
    if (!durable) txn.set_durability(Durability::none);
    working_ = committed_;
    {
      TtlTable table = txn.open_ttl("t", kTextType, value_type_);
      const uint64_t count = random_.chance(100) ? random_.below(2000) : random_.below(120);
      for (uint64_t i = 0; i < count; ++i) operation(table);
      if (random_.chance(200)) require_entries(table, working_);
    }
    if (random_.chance(100)) return;  // aborts
    txn.commit();
    committed_ = working_;
    if (durable) durable_ = committed_;
  }

  void operation(TtlTable& table) {
    const std::string k = key();
    const uint64_t dice = random_.below(1000);
    if (dice < 60) {
      move_clock();
    } else if (dice < 75) {
      purge(table);
    } else if (dice < 85) {
      put_batch(table);
    } else if (dice < 105) {
      pop(table);
    } else if (dice < 125) {
      seek(table, k);
    } else if (dice < 300) {
      read(table, k);
    } else if (dice < 400) {
      const bool there = find(k) != nullptr;
      REQUIRE_EQ(table.erase(as_bytes(k)), there);
      working_.erase(k);
    } else if (dice < 480) {
      const uint64_t lifetime = ttl();
      Entry* const entry = find(k);
      REQUIRE_EQ(table.touch(as_bytes(k), lifetime), entry != nullptr);
      if (entry != nullptr) entry->expiry = expiry_after(lifetime);
    } else {
      const uint64_t lifetime = ttl();
      const std::string v = value();
      const Mode how = mode();
      const bool written = put(k, v, lifetime, how);
      REQUIRE_EQ(table.put_for(as_bytes(k), as_bytes(v), lifetime, how), written);
    }
    REQUIRE_EQ(table.len(), working_.size());
  }

  void read(const TtlTable& table, const std::string& k) {
    const Entry* const entry = find(k);
    missed_ += entry == nullptr && working_.contains(k) ? 1 : 0;
    const std::optional<Value> found = table.get(as_bytes(k));
    REQUIRE_EQ(found.has_value(), entry != nullptr);
    REQUIRE_EQ(table.contains(as_bytes(k)), entry != nullptr);
    const std::optional<uint64_t> expiry = table.expiry(as_bytes(k));
    REQUIRE_EQ(expiry.has_value(), entry != nullptr);
    BatchResult batch;
    const Bytes keys[] = {as_bytes(k)};
    table.get_batch(keys, batch);
    REQUIRE_EQ(batch.found(0), entry != nullptr);
    if (entry == nullptr) return;
    REQUIRE(as_text(found->bytes()) == entry->value);
    REQUIRE(as_text(batch.value(0)) == entry->value);
    REQUIRE_EQ(*expiry, entry->expiry);
  }

  void put_batch(TtlTable& table) {
    const uint64_t lifetime = ttl();
    const Mode how = mode();
    std::vector<std::pair<std::string, std::string>> rows;
    for (uint64_t n = random_.below(300); n > 0; --n) rows.emplace_back(key(), value());
    std::vector<Table::Record> records;
    uint64_t expected = 0;
    for (const auto& [k, v] : rows) {
      records.push_back({as_bytes(k), as_bytes(v)});
      expected += put(k, v, lifetime, how) ? 1 : 0;
    }
    table.set_default_ttl(lifetime);
    REQUIRE_EQ(table.put_batch(records, how), expected);
  }

  void pop(TtlTable& table) {
    const auto entries = live_entries(working_);
    std::vector<std::byte> k;
    std::vector<std::byte> v;
    const bool first = random_.chance(500);
    REQUIRE_EQ(first ? table.pop_first(k, v) : table.pop_last(k, v), !entries.empty());
    if (entries.empty()) return;
    const auto& row = first ? entries.front() : entries.back();
    REQUIRE(as_text(k) == row.first);
    REQUIRE(as_text(v) == row.second.value);
    working_.erase(row.first);
  }

  void seek(TtlTable& table, const std::string& k) {
    const auto entries = live_entries(working_);
    const auto at =
        std::lower_bound(entries.begin(), entries.end(), k,
                         [](const auto& row, const auto& key) { return row.first < key; });
    Cursor cursor = table.cursor();
    REQUIRE_EQ(cursor.seek(as_bytes(k)), at != entries.end());
    if (at != entries.end()) {
      REQUIRE(as_text(cursor.key()) == at->first);
      REQUIRE(as_text(cursor.value()) == at->second.value);
      if (random_.chance(500)) {
        cursor.erase();
        working_.erase(at->first);
        REQUIRE_EQ(cursor.next(), std::next(at) != entries.end());
        if (cursor.valid()) REQUIRE(as_text(cursor.key()) == std::next(at)->first);
        return;
      }
    }
    const bool equal = at != entries.end() && at->first == k;
    REQUIRE_EQ(cursor.seek_exact(as_bytes(k)), equal);
    REQUIRE_EQ(cursor.seek_le(as_bytes(k)), equal || at != entries.begin());
    if (cursor.valid()) REQUIRE(as_text(cursor.key()) == (equal ? at : std::prev(at))->first);
  }

  void purge(TtlTable& table) {
    std::optional<std::string> after;
    if (random_.chance(500)) after = key();
    const uint64_t limit = random_.below(4) * random_.below(500);
    uint64_t examined = 0;
    uint64_t removed = 0;
    auto it = after ? working_.upper_bound(*after) : working_.begin();
    std::string last;
    while (it != working_.end() && (limit == 0 || examined < limit)) {
      ++examined;
      last = it->first;
      const bool gone = !live(it->second);
      removed += gone ? 1 : 0;
      it = gone ? working_.erase(it) : std::next(it);
    }
    const bool more = it != working_.end();
    const PurgeStep step =
        table.purge(after ? std::optional<Bytes>(as_bytes(*after)) : std::nullopt, limit);
    REQUIRE_EQ(step.examined, examined);
    REQUIRE_EQ(step.removed, removed);
    REQUIRE_EQ(step.position.has_value(), more);
    if (more) REQUIRE(as_text(*step.position) == last);
    purged_ += removed;
  }

  Random random_;
  OpenOptions options_;
  TypeName value_type_;
  std::shared_ptr<FaultDevice> device_;
  std::optional<Database> database_;
  uint64_t now_ = 1'700'000'000'000;
  Model committed_;
  Model durable_;
  Model working_;
  uint64_t purged_ = 0;
  uint64_t missed_ = 0;
  uint64_t returned_ = 0;
};

}  // namespace

TEST_SUITE("model/ttl") {
  TEST_CASE("TTL tables keep what a map with moments keeps") {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      CAPTURE(seed);
      OpenOptions options;
      options.memory_budget_bytes = seed % 2 == 0 ? 1 << 20 : 0;
      Run(seed, options, seed % 2 == 0 ? kTextType : kU64Type).go(150);
    }
  }

  TEST_CASE("TTL tables of compressed databases do, too") {
    OpenOptions options;
    options.compression = Compression::lz4;
    Run(11, options, kTextType).go(100);
  }
}

}  // namespace rdb::test
