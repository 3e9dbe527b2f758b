// type_info.hpp: what a stored type name says about width and order (spec 02 sections 8 to 10).
//
// Known are all types of the format; of a TTL value only the width is told, see ttl_value.hpp.
// Everything else, and whatever contains something else, is unknown: its tables are listed and read
// in stored order, and nothing is inserted unless the caller brings the order along.
//
// Page-list and savepoint keys are described as written by shodh-redb, big-endian; who opens their
// tables in a file of the other profile takes txn_page_le and u64 instead (spec 01 section 4.6).
#pragma once

#include <memory>
#include <optional>

#include "format/type_shape.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct TypeInfo {
  bool known = false;             // the name was understood completely
  std::optional<uint32_t> width;  // fixed width in bytes; absent: variable when known, else untold
  KeyOrderKind order = KeyOrderKind::unknown;  // unknown also for types that are no keys
  // Of one element, when order is array; never array or composite itself.
  KeyOrderKind element_order = KeyOrderKind::unknown;
  uint32_t element_width = 0;
  // When known, but for TTL values and system tables' own orders.
  std::shared_ptr<const TypeShape> shape;
  std::shared_ptr<const KeyCompare> custom;  // when order is custom
};

// A name that does not parse is an unknown type; throws bad_alloc alone.
TypeInfo describe_type(const TypeName& type);

}  // namespace rdb::format
