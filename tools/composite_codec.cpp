#include "composite_codec.hpp"

#include <algorithm>

#include "format/encoding.hpp"
#include "moments.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {
namespace {

using format::TypeKind;
using format::TypeNode;

// A name such as [((),());4294967295] promises four billion items out of no bytes at all.
constexpr uint64_t kMaxEmptyItems = 4096;

// Scalars of the same encoding, whatever they are called.
std::string scalar_name(const TypeNode& node) {
  switch (node.kind) {
    case TypeKind::unit:
      return "()";
    case TypeKind::boolean:
      return "bool";
    case TypeKind::character:
      return "char";
    case TypeKind::unsigned_integer:
      return "u" + std::to_string(8 * node.width);
    case TypeKind::signed_integer:
      return "i" + std::to_string(8 * node.width);
    case TypeKind::real:
      return "f" + std::to_string(8 * node.width);
    case TypeKind::text:
      return "&str";
    default:
      return node.fixed() ? "[u8;" + std::to_string(node.width) + "]" : "&[u8]";
  }
}

ItemKind moment_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::date:
      return ItemKind::date;
    case TypeKind::time:
      return ItemKind::time;
    case TypeKind::date_time:
      return ItemKind::date_time;
    case TypeKind::zoned_date_time:
      return ItemKind::zoned_date_time;
    default:
      return ItemKind::offset;
  }
}

bool is_moment(TypeKind kind) { return kind >= TypeKind::date && kind <= TypeKind::offset; }

bool has_members(TypeKind kind) { return kind >= TypeKind::option; }

Json base64_object(Bytes bytes) { return Json{{"b64", to_base64(bytes)}}; }

std::string excerpt(const Json& value) {
  constexpr size_t kMaxBytes = 60;
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string_view cut = cut_at_character(text, kMaxBytes);
  return escape_controls(cut) + (cut.size() < text.size() ? "..." : "");
}

// {"b64":...} or {"hex":...}; nullopt when value is something else.
std::optional<std::vector<std::byte>> stored_object(const Json& value) {
  if (!value.is_object() || value.size() != 1 || !value.begin().value().is_string()) {
    return std::nullopt;
  }
  const std::string& form = value.begin().key();
  const auto& text = value.begin().value().get_ref<const std::string&>();
  if (form == "b64") return from_base64(text);
  if (form == "hex") return from_hex(text);
  return std::nullopt;
}

}  // namespace

std::unique_ptr<CompositeCodec> CompositeCodec::make(const TypeName& type) {
  auto shape = format::TypeShape::parse(type);
  if (shape == nullptr) return nullptr;
  const TypeKind kind = shape->root().kind;
  if (!has_members(kind) && !is_moment(kind) && kind != TypeKind::uuid) return nullptr;
  uint64_t empty_items = 1;
  for (uint32_t i = 0; i < shape->size(); ++i) {
    const TypeNode& node = shape->node(i);
    if (node.kind != TypeKind::array || shape->node(i + 1).width != 0) continue;
    empty_items *= std::max<uint64_t>(1, node.count);
    if (empty_items > kMaxEmptyItems) return nullptr;
  }
  return std::unique_ptr<CompositeCodec>(new CompositeCodec(type, std::move(shape)));
}

CompositeCodec::CompositeCodec(TypeName type, std::shared_ptr<const format::TypeShape> shape)
    : type_(std::move(type)), shape_(std::move(shape)) {
  scalars_.resize(shape_->size());
  for (uint32_t i = 0; i < shape_->size(); ++i) {
    const TypeNode& node = shape_->node(i);
    if (has_members(node.kind) || is_moment(node.kind) || node.kind == TypeKind::uuid) continue;
    const auto width = node.fixed() ? std::optional(node.width) : std::nullopt;
    scalars_[i] =
        std::make_unique<ValueCodec>(TypeName{TypeName::kBuiltin, scalar_name(node), {}}, width);
  }
}

std::optional<uint32_t> CompositeCodec::width() const {
  return shape_->root().fixed() ? std::optional(shape_->root().width) : std::nullopt;
}

bool CompositeCodec::is_text() const { return !has_members(shape_->root().kind); }

bool CompositeCodec::is_value(Bytes bytes) const {
  return !format::find_encoding_problem(*shape_, bytes);
}

void CompositeCodec::refuse(const Json& value, const char* why) const {
  throw Error(ErrorCode::invalid_argument, excerpt(value) + " " + why + " " + type_text(type_));
}

