// tables.cpp: `rdb tables FILE`: every user table with its types and number of rows; those of
// unknown types and multimaps too.
#include "context.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

int run_tables(Context& context, const std::string& path) {
  Database db = context.open_for_reading(path);
  const std::vector<TableInfo> tables = db.begin_read().list_tables();
  if (context.json) {
    Json list = Json::array();
    for (const TableInfo& info : tables) {
      const bool normal = info.kind == TableKind::normal;
      list.push_back(Json{{"name", info.name},
                          {"kind", normal ? "table" : "multimap"},
                          {"key_type", type_json(info.key_type)},
                          {"value_type", type_json(info.value_type)},
                          {"key_known", ValueCodec(info.key_type, info.key_width).known()},
                          {"value_known", ValueCodec(info.value_type, info.value_width).known()},
                          {"key_order_known", info.key_order_known},
                          {"rows", info.entries}});
    }
    context.out.json_document(Json{{"tables", std::move(list)}});
    return kExitDone;
  }
  if (tables.empty()) {
    context.out.line("No tables.");
    return kExitDone;
  }
  using Align = TextTable::Align;
  TextTable table({{"Table"}, {"Kind"}, {"Key"}, {"Value"}, {"Rows", Align::right}});
  for (const TableInfo& info : tables) {
    table.add({escape_controls(info.name), info.kind == TableKind::normal ? "table" : "multimap",
               type_text(info.key_type), type_text(info.value_type), format_count(info.entries)});
  }
  table.print(context.out);
  return kExitDone;
}

}  // namespace

void add_tables(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("tables", "List the tables, their types and row counts");
  auto path = std::make_shared<std::string>();
  auto stats = std::make_shared<bool>(false);
  add_text(*sub, "FILE", *path, "Database file")->required();
  sub->add_flag("--stats", *stats, "Measure them, as rdb stats does");
  sub->callback([&context, path, stats] {
    context.run = [&context, path, stats] {
      return *stats ? run_stats(context, *path) : run_tables(context, *path);
    };
  });
}

}  // namespace rdb::tools
