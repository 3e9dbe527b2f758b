// delete.cpp: `rdb delete FILE TABLE KEY`: removes one pair in one durable transaction.
#include "table_choice.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct DeleteArguments {
  TableChoice choice;
  std::string key;
};

int run_delete(Context& context, const DeleteArguments& arguments) {
  Database db = context.open_for_writing(arguments.choice.path, false);
  WriteTxn txn = db.begin_write({.cancel = &interrupt()});
  bool deleted = false;
  Json key_json;
  std::string key_text;
  {
    Table table = arguments.choice.open(txn);
    const ValueCodec key_codec(table.info().key_type, table.info().key_width);
    const auto key = decode_argument(key_codec, arguments.key, "KEY");
    key_json = key_codec.to_json(key);
    key_text = key_codec.display(key, 60);
    deleted = table.erase(key);
  }
  if (deleted) {
    txn.commit();
  } else {
    txn.abort();
  }
  db.close();
  if (context.json) {
    context.out.json_document(Json{{"key", std::move(key_json)}, {"deleted", deleted}});
  } else if (!deleted) {
    throw NotFound("no key " + key_text + " in table \"" + arguments.choice.table + "\"");
  }
  return deleted ? kExitDone : kExitNotFound;
}

}  // namespace

void add_delete(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("delete", "Delete a key; exit 1 when it is absent");
  auto arguments = std::make_shared<DeleteArguments>();
  add_text(*sub, "FILE", arguments->choice.path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->choice.table, "Table")->required();
  add_text(*sub, "KEY", arguments->key, "Key, in the form of the table's key type")->required();
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return run_delete(context, *arguments); };
  });
}

}  // namespace rdb::tools
