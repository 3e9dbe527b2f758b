// main.cpp: the `rdb` command line tool: global options, signals, and the one place where an
// exception becomes an exit code.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <new>

#include "context.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

constexpr const char* kFooter = R"(
Keys and values follow the types of their table. Byte strings may be given as
plain text, text:..., hex:... or b64:...; arrays as JSON lists. A table's types
are listed by `rdb tables FILE`.

Exit codes: 0 done, 1 not found or check failed, 2 wrong usage, 3 error.
Examples:
  rdb put notes.rdb todo 1 "call home" --create --key-type u64 --value-type str
  rdb get notes.rdb todo 1
  rdb scan notes.rdb todo --from 1 --limit 10 --json
  rdb export notes.rdb todo --header | rdb import copy.rdb todo --create
)";

void on_interrupt(int) {
  // A second interrupt ends the process at once; the file then recovers at the next open.
  if (interrupt().cancelled()) _exit(128 + SIGINT);
  interrupt().cancel();
}

void install_signal_handlers() {
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  // No SA_RESTART: a read from a terminal or pipe must come back so that import can stop.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// "-5", "-.5", "-inf": values, which CLI11 would take for options.
bool looks_like_number(std::string_view argument) {
  if (argument.size() < 2 || argument[0] != '-') return false;
  const auto next = static_cast<unsigned char>(argument[1]);
  return std::isdigit(next) != 0 || (next == '.' && argument.size() > 2) || argument == "-inf" ||
         argument == "-Infinity";
}

int report(int exit_code, const std::string& reason) {
  std::fprintf(stderr, "rdb: %s\n", escape_controls(reason).c_str());
  return exit_code;
}

int run(int argc, char** argv) {
  Context context;
  CLI::App app("rdb: look into, change, check and copy rdb database files.", "rdb");
  app.set_version_flag("--version", "rdb " RDB_TOOL_VERSION);
  app.add_flag("--json", context.json, "Write JSON: one document, or one line per row");
  app.add_flag("--read-only", context.read_only, "Never write to the file, not even to recover it");
  app.add_flag("-q,--quiet", context.quiet, "No progress and no notes on standard error");
  app.add_option("--memory", context.memory_mib, "Memory for pages in MiB (default: automatic)")
      ->type_name("MIB")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 24));
  app.require_subcommand(1);
  app.fallthrough();  // global options may follow the subcommand

  add_info(app, context);
  add_tables(app, context);
  add_get(app, context);
  add_put(app, context);
  add_delete(app, context);
  add_scan(app, context);
  add_import(app, context);
  add_export(app, context);
  add_dump(app, context);
  add_load(app, context);
  add_verify(app, context);
  add_stats(app, context);
  add_header(app, context);
  app.footer(kFooter);  // after the subcommands, which would inherit it

  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {  // CLI11 takes them last first
    std::string argument = argv[i];
    if (looks_like_number(argument)) argument.insert(0, 1, kNumberMark);
    arguments.push_back(std::move(argument));
  }
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& request) {  // --help, --version
    app.exit(request);
    context.out.flush();
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return report(kExitUsage, std::string(error.what()) + " (see rdb --help)");
  }

  try {
    const int exit_code = context.run();
    context.out.flush();
    return exit_code;
  } catch (const UsageError& error) {
    return report(kExitUsage, error.what());
  } catch (const NotFound& error) {
    return report(kExitNotFound, error.what());
  } catch (const Error& error) {
    return report(kExitError, error.what());
  }
}

}  // namespace

}  // namespace rdb::tools

int main(int argc, char** argv) {
  using namespace rdb::tools;
  try {
    install_signal_handlers();
    return run(argc, argv);
  } catch (const OutputClosed&) {
    return kExitDone;  // the reader has seen enough
  } catch (const std::bad_alloc&) {
    return report(kExitError, "out of memory");
  } catch (const std::exception& error) {
    return report(kExitError, error.what());
  }
}
