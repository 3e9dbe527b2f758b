#include "format/type_info.hpp"

#include "format/ttl_value.hpp"
#include "format/widths.hpp"

namespace rdb::format {
namespace {

using Order = KeyOrderKind;

// Elements of fixed width follow one another, so nested arrays order like one flat array.
void flatten_array(TypeInfo& info) {
  uint32_t at = 0;
  while (info.shape->node(at).kind == TypeKind::array) ++at;
  const TypeNode& element = info.shape->node(at);
  if (at == 0 || !element.fixed() || element.order == Order::composite) return;
  info.order = Order::array;
  info.element_order = element.order;
  info.element_width = element.width;
}

// The expiry in front of the value adds to its width; told apart by the tables that know about it.
TypeInfo describe_ttl(const TypeName& type) {
  const TypeInfo inner = describe_type(inner_type_of(type));
  TypeInfo info;
  info.known = inner.known;
  if (inner.width) {
    if (*inner.width + uint64_t{kExpiryBytes} > kMaxValueBytes) return {};
    info.width = *inner.width + kExpiryBytes;
  }
  return info;
}

}  // namespace

TypeInfo describe_type(const TypeName& type) {
  if (is_ttl_type(type)) return describe_ttl(type);
  TypeInfo info;
  info.shape = TypeShape::parse(type);
  if (info.shape == nullptr) {
    const TypeReading& reading = type.reading;
    if (reading.user_width != 0 && reading.user_width != TypeReading::kVariable) {
      info.width = reading.user_width;
    }
    if (reading.compare != nullptr) info.order = Order::custom;
    info.custom = reading.compare;
    return info;
  }
  info.known = true;
  const TypeNode& root = info.shape->root();
  if (root.fixed()) info.width = root.width;
  info.order = root.order;
  if (root.order == Order::composite) flatten_array(info);
  return info;
}

}  // namespace rdb::format
