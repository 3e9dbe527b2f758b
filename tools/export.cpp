// export.cpp: `rdb export FILE TABLE [OUTPUT]`: all rows of one snapshot as JSON lines.
#include <filesystem>

#include "row_lines.hpp"

namespace rdb::tools {

namespace {

struct ExportArguments {
  std::string path;
  std::string table;
  std::string output = "-";
  bool header = false;
};

RowCounts write_all(const Context& context, const AnyTable& table, bool header, Output& out) {
  if (header) out.json_line(types_line(info_of(table)));
  Progress progress("exporting", Progress::Amount::count, "rows", context.quiet, &interrupt());
  const RowCounts counts = write_rows(table, progress, 0, count_rows(table), out);
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
  RowCounts counts;
  if (to_stdout) {
    counts = write_all(context, table, arguments.header, context.out);
  } else {
    OutputFile file(arguments.output);
    Output out(file.stream(), arguments.output);
    counts = write_all(context, table, arguments.header, out);
    file.finish();
    // Standard output carries the rows in the other case, so it stays silent there.
    if (context.json) {
      context.out.json_document(Json{
          {"table", arguments.table}, {"rows", counts.rows}, {"not_values", counts.not_values}});
    } else {
      context.out.line("exported " + counted(counts.rows, "row"));
    }
  }
  note_not_values(counts);
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
