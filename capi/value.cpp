// value.cpp: bytes kept alive by their handle.
//
// The bytes are readable in a forked child too: its memory is a copy.
#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"

using namespace rdb::capi;

rdb_slice rdb_value_data(const rdb_value* value) {
  if (value == nullptr || !value->has_signature()) return {nullptr, 0};
  return to_slice(value->value.bytes());
}

void rdb_value_free(rdb_value* value) {
  guard_release([&] { take(value); });
}
