#include "format/ttl_value.hpp"

#include <array>
#include <string>

#include "format/type_shape.hpp"

namespace rdb::format {
namespace {

constexpr std::string_view kPrefix = "ttl::";

}  // namespace

bool is_ttl_type(const TypeName& type) noexcept {
  return type.type_class == TypeName::kBuiltin && type.name.starts_with(kPrefix);
}

TypeName ttl_type_of(const TypeName& value) {
  TypeName ttl{TypeName::kBuiltin, std::string(kPrefix) + value.name, value.reading};
  // What the class told and the name does not: a tuple of class 1 has the legacy encoding.
  if (value.type_class == TypeName::kBuiltin && value.name.starts_with('(')) {
    ttl.reading.nested_tuples = NestedTuples::legacy;
  }
  return ttl;
}

TypeName inner_type_of(const TypeName& ttl) {
  constexpr std::array kModern = {TypeName::kTuple, TypeName::kBuiltin, TypeName::kUserDefined};
  constexpr std::array kLegacy = {TypeName::kBuiltin, TypeName::kTuple, TypeName::kUserDefined};
  TypeName inner{TypeName::kUserDefined, ttl.name.substr(kPrefix.size()), ttl.reading};
  const bool legacy = ttl.reading.nested_tuples == NestedTuples::legacy;
  for (const uint8_t type_class : legacy ? kLegacy : kModern) {
    inner.type_class = type_class;
    if (TypeShape::parse(inner) != nullptr) return inner;
  }
  return inner;  // a type of an application's own
}

}  // namespace rdb::format
