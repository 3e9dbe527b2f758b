// recount.hpp: corrects what the records of a commit say about the number of their entries
// (spec 01 section 7.4).
#pragma once

#include <string>

#include "page/page_writer.hpp"
#include "txn/table_pages.hpp"

namespace rdb::txn {

// A table whose record counts otherwise than its trees.
struct Recount {
  std::string table;
  bool system = false;
  TableCount count;
};

// Rewrites the record of the table in its catalog, and the root records of subtrees inside the
// table. A subtree whose key cannot be looked up (a type of unknown order, keys out of order) stays
// as it is; verification tells. Opens Operations of its own.
// compressed: as in CatalogRoot.
void correct_record(page::PageWriter& writer, format::TreeRoot& catalog, bool compressed,
                    const Recount& recount);

}  // namespace rdb::txn
