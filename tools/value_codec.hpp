// value_codec.hpp: keys and values between their stored bytes, JSON and the command line.
//
//   type            JSON                                   command line
//   ()              null                                   "" or ()
//   bool            true, false                            true, false
//   u8 .. i64       number                                 decimal
//   u128 i128       number up to 2^53, beyond it a string  decimal
//   f32 f64         number; "NaN", "inf", "-inf"           the same without quotes
//   char            string of one character                one character
//   &str String     string                                 as it is
//   &[u8]           {"b64":"..."}                          plain text, text:..., hex:..., b64:...
//   [u8;N]          {"b64":"..."}                          the same
//   [T;N]           list of N items                        a JSON list
//   (A,B) Vec Option  see composite_codec.hpp              JSON
//   uuid, chrono    text                                   the text
//   ttl::T          {"expires":MS,"value":T}               JSON; MS since 1970 began, null: never
//   anything else   {"b64":"..."}, the stored bytes        text:..., hex:..., b64:...
//
// Reading JSON is a little wider than writing it: integers may be decimal strings, byte strings may
// be a plain string (its UTF-8 bytes), {"hex":"..."} or {"text":"..."}, and every type takes
// {"b64"} and {"hex"} with its stored bytes.
//
// Invariants:
//   V1  from_json(to_json(b)) == b for every value b of the type; a NaN with a payload goes as
//       {"b64"}. Stored bytes that are no value (a bool of 7, text that is no UTF-8) are shown as
//       {"b64"} too, and V2 then refuses them.
//   V2  what from_json and from_text return is a value of the type: in range, of its width, valid
//       UTF-8, also when it was given as {"b64"}.
// Refusals throw Error(invalid_argument) with a sentence that names value and type.
//
// Threads: any; a codec never changes.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/types.hpp"

namespace rdb::tools {

using Json = nlohmann::ordered_json;

class CompositeCodec;

class ValueCodec {
 public:
  // stored_width: what the catalog declares. A type whose computed width contradicts it is treated
  // as unknown, because its bytes cannot mean what the name says.
  ValueCodec(TypeName type, std::optional<uint32_t> stored_width);
  ValueCodec(ValueCodec&&) noexcept;
  ~ValueCodec();

  bool known() const noexcept {
    return shape_ != nullptr || composite_ != nullptr || expiring_ != nullptr;
  }
  // Byte strings and text, whose keys have prefixes.
  bool has_prefixes() const noexcept;
  const TypeName& type() const noexcept { return type_; }

  Json to_json(Bytes bytes) const;
  std::vector<std::byte> from_json(const Json& value) const;
  std::vector<std::byte> from_text(std::string_view text) const;

  // Whether bytes are a value of the type; always true for unknown types of the right width.
  bool is_value(Bytes bytes) const;

  // All of the value, on one or more lines; from_text reads it back (text of &str is raw).
  std::string exact(Bytes bytes) const;
  // One line, at most about max_bytes long, safe on a terminal, cut between characters.
  std::string display(Bytes bytes, size_t max_bytes) const;

  struct Shape;  // the parsed type name

 private:
  std::vector<std::byte> expiring_from_json(const Json& value) const;
  [[noreturn]] void refuse(const std::string& value, const std::string& why) const;
  void check_value(Bytes bytes, const std::string& shown) const;

  TypeName type_;
  std::optional<uint32_t> stored_width_;
  std::unique_ptr<Shape> shape_;               // at most one of the three is there
  std::unique_ptr<CompositeCodec> composite_;  // none: unknown
  std::unique_ptr<ValueCodec> expiring_;       // of the value behind the expiry
};

// The type a user names on the command line: a stored name ("u64", "&str", "[u8;16]", "(&str,u64)",
// "chrono::NaiveDate"), one of the words str, string, bytes, unit, or "legacy:" and a tuple as redb
// up to version 2 wrote it. Throws invalid_argument when this release does not know it.
TypeName parse_type_argument(std::string_view text);

// "u64"; other classes as "name (class 2)".
std::string type_text(const TypeName& type);
// {"class":2,"name":"..."}, or just the name for built-in types.
Json type_json(const TypeName& type);

}  // namespace rdb::tools
