#include "value_codec.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "composite_codec.hpp"
#include "format/ttl_value.hpp"
#include "format/type_info.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

__extension__ typedef unsigned __int128 Wide;  // NOLINT: gcc's only spelling

enum class Kind { unit, boolean, character, integer, f32, f64, text, bytes, fixed_bytes, array };

constexpr uint64_t kExactDoubleLimit = uint64_t{1} << 53;
// A name such as [();4294967295] promises four billion items out of no bytes at all.
constexpr uint64_t kMaxZeroWidthItems = 4096;
constexpr int kMaxNesting = 16;

constexpr uint64_t kQuietNan64 = 0x7ff8000000000000;
constexpr uint32_t kQuietNan32 = 0x7fc00000;

[[noreturn]] void throw_invalid(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

std::string excerpt(std::string_view text) {
  constexpr size_t kMaxBytes = 60;
  const std::string_view cut = cut_at_character(text, kMaxBytes);
  std::string shown = escape_controls(cut);
  if (cut.size() < text.size()) shown += "...";
  return shown;
}

std::string json_excerpt(const Json& value) {
  return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Little-endian load of up to 16 bytes.
Wide load_wide(Bytes bytes) {
  Wide value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return value;
}

void append_wide(std::vector<std::byte>& out, Wide value, size_t width) {
  for (size_t i = 0; i < width; ++i) {
    out.push_back(static_cast<std::byte>(static_cast<uint8_t>(value)));
    value >>= 8;
  }
}

std::string wide_text(Wide magnitude, bool negative) {
  std::string digits;  // last first
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  } while (magnitude != 0);
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

struct SignedWide {
  Wide magnitude = 0;
  bool negative = false;
};

SignedWide load_signed(Bytes bytes) {
  Wide value = load_wide(bytes);
  const size_t bits = bytes.size() * 8;
  const bool negative = bits != 0 && (value >> (bits - 1) & 1) != 0;
  if (!negative) return {value, false};
  // Sign extension, then two's complement; the cast-free form also holds for the smallest value.
  if (bits < 128) value |= ~Wide{0} << bits;
  return {~value + 1, true};
}

bool has_only_digits(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

// The value a float's shortest decimal form names, so that 0.1f becomes 0.1 in JSON.
double float_as_double(float value) {
  char buffer[64];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  double wide = 0;
  std::from_chars(buffer, written.ptr, wide);
  return static_cast<float>(wide) == value ? wide : static_cast<double>(value);
}

std::string float_text(double value) {
  char buffer[64];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, written.ptr};
}

// "NaN", "inf" and their usual spellings.
std::optional<double> special_float(std::string_view text) {
  bool negative = false;
  if (text.starts_with('+') || text.starts_with('-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  double value = 0;
  if (text == "inf" || text == "Inf" || text == "Infinity" || text == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if ((text == "NaN" || text == "nan") && !negative) {
    value = std::bit_cast<double>(kQuietNan64);
  } else {
    return std::nullopt;
  }
  return negative ? -value : value;
}

// "hex:..." and so on; nullopt when text has no such prefix.
std::optional<std::vector<std::byte>> prefixed_bytes(std::string_view text) {
  if (text.starts_with("text:")) {
    const Bytes plain = as_bytes(text.substr(5));
    return std::vector<std::byte>(plain.begin(), plain.end());
  }
  if (text.starts_with("hex:")) {
    auto bytes = from_hex(text.substr(4));
    if (!bytes) throw_invalid("\"" + excerpt(text) + "\" is not hexadecimal, two digits a byte");
    return bytes;
  }
  if (text.starts_with("b64:")) {
    auto bytes = from_base64(text.substr(4));
    if (!bytes) throw_invalid("\"" + excerpt(text) + "\" is not base64");
    return bytes;
  }
  return std::nullopt;
}

// {"b64":...}, {"hex":...}; nullopt when value is something else. allow_text: {"text":...} too.
std::optional<std::vector<std::byte>> bytes_object(const Json& value, bool allow_text) {
  if (!value.is_object() || value.size() != 1 || !value.begin().value().is_string()) {
    return std::nullopt;
  }
  const std::string& form = value.begin().key();
  const auto& text = value.begin().value().get_ref<const std::string&>();
  if (form == "b64" || form == "hex") {
    auto bytes = form == "b64" ? from_base64(text) : from_hex(text);
    if (!bytes) {
      throw_invalid("\"" + excerpt(text) + "\" is not " +
                    (form == "b64" ? "base64" : "hexadecimal, two digits a byte"));
    }
    return bytes;
  }
  if (form == "text" && allow_text) {
    const Bytes plain = as_bytes(text);
    return std::vector<std::byte>(plain.begin(), plain.end());
  }
  return std::nullopt;
}

Json base64_object(Bytes bytes) { return Json{{"b64", to_base64(bytes)}}; }

}  // namespace

struct ValueCodec::Shape {
  Kind kind = Kind::unit;
  std::string name;               // of the type, for messages
  std::optional<uint64_t> width;  // bytes; absent when variable
  bool is_signed = false;         // integer
  uint64_t count = 0;             // array
  uint64_t leaf_items = 1;        // scalars in the value, over all nesting
  std::unique_ptr<Shape> element;

  static std::unique_ptr<Shape> parse(std::string_view name, int nesting);
  bool is_value(Bytes bytes) const;
  Json to_json(Bytes bytes) const;  // requires is_value
  void from_json(const Json& value, std::vector<std::byte>& out) const;
  void integer_from_text(std::string_view text, std::vector<std::byte>& out) const;
  void float_from_double(double value, const std::string& shown, std::vector<std::byte>& out) const;
  std::string range_text() const;
  [[noreturn]] void refuse(const std::string& shown, const std::string& why) const {
    throw_invalid(shown + " " + why + " " + name);
  }
};

std::unique_ptr<ValueCodec::Shape> ValueCodec::Shape::parse(std::string_view name, int nesting) {
  if (nesting > kMaxNesting) return nullptr;
  auto shape = std::make_unique<Shape>();
  shape->name = std::string(name);
  struct Simple {
    std::string_view name;
    Kind kind;
    int width;  // -1: variable
    bool is_signed;
  };
  static constexpr Simple kSimple[] = {
      {"()", Kind::unit, 0, false},        {"bool", Kind::boolean, 1, false},
      {"char", Kind::character, 3, false}, {"u8", Kind::integer, 1, false},
      {"u16", Kind::integer, 2, false},    {"u32", Kind::integer, 4, false},
      {"u64", Kind::integer, 8, false},    {"u128", Kind::integer, 16, false},
      {"i8", Kind::integer, 1, true},      {"i16", Kind::integer, 2, true},
      {"i32", Kind::integer, 4, true},     {"i64", Kind::integer, 8, true},
      {"i128", Kind::integer, 16, true},   {"f32", Kind::f32, 4, false},
      {"f64", Kind::f64, 8, false},        {"&str", Kind::text, -1, false},
      {"String", Kind::text, -1, false},   {"&[u8]", Kind::bytes, -1, false},
  };
  for (const Simple& simple : kSimple) {
    if (name != simple.name) continue;
    shape->kind = simple.kind;
    shape->is_signed = simple.is_signed;
    if (simple.width >= 0) shape->width = static_cast<uint64_t>(simple.width);
    return shape;
  }
  // [T;N]; the last semicolon belongs to this array, earlier ones to T.
  if (!name.starts_with('[') || !name.ends_with(']')) return nullptr;
  const size_t semicolon = name.rfind(';');
  if (semicolon == std::string_view::npos) return nullptr;
  const std::string_view digits = name.substr(semicolon + 1, name.size() - semicolon - 2);
  uint32_t count = 0;
  if (!has_only_digits(digits)) return nullptr;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), count).ec != std::errc()) {
    return nullptr;
  }
  std::unique_ptr<Shape> element = parse(name.substr(1, semicolon - 1), nesting + 1);
  if (element == nullptr || !element->width) return nullptr;
  const uint64_t width = *element->width * count;  // both below 2^32
  if (width > std::numeric_limits<uint32_t>::max()) return nullptr;
  shape->width = width;
  if (element->kind == Kind::integer && *element->width == 1 && !element->is_signed) {
    shape->kind = Kind::fixed_bytes;
    return shape;
  }
  const uint64_t leaf_items = element->leaf_items * count;
  if (width == 0 && leaf_items > kMaxZeroWidthItems) return nullptr;
  shape->kind = Kind::array;
  shape->count = count;
  shape->leaf_items = leaf_items;
  shape->element = std::move(element);
  return shape;
}

bool ValueCodec::Shape::is_value(Bytes bytes) const {
  if (width && bytes.size() != *width) return false;
  switch (kind) {
    case Kind::boolean:
      return static_cast<uint8_t>(bytes[0]) <= 1;
    case Kind::character: {
      const auto scalar = static_cast<uint32_t>(load_wide(bytes));
      return scalar <= 0x10ffff && (scalar < 0xd800 || scalar > 0xdfff);
    }
    case Kind::text:
      return is_utf8(as_text(bytes));
    case Kind::array:
      for (uint64_t i = 0; i < count; ++i) {
        if (!element->is_value(bytes.subspan(i * *element->width, *element->width))) return false;
      }
      return true;
    default:
      return true;
  }
}

Json ValueCodec::Shape::to_json(Bytes bytes) const {
  switch (kind) {
    case Kind::unit:
      return nullptr;
    case Kind::boolean:
      return static_cast<uint8_t>(bytes[0]) != 0;
    case Kind::character:
      return encode_utf8(static_cast<uint32_t>(load_wide(bytes)));
    case Kind::integer: {
      const SignedWide value = is_signed ? load_signed(bytes) : SignedWide{load_wide(bytes), false};
      if (bytes.size() == 16 && value.magnitude > kExactDoubleLimit) {
        return wide_text(value.magnitude, value.negative);
      }
      const auto magnitude = static_cast<uint64_t>(value.magnitude);
      if (value.negative) return static_cast<int64_t>(~magnitude + 1);
      return magnitude;
    }
    case Kind::f32:
    case Kind::f64: {
      double value = 0;
      if (kind == Kind::f32) {
        const auto bits = static_cast<uint32_t>(load_wide(bytes));
        const float narrow = std::bit_cast<float>(bits);
        if (std::isnan(narrow) && bits != kQuietNan32) return base64_object(bytes);
        value = std::isfinite(narrow) ? float_as_double(narrow) : static_cast<double>(narrow);
      } else {
        const auto bits = static_cast<uint64_t>(load_wide(bytes));
        value = std::bit_cast<double>(bits);
        if (std::isnan(value) && bits != kQuietNan64) return base64_object(bytes);
      }
      if (std::isnan(value)) return "NaN";
      if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
      return value;
    }
    case Kind::text:
      return as_text(bytes);
    case Kind::bytes:
    case Kind::fixed_bytes:
      return base64_object(bytes);
    case Kind::array: {
      Json list = Json::array();
      for (uint64_t i = 0; i < count; ++i) {
        list.push_back(element->to_json(bytes.subspan(i * *element->width, *element->width)));
      }
      return list;
    }
  }
  return nullptr;
}

std::string ValueCodec::Shape::range_text() const {
  const size_t bits = *width * 8;
  if (!is_signed) return "0 to " + wide_text(bits == 128 ? ~Wide{0} : (Wide{1} << bits) - 1, false);
  const Wide half = Wide{1} << (bits - 1);
  return wide_text(half, true) + " to " + wide_text(half - 1, false);
}

void ValueCodec::Shape::integer_from_text(std::string_view text,
                                          std::vector<std::byte>& out) const {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (!has_only_digits(digits)) {
    throw_invalid("\"" + excerpt(text) + "\" is not a whole number, which " + name + " needs");
  }
  const auto refuse_range = [&]() {
    throw_invalid(excerpt(text) + " is out of range for " + name + " (" + range_text() + ")");
  };
  Wide magnitude = 0;
  for (char c : digits) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (magnitude > (~Wide{0} - digit) / 10) refuse_range();
    magnitude = magnitude * 10 + digit;
  }
  const size_t bits = *width * 8;
  Wide largest = bits == 128 ? ~Wide{0} : (Wide{1} << bits) - 1;
  if (is_signed) largest = (Wide{1} << (bits - 1)) - (negative ? 0 : 1);
  if (!is_signed && negative) largest = 0;
  if (magnitude > largest) refuse_range();
  append_wide(out, negative ? ~magnitude + 1 : magnitude, *width);
}

