// export.cpp: `rdb export FILE TABLE [OUTPUT]`: all rows of one snapshot as JSON lines.
//
// A named output appears complete or not at all: it is written beside its place and renamed.
// Devices and pipes are written directly.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "context.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct ExportArguments {
  std::string path;
  std::string table;
  std::string output = "-";
  bool header = false;
};

[[noreturn]] void throw_io(const std::string& what, const std::string& path) {
  const int code = errno;
  throw Error(ErrorCode::io, "cannot " + what + " " + path + ": " + std::strerror(code),
              Error::kNoPosition, code);
}

class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)), written_path_(path_) {
    struct stat status {};
    const bool exists = stat(path_.c_str(), &status) == 0;
    replaces_ = !exists || S_ISREG(status.st_mode);
    if (replaces_) written_path_ += ".part";
    stream_ = std::fopen(written_path_.c_str(), "wb");
    if (stream_ == nullptr) throw_io("create", written_path_);
  }
  ~OutputFile() {
    if (stream_ == nullptr) return;
    std::fclose(stream_);
    if (replaces_) unlink(written_path_.c_str());
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::FILE* stream() { return stream_; }

  void finish() {
    if (std::fflush(stream_) != 0) throw_io("write", path_);
    // The rename must not overtake the data on the disk.
    if (replaces_ && fsync(fileno(stream_)) != 0) throw_io("write", path_);
    std::FILE* stream = stream_;
    stream_ = nullptr;
    if (std::fclose(stream) != 0) throw_io("write", path_);
    if (replaces_ && std::rename(written_path_.c_str(), path_.c_str()) != 0) {
      throw_io("rename " + written_path_ + " to", path_);
    }
  }

 private:
  std::string path_;
  std::string written_path_;
  bool replaces_ = false;
  std::FILE* stream_ = nullptr;
};

struct Counts {
  uint64_t rows = 0;
  uint64_t not_values = 0;  // keys or values whose bytes are none of their type
};

Counts write_rows(Context& context, const AnyTable& table, bool header, Output& out) {
  const TableInfo& info = info_of(table);
  const ValueCodec key_codec(info.key_type, info.key_width);
  const ValueCodec value_codec(info.value_type, info.value_width);
  if (header) {
    Json line{{"table", info.name},
              {"key_type", type_json(info.key_type)},
              {"value_type", type_json(info.value_type)}};
    if (info.kind == TableKind::multimap) line["kind"] = "multimap";
    out.json_line(line);
  }
  Counts counts;
  const uint64_t total = count_rows(table);
  Progress progress("exporting", Progress::Amount::count, "rows", context.quiet, &interrupt());
  const auto write_all = [&](auto cursor) {
    while (cursor.next()) {
      CancelToken::check(&interrupt());
      out.json_line(Json{{"key", key_codec.to_json(cursor.key())},
                         {"value", value_codec.to_json(cursor.value())}});
      counts.not_values += !key_codec.is_value(cursor.key());
      counts.not_values += !value_codec.is_value(cursor.value());
      ++counts.rows;
      progress.progress(counts.rows, total);
    }
  };
  std::visit([&](const auto& open) { write_all(open.cursor()); }, table);
  out.flush();
  return counts;
}

int run_export(Context& context, const ExportArguments& arguments) {
  const bool to_stdout = arguments.output == "-";
  std::error_code ignored;
  if (!to_stdout && std::filesystem::equivalent(arguments.path, arguments.output, ignored)) {
    throw UsageError("OUTPUT is the database itself");
  }
  Database db = context.open_for_reading(arguments.path);
  const ReadTxn txn = db.begin_read();
  const AnyTable table = open_existing_table(txn, arguments.table, arguments.path);
  Counts counts;
  if (to_stdout) {
    counts = write_rows(context, table, arguments.header, context.out);
  } else {
    OutputFile file(arguments.output);
    Output out(file.stream(), arguments.output);
    counts = write_rows(context, table, arguments.header, out);
    file.finish();
    // Standard output carries the rows in the other case, so it stays silent there.
    if (context.json) {
      context.out.json_document(Json{
          {"table", arguments.table}, {"rows", counts.rows}, {"not_values", counts.not_values}});
    } else {
      context.out.line("exported " + counted(counts.rows, "row"));
    }
  }
  if (counts.not_values > 0) {
    std::fprintf(stderr,
                 "rdb: note: %s of other bytes than their type allows, written as raw bytes\n",
                 counted(counts.not_values, "key or value").c_str());
  }
  return kExitDone;
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("export", "Write a table as JSON lines");
  auto arguments = std::make_shared<ExportArguments>();
  add_text(*sub, "FILE", arguments->path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->table, "Table")->required();
  add_text(*sub, "OUTPUT", arguments->output, "File to write, - for standard output (default)");
  sub->add_flag("--header", arguments->header,
                "Begin with a line that names the types; import --create reads it");
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return run_export(context, *arguments); };
  });
}

}  // namespace rdb::tools
