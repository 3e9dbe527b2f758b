// demo.cpp: rdb on real input: the package catalogue of a Debian machine in one database.
//
//   packages     &str  -> &str   name -> the whole record
//   sections     &str  -> u64    section -> number of packages
//   maintainers  &str  -> u64    maintainer -> number of packages
//   names        &[u8] -> u64    name in byte order -> installed size in KiB
//   by_section   (&str,&str) -> u64    section and name -> installed size in KiB
//   needed_by    &str  -> &str   multimap: name -> the packages that depend on it
//   closures     &str  -> u64    for an hour: name -> packages that depend on it in the end
//
// All but the last change in the same transactions, so the counters agree with the records at every
// commit.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <thread>
#include <unordered_set>
#include <vector>

#include "../progress.hpp"
#include "../text.hpp"
#include "catalogue.hpp"
#include "session.hpp"

namespace rdb::demo {

namespace {

using tools::format_bytes;
using tools::format_count;
using tools::format_seconds;
using tools::Progress;

constexpr size_t kPackagesPerCommit = 4000;
constexpr size_t kLookups = 100000;

class Stopwatch {
 public:
  double seconds() const {
    const auto elapsed = std::chrono::steady_clock::now() - started_;
    return std::max(1e-9, std::chrono::duration<double>(elapsed).count());
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

std::string rate(uint64_t count, double seconds) {
  return format_count(static_cast<uint64_t>(static_cast<double>(count) / seconds)) + "/s";
}

void heading(const char* title) { std::printf("\n== %s ==\n", title); }

// left and right in columns; left is cut between characters when it is too long.
void pair_line(std::string_view left, const std::string& right, size_t width = 44) {
  const std::string shown = tools::escape_controls(tools::cut_at_character(left, width));
  const size_t count = tools::character_count(shown);
  std::printf("  %s%s  %s\n", shown.c_str(),
              std::string(count < width ? width - count : 0, ' ').c_str(), right.c_str());
}

struct Tables {
  Table packages;
  Table sections;
  Table maintainers;
  Table names;
  Table by_section;
  Table needed_by;
  PairCodec section_and_name;

  explicit Tables(Txn& txn)
      : packages(txn.open("packages", "&str", "&str")),
        sections(txn.open("sections", "&str", "u64")),
        maintainers(txn.open("maintainers", "&str", "u64")),
        names(txn.open("names", "&[u8]", "u64")),
        by_section(txn.open("by_section", PairCodec::kType, "u64")),
        needed_by(txn.open_multimap("needed_by", "&str", "&str")) {}
};

// Adds to a counter, or takes away from it; one that reaches zero goes.
void count(Table& table, const std::string& name, int64_t change) {
  table.add(name, static_cast<uint64_t>(change));
  if (change < 0 && decode_u64(table.get(name).value()) == 0) table.erase(name);
}

void store(Tables& tables, const Package& package) {
  // A catalogue names a package once for each architecture; the counters count names.
  const bool is_new = !tables.packages.get(package.name).has_value();
  tables.packages.put(package.name, package.record);
  tables.names.put(package.name, encode_u64(package.installed_kib));
  tables.by_section.put(tables.section_and_name.encode(package.section, package.name),
                        encode_u64(package.installed_kib));
  for (const std::string_view name : dependencies(package.record)) {
    tables.needed_by.put(name, package.name);
  }
  if (!is_new) return;
  count(tables.sections, package.section, 1);
  count(tables.maintainers, package.maintainer, 1);
}

uint64_t load(const std::string& database_path, const std::string& input_path) {
  heading("Loading");
  Database db(database_path, RDB_OPEN_CREATE_NEW);
  CatalogueReader reader(input_path);
  const Stopwatch watch;
  uint64_t packages = 0;
  uint64_t commits = 0;
  {
    Progress progress("loading", Progress::Amount::bytes, "", false, nullptr);
    Package package;
    bool more = reader.next(package);
    while (more) {
      Txn txn = db.write();
      {
        Tables tables(txn);
        for (size_t i = 0; more && i < kPackagesPerCommit; ++i) {
          store(tables, package);
          ++packages;
          if (packages % 64 == 0) {
            progress.set_note(format_count(packages) + " packages");
            progress.progress(reader.done_bytes(), reader.total_bytes());
          }
          more = reader.next(package);
        }
      }
      txn.commit();
      ++commits;
    }
  }
  const double seconds = watch.seconds();
  const rdb_stats_info stats = db.stats();
  const auto per_commit =
      static_cast<double>(stats.syncs) / static_cast<double>(std::max<uint64_t>(1, commits));
  db.close();
  char syncs[64];
  std::snprintf(syncs, sizeof syncs, "%.2f", per_commit);
  pair_line(
      "packages stored",
      format_count(packages) + " in " + format_seconds(seconds) + ", " + rate(packages, seconds),
      24);
  pair_line(
      "input",
      format_bytes(reader.done_bytes()) + ", " +
          format_bytes(static_cast<uint64_t>(static_cast<double>(reader.done_bytes()) / seconds)) +
          "/s",
      24);
  pair_line("durable commits",
            format_count(commits) + ", each of up to " + format_count(kPackagesPerCommit) +
                " packages in 6 tables",
            24);
  pair_line(
      "written",
      format_bytes(stats.bytes_written) + " in " + format_count(stats.write_calls) + " writes", 24);
  pair_line("syncs per commit", syncs, 24);
  return packages;
}

std::string summary(const std::string& record) {
  std::string text(field(record, "Version"));
  const std::string_view description = field(record, "Description");
  if (!description.empty()) text += "  " + std::string(tools::cut_at_character(description, 60));
  return tools::escape_controls(text);
}

void lookups(const Database& db) {
  heading("Lookups");
  Txn txn = db.read();
  const Table packages = txn.open("packages", "&str", "&str");
  for (const char* name : {"bash", "coreutils", "libc6", "python3", "sqlite3", "no-such-package"}) {
    const std::optional<std::string> record = packages.get(name);
    pair_line(name, record ? summary(*record) : "not there", 16);
  }

  std::vector<std::string> names;
  std::string_view key;
  std::string_view value;
  uint64_t bytes = 0;
  const Stopwatch scan_watch;
  for (Cursor cursor(packages.raw()); cursor.next(key, value);) {
    names.emplace_back(key);
    bytes += key.size() + value.size();
  }
  const double scan_seconds = scan_watch.seconds();
  std::printf("\n");
  pair_line("one scan of everything",
            format_count(names.size()) + " records, " + format_bytes(bytes) + ", " +
                format_seconds(scan_seconds) + ", " + rate(names.size(), scan_seconds),
            24);
  if (names.empty()) return;
  std::mt19937_64 random(1);  // the same questions in every run
  uint64_t found = 0;
  const Stopwatch watch;
  for (size_t i = 0; i < kLookups; ++i) {
    rdb_error error{};
    rdb_value* pin = nullptr;
    const std::string& name = names[random() % names.size()];
    check(rdb_get_pin(packages.raw(), slice(name), &pin, &error), error);
    found += rdb_value_data(pin).size > 0;
    rdb_value_free(pin);
  }
  const double seconds = watch.seconds();
  pair_line("random lookups",
            format_count(found) + " in " + format_seconds(seconds) + ", " + rate(found, seconds),
            24);
}

void prefix_scans(const Database& db) {
  heading("Prefix scans over the name index");
  Txn txn = db.read();
  const Table names = txn.open("names", "&[u8]", "u64");
  for (const char* prefix : {"lib", "python3-", "lib32", "linux-image-", "x"}) {
    std::string_view key;
    std::string_view value;
    std::string first;
    std::string last;
    uint64_t packages = 0;
    uint64_t kib = 0;
    const Stopwatch watch;
    for (Cursor cursor(names.raw(), prefix); cursor.next(key, value); ++packages) {
      if (packages == 0) first = key;
      last = key;
      kib += decode_u64(value);
    }
    const double milliseconds = watch.seconds() * 1000;
    char text[200];
    std::snprintf(text, sizeof text, "%7s packages  %12s installed  %7.2f ms  %.30s%s%.40s",
                  format_count(packages).c_str(), format_bytes(kib * 1024).c_str(), milliseconds,
                  first.c_str(), packages > 1 ? " .. " : "", packages > 1 ? last.c_str() : "");
    pair_line(std::string(prefix) + "*", text, 14);
  }
}

// Composite keys: the packages of a section lie together, in the order of their names.
void section_scans(const Database& db) {
  heading("Packages of a section, by keys (section, name)");
  Txn txn = db.read();
  const Table table = txn.open("by_section", PairCodec::kType, "u64");
  PairCodec codec;
  for (const char* section : {"editors", "fonts", "graphics", "libs", "no-such-section"}) {
    const std::string lower(codec.encode(section, ""));
    const std::string upper(codec.encode(std::string(section) + '\1', ""));
    std::string_view key;
    std::string_view value;
    uint64_t packages = 0;
    uint64_t largest_kib = 0;
    std::string largest;
    const Stopwatch watch;
    for (Cursor cursor(table.raw(), lower, upper); cursor.next(key, value); ++packages) {
      const uint64_t kib = decode_u64(value);
      if (packages > 0 && kib <= largest_kib) continue;
      largest_kib = kib;
      largest = codec.decode(key).second;
    }
    const double milliseconds = watch.seconds() * 1000;
    char text[200];
    std::snprintf(text, sizeof text, "%7s packages  %7.2f ms  %s%.40s%s%s",
                  format_count(packages).c_str(), milliseconds, packages > 0 ? "largest: " : "",
                  largest.c_str(), packages > 0 ? ", " : "",
                  packages > 0 ? format_bytes(largest_kib * 1024).c_str() : "");
    pair_line(section, text, 16);
  }
}

// All that depend on what is in reached, directly or not, joins it.
void close(const Table& needed_by, std::unordered_set<std::string>& reached) {
  std::vector<std::string> next(reached.begin(), reached.end());
  while (!next.empty()) {
    const std::string name = std::move(next.back());
    next.pop_back();
    for (std::string& dependent : needed_by.values(name)) {
      if (reached.insert(dependent).second) next.push_back(std::move(dependent));
    }
  }
}

// A multimap: all that depend on a package in one lookup, and what depends on those in turn.
void reverse_dependencies(const Database& db) {
  heading("Who depends on it");
  Txn txn = db.read();
  const Table needed_by = txn.open_multimap("needed_by", "&str", "&str");
  for (const char* package : {"libc6", "python3", "perl", "zlib1g", "libssl3", "bash", "emacs"}) {
    const Stopwatch lookup;
    const std::vector<std::string> direct = needed_by.values(package);
    const double microseconds = lookup.seconds() * 1e6;
    const Stopwatch search;
    std::unordered_set<std::string> reached(direct.begin(), direct.end());
    close(needed_by, reached);
    char text[200];
    std::snprintf(text, sizeof text, "%7s directly  %8.1f us    %7s in the end  %8.1f ms",
                  format_count(direct.size()).c_str(), microseconds,
                  format_count(reached.size()).c_str(), search.seconds() * 1000);
    pair_line(package, text, 16);
  }
}

// A TTL table: what took long to find out is kept for an hour, and then asked anew.
void cached_closures(const Database& db) {
  heading("A cache that forgets: who depends on it in the end");
  constexpr size_t kQuestions = 2000;
  constexpr size_t kNames = 200;
  constexpr uint64_t kHourMs = 3'600'000;
  constexpr uint64_t kStep = 64;
  std::vector<std::string> names;
  {
    Txn txn = db.read();
    const Table packages = txn.open("packages", "&str", "&str");
    const uint64_t every = std::max<uint64_t>(1, packages.len() / kNames);
    std::string_view key;
    std::string_view value;
    uint64_t row = 0;
    for (Cursor cursor(packages.raw()); cursor.next(key, value); ++row) {
      if (row % every == 0) names.emplace_back(key);
    }
  }
  std::mt19937_64 random(11);
  uint64_t hits = 0;
  double found_out = 0;
  double remembered = 0;
  {
    Txn txn = db.write();
    {
      const Table needed_by = txn.open_multimap("needed_by", "&str", "&str");
      Table closures = txn.open_ttl("closures", "&str", "u64");
      for (size_t i = 0; i < kQuestions; ++i) {
        const std::string& name =
            names[random() % names.size() * (random() % names.size()) / names.size()];
        const Stopwatch watch;
        if (closures.get(name)) {
          remembered += watch.seconds();
          ++hits;
          continue;
        }
        std::unordered_set<std::string> reached{name};
        close(needed_by, reached);
        closures.put_for(name, encode_u64(reached.size() - 1), kHourMs);
        found_out += watch.seconds();
      }
    }
    txn.commit();
  }
  const uint64_t misses = kQuestions - hits;
  char text[120];
  std::snprintf(text, sizeof text, "%s, %.1f us each", format_count(misses).c_str(),
                found_out * 1e6 / static_cast<double>(std::max<uint64_t>(1, misses)));
  pair_line("questions that had to be answered", text);
  std::snprintf(text, sizeof text, "%s, %.1f us each", format_count(hits).c_str(),
                remembered * 1e6 / static_cast<double>(std::max<uint64_t>(1, hits)));
  pair_line("answered from the cache", text);

  db.set_clock(db.now_ms() + kHourMs);
  {
    Txn txn = db.read();
    const Table closures = txn.open_ttl("closures", "&str", "u64");
    pair_line("an hour later", format_count(closures.live_count()) + " alive, " +
                                   format_count(closures.len()) + " stored");
  }
  Table::Purged step;
  uint64_t removed = 0;
  uint64_t steps = 0;
  do {
    Txn txn = db.write();
    step = txn.open_ttl("closures", "&str", "u64").purge(step.position, kStep);
    txn.commit();
    removed += step.removed;
    ++steps;
  } while (step.position);
  db.set_clock(RDB_CLOCK_RUNS);
  pair_line("purged",
            format_count(removed) + " in " + format_count(steps) + " steps of a commit each");
}

void top_ten(const Database& db, const char* table_name) {
  Txn txn = db.read();
  const Table table = txn.open(table_name, "&str", "u64");
  std::vector<std::pair<uint64_t, std::string>> counters;
  std::string_view key;
  std::string_view value;
  uint64_t total = 0;
  for (Cursor cursor(table.raw()); cursor.next(key, value);) {
    counters.emplace_back(decode_u64(value), key);
    total += counters.back().first;
  }
  std::sort(counters.begin(), counters.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::printf("\n== Top ten of %s %s ==\n", format_count(counters.size()).c_str(), table_name);
  constexpr size_t kBarCells = 24;
  for (size_t i = 0; i < counters.size() && i < 10; ++i) {
    const uint64_t cells = counters[i].first * kBarCells / counters[0].first;
    char text[80];
    std::snprintf(text, sizeof text, "%7s  %7s  ", format_count(counters[i].first).c_str(),
                  tools::format_percent(counters[i].first, total).c_str());
    pair_line(counters[i].second, text + std::string(cells, '#'));
  }
}

struct View {
  uint64_t txn = 0;
  uint64_t packages = 0;
  uint64_t counted = 0;  // sum over the sections
  bool operator==(const View&) const = default;
};

// Reads the state from two tables: they must agree in every snapshot.
View look(Txn& txn) {
  View view;
  view.txn = txn.id();
  const Table packages = txn.open("packages", "&str", "&str");
  const Table sections = txn.open("sections", "&str", "u64");
  std::string_view key;
  std::string_view value;
  for (Cursor cursor(packages.raw()); cursor.next(key, value);) ++view.packages;
  for (Cursor cursor(sections.raw()); cursor.next(key, value);) view.counted += decode_u64(value);
  return view;
}

void print_view(const char* who, const View& view) {
  pair_line(who,
            "commit " + std::to_string(view.txn) + ": " + format_count(view.packages) +
                " packages, sections count " + format_count(view.counted),
            44);
}

// A reader scans again and again while a writer takes packages out and puts them back.
bool snapshots(const Database& db) {
  heading("A snapshot and a writer");
  Txn old_reader = db.read();
  const View before = look(old_reader);
  print_view("a reader begins", before);

  std::atomic<bool> stop{false};
  std::atomic<uint64_t> scans{0};
  std::atomic<uint64_t> surprises{0};
  std::string reader_failure;
  std::thread reader([&] {
    try {
      do {
        if (look(old_reader) != before) ++surprises;
        ++scans;
      } while (!stop);
    } catch (const std::exception& error) {
      reader_failure = error.what();
      ++surprises;
    }
  });

  std::vector<Package> taken;
  View after;
  std::string writer_failure;
  try {
    {
      Txn txn = db.write();
      {
        Tables tables(txn);
        std::string_view key;
        std::string_view value;
        for (Cursor cursor(tables.packages.raw(), "lib"); cursor.next(key, value);) {
          Package package;
          package.name = key;
          package.record = value;
          package.section = field(package.record, "Section");
          if (package.section.empty()) package.section = "(none)";
          taken.push_back(std::move(package));
        }
        for (const Package& package : taken) {
          tables.packages.erase(package.name);
          count(tables.sections, package.section, -1);
        }
      }
      txn.commit();
    }
    Txn new_reader = db.read();
    after = look(new_reader);
  } catch (const std::exception& error) {
    writer_failure = error.what();
  }
  stop = true;
  reader.join();
  if (!writer_failure.empty()) throw Failure(writer_failure);
  if (!reader_failure.empty()) throw Failure(reader_failure);

  pair_line("a writer takes out lib* and commits", format_count(taken.size()) + " packages gone");
  print_view("the old reader, still at work", look(old_reader));
  print_view("a new reader", after);
  pair_line("scans of the old reader meanwhile",
            format_count(scans) + ", " + format_count(surprises) + " of them differed");
  {
    Txn txn = db.write();
    {
      Tables tables(txn);
      for (const Package& package : taken) {
        tables.packages.put(package.name, package.record);
        count(tables.sections, package.section, 1);
      }
    }
    txn.commit();
  }
  Txn last_reader = db.read();
  const View restored = look(last_reader);
  print_view("the writer puts them back", restored);
  const bool sound = surprises == 0 && after.packages + taken.size() == before.packages &&
                     after.counted == after.packages && restored.packages == before.packages &&
                     restored.counted == before.counted;
  if (!sound) std::printf("  THE SNAPSHOTS ARE NOT WHAT THEY MUST BE\n");
  return sound;
}

bool verify(const Database& db) {
  heading("Verification, every page, full depth");
  const Stopwatch watch;
  Database::Verdict verdict;
  {
    Progress progress("verifying", Progress::Amount::count, "pages", false, nullptr);
    verdict = db.verify([&](uint64_t done, uint64_t total) { progress.progress(done, total); });
  }
  const double seconds = watch.seconds();
  pair_line("checked",
            format_count(verdict.info.pages_checked) + " pages, " +
                format_count(verdict.info.tables_checked) + " tables, " +
                format_count(verdict.info.entries_checked) + " entries, " + format_seconds(seconds),
            24);
  pair_line("leaked pages", format_count(verdict.info.leaked_pages), 24);
  pair_line("problems", format_count(verdict.info.problem_count), 24);
  if (verdict.info.problem_count > 0) std::printf("  %s\n", verdict.first_problem.c_str());
  return verdict.info.problem_count == 0;
}

void print_size(const char* table, const rdb_table_stats_info& stats) {
  std::printf("  %-14s %10s %13s %13s %13s %8s %7u\n", table, format_count(stats.entries).c_str(),
              format_bytes(stats.stored_leaf_bytes).c_str(),
              format_bytes(stats.metadata_bytes).c_str(),
              format_bytes(stats.fragmented_bytes).c_str(),
              format_count(stats.leaf_pages + stats.branch_pages).c_str(), stats.tree_height);
}

void sizes(const Database& db) {
  heading("What lies in the file");
  Txn txn = db.read();
  std::printf("  %-14s %10s %13s %13s %13s %8s %7s\n", "table", "rows", "stored", "metadata",
              "unused", "pages", "height");
  struct Name {
    const char* table;
    const char* key;
    const char* value;
  };
  for (const Name& name : {Name{"maintainers", "&str", "u64"}, Name{"names", "&[u8]", "u64"},
                           Name{"packages", "&str", "&str"}, Name{"sections", "&str", "u64"},
                           Name{"by_section", PairCodec::kType.data(), "u64"}}) {
    print_size(name.table, txn.open(name.table, name.key, name.value).stats());
  }
  const rdb_table_stats_info pairs = txn.open_multimap("needed_by", "&str", "&str").stats();
  print_size("needed_by", pairs);
  const rdb_stats_info stats = db.stats();
  std::printf("\n");
  pair_line("file", format_bytes(stats.file_bytes), 24);
  pair_line("pages in use, free",
            format_count(stats.allocated_pages) + ", " + format_count(stats.free_pages), 24);
  pair_line("page memory in use",
            format_bytes(stats.resident_bytes) + " of " + format_bytes(stats.memory_budget_bytes),
            24);
}

int run(const std::string& database_path, const std::string& input_path,
        const std::string& source) {
  std::printf("rdb %s: %s in one database\n", rdb_version(), source.c_str());
  if (load(database_path, input_path) == 0) throw Failure("the catalogue holds no package");

  const Stopwatch watch;
  Database db(database_path, RDB_OPEN_EXISTING);
  pair_line(
      "closed and opened again",
      format_seconds(watch.seconds()) + (db.was_clean() ? ", nothing to repair" : ", REPAIRED"),
      24);
  lookups(db);
  prefix_scans(db);
  section_scans(db);
  reverse_dependencies(db);
  cached_closures(db);
  top_ten(db, "sections");
  top_ten(db, "maintainers");
  const bool snapshots_sound = snapshots(db);
  const bool verified = verify(db);
  sizes(db);
  db.close();
  return snapshots_sound && verified ? 0 : 1;
}

}  // namespace

}  // namespace rdb::demo

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: rdb_demo DATABASE CATALOGUE SOURCE-NAME\n");
    return 2;
  }
  // Progress goes to standard error; lines appear in the order of the work in a shared log.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    return rdb::demo::run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rdb_demo: %s\n", error.what());
    return 3;
  }
}
