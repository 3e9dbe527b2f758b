// get.cpp: `rdb get FILE TABLE KEY`: one value.
#include "context.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct GetArguments {
  std::string path;
  std::string table;
  std::string key;
  bool raw = false;
};

int run_get(Context& context, const GetArguments& arguments) {
  Database db = context.open_for_reading(arguments.path);
  const ReadTxn txn = db.begin_read();
  const Table table = open_existing_table(txn, arguments.table, arguments.path);
  const TableInfo& info = table.info();
  const ValueCodec key_codec(info.key_type, info.key_width);
  const ValueCodec value_codec(info.value_type, info.value_width);
  const std::vector<std::byte> key = decode_argument(key_codec, arguments.key, "KEY");
  const std::optional<Value> value = table.get(key);
  if (context.json && !arguments.raw) {
    Json row{{"key", key_codec.to_json(key)}, {"found", value.has_value()}};
    if (value) row["value"] = value_codec.to_json(value->bytes());
    context.out.json_document(row);
    return value ? kExitDone : kExitNotFound;
  }
  if (!value) {
    throw NotFound("no key " + key_codec.display(key, 60) + " in table \"" + arguments.table +
                   "\"");
  }
  if (arguments.raw) {
    context.out.write(as_text(value->bytes()));
  } else {
    context.out.line(value_codec.exact(value->bytes()));
  }
  return kExitDone;
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("get", "Print the value of a key; exit 1 when it is absent");
  auto arguments = std::make_shared<GetArguments>();
  add_text(*sub, "FILE", arguments->path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->table, "Table")->required();
  add_text(*sub, "KEY", arguments->key, "Key, in the form of the table's key type")->required();
  sub->add_flag("--raw", arguments->raw, "Write the stored bytes and nothing else");
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return run_get(context, *arguments); };
  });
}

}  // namespace rdb::tools
