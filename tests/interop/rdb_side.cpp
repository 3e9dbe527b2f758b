// rdb_side.cpp: rdb's part of the exchange; the verbs of referee/src/main.rs, on rdb.
//
//     rdb_side VERB FILE [--spec SPEC] [--seed N] [--round N] [FLAGS]
//
// VERB: create, check, turn, look, write-texts, check-texts, check-quirks, expire. Every open is
// followed by a full verification, and so is every turn. Exit status 0: all as expected; 1: a
// difference or an error, told on standard error.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "rdb/database.hpp"
#include "rows.hpp"

namespace rdb::interop {
namespace {

struct Options {
  std::string verb;
  std::string file;
  std::string spec;
  uint64_t seed = 0;
  uint64_t round = 0;
  bool crash = false;          // leave without closing
  bool open_txn = false;       // ... inside a transaction with pages on disk
  bool expect_clean = false;   // the file must have been closed cleanly
  bool allow_leaks = false;    // pages that the writer before forgot are no failure
  std::string expect_problem;  // verification must find one that says so
  bool torn_slot = false;      // the slot of a commit that did not arrive may be damaged
  bool recheck = false;        // compare all rows after the changes too
  bool drop_doomed = false;    // remove the multimap table kept.doomed
  OpenOptions open;
};

[[noreturn]] void differ(const std::string& what) { throw std::runtime_error(what); }

Bytes bytes_of(const std::string& text) { return as_bytes(text); }

void verify(const Database& database, const Options& options) {
  const VerifyReport report = database.verify(VerifyLevel::full);
  std::string text;
  for (const VerifyProblem& problem : report.problems) {
    if (options.torn_slot && problem.what.starts_with("Commit slot ")) continue;
    text += "\n  " + problem.object + ": " + problem.what + " (" + problem.meaning + ")";
  }
  if (!options.expect_problem.empty()) {
    if (text.find(options.expect_problem) == std::string::npos) {
      differ("verification does not find: " + options.expect_problem + text);
    }
    return;
  }
  if (!text.empty()) differ("verification found problems:" + text);
  if (report.leaked_pages != 0 && !options.allow_leaks) {
    differ("verification found " + std::to_string(report.leaked_pages) + " leaked pages");
  }
}

uint64_t compare(const ReadTxn& txn, const Rows& rows, uint64_t round) {
  struct Expected {
    KeySample key;
    uint64_t row;
    uint64_t version;
  };
  const std::string name = rows.table_name();
  const Table table = txn.open_table(name, rows.key_type(), rows.value_type());
  std::vector<Expected> expected;
  for (uint64_t row = 0; row < rows.universe(); row++) {
    if (const auto version = rows.version(row, round)) {
      expected.push_back({rows.key(row), row, *version});
    }
  }
  std::sort(expected.begin(), expected.end(),
            [](const Expected& a, const Expected& b) { return a.key.order < b.key.order; });
  if (table.len() != expected.size()) {
    differ(name + ": " + std::to_string(table.len()) + " rows, expected " +
           std::to_string(expected.size()));
  }
  Cursor cursor = table.cursor();
  for (const Expected& want : expected) {
    if (!cursor.next()) differ(name + ": ends before row " + std::to_string(want.row));
    if (as_text(cursor.key()) != want.key.stored) {
      differ(name + ": another key where row " + std::to_string(want.row) + " belongs");
    }
    if (as_text(cursor.value()) != rows.value(want.row, want.version)) {
      differ(name + ": row " + std::to_string(want.row) + " has not its value of round " +
             std::to_string(want.version));
    }
  }
  if (cursor.next()) differ(name + ": has rows behind the last expected one");
  // Descents, which iteration does not exercise: separators must lead to every row.
  const uint64_t step = rows.universe() / 2000 + 1;
  for (uint64_t row = 0; row < rows.universe(); row += step) {
    const auto version = rows.version(row, round);
    const std::string key = rows.key(row).stored;
    const std::optional<Value> value = table.get(bytes_of(key));
    if (value.has_value() != version.has_value() ||
        (value && as_text(value->bytes()) != rows.value(row, *version))) {
      differ(name + ": lookup of row " + std::to_string(row) + " does not find what a scan finds");
    }
  }
  return expected.size();
}

// Tables of types rdb does not know: listed, and readable in stored order.
void compare_kept(const ReadTxn& txn, uint64_t count) {
  for (std::string_view name : {"kept.tuples", "kept.lists", "kept.many"}) {
    const std::optional<TableInfo> info = txn.find_table(name);
    if (!info || info->entries != count) differ(std::string(name) + ": lost, or not whole");
    uint64_t found = 0;
    const auto count_rows = [&](auto cursor) {
      while (cursor.next()) found++;
    };
    if (info->kind == TableKind::multimap) {
      count_rows(txn.open_multimap_raw(name).cursor());
    } else {
      count_rows(txn.open_table_raw(name).cursor());
    }
    if (found != count) differ(std::string(name) + ": a scan does not find all rows");
  }
}

std::string vast_key(uint64_t row) {
  std::string key(sizeof row, '\0');
  for (size_t i = 0; i < key.size(); i++) key[i] = static_cast<char>(row >> (8 * i) & 0xFF);
  return key;
}

Table open_vast(auto& txn) {
  return txn.open_table(kVast, {TypeName::kBuiltin, "u64"}, {TypeName::kBuiltin, "&[u8]"});
}

void compare_vast(const ReadTxn& txn, uint64_t count, uint64_t round) {
  const Table table = open_vast(txn);
  Cursor cursor = table.cursor();
  for (uint64_t row = 0; row < count; row++) {
    if (!cursor.next() || as_text(cursor.key()) != vast_key(row) ||
        as_text(cursor.value()) != vast_value(row, round)) {
      differ("vast: row " + std::to_string(row) + " is not that of round " + std::to_string(round));
    }
  }
  if (cursor.next() || table.len() != count) differ("vast: has more rows than expected");
}

Multimap open_set_numbers(auto& txn) {
  return txn.open_multimap("sets.numbers", {TypeName::kBuiltin, "u64"},
                           {TypeName::kBuiltin, "u64"});
}
Multimap open_set_texts(auto& txn) {
  return txn.open_multimap("sets.texts", {TypeName::kBuiltin, "&str"},
                           {TypeName::kBuiltin, "&str"});
}
std::string set_name(uint64_t key) { return "key " + std::to_string(key); }

// Takes the sets from one round to the next, member by member.
void turn_sets(WriteTxn& txn, uint64_t largest, uint64_t round) {
  Multimap numbers = open_set_numbers(txn);
  Multimap texts = open_set_texts(txn);
  for (uint64_t key = 0; key < kSetKeys; key++) {
    const Members before = round == 0 ? Members{} : set_members(key, round - 1, largest);
    const Members after = set_members(key, round, largest);
    const std::string number_key = vast_key(key);
    const std::string text_key = set_name(key);
    for (uint64_t member = before.begin; member < before.end; member++) {
      if (after.contains(member)) continue;
      const std::string number = vast_key(set_number(key, member));
      const std::string text = set_text(member);
      if (!numbers.erase(bytes_of(number_key), bytes_of(number)) ||
          !texts.erase(bytes_of(text_key), bytes_of(text))) {
        differ("sets: key " + std::to_string(key) + " has not member " + std::to_string(member));
      }
    }
    for (uint64_t member = after.begin; member < after.end; member++) {
      if (before.contains(member)) continue;
      const std::string number = vast_key(set_number(key, member));
      const std::string text = set_text(member);
      if (!numbers.put(bytes_of(number_key), bytes_of(number)) ||
          !texts.put(bytes_of(text_key), bytes_of(text))) {
        differ("sets: key " + std::to_string(key) + " had member " + std::to_string(member));
      }
    }
  }
}

uint64_t compare_sets(const ReadTxn& txn, uint64_t largest, uint64_t round) {
  const Multimap numbers = open_set_numbers(txn);
  const Multimap texts = open_set_texts(txn);
  MultimapCursor number_cursor = numbers.cursor();
  MultimapCursor text_cursor = texts.cursor();
  uint64_t total = 0;
  uint64_t keys = 0;
  for (uint64_t key = 0; key < kSetKeys; key++) {
    const Members members = set_members(key, round, largest);
    const std::string number_key = vast_key(key);
    const std::string text_key = set_name(key);
    if (numbers.value_count(bytes_of(number_key)) != members.end - members.begin) {
      differ("sets: key " + std::to_string(key) + " counts another number of members");
    }
    keys += members.begin < members.end ? 1 : 0;
    for (uint64_t member = members.begin; member < members.end; member++, total++) {
      const std::string number = vast_key(set_number(key, member));
      const bool same = number_cursor.next() && text_cursor.next() &&
                        as_text(number_cursor.key()) == number_key &&
                        as_text(number_cursor.value()) == number &&
                        as_text(text_cursor.key()) == text_key &&
                        as_text(text_cursor.value()) == set_text(member);
      if (!same) {
        differ("sets: key " + std::to_string(key) + ", member " + std::to_string(member) +
               " is not in its place");
      }
      // Descents, which iteration does not exercise.
      if (member % 101 == 0 && !numbers.contains(bytes_of(number_key), bytes_of(number))) {
        differ("sets: key " + std::to_string(key) + ": a search misses a member");
      }
    }
  }
  if (number_cursor.next() || text_cursor.next() || numbers.len() != total ||
      texts.len() != total || numbers.key_count() != keys) {
    differ("sets: another number of pairs or keys");
  }
  return 2 * total;
}

void compare_all(const Database& database, const Options& options, uint64_t round) {
  const ReadTxn txn = database.begin_read();
  uint64_t total = 0;
  for (const Rows& rows : parse_spec(options.spec, options.seed)) {
    total += compare(txn, rows, round);
  }
  if (const uint64_t count = special_rows(options.spec, kKept)) compare_kept(txn, count);
  if (const uint64_t count = special_rows(options.spec, kVast)) compare_vast(txn, count, round);
  if (const uint64_t largest = special_rows(options.spec, kSets)) {
    total += compare_sets(txn, largest, round);
  }
  std::printf("rows %llu\n", static_cast<unsigned long long>(total));
}

void apply(WriteTxn& txn, const Rows& rows, uint64_t round, uint64_t part, uint64_t parts) {
  Table table = txn.open_table(rows.table_name(), rows.key_type(), rows.value_type());
  for (uint64_t row = part; row < rows.universe(); row += parts) {
    switch (rows.operation_of(row, round)) {
      case Operation::keep:
        break;
      case Operation::put:
        table.put(bytes_of(rows.key(row).stored), bytes_of(rows.value(row, round)));
        break;
      case Operation::erase:
        if (table.erase(bytes_of(rows.key(row).stored)) !=
            rows.version(row, round - 1).has_value()) {
          differ(rows.table_name() + ": row " + std::to_string(row) + " was not what round " +
                 std::to_string(round) + " removes");
        }
        break;
    }
  }
}

void finish(Database&& database, const Options& options) {
  if (!options.crash) {
    database.close();
    return;
  }
  std::fflush(stdout);
  if (options.open_txn) {
    // On the heap and never freed: a destructor would roll back, or close.
    auto* txn = new WriteTxn(database.begin_write());
    Table table = txn->open_table("never committed", {TypeName::kBuiltin, "u64"}, {});
    const std::string value(500, '\7');
    for (uint64_t i = 0; i < 2000; i++) {
      const std::string key(reinterpret_cast<const char*>(&i), sizeof i);
      table.put(bytes_of(key), bytes_of(value));
    }
    std::_Exit(0);
  }
  std::_Exit(0);
}

void create(const Options& options) {
  OpenOptions open = options.open;
  open.mode = OpenMode::create_new;
  Database database = Database::open(options.file, open);
  constexpr uint64_t kParts = 3;
  for (uint64_t part = 0; part < kParts; part++) {
    WriteTxn txn = database.begin_write();
    for (const Rows& rows : parse_spec(options.spec, options.seed)) {
      Table table = txn.open_table(rows.table_name(), rows.key_type(), rows.value_type());
      for (uint64_t row = part; row < rows.initial(); row += kParts) {
        table.put(bytes_of(rows.key(row).stored), bytes_of(rows.value(row, 0)));
      }
    }
    const uint64_t largest = special_rows(options.spec, kSets);
    if (part == 0 && largest > 0) turn_sets(txn, largest, 0);
    txn.commit();
  }
  finish(std::move(database), options);
}

Database open(const Options& options) {
  OpenOptions open = options.open;
  if (open.mode == OpenMode::create) open.mode = OpenMode::existing;
  Database database = Database::open(options.file, open);
  const RecoveryReport& recovery = database.recovery();
  std::printf("clean %d full_repair %d older %d mirror %d\n", recovery.clean, recovery.full_repair,
              recovery.used_older_commit, recovery.used_mirror);
  for (const std::string& note : recovery.notes) std::printf("note %s\n", note.c_str());
  if (options.expect_clean && (!recovery.clean || recovery.full_repair)) {
    differ("the file needed recovery although it was closed");
  }
  return database;
}

void check(const Options& options) {
  Database database = open(options);
  verify(database, options);
  compare_all(database, options, options.round);
  finish(std::move(database), options);
}

void turn(Options options) {
  Database database = open(options);
  verify(database, options);
  compare_all(database, options, options.round - 1);
  for (uint64_t part = 0; part < 2; part++) {
    WriteTxn txn = database.begin_write();
    if (part == 0 && options.round % 2 == 1) {
      txn.set_durability(Durability::none);
    } else {
      txn.set_two_phase_commit(options.round % 3 == 0);
      txn.set_quick_repair(options.round % 4 == 0);
    }
    for (const Rows& rows : parse_spec(options.spec, options.seed)) {
      apply(txn, rows, options.round, part, 2);
    }
    const uint64_t vast_count = part == 0 ? special_rows(options.spec, kVast) : 0;
    for (uint64_t row = 0; row < vast_count; row++) {
      if (!vast_changes(row, options.round)) continue;
      open_vast(txn).put(bytes_of(vast_key(row)), bytes_of(vast_value(row, options.round)));
    }
    const uint64_t largest = special_rows(options.spec, kSets);
    if (part == 1 && largest > 0) turn_sets(txn, largest, options.round);
    if (part == 1 && options.drop_doomed) txn.delete_table("kept.doomed");
    txn.commit();
  }
  options.torn_slot = false;  // written anew
  verify(database, options);
  if (options.recheck) compare_all(database, options, options.round);
  finish(std::move(database), options);
}

void look(Options options) {
  options.open.mode = OpenMode::read_only;
  const Database database = open(options);
  verify(database, options);
  compare_all(database, options, options.round);
}

// Values that compress well; the referee has the same.
constexpr uint64_t kTexts = 1000;
std::string text(uint64_t row) {
  std::string all;
  for (uint64_t i = 0; i < row % 400; ++i) all += "row " + std::to_string(row) + ", ";
  return all;
}

void texts(const Options& options) {
  const TypeName key{TypeName::kBuiltin, "u64"};
  const TypeName value{TypeName::kBuiltin, "&str"};
  const auto key_of = [](uint64_t row) {
    return std::string(reinterpret_cast<const char*>(&row), sizeof row);
  };
  if (options.verb == "write-texts") {
    Database database = Database::open(options.file, options.open);
    WriteTxn txn = database.begin_write();
    for (uint64_t row = 0; row < kTexts; ++row) {
      txn.open_table("texts", key, value).put(as_bytes(key_of(row)), as_bytes(text(row)));
    }
    txn.commit();
    finish(std::move(database), options);
    return;
  }
  Database database = open(options);
  verify(database, options);
  {
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table("texts", key, value);
    if (table.len() != kTexts) differ("the number of texts");
    for (uint64_t row = 0; row < kTexts; ++row) {
      const auto found = table.get(as_bytes(key_of(row)));
      if (!found || as_text(found->bytes()) != text(row)) differ("text " + std::to_string(row));
    }
  }
  finish(std::move(database), options);
}

// What the referee's write-quirks leaves, and that it is still there once another table changed.
void quirks(const Options& options) {
  constexpr uint64_t kKeys = 3;
  constexpr uint64_t kValues = 200;
  constexpr uint64_t kRows = 6;
  const TypeName type{TypeName::kBuiltin, "u64"};
  const auto bytes_of = [](const uint64_t& number) {
    return Bytes(reinterpret_cast<const std::byte*>(&number), sizeof number);
  };
  for (uint64_t round = 0; round < 2; ++round) {
    Database database = open(options);
    verify(database, options);
    {
      const ReadTxn txn = database.begin_read();
      const Multimap sets = txn.open_multimap("sets", type, type);
      MultimapCursor cursor = sets.cursor();
      for (uint64_t key = 0; key < kKeys; ++key) {
        for (uint64_t value = 0; value < kValues; ++value) {
          if (!cursor.next() || !std::ranges::equal(cursor.key(), bytes_of(key)) ||
              !std::ranges::equal(cursor.value(), bytes_of(value))) {
            differ("value " + std::to_string(value) + " of key " + std::to_string(key));
          }
        }
      }
      if (cursor.next() || sets.len() != kKeys * kValues) differ("the number of pairs");
      if (txn.open_table("rows", type, type).len() != kRows + round) differ("the number of rows");
    }
    WriteTxn txn = database.begin_write();
    txn.open_table("rows", type, type).put(bytes_of(kRows + round), bytes_of(round));
    txn.commit();
    finish(std::move(database), options);
  }
}

// TTL tables, handed to and fro; expire.rs of the referee has the same rounds, and describes them.
class ExpiringRows {
 public:
  explicit ExpiringRows(const Options& options)
      : options_(options),
        round_(options.round),
        purges_(options.open.compression == Compression::none) {}