void ValueCodec::Shape::float_from_double(double value, const std::string& shown,
                                          std::vector<std::byte>& out) const {
  if (kind == Kind::f64) {
    append_wide(out, std::bit_cast<uint64_t>(value), 8);
    return;
  }
  if (std::isnan(value)) {
    append_wide(out, kQuietNan32, 4);
    return;
  }
  const float narrow = static_cast<float>(value);
  if (std::isinf(narrow) && !std::isinf(value)) refuse(shown, "is out of range for");
  append_wide(out, std::bit_cast<uint32_t>(narrow), 4);
}

void ValueCodec::Shape::from_json(const Json& value, std::vector<std::byte>& out) const {
  const bool takes_bytes = kind == Kind::bytes || kind == Kind::fixed_bytes;
  if (auto bytes = bytes_object(value, takes_bytes)) {
    if (width && bytes->size() != *width) {
      throw_invalid(json_excerpt(value) + " has " + std::to_string(bytes->size()) + " bytes, but " +
                    name + " has " + std::to_string(*width));
    }
    if (!is_value(*bytes)) refuse(json_excerpt(value), "holds bytes that are no valid");
    out.insert(out.end(), bytes->begin(), bytes->end());
    return;
  }
  switch (kind) {
    case Kind::unit:
      if (!value.is_null()) refuse(json_excerpt(value), "is not null, the only value of");
      return;
    case Kind::boolean:
      if (!value.is_boolean())
        refuse(json_excerpt(value), "is neither true nor false, the values of");
      out.push_back(static_cast<std::byte>(value.get<bool>() ? 1 : 0));
      return;
    case Kind::character: {
      const auto scalar =
          value.is_string() ? single_character(value.get_ref<const std::string&>()) : std::nullopt;
      if (!scalar) refuse(json_excerpt(value), "is not a string of one character, as needed for");
      append_wide(out, *scalar, 3);
      return;
    }
    case Kind::integer:
      if (value.is_number_unsigned() || value.is_number_integer() || value.is_string()) {
        integer_from_text(value.is_string() ? value.get_ref<const std::string&>() : value.dump(),
                          out);
      } else if (value.is_number_float()) {
        const double number = value.get<double>();
        if (std::floor(number) != number) refuse(json_excerpt(value), "is not a whole number for");
        if (std::fabs(number) < static_cast<double>(kExactDoubleLimit)) {
          refuse(json_excerpt(value),
                 "is written with a fraction or exponent, which is refused for");
        }
        if (*width < 16) {
          throw_invalid(json_excerpt(value) + " is out of range for " + name + " (" + range_text() +
                        ")");
        }
        refuse(json_excerpt(value), "needs more than 64 bits; write it as a decimal string for");
      } else {
        refuse(json_excerpt(value), "is not a number, as needed for");
      }
      return;
    case Kind::f32:
    case Kind::f64:
      if (value.is_number()) {
        float_from_double(value.get<double>(), json_excerpt(value), out);
      } else {
        const auto special =
            value.is_string() ? special_float(value.get_ref<const std::string&>()) : std::nullopt;
        if (!special)
          refuse(json_excerpt(value), "is neither a number nor \"NaN\", \"inf\" or \"-inf\" for");
        float_from_double(*special, json_excerpt(value), out);
      }
      return;
    case Kind::text:
    case Kind::bytes:
    case Kind::fixed_bytes: {
      if (!value.is_string()) {
        refuse(json_excerpt(value), kind == Kind::text
                                        ? "is not a string, as needed for"
                                        : "is neither {\"b64\":\"...\"} nor a string for");
      }
      const Bytes bytes = as_bytes(value.get_ref<const std::string&>());
      if (width && bytes.size() != *width) {
        throw_invalid(json_excerpt(value) + " has " + std::to_string(bytes.size()) +
                      " bytes, but " + name + " has " + std::to_string(*width));
      }
      if (!is_value(bytes)) refuse(json_excerpt(value), "is not valid UTF-8, as needed for");
      out.insert(out.end(), bytes.begin(), bytes.end());
      return;
    }
    case Kind::array:
      if (!value.is_array()) refuse(json_excerpt(value), "is not a list, as needed for");
      if (value.size() != count) {
        throw_invalid(json_excerpt(value) + " has " + std::to_string(value.size()) +
                      " items, but " + name + " has " + std::to_string(count));
      }
      for (const Json& item : value) element->from_json(item, out);
      return;
  }
}

