#include "btree/composite_order.hpp"

#include <algorithm>

#include "base/endian.hpp"
#include "btree/key_codecs.hpp"

namespace rdb::btree {
namespace {

using format::KeyOrderKind;
using format::TypeKind;
using format::TypeNode;
using format::TypeShape;
using format::VarLength;

// Takes up to size bytes off the front of rest.
Bytes take(Bytes& rest, size_t size) noexcept {
  const size_t taken = std::min(size, rest.size());
  const Bytes head = rest.first(taken);
  rest = rest.subspan(taken);
  return head;
}

// Cuts one side of a tuple into members, asked for in order.
class TupleSide {
 public:
  TupleSide(const TypeShape& shape, uint32_t tuple, Bytes bytes) noexcept
      : legacy_(shape.node(tuple).kind == TypeKind::legacy_tuple),
        single_(shape.node(tuple).count == 1),
        lengths_(bytes),
        rest_(bytes) {
    const TypeNode& node = shape.node(tuple);
    if (single_ || node.fixed()) return;
    if (legacy_) {
      take(rest_, size_t{4} * (node.count - 1));
      return;
    }
    uint32_t member = tuple + 1;
    for (uint32_t i = 0; i + 1 < node.count; ++i) {
      if (!shape.node(member).fixed()) take(rest_, VarLength::parse(rest_).bytes);
      member = shape.node(member).end;
    }
  }

  Bytes next(const TypeNode& member, bool last) noexcept {
    if (last) return rest_;
    if (legacy_) {
      const Bytes length = take(lengths_, 4);
      return take(rest_, length.size() < 4 ? 0 : base::load_le32(length.data()));
    }
    if (member.fixed()) return take(rest_, member.width);
    const VarLength length = VarLength::parse(lengths_);
    take(lengths_, length.bytes);
    return take(rest_, length.value);
  }

 private:
  const bool legacy_;
  const bool single_;
  Bytes lengths_;
  Bytes rest_;
};

// Cuts one side of an array of variable-width elements, asked for in order.
class ArraySide {
 public:
  ArraySide(uint32_t count, Bytes bytes) noexcept
      : ends_(bytes.first(std::min<size_t>(bytes.size(), size_t{4} * count))),
        bytes_(bytes),
        begin_(std::min<uint64_t>(uint64_t{4} * count, bytes.size())) {}

  Bytes next() noexcept {
    const Bytes stored = take(ends_, 4);
    const uint64_t wanted = stored.size() < 4 ? 0 : base::load_le32(stored.data());
    const uint64_t end = std::max(begin_, std::min<uint64_t>(wanted, bytes_.size()));
    const Bytes element = bytes_.subspan(begin_, end - begin_);
    begin_ = end;
    return element;
  }

 private:
  Bytes ends_;
  Bytes bytes_;
  uint64_t begin_;
};

int compare_node(const TypeShape& shape, uint32_t at, Bytes a, Bytes b) noexcept;

int compare_option(const TypeShape& shape, uint32_t at, Bytes a, Bytes b) noexcept {
  const auto some = [](Bytes bytes) { return !bytes.empty() && bytes[0] != std::byte{0}; };
  if (!some(a) || !some(b)) return compare_numbers(some(a), some(b));
  return compare_node(shape, at + 1, a.subspan(1), b.subspan(1));
}

int compare_array(const TypeShape& shape, uint32_t at, Bytes a, Bytes b) noexcept {
  const TypeNode& node = shape.node(at);
  const TypeNode& element = shape.node(at + 1);
  const size_t longest = std::max(a.size(), b.size());
  if (element.fixed()) {
    for (uint32_t i = 0; i < node.count && size_t{i} * element.width < longest; ++i) {
      if (element.width == 0) return 0;
      const int order = compare_node(shape, at + 1, take(a, element.width), take(b, element.width));
      if (order != 0) return order;
    }
    return 0;
  }
  ArraySide left(node.count, a);
  ArraySide right(node.count, b);
  for (uint32_t i = 0; i < node.count && size_t{i} * 4 < longest; ++i) {
    const int order = compare_node(shape, at + 1, left.next(), right.next());
    if (order != 0) return order;
  }
  return 0;
}

int compare_tuple(const TypeShape& shape, uint32_t at, Bytes a, Bytes b) noexcept {
  const TypeNode& node = shape.node(at);
  TupleSide left(shape, at, a);
  TupleSide right(shape, at, b);
  uint32_t member = at + 1;
  for (uint32_t i = 0; i < node.count; ++i) {
    const bool last = i + 1 == node.count;
    const TypeNode& type = shape.node(member);
    const int order = compare_node(shape, member, left.next(type, last), right.next(type, last));
    if (order != 0) return order;
    member = type.end;
  }
  return 0;
}

int compare_node(const TypeShape& shape, uint32_t at, Bytes a, Bytes b) noexcept {
  const TypeNode& node = shape.node(at);
  if (node.order == KeyOrderKind::bytes) return compare_bytes(a, b);
  if (node.order != KeyOrderKind::composite) return compare_simple(node.order, a, b);
  switch (node.kind) {
    case TypeKind::option:
      return compare_option(shape, at, a, b);
    case TypeKind::array:
      return compare_array(shape, at, a, b);
    default:
      return compare_tuple(shape, at, a, b);
  }
}

}  // namespace

int compare_composite(const TypeShape& shape, Bytes a, Bytes b) noexcept {
  return compare_node(shape, 0, a, b);
}

}  // namespace rdb::btree
