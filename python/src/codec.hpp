// codec.hpp: Python objects as the bytes of a stored type, and back.
//
//   stored type          Python                         given in Python as
//   &[u8]                bytes, or any buffer           bytes
//   &str  String         str                            str
//   u8..u128 i8..i128    int                            int (i64), "u32" ...
//   f32 f64              float                          float (f64), "f32"
//   bool                 bool                           bool
//   char                 str of one character           "char"
//   ()                   None                           type(None)
//   [u8;N]               bytes of length N              "[u8;16]"
//   [T;N]                tuple of N, fixed-width T      "[f32;3]"
//   anything else        bytes, as stored               a name, or TypeName(name, class)
//
// What does not suit is refused with TypeError or UsageError (a ValueError); stored bytes that are
// no value of their type raise CorruptedError, invalid UTF-8 UnicodeDecodeError.
//
// Encoding and decoding may run Python code: never under a Gate. Immutable; any thread.
#pragma once

#include <memory>
#include <string>

#include "arena.hpp"
#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

class Codec {
 public:
  enum class Kind : uint8_t {
    bytes,  // opaque ones too
    text,
    // clang-format off
    u8, u16, u32, u64, u128,
    i8, i16, i32, i64, i128,
    // clang-format on
    f32,
    f64,
    boolean,
    character,
    unit,
    array,
  };

  // From what a caller gave as a type; None: byte strings.
  static Codec from_python(py::handle type);
  explicit Codec(Type type);

  // For the ABI; lives as long as the codec.
  rdb_type type() const noexcept { return type_.c_type(); }
  bool is(const Type& type) const noexcept { return type_ == type; }
  const std::string& name() const noexcept { return type_.name; }
  Kind kind() const noexcept { return kind_; }
  uint32_t width() const noexcept { return width_; }  // 0: variable, or nothing to say
  const Codec* element() const noexcept { return element_.get(); }
  uint32_t count() const noexcept { return count_; }

  // Bytes of an object, alive as long as arena. Throws.
  rdb_slice encode(PyObject* object, Arena& arena) const {
    if (kind_ == Kind::bytes && PyBytes_CheckExact(object)) [[likely]] {
      arena.keep(object);
      return {PyBytes_AS_STRING(object), static_cast<size_t>(PyBytes_GET_SIZE(object))};
    }
    return encode_other(object, arena);
  }
  // New reference; NULL with an exception. Does not throw.
  PyObject* decode(rdb_slice stored) const noexcept {
    if (kind_ == Kind::bytes) [[likely]] {
      return PyBytes_FromStringAndSize(static_cast<const char*>(stored.data),
                                       static_cast<Py_ssize_t>(stored.size));
    }
    return decode_other(stored);
  }

 private:
  rdb_slice encode_other(PyObject* object, Arena& arena) const;
  void encode_fixed(PyObject* object, std::byte* out) const;
  PyObject* decode_other(rdb_slice stored) const noexcept;
  PyObject* decode_fixed(const std::byte* stored) const noexcept;
  [[noreturn]] void throw_unsuitable(PyObject* object) const;
  [[noreturn]] void throw_range(PyObject* object) const;

  Type type_;
  Kind kind_ = Kind::bytes;
  uint32_t width_ = 0;
  uint32_t count_ = 0;              // array
  std::shared_ptr<Codec> element_;  // array
};

}  // namespace rdb::python
