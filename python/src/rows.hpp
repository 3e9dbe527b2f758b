// rows.hpp: an array or buffer as one key or value per row, without copying it.
//
//   type of the table    accepted
//   &[u8], [u8;N]        two dimensions of one-byte elements; or one of 'S' or 'V' elements
//   u8..i64, f32, f64,   one dimension of that very type, in the machine's byte order
//     bool
//   [T;N]                two dimensions, the second of N elements of T
//
// Rows may lie apart (a[::2], columns of a C matrix cut along rows), the bytes of one row not:
// LayoutError. 'S' elements count with their trailing zeros.
#pragma once

#include <optional>

#include "codec.hpp"
#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

class Rows {
 public:
  // nullopt: the object is no array, but something to iterate over.
  static std::optional<Rows> of(const py::object& object, const Codec& codec,
                                bool writable = false);
  Rows(Rows&& other) noexcept;
  Rows(const Rows&) = delete;
  ~Rows();

  size_t size() const noexcept { return count_; }
  rdb_slice operator[](size_t i) const noexcept { return {start(i), width_}; }
  std::byte* start(size_t i) const noexcept {
    return static_cast<std::byte*>(view_.buf) + static_cast<Py_ssize_t>(i) * stride_;
  }
  size_t width() const noexcept { return width_; }

 private:
  Rows() = default;

  Py_buffer view_{};
  size_t count_ = 0;
  size_t width_ = 0;
  Py_ssize_t stride_ = 0;
};

}  // namespace rdb::python
