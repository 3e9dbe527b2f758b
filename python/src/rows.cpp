#include "rows.hpp"

#include <string>
#include <string_view>

#include "errors.hpp"

namespace rdb::python {
namespace {

using Kind = Codec::Kind;

bool elements_are(std::string_view format, Py_ssize_t item_bytes, Kind kind, uint32_t width) {
  if (item_bytes != static_cast<Py_ssize_t>(width)) return false;
  if (!format.empty() && (format[0] == '@' || format[0] == '=')) format.remove_prefix(1);
  if (format.size() == 2 && format[0] == '<' && std::endian::native == std::endian::little) {
    format.remove_prefix(1);
  }
  if (format.size() != 1) return false;
  const auto one_of = [&](std::string_view letters) {
    return letters.find(format[0]) != std::string_view::npos;
  };
  if (kind >= Kind::u8 && kind <= Kind::u64) return one_of("BHILQN");
  if (kind >= Kind::i8 && kind <= Kind::i64) return one_of("bhilqn");
  if (kind == Kind::f32 || kind == Kind::f64) return one_of("fd");
  if (kind == Kind::boolean) return one_of("?");
  return false;
}

[[noreturn]] void refuse(const Codec& codec, std::string_view format, int dimensions) {
  throw LayoutError("an array of " + std::to_string(dimensions) + " dimension(s) with elements '" +
                    std::string(format) + "' does not hold one " + codec.name() + " a row");
}

}  // namespace

Rows::Rows(Rows&& other) noexcept
    : view_(other.view_), count_(other.count_), width_(other.width_), stride_(other.stride_) {
  other.view_ = {};
}

Rows::~Rows() {
  if (view_.obj != nullptr) PyBuffer_Release(&view_);
}

std::optional<Rows> Rows::of(const py::object& object, const Codec& codec, bool writable) {
  PyObject* exporter = object.ptr();
  if (PyUnicode_Check(exporter) || PyBytes_Check(exporter) || PyByteArray_Check(exporter)) {
    throw py::type_error("a batch is an iterable of keys or values, or an array, not one " +
                         std::string(Py_TYPE(exporter)->tp_name));
  }
  if (!PyObject_CheckBuffer(exporter)) return std::nullopt;
  Rows rows;
  const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(exporter, &rows.view_, flags) < 0) {
    PyErr_Clear();
    rows.view_ = {};
    throw LayoutError(writable ? "out must be a writable array without indirections"
                               : "the array cannot be read as it lies in memory");
  }
  const Py_buffer& view = rows.view_;
  const std::string_view format = view.format == nullptr ? "B" : view.format;
  const bool of_bytes = codec.kind() == Kind::bytes;
  const Codec& element = codec.kind() == Kind::array ? *codec.element() : codec;
  const bool fits = of_bytes
                        ? (view.ndim == 2 && view.itemsize == 1) ||
                              (view.ndim == 1 && (format.ends_with('s') || format.ends_with('x')))
                        : view.ndim == (codec.kind() == Kind::array ? 2 : 1) &&
                              elements_are(format, view.itemsize, element.kind(), element.width());
  if (!fits) refuse(codec, format, view.ndim);
  size_t width = static_cast<size_t>(view.itemsize);
  if (view.ndim == 2) {
    width *= static_cast<size_t>(view.shape[1]);
    if (view.shape[1] > 1 && view.strides[1] != view.itemsize) {
      throw LayoutError(
          "the elements of a row do not lie together; numpy.ascontiguousarray copies");
    }
  }
  if (codec.width() != 0 && width != codec.width()) {
    throw LayoutError("a row has " + std::to_string(width) + " bytes, a " + codec.name() + " has " +
                      std::to_string(codec.width()));
  }
  rows.count_ = static_cast<size_t>(view.shape[0]);
  rows.width_ = width;
  rows.stride_ = view.strides[0];
  return rows;
}

}  // namespace rdb::python
