#include "codec.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "composite.hpp"
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
    {"&[u8]", Kind::bytes, 0},
    {"&str", Kind::text, 0},
    {"String", Kind::text, 0},
    {"u8", Kind::u8, 1},
    {"u16", Kind::u16, 2},
    {"u32", Kind::u32, 4},
    {"u64", Kind::u64, 8},
    {"u128", Kind::u128, 16},
    {"i8", Kind::i8, 1},
    {"i16", Kind::i16, 2},
    {"i32", Kind::i32, 4},
    {"i64", Kind::i64, 8},
    {"i128", Kind::i128, 16},
    {"f32", Kind::f32, 4},
    {"f64", Kind::f64, 8},
    {"bool", Kind::boolean, 1},
    {"char", Kind::character, 3},
    {"()", Kind::unit, 0},
    // User-defined on their own; nested, their class is not recorded.
    {"uuid::Uuid", Kind::uuid, 16},
    {"chrono::NaiveDate", Kind::date, 6},
    {"chrono::NaiveTime", Kind::time, 7},
    {"chrono::NaiveDateTime", Kind::date_time, 13},
    {"chrono::DateTime<chrono::FixedOffset>", Kind::zoned, 17},
    {"chrono::FixedOffset", Kind::offset, 4},
};

// The table format limits widths far below; this only keeps products from overflowing.
constexpr uint64_t kMaxWidth = uint64_t{1} << 31;

struct ArrayName {
  std::string_view element;
  uint32_t count;
};

// "T;N"; nothing when it is not of that form.
std::optional<ArrayName> parse_array_name(std::string_view body) {
  const size_t semicolon = body.rfind(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = body.substr(semicolon + 1);
  uint32_t count = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return ArrayName{body.substr(0, semicolon), count};
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

void append_u32(std::string& out, size_t number) {
  if (number > UINT32_MAX) throw_invalid("a member of a key or value is larger than 4 GiB");
  for (int i = 0; i < 4; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}
uint32_t load_u32(std::string_view stored) {
  return load<uint32_t>(reinterpret_cast<const std::byte*>(stored.data()));
}

// Elements without bytes that a list may claim to have.
constexpr size_t kMaxEmptyElements = size_t{1} << 20;

bool is_signed(Kind kind) { return kind >= Kind::i8 && kind <= Kind::i128; }
bool is_integer(Kind kind) { return kind >= Kind::u8 && kind <= Kind::i128; }

}  // namespace

Codec::Codec(Type type) : type_(std::move(type)) {
  std::optional<Codec> parsed;
  switch (type_.type_class) {
    case RDB_TYPE_BUILTIN:
      parsed = parse(type_.name, 0, Outer::builtin, false);
      break;
    case RDB_TYPE_TUPLE:
      parsed = parse_tuple(type_.name, 1, Outer::tuple, false);
      if (parsed && (parsed->fixed_ || parsed->members_.size() < 2)) parsed.reset();
      break;
    default:
      parsed = parse_named(type_.name, 1);
      if (parsed && !parsed->is_user()) parsed.reset();
  }
  if (!parsed) return;
  kind_ = parsed->kind_;
  width_ = parsed->width_;
  fixed_ = parsed->fixed_;
  count_ = parsed->count_;
  members_ = std::move(parsed->members_);
}

// legacy: tuples inside of the part are as redb 2 wrote them.
std::optional<Codec> Codec::parse(std::string_view name, int nesting, Outer outer, bool legacy) {
  constexpr int kMaxNesting = 32;
  if (nesting > kMaxNesting) return std::nullopt;
  if (auto named = parse_named(name, nesting)) return named;
  if (auto body = between(name, "[", "]")) return parse_array(*body, nesting + 1, legacy);
  if (name.starts_with('(')) return parse_tuple(name, nesting + 1, outer, legacy);
  const auto option = between(name, "Option<", ">");
  const auto list = between(name, "Vec<", ">");
  if (!option && !list) return std::nullopt;
  std::optional<Codec> inner = parse(option ? *option : *list, nesting + 1, Outer::nested, legacy);
  if (!inner) return std::nullopt;
  Codec codec;
  codec.type_ = Type{std::string(name)};
  codec.kind_ = option ? Kind::option : Kind::list;
  if (option) {
    if (inner->kind_ == Kind::option || inner->kind_ == Kind::unit) return std::nullopt;
    codec.fixed_ = inner->fixed_;
    codec.width_ = inner->fixed_ ? inner->width_ + 1 : 0;
  }
  codec.members_.push_back(*std::move(inner));
  return codec;
}

std::optional<Codec> Codec::parse_named(std::string_view name, int nesting) {
  for (const Named& known : kNamed) {
    if (known.name != name || (known.kind >= Kind::uuid && nesting == 0)) continue;
    Codec codec;
    codec.type_ = Type{std::string(name)};
    codec.kind_ = known.kind;
    codec.width_ = known.width;
    codec.fixed_ = known.width != 0 || known.kind == Kind::unit;
    return codec;
  }
  return std::nullopt;
}

std::optional<Codec> Codec::parse_array(std::string_view body, int nesting, bool legacy) {
  const std::optional<ArrayName> array = parse_array_name(body);
  if (!array) return std::nullopt;
  Codec codec;
  codec.type_ = Type{"[" + std::string(body) + "]"};
  codec.count_ = array->count;
  if (array->element == "u8") {  // bytes of one length
    codec.width_ = array->count;
    codec.fixed_ = true;
    return codec;
  }
  std::optional<Codec> element = parse(array->element, nesting, Outer::nested, legacy);
  if (!element) return std::nullopt;
  if (element->fixed_) {
    if (element->width_ == 0 || uint64_t{element->width_} * array->count > kMaxWidth) {
      return std::nullopt;
    }
    codec.fixed_ = true;
    codec.width_ = element->width_ * array->count;
  }
  codec.kind_ = element->fixed_ && !element->has_members() ? Kind::array : Kind::sequence;
  codec.members_.push_back(*std::move(element));
  return codec;
}

std::optional<Codec> Codec::parse_tuple(std::string_view name, int nesting, Outer outer,
                                        bool legacy) {
  const auto names = tuple_members(name);
  if (!names) return std::nullopt;
  const bool inner_legacy = legacy || (outer == Outer::builtin && names->size() >= 2);
  Codec codec;
  codec.type_ = Type{std::string(name)};
  codec.kind_ = Kind::tuple;
  codec.fixed_ = true;
  uint64_t width = 0;
  for (const std::string_view member : *names) {
    std::optional<Codec> parsed = parse(member, nesting, Outer::nested, inner_legacy);
    if (!parsed) return std::nullopt;
    codec.fixed_ = codec.fixed_ && parsed->fixed_;
    width += parsed->width_;
    codec.members_.push_back(*std::move(parsed));
  }
  if (width > kMaxWidth) return std::nullopt;
  if (codec.fixed_) codec.width_ = static_cast<uint32_t>(width);
  const bool is_legacy = outer == Outer::builtin || (outer == Outer::nested && legacy);
  if (is_legacy && !codec.fixed_ && codec.members_.size() >= 2) codec.kind_ = Kind::legacy_tuple;
  return codec;
}

Type Codec::type_of_name(const std::string& name) {
  for (const uint32_t type_class : {RDB_TYPE_TUPLE, RDB_TYPE_USER_DEFINED}) {
    Type type{name, type_class};
    if (Codec(type).has_members()) return type;
  }
  return Type{name};
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
      if (has_members()) {
        std::string encoded;
        append_members(object, encoded);
        std::byte* kept = arena.room(encoded.size());
        if (!encoded.empty()) std::memcpy(kept, encoded.data(), encoded.size());
        return {kept, encoded.size()};
      }
      std::byte* out = arena.room(width_);
      encode_fixed(object, out);
      return {out, width_};
    }
  }
}

