// table_pages.hpp: every page of one table, the subtrees of a multimap included.
#pragma once

#include <map>
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

// How many entries the trees of one table hold.
struct TableCount {
  uint64_t entries = 0;  // of its own tree: rows, or the keys of a multimap
  uint64_t values = 0;   // of a multimap: of all keys together
  // Subtrees whose root record counts otherwise: page of the root (its bits), entries.
  std::map<uint64_t, uint64_t> subtrees;

  // What a record should say, and whether it says that.
  uint64_t length(TableKind kind) const noexcept {
    return kind == TableKind::multimap ? values : entries;
  }
  bool agrees_with(const format::TableRecord& record) const noexcept {
    return entries == (record.root ? record.root->length : 0) &&
           length(record.kind) == record.length && subtrees.empty();
  }
};

// Parents before children; claim as walk_pages takes it. Throws what walk_pages throws, and
// corrupted for a collection that does not parse.
TableCount walk_table(btree::PageReader& reader, const format::TableRecord& record,
                      const btree::ClaimPage& claim);

// Throws corrupted when a page is reached twice. Opens Operations of its own.
std::vector<format::PageNumber> list_table_pages(page::FramePool& pool,
                                                 const format::TableRecord& record);

}  // namespace rdb::txn
