// Multimaps against a map of sets: random operations, with reopening, aborts, lost power and
// snapshots that are compared much later.
//
// Few keys and phases of growing and shrinking take every key over the threshold between inline
// collections and subtrees, and back, many times.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/endian.hpp"
#include "contents.hpp"
#include "model.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

struct Spec {
  const char* name;
  TypeName key_type;
  TypeName value_type;
  KeyLess::Kind key_order;
  KeyLess::Kind value_order;
  uint32_t keys;
  uint32_t values;      // per key
  uint32_t value_size;  // largest; 8: exactly 8 bytes
};

const Spec kSpecs[] = {
    {"numbers", kU64Type, kU64Type, KeyLess::Kind::little_endian, KeyLess::Kind::little_endian, 3,
     600, 8},
    {"words", kTextType, kU64Type, KeyLess::Kind::bytes, KeyLess::Kind::little_endian, 400, 300, 8},
    {"texts", kTextType, kTextType, KeyLess::Kind::bytes, KeyLess::Kind::bytes, 30, 200, 60},
    {"blobs", kU64Type, kBytesType, KeyLess::Kind::little_endian, KeyLess::Kind::bytes, 5, 60,
     9000},
    {"sparse", kU64Type, kU64Type, KeyLess::Kind::little_endian, KeyLess::Kind::little_endian, 3000,
     4, 8},
};

using Values = std::set<std::string, KeyLess>;
using Pairs = std::map<std::string, Values, KeyLess>;

struct ModelMultimap {
  const Spec* spec = nullptr;
  Pairs pairs;
  uint64_t count() const {
    uint64_t n = 0;
    for (const auto& [key, values] : pairs) n += values.size();
    return n;
  }
};
using Model = std::map<std::string, ModelMultimap>;

class Run {
 public:
  Run(uint64_t seed, OpenOptions options) : random_(seed), options_(options) {
    device_ = std::make_shared<FaultDevice>();
    database_.emplace(open_device(device_, options_));
  }

  void go(int transactions) {
    for (int i = 0; i < transactions; ++i) {
      growing_ = i / 40 % 2 == 0;
      write_transaction();
      if (random_.chance(60) && snapshots_.size() < 4) {
        snapshots_.push_back({database_->begin_read(), committed_});
      }
      if (random_.chance(60) && !snapshots_.empty()) {
        require_model(snapshots_.front().txn, snapshots_.front().model);
        snapshots_.pop_front();
      }
      if (random_.chance(40)) check_all();
      if (random_.chance(30)) reopen();
      if (random_.chance(30)) lose_power();
    }
    snapshots_.clear();
    reopen();
    check_all();
    // A run that stayed on one side of the threshold would prove little.
    CHECK_GT(promotions_, 5);
    CHECK_GT(demotions_, 0);
  }

 private:
  struct Snapshot {
    ReadTxn txn;
    Model model;
  };

  std::string key_of(const Spec& spec) {
    const uint64_t id = random_.below(spec.keys);
    if (spec.key_type == kU64Type) return le64(id * 977);
    return "key/" + std::string(id % 7 * 5, 'k') + std::to_string(id);
  }
  std::string value_of(const Spec& spec) {
    const uint64_t id = random_.below(spec.values);
    if (spec.value_size == 8) return le64(id * 1000003 % 65536);
    return std::string(id * 131 % spec.value_size, static_cast<char>('a' + id % 26)) +
           std::to_string(id);
  }

  // ---- comparisons ----

  void require_model(const ReadTxn& txn, const Model& model) {
    const std::vector<TableInfo> tables = txn.list_tables();
    REQUIRE_EQ(tables.size(), model.size());
    for (const TableInfo& info : tables) {
      REQUIRE(model.contains(info.name));
      const ModelMultimap& expected = model.at(info.name);
      REQUIRE(info.kind == TableKind::multimap);
      REQUIRE_EQ(info.entries, expected.count());
      require_pairs(
          txn.open_multimap(info.name, expected.spec->key_type, expected.spec->value_type),
          expected);
    }
  }

