#include "format/type_shape.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "base/endian.hpp"
#include "format/widths.hpp"

namespace rdb::format {
namespace {

using Order = KeyOrderKind;
using Kind = TypeKind;

struct NamedType {
  std::string_view name;
  Kind kind;
  uint32_t width;
  Order order;
};

constexpr uint32_t kVar = kVariableWidth;

// Class 1, spec 02 section 8.2. Keys whose integers are big-endian compare as bytes.
constexpr NamedType kBuiltinTypes[] = {
    {"()", Kind::unit, 0, Order::unit},
    {"bool", Kind::boolean, 1, Order::boolean},
    {"char", Kind::character, 3, Order::character},
    {"u8", Kind::unsigned_integer, 1, Order::u8},
    {"u16", Kind::unsigned_integer, 2, Order::u16},
    {"u32", Kind::unsigned_integer, 4, Order::u32},
    {"u64", Kind::unsigned_integer, 8, Order::u64},
    {"u128", Kind::unsigned_integer, 16, Order::u128},
    {"i8", Kind::signed_integer, 1, Order::i8},
    {"i16", Kind::signed_integer, 2, Order::i16},
    {"i32", Kind::signed_integer, 4, Order::i32},
    {"i64", Kind::signed_integer, 8, Order::i64},
    {"i128", Kind::signed_integer, 16, Order::i128},
    {"f32", Kind::real, 4, Order::unknown},
    {"f64", Kind::real, 8, Order::unknown},
    {"&str", Kind::text, kVar, Order::bytes},
    {"String", Kind::text, kVar, Order::bytes},
    {"&[u8]", Kind::bytes, kVar, Order::bytes},
    {"redb::temporal::HLC", Kind::record, 8, Order::bytes},
    {"redb::vec::DynVec", Kind::float_sequence, kVar, Order::unknown},
    {"redb::SavepointId", Kind::record, 8, Order::bytes},
    {"redb::SerializedSavepoint", Kind::record, kVar, Order::unknown},
    {"redb::TransactionIdWithPagination", Kind::record, 16, Order::bytes},
    {"redb::PageList", Kind::record, kVar, Order::unknown},
    {"redb::AllocatorStateKey", Kind::record, 5, Order::allocator_state},
    {"redb::HistorySnapshot", Kind::record, 73, Order::unknown},
    {"redb::blob::BlobId", Kind::record, 16, Order::bytes},
    {"redb::blob::BlobRef", Kind::record, 40, Order::unknown},
    {"redb::blob::BlobMeta", Kind::record, 169, Order::unknown},
    {"redb::blob::CausalEdge", Kind::record, 80, Order::unknown},
    {"redb::blob::CausalEdgeKey", Kind::record, 32, Order::bytes},
    {"redb::blob::TagKey", Kind::record, 49, Order::bytes},
    {"redb::blob::NamespaceKey", Kind::record, 80, Order::bytes},
    {"redb::blob::NamespaceVal", Kind::record, 64, Order::unknown},
    {"redb::blob::TemporalKey", Kind::record, 32, Order::bytes},
    {"redb::blob::Sha256Key", Kind::record, 32, Order::bytes},
    {"redb::blob::DedupVal", Kind::record, 40, Order::unknown},
    {"redb::blob::BlobChunkKey", Kind::record, 12, Order::bytes},
    {"redb::cdc::CdcKey", Kind::record, 12, Order::bytes},
    {"redb::cdc::CdcRecord", Kind::record, kVar, Order::unknown},
    {"shodh_redb::ivfpq::PostingKey", Kind::record, 12, Order::bytes},
    {"shodh_redb::ivfpq::AssignmentValue", Kind::record, 4, Order::unknown},
};

// Class 2 on their own; nested, their class is not recorded.
constexpr NamedType kUserTypes[] = {
    {"uuid::Uuid", Kind::uuid, 16, Order::bytes},
    {"chrono::NaiveDate", Kind::date, 6, Order::date},
    {"chrono::NaiveTime", Kind::time, 7, Order::time},
    {"chrono::NaiveDateTime", Kind::date_time, 13, Order::date_time},
    {"chrono::DateTime<chrono::FixedOffset>", Kind::zoned_date_time, 17, Order::zoned_date_time},
    {"chrono::FixedOffset", Kind::offset, 4, Order::offset},
};

template <size_t n>
const NamedType* find_named(const NamedType (&types)[n], std::string_view name) noexcept {
  const NamedType* found = std::find_if(std::begin(types), std::end(types),
                                        [&](const NamedType& type) { return type.name == name; });
  return found == std::end(types) ? nullptr : found;
}

// Decimal as Rust prints it: no sign, no leading zero. nullopt past kMaxValueBytes.
std::optional<uint32_t> parse_number(std::string_view digits) noexcept {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  uint64_t number = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
    if (number > kMaxValueBytes) return std::nullopt;
  }
  return static_cast<uint32_t>(number);
}

// What stands between prefix and suffix; nullopt when text does not have both.
std::optional<std::string_view> between(std::string_view text, std::string_view prefix,
                                        std::string_view suffix) noexcept {
  if (text.size() < prefix.size() + suffix.size() || !text.starts_with(prefix) ||
      !text.ends_with(suffix)) {
    return std::nullopt;
  }
  return text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
}

bool compares_as_bytes(Order order) noexcept {
  return order == Order::bytes || order == Order::u8 || order == Order::unit;
}

}  // namespace

