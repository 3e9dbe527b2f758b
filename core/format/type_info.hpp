// type_info.hpp: what a stored type name says about width and order (spec 02 sections 8 to 10).
//
// Known in this release: (), bool, char, u8..u128, i8..i128, f32, f64, &str, String, &[u8], [u8;N],
// [T;N] of any known fixed-width T, chrono and uuid names as fixed widths of unknown order except
// uuid::Uuid, the vector types and the hybrid clock, and the internal types of the system tables.
// Everything else is unknown: its tables are listed and read in stored order, and nothing is
// inserted. For unknown names that follow the grammar (options, tuples, Vec, TTL values) the width
// is told all the same; absent it says nothing.
//
// Page-list and savepoint keys are described as written by shodh-redb, big-endian; who opens their
// tables in a file of the other profile takes txn_page_le and u64 instead (spec 01 section 4.6).
#pragma once

#include <optional>

#include "rdb/types.hpp"

namespace rdb::format {

// How keys of a type compare; on unknown nothing may be compared.
enum class KeyOrderKind : uint8_t {
  unknown,
  unit,   // all equal
  bytes,  // memcmp, shorter first
  // clang-format off
  u8, u16, u32, u64, u128,  // little-endian, numeric
  i8, i16, i32, i64, i128,  // the same, two's complement
  // clang-format on
  boolean,          // any non-zero first byte is true
  character,        // 24-bit little-endian scalar value, invalid ones as U+FFFD
  array,            // element by element with the element's order
  allocator_state,  // redb::AllocatorStateKey, spec 02 section 10.2
  txn_page_le,      // two u64 little-endian, numeric (redb's page-list keys)
};

struct TypeInfo {
  bool known = false;             // the name was understood completely
  std::optional<uint32_t> width;  // fixed width in bytes; absent: variable when known, else untold
  KeyOrderKind order = KeyOrderKind::unknown;  // unknown also for types that are no keys
  // Of one element, when order is array; never array itself.
  KeyOrderKind element_order = KeyOrderKind::unknown;
  uint32_t element_width = 0;
};

// Never throws: a name that does not parse is an unknown type.
TypeInfo describe_type(const TypeName& type) noexcept;

}  // namespace rdb::format
