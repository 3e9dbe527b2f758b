// ttl.hpp: lifetimes and moments as Python counts them, in seconds, and as the library does.
#pragma once

#include "python.hpp"

namespace rdb::python {

// None: RDB_TTL_NONE; else a number of seconds or a timedelta, not negative.
uint64_t parse_ttl(const py::object& ttl);

// Seconds since 1970 began, as time.time(); None for 0, which stands for never.
py::object moment_object(uint64_t milliseconds);

}  // namespace rdb::python