class TypeParser {
 public:
  TypeParser(TypeShape& shape, NestedTuples nested) : shape_(shape), nested_(nested) {}

  // The type as a whole: class and name together say how its outermost tuple is encoded.
  bool parse_root(const TypeName& type) {
    switch (type.type_class) {
      case TypeName::kBuiltin:
        return parse(type.name, 0, TypeName::kBuiltin);
      case TypeName::kUserDefined: {
        const NamedType* user = find_named(kUserTypes, type.name);
        return user != nullptr && add(*user);
      }
      case TypeName::kTuple: {
        const auto body = between(type.name, "(", ")");
        return body && parse_tuple(*body, 1, TypeName::kTuple) && !shape_.root().fixed() &&
               shape_.root().count >= 2;
      }
      default:
        return false;
    }
  }

 private:
  // outer: the class of the type whose outermost part this is; 0 for nested parts.
  bool parse(std::string_view name, int nesting, uint8_t outer = 0) {
    if (nesting > kMaxTypeNesting) return false;
    if (const NamedType* builtin = find_named(kBuiltinTypes, name)) return add(*builtin);
    // A class-1 name on the outside is not a user type.
    if (nesting > 0) {
      if (const NamedType* user = find_named(kUserTypes, name)) return add(*user);
    }
    if (auto body = between(name, "[", "]")) return parse_array(*body, nesting + 1);
    if (auto body = between(name, "(", ")")) return parse_tuple(*body, nesting + 1, outer);
    if (auto body = between(name, "Option<", ">")) return parse_option(*body, nesting + 1);
    if (auto body = between(name, "Vec<", ">")) return parse_list(*body, nesting + 1);
    for (const auto& [prefix, kind, unit_bytes, extra_bytes] :
         {std::tuple{"redb::vec::FixedVec<", Kind::float_vector, 4u, 0u},
          std::tuple{"redb::vec::BinaryQuantized<", Kind::byte_array, 1u, 0u},
          std::tuple{"redb::vec::ScalarQuantized<", Kind::scaled_vector, 1u, 8u}}) {
      if (auto body = between(name, prefix, ">")) {
        const std::optional<uint32_t> count = parse_number(*body);
        if (!count || !begin(kind)) return false;
        TypeNode& node = shape_.nodes_.back();
        node.count = *count;
        return finish(shape_.size() - 1, uint64_t{*count} * unit_bytes + extra_bytes);
      }
    }
    return false;
  }

  // "T;N".
  bool parse_array(std::string_view body, int nesting) {
    const size_t semicolon = body.rfind(';');
    if (semicolon == std::string_view::npos) return false;
    const std::optional<uint32_t> count = parse_number(body.substr(semicolon + 1));
    const uint32_t at = shape_.size();
    if (!count || !begin(Kind::array) || !parse(body.substr(0, semicolon), nesting)) return false;
    const TypeNode element = shape_.node(at + 1);
    TypeNode& node = shape_.nodes_[at];
    node.count = *count;
    if (!element.fixed()) {
      if (element.order != Order::unknown) node.order = Order::composite;
      return finish(at, std::nullopt);
    }
    if (element.kind == Kind::unsigned_integer && element.width == 1) {
      node.kind = Kind::byte_array;
      node.order = Order::bytes;
      shape_.nodes_.resize(at + 1);
    } else if (element.order == Order::unit || element.order == Order::bytes) {
      node.order = element.order;
    } else if (element.order != Order::unknown) {
      node.order = Order::composite;
    }
    return finish(at, uint64_t{*count} * element.width);
  }

  // "A,B,..." or "T,".
  bool parse_tuple(std::string_view body, int nesting, uint8_t outer) {
    const uint32_t at = shape_.size();
    if (!begin(Kind::tuple)) return false;
    // The members of a legacy tuple are read like it, unless the caller knows better.
    const bool legacy = outer == TypeName::kBuiltin || (outer == 0 && nested_legacy());
    const bool inside = inside_legacy_;
    const std::vector<std::string_view> parts = split(body);
    const bool single = parts.size() == 2 && parts[1].empty();
    const size_t members = single ? 1 : parts.size();
    if (members > kMaxTupleMembers || parts.size() == 1) return false;
    // Whether it is a legacy tuple turns on its members' widths, which do not depend on the answer.
    if (outer == TypeName::kBuiltin && members >= 2) inside_legacy_ = true;
    uint64_t width = 0;
    bool fixed = true;
    bool ordered = true;
    bool as_bytes = true;
    for (size_t i = 0; i < members; ++i) {
      const uint32_t member = shape_.size();
      if (!parse(parts[i], nesting)) return false;
      const TypeNode& node = shape_.node(member);
      fixed = fixed && node.fixed();
      if (node.fixed()) width += node.width;
      ordered = ordered && node.order != Order::unknown;
      as_bytes = as_bytes && compares_as_bytes(node.order);
    }
    inside_legacy_ = inside;
    TypeNode& node = shape_.nodes_[at];
    node.count = static_cast<uint32_t>(members);
    if (members == 1) {
      node.order = shape_.node(at + 1).order;
    } else if (ordered) {
      node.order = fixed && as_bytes ? Order::bytes : Order::composite;
    }
    if (members >= 2 && !fixed) {
      if (legacy) node.kind = Kind::legacy_tuple;
      if (outer == 0) shape_.ambiguous_ = true;
    }
    return finish(at, fixed ? std::optional(width) : std::nullopt);
  }

