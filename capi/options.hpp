// options.hpp: rdb_options as the core's OpenOptions.
#pragma once

#include "rdb.h"
#include "rdb/options.hpp"

namespace rdb::capi {

// The caller's struct, read by the rule of args.hpp. Its progress callback is the caller's to drop.
rdb_options read_options(const rdb_options* options);

// Throws invalid_argument or struct_too_new. Progress is left out: see progress.hpp.
OpenOptions to_open_options(const rdb_options& options);

}  // namespace rdb::capi
