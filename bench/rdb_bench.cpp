// rdb_bench.cpp: the benchmark program.
//
//   rdb_bench                 records against LMDB and SQLite, by turns, one process
//   rdb_bench pairs           multimaps against LMDB's DUPSORT
//   rdb_bench bulk            merges, retain, extract and compression against loops without them
//   rdb_bench memory          peak memory of a small budget over a large file
//
// Exit status: 0 done (whatever the times), 1 a check failed (answers differ, memory over its
// limit), 2 usage, 3 error.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>

#include "report.hpp"
#include "workloads/workloads.hpp"

extern char** environ;

namespace rdb::bench {
namespace {

enum ExitCode { kDone = 0, kCheckFailed = 1, kUsage = 2, kFailed = 3 };

std::filesystem::path own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

// Beside the program: the build folder is on a real disk, which the temporary folder often is not.
std::filesystem::path default_directory() { return own_path().parent_path() / "rdb_bench_data"; }

std::string utc_now() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

struct RecordsOptions {
  Config config;
  std::string directory = default_directory().string();
  std::vector<std::string> engines = {"rdb", "lmdb", "sqlite"};
  std::vector<std::string> rows;  // ids of read rows; empty: all. Write rows fill the tables.
  uint64_t cache_mib = 4096;
  bool quick = false;
  bool keep = false;
  std::string json;
};

bool wanted(const RecordsOptions& options, const RowSpec& spec) {
  if (options.rows.empty() || spec.id == "bulk_load") return true;
  return std::find(options.rows.begin(), options.rows.end(), spec.id) != options.rows.end();
}

Engines open_engines(const RecordsOptions& options) {
  const EngineSettings settings{options.directory, options.cache_mib << 20};
  Engines engines;
  for (const std::string& name : options.engines) {
    if (name == "rdb") engines.push_back(open_rdb(settings));
    if (name == "lmdb") engines.push_back(open_lmdb(settings));
    if (name == "sqlite") engines.push_back(open_sqlite(settings));
  }
  return engines;
}

uint64_t bytes_of_files(const std::vector<std::filesystem::path>& files) {
  uint64_t bytes = 0;
  for (const std::filesystem::path& file : files) {
    if (std::filesystem::exists(file)) bytes += std::filesystem::file_size(file);
  }
  return bytes;
}

void emit_json(const std::string& where, const std::string& text) {
  if (where == "-") {
    std::puts(text.c_str());
    return;
  }
  std::ofstream out(where);
  out << text << "\n";
  out.close();
  if (!out) throw std::runtime_error("cannot write " + where);
}

int run_records(RecordsOptions options) {
  Config& config = options.config;
  if (options.quick) {
    config.elements = std::min<uint64_t>(config.elements, 100'000);
    config.gets = 100'000;
    config.ranges = 50'000;
    config.commits = 200;
    config.batches = 20;
  }
  std::filesystem::create_directories(options.directory);

  Report report;
  report.machine = describe_machine(options.directory);
  report.data_directory = options.directory;
  report.started = utc_now();
  report.load_before = load_average();
  report.config = config;

  Engines engines = open_engines(options);
  for (const Workload& workload : write_workloads(config)) {
    if (wanted(options, workload.spec)) {
      report.rows.push_back(workload.run(workload.spec, engines));
    }
  }
  for (const auto& engine : engines) {
    report.engines.push_back(
        {engine->name(), engine->version(), engine->settings(), bytes_of_files(engine->files())});
  }
  report.entries_verified = verify_answers(config, engines);
  report.key_ns = key_generation_ns(config);
  for (const Workload& workload : read_workloads(config)) {
    if (wanted(options, workload.spec)) {
      report.rows.push_back(workload.run(workload.spec, engines));
    }
  }
  report.load_after = load_average();

  std::vector<std::filesystem::path> files;
  for (const auto& engine : engines) {
    for (std::filesystem::path& file : engine->files()) files.push_back(std::move(file));
  }
  engines.clear();
  if (!options.keep) {
    for (const std::filesystem::path& file : files) std::filesystem::remove(file);
  }

  if (options.json != "-") print_text(report, stdout);
  if (!options.json.empty()) emit_json(options.json, to_json(report));
  return kDone;
}

// The peak of resident memory belongs to a process for life, so the measurement gets one that has
// done nothing else.
int run_memory_in_child(const MemoryConfig& config) {
  const std::string program = own_path().string();
  std::vector<std::string> words = {program,
                                    "memory",
                                    "--child",
                                    "--file",
                                    config.file,
                                    "--budget-bytes",
                                    std::to_string(config.budget_bytes)};
  if (config.json) words.push_back("--json");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::fflush(nullptr);
  pid_t child = 0;
  const int code =
      posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ);
  if (code != 0) throw std::runtime_error("cannot start " + program);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error("lost sight of the measuring process");
  }
  if (!WIFEXITED(status)) throw std::runtime_error("the measuring process was killed");
  return WEXITSTATUS(status);
}

int run(int argc, char** argv) {
  CLI::App app("Measures rdb against LMDB and SQLite, by turns in one process.");
  app.set_help_flag("-h,--help", "Show this help");

  RecordsOptions records;
  Config& config = records.config;
  app.add_option("--elements", config.elements, "Pairs of the bulk load")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--gets", config.gets, "Gets per read row")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--ranges", config.ranges, "Range reads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--commits", config.commits, "Durable commits of one pair")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--batches", config.batches, "Durable commits of 1,000 pairs")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rounds", config.rounds, "Turns each engine takes per row; even")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  app.add_option("--seed", config.seed, "Of the pairs")->capture_default_str();
  app.add_option("--engines", records.engines, "Which engines take part")
      ->delimiter(',')
      ->check(CLI::IsMember({"rdb", "lmdb", "sqlite"}))
      ->capture_default_str();
  app.add_option("--rows", records.rows,
                 "Only these: individual_commit batch_commit len random_get random_get_pin "
                 "random_get_copy multi_get range (bulk_load always runs)")
      ->delimiter(',')
      ->check(CLI::IsMember({"bulk_load", "individual_commit", "batch_commit", "len", "random_get",
                             "random_get_pin", "random_get_copy", "multi_get", "range"}));
  app.add_option("--cache-mib", records.cache_mib, "Cache of each engine that has one")
      ->capture_default_str();
  app.add_option("--dir", records.directory, "Folder for the databases")->capture_default_str();
  app.add_flag("--quick", records.quick, "A tenth of everything");
  app.add_flag("--keep", records.keep, "Leave the databases behind");
  app.add_option("--json", records.json, "Also write the report as JSON; - for standard output");

  CLI::App* pairs = app.add_subcommand("pairs", "Multimaps against LMDB's DUPSORT");
  PairsConfig pairs_config;
  pairs_config.directory = default_directory().string();
  pairs->add_option("--pairs", pairs_config.pairs, "Pairs of each shape")
      ->check(CLI::Range(uint64_t{1000}, uint64_t{1} << 40))
      ->capture_default_str();
  pairs->add_option("--rounds", pairs_config.rounds, "Turns each engine takes")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  pairs->add_option("--dir", pairs_config.directory, "Folder for the databases")
      ->capture_default_str();
  pairs->add_flag("--json", pairs_config.json, "Print JSON instead of text");

  CLI::App* bulk = app.add_subcommand(
      "bulk", "Merges, retain, extract and compression against loops without them");
  BulkConfig bulk_config;
  bulk_config.directory = default_directory().string();
  bulk->add_option("--records", bulk_config.records, "Records of the table that loses half")
      ->check(CLI::Range(uint64_t{1000}, uint64_t{1} << 40))
      ->capture_default_str();
  bulk->add_option("--merges", bulk_config.merges, "Merges into 10,000 counters")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  bulk->add_option("--rounds", bulk_config.rounds, "Turns each side takes")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  bulk->add_option("--dir", bulk_config.directory, "Folder for the databases")
      ->capture_default_str();
  bulk->add_flag("--json", bulk_config.json, "Print JSON instead of text");

  CLI::App* memory =
      app.add_subcommand("memory", "Peak memory of a small budget over a large file");
  MemoryConfig memory_config;
  uint64_t file_mib = 1536;
  uint64_t budget_mib = 64;
  bool child = false;
  bool keep_file = false;
  memory->add_option("--file", memory_config.file,
                     "Database to use; built or completed when smaller than --file-mib");
  memory->add_option("--file-mib", file_mib, "Live data in the file")->capture_default_str();
  memory->add_option("--budget-mib", budget_mib, "Memory budget")->capture_default_str();
  memory->add_flag("--keep", keep_file, "Leave the file for the next run");
  memory->add_flag("--json", memory_config.json, "Print JSON instead of text");
  memory->add_flag("--child", child)->group("");  // the fresh process; not for users
  memory->add_option("--budget-bytes", memory_config.budget_bytes)->group("");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (config.rounds % 2 != 0) {
    std::fputs("rdb_bench: --rounds must be even, so that each engine goes first as often\n",
               stderr);
    return kUsage;
  }

  if (pairs->parsed()) {
    measure_pairs(pairs_config);
    return kDone;
  }
  if (bulk->parsed()) {
    measure_bulk(bulk_config);
    return kDone;
  }
  if (!memory->parsed()) return run_records(std::move(records));
  if (child) return measure_memory(memory_config) ? kDone : kCheckFailed;
  memory_config.file_bytes = file_mib << 20;
  memory_config.budget_bytes = budget_mib << 20;
  if (memory_config.file.empty()) {
    std::filesystem::create_directories(default_directory());
    memory_config.file = (default_directory() / "memory.rdb").string();
  } else {
    keep_file = true;  // the caller's file is not ours to remove
  }
  build_memory_file(memory_config);
  const int code = run_memory_in_child(memory_config);
  if (!keep_file) std::filesystem::remove(memory_config.file);
  return code;
}

}  // namespace
}  // namespace rdb::bench

int main(int argc, char** argv) {
  try {
    return rdb::bench::run(argc, argv);
  } catch (const rdb::bench::CheckFailed& error) {
    std::fprintf(stderr, "rdb_bench: check failed: %s\n", error.what());
    return rdb::bench::kCheckFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rdb_bench: %s\n", error.what());
    return rdb::bench::kFailed;
  }
}