ValueCodec::ValueCodec(TypeName type, std::optional<uint32_t> stored_width)
    : type_(std::move(type)), stored_width_(stored_width) {
  if (type_.type_class == TypeName::kBuiltin) shape_ = Shape::parse(type_.name, 0);
  if (shape_ == nullptr) {
    composite_ = CompositeCodec::make(type_);
    if (composite_ != nullptr && composite_->width() != stored_width_) composite_.reset();
    if (format::is_ttl_type(type_) && stored_width_.value_or(UINT32_MAX) >= format::kExpiryBytes) {
      std::optional<uint32_t> width;
      if (stored_width_) width = *stored_width_ - format::kExpiryBytes;
      expiring_ = std::make_unique<ValueCodec>(format::inner_type_of(type_), width);
      if (!expiring_->known()) expiring_.reset();
    }
    return;
  }
  const bool same_width = shape_->width.has_value() == stored_width_.has_value() &&
                          (!stored_width_ || *shape_->width == *stored_width_);
  if (!same_width) shape_.reset();
}

ValueCodec::ValueCodec(ValueCodec&&) noexcept = default;
ValueCodec::~ValueCodec() = default;

bool ValueCodec::has_prefixes() const noexcept {
  return shape_ != nullptr && (shape_->kind == Kind::text || shape_->kind == Kind::bytes ||
                               shape_->kind == Kind::fixed_bytes);
}

