// image_fuzz.cpp: whole files (image.hpp): opened for reading, then for reading and writing, with
// everything a program may do in between.
//
// Properties, whatever the file holds:
//   - Errors are the only way to fail, and each names the object that is at fault.
//   - A file that is opened for reading, or that is refused, keeps every byte.
//   - No write lies outside the file; work and memory are bounded by the file's size.
//
// Bits of Recipe::options: 1 no verification of reads, 2 redb's key order, 4 a mirror is kept,
// 8 the least memory, 16 the second session does not close but is left.
#include <algorithm>
#include <array>
#include <optional>

#include "format/utf8.hpp"
#include "image.hpp"
#include "image_backend.hpp"
#include "model.hpp"
#include "rdb/database.hpp"

namespace rdb::fuzz {
namespace {

using Blob = std::vector<std::byte>;
using test::Random;

constexpr size_t kMaxTables = 6;
constexpr size_t kMaxSteps = 300;
constexpr uint32_t kMaxWidth = 1u << 16;  // wider keys and values are not made up

// Objects a message can name.
constexpr const char* kNouns[] = {"page ",    "table \"",    "file",       "header",
                                  "slot",     "allocator",   "savepoint",  "history",
                                  "catalog",  "transaction", "database",   "cursor",
                                  "a key of", "a value of",  "table name", "region"};

bool names_an_object(const std::string& message) {
  return std::any_of(std::begin(kNouns), std::end(kNouns),
                     [&](const char* noun) { return message.find(noun) != std::string::npos; });
}

template <typename Work>
bool attempt(Work&& work) {
  return survives([&] {
    try {
      work();
    } catch (const Error& error) {
      const std::string message = error.what();
      require(names_an_object(message), "names no object: " + message);
      if (error.code() == ErrorCode::corrupted) {
        require(message.find("page ") != std::string::npos ||
                    message.find("table \"") != std::string::npos ||
                    message.find("file") != std::string::npos ||
                    message.find("slot") != std::string::npos,
                "names neither page nor table nor header: " + message);
      }
      if (error.code() == ErrorCode::page_corrupted) {
        require(
            error.position() != Error::kNoPosition && message.find("page ") != std::string::npos,
            "names no page: " + message);
      }
      throw;
    }
  });
}

class Session {
 public:
  Session(Database& database, uint64_t seed) : database_(database), random_(seed) {}

  void read_everything() {
    attempt([&] {
      const ReadTxn txn = database_.begin_read();
      read_tables(txn);
    });
    attempt([&] {
      const auto level = random_.chance(200) ? VerifyLevel::checksums : VerifyLevel::full;
      for (const VerifyProblem& problem : database_.verify(level).problems) {
        require(!problem.object.empty() && !problem.what.empty() && !problem.meaning.empty(),
                "a problem without its object, its reason or its meaning");
      }
    });
    static_cast<void>(database_.stats());
    for (const std::string& note : database_.recovery().notes) {
      require(names_an_object(note), "names no object: " + note);
    }
  }

  void write_everything() {
    for (int round = 0; round < 2; ++round) {
      // What readers hold while pages are replaced.
      std::optional<ReadTxn> reader;
      std::vector<Value> held;
      std::vector<Cursor> cursors;
      attempt([&] {
        reader = database_.begin_read();
        hold(*reader, held, cursors);
      });
      attempt([&] { write(round); });
      size_t bytes = 0;
      for (const Value& value : held) {
        for (std::byte b : value.bytes()) bytes += std::to_integer<size_t>(b);
      }
      for (Cursor& cursor : cursors) {
        attempt([&] {
          if (cursor.next()) bytes += cursor.key().size() + cursor.value().size();
        });
      }
      volatile size_t sink = bytes;
      static_cast<void>(sink);
    }
  }