void Codec::append(PyObject* object, std::string& out) const {
  if (has_members()) return append_members(object, out);
  if (fixed_) {
    const size_t begin = out.size();
    out.resize(begin + width_);
    encode_fixed(object, reinterpret_cast<std::byte*>(out.data() + begin));
    return;
  }
  Arena arena(true);
  const rdb_slice slice = encode(object, arena);
  out.append(static_cast<const char*>(slice.data), slice.size);
}

// The items of a tuple, list or the like; text is none.
py::object Codec::items_of(PyObject* object) const {
  if (PyUnicode_Check(object) || PyBytes_Check(object) || !PySequence_Check(object)) {
    throw_unsuitable(object);
  }
  py::object items = stolen(PySequence_Tuple(object));
  if (kind_ == Kind::list) return items;
  const size_t count = kind_ == Kind::sequence ? count_ : members_.size();
  if (static_cast<size_t>(PyTuple_GET_SIZE(items.ptr())) != count) throw_range(object);
  return items;
}

bool Codec::has_length(size_t member) const noexcept {
  if (fixed_ || member + 1 >= members_.size()) return false;
  return kind_ == Kind::legacy_tuple || !members_[member].fixed_;
}

void Codec::append_members(PyObject* object, std::string& out) const {
  bool suits = true;
  switch (kind_) {
    case Kind::uuid:
      suits = append_uuid(object, out);
      break;
    case Kind::date:
      suits = append_date(object, out);
      break;
    case Kind::time:
      suits = append_time(object, out);
      break;
    case Kind::date_time:
      suits = append_date_time(object, out);
      break;
    case Kind::zoned:
      suits = append_zoned(object, out);
      break;
    case Kind::offset:
      suits = append_offset(object, out);
      break;
    case Kind::option:
      if (object == Py_None) {
        out.append(fixed_ ? width_ : 1, '\0');
      } else {
        out += '\1';
        members_[0].append(object, out);
      }
      break;
    case Kind::tuple:
    case Kind::legacy_tuple: {
      const py::object items = items_of(object);
      std::string members;
      for (size_t i = 0; i < members_.size(); ++i) {
        const size_t begin = members.size();
        members_[i].append(PyTuple_GET_ITEM(items.ptr(), static_cast<Py_ssize_t>(i)), members);
        if (!has_length(i)) continue;
        if (kind_ == Kind::tuple) {
          append_length(out, members.size() - begin);
        } else {
          append_u32(out, members.size() - begin);
        }
      }
      out += members;
      break;
    }
    case Kind::list: {
      const py::object items = items_of(object);
      const auto count = static_cast<size_t>(PyTuple_GET_SIZE(items.ptr()));
      append_length(out, count);
      for (size_t i = 0; i < count; ++i) {
        std::string one;
        members_[0].append(PyTuple_GET_ITEM(items.ptr(), static_cast<Py_ssize_t>(i)), one);
        if (!members_[0].fixed_) append_length(out, one.size());
        out += one;
      }
      break;
    }
    default: {  // sequence: ends, counted from the first byte of all, then the elements
      const py::object items = items_of(object);
      std::string elements;
      for (uint32_t i = 0; i < count_; ++i) {
        members_[0].append(PyTuple_GET_ITEM(items.ptr(), i), elements);
        if (!members_[0].fixed_) append_u32(out, size_t{4} * count_ + elements.size());
      }
      out += elements;
    }
  }
  if (!suits) throw_unsuitable(object);
}

