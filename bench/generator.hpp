// generator.hpp: the seeded stream of key-value pairs every engine is fed.
//
// Pair i is a function of (seed, i) alone: 24 key bytes, then 150 value bytes, cut from 22 draws of
// a counter-based generator (a Weyl sequence put through the splitmix64 finaliser). So any thread
// may start anywhere at no cost, and a read loop can make its keys again instead of storing them.
//
// Threads: any; a Generator is a value without state that changes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "rdb/types.hpp"

namespace rdb::bench {

inline constexpr size_t kKeyBytes = 24;
inline constexpr size_t kValueBytes = 150;

using Key = std::array<std::byte, kKeyBytes>;
using Record = std::array<std::byte, kValueBytes>;

class Generator {
 public:
  explicit Generator(uint64_t seed) : origin_(mix(seed)) {}

  // Uniform over all 24-byte strings: distinct indexes practically never share a key.
  Key key(uint64_t index) const {
    Key out;
    fill(index, 0, out);
    return out;
  }

  // Keys that ascend with index: 8 bytes big-endian, then 16 random ones.
  Key ascending_key(uint64_t index) const {
    Key out = key(index);
    for (size_t i = 0; i < 8; ++i) out[i] = static_cast<std::byte>(index >> (56 - 8 * i));
    return out;
  }

  Record value(uint64_t index) const {
    Record out;
    fill(index, kKeyDraws, out);
    return out;
  }

  // One draw of a stream beside the pairs, for choosing positions.
  uint64_t draw(uint64_t index) const { return mix(~origin_ + kStep * (index + 1)); }

 private:
  static constexpr uint64_t kStep = 0x9e37'79b9'7f4a'7c15;  // odd, so the sequence has full period
  static constexpr uint64_t kKeyDraws = kKeyBytes / 8;
  static constexpr uint64_t kPairDraws = kKeyDraws + (kValueBytes + 7) / 8;

  static constexpr uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
    return x ^ (x >> 31);
  }

  template <size_t kSize>
  void fill(uint64_t index, uint64_t first_draw, std::array<std::byte, kSize>& out) const {
    uint64_t state = origin_ + kStep * (index * kPairDraws + first_draw);
    for (size_t at = 0; at < kSize; at += 8) {
      state += kStep;
      const uint64_t word = mix(state);
      std::memcpy(out.data() + at, &word, kSize - at < 8 ? kSize - at : 8);
    }
  }

  uint64_t origin_;
};

// Folds one byte into a checksum that depends on order.
inline void fold(uint64_t& digest, std::byte byte) {
  digest = (digest ^ static_cast<uint64_t>(byte)) * 0x100'0000'01b3;
}

// Folds what a range row looks at: the key's first eight bytes and the value's first.
inline void fold_entry(uint64_t& digest, Bytes key, Bytes value) {
  uint64_t head = 0;
  std::memcpy(&head, key.data(), key.size() < 8 ? key.size() : 8);
  digest = std::rotl(digest ^ head, 23) * 0x100'0000'01b3;
  if (!value.empty()) fold(digest, value[0]);
}

}  // namespace rdb::bench
