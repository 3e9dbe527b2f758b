// records.hpp: what rdb.hpp tells, as the named tuples of rdb/_records.py.
#pragma once

#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

py::object make_table_info(const TableInfo& info);
py::object make_table_stats(const rdb_table_stats_info& info);
py::object make_stats(const rdb_stats_info& info);
py::object make_recovery(const Recovery& recovery);
py::object make_report(const Report& report);
// All that rdb_option_at knows, as a list.
py::list list_options();

}  // namespace rdb::python
