// open.hpp: from a storage backend to a usable store (spec 01 section 7).
//
//   empty file          created: header without magic, sync, header with magic, sync
//   clean               the allocator state stored by the last commit is loaded; no page is walked
//   not closed cleanly  after a quick-repair commit the same; otherwise full repair (repair.hpp)
//
// Nothing is written to an existing file before recovery has succeeded, and then not before the
// first change (Store::mark_in_use).
#pragma once

#include <memory>

#include "io/counting_backend.hpp"
#include "rdb/database.hpp"
#include "txn/store.hpp"

namespace rdb::db {

std::shared_ptr<txn::Store> open_store(std::unique_ptr<StorageBackend> backend,
                                       const OpenOptions& options, RecoveryReport& report);

// Commits the allocator state, trims the file and clears the recovery bit ("neutral close", spec 01
// section 4.6), then lets go of file and lock in any case. All transactions have ended.
void close_store(const std::shared_ptr<txn::Store>& store);

}  // namespace rdb::db