  void require_pairs(const Multimap& table, const ModelMultimap& model) {
    REQUIRE_EQ(table.len(), model.count());
    REQUIRE_EQ(table.key_count(), model.pairs.size());
    MultimapCursor cursor = table.cursor();
    switch (random_.below(4)) {
      case 0:
        for (const auto& [key, values] : model.pairs) {
          for (const std::string& value : values) {
            REQUIRE(cursor.next());
            REQUIRE(as_text(cursor.key()) == key);
            REQUIRE(as_text(cursor.value()) == value);
            REQUIRE_EQ(cursor.value_count(), values.size());
          }
        }
        REQUIRE_FALSE(cursor.next());
        break;
      case 1:
        for (auto key = model.pairs.rbegin(); key != model.pairs.rend(); ++key) {
          for (auto value = key->second.rbegin(); value != key->second.rend(); ++value) {
            REQUIRE(cursor.prev());
            REQUIRE(as_text(cursor.key()) == key->first);
            REQUIRE(as_text(cursor.value()) == *value);
          }
        }
        REQUIRE_FALSE(cursor.prev());
        break;
      case 2:
        require_batches(cursor, model);
        break;
      default:
        for (const auto& [key, values] : model.pairs) {
          REQUIRE(cursor.next_key());
          REQUIRE(as_text(cursor.key()) == key);
          REQUIRE(as_text(cursor.value()) == *values.begin());
          BatchResult result;
          REQUIRE(table.get(as_bytes(key), result));
          REQUIRE_EQ(result.size(), values.size());
          size_t i = 0;
          for (const std::string& value : values) REQUIRE(as_text(result.value(i++)) == value);
        }
        REQUIRE_FALSE(cursor.next_key());
    }
  }

  void require_batches(MultimapCursor& cursor, const ModelMultimap& model) {
    auto key = model.pairs.begin();
    auto value = key == model.pairs.end() ? Values::const_iterator{} : key->second.begin();
    const auto require_pair = [&](Bytes found_key, Bytes found_value) {
      REQUIRE(key != model.pairs.end());
      REQUIRE(as_text(found_key) == key->first);
      REQUIRE(as_text(found_value) == *value);
      if (++value == key->second.end() && ++key != model.pairs.end()) value = key->second.begin();
    };
    if (random_.chance(500)) {
      std::vector<Bytes> keys(1 + random_.below(100));
      std::vector<Bytes> values(keys.size());
      while (const size_t n = cursor.next_slices(keys, values)) {
        for (size_t i = 0; i < n; ++i) require_pair(keys[i], values[i]);
        REQUIRE(as_text(cursor.key()) == as_text(keys[n - 1]));  // a batch ends on its last pair
        REQUIRE(as_text(cursor.value()) == as_text(values[n - 1]));
      }
    } else {
      std::vector<std::byte> buffer(64 + random_.below(20000));
      for (size_t used = 0, needed = 0;;) {
        const size_t n = cursor.next_packed(buffer, 1 + random_.below(200), used, needed);
        if (n == 0 && needed == 0) break;
        if (n == 0) {
          buffer.resize(needed);
          continue;
        }
        const std::byte* at = buffer.data();
        for (size_t i = 0; i < n; ++i) {
          const size_t key_size = base::load_le32(at);
          const size_t value_size = base::load_le32(at + 4);
          require_pair({at + 8, key_size}, {at + 8 + key_size, value_size});
          at += (8 + key_size + value_size + 3) / 4 * 4;
        }
        REQUIRE(at == buffer.data() + used);
      }
    }
    REQUIRE(key == model.pairs.end());
  }

  void check_all() {
    require_model(database_->begin_read(), committed_);
    CHECK_VERIFIES(*database_);
  }

