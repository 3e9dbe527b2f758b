#include "codec.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "errors.hpp"

namespace rdb::python {
namespace {

using Kind = Codec::Kind;

struct Named {
  std::string_view name;
  Kind kind;
  uint32_t width;
};

constexpr Named kNamed[] = {
    {"&[u8]", Kind::bytes, 0},  {"&str", Kind::text, 0},      {"String", Kind::text, 0},
    {"u8", Kind::u8, 1},        {"u16", Kind::u16, 2},        {"u32", Kind::u32, 4},
    {"u64", Kind::u64, 8},      {"u128", Kind::u128, 16},     {"i8", Kind::i8, 1},
    {"i16", Kind::i16, 2},      {"i32", Kind::i32, 4},        {"i64", Kind::i64, 8},
    {"i128", Kind::i128, 16},   {"f32", Kind::f32, 4},        {"f64", Kind::f64, 8},
    {"bool", Kind::boolean, 1}, {"char", Kind::character, 3}, {"()", Kind::unit, 0},
};

// The table format limits widths far below; this only keeps products from overflowing.
constexpr uint64_t kMaxWidth = uint64_t{1} << 31;

struct ArrayName {
  std::string_view element;
  uint32_t count;
};

// "[T;N]"; nothing when it is not of that form.
std::optional<ArrayName> parse_array(std::string_view name) {
  if (name.size() < 4 || name.front() != '[' || name.back() != ']') return std::nullopt;
  const size_t semicolon = name.rfind(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(semicolon + 1, name.size() - semicolon - 2);
  uint32_t count = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return ArrayName{name.substr(1, semicolon - 1), count};
}

template <class T>
void store(std::byte* out, T number) noexcept {
  for (size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<std::byte>(number >> (8 * i));
}
template <class T>
T load(const std::byte* in) noexcept {
  T number = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    number = static_cast<T>(number | static_cast<T>(static_cast<uint64_t>(in[i]) << (8 * i)));
  }
  return number;
}

bool is_signed(Kind kind) { return kind >= Kind::i8 && kind <= Kind::i128; }
bool is_integer(Kind kind) { return kind >= Kind::u8 && kind <= Kind::i128; }

}  // namespace

Codec::Codec(Type type) : type_(std::move(type)) {
  if (type_.type_class != RDB_TYPE_BUILTIN) return;
  for (const Named& known : kNamed) {
    if (known.name == type_.name) {
      kind_ = known.kind;
      width_ = known.width;
      return;
    }
  }
  const std::optional<ArrayName> array = parse_array(type_.name);
  if (!array) return;
  if (array->element == "u8") {  // bytes of one length
    width_ = array->count;
    return;
  }
  const Codec element(Type{std::string(array->element)});
  if (element.width_ == 0 || uint64_t{element.width_} * array->count > kMaxWidth) return;
  kind_ = Kind::array;
  width_ = element.width_ * array->count;
  count_ = array->count;
  element_ = std::make_shared<Codec>(element);
}

Codec Codec::from_python(py::handle type) {
  const auto builtin = [](const char* name) { return Codec(Type{name}); };
  if (type.is_none()) return builtin("&[u8]");
  const auto is = [&](PyTypeObject* other) {
    return type.ptr() == reinterpret_cast<PyObject*>(other);
  };
  if (is(&PyBytes_Type)) return builtin("&[u8]");
  if (is(&PyUnicode_Type)) return builtin("&str");
  if (is(&PyLong_Type)) return builtin("i64");
  if (is(&PyFloat_Type)) return builtin("f64");
  if (is(&PyBool_Type)) return builtin("bool");
  if (is(Py_TYPE(Py_None))) return builtin("()");
  if (PyUnicode_Check(type.ptr())) return Codec(Type{type.cast<std::string>()});
  if (PyTuple_Check(type.ptr()) && PyTuple_GET_SIZE(type.ptr()) == 2) {
    const auto pair = type.cast<py::tuple>();
    if (PyUnicode_Check(pair[0].ptr()) && PyLong_Check(pair[1].ptr())) {
      return Codec(Type{pair[0].cast<std::string>(), pair[1].cast<uint32_t>()});
    }
  }
  throw py::type_error(
      "a key or value type is bytes, str, int, float, bool, type(None), the name of a stored type "
      "such as 'u64' or '[u8;16]', or a TypeName; not " +
      py::repr(type).cast<std::string>());
}

void Codec::throw_unsuitable(PyObject* object) const {
  throw py::type_error("a value of the stored type " + type_.name + " cannot be made from " +
                       Py_TYPE(object)->tp_name);
}

void Codec::throw_range(PyObject* object) const {
  throw_invalid(py::repr(object).cast<std::string>() + " is out of the range of " + type_.name);
}

rdb_slice Codec::encode_other(PyObject* object, Arena& arena) const {
  switch (kind_) {
    case Kind::bytes: {
      if (PyUnicode_Check(object) || !PyObject_CheckBuffer(object)) throw_unsuitable(object);
      Py_buffer exported;
      if (PyObject_GetBuffer(object, &exported, PyBUF_SIMPLE) < 0) {
        PyErr_Clear();  // its own words differ from exporter to exporter
        throw LayoutError("a key or value must be contiguous bytes");
      }
      arena.keep(exported);
      return {exported.buf, static_cast<size_t>(exported.len)};
    }
    case Kind::text: {
      if (!PyUnicode_Check(object)) throw_unsuitable(object);
      Py_ssize_t size = 0;
      const char* text = PyUnicode_AsUTF8AndSize(object, &size);
      if (text == nullptr) throw py::error_already_set();  // UnicodeEncodeError: lone surrogates
      arena.keep(object);
      return {text, static_cast<size_t>(size)};
    }
    default: {
      std::byte* out = arena.room(width_);
      encode_fixed(object, out);
      return {out, width_};
    }
  }
}

void Codec::encode_fixed(PyObject* object, std::byte* out) const {
  if (is_integer(kind_)) {
    if (!PyIndex_Check(object)) throw_unsuitable(object);
    const py::object number = stolen(PyNumber_Index(object));
    if (width_ == 16) {
      const py::object shift = py::int_(64);
      const py::object high = stolen(PyNumber_Rshift(number.ptr(), shift.ptr()));
      const uint64_t upper = is_signed(kind_) ? static_cast<uint64_t>(PyLong_AsLongLong(high.ptr()))
                                              : PyLong_AsUnsignedLongLong(high.ptr());
      if (PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        throw_range(object);
      }
      store(out, static_cast<uint64_t>(PyLong_AsUnsignedLongLongMask(number.ptr())));
      store(out + 8, upper);
      return;
    }
    uint64_t bits = 0;
    bool fits = true;
    if (is_signed(kind_)) {
      const long long whole = PyLong_AsLongLong(number.ptr());
      const int spare = 64 - 8 * static_cast<int>(width_);
      bits = static_cast<uint64_t>(whole);
      fits = static_cast<long long>(bits << spare) >> spare == whole;
    } else {
      bits = PyLong_AsUnsignedLongLong(number.ptr());
      fits = width_ == 8 || bits >> (8 * width_) == 0;
    }
    if (PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      fits = false;
    }
    if (!fits) throw_range(object);
    for (uint32_t i = 0; i < width_; ++i) out[i] = static_cast<std::byte>(bits >> (8 * i));
    return;
  }
  switch (kind_) {
    case Kind::f32:
    case Kind::f64: {
      const double number = PyFloat_AsDouble(object);
      if (number == -1.0 && PyErr_Occurred() != nullptr) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError) != 0) {
          PyErr_Clear();
          throw_range(object);
        }
        PyErr_Clear();
        throw_unsuitable(object);
      }
      if (kind_ == Kind::f64) {
        uint64_t bits;
        std::memcpy(&bits, &number, sizeof bits);
        return store(out, bits);
      }
      const auto narrow = static_cast<float>(number);
      if (std::isinf(narrow) && !std::isinf(number)) throw_range(object);
      uint32_t bits;
      std::memcpy(&bits, &narrow, sizeof bits);
      return store(out, bits);
    }
    case Kind::boolean:
      if (!PyBool_Check(object)) throw_unsuitable(object);
      *out = object == Py_True ? std::byte{1} : std::byte{0};
      return;
    case Kind::character: {
      if (!PyUnicode_Check(object)) throw_unsuitable(object);
      const Py_UCS4 scalar =
          PyUnicode_GetLength(object) == 1 ? PyUnicode_ReadChar(object, 0) : 0xD800;
      if (scalar >= 0xD800 && scalar <= 0xDFFF) throw_range(object);
      for (uint32_t i = 0; i < 3; ++i) out[i] = static_cast<std::byte>(scalar >> (8 * i));
      return;
    }
    case Kind::unit:
      if (object != Py_None) throw_unsuitable(object);
      return;
    case Kind::bytes: {  // [u8;N] inside an array
      Arena arena(true);
      const rdb_slice slice = encode(object, arena);
      if (slice.size != width_) throw_range(object);
      std::memcpy(out, slice.data, slice.size);
      return;
    }
    case Kind::array: {
      if (PyUnicode_Check(object) || !PySequence_Check(object)) throw_unsuitable(object);
      const py::object items = stolen(PySequence_Tuple(object));
      if (PyTuple_GET_SIZE(items.ptr()) != static_cast<Py_ssize_t>(count_)) throw_range(object);
      for (uint32_t i = 0; i < count_; ++i) {
        element_->encode_fixed(PyTuple_GET_ITEM(items.ptr(), i), out + i * element_->width_);
      }
      return;
    }
    default:
      throw_unsuitable(object);
  }
}

