// rdb_codec.hpp: how C++ types are stored; included by rdb.hpp.
//
// A codec turns one C++ type into the bytes of one stored type and back. Programs may specialise
// Codec for types of their own.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "rdb.h"
#include "rdb_base.hpp"

namespace rdb {
inline namespace abi1 {

// A key or value type by class and stored name.
struct Type {
  std::string name;
  uint32_t type_class = RDB_TYPE_BUILTIN;

  bool operator==(const Type&) const = default;
  // Borrows the name.
  rdb_type c_type() const noexcept {
    return rdb_type{rdb_slice{name.data(), name.size()}, type_class, 0};
  }
};

// How T is stored. A specialisation has
//
//   using Owned          what a read returns by value
//   using View           what a scan shows of bytes that are still borrowed; may be Owned
//   static Type type()
//   static E encode(const T&)    E converts to Bytes, and lives while the caller holds it
//   static View decode(Bytes)    throws ContentError when the bytes are no T
//   static Owned own(Bytes)      the same, as a value that borrows nothing
template <class T>
struct Codec;

namespace detail {

[[noreturn]] inline void throw_undecodable(const std::string& type) {
  throw ContentError(RDB_ERR_CORRUPTED, "the bytes are no " + type);
}

// Little-endian bytes of a fixed-width scalar, whatever the machine's order.
template <class T>
std::array<std::byte, sizeof(T)> to_little(T value) noexcept {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  if constexpr (std::endian::native == std::endian::big) std::ranges::reverse(bytes);
  return bytes;
}

template <class T>
T from_little(Bytes bytes, const char* type) {
  if (bytes.size() != sizeof(T)) throw_undecodable(type);
  std::array<std::byte, sizeof(T)> copy;
  std::memcpy(copy.data(), bytes.data(), sizeof(T));
  if constexpr (std::endian::native == std::endian::big) std::ranges::reverse(copy);
  T value;
  std::memcpy(&value, copy.data(), sizeof value);
  return value;
}

}  // namespace detail

#if defined(__SIZEOF_INT128__)
__extension__ typedef unsigned __int128 uint128_t;
__extension__ typedef __int128 int128_t;
#endif

namespace detail {

template <class T, class... Others>
concept OneOf = (std::same_as<T, Others> || ...);

// Name of a number as stored; nullptr for what is no number there, characters among it.
template <class T>
constexpr const char* number_name() noexcept {
#if defined(__SIZEOF_INT128__)
  if (std::same_as<T, uint128_t>) return "u128";
  if (std::same_as<T, int128_t>) return "i128";
#endif
  if (OneOf<T, float, double>) return sizeof(T) == 4 ? "f32" : "f64";
  if (!std::integral<T> || OneOf<T, bool, char, wchar_t, char8_t, char16_t, char32_t>)
    return nullptr;
  const bool is_signed = std::is_signed_v<T>;
  switch (sizeof(T)) {
    case 1:
      return is_signed ? "i8" : "u8";
    case 2:
      return is_signed ? "i16" : "u16";
    case 4:
      return is_signed ? "i32" : "u32";
    default:
      return is_signed ? "i64" : "u64";
  }
}

}  // namespace detail

// u8..u128, i8..i128, f32, f64 (floats as values only): little-endian.
template <class T>
requires(detail::number_name<T>() != nullptr) struct Codec<T> {
  using Owned = T;
  using View = T;
  static constexpr size_t kWidth = sizeof(T);
  static Type type() { return {detail::number_name<T>()}; }
  static std::array<std::byte, kWidth> encode(T value) noexcept { return detail::to_little(value); }
  static T decode(Bytes bytes) { return detail::from_little<T>(bytes, detail::number_name<T>()); }
  static T own(Bytes bytes) { return decode(bytes); }
};

// &[u8]: byte strings in byte order, the type of a table that names none. Owned as std::string.
template <>
struct Codec<Bytes> {
  using Owned = std::string;
  using View = Bytes;
  static Type type() { return {"&[u8]"}; }
  static Bytes encode(Bytes value) noexcept { return value; }
  static Bytes decode(Bytes bytes) noexcept { return bytes; }
  static std::string own(Bytes bytes) { return bytes.str(); }
};

// &str: text in UTF-8. Nobody checks that it is UTF-8; other languages refuse to read it when it
// is not.
template <>
struct Codec<std::string_view> {
  using Owned = std::string;
  using View = std::string_view;
  static Type type() { return {"&str"}; }
  static Bytes encode(std::string_view value) noexcept { return value; }
  static std::string_view decode(Bytes bytes) noexcept { return bytes.text(); }
  static std::string own(Bytes bytes) { return bytes.str(); }
};

// String: as &str, under the other name.
template <>
struct Codec<std::string> {
  using Owned = std::string;
  using View = std::string_view;
  static Type type() { return {"String"}; }
  static Bytes encode(std::string_view value) noexcept { return value; }
  static std::string_view decode(Bytes bytes) noexcept { return bytes.text(); }
  static std::string own(Bytes bytes) { return bytes.str(); }
};

template <>
struct Codec<bool> {
  using Owned = bool;
  using View = bool;
  static constexpr size_t kWidth = 1;
  static Type type() { return {"bool"}; }
  static std::array<std::byte, 1> encode(bool value) noexcept { return {std::byte(value)}; }
  static bool decode(Bytes bytes) {
    if (bytes.size() != 1 || bytes.data()[0] > std::byte(1)) detail::throw_undecodable("bool");
    return bytes.data()[0] == std::byte(1);
  }
  static bool own(Bytes bytes) { return decode(bytes); }
};

// char: a Unicode scalar value in three bytes.
template <>
struct Codec<char32_t> {
  using Owned = char32_t;
  using View = char32_t;
  static constexpr size_t kWidth = 3;
  static Type type() { return {"char"}; }
  // UsageError: a surrogate, or beyond U+10FFFF.
  static std::array<std::byte, 3> encode(char32_t value) {
    if (!is_scalar(value)) throw UsageError(RDB_ERR_INVALID_ARGUMENT, "no Unicode scalar value");
    return {std::byte(value & 0xff), std::byte(value >> 8 & 0xff), std::byte(value >> 16)};
  }
  static char32_t decode(Bytes bytes) {
    if (bytes.size() != 3) detail::throw_undecodable("char");
    const std::byte* const at = bytes.data();
    const char32_t value = std::to_integer<char32_t>(at[0]) |
                           std::to_integer<char32_t>(at[1]) << 8 |
                           std::to_integer<char32_t>(at[2]) << 16;
    if (!is_scalar(value)) detail::throw_undecodable("char");
    return value;
  }
  static char32_t own(Bytes bytes) { return decode(bytes); }

 private:
  static bool is_scalar(char32_t value) noexcept {
    return value < 0xd800 || (value > 0xdfff && value < 0x110000);
  }
};

// (): nothing. As a key, the table holds one record at most.
template <>
struct Codec<std::monostate> {
  using Owned = std::monostate;
  using View = std::monostate;
  static constexpr size_t kWidth = 0;
  static Type type() { return {"()"}; }
  static Bytes encode(std::monostate) noexcept { return {}; }
  static std::monostate decode(Bytes bytes) {
    if (!bytes.empty()) detail::throw_undecodable("()");
    return {};
  }
  static std::monostate own(Bytes bytes) { return decode(bytes); }
};

// A type whose encoding always has Codec<T>::kWidth bytes.
template <class T>
concept FixedWidth = requires {
  { Codec<T>::kWidth } -> std::convertible_to<size_t>;
};

// [T;N] of T with a fixed width: the elements' bytes, one behind the other. std::byte counts as u8.
template <class T, size_t kCount>
requires FixedWidth<T> || std::same_as<T, std::byte>
struct Codec<std::array<T, kCount>> {
  using Element = Codec<std::conditional_t<std::same_as<T, std::byte>, uint8_t, T>>;
  using Owned = std::array<T, kCount>;
  using View = Owned;
  static constexpr size_t kWidth = Element::kWidth * kCount;
  static Type type() { return {"[" + Element::type().name + ";" + std::to_string(kCount) + "]"}; }
  static std::array<std::byte, kWidth> encode(const Owned& values) {
    std::array<std::byte, kWidth> bytes;
    for (size_t i = 0; i < kCount; ++i) {
      const auto one = Element::encode(element(values[i]));
      if constexpr (Element::kWidth != 0) {
        std::memcpy(bytes.data() + i * Element::kWidth, one.data(), Element::kWidth);
      }
    }
    return bytes;
  }
  static Owned decode(Bytes bytes) {
    if (bytes.size() != kWidth) detail::throw_undecodable(type().name);
    Owned values{};
    for (size_t i = 0; i < kCount; ++i) {
      values[i] = T(Element::decode({bytes.data() + i * Element::kWidth, Element::kWidth}));
    }
    return values;
  }
  static Owned own(Bytes bytes) { return decode(bytes); }

 private:
  static auto element(const T& value) {
    if constexpr (std::same_as<T, std::byte>) {
      return std::to_integer<uint8_t>(value);
    } else {
      return value;
    }
  }
};

// What functions over a table of T take: the codec's view when that is cheap and T is text or
// bytes, else T itself.
template <class T>
using Arg = std::conditional_t<
    std::same_as<T, std::string>, std::string_view,
    std::conditional_t<std::is_trivially_copyable_v<T> && sizeof(T) <= 16, T, const T&>>;
template <class T>
using Owned = typename Codec<T>::Owned;
template <class T>
using View = typename Codec<T>::View;

}  // namespace abi1
}  // namespace rdb