  void reopen() {
    snapshots_.clear();
    database_->close();
    database_.reset();
    database_.emplace(open_device(device_, options_));
    durable_ = committed_;
  }

  void lose_power() {
    const CrashMode mode = kAllCrashModes[random_.below(std::size(kAllCrashModes))];
    auto survivor = FaultDevice::from_image(device_->crash_image(mode, random_.next()));
    snapshots_.clear();
    database_.reset();
    device_ = std::move(survivor);
    database_.emplace(open_device(device_, options_));
    committed_ = durable_;
    check_all();
  }

  // ---- one transaction ----

  void write_transaction() {
    WriteTxn txn = database_->begin_write();
    const bool durable = !random_.chance(300);
    if (!durable) txn.set_durability(Durability::none);
    working_ = committed_;
    if (random_.chance(40)) change_catalog(txn);
    const Spec& spec = kSpecs[random_.chance(400) ? 0 : random_.below(std::size(kSpecs))];
    ModelMultimap& model = working_[spec.name];
    model.spec = &spec;
    {
      Multimap table = txn.open_multimap(spec.name, spec.key_type, spec.value_type);
      const uint64_t count = random_.chance(100) ? random_.below(2500) : random_.below(120);
      for (uint64_t i = 0; i < count; ++i) operation(table, model);
      if (random_.chance(100)) require_pairs(table, model);
    }
    if (random_.chance(40)) change_catalog(txn);
    if (random_.chance(100)) return;  // aborts
    txn.commit();
    committed_ = working_;
    if (durable) durable_ = committed_;
  }

  // Renames there and back, or deletes: after changes of this transaction, too.
  void change_catalog(WriteTxn& txn) {
    if (working_.empty()) return;
    const auto it =
        std::next(working_.begin(), static_cast<std::ptrdiff_t>(random_.below(working_.size())));
    if (random_.chance(800)) {
      const std::string to = it->first + "'";
      if (working_.contains(to)) return;
      txn.rename_table(it->first, to);
      auto entry = working_.extract(it);
      entry.key() = to;
      working_.insert(std::move(entry));
    } else {
      REQUIRE(txn.delete_table(it->first));
      working_.erase(it);
    }
  }

  void operation(Multimap& table, ModelMultimap& model) {
    const Spec& spec = *model.spec;
    const std::string key = key_of(spec);
    const std::string value = value_of(spec);
    const auto values = [&]() -> Values& {
      return model.pairs.try_emplace(key, KeyLess{spec.value_order}).first->second;
    };
    if (model.pairs.empty()) model.pairs = Pairs(KeyLess{spec.key_order});
    const auto drop_if_empty = [&] {
      if (const auto it = model.pairs.find(key); it != model.pairs.end() && it->second.empty()) {
        model.pairs.erase(it);
      }
    };
    const auto known = model.pairs.find(key);
    const bool has_pair = known != model.pairs.end() && known->second.contains(value);
    const uint64_t before = known == model.pairs.end() ? 0 : known->second.size();
    const uint64_t dice = random_.below(1000);
    if (dice < 8) {
      const uint64_t expected = known == model.pairs.end() ? 0 : known->second.size();
      REQUIRE_EQ(table.erase_key(as_bytes(key)), expected);
      if (known != model.pairs.end()) model.pairs.erase(known);
    } else if (dice < 12) {
      drain(table, model);
    } else if (dice < 22) {
      put_batch(table, model);
    } else if (dice < 40) {
      erase_through_cursor(table, model, key, value);
    } else if (dice < 120) {
      REQUIRE_EQ(table.contains(as_bytes(key), as_bytes(value)), has_pair);
      REQUIRE_EQ(table.contains(as_bytes(key)), known != model.pairs.end());
      REQUIRE_EQ(table.value_count(as_bytes(key)),
                 known == model.pairs.end() ? 0 : known->second.size());
    } else if (dice < 180) {
      seek(table, model, key, value);
    } else if (dice < (growing_ ? 400u : 800u)) {
      REQUIRE_EQ(table.erase(as_bytes(key), as_bytes(value)), has_pair);
      if (has_pair) known->second.erase(value);
      drop_if_empty();
    } else {
      REQUIRE_EQ(table.put(as_bytes(key), as_bytes(value)), !has_pair);
      values().insert(value);
    }
    REQUIRE_EQ(table.key_count(), model.pairs.size());
    if (spec.value_size == 8) {
      const auto now = model.pairs.find(key);
      const uint64_t after = now == model.pairs.end() ? 0 : now->second.size();
      promotions_ += before < 256 && after >= 256 ? 1 : 0;
      demotions_ += before >= 256 && after > 0 && after < 256 ? 1 : 0;
    }
  }

