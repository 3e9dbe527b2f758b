// value.hpp: rdb.Value, the bytes of a stored value without a copy.
//
// It is rdb::Value, which pins the page the bytes lie on even after transaction and database are
// gone. Its buffers keep the object alive, so nothing dangles. Immutable; any thread.
#pragma once

#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

void bind_value(py::module_& module);

}  // namespace rdb::python