  bool parse_option(std::string_view body, int nesting) {
    const uint32_t at = shape_.size();
    if (!begin(Kind::option) || !parse(body, nesting)) return false;
    const TypeNode inner = shape_.node(at + 1);
    if (inner.order != Order::unknown) shape_.nodes_[at].order = Order::composite;
    return finish(at, inner.fixed() ? std::optional(uint64_t{inner.width} + 1) : std::nullopt);
  }

  bool parse_list(std::string_view body, int nesting) {
    const uint32_t at = shape_.size();
    return begin(Kind::list) && parse(body, nesting) && finish(at, std::nullopt);
  }

  bool nested_legacy() const noexcept {
    if (nested_ == NestedTuples::by_outermost) return inside_legacy_;
    return nested_ == NestedTuples::legacy;
  }

  // The parts between commas outside all brackets; one empty part for the empty text.
  static std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    int depth = 0;
    size_t begin = 0;
    for (size_t i = 0; i < text.size() && parts.size() <= kMaxTupleMembers; ++i) {
      const char c = text[i];
      if (c == '(' || c == '[' || c == '<' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '>' || c == '}') --depth;
      if (c == ',' && depth == 0) {
        parts.push_back(text.substr(begin, i - begin));
        begin = i + 1;
      }
    }
    parts.push_back(text.substr(begin));
    return parts;
  }

  bool add(const NamedType& type) {
    if (!begin(type.kind)) return false;
    TypeNode& node = shape_.nodes_.back();
    node.order = type.order;
    node.width = type.width;
    node.end = shape_.size();
    return true;
  }

  bool begin(Kind kind) {
    if (shape_.size() == kMaxTypeNodes) return false;
    TypeNode node;
    node.kind = kind;
    shape_.nodes_.push_back(node);
    return true;
  }

  bool finish(uint32_t at, std::optional<uint64_t> width) {
    if (width && *width > kMaxValueBytes) return false;
    shape_.nodes_[at].width = width ? static_cast<uint32_t>(*width) : kVariableWidth;
    shape_.nodes_[at].end = shape_.size();
    return true;
  }

  TypeShape& shape_;
  const NestedTuples nested_;
  bool inside_legacy_ = false;
};

namespace {

// Types without members are looked up with every table that is opened: their shapes are made once.
std::vector<std::shared_ptr<const TypeShape>> make_builtin_shapes() {
  std::vector<std::shared_ptr<const TypeShape>> shapes;
  for (const NamedType& type : kBuiltinTypes) {
    auto shape = std::make_shared<TypeShape>();
    TypeParser(*shape, NestedTuples::by_outermost)
        .parse_root({TypeName::kBuiltin, std::string(type.name), {}});
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace

std::shared_ptr<const TypeShape> TypeShape::parse(const TypeName& type) {
  static const auto kBuiltinShapes = make_builtin_shapes();
  if (type.type_class == TypeName::kBuiltin) {
    if (const NamedType* named = find_named(kBuiltinTypes, type.name)) {
      return kBuiltinShapes[static_cast<size_t>(named - kBuiltinTypes)];
    }
  }
  auto shape = std::make_shared<TypeShape>();
  if (!TypeParser(*shape, type.reading.nested_tuples).parse_root(type)) return nullptr;
  return shape;
}

VarLength VarLength::parse(Bytes bytes) noexcept {
  if (bytes.empty()) return {};
  const auto first = std::to_integer<uint8_t>(bytes[0]);
  if (first < 254) return {first, 1, true, true};
  const size_t needed = first == 254 ? 3 : 5;
  if (bytes.size() < needed) return {0, static_cast<uint32_t>(bytes.size()), false, false};
  if (first == 254) {
    const uint32_t value = base::load_le16(bytes.data() + 1);
    return {value, 3, true, value >= 254};
  }
  const uint32_t value = base::load_le32(bytes.data() + 1);
  return {value, 5, true, value > UINT16_MAX};
}

size_t VarLength::encode(uint32_t value, std::byte* out) noexcept {
  if (value < 254) {
    out[0] = static_cast<std::byte>(value);
    return 1;
  }
  if (value <= UINT16_MAX) {
    out[0] = std::byte{254};
    base::store_le16(out + 1, static_cast<uint16_t>(value));
    return 3;
  }
  out[0] = std::byte{255};
  base::store_le32(out + 1, value);
  return 5;
}

}  // namespace rdb::format
