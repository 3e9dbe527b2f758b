// composite_codec.hpp: values with members, and dates, times and identifiers, between stored bytes
// and JSON.
//
//   (A,B) [T;N] Vec<T>   list
//   Option<T>            null, or what T has; {"some": ...} around it where T itself may be null
//   uuid, chrono types   text, see moments.hpp
//   scalars              as in value_codec.hpp
//
// Every member may also be {"b64"} or {"hex"} with its stored bytes. Threads: any.
#pragma once

#include <memory>
#include <vector>

#include "format/type_shape.hpp"
#include "rdb/item_codec.hpp"
#include "value_codec.hpp"

namespace rdb::tools {

class CompositeCodec {
 public:
  // Null for types that have no members and are no date, time or identifier, for unknown ones, and
  // for those that promise more empty items than anybody has.
  static std::unique_ptr<CompositeCodec> make(const TypeName& type);

  std::optional<uint32_t> width() const;
  bool is_value(Bytes bytes) const;
  Json to_json(Bytes bytes) const;  // requires is_value
  // Throws invalid_argument, naming value and type.
  std::vector<std::byte> from_json(const Json& value) const;
  // Text whose values are text in JSON: dates, times, identifiers.
  bool is_text() const;

 private:
  CompositeCodec(TypeName type, std::shared_ptr<const format::TypeShape> shape);
  Json read(uint32_t at, ItemCodec& codec) const;
  void write(uint32_t at, ItemCodec& codec, const Json& value) const;
  bool may_be_null(uint32_t at) const;
  [[noreturn]] void refuse(const Json& value, const char* why) const;

  TypeName type_;
  std::shared_ptr<const format::TypeShape> shape_;
  std::vector<std::unique_ptr<ValueCodec>> scalars_;  // by node; null for others
};

}  // namespace rdb::tools