  void put_batch(Multimap& table, ModelMultimap& model) {
    const Spec& spec = *model.spec;
    std::vector<std::pair<std::string, std::string>> pairs;
    const uint64_t count = random_.below(random_.chance(100) ? 3000 : 200);
    const std::string key = key_of(spec);
    const bool one_key = random_.chance(300);
    for (uint64_t i = 0; i < count; ++i) {
      pairs.emplace_back(one_key ? key : key_of(spec), value_of(spec));
    }
    std::vector<Table::Record> records;
    for (const auto& [k, v] : pairs) records.push_back({as_bytes(k), as_bytes(v)});
    uint64_t expected = 0;
    for (const auto& [k, v] : pairs) {
      const auto it = model.pairs.try_emplace(k, KeyLess{spec.value_order}).first;
      expected += it->second.insert(v).second ? 1 : 0;
    }
    REQUIRE_EQ(table.put_batch(records), expected);
    REQUIRE_EQ(table.len(), model.count());
  }

  void drain(Multimap& table, ModelMultimap& model) {
    const Spec& spec = *model.spec;
    const std::string a = key_of(spec);
    const std::string b = key_of(spec);
    KeyRange range;
    range.lower = random_.chance(500) ? Bound::included : Bound::excluded;
    range.lower_key = as_bytes(a);
    range.upper = random_.chance(500) ? Bound::included : Bound::excluded;
    range.upper_key = as_bytes(b);
    if (random_.chance(50)) range = {};
    const KeyLess less{spec.key_order};
    uint64_t expected = 0;
    for (auto it = model.pairs.begin(); it != model.pairs.end();) {
      const std::string& key = it->first;
      const bool inside = range.lower == Bound::unbounded ||
                          ((less(a, key) || (range.lower == Bound::included && !less(key, a))) &&
                           (less(key, b) || (range.upper == Bound::included && !less(b, key))));
      it = inside ? model.pairs.erase(it) : std::next(it);
      expected += inside ? 1 : 0;
    }
    REQUIRE_EQ(table.drain(range), expected);
    REQUIRE_EQ(table.len(), model.count());
  }

  using Place = std::pair<Pairs::const_iterator, Values::const_iterator>;

  // First pair not before (key, value); the key's end when there is none.
  std::optional<Place> place_of(const ModelMultimap& model, const std::string& key,
                                const std::string& value) {
    auto at = model.pairs.lower_bound(key);
    if (at == model.pairs.end()) return std::nullopt;
    auto in = at->second.begin();
    if (at->first == key) {
      in = at->second.lower_bound(value);
      if (in == at->second.end()) {
        if (++at == model.pairs.end()) return std::nullopt;
        in = at->second.begin();
      }
    }
    return Place{at, in};
  }

  void require_at(const MultimapCursor& cursor, const Place& place) {
    REQUIRE(as_text(cursor.key()) == place.first->first);
    REQUIRE(as_text(cursor.value()) == *place.second);
  }

