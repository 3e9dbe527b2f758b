#include <map>
#include <random>

#include "contents.hpp"
#include "image_edit.hpp"
#include "image_surgeon.hpp"
#include "support.hpp"

// Compressed databases: values of user tables lie in envelopes (spec 02 section 12), and nobody who
// reads or writes notices.
namespace rdb::test {
namespace {

const TypeName kUnitType{TypeName::kBuiltin, "()"};
constexpr Compression kCodecs[] = {Compression::lz4, Compression::zstd};

OpenOptions with(Compression compression, int level = 0) {
  OpenOptions options;
  options.compression = compression;
  options.compression_level = level;
  return options;
}

std::string long_text(uint64_t i) {
  std::string text;
  while (text.size() < 400) text += "row " + std::to_string(i) + ", ";
  return text;
}

// "texts" of 300 rows, the values of every third too short to be compressed and of every seventh
// empty; "numbers" and "set", whose declared value widths are 8 and 0.
std::string text_of(uint64_t i) {
  return i % 7 == 0 ? std::string() : i % 3 == 0 ? std::to_string(i) : long_text(i);
}

void fill(Database& database, uint64_t rows = 300) {
  WriteTxn txn = database.begin_write();
  {
    Table texts = txn.open_table("texts", kU64Type, kBytesType);
    Table numbers = txn.open_table("numbers", kTextType, kU64Type);
    Table set = txn.open_table("set", kU64Type, kUnitType);
    for (uint64_t i = 0; i < rows; ++i) {
      texts.put(as_bytes(le64(i)), as_bytes(text_of(i)));
      numbers.put(as_bytes(std::to_string(i)), as_bytes(le64(i * i)));
      set.put(as_bytes(le64(i)), {});
    }
  }
  txn.commit();
}

void check_texts(const Table& table, uint64_t rows = 300) {
  std::vector<std::byte> buffer(1000);
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < rows; ++i) keys.push_back(le64(i));
  std::vector<Bytes> wanted;
  for (const std::string& key : keys) wanted.push_back(as_bytes(key));
  BatchResult batch;
  table.get_batch(wanted, batch);
  for (uint64_t i = 0; i < rows; ++i) {
    CAPTURE(i);
    CHECK(as_text(table.get(wanted[i]).value().bytes()) == text_of(i));
    size_t size = 0;
    CHECK(table.get_into(wanted[i], buffer, size) == true);
    CHECK(as_text(Bytes(buffer).first(size)) == text_of(i));
    CHECK(as_text(batch.value(i)) == text_of(i));
  }
  size_t size = 0;
  CHECK(table.get_into(wanted[1], {}, size) == false);
  CHECK(size == text_of(1).size());
  CHECK_FALSE(table.get(as_bytes(le64(rows))).has_value());
  CHECK(table.len() == rows);

  Cursor cursor = table.cursor();
  uint64_t i = 0;
  for (; cursor.next(); ++i) CHECK(as_text(cursor.value()) == text_of(i));
  CHECK(i == rows);
  cursor.set_range({});
  i = 0;
  std::vector<Bytes> batch_keys(50);
  std::vector<Bytes> batch_values(50);
  while (const size_t n = cursor.next_slices(batch_keys, batch_values)) {
    for (size_t k = 0; k < n; ++k, ++i) CHECK(as_text(batch_values[k]) == text_of(i));
  }
  CHECK(i == rows);
  cursor.set_range({});
  i = 0;
  std::vector<std::byte> packed(4000);
  size_t used = 0;
  size_t needed = 0;
  while (const size_t n = cursor.next_packed(packed, 100, used, needed)) {
    const std::byte* at = packed.data();
    for (size_t k = 0; k < n; ++k, ++i) {
      const uint32_t key_bytes = base::load_le32(at);
      const uint32_t value_bytes = base::load_le32(at + 4);
      CHECK(as_text({at + 8 + key_bytes, value_bytes}) == text_of(i));
      at += (8 + key_bytes + value_bytes + 3) / 4 * 4;
    }
  }
  CHECK(i == rows);
}

Image closed(Compression codec) {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device, with(codec));
  fill(database);
  database.close();
  return device->live_image();
}

}  // namespace

