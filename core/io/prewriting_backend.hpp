// prewriting_backend.hpp: writes zeros ahead of small commits into space that is reserved only.
//
// The first write into space that grow_reserved() added makes the file system note in its journal
// that the blocks now hold data, and the next sync waits for that journal as well. Measured on
// ext4, Linux 6.18, virtio disk: 20 KiB and a header synced in 130 us where the file had been
// written before, in 260 us where it was only reserved. So a sync that finds a little written into
// such space writes zeros over the next kAheadBytes behind it, and the commits that follow pay
// nothing: one sync in hundreds takes 1.2 ms instead.
//
// A large commit pays the journal once for all its pages, and is written once. It prepares a share
// of what it grew by, so that the small commits that follow a bulk load do not pay for its growth.
//
// Invariants:
//   P1  Zeros go only where nothing was written since the space was added.
//   P2  A failure to write zeros is nobody's failure: it ends prewriting, and the sync goes on.
//
// Counters of the database do not include the zeros. Threads: as the inner backend.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "rdb/storage_backend.hpp"

namespace rdb::io {

class PrewritingBackend final : public StorageBackend {
 public:
  static constexpr uint64_t kAheadBytes = uint64_t{1} << 20;
  static constexpr uint64_t kSmallBytes = uint64_t{256} << 10;
  // A larger commit prepares this part of what it wrote, in whole steps of kAheadBytes.
  static constexpr uint64_t kLargeShare = 32;
  static constexpr uint64_t kMaxAheadBytes = uint64_t{16} << 20;

  explicit PrewritingBackend(std::unique_ptr<StorageBackend> inner);

  // Bytes added by grow_reserved() and not written since.
  uint64_t unwritten_bytes() const;

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
  void note_write(uint64_t begin, uint64_t size);
  uint64_t remove_unwritten(uint64_t begin, uint64_t end);  // bytes removed
  void prewrite();

  const std::unique_ptr<StorageBackend> inner_;

  mutable std::mutex mutex_;  // guards all below, and holds writes back while zeros are written
  std::map<uint64_t, uint64_t> unwritten_;  // begin -> end, apart from each other
  uint64_t first_written_bytes_ = 0;        // into unwritten space, since the last sync
  std::vector<uint64_t> ends_;              // of those writes, while they are small together
  uint64_t highest_end_ = 0;                // of all of them
  std::atomic<bool> any_unwritten_{false};
};

}  // namespace rdb::io
