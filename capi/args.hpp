// args.hpp: from the caller's arguments to the core's and back: slices, names, sized structs.
//
// Sized structs follow one rule. Reading: what a short struct lacks is zero; what a long one has
// beyond ours must be zero. Writing: the common prefix. Both take the caller's struct_size as the
// only truth about his memory.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "handle.hpp"
#include "rdb/types.hpp"

namespace rdb::capi {

bool is_utf8(std::string_view text) noexcept;

inline Bytes to_bytes(rdb_slice slice) {
  if (slice.size == 0) return {};
  if (slice.data == nullptr) [[unlikely]]
    throw_misuse("a slice has a size, but NULL for its data");
  return {static_cast<const std::byte*>(slice.data), slice.size};
}

inline rdb_slice to_slice(Bytes bytes) noexcept { return {bytes.data(), bytes.size()}; }
inline rdb_slice to_slice(std::string_view text) noexcept { return {text.data(), text.size()}; }

// A name: UTF-8, or invalid_argument.
inline std::string_view to_name(rdb_slice slice) {
  const std::string_view name = as_text(to_bytes(slice));
  if (!is_utf8(name)) throw_invalid("a name is not UTF-8");
  return name;
}

// An enumeration of C as the core's, whose values are 0..last.
template <class Enum>
Enum to_enum(uint32_t value, Enum last, const char* sentence) {
  if (value > static_cast<uint32_t>(last)) throw_invalid(sentence);
  return static_cast<Enum>(value);
}

// Larger than any struct will ever be: a struct_size above it was never set.
inline constexpr size_t kMaxStructBytes = 4096;

[[noreturn]] void throw_struct_unset(const char* name);
[[noreturn]] void throw_struct_too_new(const char* name);

template <class Struct>
size_t struct_size_of(const Struct* given, const char* name) {
  require_not_null(given, name);
  size_t size;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof size) throw_struct_unset(name);
  return size;
}

// The caller's options as the struct this library knows; NULL is all defaults.
template <class Struct>
Struct read_struct(const Struct* given, const char* name) {
  Struct known{};
  if (given != nullptr) {
    const size_t size = struct_size_of(given, name);
    if (size > kMaxStructBytes) throw_struct_too_new(name);
    std::memcpy(&known, given, std::min(size, sizeof known));
    const auto* bytes = reinterpret_cast<const std::byte*>(given);
    for (size_t i = sizeof known; i < size; ++i) {
      if (bytes[i] != std::byte{0}) throw_struct_too_new(name);
    }
  }
  known.struct_size = sizeof known;
  return known;
}

// Reserved members get a meaning in some later version, so a caller that sets one is newer.
template <class Member, size_t kCount>
void require_reserved(const Member (&reserved)[kCount], const char* name) {
  for (const Member member : reserved) {
    if (member != 0) throw_struct_too_new(name);
  }
}
inline void require_reserved(uint32_t reserved, const char* name) {
  if (reserved != 0) throw_struct_too_new(name);
}

// Hands an output struct out. Call it last: it does not fail once out was found good.
template <class Struct>
void write_struct(Struct* out, Struct filled, const char* name) {
  const size_t size = std::min(struct_size_of(out, name), sizeof filled);
  filled.struct_size = size;
  std::memcpy(out, &filled, size);
}

// For the rdb_..._options_init functions.
template <class Struct>
void init_struct(Struct* out, size_t size, const char* name) {
  require_not_null(out, name);
  if (size < sizeof size) throw_struct_unset(name);
  std::memset(reinterpret_cast<std::byte*>(out), 0, size);
  std::memcpy(reinterpret_cast<std::byte*>(out), &size, sizeof size);
}

}  // namespace rdb::capi
