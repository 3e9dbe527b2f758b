#include "format/opened_leaf.hpp"

#include <cassert>
#include <utility>

#include "format/value_envelope.hpp"
#include "rdb/error.hpp"

namespace rdb::format {

std::optional<uint64_t> OpenedLeaf::bytes_needed(const LeafView& leaf) {
  uint64_t bytes = leaf.size() * sizeof(uint64_t);
  bool compressed = false;
  for (uint32_t i = 0; i < leaf.size(); ++i) {
    const ValueEnvelope envelope = ValueEnvelope::parse(leaf.value(i));
    bytes += envelope.size();
    compressed = compressed || !envelope.is_raw();
  }
  return compressed ? std::optional(bytes) : std::nullopt;
}

OpenedLeaf::OpenedLeaf(const LeafView& leaf, std::optional<uint32_t> value_width, uint64_t bytes)
    : entries_(leaf.size()) {
  auto block = std::make_shared_for_overwrite<std::byte[]>(bytes);
  uint64_t at = values_begin();
  for (uint32_t i = 0; i < entries_; ++i) {
    const ValueEnvelope envelope = ValueEnvelope::parse(leaf.value(i));
    assert(envelope.size() <= bytes - at);
    if (value_width && envelope.size() != *value_width) {
      throw Error(ErrorCode::corrupted, "a value opens to another width than its type has");
    }
    envelope.open({block.get() + at, envelope.size()});
    at += envelope.size();
    base::store_le64(block.get() + uint64_t{i} * sizeof(uint64_t), at);
  }
  block_ = std::move(block);
}

void OpenedLeaf::read(uint32_t first, std::span<Bytes> values) const noexcept {
  const std::byte* const block = block_.get();
  uint64_t begin = first == 0 ? values_begin() : end(first - 1);
  for (Bytes& value : values) {
    const uint64_t to = base::load_le64(block + uint64_t{first++} * sizeof(uint64_t));
    value = {block + begin, to - begin};
    begin = to;
  }
}

uint64_t OpenedLeaf::memory_bytes() const noexcept { return entries_ == 0 ? 0 : end(entries_ - 1); }

}  // namespace rdb::format
