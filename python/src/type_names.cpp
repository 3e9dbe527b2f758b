// type_names.cpp: what callers give as a type: Python's own types, their generic forms, names.
#include <cstddef>

#include "codec.hpp"
#include "errors.hpp"

namespace rdb::python {
namespace {

// The name of what Python's types mean, as a part of a type.
std::string name_of(py::handle type);

std::string joined(py::handle types, const char* separator) {
  std::string names;
  for (const py::handle part : types) names += (names.empty() ? "" : separator) + name_of(part);
  return names;
}

[[noreturn]] void throw_no_type(py::handle type) {
  throw py::type_error(
      "a key or value type is bytes, str, int, float, bool, type(None), uuid.UUID, a class of "
      "datetime, a tuple of types, list[...], Optional[...], the name of a stored type such as "
      "'u64' or '[u8;16]', or a TypeName; not " +
      py::repr(type).cast<std::string>());
}

// list[T], tuple[A, B], Optional[T]; empty when it is none of them.
std::string generic_name(py::handle type) {
  if (!py::hasattr(type, "__args__")) return {};
  const py::tuple parts = type.attr("__args__");
  const py::object origin = py::getattr(type, "__origin__", py::none());
  if (origin.is(py::handle(reinterpret_cast<PyObject*>(&PyList_Type))) && parts.size() == 1) {
    return "Vec<" + name_of(parts[0]) + ">";
  }
  if (origin.is(py::handle(reinterpret_cast<PyObject*>(&PyTuple_Type))) && !parts.empty()) {
    return "(" + joined(parts, ",") + (parts.size() == 1 ? ",)" : ")");
  }
  // A union with None; the class of unions differs between Optional[T] and T | None.
  const py::handle none(reinterpret_cast<PyObject*>(Py_TYPE(Py_None)));
  if (parts.size() != 2 || origin.is(py::handle(reinterpret_cast<PyObject*>(&PyList_Type)))) {
    return {};
  }
  if (parts[1].ptr() == none.ptr()) return "Option<" + name_of(parts[0]) + ">";
  if (parts[0].ptr() == none.ptr()) return "Option<" + name_of(parts[1]) + ">";
  return {};
}

// The classes of datetime and uuid are looked up by name, so that neither need be imported here.
std::string library_name(py::handle type) {
  if (!PyType_Check(type.ptr())) return {};
  static constexpr struct {
    std::string_view module;
    std::string_view name;
    const char* stored;
  } kClasses[] = {
      {"uuid", "UUID", "uuid::Uuid"},
      {"datetime", "date", "chrono::NaiveDate"},
      {"datetime", "time", "chrono::NaiveTime"},
      {"datetime", "datetime", "chrono::DateTime<chrono::FixedOffset>"},
      {"datetime", "timezone", "chrono::FixedOffset"},
  };
  const auto module = py::str(type.attr("__module__")).cast<std::string>();
  const auto name = py::str(type.attr("__name__")).cast<std::string>();
  for (const auto& known : kClasses) {
    if (known.module == module && known.name == name) return known.stored;
  }
  return {};
}

std::string name_of(py::handle type) {
  const auto is = [&](PyTypeObject* other) {
    return type.ptr() == reinterpret_cast<PyObject*>(other);
  };
  if (is(&PyBytes_Type)) return "&[u8]";
  if (is(&PyUnicode_Type)) return "&str";
  if (is(&PyLong_Type)) return "i64";
  if (is(&PyFloat_Type)) return "f64";
  if (is(&PyBool_Type)) return "bool";
  if (is(Py_TYPE(Py_None))) return "()";
  if (PyUnicode_Check(type.ptr())) return type.cast<std::string>();
  if (PyTuple_Check(type.ptr()) && PyTuple_GET_SIZE(type.ptr()) > 0) {
    return "(" + joined(type, ",") + (PyTuple_GET_SIZE(type.ptr()) == 1 ? ",)" : ")");
  }
  std::string name = library_name(type);
  if (name.empty()) name = generic_name(type);
  if (name.empty()) throw_no_type(type);
  return name;
}

}  // namespace

Codec Codec::from_python(py::handle type) {
  if (type.is_none()) return Codec(Type{"&[u8]"});
  if (PyTuple_Check(type.ptr()) && PyTuple_GET_SIZE(type.ptr()) == 2) {
    const auto pair = type.cast<py::tuple>();
    if (PyUnicode_Check(pair[0].ptr()) && PyLong_Check(pair[1].ptr())) {  // TypeName
      return Codec(Type{pair[0].cast<std::string>(), pair[1].cast<uint32_t>()});
    }
  }
  return Codec(type_of_name(name_of(type)));
}

}  // namespace rdb::python