  void play() {
    Database database = round_ == 0 ? Database::open(options_.file, options_.open) : open(options_);
    if (round_ > 0) {
      verify(database, options_);
      check(database.begin_read(), round_ - 1);
      WriteTxn txn = database.begin_write();
      TtlTable texts = txn.open_ttl("texts", kNumber, kText);
      TtlTable numbers = txn.open_ttl("numbers", kNumber, kNumber);
      for (TtlTable* table : {&texts, &numbers}) {
        if (purges_ && table->purge({}, 0).removed != expired(round_ - 1)) {
          differ("what a purge finds");
        }
        if (!table->erase(bytes(3 * round_))) differ("a row to be removed");
      }
      txn.commit();
    }
    fill(database.begin_write(), round_ == 0 ? 0 : end(round_ - 1), end(round_));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    finish(std::move(database), options_);
  }

 private:
  static constexpr uint64_t kFirst = 300;
  static constexpr uint64_t kStep = 30;
  static constexpr uint64_t kHourMs = 3'600'000;
  inline static const TypeName kNumber{TypeName::kBuiltin, "u64"};
  inline static const TypeName kText{TypeName::kBuiltin, "&str"};

  static uint64_t end(uint64_t round) { return kFirst + kStep * round; }
  static bool alive(uint64_t row, uint64_t round) {
    const bool removed = row % 3 == 0 && row / 3 >= 1 && row / 3 <= round;
    return row % 3 != 2 && !removed;
  }
  // Rows that have expired and are stored all the same.
  uint64_t expired(uint64_t round) const {
    return (!purges_ ? end(round) : round == 0 ? kFirst : kStep) / 3;
  }
  static std::string text_of(uint64_t row) {
    std::string all;
    for (uint64_t i = 0; i < row % 40; ++i) all += "row " + std::to_string(row) + ", ";
    return all;
  }
  Bytes bytes(uint64_t number) {
    number_ = number;
    return {reinterpret_cast<const std::byte*>(&number_), sizeof number_};
  }
  static uint64_t number_of(Bytes stored) {
    uint64_t number = 0;
    if (stored.size() != sizeof number) differ("the width of a number");
    std::memcpy(&number, stored.data(), sizeof number);
    return number;
  }

