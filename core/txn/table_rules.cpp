#include "txn/table_rules.hpp"

#include <string>

#include "format/type_info.hpp"
#include "format/utf8.hpp"
#include "rdb/error.hpp"

namespace rdb::txn {

namespace {

std::string quoted(std::string_view name) { return "table \"" + std::string(name) + "\""; }

std::string describe(const TypeName& type) {
  return "\"" + type.name + "\" (class " + std::to_string(type.type_class) + ")";
}

std::string describe(const std::optional<uint32_t>& width) {
  return width ? std::to_string(*width) + " bytes" : "variable width";
}

void check_width(std::string_view name, const char* what, const TypeName& type,
                 const std::optional<uint32_t>& stored) {
  const format::TypeInfo info = format::describe_type(type);
  if (info.known && type.reading.compare != nullptr) {
    throw Error(ErrorCode::invalid_argument, quoted(name) + ": an order was given for its " + what +
                                                 " type " + describe(type) + ", which has its own");
  }
  if ((info.known || type.reading.user_width != 0) && info.width != stored) {
    throw Error(ErrorCode::type_changed, quoted(name) + " stores its " + what + " type " +
                                             describe(type) + " with " + describe(stored) +
                                             ", the type has " + describe(info.width));
  }
}

}  // namespace

void throw_table_missing(std::string_view name) {
  throw Error(ErrorCode::table_missing, quoted(name) + " does not exist");
}

void check_table_name(std::string_view name) {
  if (name.empty()) throw Error(ErrorCode::invalid_argument, "a table name is empty");
  if (name.front() == '\0') {
    throw Error(ErrorCode::invalid_argument, "a table name begins with a NUL byte");
  }
  if (!format::is_utf8(name)) throw Error(ErrorCode::invalid_argument, "a table name is not UTF-8");
  if (name.starts_with("__ivfpq:") || name.starts_with("__rdb:")) {
    throw Error(ErrorCode::reserved_name, quoted(name) + ": names with this prefix are reserved");
  }
}

void check_table_types(std::string_view name, const format::TableRecord& record,
                       const TypeName& key, const TypeName& value, TableKind kind) {
  if (record.kind != kind) {
    if (kind == TableKind::normal) {
      throw Error(ErrorCode::table_is_multimap, quoted(name) + " is a multimap table");
    }
    throw Error(ErrorCode::table_not_multimap, quoted(name) + " is no multimap table");
  }
  if (record.key_alignment != 1 || record.value_alignment != 1) {
    throw Error(ErrorCode::type_changed,
                quoted(name) + " stores its types with an alignment other than 1");
  }
  if (record.key_type != key || record.value_type != value) {
    throw Error(ErrorCode::table_type, quoted(name) + " holds " + describe(record.key_type) +
                                           " -> " + describe(record.value_type) + ", opened as " +
                                           describe(key) + " -> " + describe(value));
  }
  check_width(name, "key", key, record.widths.key);
  check_width(name, "value", value, record.widths.value);
}

}  // namespace rdb::txn
