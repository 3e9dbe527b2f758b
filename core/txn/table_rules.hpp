// table_rules.hpp: which table names and types a caller may ask for.
#pragma once

#include <string_view>

#include "format/table_record.hpp"

namespace rdb::txn {

// What rdb notes about the file itself. Neither listed nor open to callers for writing.
inline constexpr std::string_view kMetaTable = "__rdb:meta";

// The matching rules of spec 02 section 7.3.
void check_table_types(std::string_view name, const format::TableRecord& record,
                       const TypeName& key, const TypeName& value, TableKind kind);
// Names a caller may create or change: non-empty UTF-8, no leading NUL, not reserved.
void check_table_name(std::string_view name);

[[noreturn]] void throw_table_missing(std::string_view name);

}  // namespace rdb::txn
