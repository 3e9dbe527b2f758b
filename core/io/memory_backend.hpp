// memory_backend.hpp: a database that lives as long as the object.
//
// Storage is cut into chunks of 1 MiB, so growing copies nothing, and chunks are allocated by the
// first write into them: a null chunk reads as zeros. Memory is the device here: when it runs out
// the answer is out_of_space.
//
// Invariant:
//   M1  Bytes of the last chunk behind size() are zero, so growing shows zeros.
//
// Threads: any, concurrently.
#pragma once

#include <memory>
#include <shared_mutex>
#include <vector>

#include "rdb/storage_backend.hpp"

namespace rdb::io {

class MemoryBackend final : public StorageBackend {
 public:
  MemoryBackend() = default;
  explicit MemoryBackend(Bytes image);

  uint64_t size() override;
  void read(uint64_t offset, std::span<std::byte> out) override;
  void write(uint64_t offset, Bytes data) override;  // past size() is an io error
  void write_gather(uint64_t offset, std::span<const Bytes> parts) override;
  void sync() override {}
  void resize(uint64_t size) override;
  void grow_reserved(uint64_t size) override;  // allocates the added chunks now
  void close() override;

 private:
  using Chunk = std::unique_ptr<std::byte[]>;  // kChunkBytes long

  void require_inside(const char* verb, uint64_t offset, uint64_t size) const;
  void write_locked(uint64_t offset, Bytes data);
  void resize_locked(uint64_t size);

  std::shared_mutex mutex_;  // guards all below; writers of bytes hold it alone
  uint64_t size_ = 0;
  std::vector<Chunk> chunks_;
};

}  // namespace rdb::io
