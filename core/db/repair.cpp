#include "db/repair.hpp"

#include <map>
#include <unordered_map>

#include "btree/collection.hpp"
#include "btree/verify.hpp"
#include "btree/walk.hpp"
#include "rdb/cancel.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/table_pages.hpp"

namespace rdb::db {

namespace {

using format::PageNumber;

// Walks trees and marks their pages; tells how far it has come.
class Walker {
 public:
  Walker(page::FramePool& pool, const format::Layout& layout, const RepairOptions& options)
      : pool_(pool), layout_(layout), options_(options), allocator_(layout) {
    report(0);
  }

  // Both catalogs and every table of a commit.
  CommitCount walk_commit(const format::CommitSlot& commit) {
    CommitCount count;
    count.user_tables = walk_namespace(commit.user_root, false, count.wrong);
    count.system_tables = walk_namespace(commit.system_root, true, count.wrong);
    return count;
  }

  // The tables of a savepoint or history snapshot. Pages marked before are compared with the
  // checksum the old tree expects and not followed. Returns what is wrong with it; an empty text
  // when it is whole. found is called for each page it has alone.
  std::string walk_old(const txn::OldTree& tree, const std::function<void(PageNumber)>& found);

  void finish() { report(layout_.total_pages()); }
  page::PageAllocator& allocator() noexcept { return allocator_; }

 private:
  uint64_t walk_namespace(const format::TreeRoot& catalog, bool system,
                          std::vector<txn::Recount>& wrong);
  bool claim(PageNumber page) {
    const uint64_t before = done_ / kPagesPerReport;
    done_ += page.base_pages();
    if (done_ / kPagesPerReport != before) report(done_);
    layout_.check_page(page);
    return allocator_.try_mark_used(page);
  }
  void report(uint64_t done) {
    if (options_.progress != nullptr && !options_.progress->progress(done, layout_.total_pages())) {
      throw Error(ErrorCode::repair_aborted, "the repair was stopped by its progress callback");
    }
  }

  static constexpr uint64_t kPagesPerReport = 4096;

