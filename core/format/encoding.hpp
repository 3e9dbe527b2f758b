// encoding.hpp: whether bytes are the encoding of a value of a type, as every writer makes it
// (spec 02 section 9).
//
// Stricter than reading: lengths in their shortest form, nothing left over, an absent option padded
// with zeros. So a value has one encoding, and two keys that are equal have the same bytes, but for
// date-times that differ in their offsets alone.
#pragma once

#include <cstdint>
#include <string>

#include "format/type_shape.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

// Why bytes are no value, and in which member: {2, 0} is the first member of the third one.
struct EncodingProblem {
  const char* what = nullptr;  // a predicate: "is not UTF-8"; nullptr: there is no problem
  uint32_t depth = 0;          // members in path
  uint32_t path[kMaxTypeNesting + 1] = {};

  explicit operator bool() const noexcept { return what != nullptr; }
  // "member 2.0 is not UTF-8", or just the predicate for the value as a whole.
  std::string text() const;
};

// Work and depth are bounded by the shape and the bytes; no memory is taken.
// at: the node that value is of; paths begin there.
EncodingProblem find_encoding_problem(const TypeShape& shape, Bytes value,
                                      uint32_t at = 0) noexcept;

// Elements without bytes that a list may claim to have.
inline constexpr uint32_t kMaxEmptyElements = 1u << 20;

// The rules of one value at a node whose kind has no members; nullptr: it keeps them. The width is
// checked too.
const char* find_scalar_problem(const TypeNode& node, Bytes value) noexcept;

// Checks what is put into a table; simple types cost no walk over the shape.
class EncodingRule {
 public:
  EncodingRule() = default;  // anything goes
  explicit EncodingRule(std::shared_ptr<const TypeShape> shape) noexcept;

  // Whether every value of the type's width is accepted.
  bool accepts_all() const noexcept { return shape_ == nullptr; }
  // Requires a value of the type's width.
  bool accepts(Bytes value) const noexcept {
    if (shape_ == nullptr) return true;
    if (shape_->size() == 1) return find_scalar_problem(shape_->root(), value) == nullptr;
    return !find_encoding_problem(*shape_, value);
  }
  // Why accepts() refuses.
  EncodingProblem find_problem(Bytes value) const noexcept {
    if (shape_ == nullptr) return {};
    return find_encoding_problem(*shape_, value);
  }

 private:
  std::shared_ptr<const TypeShape> shape_;  // null when no value of the right width breaks a rule
};

}  // namespace rdb::format
