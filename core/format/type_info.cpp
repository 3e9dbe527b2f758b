#include "format/type_info.hpp"

#include <string_view>
#include <tuple>

#include "format/widths.hpp"

namespace rdb::format {
namespace {

using Order = KeyOrderKind;

// What describe_type() returns, and whether the name follows the grammar at all. A variable-width
// type that parsed has no width.
struct Parsed {
  bool parsed = false;
  TypeInfo info;
};

struct NamedType {
  std::string_view name;
  std::optional<uint32_t> width;
  Order order;
};

constexpr std::optional<uint32_t> kVar = std::nullopt;

// Class 1, spec 02 section 8.2. Keys whose integers are big-endian compare as bytes.
constexpr NamedType kBuiltinTypes[] = {
    {"()", 0, Order::unit},
    {"bool", 1, Order::boolean},
    {"char", 3, Order::character},
    {"u8", 1, Order::u8},
    {"u16", 2, Order::u16},
    {"u32", 4, Order::u32},
    {"u64", 8, Order::u64},
    {"u128", 16, Order::u128},
    {"i8", 1, Order::i8},
    {"i16", 2, Order::i16},
    {"i32", 4, Order::i32},
    {"i64", 8, Order::i64},
    {"i128", 16, Order::i128},
    {"f32", 4, Order::unknown},
    {"f64", 8, Order::unknown},
    {"&str", kVar, Order::bytes},
    {"String", kVar, Order::bytes},
    {"&[u8]", kVar, Order::bytes},
    {"redb::temporal::HLC", 8, Order::bytes},
    {"redb::vec::DynVec", kVar, Order::unknown},
    {"redb::SavepointId", 8, Order::bytes},
    {"redb::SerializedSavepoint", kVar, Order::unknown},
    {"redb::TransactionIdWithPagination", 16, Order::bytes},
    {"redb::PageList", kVar, Order::unknown},
    {"redb::AllocatorStateKey", 5, Order::allocator_state},
    {"redb::HistorySnapshot", 73, Order::unknown},
    {"redb::blob::BlobId", 16, Order::bytes},
    {"redb::blob::BlobRef", 40, Order::unknown},
    {"redb::blob::BlobMeta", 169, Order::unknown},
    {"redb::blob::CausalEdge", 80, Order::unknown},
    {"redb::blob::CausalEdgeKey", 32, Order::bytes},
    {"redb::blob::TagKey", 49, Order::bytes},
    {"redb::blob::NamespaceKey", 80, Order::bytes},
    {"redb::blob::NamespaceVal", 64, Order::unknown},
    {"redb::blob::TemporalKey", 32, Order::bytes},
    {"redb::blob::Sha256Key", 32, Order::bytes},
    {"redb::blob::DedupVal", 40, Order::unknown},
    {"redb::blob::BlobChunkKey", 12, Order::bytes},
    {"redb::cdc::CdcKey", 12, Order::bytes},
    {"redb::cdc::CdcRecord", kVar, Order::unknown},
    {"shodh_redb::ivfpq::PostingKey", 12, Order::bytes},
    {"shodh_redb::ivfpq::AssignmentValue", 4, Order::unknown},
};

// Class 2 on their own; nested, their class is not recorded.
constexpr NamedType kUserTypes[] = {
    {"uuid::Uuid", 16, Order::bytes},
    {"chrono::NaiveDate", 6, Order::unknown},
    {"chrono::NaiveTime", 7, Order::unknown},
    {"chrono::NaiveDateTime", 13, Order::unknown},
    {"chrono::DateTime<chrono::FixedOffset>", 17, Order::unknown},
    {"chrono::FixedOffset", 4, Order::unknown},
};

constexpr int kMaxNesting = 32;
constexpr size_t kMaxTupleMembers = 12;

template <size_t n>
Parsed find_named(const NamedType (&types)[n], std::string_view name) noexcept {
  for (const NamedType& type : types) {
    if (type.name == name) {
      return {true, {true, type.width, type.order, Order::unknown, 0}};
    }
  }
  return {};
}

// A type of this width whose order is not implemented; nothing when the width is impossible.
Parsed of_width(uint64_t width, bool known) noexcept {
  if (width > kMaxValueBytes) return {};
  return {true, {known, static_cast<uint32_t>(width), Order::unknown, Order::unknown, 0}};
}

Parsed of_variable_width() noexcept {
  Parsed result;
  result.parsed = true;
  return result;
}

// Decimal as Rust prints it: no sign, no leading zero. nullopt past kMaxValueBytes.
std::optional<uint64_t> parse_number(std::string_view digits) noexcept {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  uint64_t number = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
    if (number > kMaxValueBytes) return std::nullopt;
  }
  return number;
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

Parsed parse_type(std::string_view name, int nesting) noexcept;

// "T;N". Elements of fixed width follow one another, so nested arrays order like one flat array.
Parsed parse_array(std::string_view body, int nesting) noexcept {
  const size_t semicolon = body.rfind(';');
  if (semicolon == std::string_view::npos) return {};
  const std::optional<uint64_t> count = parse_number(body.substr(semicolon + 1));
  const Parsed element = parse_type(body.substr(0, semicolon), nesting);
  if (!count || !element.parsed) return {};
  if (!element.info.width) return of_variable_width();

  const uint32_t element_width = *element.info.width;
  Parsed result = of_width(*count * element_width, element.info.known);  // below 2^64
  if (!result.parsed || !result.info.known) return result;
  switch (element.info.order) {
    case Order::unknown:
    case Order::unit:
    case Order::bytes:
      result.info.order = element.info.order;
      break;
    case Order::u8:
      result.info.order = Order::bytes;
      break;
    case Order::array:
      result.info.order = Order::array;
      result.info.element_order = element.info.element_order;
      result.info.element_width = element.info.element_width;
      break;
    default:
      result.info.order = Order::array;
      result.info.element_order = element.info.order;
      result.info.element_width = element_width;
  }
  return result;
}

// "A,B,..." or "T,". The width is the sum when every member has one.
Parsed parse_tuple(std::string_view body, int nesting) noexcept {
  uint64_t width = 0;
  bool variable = false;
  size_t members = 0;
  bool trailing_comma = false;
  while (!body.empty()) {
    int depth = 0;
    size_t end = 0;
    for (; end < body.size(); ++end) {
      const char c = body[end];
      if (c == ',' && depth == 0) break;
      if (c == '(' || c == '[' || c == '<' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '>' || c == '}') --depth;
    }
    const Parsed member = parse_type(body.substr(0, end), nesting);
    if (!member.parsed || ++members > kMaxTupleMembers) return {};
    if (member.info.width) {
      width += *member.info.width;
    } else {
      variable = true;
    }
    trailing_comma = end < body.size();
    body.remove_prefix(trailing_comma ? end + 1 : end);
  }
  if (members == 0 || trailing_comma != (members == 1)) return {};
  return variable ? of_variable_width() : of_width(width, false);
}

Parsed parse_type(std::string_view name, int nesting) noexcept {
  if (nesting > kMaxNesting) return {};
  if (Parsed found = find_named(kBuiltinTypes, name); found.parsed) return found;
  // A class-1 name on the outside is not a user type.
  if (nesting > 0) {
    if (Parsed found = find_named(kUserTypes, name); found.parsed) return found;
  }
  if (auto body = between(name, "[", "]")) return parse_array(*body, nesting + 1);
  if (auto body = between(name, "(", ")")) return parse_tuple(*body, nesting + 1);
  if (auto body = between(name, "Vec<", ">")) {
    return parse_type(*body, nesting + 1).parsed ? of_variable_width() : Parsed{};
  }
  // Each adds a few bytes in front of its inner type.
  for (const auto& [prefix, suffix, extra_bytes] :
       {std::tuple{"Option<", ">", 1u}, std::tuple{"ttl::", "", 8u}}) {
    if (auto body = between(name, prefix, suffix)) {
      const Parsed inner = parse_type(*body, nesting + 1);
      if (!inner.parsed || !inner.info.width) return inner.parsed ? of_variable_width() : Parsed{};
      return of_width(uint64_t{*inner.info.width} + extra_bytes, false);
    }
  }
  for (const auto& [prefix, unit_bytes, extra_bytes] :
       {std::tuple{"redb::vec::FixedVec<", 4u, 0u},
        std::tuple{"redb::vec::BinaryQuantized<", 1u, 0u},
        std::tuple{"redb::vec::ScalarQuantized<", 1u, 8u}}) {
    if (auto body = between(name, prefix, ">")) {
      const std::optional<uint64_t> count = parse_number(*body);
      return count ? of_width(*count * unit_bytes + extra_bytes, true) : Parsed{};
    }
  }
  return {};
}

}  // namespace

TypeInfo describe_type(const TypeName& type) noexcept {
  switch (type.type_class) {
    case TypeName::kBuiltin:
      return parse_type(type.name, 0).info;
    case TypeName::kUserDefined:
      return find_named(kUserTypes, type.name).info;
    default:
      return {};  // tuples with variable members: neither width nor an order in this release
  }
}

}  // namespace rdb::format
