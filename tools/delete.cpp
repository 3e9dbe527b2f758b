// delete.cpp: `rdb delete FILE TABLE KEY [VALUE]`: removes a key, or one pair of a multimap, in one
// durable transaction.
#include "table_choice.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct DeleteArguments {
  TableChoice choice;
  std::string key;
  std::string value;
  bool has_value = false;
};

int run_delete(Context& context, const DeleteArguments& arguments) {
  Database db = context.open_for_writing(arguments.choice.path);
  WriteTxn txn = db.begin_write({.cancel = &interrupt()});
  uint64_t values = 0;  // that are gone
  Json row;
  std::string key_text;
  {
    AnyTable any = arguments.choice.open(txn);
    const TableInfo& info = info_of(any);
    const ValueCodec key_codec(info.key_type, info.key_width);
    const auto key = decode_argument(key_codec, arguments.key, "KEY");
    row["key"] = key_codec.to_json(key);
    key_text = key_codec.display(key, 60);
    auto* multimap = std::get_if<Multimap>(&any);
    if (multimap == nullptr) {
      if (arguments.has_value) {
        throw UsageError("VALUE: table \"" + arguments.choice.table + "\" is no multimap");
      }
      values = std::get<Table>(any).erase(key) ? 1 : 0;
    } else if (arguments.has_value) {
      const ValueCodec value_codec(info.value_type, info.value_width);
      values = multimap->erase(key, decode_argument(value_codec, arguments.value, "VALUE")) ? 1 : 0;
      key_text += " with this value";
    } else {
      values = multimap->erase_key(key);
    }
    row["deleted"] = values > 0;
    if (multimap != nullptr) row["values"] = values;
  }
  const bool deleted = values > 0;
  if (deleted) {
    txn.commit();
  } else {
    txn.abort();
  }
  db.close();
  if (context.json) {
    context.out.json_document(row);
  } else if (!deleted) {
    throw NotFound("no key " + key_text + " in table \"" + arguments.choice.table + "\"");
  }
  return deleted ? kExitDone : kExitNotFound;
}

}  // namespace

void add_delete(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand(
      "delete", "Delete a key, or one value of a multimap's; exit 1 when it is absent");
  auto arguments = std::make_shared<DeleteArguments>();
  add_text(*sub, "FILE", arguments->choice.path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->choice.table, "Table")->required();
  add_text(*sub, "KEY", arguments->key, "Key, in the form of the table's key type")->required();
  CLI::Option* value = add_text(*sub, "VALUE", arguments->value,
                                "Of a multimap: this value only (default: all of the key's)");
  sub->callback([&context, arguments, value] {
    arguments->has_value = value->count() > 0;
    context.run = [&context, arguments] { return run_delete(context, *arguments); };
  });
}

}  // namespace rdb::tools
