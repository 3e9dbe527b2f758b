// storage_backend.hpp: the only door to the storage device.
//
// Contract (spec 05 section 12.1): thread safe; calls may overlap. The engine never retries a
// failed call and writes only inside size(). Writes need not be atomic beyond one sector.
// Failures throw Error (io with the errno, out_of_space, read_only).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "rdb/types.hpp"

namespace rdb {

class StorageBackend {
 public:
  virtual ~StorageBackend() = default;

  // Bytes in the file now.
  virtual uint64_t size() = 0;

  // Fills all of out; reading past size() is an io error that names the offset.
  virtual void read(uint64_t offset, std::span<std::byte> out) = 0;

  // Writes all of data. The write is volatile until the next sync() returns.
  virtual void write(uint64_t offset, Bytes data) = 0;

  // Writes the parts one behind the other from offset on. Same promises as write().
  virtual void write_gather(uint64_t offset, std::span<const Bytes> parts) {
    for (Bytes part : parts) {
      write(offset, part);
      offset += part.size();
    }
  }

  // Writes zeros, where nobody will read before the next write: a way past caches is welcome.
  virtual void write_zeros(uint64_t offset, uint64_t size) {
    static constexpr std::byte kZeros[uint64_t{16} << 10] = {};
    for (const uint64_t end = offset + size; offset < end; offset += sizeof kZeros) {
      write(offset, Bytes(kZeros).first(std::min<uint64_t>(sizeof kZeros, end - offset)));
    }
  }

  // Writes data at offset, which may lie at or behind size(), growing the file with it. Where that
  // can be one call it is, so that a crash does not leave the file longer but empty there.
  virtual void append(uint64_t offset, Bytes data) {
    if (size() < offset + data.size()) resize(offset + data.size());
    write(offset, data);
  }

  // Everything written or resized before this call survives power loss once it returns.
  virtual void sync() = 0;

  // Grows with zeros or truncates.
  virtual void resize(uint64_t size) = 0;

  // Grows to size with space reserved on the device, so that later writes inside it cannot run
  // out of space; throws out_of_space with the size unchanged. Never shrinks.
  virtual void grow_reserved(uint64_t size) { resize(size); }

  // Releases file and lock. Called once; no other call follows.
  virtual void close() = 0;

  // True when write(), resize() and sync() always fail with read_only.
  virtual bool read_only() const { return false; }
};

}  // namespace rdb
