// info.cpp: `rdb info FILE`: what the file is, in a few lines, without walking its pages.
#include "context.hpp"
#include "header_facts.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

int run_info(Context& context, const std::string& path) {
  Database db = context.open_for_reading(path);
  const RecoveryReport& recovery = db.recovery();
  const DatabaseStats stats = db.stats();
  const HeaderFacts facts = read_header_facts(path);
  const ReadTxn txn = db.begin_read();
  uint64_t tables = 0;
  uint64_t multimaps = 0;
  uint64_t rows = 0;
  for (const TableInfo& info : txn.list_tables()) {
    (info.kind == TableKind::multimap ? multimaps : tables) += 1;
    rows += info.entries;
  }
  const uint8_t version = facts.primary_slot().version;
  if (context.json) {
    context.out.json_document(Json{{"path", path},
                                   {"file_bytes", stats.file_bytes},
                                   {"page_bytes", stats.page_bytes},
                                   {"format_version", version},
                                   {"compression", facts.compression_text()},
                                   {"closed_cleanly", recovery.clean},
                                   {"txn_id", txn.id()},
                                   {"tables", tables},
                                   {"multimap_tables", multimaps},
                                   {"rows", rows},
                                   {"mirror", facts.mirror}});
    return kExitDone;
  }
  FactList list;
  list.add("File", escape_controls(path));
  list.add("File size",
           format_bytes(stats.file_bytes) + " (" + format_count(stats.file_bytes) + " bytes)");
  list.add("Page size", format_bytes(stats.page_bytes));
  list.add("Format version", std::to_string(version));
  list.add("Compression", facts.compression_text());
  list.add("Closed cleanly", recovery.clean ? "yes" : "no, recovered now");
  list.add("Last transaction", format_count(txn.id()));
  list.add("Tables", format_count(tables));
  list.add("Multimap tables", format_count(multimaps));
  list.add("Rows", format_count(rows));
  list.print(context.out);
  return kExitDone;
}

}  // namespace

void add_info(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("info", "Show what the file is: size, version, tables, rows");
  auto path = std::make_shared<std::string>();
  add_text(*sub, "FILE", *path, "Database file")->required();
  sub->callback(
      [&context, path] { context.run = [&context, path] { return run_info(context, *path); }; });
}

}  // namespace rdb::tools