 private:
  template <typename Txn>
  std::vector<TableInfo> tables_of(const Txn& txn) {
    std::vector<TableInfo> tables;
    attempt([&] { tables = txn.list_tables(); });
    // One damaged record spoils the list; tables are found by name all the same.
    for (const char* name : {"a", "b", "c", "numbers", "text", "all-0", "t0", "t1"}) {
      attempt([&] {
        const auto info = txn.find_table(name);
        if (info && tables.size() < kMaxTables) tables.push_back(*info);
      });
    }
    if (tables.size() > kMaxTables) tables.erase(tables.begin() + kMaxTables, tables.end());
    return tables;
  }

  void read_tables(const ReadTxn& txn) {
    for (const TableInfo& info : tables_of(txn)) {
      attempt([&] { read_table(txn.open_table_raw(info.name)); });
      attempt(
          [&] { static_cast<void>(txn.open_table(info.name, info.key_type, info.value_type)); });
    }
  }

  void read_table(const Table& table) {
    static_cast<void>(table.len());
    attempt([&] { static_cast<void>(table.stats()); });
    std::vector<Blob> keys;
    attempt([&] { walk(table, keys); });
    keys.push_back(make_key(table.info()));
    keys.emplace_back();
    for (const Blob& key : keys) {
      attempt([&] { static_cast<void>(table.contains(key)); });
      attempt([&] { static_cast<void>(table.get(key)); });
      attempt([&] {
        std::array<std::byte, 64> buffer;
        size_t value_bytes = 0;
        static_cast<void>(table.get_into(key, buffer, value_bytes));
      });
      attempt([&] {
        Cursor cursor = table.cursor();
        if (cursor.seek(key)) static_cast<void>(cursor.prev());
        if (cursor.seek_le(key)) static_cast<void>(cursor.next());
      });
    }
    attempt([&] {
      BatchResult result;
      std::vector<Bytes> batch(keys.begin(), keys.end() - 1);
      table.get_batch(batch, result);
    });
    attempt([&] {
      Cursor cursor = table.cursor();
      KeyRange range;
      range.lower = Bound::excluded;
      range.lower_key = keys.front();
      cursor.set_range(range);
      Blob packed(512);
      size_t used = 0, needed = 0;
      for (int i = 0; i < 4 && cursor.next_packed(packed, 10, used, needed) > 0; ++i) {
      }
    });
  }

  // Both directions, and some of the keys for later.
  void walk(const Table& table, std::vector<Blob>& keys) {
    Cursor cursor = table.cursor();
    size_t bytes = 0;
    size_t step = 0;
    while (step < kMaxSteps && cursor.next()) {
      const Bytes key = cursor.key();
      bytes += key.size() + cursor.value().size();
      if (step++ % 61 == 0) keys.emplace_back(key.begin(), key.end());
    }
    while (step < 2 * kMaxSteps && cursor.prev()) ++step;
    std::array<Bytes, 8> keys_out, values_out;
    Cursor slices = table.cursor();
    for (int i = 0; i < 4 && slices.next_slices(keys_out, values_out) > 0; ++i) {
      bytes += keys_out[0].size() + values_out[0].size();
    }
    volatile size_t sink = bytes;
    static_cast<void>(sink);
  }

  void hold(const ReadTxn& txn, std::vector<Value>& held, std::vector<Cursor>& cursors) {
    for (const TableInfo& info : tables_of(txn)) {
      attempt([&] {
        const Table table = txn.open_table_raw(info.name);
        Cursor cursor = table.cursor();
        if (random_.chance(500) ? cursor.first() : cursor.last()) {
          const Blob key(cursor.key().begin(), cursor.key().end());
          cursors.push_back(std::move(cursor));
          if (auto value = table.get(key)) held.push_back(*std::move(value));
        }
      });
    }
  }

  Blob make_bytes(const std::optional<uint32_t>& width, uint64_t longest) {
    const uint64_t size = width ? std::min(*width, kMaxWidth) : random_.below(longest);
    Blob bytes(size);
    for (std::byte& b : bytes) b = static_cast<std::byte>('a' + random_.below(26));
    return bytes;
  }
  Blob make_key(const TableInfo& info) { return make_bytes(info.key_width, 40); }
  Blob make_value(const TableInfo& info) {
    return make_bytes(info.value_width, random_.chance(100) ? 9000 : 200);
  }

