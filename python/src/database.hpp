// database.hpp: rdb.Database, and the functions that open one.
#pragma once

#include <memory>

#include "python.hpp"
#include "state.hpp"

namespace rdb::python {

struct Database {
  std::shared_ptr<DatabaseState> state;

  ~Database();  // warns, as open files do, when close() was forgotten
};

void bind_database(py::module_& module);

}  // namespace rdb::python
