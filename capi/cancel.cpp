// cancel.cpp: the flag that stops long calls. rdb_cancel_trigger is safe in a signal handler: it
// compares a word and stores a flag.
#include "guard.hpp"
#include "handles.hpp"

using namespace rdb::capi;

rdb_status rdb_cancel_create(rdb_cancel** out, rdb_error* err) {
  return guard(err, [&] {
    rdb_cancel*& handle = out_handle(out);
    handle = new rdb_cancel;
  });
}

void rdb_cancel_trigger(const rdb_cancel* cancel) {
  if (cancel != nullptr && cancel->has_signature()) cancel->token.cancel();
}

void rdb_cancel_reset(const rdb_cancel* cancel) {
  if (cancel != nullptr && cancel->has_signature()) cancel->token.reset();
}

void rdb_cancel_free(rdb_cancel* cancel) {
  guard_release([&] { take(cancel); });
}
