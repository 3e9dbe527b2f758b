// dump.cpp: `rdb dump FILE [OUTPUT]`: all tables of one snapshot as JSON lines; `rdb load` reads
// them.
#include <filesystem>

#include "row_lines.hpp"

namespace rdb::tools {

namespace {

struct DumpArguments {
  std::string path;
  std::string output = "-";
};

struct Totals {
  uint64_t tables = 0;
  RowCounts counts;
};

Totals write_tables(const Context& context, const ReadTxn& txn, const std::string& path,
                    Output& out) {
  const std::vector<TableInfo> tables = txn.list_tables();
  uint64_t total = 0;
  for (const TableInfo& info : tables) total += info.entries;
  Totals totals;
  Progress progress("dumping", Progress::Amount::count, "rows", context.quiet, &interrupt());
  for (const TableInfo& info : tables) {
    Json line = types_line(info);
    // Of types that are not known the file has to say it again.
    if (info.key_width) line["key_width"] = *info.key_width;
    if (info.value_width) line["value_width"] = *info.value_width;
    out.json_line(line);
    const AnyTable table = open_existing_table(txn, info.name, path);
    const RowCounts counts = write_rows(table, progress, totals.counts.rows, total, out);
    totals.counts.rows += counts.rows;
    totals.counts.not_values += counts.not_values;
    ++totals.tables;
  }
  out.flush();
  return totals;
}

int run_dump(Context& context, const DumpArguments& arguments) {
  std::error_code ignored;
  const bool to_stdout = arguments.output == "-";
  if (!to_stdout && std::filesystem::equivalent(arguments.path, arguments.output, ignored)) {
    throw UsageError("OUTPUT is the database itself");
  }
  Database db = context.open_for_reading(arguments.path);
  const ReadTxn txn = db.begin_read();
  Totals totals;
  if (to_stdout) {
    totals = write_tables(context, txn, arguments.path, context.out);
  } else {
    OutputFile file(arguments.output);
    Output out(file.stream(), arguments.output);
    totals = write_tables(context, txn, arguments.path, out);
    file.finish();
    if (context.json) {
      context.out.json_document(Json{{"tables", totals.tables},
                                     {"rows", totals.counts.rows},
                                     {"not_values", totals.counts.not_values}});
    } else {
      context.out.line("dumped " + counted(totals.counts.rows, "row") + " of " +
                       counted(totals.tables, "table"));
    }
  }
  note_not_values(totals.counts);
  return kExitDone;
}

}  // namespace

void add_dump(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("dump", "Write all tables as JSON lines");
  auto arguments = std::make_shared<DumpArguments>();
  add_text(*sub, "FILE", arguments->path, "Database file")->required();
  add_text(*sub, "OUTPUT", arguments->output, "File to write, - for standard output (default)");
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return run_dump(context, *arguments); };
  });
}

}  // namespace rdb::tools