  void seek(Multimap& table, ModelMultimap& model, const std::string& key,
            const std::string& value) {
    MultimapCursor cursor = table.cursor();
    const std::optional<Place> place = place_of(model, key, value);
    REQUIRE_EQ(cursor.seek_pair(as_bytes(key), as_bytes(value)), place.has_value());
    if (!place) {
      REQUIRE_EQ(cursor.prev(), !model.pairs.empty());
      return;
    }
    require_at(cursor, *place);
    const Values& values = place->first->second;
    const bool more = std::next(place->second) != values.end();
    switch (random_.below(4)) {
      case 0:
        REQUIRE_EQ(cursor.next_value(), more);
        require_at(cursor, {place->first, more ? std::next(place->second) : place->second});
        break;
      case 1: {
        const bool less = place->second != values.begin();
        REQUIRE_EQ(cursor.prev_value(), less);
        require_at(cursor, {place->first, less ? std::prev(place->second) : place->second});
        break;
      }
      case 2:
        REQUIRE(cursor.last_value());
        require_at(cursor, {place->first, std::prev(values.end())});
        REQUIRE(cursor.first_value());
        require_at(cursor, {place->first, values.begin()});
        break;
      default: {
        const bool before = place->first != model.pairs.begin();
        REQUIRE_EQ(cursor.prev_key(), before);
        if (!before) break;
        const auto at = std::prev(place->first);
        require_at(cursor, {at, std::prev(at->second.end())});
        REQUIRE(cursor.next());
        require_at(cursor, {place->first, values.begin()});
      }
    }
  }

  // Deletes a few pairs in a row, either way.
  void erase_through_cursor(Multimap& table, ModelMultimap& model, const std::string& key,
                            const std::string& value) {
    MultimapCursor cursor = table.cursor();
    std::optional<Place> place = place_of(model, key, value);
    REQUIRE_EQ(cursor.seek_pair(as_bytes(key), as_bytes(value)), place.has_value());
    const bool forward = random_.chance(500);
    for (uint64_t left = random_.below(12); place && left > 0; --left) {
      require_at(cursor, *place);
      cursor.erase();
      REQUIRE_FALSE(cursor.valid());
      const std::string gone_key = place->first->first;
      const std::string gone_value = *place->second;
      const auto at = model.pairs.find(gone_key);
      at->second.erase(gone_value);
      if (at->second.empty()) model.pairs.erase(at);
      place = place_of(model, gone_key, gone_value);
      if (forward) {
        REQUIRE_EQ(cursor.next(), place.has_value());
        continue;
      }
      // The pair before the one that is gone.
      if (!place) {
        if (!model.pairs.empty()) {
          const auto last = std::prev(model.pairs.end());
          place = Place{last, std::prev(last->second.end())};
        }
      } else if (place->second != place->first->second.begin()) {
        place = Place{place->first, std::prev(place->second)};
      } else if (place->first != model.pairs.begin()) {
        const auto before = std::prev(place->first);
        place = Place{before, std::prev(before->second.end())};
      } else {
        place.reset();
      }
      REQUIRE_EQ(cursor.prev(), place.has_value());
    }
  }

  Random random_;
  OpenOptions options_;
  std::shared_ptr<FaultDevice> device_;
  std::optional<Database> database_;
  Model committed_;
  Model durable_;
  Model working_;
  std::deque<Snapshot> snapshots_;
  bool growing_ = true;
  int promotions_ = 0;
  int demotions_ = 0;
};

}  // namespace

TEST_SUITE("model multimaps") {
  TEST_CASE("random operations leave what a map of sets holds") {
    OpenOptions options;
    options.memory_budget_bytes = 16 << 20;
    Run(20264, options).go(600);
  }

  TEST_CASE("in compressed files, too") {
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
      OpenOptions options;
      options.memory_budget_bytes = 16 << 20;
      options.compression = codec;
      Run(20266, options).go(200);
    }
  }

  TEST_CASE("a memory budget of 1 MiB changes nothing but the speed") {
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    options.region_pages = 256;
    Run(20265, options).go(300);
  }
}

}  // namespace rdb::test