bool ValueCodec::is_value(Bytes bytes) const {
  if (shape_ != nullptr) return shape_->is_value(bytes);
  if (composite_ != nullptr) return composite_->is_value(bytes);
  if (expiring_ != nullptr) {
    return bytes.size() >= format::kExpiryBytes &&
           expiring_->is_value(format::behind_expiry(bytes));
  }
  return !stored_width_ || bytes.size() == *stored_width_;
}

Json ValueCodec::to_json(Bytes bytes) const {
  if (composite_ != nullptr && composite_->is_value(bytes)) return composite_->to_json(bytes);
  if (expiring_ != nullptr && is_value(bytes)) {
    const uint64_t expiry = format::expiry_of(bytes);
    return {{"expires", expiry == format::kNeverExpires ? Json() : Json(expiry)},
            {"value", expiring_->to_json(format::behind_expiry(bytes))}};
  }
  if (shape_ == nullptr || !shape_->is_value(bytes)) return base64_object(bytes);
  return shape_->to_json(bytes);
}

void ValueCodec::refuse(const std::string& value, const std::string& why) const {
  throw_invalid(value + " " + why + " " + type_text(type_));
}

void ValueCodec::check_value(Bytes bytes, const std::string& shown) const {
  const std::optional<uint64_t> width =
      shape_ != nullptr ? shape_->width
                        : (stored_width_ ? std::optional<uint64_t>(*stored_width_) : std::nullopt);
  if (width && bytes.size() != *width) {
    throw_invalid(shown + " has " + std::to_string(bytes.size()) + " bytes, but " +
                  type_text(type_) + " has " + std::to_string(*width));
  }
  if (!is_value(bytes)) refuse(shown, "holds bytes that are no valid");
}

