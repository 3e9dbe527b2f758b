// stats.cpp: `rdb stats FILE`: where the bytes of the file are, table by table. Walks every tree.
#include "context.hpp"
#include "header_facts.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct Row {
  TableInfo info;
  TableStats stats;
};

}  // namespace

int run_stats(Context& context, const std::string& path) {
  Database db = context.open_for_reading(path);
  const DatabaseStats database = db.stats();
  const ReadTxn txn = db.begin_read();
  std::vector<Row> rows;
  TableStats sum;
  {
    const std::vector<TableInfo> tables = txn.list_tables();
    Progress progress("measuring", Progress::Amount::count, "tables", context.quiet, &interrupt());
    for (const TableInfo& info : tables) {
      progress.progress(rows.size(), tables.size());
      const TableStats stats =
          std::visit([](const auto& table) { return table.stats(&interrupt()); },
                     open_existing_table(txn, info.name, path));
      sum.entries += stats.entries;
      sum.tree_height = std::max(sum.tree_height, stats.tree_height);
      sum.leaf_pages += stats.leaf_pages;
      sum.branch_pages += stats.branch_pages;
      sum.stored_leaf_bytes += stats.stored_leaf_bytes;
      sum.metadata_bytes += stats.metadata_bytes;
      sum.fragmented_bytes += stats.fragmented_bytes;
      rows.push_back({info, stats});
    }
  }
  const uint64_t useful = sum.stored_leaf_bytes + sum.metadata_bytes;
  if (context.json) {
    const auto figures = [](const TableStats& stats) {
      return Json{{"rows", stats.entries},
                  {"tree_height", stats.tree_height},
                  {"leaf_pages", stats.leaf_pages},
                  {"branch_pages", stats.branch_pages},
                  {"stored_bytes", stats.stored_leaf_bytes},
                  {"metadata_bytes", stats.metadata_bytes},
                  {"fragmented_bytes", stats.fragmented_bytes}};
    };
    Json tables = Json::array();
    for (const Row& row : rows) {
      Json entry{{"name", row.info.name},
                 {"kind", row.info.kind == TableKind::normal ? "table" : "multimap"}};
      entry.update(figures(row.stats));
      tables.push_back(std::move(entry));
    }
    context.out.json_document(Json{{"path", path},
                                   {"file_bytes", database.file_bytes},
                                   {"page_bytes", database.page_bytes},
                                   {"txn_id", txn.id()},
                                   {"total", figures(sum)},
                                   {"tables", std::move(tables)}});
    return kExitDone;
  }
  FactList list;
  list.add("File", escape_controls(path));
  list.add("File size", format_bytes(database.file_bytes));
  list.add("Page size", format_bytes(database.page_bytes));
  list.add("Last transaction", format_count(txn.id()));
  list.add("Leaf pages", format_count(sum.leaf_pages));
  list.add("Branch pages", format_count(sum.branch_pages));
  list.add("Stored", format_bytes(sum.stored_leaf_bytes));
  list.add("Metadata", format_bytes(sum.metadata_bytes));
  list.add("Fragmented", format_bytes(sum.fragmented_bytes));
  list.add("Space efficiency", format_percent(useful, database.file_bytes));
  if (useful > 0) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f",
                  static_cast<double>(database.file_bytes) / static_cast<double>(useful));
    list.add("Space amplification", text);
  }
  list.print(context.out);
  if (rows.empty()) return kExitDone;
  context.out.line("");
  using Align = TextTable::Align;
  TextTable table({{"Table"},
                   {"Rows", Align::right},
                   {"Stored", Align::right},
                   {"Metadata", Align::right},
                   {"Fragmented", Align::right},
                   {"Leaves", Align::right},
                   {"Branches", Align::right},
                   {"Height", Align::right}});
  for (const Row& row : rows) {
    std::string name = escape_controls(row.info.name);
    if (row.info.kind == TableKind::multimap) name += " (multimap)";
    table.add({name, format_count(row.stats.entries), format_bytes(row.stats.stored_leaf_bytes),
               format_bytes(row.stats.metadata_bytes), format_bytes(row.stats.fragmented_bytes),
               format_count(row.stats.leaf_pages), format_count(row.stats.branch_pages),
               std::to_string(row.stats.tree_height)});
  }
  table.print(context.out);
  return kExitDone;
}

void add_stats(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("stats", "Measure the tables: bytes, pages, fragmentation");
  auto path = std::make_shared<std::string>();
  add_text(*sub, "FILE", *path, "Database file")->required();
  sub->callback(
      [&context, path] { context.run = [&context, path] { return run_stats(context, *path); }; });
}

}  // namespace rdb::tools
