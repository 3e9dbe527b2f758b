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
//   [T;N]                tuple of N                     "[f32;3]"
//   (A,B)                tuple                          (str, int), "(&str,i64)"
//   Option<T>            None, or what T has            Optional[int], "Option<i64>"
//   Vec<T>               list                           list[int], "Vec<i64>"
//   uuid::Uuid           uuid.UUID                      uuid.UUID
//   chrono::...          datetime.date, .time           datetime.date, .time
//     NaiveDateTime      datetime without a zone        "chrono::NaiveDateTime"
//     DateTime<...>      datetime with one              datetime.datetime
//     FixedOffset        datetime.timezone              datetime.timezone
//   anything else        bytes, as stored               a name, or TypeName(name, class)
//
// A name given as text stands for the type as this library creates it: tuples as redb 3 writes
// them, the types of chrono and uuid as user-defined ones. TypeName says another class: 1 for the
// tuples of redb 2. An Option of what None already stands for is left as bytes.
//
// What does not suit is refused with TypeError or UsageError (a ValueError); stored bytes that are
// no value of their type raise CorruptedError, invalid UTF-8 UnicodeDecodeError.
//
// Encoding and decoding may run Python code: never under a Gate. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    // clang-format off
    uuid, date, time, date_time, zoned, offset,
    // clang-format on
    option,
    tuple,
    legacy_tuple,
    list,
    sequence,  // [T;N] of elements without a width, or with members
  };

  // From what a caller gave as a type; None: byte strings.
  static Codec from_python(py::handle type);
  explicit Codec(Type type);
  // The class a name has unless the caller says otherwise.
  static Type type_of_name(const std::string& name);

  // For the ABI; lives as long as the codec.
  rdb_type type() const noexcept { return type_.c_type(); }
  bool is(const Type& type) const noexcept { return type_ == type; }
  const std::string& name() const noexcept { return type_.name; }
  Kind kind() const noexcept { return kind_; }
  uint32_t width() const noexcept { return width_; }  // 0: variable, or nothing to say
  const Codec* element() const noexcept { return members_.empty() ? nullptr : &members_[0]; }
  uint32_t count() const noexcept { return count_; }
  // For who takes stored bytes as they are: byte strings, and what has members.
  bool is_opaque() const noexcept { return kind_ == Kind::bytes || has_members(); }

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

  bool has_members() const noexcept { return kind_ >= Kind::uuid; }

 private:
  rdb_slice encode_other(PyObject* object, Arena& arena) const;
  void encode_fixed(PyObject* object, std::byte* out) const;
  PyObject* decode_other(rdb_slice stored) const noexcept;
  PyObject* decode_fixed(const std::byte* stored) const noexcept;
  enum class Outer : uint8_t { nested, builtin, tuple };
  Codec() = default;
  static std::optional<Codec> parse(std::string_view name, int nesting, Outer outer, bool legacy);
  static std::optional<Codec> parse_named(std::string_view name, int nesting);
  static std::optional<Codec> parse_array(std::string_view body, int nesting, bool legacy);
  static std::optional<Codec> parse_tuple(std::string_view name, int nesting, Outer outer,
                                          bool legacy);
  bool is_user() const noexcept { return kind_ >= Kind::uuid && kind_ <= Kind::offset; }
  bool has_length(size_t member) const noexcept;
  py::object items_of(PyObject* object) const;
  // The encoding of one value, behind what out has.
  void append(PyObject* object, std::string& out) const;
  void append_members(PyObject* object, std::string& out) const;
  // Any value; throws.
  py::object value_of(std::string_view stored) const;
  py::object members_of(std::string_view stored) const;
  [[noreturn]] void throw_damaged() const;
  [[noreturn]] void throw_unsuitable(PyObject* object) const;
  [[noreturn]] void throw_range(PyObject* object) const;

  Type type_;
  Kind kind_ = Kind::bytes;
  uint32_t width_ = 0;
  bool fixed_ = false;          // all values have width_ bytes, 0 included
  uint32_t count_ = 0;          // arrays
  std::vector<Codec> members_;  // arrays, option and list: one
};

}  // namespace rdb::python