std::vector<std::byte> ValueCodec::from_json(const Json& value) const {
  std::vector<std::byte> out;
  if (shape_ != nullptr) {
    shape_->from_json(value, out);
    return out;
  }
  if (composite_ != nullptr) return composite_->from_json(value);
  auto bytes = bytes_object(value, false);
  if (!bytes && expiring_ != nullptr) return expiring_from_json(value);
  if (!bytes)
    refuse(json_excerpt(value), "is not {\"b64\":\"...\"}, the only form for the unknown type");
  check_value(*bytes, json_excerpt(value));
  return *std::move(bytes);
}

std::vector<std::byte> ValueCodec::expiring_from_json(const Json& value) const {
  if (!value.is_object() || value.size() != 2 || !value.contains("expires") ||
      !value.contains("value")) {
    refuse(json_excerpt(value),
           "is not of the form {\"expires\":...,\"value\":...}, as needed for");
  }
  const Json& expires = value["expires"];
  if (!expires.is_null() && !expires.is_number_unsigned()) {
    refuse(json_excerpt(value),
           "expires neither at a number of milliseconds nor never (null), for");
  }
  std::vector<std::byte> out;
  append_wide(out, expires.is_null() ? format::kNeverExpires : expires.get<uint64_t>(),
              format::kExpiryBytes);
  const std::vector<std::byte> inner = expiring_->from_json(value["value"]);
  out.insert(out.end(), inner.begin(), inner.end());
  return out;
}

