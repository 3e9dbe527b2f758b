#include "db/repair.hpp"

#include "btree/walk.hpp"
#include "rdb/cancel.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/table_pages.hpp"

namespace rdb::db {

namespace {

using format::PageNumber;

// Walks both catalogs and every table of a commit.
void walk_commit(page::FramePool& pool, const format::CommitSlot& commit,
                 const RepairOptions& options, uint64_t total_pages,
                 const btree::ClaimPage& claim) {
  btree::PoolReader pages(pool);
  txn::CancellableReader reader(pages, options.cancel);
  uint64_t done = 0;
  const auto report_and_claim = [&](PageNumber page) {
    const uint64_t before = done / 4096;
    done += page.base_pages();
    if (options.progress != nullptr && done / 4096 != before &&
        !options.progress->progress(done, total_pages)) {
      throw Error(ErrorCode::repair_aborted, "the repair was stopped by its progress callback");
    }
    return claim(page);
  };
  if (options.progress != nullptr && !options.progress->progress(0, total_pages)) {
    throw Error(ErrorCode::repair_aborted, "the repair was stopped by its progress callback");
  }
  for (const bool user : {true, false}) {
    const format::TreeRoot& catalog = user ? commit.user_root : commit.system_root;
    std::vector<format::TableRecord> tables;
    btree::walk_pages(
        reader, catalog, format::kVariableWidths,
        [&](const btree::PageVisit& visit) {
          if (visit.leaf == nullptr) return;
          for (uint32_t i = 0; i < visit.leaf->size(); ++i) {
            tables.push_back(format::TableRecord::parse(
                as_text(visit.leaf->key(i)), visit.leaf->value(i), options.compressed && user));
          }
        },
        report_and_claim);
    for (const format::TableRecord& table : tables) {
      txn::walk_table(reader, table, report_and_claim);
    }
  }
  if (options.progress != nullptr) options.progress->progress(total_pages, total_pages);
}

}  // namespace

void hold_blob_region(page::PageAllocator& allocator, const format::Layout& layout,
                      const format::BlobRegion& blobs) {
  if (!blobs.begins_inside(layout.file_bytes())) return;
  for (uint32_t region = 0; region < layout.region_count(); ++region) {
    for (uint32_t i = 0; i < layout.pages_in_region(region); ++i) {
      const PageNumber page{region, i, 0};
      const uint64_t begin = layout.page_offset(page);
      if (begin + format::kPageBytes <= blobs.offset) continue;
      if (begin < blobs.offset || begin - blobs.offset < blobs.length) {
        allocator.try_mark_used(page);
      }
    }
  }
}

page::PageAllocator rebuild_allocator(page::FramePool& pool, const format::Layout& layout,
                                      const format::CommitSlot& commit, txn::HeldPages& held,
                                      const RepairOptions& options,
                                      std::vector<std::string>& notes) {
  page::PageAllocator allocator(layout);
  walk_commit(pool, commit, options, layout.total_pages(), [&](PageNumber page) {
    layout.check_page(page);
    return allocator.try_mark_used(page);
  });
  uint64_t conflicts = 0;
  PageNumber first_conflict;
  held.keep_if([&](PageNumber page) {
    if (allocator.try_mark_used(page)) return true;
    if (conflicts++ == 0) first_conflict = page;
    return false;
  });
  if (conflicts > 0) {
    notes.push_back(std::to_string(conflicts) +
                    " pages listed as freed are in use, the first page " + first_conflict.text() +
                    "; the lists are ignored for them.");
  }
  hold_blob_region(allocator, layout, commit.blob_region);
  return allocator;
}

void verify_trees(page::FramePool& pool, const format::Layout& layout,
                  const format::CommitSlot& commit, const RepairOptions& options) {
  page::PageAllocator seen(layout);
  walk_commit(pool, commit, options, layout.total_pages(), [&](PageNumber page) {
    layout.check_page(page);
    return seen.try_mark_used(page);
  });
}

}  // namespace rdb::db
