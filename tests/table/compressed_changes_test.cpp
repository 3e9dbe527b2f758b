// Merges, bulk operations and changes that look first on tables of compressed files: what a map
// leaves. Which values are compressed there, and how, is the business of value_envelope_test.
#include <cstring>
#include <map>
#include <random>
#include <string>

#include "contents.hpp"
#include "rdb/merge.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using Map = std::map<std::string, std::string>;

// Empty, short, beyond the length from which values are compressed, and of several pages; some of
// them do not get shorter.
std::string random_value(std::mt19937_64& random) {
  constexpr size_t kSizes[] = {0, 1, 63, 64, 65, 400, 3000, 20'000};
  std::string value(kSizes[random() % std::size(kSizes)], static_cast<char>('a' + random() % 26));
  if (random() % 3 == 0) {
    for (char& byte : value) byte = static_cast<char>(random());
  }
  return value;
}

std::string key_of(uint64_t i) {
  const std::string digits = std::to_string(i);
  return std::string(4 - digits.size(), '0') + digits;
}

std::string text_of(const std::vector<std::byte>& bytes) { return std::string(as_text(bytes)); }

class KeepSome final : public RecordFilter {
 public:
  explicit KeepSome(const Map& model) : model_(model) {}
  Verdict judge(Bytes key, Bytes value) override {
    CHECK(model_.at(std::string(as_text(key))) == as_text(value));
    return goes(as_text(key)) ? Verdict::remove : Verdict::keep;
  }
  static bool goes(std::string_view key) { return (key.back() - '0') % 3 == 0; }

 private:
  const Map& model_;
};

class Twice final : public MergeFunction {
 public:
  std::optional<Bytes> merge(Bytes, std::optional<Bytes> existing, Bytes operand) override {
    result_ = existing ? std::string(as_text(*existing)) : std::string();
    result_ += as_text(operand);
    result_ += as_text(operand);
    return as_bytes(result_);
  }

 private:
  std::string result_;
};

// One random change to both.
void change(Table& table, Map& model, std::mt19937_64& random) {
  const std::string key = key_of(random() % 300);
  const std::string value = random_value(random);
  const auto found = model.find(key);
  switch (random() % 9) {
    case 0:
      table.merge(as_bytes(key), as_bytes(value), MergeKind::bytes_append);
      model[key] += value;
      break;
    case 1: {
      Twice twice;
      table.merge(as_bytes(key), as_bytes(value), twice);
      model[key] += value + value;
      break;
    }
    case 2: {
      const std::string next = key_of(random() % 300);
      const Table::Record records[] = {{as_bytes(key), as_bytes(value)},
                                       {as_bytes(next), as_bytes(value)},
                                       {as_bytes(key), as_bytes(value)}};
      table.merge_batch(records, MergeKind::bytes_append);
      model[key] += value;
      model[next] += value;
      model[key] += value;
      break;
    }
    case 3: {
      std::optional<std::vector<std::byte>> old;
      CHECK(table.exchange(as_bytes(key), as_bytes(value), Table::PutMode::upsert, old));
      CHECK(old.has_value() == (found != model.end()));
      if (old) CHECK(text_of(*old) == found->second);
      model[key] = value;
      break;
    }
    case 4: {
      std::vector<std::byte> old;
      CHECK(table.take(as_bytes(key), old) == (found != model.end()));
      if (found == model.end()) break;
      CHECK(text_of(old) == found->second);
      model.erase(found);
      break;
    }
    case 5: {
      using Compared = Table::Compared;
      const bool there = found != model.end();
      const Bytes wrong = as_bytes("what nobody stores");
      CHECK(table.compare_and_put(as_bytes(key), wrong, as_bytes(value)) ==
            (there ? Compared::different : Compared::absent));
      const auto expected = there ? std::optional<Bytes>(as_bytes(found->second)) : std::nullopt;
      CHECK(table.compare_and_put(as_bytes(key), expected, as_bytes(value)) == Compared::stored);
      model[key] = value;
      break;
    }
    case 6: {
      Cursor cursor = table.cursor();
      const bool there = cursor.seek_exact(as_bytes(key));
      CHECK(there == (found != model.end()));
      if (!there) break;
      cursor.replace(as_bytes(value));
      CHECK(as_text(cursor.value()) == value);
      found->second = value;
      break;
    }
    case 7: {
      std::vector<std::byte> first, old;
      CHECK(table.pop_first(first, old) == !model.empty());
      if (model.empty()) break;
      CHECK((text_of(first) == model.begin()->first && text_of(old) == model.begin()->second));
      model.erase(model.begin());
      break;
    }
    default:
      table.put(as_bytes(key), as_bytes(value));
      model[key] = value;
  }
}

Rows rows_of(const Map& model) { return Rows(model.begin(), model.end()); }

}  // namespace

