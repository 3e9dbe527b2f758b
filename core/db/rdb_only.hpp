// rdb_only.hpp: the mark of a compressed file that shodh-redb is no longer expected to write to
// (design.md section 2; spec 01 section 5.5): the row "rdb_only" in the table "__rdb:meta",
// &str -> &[u8]. A compressed file with the mark may hold multimaps, which shodh-redb 0.5.0 could
// not read back; in one without it they can be read and not changed.
#pragma once

#include <memory>

#include "txn/store.hpp"

namespace rdb::db {

// As the newest commit has it.
bool has_rdb_only_mark(txn::Store& store);

// Puts the mark in a durable transaction of its own.
void put_rdb_only_mark(const std::shared_ptr<txn::Store>& store);

}  // namespace rdb::db