std::vector<std::byte> ValueCodec::from_text(std::string_view text) const {
  const std::string shown = "\"" + excerpt(text) + "\"";
  if (composite_ != nullptr) {
    if (auto bytes = prefixed_bytes(text)) {
      check_value(*bytes, shown);
      return *std::move(bytes);
    }
    if (composite_->is_text()) return composite_->from_json(std::string(text));
    const Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) refuse(shown, "is not JSON, as needed for");
    return composite_->from_json(value);
  }
  if (shape_ == nullptr) {
    auto bytes = prefixed_bytes(text);
    if (!bytes && expiring_ != nullptr) {
      const Json value = Json::parse(text, nullptr, false);
      if (value.is_discarded()) refuse(shown, "is not JSON, as needed for");
      return expiring_from_json(value);
    }
    if (!bytes) refuse(shown, "has no prefix hex:, b64: or text:, as needed for the unknown type");
    check_value(*bytes, shown);
    return *std::move(bytes);
  }
  std::vector<std::byte> out;
  switch (shape_->kind) {
    case Kind::unit:
      if (!text.empty() && text != "()") refuse(shown, "is not (), the only value of");
      break;
    case Kind::boolean:
      if (text != "true" && text != "false")
        refuse(shown, "is neither true nor false, the values of");
      out.push_back(static_cast<std::byte>(text == "true" ? 1 : 0));
      break;
    case Kind::character: {
      const auto scalar = single_character(text);
      if (!scalar) refuse(shown, "is not one character, as needed for");
      append_wide(out, *scalar, 3);
      break;
    }
    case Kind::integer:
      shape_->integer_from_text(text, out);
      break;
    case Kind::f32:
    case Kind::f64: {
      double number = 0;
      if (const auto special = special_float(text)) {
        number = *special;
      } else {
        const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (read.ec == std::errc::result_out_of_range) refuse(shown, "is out of range for");
        // from_chars takes words such as "infinity" and "nan(1)" of its own; only digits pass here.
        if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() ||
            !std::isfinite(number) || digits.starts_with('+')) {
          refuse(shown, "is not a number, as needed for");
        }
      }
      shape_->float_from_double(number, shown, out);
      break;
    }
    case Kind::text:
    case Kind::bytes:
    case Kind::fixed_bytes: {
      // Text is taken as it is: a string may well begin with "hex:".
      if (shape_->kind != Kind::text) {
        if (auto bytes = prefixed_bytes(text)) {
          check_value(*bytes, shown);
          return *std::move(bytes);
        }
      }
      const Bytes plain = as_bytes(text);
      if (shape_->kind == Kind::text && !is_utf8(text))
        refuse(shown, "is not valid UTF-8, as needed for");
      check_value(plain, shown);
      out.assign(plain.begin(), plain.end());
      break;
    }
    case Kind::array: {
      const Json list = Json::parse(text, nullptr, false);
      if (list.is_discarded()) refuse(shown, "is not a JSON list, as needed for");
      shape_->from_json(list, out);
      break;
    }
  }
  return out;
}