TEST_SUITE("table/compressed_changes") {
  TEST_CASE("merges, bulk operations and changes that look first leave what a map has") {
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
      CAPTURE(static_cast<int>(codec));
      OpenOptions options;
      options.compression = codec;
      Database database = Database::open_memory(options);
      Database plain = Database::open_memory();
      std::mt19937_64 random(17);
      Map model;
      for (int round = 0; round < 6; ++round) {
        WriteTxn txn = database.begin_write();
        {
          Table table = txn.open_table("t", kTextType, kBytesType);
          for (int i = 0; i < 500; ++i) change(table, model, random);
          CHECK(rows_of(table) == rows_of(model));

          KeepSome filter(model);
          uint64_t gone = table.retain({}, filter);
          gone -= std::erase_if(model, [](const auto& row) { return KeepSome::goes(row.first); });
          CHECK(gone == 0);
          Extraction extraction = table.extract();
          while (extraction.next()) {
            const auto found = model.find(std::string(as_text(extraction.key())));
            REQUIRE(found != model.end());
            CHECK(found->second == as_text(extraction.value()));
            if (found->second.size() % 5 == 3 && extraction.take()) model.erase(found);
          }
          extraction.finish();
          const std::string upper = key_of(40);
          table.drain({Bound::unbounded, Bound::excluded, {}, as_bytes(upper)});
          model.erase(model.begin(), model.lower_bound(upper));
          CHECK(rows_of(table) == rows_of(model));

          // Into a file without compression, and from there back into one of those that are new.
          WriteTxn outside = plain.begin_write();
          CHECK(outside.copy_table(table, "copy " + std::to_string(round)) == model.size());
          Table copy = outside.open_table("copy " + std::to_string(round), kTextType, kBytesType);
          CHECK(rows_of(copy) == rows_of(model));
          CHECK(txn.copy_table(copy, "back " + std::to_string(round)) == model.size());
          Table back = txn.open_table("back " + std::to_string(round), kTextType, kBytesType);
          CHECK(rows_of(back) == rows_of(model));
        }
        txn.commit();
      }
      CHECK(contents_of(database)["t"] == rows_of(model));
      CHECK_VERIFIES(database);
      CHECK_VERIFIES(plain);
    }
  }

  TEST_CASE("counters are added to inside their envelopes") {
    OpenOptions options;
    options.compression = Compression::zstd;
    Database database = Database::open_memory(options);
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kU64Type);
    const uint64_t one = 1;
    const Bytes operand(reinterpret_cast<const std::byte*>(&one), sizeof one);
    for (int i = 0; i < 1000; ++i)
      table.merge(as_bytes(key_of(i % 7)), operand, MergeKind::numeric_add);
    std::vector<std::string> keys(3000);
    std::vector<Table::Record> records;
    for (size_t i = 0; i < keys.size(); ++i) {
      keys[i] = key_of(i % 7);
      records.push_back({as_bytes(keys[i]), operand});
    }
    table.merge_batch(records, MergeKind::numeric_add);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 7; ++i) {
      uint64_t count = 0;
      const auto value = table.get(as_bytes(key_of(i)));
      REQUIRE(value.has_value());
      REQUIRE(value->bytes().size() == sizeof count);
      std::memcpy(&count, value->bytes().data(), sizeof count);
      sum += count;
    }
    CHECK(sum == 4000);
    CHECK_THROWS_CODE(table.merge(as_bytes("0000"), as_bytes("short"), MergeKind::bytes_append),
                      ErrorCode::merge_width);
    txn.commit();
    CHECK_VERIFIES(database);
  }
}

}  // namespace rdb::test
