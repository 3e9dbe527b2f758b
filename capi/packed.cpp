#include "packed.hpp"

#include <cstring>

#include "handle.hpp"

namespace rdb::capi {
namespace {

size_t padding_behind(size_t size) noexcept { return (4 - size % 4) % 4; }

}  // namespace

Bytes PackedReader::take_bytes(size_t size) {
  if (size > rest_.size()) throw_invalid("the packed bytes end inside a record");
  const Bytes taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

uint32_t PackedReader::take_u32() {
  const Bytes bytes = take_bytes(4);
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= std::to_integer<uint32_t>(bytes[i]) << (8 * i);
  return value;
}

void PackedReader::skip_padding(size_t content_size) { take_bytes(padding_behind(content_size)); }

Bytes PackedReader::take_key() {
  const Bytes key = take_bytes(take_u32());
  skip_padding(key.size());
  return key;
}

PackedReader::Record PackedReader::take_record() {
  const uint32_t key_size = take_u32();
  const uint32_t value_size = take_u32();
  const Bytes key = take_bytes(key_size);
  const Bytes value = take_bytes(value_size);
  // Only the remainders matter, and their sum cannot overflow.
  skip_padding(key.size() % 4 + value.size() % 4);
  return {key, value};
}

std::byte* write_packed_answer(std::byte* out, const std::optional<Bytes>& value) noexcept {
  const uint32_t word = value ? static_cast<uint32_t>(value->size()) : kPackedMissing;
  for (size_t i = 0; i < 4; ++i) *out++ = static_cast<std::byte>(word >> (8 * i) & 0xff);
  if (!value || value->empty()) return out;
  std::memcpy(out, value->data(), value->size());
  out += value->size();
  const size_t padding = padding_behind(value->size());
  std::memset(out, 0, padding);
  return out + padding;
}

}  // namespace rdb::capi
