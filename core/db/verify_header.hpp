// verify_header.hpp: the header as the device holds it, field by field, and its copy at the end of
// the file.
#pragma once

#include "db/findings.hpp"
#include "txn/store.hpp"

namespace rdb::db {

// Any thread, beside the writer: what a header that is being written shows is read again.
void verify_header(txn::Store& store, Findings& findings);

}  // namespace rdb::db
