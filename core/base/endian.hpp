// endian.hpp: loads and stores of integers at any alignment. Unsuffixed disk integers are
// little-endian.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rdb::base {

static_assert(std::endian::native == std::endian::little,
              "big-endian hosts need byte swaps here, in one place");

template <typename T>
inline T load_le(const std::byte* p) noexcept {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <typename T>
inline void store_le(std::byte* p, T v) noexcept {
  std::memcpy(p, &v, sizeof v);
}

inline uint16_t load_le16(const std::byte* p) noexcept { return load_le<uint16_t>(p); }
inline uint32_t load_le32(const std::byte* p) noexcept { return load_le<uint32_t>(p); }
inline uint64_t load_le64(const std::byte* p) noexcept { return load_le<uint64_t>(p); }
inline void store_le16(std::byte* p, uint16_t v) noexcept { store_le(p, v); }
inline void store_le32(std::byte* p, uint32_t v) noexcept { store_le(p, v); }
inline void store_le64(std::byte* p, uint64_t v) noexcept { store_le(p, v); }

inline uint64_t load_be64(const std::byte* p) noexcept { return __builtin_bswap64(load_le64(p)); }
inline void store_be64(std::byte* p, uint64_t v) noexcept { store_le64(p, __builtin_bswap64(v)); }
inline uint32_t load_be32(const std::byte* p) noexcept { return __builtin_bswap32(load_le32(p)); }
inline uint16_t load_be16(const std::byte* p) noexcept { return __builtin_bswap16(load_le16(p)); }
inline void store_be32(std::byte* p, uint32_t v) noexcept { store_le32(p, __builtin_bswap32(v)); }

}  // namespace rdb::base
