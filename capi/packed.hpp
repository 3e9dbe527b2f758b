// packed.hpp: records in one piece of memory, as rdb.h section 7 lays them out.
//
//   record   u32 key size, u32 value size, key, value, padding to 4
//   key      u32 key size, key, padding to 4
//   answer   u32 value size or kPackedMissing, value, padding to 4
//
// Numbers are little-endian at any alignment. Padding is counted from the start of the memory,
// which is the start of the record as well, since each ends at a multiple of 4.
#pragma once

#include "rdb/types.hpp"

namespace rdb::capi {

inline constexpr uint32_t kPackedMissing = 0xffffffff;

// Reads keys or records one after the other from bytes that are not trusted.
class PackedReader {
 public:
  explicit PackedReader(Bytes packed) noexcept : rest_(packed) {}

  bool done() const noexcept { return rest_.empty(); }

  // Each throws invalid_argument when the bytes left hold no whole one.
  Bytes take_key();
  struct Record {
    Bytes key;
    Bytes value;
  };
  Record take_record();

 private:
  uint32_t take_u32();
  Bytes take_bytes(size_t size);
  void skip_padding(size_t content_size);

  Bytes rest_;
};

// Bytes of an answer of value_size bytes: size word, value, padding.
constexpr uint64_t packed_answer_size(uint64_t value_size) noexcept {
  return 4 + (value_size + 3) / 4 * 4;
}

// Writes one answer at out, which has room for packed_answer_size(value.size()); missing when value
// is empty optional. Returns the place behind it.
std::byte* write_packed_answer(std::byte* out, const std::optional<Bytes>& value) noexcept;

}  // namespace rdb::capi
