// verify.hpp: checks a database against everything the format promises, and says what each problem
// means for the user.
#pragma once

#include "rdb/cancel.hpp"
#include "rdb/database.hpp"
#include "txn/store.hpp"

namespace rdb::db {

// Reads the newest durable commit from the device, past the frames, while readers and writer go on.
VerifyReport verify_store(txn::Store& store, VerifyLevel level, ProgressSink* progress,
                          const CancelToken* cancel);

}  // namespace rdb::db
