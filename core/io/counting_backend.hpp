// counting_backend.hpp: passes every call on and counts those that succeeded.
//
// Threads: as the inner backend; counters may be read at any time.
#pragma once

#include <atomic>
#include <memory>

#include "rdb/storage_backend.hpp"

namespace rdb::io {

// Since construction. A gathered write is one call. Relaxed: each figure is exact, but a reader may
// see one move before another.
struct IoCounters {
  std::atomic<uint64_t> write_calls{0};
  std::atomic<uint64_t> bytes_written{0};
  std::atomic<uint64_t> read_calls{0};
  std::atomic<uint64_t> bytes_read{0};
  std::atomic<uint64_t> syncs{0};
};

class CountingBackend final : public StorageBackend {
 public:
  explicit CountingBackend(std::unique_ptr<StorageBackend> inner);

  const IoCounters& counters() const noexcept { return counters_; }

  uint64_t size() override;
  void read(uint64_t offset, std::span<std::byte> out) override;
  void write(uint64_t offset, Bytes data) override;
  void write_gather(uint64_t offset, std::span<const Bytes> parts) override;
  void append(uint64_t offset, Bytes data) override;
  void sync() override;
  void resize(uint64_t size) override;
  void grow_reserved(uint64_t size) override;
  void close() override;
  bool read_only() const override;

 private:
  const std::unique_ptr<StorageBackend> inner_;
  IoCounters counters_;
};

}  // namespace rdb::io
