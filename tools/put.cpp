// put.cpp: `rdb put FILE TABLE KEY VALUE`: stores one pair in one durable transaction. A pair that
// a multimap holds already is done, too, unless --insert-only asks for a new one.
#include "table_choice.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct PutArguments {
  TableChoice choice;
  std::string key;
  std::string value;
  bool insert_only = false;
  bool update_only = false;
};

int run_put(Context& context, const PutArguments& arguments) {
  arguments.choice.check();
  Database db = arguments.choice.open_file(context);
  WriteTxn txn = db.begin_write({.cancel = &interrupt()});
  const auto mode = arguments.insert_only   ? Table::PutMode::insert_only
                    : arguments.update_only ? Table::PutMode::update_only
                                            : Table::PutMode::upsert;
  bool stored = false;
  bool done = false;
  Json key_json;
  std::string key_text;
  {
    AnyTable any = arguments.choice.open(txn);
    const TableInfo& info = info_of(any);
    const ValueCodec key_codec(info.key_type, info.key_width);
    const ValueCodec value_codec(info.value_type, info.value_width);
    const auto key = decode_argument(key_codec, arguments.key, "KEY");
    const auto value = decode_argument(value_codec, arguments.value, "VALUE");
    key_json = key_codec.to_json(key);
    key_text = key_codec.display(key, 60);
    if (auto* multimap = std::get_if<Multimap>(&any)) {
      if (arguments.update_only) {
        throw UsageError("--update-only: table \"" + arguments.choice.table +
                         "\" is a multimap, whose pairs have nothing to be replaced");
      }
      stored = multimap->put(key, value);
      done = stored || !arguments.insert_only;
      if (!done) key_text += " with this value";
    } else {
      stored = std::get<Table>(any).put(key, value, mode);
      done = stored;
    }
  }
  if (stored) {
    txn.commit();
  } else {
    txn.abort();
  }
  db.close();
  if (context.json) {
    context.out.json_document(Json{{"key", std::move(key_json)}, {"stored", stored}});
  } else if (!done) {
    throw NotFound("key " + key_text + (arguments.insert_only ? " is already" : " is not") +
                   " in table \"" + arguments.choice.table + "\"; nothing was changed");
  }
  return done ? kExitDone : kExitNotFound;
}

}  // namespace

void add_put(CLI::App& app, Context& context) {
  CLI::App* sub =
      app.add_subcommand("put", "Store a value under a key; in a multimap beside its other values");
  auto arguments = std::make_shared<PutArguments>();
  add_text(*sub, "FILE", arguments->choice.path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->choice.table, "Table")->required();
  add_text(*sub, "KEY", arguments->key, "Key, in the form of the table's key type")->required();
  add_text(*sub, "VALUE", arguments->value, "Value, in the form of the table's value type")
      ->required();
  arguments->choice.add_options(*sub);
  CLI::Option* insert =
      sub->add_flag("--insert-only", arguments->insert_only,
                    "Exit 1 when the key exists (in a multimap: with this value)");
  sub->add_flag("--update-only", arguments->update_only, "Exit 1 when the key does not exist")
      ->excludes(insert);
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return run_put(context, *arguments); };
  });
}

}  // namespace rdb::tools