bool CompositeCodec::may_be_null(uint32_t at) const {
  const TypeNode& node = shape_->node(at);
  return node.kind == TypeKind::option || node.kind == TypeKind::unit;
}

Json CompositeCodec::to_json(Bytes bytes) const {
  ItemCodec codec(type_);
  codec.start(bytes);
  return read(0, codec);
}

Json CompositeCodec::read(uint32_t at, ItemCodec& codec) const {
  Item item;
  codec.next(item);
  const TypeNode& node = shape_->node(at);
  switch (item.kind) {
    case ItemKind::none:
      return nullptr;
    case ItemKind::some: {
      Json inner = read(at + 1, codec);
      if (may_be_null(at + 1)) return Json{{"some", std::move(inner)}};
      return inner;
    }
    case ItemKind::tuple:
    case ItemKind::array:
    case ItemKind::list: {
      Json members = Json::array();
      uint32_t member = at + 1;
      for (uint32_t i = 0; i < item.count; ++i) {
        members.push_back(read(member, codec));
        if (item.kind == ItemKind::tuple) member = shape_->node(member).end;
      }
      return members;
    }
    case ItemKind::uuid:
      return uuid_text(item.bytes);
    default:
      break;
  }
  if (is_moment(node.kind)) {
    std::string text = moment_text(item);
    if (text.empty()) return base64_object(item.bytes);
    return text;
  }
  return scalars_[at]->to_json(item.bytes);
}

std::vector<std::byte> CompositeCodec::from_json(const Json& value) const {
  ItemCodec codec(type_);
  write(0, codec, value);
  const Bytes bytes = codec.finish();
  return {bytes.begin(), bytes.end()};
}

void CompositeCodec::write(uint32_t at, ItemCodec& codec, const Json& value) const {
  const TypeNode& node = shape_->node(at);
  Item item;
  std::vector<std::byte> stored;
  if (auto bytes = stored_object(value)) {
    stored = *std::move(bytes);
    item.kind = ItemKind::stored;
    item.bytes = stored;
    return codec.put(item);
  }
  switch (node.kind) {
    case TypeKind::option: {
      item.kind = value.is_null() ? ItemKind::none : ItemKind::some;
      codec.put(item);
      if (value.is_null()) return;
      if (!may_be_null(at + 1)) return write(at + 1, codec, value);
      if (!value.is_object() || value.size() != 1 || !value.contains("some")) {
        refuse(value, "is neither null nor {\"some\": ...}, as needed for a part of");
      }
      return write(at + 1, codec, value["some"]);
    }
    case TypeKind::tuple:
    case TypeKind::legacy_tuple:
    case TypeKind::array:
    case TypeKind::list: {
      const bool list = node.kind == TypeKind::list;
      if (!value.is_array()) refuse(value, "is not a list, as needed for");
      if (!list && value.size() != node.count) {
        throw Error(ErrorCode::invalid_argument,
                    excerpt(value) + " has " + std::to_string(value.size()) + " items, but " +
                        type_text(type_) + " has " + std::to_string(node.count) + " there");
      }
      item.kind = list                           ? ItemKind::list
                  : node.kind == TypeKind::array ? ItemKind::array
                                                 : ItemKind::tuple;
      item.count = static_cast<uint32_t>(value.size());
      codec.put(item);
      uint32_t member = at + 1;
      for (const Json& part : value) {
        write(member, codec, part);
        if (item.kind == ItemKind::tuple) member = shape_->node(member).end;
      }
      return;
    }
    case TypeKind::uuid: {
      const auto bytes =
          value.is_string() ? parse_uuid(value.get_ref<const std::string&>()) : std::nullopt;
      if (!bytes) refuse(value, "is no UUID, as needed for");
      item.kind = ItemKind::uuid;
      item.bytes = as_bytes(*bytes);
      return codec.put(item);
    }
    default:
      break;
  }
  if (is_moment(node.kind)) {
    const auto moment = value.is_string() ? parse_moment(moment_kind(node.kind),
                                                         value.get_ref<const std::string&>())
                                          : std::nullopt;
    if (!moment) refuse(value, "is no text of a date or time, as needed for");
    return codec.put(*moment);
  }
  stored = scalars_[at]->from_json(value);
  item.kind = ItemKind::stored;
  item.bytes = stored;
  codec.put(item);
}

}  // namespace rdb::tools
