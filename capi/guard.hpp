// guard.hpp: the only place where an exception becomes a status.
//
// Every exported function that can fail is one call of guard(). It is noexcept and catches
// everything, so nothing C++ crosses rdb.h. The way without an exception costs nothing: no
// allocation, no indirect call, no write to the caller's rdb_error.
//
// Threads: any; there is no state.
#pragma once

#include <string_view>
#include <type_traits>

#include "rdb.h"

namespace rdb::capi {

// Turns the exception being handled into its status and fills err, which may be NULL. Allocates
// nothing, so it works for std::bad_alloc as well.
rdb_status report_current_exception(rdb_error* err) noexcept;

// Fills err, which may be NULL. The message is cut at a character's end and bytes that are not
// UTF-8 (paths may hold such) become '?'.
void write_error(rdb_error* err, rdb_status status, std::string_view message, uint64_t position,
                 int os_errno) noexcept;

// body returns an outcome (0 or positive), or void for RDB_OK; it throws every error.
template <class Body>
rdb_status guard(rdb_error* err, Body&& body) noexcept {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return RDB_OK;
    } else {
      return body();
    }
  } catch (...) {
    return report_current_exception(err);
  }
}

// For release functions without a status: what they cannot do, they leave.
template <class Body>
void guard_release(Body&& body) noexcept {
  try {
    body();
  } catch (...) {
  }
}

}  // namespace rdb::capi