std::string ValueCodec::exact(Bytes bytes) const {
  const std::string_view text = as_text(bytes);
  if (composite_ != nullptr && composite_->is_value(bytes)) {
    const Json value = composite_->to_json(bytes);
    if (composite_->is_text() && value.is_object()) return "hex:" + to_hex(bytes);
    return composite_->is_text() ? value.get<std::string>() : value.dump();
  }
  if (expiring_ != nullptr && is_value(bytes)) return to_json(bytes).dump();
  if (shape_ == nullptr || !shape_->is_value(bytes)) return "hex:" + to_hex(bytes);
  switch (shape_->kind) {
    case Kind::text:
      return std::string(text);
    case Kind::bytes:
    case Kind::fixed_bytes: {
      if (!is_printable(text)) return "hex:" + to_hex(bytes);
      const bool reads_as_prefix =
          text.starts_with("text:") || text.starts_with("hex:") || text.starts_with("b64:");
      return (reads_as_prefix ? "text:" : "") + std::string(text);
    }
    case Kind::unit:
      return "()";
    default: {
      const Json value = shape_->to_json(bytes);
      if (value.is_string()) return value.get<std::string>();
      // f32 and f64: a NaN with a payload.
      if (value.is_object()) return "hex:" + to_hex(bytes);
      if (value.is_number_float()) return float_text(value.get<double>());
      return value.dump();
    }
  }
}

std::string ValueCodec::display(Bytes bytes, size_t max_bytes) const {
  constexpr size_t kMaxHexBytes = 32;
  const bool valid = known() && is_value(bytes);
  const bool is_text = valid && shape_ != nullptr && shape_->kind == Kind::text;
  const bool is_bytes =
      !valid ||
      (shape_ != nullptr && (shape_->kind == Kind::bytes || shape_->kind == Kind::fixed_bytes));
  if (is_bytes && (!valid || !is_printable(as_text(bytes)))) {
    if (bytes.size() <= kMaxHexBytes) return "hex:" + to_hex(bytes);
    return "hex:" + to_hex(bytes.first(kMaxHexBytes)) + "... (" + format_count(bytes.size()) +
           " bytes)";
  }
  const std::string rendered = is_text || is_bytes ? std::string() : exact(bytes);
  const std::string_view whole = is_text || is_bytes ? as_text(bytes) : std::string_view(rendered);
  const std::string_view cut = cut_at_character(whole, max_bytes);
  std::string line = escape_controls(cut);
  if (cut.size() < whole.size()) line += "... (" + format_count(bytes.size()) + " bytes)";
  return line;
}

TypeName parse_type_argument(std::string_view text) {
  constexpr std::string_view kExpiring = "ttl::";
  TypeName type;
  if (text.starts_with(kExpiring) && !text.substr(kExpiring.size()).starts_with(kExpiring)) {
    return format::ttl_type_of(parse_type_argument(text.substr(kExpiring.size())));
  }
  type.name = text == "str"      ? "&str"
              : text == "string" ? "String"
              : text == "bytes"  ? "&[u8]"
              : text == "unit"   ? "()"
                                 : std::string(text);
  if (type.name.starts_with("legacy:")) {
    type.name.erase(0, std::string_view("legacy:").size());
    const auto shape = format::TypeShape::parse(type);
    if (shape != nullptr && shape->root().kind == format::TypeKind::legacy_tuple) return type;
  } else {
    if (ValueCodec::Shape::parse(type.name, 0) != nullptr) return type;
    // The class with which this library creates the type.
    for (const uint8_t type_class :
         {TypeName::kTuple, TypeName::kUserDefined, TypeName::kBuiltin}) {
      type.type_class = type_class;
      if (CompositeCodec::make(type) != nullptr) return type;
    }
  }
  throw_invalid("\"" + excerpt(text) +
                "\" is not a type this release creates; use (), bool, char, u8 to u128, i8 to "
                "i128, f32, f64, str, string, bytes, [T;N], (A,B), Option<T>, Vec<T>, uuid::Uuid, "
                "the chrono names, legacy:(A,B), or ttl:: and one of them");
}

std::string type_text(const TypeName& type) {
  std::string name = escape_controls(type.name);
  if (type.type_class != TypeName::kBuiltin) {
    name += " (class " + std::to_string(type.type_class) + ")";
  }
  return name;
}

Json type_json(const TypeName& type) {
  if (type.type_class == TypeName::kBuiltin) return type.name;
  return Json{{"class", type.type_class}, {"name", type.name}};
}

}  // namespace rdb::tools
