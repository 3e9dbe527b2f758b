// module.cpp: rdb._rdb, the extension behind the package rdb.
#include "arena.hpp"
#include "bulk.hpp"
#include "codec.hpp"
#include "cursor.hpp"
#include "database.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "multimap.hpp"
#include "python.hpp"
#include "record_iterator.hpp"
#include "records.hpp"
#include "scan.hpp"
#include "state.hpp"
#include "table.hpp"
#include "transaction.hpp"
#include "value.hpp"

namespace rdb::python {
namespace {

void bind_library(py::module_& module) {
  module.def(
      "version", [] { return rdb_version(); }, "The library's version as text.");
  module.def(
      "version_number", [] { return rdb_version_number(); },
      "The library's version as a number: major * 1000000 + minor * 1000 + patch.");
  module.def(
      "abi_version",
      [] {
        const uint32_t version = rdb_abi_version();
        return py::make_tuple(version >> 16, version & 0xffff);
      },
      "The version of the C interface behind the package, as (major, minor).");
  module.def(
      "build_info", [] { return rdb_build_info(); }, "One line about how the library was built.");
  module.def(
      "has_feature",
      [](const std::string& name) {
        return rdb_has_feature({name.data(), name.size()}) == 1;
      },
      py::arg("name"), "Whether the library has a feature; False also for unknown names.");
  module.def(
      "status_name", [](rdb_status status) { return rdb_status_name(status); }, py::arg("status"),
      "The C name of a status number, such as Error.status holds.");
  module.def(
      "encode",
      [](py::handle value, py::handle type) {
        const Codec codec = Codec::from_python(type);
        Arena arena(true);
        const rdb_slice stored = codec.encode(value.ptr(), arena);
        return py::bytes(static_cast<const char*>(stored.data), stored.size);
      },
      py::arg("value"), py::arg("type"),
      "The bytes that a table with keys or values of this type stores for a value.");
  module.def(
      "decode",
      [](const py::bytes& data, py::handle type) {
        const Codec codec = Codec::from_python(type);
        char* bytes = nullptr;
        Py_ssize_t size = 0;
        ensured(PyBytes_AsStringAndSize(data.ptr(), &bytes, &size));
        return stolen(codec.decode({bytes, static_cast<size_t>(size)}));
      },
      py::arg("data"), py::arg("type"),
      "The value whose stored bytes these are; CorruptedError where they are none of the type.");
  module.def("options", list_options, "The options that open knows, as a list of Option.");
}

void bind(py::module_& module) {
  check_abi();
  module.doc() = "The extension behind the package rdb; import that one.";
  py::options options;
  options.disable_function_signatures();
  py::register_local_exception_translator([](std::exception_ptr raised) {
    try {
      if (raised) std::rethrow_exception(raised);
    } catch (const Error& error) {
      set_error(error);
    }
  });
  bind_library(module);
  bind_cancel(module);
  bind_value(module);
  bind_record_iterator(module);
  bind_scan(module);
  bind_table(module);
  bind_write_table(module);
  bind_ttl(module);
  bind_cursor(module);
  bind_multimap(module);
  bind_bulk(module);
  bind_transaction(module);
  bind_database(module);
  py::module_::import("os").attr("register_at_fork")(py::arg("after_in_child") =
                                                         py::cpp_function(enter_child));
}

}  // namespace
}  // namespace rdb::python

#if PYBIND11_VERSION_HEX >= 0x020D0000
PYBIND11_MODULE(_rdb, module, pybind11::mod_gil_not_used()) { rdb::python::bind(module); }
#else
PYBIND11_MODULE(_rdb, module) { rdb::python::bind(module); }
#endif
