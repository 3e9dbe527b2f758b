// arena.hpp: what keeps encoded keys and values alive while the ABI reads them.
//
// Encoding borrows where it can: bytes and str objects are pointed at, buffers are exported, and
// only numbers and the like are written into memory of the arena.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

class Arena {
 public:
  // inputs_outlive: whoever made the arena also keeps the encoded objects alive.
  explicit Arena(bool inputs_outlive) noexcept : inputs_outlive_(inputs_outlive) {}
  ~Arena() { clear(); }
  Arena(const Arena&) = delete;

  // Memory of size bytes at an address that stays.
  std::byte* room(size_t size) {
    if (size > left_) [[unlikely]]
      grow(size);
    std::byte* place = next_;
    next_ += size;
    left_ -= size;
    return place;
  }
  void keep(PyObject* object) {
    if (inputs_outlive_) return;
    objects_.push_back(object);
    Py_INCREF(object);
  }
  void keep(const Py_buffer& exported) { buffers_.push_back(exported); }

  void clear() noexcept {
    for (PyObject* object : objects_) Py_DECREF(object);
    for (Py_buffer& exported : buffers_) PyBuffer_Release(&exported);
    objects_.clear();
    buffers_.clear();
    chunks_.clear();
    next_ = inline_;
    left_ = sizeof inline_;
  }

 private:
  static constexpr size_t kChunkBytes = 64 * 1024;

  void grow(size_t size) {
    const size_t chunk = size > kChunkBytes ? size : kChunkBytes;
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(chunk));
    next_ = chunks_.back().get();
    left_ = chunk;
  }

  const bool inputs_outlive_;
  std::byte inline_[32];
  std::byte* next_ = inline_;
  size_t left_ = sizeof inline_;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::vector<PyObject*> objects_;
  std::vector<Py_buffer> buffers_;
};

}  // namespace rdb::python
