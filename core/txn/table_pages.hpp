// table_pages.hpp: every page of one table, the subtrees of a multimap included.
#pragma once

#include <vector>

#include "btree/walk.hpp"
#include "format/table_record.hpp"
#include "page/frame_pool.hpp"
#include "rdb/cancel.hpp"

namespace rdb::txn {

// A reader that looks at a cancel token before each page.
class CancellableReader final : public btree::PageReader {
 public:
  CancellableReader(btree::PageReader& inner, const CancelToken* cancel)
      : inner_(inner), cancel_(cancel) {}
  Bytes read(format::PageNumber page, const base::Checksum& expected, const format::Widths& widths,
             bool verify) override {
    CancelToken::check(cancel_);
    return inner_.read(page, expected, widths, verify);
  }

 private:
  btree::PageReader& inner_;
  const CancelToken* cancel_;
};

// Parents before children; claim as walk_pages takes it. Throws what walk_pages throws, and
// corrupted for a collection that does not parse.
void walk_table(btree::PageReader& reader, const format::TableRecord& record,
                const btree::ClaimPage& claim);

// Throws corrupted when a page is reached twice. Opens Operations of its own.
std::vector<format::PageNumber> list_table_pages(page::FramePool& pool,
                                                 const format::TableRecord& record);

}  // namespace rdb::txn
