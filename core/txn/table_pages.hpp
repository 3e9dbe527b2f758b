// table_pages.hpp: every page of one table, the subtrees of a multimap included.
#pragma once

#include <vector>

#include "format/table_record.hpp"
#include "page/frame_pool.hpp"

namespace rdb::txn {

// Parents before children. Throws corrupted when a page is reached twice. Opens Operations of its own.
std::vector<format::PageNumber> list_table_pages(page::FramePool& pool,
                                                 const format::TableRecord& record);

}  // namespace rdb::txn
