// image_backend.hpp: a storage device over an image that its owner can look at, and that tells
// whether it was changed.
//
// Threads: any, concurrently; the owner looks when no database is at work on it.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

#include "image.hpp"
#include "rdb/storage_backend.hpp"

namespace rdb::fuzz {

struct Device {
  Image image;
  uint64_t changes = 0;  // writes and resizes
};

class ImageBackend final : public StorageBackend {
 public:
  // More is out of space: hostile files may not grow without end.
  static constexpr uint64_t kCapacityBytes = uint64_t{48} << 20;

  explicit ImageBackend(std::shared_ptr<Device> device) : device_(std::move(device)) {}

  uint64_t size() override {
    const std::lock_guard lock(mutex_);
    return device_->image.size();
  }
  void read(uint64_t offset, std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    require_inside("read", offset, out.size());
    std::copy_n(at(offset), out.size(), out.begin());
  }
  void write(uint64_t offset, Bytes data) override {
    const std::lock_guard lock(mutex_);
    ++device_->changes;
    // The contract forbids it, whatever the file says.
    const size_t size = device_->image.size();
    require(offset <= size && data.size() <= size - offset, "a write behind the file's end");
    std::copy(data.begin(), data.end(), at(offset));
  }
  void sync() override {}
  void resize(uint64_t size) override {
    const std::lock_guard lock(mutex_);
    ++device_->changes;
    if (size > kCapacityBytes) {
      throw Error(ErrorCode::out_of_space, "the device has no " + std::to_string(size) + " bytes");
    }
    device_->image.resize(size);
  }
  void close() override {}

 private:
  Image::iterator at(uint64_t offset) {
    return device_->image.begin() + static_cast<ptrdiff_t>(offset);
  }
  void require_inside(const char* verb, uint64_t offset, uint64_t bytes) {
    const size_t size = device_->image.size();
    if (offset > size || bytes > size - offset) {
      throw Error(ErrorCode::io,
                  std::string(verb) + " behind the end of the file, at " + std::to_string(offset),
                  offset);
    }
  }

  std::shared_ptr<Device> device_;
  std::mutex mutex_;  // guards *device_
};

}  // namespace rdb::fuzz