TEST_SUITE("db/compression") {
  TEST_CASE("every way of reading gives the values that were put, before and after a reopen") {
    for (const Compression codec : kCodecs) {
      const auto device = std::make_shared<FaultDevice>();
      {
        Database database = open_device(device, with(codec));
        fill(database);
        check_texts(database.begin_read().open_table("texts", kU64Type, kBytesType));
        WriteTxn writer = database.begin_write();
        {
          Table table = writer.open_table("texts", kU64Type, kBytesType);
          for (uint64_t i = 0; i < 300; i += 2) {
            table.put(as_bytes(le64(i)), as_bytes(text_of(i)));  // now on pages of its own
          }
          check_texts(table);
        }
        CHECK(as_text(writer.open_table("numbers", kTextType, kU64Type)
                          .get(as_bytes("12"))
                          .value()
                          .bytes()) == le64(144));
        writer.abort();
        CHECK_VERIFIES(database);
        database.close();
      }
      const Database database = open_device(device);  // the file knows
      CHECK(database.recovery().clean);
      const ReadTxn txn = database.begin_read();
      check_texts(txn.open_table("texts", kU64Type, kBytesType));
      CHECK(txn.open_table("set", kU64Type, kUnitType).contains(as_bytes(le64(5))));
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("a file that was not closed is repaired page by page") {
    for (const Compression codec : kCodecs) {
      const auto device = std::make_shared<FaultDevice>();
      Database database = open_device(device, with(codec));
      fill(database);
      const auto crashed = FaultDevice::from_image(device->crash_image(CrashMode::durable));
      const Database again = open_device(crashed);
      CHECK(again.recovery().full_repair);
      check_texts(again.begin_read().open_table("texts", kU64Type, kBytesType));
      CHECK_VERIFIES(again);
    }
  }

  TEST_CASE("the header says version 4 and how, and an existing file keeps its own way") {
    for (const Compression codec : kCodecs) {
      const Image image = closed(codec);
      const format::Header header = header_of(image);
      CHECK(header.compression == static_cast<uint8_t>(codec));
      CHECK(header.slot(header.primary).version == 4);
    }
    const auto device = std::make_shared<FaultDevice>();
    open_device(device).close();
    Database database = open_device(device, with(Compression::zstd));
    fill(database);
    database.close();
    CHECK(header_of(device->live_image()).compression == 0);
    check_texts(open_device(device).begin_read().open_table("texts", kU64Type, kBytesType));
  }

  TEST_CASE("compressible values take less room") {
    std::map<Compression, uint64_t> stored;
    for (const Compression codec : {Compression::none, Compression::lz4, Compression::zstd}) {
      Database database = open_device(std::make_shared<FaultDevice>(), with(codec));
      fill(database, 3000);
      stored[codec] =
          database.begin_read().open_table("texts", kU64Type, kBytesType).stats().stored_leaf_bytes;
    }
    CHECK(stored[Compression::lz4] * 2 < stored[Compression::none]);
    CHECK(stored[Compression::zstd] * 2 < stored[Compression::none]);
  }

  TEST_CASE("spec 02 D4: no way of reading shows the byte in front of a value") {
    // By value, for sizes on both sides of 64; check_texts() looks at ranges of stored-raw values.
    const auto device = FaultDevice::from_image(closed(Compression::lz4));
    const Database database = open_device(device);
    const ReadTxn txn = database.begin_read();
    const Table numbers = txn.open_table("numbers", kTextType, kU64Type);
    Cursor cursor = numbers.cursor();
    uint64_t rows = 0;
    for (; cursor.next(); ++rows) {
      const uint64_t i = std::stoull(std::string(as_text(cursor.key())));
      CHECK(as_text(cursor.value()) == le64(i * i));
    }
    CHECK(rows == 300);
  }

  TEST_CASE("spec 02 D6: empty values are overwritten and removed like any other") {
    for (const Compression codec : kCodecs) {
      Database database = open_device(std::make_shared<FaultDevice>(), with(codec));
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kU64Type, kBytesType);
      for (const char* value : {"", "x", "", ""}) {
        table.put(as_bytes(le64(1)), as_bytes(std::string_view(value)));
        CHECK(as_text(table.get(as_bytes(le64(1))).value().bytes()) == value);
      }
      CHECK(table.erase(as_bytes(le64(1))));
      CHECK(table.len() == 0);
    }
  }

  TEST_CASE("pop gives the value, and batches of puts are compressed too") {
    for (const Compression codec : kCodecs) {
      Database database = open_device(std::make_shared<FaultDevice>(), with(codec));
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("texts", kU64Type, kBytesType);
      std::vector<std::string> keys;
      std::vector<std::string> values;
      for (uint64_t i = 0; i < 300; ++i) {
        keys.push_back(le64(i));
        values.push_back(text_of(i));
      }
      std::vector<Table::Record> records;
      for (size_t i = 0; i < 300; ++i) records.push_back({as_bytes(keys[i]), as_bytes(values[i])});
      CHECK(table.put_batch(records) == 300);  // builds the tree
      check_texts(table);
      CHECK(table.put_batch(records) == 300);  // one by one
      check_texts(table);
      std::vector<std::byte> key;
      std::vector<std::byte> value;
      CHECK(table.pop_last(key, value));
      CHECK(as_text(value) == text_of(299));
      CHECK(table.pop_first(key, value));
      CHECK(value.empty());
      CHECK(table.pop_first(key, value));
      CHECK(as_text(value) == text_of(1));
    }
  }

  TEST_CASE("a model of random changes holds") {
    for (const Compression codec : kCodecs) {
      std::mt19937_64 random(static_cast<uint64_t>(codec));
      std::map<uint64_t, std::string> model;
      const auto device = std::make_shared<FaultDevice>();
      std::optional<Database> database(open_device(device, with(codec, 1)));
      for (int round = 0; round < 20; ++round) {
        WriteTxn txn = database->begin_write();
        {
          Table table = txn.open_table("t", kU64Type, kBytesType);
          for (int step = 0; step < 500; ++step) {
            const uint64_t key = random() % 400;
            if (random() % 3 == 0) {
              CHECK(table.erase(as_bytes(le64(key))) == (model.erase(key) > 0));
            } else {
              std::string value(random() % 5 == 0 ? random() % 9000 : random() % 200,
                                static_cast<char>(random()));
              if (random() % 2 == 0) {
                for (char& c : value) c = static_cast<char>(random());
              }
              table.put(as_bytes(le64(key)), as_bytes(value));
              model[key] = std::move(value);
            }
          }
        }
        txn.commit();
        if (round % 5 == 4) {
          database->close();
          database.emplace(open_device(device));
        }
        const ReadTxn reader = database->begin_read();
        const Table table = reader.open_table("t", kU64Type, kBytesType);
        CHECK(table.len() == model.size());
        Cursor cursor = table.cursor();
        for (const auto& [key, value] : model) {
          REQUIRE(cursor.next());
          CHECK(as_text(cursor.key()) == le64(key));
          CHECK(as_text(cursor.value()) == value);
        }
      }
      CHECK_VERIFIES(*database);
    }
  }

  TEST_CASE("a damaged value is named by verification, and harms no other") {
    for (const Compression codec : kCodecs) {
      Image image = closed(codec);
      {
        ImageSurgeon s(image);
        const SurgeryTree tree = s.table("texts");
        // Row 1 holds a compressed value; its size is told twice or in the frame as well.
        for (const format::PageNumber page : s.pages(tree)) {
          const format::Widths widths{8, std::nullopt};
          if (s.page(page)[0] != format::kLeafType) continue;
          const auto leaf = format::LeafView::parse(s.page(page), widths);
          if (as_text(leaf.key(0)) != le64(0)) continue;
          s.page(page)[leaf.value_range(1).first + 1] ^= std::byte{1};
        }
        s.seal();
      }
      const Database database = open_device(FaultDevice::from_image(image));
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table("texts", kU64Type, kBytesType);
      CHECK_THROWS_CODE(table.get(as_bytes(le64(1))), ErrorCode::corrupted);
      CHECK(as_text(table.get(as_bytes(le64(2))).value().bytes()) == text_of(2));
      const VerifyReport report = database.verify(VerifyLevel::full);
      REQUIRE(report.problems.size() == 1);
      CHECK(report.problems[0].object == "table \"texts\"");
    }
  }
}

}  // namespace rdb::test