  void fill(WriteTxn txn, uint64_t begin, uint64_t limit) {
    TtlTable texts = txn.open_ttl("texts", kNumber, kText);
    TtlTable numbers = txn.open_ttl("numbers", kNumber, kNumber);
    for (uint64_t row = begin; row < limit; ++row) {
      const uint64_t ttl = row % 3 == 0 ? kNoTtl : row % 3 == 1 ? kHourMs : 1;
      texts.put_for(bytes(row), as_bytes(text_of(row)), ttl);
      const uint64_t square = row * row;
      numbers.put_for(bytes(row), {reinterpret_cast<const std::byte*>(&square), sizeof square},
                      ttl);
    }
    txn.commit();
  }

  void check(const ReadTxn& txn, uint64_t round) {
    const TtlTable texts = txn.open_ttl("texts", kNumber, kText);
    const TtlTable numbers = txn.open_ttl("numbers", kNumber, kNumber);
    Cursor cursor = texts.cursor();
    uint64_t living = 0;
    for (uint64_t row = 0; row < end(round); ++row) {
      const auto found = numbers.get(bytes(row));
      if (found.has_value() != alive(row, round))
        differ("whether row " + std::to_string(row) + " lives");
      if (!found) continue;
      ++living;
      if (number_of(found->bytes()) != row * row) differ("a number");
      if (!cursor.next() || number_of(cursor.key()) != row ||
          as_text(cursor.value()) != text_of(row)) {
        differ("text " + std::to_string(row));
      }
      const auto now =
          static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count());
      const uint64_t expiry = cursor.expiry();
      if (row % 3 == 0 ? expiry != 0 : expiry <= now || expiry > now + kHourMs) differ("an expiry");
    }
    if (cursor.next()) differ("the number of texts");
    if (texts.len() != living + expired(round) || numbers.live_count() != living) {
      differ("the number of rows");
    }
  }