  void write(int round) {
    WriteTxn txn = database_.begin_write({std::chrono::milliseconds(0), nullptr});
    if (random_.chance(300)) txn.set_durability(Durability::none);
    if (random_.chance(200)) txn.set_two_phase_commit(true);
    if (random_.chance(200)) txn.set_quick_repair(true);
    const std::vector<TableInfo> tables = tables_of(txn);
    for (const TableInfo& info : tables) {
      attempt([&] { change_table(txn.open_table_raw(info.name)); });
    }
    if (random_.chance(400) && !tables.empty()) {
      const std::string& name = tables[random_.below(tables.size())].name;
      attempt([&] { txn.rename_table(name, "renamed"); });
    }
    if (random_.chance(400) && !tables.empty()) {
      const std::string& name = tables[random_.below(tables.size())].name;
      attempt([&] { static_cast<void>(txn.delete_table(name)); });
    }
    attempt([&] {
      Table table = txn.open_table("new", {TypeName::kBuiltin, "u64"}, {});
      for (int i = 0; i < 20; ++i) {
        table.put(make_key(table.info()), make_value(table.info()));
      }
    });
    if (round == 1 && random_.chance(300)) {
      txn.abort();
    } else {
      txn.commit();
    }
  }

  void change_table(Table table) {
    const TableInfo& info = table.info();
    for (int i = 0; i < 12; ++i) {
      attempt([&] { table.put(make_key(info), make_value(info)); });
    }
    attempt([&] {  // of keys that are there
      std::vector<Blob> keys;
      walk(table, keys);
      for (const Blob& key : keys) {
        attempt([&] {
          if (random_.chance(500)) {
            table.put(key, make_value(info));
          } else {
            table.erase(key);
          }
        });
      }
    });
    for (int i = 0; i < 6; ++i) {
      Blob key, value;
      attempt([&] { i % 2 == 0 ? table.pop_first(key, value) : table.pop_last(key, value); });
    }
    attempt([&] {
      Cursor cursor = table.cursor();
      for (int i = 0; i < 20 && cursor.next(); ++i) {
        if (random_.chance(700)) cursor.erase();
      }
    });
    attempt([&] { static_cast<void>(table.stats()); });
  }

  Database& database_;
  Random random_;
};

std::optional<Database> open(const std::shared_ptr<Device>& device, const OpenOptions& options) {
  std::optional<Database> database;
  attempt([&] {
    database.emplace(Database::open_backend(std::make_unique<ImageBackend>(device), options));
  });
  return database;
}

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rdb;
  using namespace rdb::fuzz;
  Input input(input_bytes(data, size));
  Recipe recipe;
  const auto device = std::make_shared<Device>();
  device->image = make_image(input, recipe);
  const Image original = device->image;

  OpenOptions options;
  options.mode = OpenMode::read_only;
  options.memory_budget_bytes = (recipe.options & 8) != 0 ? uint64_t{1} << 20 : uint64_t{32} << 20;
  if ((recipe.options & 1) != 0) options.read_verification = ReadVerification::none;
  if ((recipe.options & 2) != 0) options.key_profile = KeyProfile::redb;
  options.eof_mirror = (recipe.options & 4) != 0;

  if (auto database = open(device, options)) {
    Session(*database, recipe.seed).read_everything();
    attempt([&] { database->close(); });
  }
  require(device->changes == 0 && device->image == original, "reading changed the file");

  // Whatever the second session leaves is opened once more.
  options.mode = OpenMode::existing;
  for (int session = 0; session < 3; ++session) {
    const Image before = device->image;
    device->changes = 0;
    auto database = open(device, options);
    if (!database) {
      require(device->changes == 0 && device->image == before, "a refused file was changed");
      break;
    }
    Session work(*database, recipe.seed + static_cast<uint64_t>(session));
    if (session != 1) work.read_everything();
    if (session < 2) work.write_everything();
    if (session == 1 && (recipe.options & 16) != 0) continue;  // left as after a crash
    attempt([&] { database->close(); });
  }
  return 0;
}
