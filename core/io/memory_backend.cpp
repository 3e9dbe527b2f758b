#include "io/memory_backend.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

#include "io/os_error.hpp"

namespace rdb::io {
namespace {

constexpr uint64_t kChunkBytes = uint64_t{1} << 20;
// More than any machine has; keeps the table of chunks itself below 128 MiB.
constexpr uint64_t kMaxBytes = uint64_t{1} << 44;
const char* const kName = "the memory database";

[[noreturn]] void throw_memory_full(uint64_t size) {
  throw Error(ErrorCode::out_of_space,
              "no memory for " + std::to_string(size) + " bytes of the memory database");
}

// Calls body(chunk index, offset in chunk, offset in the range, byte count) for each piece.
template <typename Body>
void for_each_piece(uint64_t offset, uint64_t size, Body body) {
  uint64_t done = 0;
  while (done < size) {
    const uint64_t at = offset + done;
    const uint64_t in_chunk = at % kChunkBytes;
    const uint64_t count = std::min(size - done, kChunkBytes - in_chunk);
    body(static_cast<size_t>(at / kChunkBytes), static_cast<size_t>(in_chunk),
         static_cast<size_t>(done), static_cast<size_t>(count));
    done += count;
  }
}

}  // namespace

MemoryBackend::MemoryBackend(Bytes image) {
  resize(image.size());
  write(0, image);
}

uint64_t MemoryBackend::size() {
  const std::shared_lock lock(mutex_);
  return size_;
}

void MemoryBackend::require_inside(const char* verb, uint64_t offset, uint64_t size) const {
  if (offset <= size_ && size <= size_ - offset) return;
  throw Error(ErrorCode::io,
              transfer_failure(verb, size, offset, kName) + ": it ends at " + std::to_string(size_),
              offset);
}

void MemoryBackend::read(uint64_t offset, std::span<std::byte> out) {
  const std::shared_lock lock(mutex_);
  require_inside("read", offset, out.size());
  for_each_piece(offset, out.size(), [&](size_t chunk, size_t at, size_t done, size_t count) {
    if (chunks_[chunk]) {
      std::memcpy(out.data() + done, chunks_[chunk].get() + at, count);
    } else {
      std::memset(out.data() + done, 0, count);
    }
  });
}

void MemoryBackend::write(uint64_t offset, Bytes data) {
  const std::unique_lock lock(mutex_);
  require_inside("write", offset, data.size());
  write_locked(offset, data);
}

void MemoryBackend::write_gather(uint64_t offset, std::span<const Bytes> parts) {
  uint64_t total = 0;
  for (Bytes part : parts) total += part.size();
  const std::unique_lock lock(mutex_);
  require_inside("write", offset, total);
  for (Bytes part : parts) {
    write_locked(offset, part);
    offset += part.size();
  }
}

void MemoryBackend::write_locked(uint64_t offset, Bytes data) {
  for_each_piece(offset, data.size(), [&](size_t chunk, size_t at, size_t done, size_t count) {
    if (!chunks_[chunk]) {
      chunks_[chunk].reset(new (std::nothrow) std::byte[kChunkBytes]());
      if (!chunks_[chunk]) throw_memory_full(kChunkBytes);
    }
    std::memcpy(chunks_[chunk].get() + at, data.data() + done, count);
  });
}

void MemoryBackend::resize(uint64_t size) {
  const std::unique_lock lock(mutex_);
  resize_locked(size);
}

void MemoryBackend::resize_locked(uint64_t size) {
  if (size > kMaxBytes) throw_memory_full(size);
  try {
    chunks_.resize(static_cast<size_t>((size + kChunkBytes - 1) / kChunkBytes));
  } catch (const std::bad_alloc&) {
    throw_memory_full(size);
  }
  if (size < size_ && size % kChunkBytes != 0 && chunks_.back()) {
    const size_t used = static_cast<size_t>(size % kChunkBytes);
    std::memset(chunks_.back().get() + used, 0, kChunkBytes - used);  // M1
  }
  size_ = size;
}

void MemoryBackend::grow_reserved(uint64_t size) {
  const std::unique_lock lock(mutex_);
  if (size <= size_) return;
  const uint64_t old_size = size_;
  resize_locked(size);
  for (size_t i = static_cast<size_t>(old_size / kChunkBytes); i < chunks_.size(); ++i) {
    if (chunks_[i]) continue;
    chunks_[i].reset(new (std::nothrow) std::byte[kChunkBytes]());
    if (!chunks_[i]) {
      resize_locked(old_size);
      throw_memory_full(size);
    }
  }
}

void MemoryBackend::close() {
  const std::unique_lock lock(mutex_);
  chunks_.clear();
  size_ = 0;
}

}  // namespace rdb::io
