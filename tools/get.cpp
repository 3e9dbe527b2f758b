// get.cpp: `rdb get FILE TABLE KEY`: the value of a key; of a multimap all of them, a line each.
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

[[noreturn]] void throw_no_key(const std::string& key, const std::string& table) {
  throw NotFound("no key " + key + " in table \"" + table + "\"");
}

int print_values(Context& context, const GetArguments& arguments, const Multimap& table) {
  if (arguments.raw) {
    throw UsageError("--raw: table \"" + arguments.table +
                     "\" is a multimap, whose values could not be told apart");
  }
  const TableInfo& info = table.info();
  const ValueCodec key_codec(info.key_type, info.key_width);
  const ValueCodec value_codec(info.value_type, info.value_width);
  const std::vector<std::byte> key = decode_argument(key_codec, arguments.key, "KEY");
  BatchResult values;
  const bool found = table.get(key, values);
  if (context.json) {
    Json list = Json::array();
    for (size_t i = 0; i < values.size(); ++i) list.push_back(value_codec.to_json(values.value(i)));
    context.out.json_document(
        Json{{"key", key_codec.to_json(key)}, {"found", found}, {"values", std::move(list)}});
    return found ? kExitDone : kExitNotFound;
  }
  if (!found) throw_no_key(key_codec.display(key, 60), arguments.table);
  for (size_t i = 0; i < values.size(); ++i) context.out.line(value_codec.exact(values.value(i)));
  return kExitDone;
}

int run_get(Context& context, const GetArguments& arguments) {
  Database db = context.open_for_reading(arguments.path);
  const ReadTxn txn = db.begin_read();
  const AnyTable any = open_existing_table(txn, arguments.table, arguments.path);
  if (const auto* multimap = std::get_if<Multimap>(&any)) {
    return print_values(context, arguments, *multimap);
  }
  const Table& table = std::get<Table>(any);
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
  if (!value) throw_no_key(key_codec.display(key, 60), arguments.table);
  if (arguments.raw) {
    context.out.write(as_text(value->bytes()));
  } else {
    context.out.line(value_codec.exact(value->bytes()));
  }
  return kExitDone;
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand(
      "get", "Print the value of a key, or all of a multimap's; exit 1 when it is absent");
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
