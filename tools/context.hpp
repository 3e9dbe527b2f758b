// context.hpp: what every subcommand shares: the global options, opening a database, exit codes.
//
// Exit codes are a promise to scripts. Never change.
//   0  done            1  not found, or a check failed
//   2  wrong usage     3  error; one line on standard error, "rdb: ..."
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <variant>

#include "new_file.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "rdb/cancel.hpp"
#include "rdb/database.hpp"

namespace rdb::tools {

inline constexpr int kExitDone = 0;
inline constexpr int kExitNotFound = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitError = 3;

// The command line asks for something that makes no sense: exit 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Something named does not exist: exit 1.
struct NotFound : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Raised by SIGINT and SIGTERM.
CancelToken& interrupt();

struct Context {
  bool json = false;
  bool read_only = false;
  bool quiet = false;
  uint64_t memory_mib = 0;  // 0: the library's choice
  Output out{stdout, "standard output"};

  // Set by the chosen subcommand; returns the exit code.
  std::function<int()> run;

  // Opens without ever writing when the file was closed cleanly. A file that was not is recovered,
  // which writes to it, unless --read-only forbids that.
  Database open_for_reading(const std::string& path);
  // Never writes. accept_damage: the newest commit as it is, see OpenOptions.
  Database open_for_checking(const std::string& path, bool accept_damage);
  Database open_for_writing(const std::string& path);
  // A missing file is made.
  Database open_or_create(const std::string& path, const NewFile& file);

 private:
  Database open(const std::string& path, OpenMode mode, OpenOptions options = {});
};

// A table of either kind.
using AnyTable = std::variant<Table, Multimap>;
const TableInfo& info_of(const AnyTable& table);
// Of a table: its rows; of a multimap: its pairs.
uint64_t count_rows(const AnyTable& table);

// Throws NotFound naming table and file.
AnyTable open_existing_table(const ReadTxn& txn, const std::string& name, const std::string& file);

// A key or value given on the command line; refusals become UsageError.
std::vector<std::byte> decode_argument(const ValueCodec& codec, const std::string& text,
                                       const char* what);

// "12 rows", "1 row"
std::string counted(uint64_t count, const std::string& singular);

// A positional argument or option that takes text. Arguments such as -5 are numbers here, not
// options: main() protects them with a mark that this undoes.
CLI::Option* add_text(CLI::App& app, const std::string& name, std::string& target,
                      const std::string& description);
inline constexpr char kNumberMark = '\x01';

// The subcommands, each in the file of its name.
void add_info(CLI::App& app, Context& context);
void add_tables(CLI::App& app, Context& context);
void add_get(CLI::App& app, Context& context);
void add_put(CLI::App& app, Context& context);
void add_delete(CLI::App& app, Context& context);
void add_scan(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_dump(CLI::App& app, Context& context);
void add_load(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);
void add_stats(CLI::App& app, Context& context);
int run_stats(Context& context, const std::string& path);  // tables --stats, too
void add_header(CLI::App& app, Context& context);

}  // namespace rdb::tools