  const Options& options_;
  const uint64_t round_;
  const bool purges_;
  uint64_t number_ = 0;  // under the bytes handed out last
};

Options parse(int argc, char** argv) {
  Options options;
  if (argc < 3) throw std::invalid_argument("usage: rdb_side VERB FILE [OPTIONS]");
  options.verb = argv[1];
  options.file = argv[2];
  for (int i = 3; i < argc; i++) {
    const std::string word = argv[i];
    auto argument = [&]() -> std::string {
      if (++i == argc) throw std::invalid_argument(word + " needs a value");
      return argv[i];
    };
    if (word == "--spec")
      options.spec = argument();
    else if (word == "--seed")
      options.seed = std::stoull(argument());
    else if (word == "--round")
      options.round = std::stoull(argument());
    else if (word == "--crash")
      options.crash = true;
    else if (word == "--open-txn")
      options.open_txn = true;
    else if (word == "--expect-clean")
      options.expect_clean = true;
    else if (word == "--allow-leaks")
      options.allow_leaks = true;
    else if (word == "--expect-problem")
      options.expect_problem = argument();
    else if (word == "--torn-slot")
      options.torn_slot = true;
    else if (word == "--recheck")
      options.recheck = true;
    else if (word == "--drop-doomed")
      options.drop_doomed = true;
    else if (word == "--mirror")
      options.open.eof_mirror = true;
    else if (word == "--compression")
      options.open.compression = argument() == "lz4" ? Compression::lz4 : Compression::zstd;
    else if (word == "--redb-profile")
      options.open.key_profile = KeyProfile::redb;
    else if (word == "--region-pages") {
      options.open.region_pages = static_cast<uint32_t>(std::stoul(argument()));
    } else if (word == "--budget")
      options.open.memory_budget_bytes = std::stoull(argument());
    else
      throw std::invalid_argument("unknown option " + word);
  }
  return options;
}

}  // namespace
}  // namespace rdb::interop

int main(int argc, char** argv) {
  using namespace rdb::interop;
  try {
    const Options options = parse(argc, argv);
    if (options.verb == "create")
      create(options);
    else if (options.verb == "check")
      check(options);
    else if (options.verb == "turn")
      turn(options);
    else if (options.verb == "look")
      look(options);
    else if (options.verb == "write-texts" || options.verb == "check-texts")
      texts(options);
    else if (options.verb == "expire")
      ExpiringRows(options).play();
    else if (options.verb == "check-quirks")
      quirks(options);
    else
      throw std::invalid_argument("no verb " + options.verb);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rdb %s: %s\n", argc > 1 ? argv[1] : "", error.what());
    return 1;
  }
}
