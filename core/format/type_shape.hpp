// type_shape.hpp: a stored type name taken apart (spec 02 section 8): what its values are made of,
// how wide they are and how they compare.
//
// A shape is the tree of the type, its nodes in preorder: the members of node i begin at i + 1, and
// the one behind a member m is nodes[m.end]. Walking it needs neither recursion over text nor
// memory.
//
//   (u64,[&str;2])    0 tuple  1 u64  2 array of 2  3 text
//
// Nested variable-width tuples have one of two encodings, and a name does not tell which (spec 02
// section 8.4): NestedTuples does.
//
// Invariants:
//   T1  A tree is at most kMaxTypeNesting deep and has at most kMaxTypeNodes nodes.
//   T2  width is below 2^32 - 1 and at most kMaxValueBytes, or kVariableWidth.
//   T3  A node has an order only when all of its members have one.
// Immutable; any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rdb/types.hpp"

namespace rdb::format {

inline constexpr int kMaxTypeNesting = 32;
inline constexpr size_t kMaxTypeNodes = 4096;
inline constexpr size_t kMaxTupleMembers = 12;
inline constexpr uint32_t kVariableWidth = UINT32_MAX;

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
  array,            // fixed-width elements, each with the element's order
  allocator_state,  // redb::AllocatorStateKey, spec 02 section 10.2
  txn_page_le,      // two u64 little-endian, numeric (redb's page-list keys)
  date,             // year, month, day; an impossible date as 1970-01-01
  time,             // seconds, nanoseconds; an impossible time as midnight
  date_time,        // date, then time
  zoned_date_time,  // the same; the offset behind them does not take part
  offset,           // seconds east, beyond a day as 0
  composite,        // member by member, as the shape says
  custom,           // a function of the caller's
};

enum class TypeKind : uint8_t {
  unit,
  boolean,
  character,
  unsigned_integer,
  signed_integer,
  real,        // f32, f64
  text,        // &str, String
  bytes,       // &[u8]
  byte_array,  // [u8;N]
  uuid,
  date,
  time,
  date_time,
  zoned_date_time,
  offset,
  record,          // a structure of the engine's own, taken as bytes
  float_vector,    // FixedVec<N>: N f32
  float_sequence,  // DynVec: f32, as many as there are
  scaled_vector,   // ScalarQuantized<N>: smallest and largest f32, N bytes
  // With members:
  option,
  array,         // one member, count times
  tuple,         // lengths first, of variable-width members alone; fixed-width tuples too
  legacy_tuple,  // lengths first, of all members; at least one has variable width
  list,          // Vec
};

struct TypeNode {
  TypeKind kind = TypeKind::unit;
  KeyOrderKind order = KeyOrderKind::unknown;
  uint32_t width = kVariableWidth;
  uint32_t count = 0;  // array, tuples: members; byte_array and vectors: N
  uint32_t end = 0;    // of the subtree: the node behind it

  bool fixed() const noexcept { return width != kVariableWidth; }
};

class TypeShape {
 public:
  // Null for a name that does not parse, and for ttl:: types, whose expiry is no part of a value.
  static std::shared_ptr<const TypeShape> parse(const TypeName& type);

  const TypeNode& node(uint32_t i) const noexcept { return nodes_[i]; }
  const TypeNode& root() const noexcept { return nodes_[0]; }
  uint32_t size() const noexcept { return static_cast<uint32_t>(nodes_.size()); }
  // A nested tuple of variable width, whose encoding the name leaves open: the reading chosen may
  // be wrong for the file at hand.
  bool ambiguous() const noexcept { return ambiguous_; }

 private:
  friend class TypeParser;
  std::vector<TypeNode> nodes_;
  bool ambiguous_ = false;
};

// One length of a tuple in the new encoding, or of a list (spec 02 section 9.4). Reads at most
// bytes.size() bytes: truncated is length 0 that takes all of them.
struct VarLength {
  uint32_t value = 0;
  uint32_t bytes = 0;  // of the length itself
  bool whole = false;
  bool shortest = false;  // no shorter form means the same

  static VarLength parse(Bytes bytes) noexcept;
  static constexpr size_t kMaxBytes = 5;
  // Appends the shortest form to out, which has room for kMaxBytes; returns the bytes used.
  static size_t encode(uint32_t value, std::byte* out) noexcept;
};

}  // namespace rdb::format
