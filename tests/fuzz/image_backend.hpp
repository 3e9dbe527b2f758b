// image_backend.hpp: a storage device over an image that its owner can look at, and that tells
// whether it was changed.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <memory>
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

  uint64_t size() override { return device_->image.size(); }
  void read(uint64_t offset, std::span<std::byte> out) override {
    require_inside("read", offset, out.size());
    std::copy_n(at(offset), out.size(), out.begin());
  }
  void write(uint64_t offset, Bytes data) override {
    ++device_->changes;
    // The contract forbids it, whatever the file says.
    require(offset <= size() && data.size() <= size() - offset, "a write behind the file's end");
    std::copy(data.begin(), data.end(), at(offset));
  }
  void sync() override {}
  void resize(uint64_t size) override {
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
    if (offset > size() || bytes > size() - offset) {
      throw Error(ErrorCode::io,
                  std::string(verb) + " behind the end of the file, at " + std::to_string(offset),
                  offset);
    }
  }

  std::shared_ptr<Device> device_;
};

}  // namespace rdb::fuzz