  page::FramePool& pool_;
  const format::Layout& layout_;
  const RepairOptions& options_;
  page::PageAllocator allocator_;
  uint64_t done_ = 0;
};

uint64_t Walker::walk_namespace(const format::TreeRoot& catalog, bool system,
                                std::vector<txn::Recount>& wrong) {
  btree::PoolReader pages(pool_);
  txn::CancellableReader reader(pages, options_.cancel);
  const btree::ClaimPage mark = [&](PageNumber page) { return claim(page); };
  std::vector<std::pair<std::string, format::TableRecord>> tables;
  btree::walk_pages(
      reader, catalog, format::kVariableWidths,
      [&](const btree::PageVisit& visit) {
        if (visit.leaf == nullptr) return;
        for (uint32_t i = 0; i < visit.leaf->size(); ++i) {
          const std::string name(as_text(visit.leaf->key(i)));
          tables.emplace_back(name, format::TableRecord::parse(name, visit.leaf->value(i),
                                                               options_.compressed && !system));
        }
      },
      mark);
  for (const auto& [name, record] : tables) {
    txn::TableCount count = txn::walk_table(reader, record, mark);
    if (!count.agrees_with(record)) wrong.push_back({name, system, std::move(count)});
  }
  return tables.size();
}

// Reads past the frames, which hold a page under the checksum that was expected first.
std::string Walker::walk_old(const txn::OldTree& tree,
                             const std::function<void(PageNumber)>& found) {
  btree::DeviceReader device(pool_.backend(), layout_);
  std::string problem;
  const auto walk = [&](const format::TreeRoot& root, const format::Widths& widths,
                        const btree::VisitLeaf& visit) {
    btree::VerifyOptions verify;
    verify.order = false;
    verify.known = [&](PageNumber page) {
      return layout_.contains(page) && !allocator_.is_free(page);
    };
    btree::verify_tree(
        device, root, {widths, btree::KeyOrder()},
        [&](PageNumber page) {
          CancelToken::check(options_.cancel);
          if (!claim(page)) return false;
          found(page);
          return true;
        },
        [&](const btree::TreeProblem& p) {
          if (p.code == ErrorCode::io) throw Error(ErrorCode::io, p.what);
          if (problem.empty()) problem = p.what;
        },
        verify, visit);
  };
  std::vector<format::TableRecord> tables;
  walk(tree.root, format::kVariableWidths, [&](PageNumber, const format::LeafView& leaf, bool) {
    for (uint32_t i = 0; i < leaf.size(); ++i) {
      tables.push_back(
          format::TableRecord::parse(as_text(leaf.key(i)), leaf.value(i), options_.compressed));
    }
  });
  for (const format::TableRecord& table : tables) {
    std::vector<format::RootRecord> subtrees;
    walk(table.root, table.tree_widths(), [&](PageNumber, const format::LeafView& leaf, bool) {
      if (table.kind != TableKind::multimap) return;
      btree::for_each_subtree(leaf, txn::collection_form(table),
                              [&](const format::RootRecord& root) { subtrees.push_back(root); });
    });
    for (const format::RootRecord& root : subtrees) {
      walk(root, btree::collection_widths(table.widths.value), {});
    }
  }
  return problem;
}

// Whatever could still be referred to by what cannot be read.
void mark_everything(page::PageAllocator& allocator, const format::Layout& layout) {
  for (uint32_t region = 0; region < layout.region_count(); ++region) {
    for (uint32_t i = 0; i < layout.pages_in_region(region); ++i) {
      allocator.try_mark_used({region, i, 0});
    }
  }
}

// Marks what old trees and page lists keep, and makes the lists of held agree with it. Returns
// whether they had to change.
bool keep_held_pages(Walker& walker, const format::Layout& layout, uint64_t newest_txn_id,
                     txn::HeldPages& held, std::vector<std::string>& notes) {
  // Pages that old trees alone have, and no list yet: the newest commit that has them.
  std::unordered_map<uint64_t, uint64_t> old_pages;
  bool whole = held.old_trees_known();
  for (const txn::OldTree& tree : held.old_trees()) {
    const std::string problem = walker.walk_old(
        tree, [&](PageNumber page) { old_pages.emplace(page.bits(), tree.txn_id); });
    if (problem.empty()) continue;
    whole = false;
    notes.push_back("The " + tree.object + " is damaged: " + problem + ".");
  }

  uint64_t conflicts = 0;
  PageNumber first_conflict;
  held.keep_if([&](const txn::PageListRow& row, bool user, PageNumber page) {
    if (!row.trusted) {
      // The trees tell what is needed; while they do not, the row does.
      if (!whole) walker.allocator().try_mark_used(page);
      return true;
    }
    const auto old = old_pages.find(page.bits());
    if (old == old_pages.end()) {
      if (walker.allocator().try_mark_used(page)) return true;  // not in use, nor in another row
    } else if (user && row.txn_id > old->second) {
      old_pages.erase(old);
      return true;
    }
    if (conflicts++ == 0) first_conflict = page;
    return false;
  });
  if (conflicts > 0) {
    notes.push_back(std::to_string(conflicts) +
                    " pages listed as freed are in use, the first page " + first_conflict.text() +
                    "; the lists are ignored for them.");
  }

  // The commit after the newest one that has a page gave it up at the earliest.
  std::map<uint64_t, std::vector<PageNumber>> unlisted;
  for (const auto& [bits, txn_id] : old_pages) {
    if (txn_id < newest_txn_id) unlisted[txn_id + 1].push_back(PageNumber::from_bits(bits));
  }
  for (auto& [txn_id, pages] : unlisted) {
    std::sort(pages.begin(), pages.end());
    held.list_freed(txn_id, std::move(pages));
  }
  if (!old_pages.empty()) {
    notes.push_back(std::to_string(old_pages.size()) +
                    " pages that savepoints or history snapshots need were not listed as freed; "
                    "they are kept.");
  }
  bool changed = conflicts > 0 || !old_pages.empty();
  if (whole) {
    changed |= held.forget_untrusted_rows();
  } else if (!held.lists_trusted()) {
    mark_everything(walker.allocator(), layout);
    notes.push_back(
        "Which pages the damaged savepoints or history snapshots need cannot be told; no page of "
        "the file is reused.");
  }
  changed |=
      held.keep_allocated_if([&](PageNumber page) { return walker.allocator().is_used(page); });
  return changed;
}

// Whether the root counted otherwise.
bool correct_root(format::TreeRoot& root, uint64_t count, const char* what,
                  std::vector<std::string>& notes) {
  if (!root || root->length == count) return false;
  notes.push_back(std::string("The ") + what + " holds " + std::to_string(count) +
                  " tables where its root record counts " + std::to_string(root->length) + ".");
  root->length = count;
  return true;
}

}  // namespace

bool CommitCount::correct(format::CommitSlot& commit, std::vector<std::string>& notes) const {
  const bool user = correct_root(commit.user_root, user_tables, "catalog of user tables", notes);
  const bool system =
      correct_root(commit.system_root, system_tables, "catalog of system tables", notes);
  if (!wrong.empty()) {
    notes.push_back("The records of " + std::to_string(wrong.size()) +
                    " tables counted otherwise than their trees, the first of table \"" +
                    wrong.front().table + "\", which has " +
                    std::to_string(wrong.front().count.entries) + " entries.");
  }
  return user || system || !wrong.empty();
}

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

Repaired rebuild_allocator(page::FramePool& pool, const format::Layout& layout,
                           const format::CommitSlot& commit, txn::HeldPages& held,
                           const RepairOptions& options, std::vector<std::string>& notes) {
  Walker walker(pool, layout, options);
  CommitCount count = walker.walk_commit(commit);
  const bool lists_changed = keep_held_pages(walker, layout, commit.txn_id, held, notes);
  hold_blob_region(walker.allocator(), layout, commit.blob_region);
  walker.finish();
  return {std::move(walker.allocator()), std::move(count), lists_changed};
}

CommitCount verify_trees(page::FramePool& pool, const format::Layout& layout,
                         const format::CommitSlot& commit, const RepairOptions& options) {
  Walker walker(pool, layout, options);
  CommitCount count = walker.walk_commit(commit);
  walker.finish();
  return count;
}

}  // namespace rdb::db
