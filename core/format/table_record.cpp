#include "format/table_record.hpp"

#include <cassert>
#include <string>

#include "base/endian.hpp"
#include "format/utf8.hpp"
#include "rdb/error.hpp"

namespace rdb::format {
namespace {

constexpr size_t kLength = 1;
constexpr size_t kRootFlag = 9;
constexpr size_t kRoot = 10;
constexpr size_t kKeyWidthFlag = 42;
constexpr size_t kValueWidthFlag = 47;
constexpr size_t kKeyAlignment = 52;
constexpr size_t kValueAlignment = 56;
constexpr size_t kKeyTypeLength = 60;
constexpr size_t kTypes = 64;

constexpr uint8_t kCompositeClass = 4;

[[noreturn]] void throw_record(std::string_view table, ErrorCode code, const std::string& what) {
  throw Error(code, "the catalog record of table \"" + std::string(table) + "\" " + what);
}

[[noreturn]] void throw_damaged(std::string_view table, const std::string& what) {
  throw_record(table, ErrorCode::corrupted, "is damaged: " + what);
}

bool parse_flag(std::string_view table, std::byte flag, const char* what) {
  if (std::to_integer<int>(flag) > 1) {
    throw_damaged(table, std::string("the flag of its ") + what + " is neither 0 nor 1");
  }
  return flag == std::byte{1};
}

// in: flag byte and u32 width.
std::optional<uint32_t> parse_width(std::string_view table, const std::byte* in, const char* what) {
  if (!parse_flag(table, *in, what)) return std::nullopt;
  const uint32_t width = base::load_le32(in + 1);
  if (width > kMaxValueBytes) {
    throw_damaged(table, std::string("its ") + what + " is " + std::to_string(width) + " bytes");
  }
  return width;
}

TypeName parse_type(std::string_view table, Bytes bytes, const char* what, bool variable_width,
                    bool& class_4) {
  if (bytes.empty()) throw_damaged(table, std::string("its ") + what + " is missing");
  auto type_class = std::to_integer<uint8_t>(bytes[0]);
  if (type_class < TypeName::kBuiltin || type_class > kCompositeClass) {
    throw_damaged(table,
                  std::string("the class of its ") + what + " is " + std::to_string(type_class));
  }
  const std::string_view name = as_text(bytes.subspan(1));
  if (!is_utf8(name)) throw_damaged(table, std::string("its ") + what + " is not UTF-8");
  class_4 = type_class == kCompositeClass;
  if (class_4) {
    type_class = name.starts_with('(') && variable_width ? TypeName::kTuple : TypeName::kBuiltin;
  }
  return {type_class, std::string(name)};
}

void encode_width(std::byte* out, std::optional<uint32_t> width) noexcept {
  if (!width) return;
  out[0] = std::byte{1};
  base::store_le32(out + 1, *width);
}

}  // namespace

TableRecord TableRecord::parse(std::string_view table, Bytes bytes, bool compressed) {
  if (bytes.empty()) throw_damaged(table, "it is empty");
  TableRecord record;
  record.compressed = compressed;
  switch (const auto kind = std::to_integer<int>(bytes[0]); kind) {
    case 1:
    case 2:
      throw_record(table, ErrorCode::format,
                   "has the kind of file format 1, which is not supported");
    case 3:
      record.kind = TableKind::normal;
      break;
    case 4:
      record.kind = TableKind::multimap;
      break;
    default:
      throw_damaged(table, "its kind is " + std::to_string(kind));
  }
  if (bytes.size() < kTypes) {
    throw_damaged(table, "it has only " + std::to_string(bytes.size()) + " bytes");
  }
  record.length = base::load_le64(&bytes[kLength]);
  if (parse_flag(table, bytes[kRootFlag], "root")) {
    try {
      record.root = RootRecord::decode(&bytes[kRoot]);
    } catch (const Error& error) {
      throw_damaged(table, error.what());
    }
  }
  record.widths.key = parse_width(table, &bytes[kKeyWidthFlag], "key width");
  record.widths.value = parse_width(table, &bytes[kValueWidthFlag], "value width");
  record.key_alignment = base::load_le32(&bytes[kKeyAlignment]);
  record.value_alignment = base::load_le32(&bytes[kValueAlignment]);

  const Bytes types = bytes.subspan(kTypes);
  const uint32_t key_type_length = base::load_le32(&bytes[kKeyTypeLength]);
  if (key_type_length < 2 || key_type_length >= types.size()) {
    throw_damaged(table, "its key type is " + std::to_string(key_type_length) + " bytes long");
  }
  record.key_type = parse_type(table, types.first(key_type_length), "key type", !record.widths.key,
                               record.key_class_4);
  record.value_type = parse_type(table, types.subspan(key_type_length), "value type",
                                 !record.widths.value, record.value_class_4);
  return record;
}

std::vector<std::byte> TableRecord::encode() const {
  const size_t key_type_length = 1 + key_type.name.size();
  std::vector<std::byte> out(kTypes + key_type_length + 1 + value_type.name.size());
  out[0] = static_cast<std::byte>(kind);
  base::store_le64(&out[kLength], length);
  if (root) {
    out[kRootFlag] = std::byte{1};
    root->encode(&out[kRoot]);
  }
  encode_width(&out[kKeyWidthFlag], widths.key);
  encode_width(&out[kValueWidthFlag], widths.value);
  base::store_le32(&out[kKeyAlignment], key_alignment);
  base::store_le32(&out[kValueAlignment], value_alignment);
  base::store_le32(&out[kKeyTypeLength], static_cast<uint32_t>(key_type_length));
  std::byte* const types = &out[kTypes];
  types[0] = std::byte{key_class_4 ? kCompositeClass : key_type.type_class};
  key_type.name.copy(reinterpret_cast<char*>(types + 1), key_type.name.size());
  types[key_type_length] = std::byte{value_class_4 ? kCompositeClass : value_type.type_class};
  value_type.name.copy(reinterpret_cast<char*>(types + key_type_length + 1),
                       value_type.name.size());
  return out;
}

}  // namespace rdb::format
