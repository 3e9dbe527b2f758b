#include "table_choice.hpp"

#include <filesystem>

#include "format/type_info.hpp"
#include "rdb/error.hpp"

namespace rdb::tools {

namespace {

TypeName parse_type(const std::string& text, const char* option) {
  try {
    return parse_type_argument(text);
  } catch (const Error& error) {
    throw UsageError(std::string(option) + ": " + error.what());
  }
}

void check_same(const std::string& given, const char* option, const TypeName& stored,
                const std::string& table) {
  if (given.empty() || parse_type(given, option) == stored) return;
  throw UsageError(std::string(option) + " is " + given + ", but table \"" + table + "\" has " +
                   type_text(stored));
}

}  // namespace

void TableChoice::add_options(CLI::App& app) {
  add_text(app, "--key-type", key_type,
           "Key type: (), bool, char, u8..u128, i8..i128, str, string, bytes, [T;N], (A,B), "
           "Option<T>, uuid::Uuid, chrono::NaiveDate ...; legacy:(A,B) as redb 2 wrote it")
      ->type_name("TYPE");
  add_text(app, "--value-type", value_type,
           "Value type: the same, f32, f64, Vec<T>, and ttl::TYPE for values that expire")
      ->type_name("TYPE");
  CLI::Option* making =
      app.add_flag("--create", create, "Create file and table when missing; needs both types");
  app.add_flag("--multimap", multimap, "What --create makes has several values a key")
      ->needs(making);
  new_file.add_options(app)->needs(making);
}

void TableChoice::check() const {
  if (!key_type.empty()) {
    const TypeName type = parse_type(key_type, "--key-type");
    if (format::describe_type(type).order == format::KeyOrderKind::unknown) {
      throw UsageError("--key-type: " + key_type + " has no order and cannot be a key");
    }
  }
  if (!value_type.empty()) {
    const TypeName type = parse_type(value_type, "--value-type");
    if (multimap && format::describe_type(type).order == format::KeyOrderKind::unknown) {
      throw UsageError("--value-type: " + value_type +
                       " has no order and cannot be a value of a multimap");
    }
  }
  std::error_code ignored;
  if (create && (key_type.empty() || value_type.empty()) &&
      !std::filesystem::exists(path, ignored)) {
    throw UsageError("--create needs --key-type and --value-type, because " + path +
                     " does not exist");
  }
}

Database TableChoice::open_file(Context& context) const {
  return create ? context.open_or_create(path, new_file) : context.open_for_writing(path);
}

AnyTable TableChoice::open(WriteTxn& txn) const {
  const std::optional<TableInfo> info = txn.find_table(table);
  if (!info) {
    if (!create) throw NotFound("no table \"" + table + "\" in " + path + " (--create makes one)");
    if (key_type.empty() || value_type.empty()) {
      throw UsageError("--create needs --key-type and --value-type, because table \"" + table +
                       "\" does not exist");
    }
    const TypeName key = parse_type(key_type, "--key-type");
    const TypeName value = parse_type(value_type, "--value-type");
    if (multimap) return txn.open_multimap(table, key, value);
    return txn.open_table(table, key, value);
  }
  if (multimap && info->kind != TableKind::multimap) {
    throw UsageError("--multimap: table \"" + table + "\" is no multimap");
  }
  check_same(key_type, "--key-type", info->key_type, table);
  check_same(value_type, "--value-type", info->value_type, table);
  if (info->kind == TableKind::multimap) return txn.open_multimap_raw(table);
  return txn.open_table_raw(table);
}

}  // namespace rdb::tools
