#include "context.hpp"

#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

CancelToken& interrupt() {
  static CancelToken token;
  return token;
}

Database Context::open(const std::string& path, OpenMode mode, OpenOptions options) {
  Progress progress("recovering", Progress::Amount::count, "steps", quiet, &interrupt());
  options.mode = mode;
  options.memory_budget_bytes = memory_mib << 20;
  options.repair_progress = &progress;
  options.cancel = &interrupt();
  Database db = Database::open(path, options);
  progress.finish();
  if (!db.recovery().clean && !quiet) {
    const char* const done = mode == OpenMode::read_only
                                 ? "is shown as recovery would leave it; nothing was written"
                                 : "has been recovered";
    std::fprintf(stderr, "rdb: note: %s was not closed cleanly and %s\n",
                 escape_controls(path).c_str(), done);
    for (const std::string& note : db.recovery().notes) {
      std::fprintf(stderr, "rdb: note: %s\n", escape_controls(note).c_str());
    }
  }
  return db;
}

Database Context::open_for_reading(const std::string& path) {
  try {
    return open(path, OpenMode::read_only);
  } catch (const Error& error) {
    const bool needs_recovery =
        error.code() == ErrorCode::repair_aborted || error.code() == ErrorCode::recovery_required;
    if (read_only || !needs_recovery || interrupt().cancelled()) throw;
  }
  return open(path, OpenMode::existing);
}

Database Context::open_for_checking(const std::string& path, bool accept_damage) {
  OpenOptions options;
  options.accept_damage = accept_damage;
  return open(path, OpenMode::read_only, options);
}

Database Context::open_for_writing(const std::string& path) {
  if (read_only) throw UsageError("--read-only forbids a command that writes");
  return open(path, OpenMode::existing);
}

Database Context::open_or_create(const std::string& path, const NewFile& file) {
  if (read_only) throw UsageError("--read-only forbids a command that writes");
  file.check(path);
  OpenOptions options;
  file.apply(options);
  return open(path, OpenMode::create, options);
}

const TableInfo& info_of(const AnyTable& table) {
  return std::visit([](const auto& open) -> const TableInfo& { return open.info(); }, table);
}

uint64_t count_rows(const AnyTable& table) {
  return std::visit([](const auto& open) { return open.len(); }, table);
}

AnyTable open_existing_table(const ReadTxn& txn, const std::string& name, const std::string& file) {
  const std::optional<TableInfo> info = txn.find_table(name);
  if (!info) throw NotFound("no table \"" + name + "\" in " + file);
  if (info->kind == TableKind::multimap) return txn.open_multimap_raw(name);
  return txn.open_table_raw(name);
}

std::vector<std::byte> decode_argument(const ValueCodec& codec, const std::string& text,
                                       const char* what) {
  try {
    return codec.from_text(text);
  } catch (const Error& error) {
    throw UsageError(std::string(what) + ": " + error.what());
  }
}

std::string counted(uint64_t count, const std::string& singular) {
  return format_count(count) + " " + singular + (count == 1 ? "" : "s");
}

CLI::Option* add_text(CLI::App& app, const std::string& name, std::string& target,
                      const std::string& description) {
  CLI::Option* option = app.add_option(name, target, description);
  option->transform(CLI::Validator(
      [](std::string& text) {
        if (text.starts_with(kNumberMark)) text.erase(0, 1);
        return std::string();
      },
      ""));
  return option;
}

}  // namespace rdb::tools