void Codec::throw_damaged() const {
  throw ContentError(RDB_ERR_CORRUPTED, "stored bytes are no " + type_.name);
}

py::object Codec::value_of(std::string_view stored) const {
  if (fixed_ && stored.size() != width_) throw_damaged();
  if (has_members()) return members_of(stored);
  return stolen(decode({stored.data(), stored.size()}));
}

py::object Codec::members_of(std::string_view stored) const {
  const auto take = [&](size_t size) {
    if (size > stored.size()) throw_damaged();
    const std::string_view part = stored.substr(0, size);
    stored.remove_prefix(size);
    return part;
  };
  const auto length = [&] {
    const std::optional<size_t> taken = take_length(stored);
    if (!taken) throw_damaged();
    return *taken;
  };
  switch (kind_) {
    case Kind::uuid:
      return load_uuid(stored);
    case Kind::date:
      return load_date(stored);
    case Kind::time:
      return load_time(stored);
    case Kind::date_time:
      return load_date_time(stored);
    case Kind::zoned:
      return load_zoned(stored);
    case Kind::offset:
      return load_offset(stored);
    case Kind::option: {
      const std::string_view flag = take(1);
      if (flag[0] == 1) return members_[0].value_of(stored);
      if (flag[0] != 0 || (!fixed_ && !stored.empty())) throw_damaged();
      return py::none();
    }
    case Kind::tuple:
    case Kind::legacy_tuple: {
      std::vector<size_t> sizes;
      for (size_t i = 0; i < members_.size(); ++i) {
        sizes.push_back(!has_length(i)         ? members_[i].width_
                        : kind_ == Kind::tuple ? length()
                                               : load_u32(take(4)));
      }
      py::tuple items(members_.size());
      for (size_t i = 0; i < members_.size(); ++i) {
        const bool last = i + 1 == members_.size();
        items[i] = members_[i].value_of(take(last ? stored.size() : sizes[i]));
      }
      return items;
    }
    case Kind::list: {
      const size_t count = length();
      const bool empty = members_[0].fixed_ && members_[0].width_ == 0;
      if (empty && count > kMaxEmptyElements) throw_damaged();
      py::list items;
      for (size_t i = 0; i < count; ++i) {
        const size_t size = members_[0].fixed_ ? members_[0].width_ : length();
        items.append(members_[0].value_of(take(size)));
      }
      if (!stored.empty()) throw_damaged();
      return items;
    }
    default: {  // sequence
      const Codec& element = members_[0];
      const uint64_t head = element.fixed_ ? 0 : uint64_t{4} * count_;
      std::string_view ends = take(static_cast<size_t>(head));
      uint64_t begin = head;
      py::tuple items(count_);
      for (uint32_t i = 0; i < count_; ++i) {
        size_t size = element.width_;
        if (!element.fixed_) {
          const uint64_t end = load_u32(ends);
          ends.remove_prefix(4);
          if (end < begin) throw_damaged();
          size = static_cast<size_t>(end - begin);
          begin = end;
        }
        items[i] = element.value_of(take(size));
      }
      if (!stored.empty()) throw_damaged();
      return items;
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
        members_[0].encode_fixed(PyTuple_GET_ITEM(items.ptr(), i), out + i * members_[0].width_);
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
  if (has_members()) {
    return slot<PyObject*>(nullptr, [&] {
      return value_of({static_cast<const char*>(stored.data), stored.size}).release().ptr();
    });
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
                           ensured(members_[0].decode_fixed(in + i * members_[0].width_)));
        }
        return items.release().ptr();
      });
    default:
      break;
  }
  return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(in), width_);
}

}  // namespace rdb::python