PyObject* Codec::decode_other(rdb_slice stored) const noexcept {
  if (kind_ == Kind::text) {
    return PyUnicode_DecodeUTF8(static_cast<const char*>(stored.data),
                                static_cast<Py_ssize_t>(stored.size), nullptr);
  }
  return slot<PyObject*>(nullptr, [&] {
    if (stored.size != width_) {
      throw ContentError(RDB_ERR_CORRUPTED,
                         "stored bytes have not the width of their type " + type_.name);
    }
    return decode_fixed(static_cast<const std::byte*>(stored.data));
  });
}

PyObject* Codec::decode_fixed(const std::byte* in) const noexcept {
  switch (kind_) {
    case Kind::u8:
      return PyLong_FromUnsignedLong(load<uint8_t>(in));
    case Kind::u16:
      return PyLong_FromUnsignedLong(load<uint16_t>(in));
    case Kind::u32:
      return PyLong_FromUnsignedLong(load<uint32_t>(in));
    case Kind::u64:
      return PyLong_FromUnsignedLongLong(load<uint64_t>(in));
    case Kind::i8:
      return PyLong_FromLong(static_cast<int8_t>(load<uint8_t>(in)));
    case Kind::i16:
      return PyLong_FromLong(static_cast<int16_t>(load<uint16_t>(in)));
    case Kind::i32:
      return PyLong_FromLong(static_cast<int32_t>(load<uint32_t>(in)));
    case Kind::i64:
      return PyLong_FromLongLong(static_cast<int64_t>(load<uint64_t>(in)));
    case Kind::u128:
    case Kind::i128:
      return slot<PyObject*>(nullptr, [&] {
        const auto upper = load<uint64_t>(in + 8);
        const py::object high = kind_ == Kind::i128
                                    ? stolen(PyLong_FromLongLong(static_cast<int64_t>(upper)))
                                    : stolen(PyLong_FromUnsignedLongLong(upper));
        const py::object shift = py::int_(64);
        const py::object moved = stolen(PyNumber_Lshift(high.ptr(), shift.ptr()));
        const py::object low = stolen(PyLong_FromUnsignedLongLong(load<uint64_t>(in)));
        return PyNumber_Or(moved.ptr(), low.ptr());
      });
    case Kind::f32: {
      const auto bits = load<uint32_t>(in);
      float number;
      std::memcpy(&number, &bits, sizeof number);
      return PyFloat_FromDouble(static_cast<double>(number));
    }
    case Kind::f64: {
      const auto bits = load<uint64_t>(in);
      double number;
      std::memcpy(&number, &bits, sizeof number);
      return PyFloat_FromDouble(number);
    }
    case Kind::boolean:
      return slot<PyObject*>(nullptr, [&] {
        if (*in > std::byte{1})
          throw ContentError(RDB_ERR_CORRUPTED, "a stored bool is neither 0 nor 1");
        return PyBool_FromLong(*in == std::byte{1} ? 1 : 0);
      });
    case Kind::character:
      return slot<PyObject*>(nullptr, [&] {
        const uint32_t scalar = load<uint16_t>(in) | static_cast<uint32_t>(in[2]) << 16;
        if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar <= 0xDFFF)) {
          throw ContentError(RDB_ERR_CORRUPTED, "a stored char is no Unicode scalar value");
        }
        return PyUnicode_FromOrdinal(static_cast<int>(scalar));
      });
    case Kind::unit:
      return Py_NewRef(Py_None);
    case Kind::array:
      return slot<PyObject*>(nullptr, [&] {
        py::tuple items(count_);
        for (uint32_t i = 0; i < count_; ++i) {
          PyTuple_SET_ITEM(items.ptr(), i,
                           ensured(element_->decode_fixed(in + i * element_->width_)));
        }
        return items.release().ptr();
      });
    case Kind::bytes:
    case Kind::text:
      break;
  }
  return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(in), width_);
}

}  // namespace rdb::python
