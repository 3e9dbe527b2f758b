#include "db/verify.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "btree/collection.hpp"
#include "btree/verify.hpp"
#include "db/findings.hpp"
#include "db/page_census.hpp"
#include "db/verify_header.hpp"
#include "db/verify_rows.hpp"
#include "format/system_tables.hpp"
#include "format/type_info.hpp"
#include "format/utf8.hpp"
#include "format/value_envelope.hpp"
#include "page/page_allocator.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"

namespace rdb::db {

namespace {

using format::LeafView;
using format::PageNumber;
using format::TableRecord;

// How long verification waits for a moment without a writer, to copy the allocator.
constexpr std::chrono::milliseconds kQuietWait{200};
constexpr uint64_t kPagesPerReport = 4096;

// A table as its catalog tells it.
struct CatalogEntry {
  std::string name;
  TableRecord record;
  bool trusted = true;  // the page of the catalog matches its checksum
};

// The collections of a multimap, as the walk of its outer tree meets them.
struct Collections {
  std::vector<std::pair<format::RootRecord, bool>> subtrees;  // root, trusted
  uint64_t inline_values = 0;
};

// Whether the order depends on how nested tuples are encoded: which of the two the file has, only
// its writer knows.
bool is_ambiguous(const TypeName& type) {
  const format::TypeInfo info = format::describe_type(type);
  return info.shape != nullptr && info.shape->ambiguous();
}

// The shapes of the table and of the values of a key; of their orders, only what is certain.
btree::TreeShape judged_shape(const TableRecord& record) {
  btree::TreeShape shape = txn::tree_shape(record);
  if (is_ambiguous(record.key_type)) shape.order = {};
  return shape;
}
btree::TreeShape judged_collection_shape(const TableRecord& record) {
  btree::TreeShape shape = txn::collection_shape(record);
  if (is_ambiguous(record.value_type)) shape.order = {};
  return shape;
}

bool has_types_of(const TableRecord& record, const format::SystemTable& table) {
  return record.kind == TableKind::normal && record.key_type == table.key_type_name() &&
         record.value_type == table.value_type_name() && record.widths == table.widths;
}

class Verifier {
 public:
  Verifier(txn::Store& store, VerifyLevel level, ProgressSink* progress, const CancelToken* cancel)
      : store_(store), level_(level), progress_(progress), cancel_(cancel) {}

  VerifyReport run() {
    take_snapshot();
    struct Release {
      txn::Store& store;
      uint64_t txn_id;
      ~Release() {
        store.snapshots().release(txn_id);
        store.transaction_ended();
      }
    } release{store_, snapshot_.txn_id};
    verify_header(store_, findings_);
    if (level_ >= VerifyLevel::checksums) check_pages();
    if (progress_ != nullptr) progress_->progress(layout_.total_pages(), layout_.total_pages());
    findings_.finish();
    return std::move(report_);
  }

 private:
  void take_snapshot();
  void check_pages();
  void check_trees();
  void check_namespace(const format::TreeRoot& catalog, const char* space, bool system);
  void check_table(const CatalogEntry& table, bool system);
  void check_record(const std::string& object, const TableRecord& record);
  void check_envelopes(const std::string& object, const TableRecord& record, PageNumber page,
                       const LeafView& leaf);
  void collect(const std::string& object, const TableRecord& record, Collections& collections,
               PageNumber page, const LeafView& leaf, bool trusted);
  void check_collections(const std::string& object, const TableRecord& record,
                         const Collections& collections, bool complete);
  void check_order_again(const std::string& object, const TableRecord& record,
                         const btree::KeyOrder& order);
  void check_old_tree(const OldTree& tree);
  void name_owners();
  void check_allocation();
  void report_comparison(const PageCensus::Comparison& found, const char* object);

  btree::VerifyOptions tree_options(bool trusted_root = true) const {
    btree::VerifyOptions options;
    options.order = level_ == VerifyLevel::full;
    options.root_suspect = !trusted_root;
    return options;
  }
  btree::VerifyResult verify_tree(const std::string& object, const char* meaning,
                                  const format::TreeRoot& root, const btree::TreeShape& shape,
                                  const btree::VerifyOptions& options,
                                  const btree::VisitLeaf& visit_leaf = {});
  bool claim(const std::string& object, PageNumber page);
  void report_progress();

  txn::Store& store_;
  const VerifyLevel level_;
  ProgressSink* progress_;
  const CancelToken* cancel_;
  VerifyReport report_;
  Findings findings_{report_};

  format::Layout layout_;
  txn::Snapshot snapshot_;
  std::optional<page::PageAllocator> live_allocator_;  // as of snapshot_, when no writer was about
  std::vector<PageNumber> pending_;  // used in it, though unreachable and listed nowhere
  format::BlobRegion blobs_;

  std::optional<PageCensus> census_;
  std::optional<SystemRows> rows_;
  bool complete_ = true;  // no damage hides pages
  uint64_t pages_done_ = 0;
  uint64_t reported_ = 0;
  bool naming_owners_ = false;
};

void Verifier::take_snapshot() {
  store_.transaction_began();
  try {
    bool quiet = false;
    if (level_ == VerifyLevel::full && !store_.read_only()) {
      try {
        store_.writer_lock().acquire({kQuietWait, nullptr});
        quiet = true;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::lock_timeout) throw;
      }
    }
    snapshot_ = store_.snapshots().capture_durable();
    layout_ = store_.pool().layout();
    blobs_ = store_.blob_region();
    if (quiet) {
      // With non-durable commits pending the allocator is ahead of the durable root.
      if (store_.unpersisted().empty() && store_.non_durable_commits == 0) {
        live_allocator_ = store_.allocator();
        pending_ = store_.pending().all();
      }
      store_.writer_lock().release();
    }
  } catch (...) {
    store_.transaction_ended();
    throw;
  }
}

void Verifier::check_pages() {
  census_.emplace(layout_);
  census_->reserve(blobs_);
  rows_.emplace(snapshot_, *census_, findings_);
  report_progress();
  check_trees();
  rows_->judge();
  for (const OldTree& tree : rows_->old_trees()) check_old_tree(tree);
  if (level_ == VerifyLevel::full) check_allocation();
  name_owners();
}

void Verifier::check_trees() {
  check_namespace(snapshot_.user_root, "user", false);
  check_namespace(snapshot_.system_root, "system", true);
}

bool Verifier::claim(const std::string& object, PageNumber page) {
  CancelToken::check(cancel_);
  pages_done_ += page.base_pages();
  if (pages_done_ / kPagesPerReport != reported_ / kPagesPerReport) report_progress();
  if (naming_owners_) {
    for (Findings::Contested& contested : findings_.contested()) {
      const bool overlaps =
          contested.page.region == page.region &&
          contested.page.first_base_page() < page.first_base_page() + page.base_pages() &&
          page.first_base_page() < contested.page.first_base_page() + contested.page.base_pages();
      if (overlaps && !contested.settled) findings_.settle(contested, object);
    }
  }
  return census_->reach(page);
}

void Verifier::report_progress() {
  reported_ = pages_done_;
  const uint64_t total = layout_.total_pages();
  if (progress_ != nullptr && !progress_->progress(std::min(pages_done_, total), total)) {
    throw Error(ErrorCode::cancelled, "the verification was stopped by its progress callback");
  }
}

btree::VerifyResult Verifier::verify_tree(const std::string& object, const char* meaning,
                                          const format::TreeRoot& root,
                                          const btree::TreeShape& shape,
                                          const btree::VerifyOptions& options,
                                          const btree::VisitLeaf& visit_leaf) {
  btree::DeviceReader device(store_.pool().backend(), layout_);
  bool taken = false;
  const auto result = btree::verify_tree(
      device, root, shape,
      [&](PageNumber page) {
        taken = !claim(object, page);
        return !taken;
      },
      [&](const btree::TreeProblem& p) {
        if (taken) {
          findings_.add_contested(object, "Page " + p.page.text() + " is already in use",
                                  meaning::kSharedPage, p.page);
          taken = false;
        } else {
          findings_.add(object, p.what, meaning, p.page);
        }
      },
      options, visit_leaf);
  complete_ = complete_ && result.complete;
  if (!naming_owners_) {
    report_.pages_checked += result.pages;
    report_.entries_checked += result.entries;
  }
  return result;
}

void Verifier::check_namespace(const format::TreeRoot& catalog, const char* space, bool system) {
  const std::string object = std::string("catalog of ") + space + " tables";
  std::vector<CatalogEntry> tables;
  verify_tree(
      object, meaning::kTablesLost, catalog, txn::catalog_shape(), tree_options(),
      [&](PageNumber page, const LeafView& leaf, bool trusted) {
        for (uint32_t i = 0; i < leaf.size(); ++i) {
          const std::string name(as_text(leaf.key(i)));
          try {
            if (name.empty()) throw Error(ErrorCode::corrupted, "a table has no name");
            if (!format::is_utf8(name)) {
              throw Error(ErrorCode::corrupted, "the name of a table is not UTF-8");
            }
            tables.push_back(
                {name, TableRecord::parse(name, leaf.value(i), !system && store_.compressed()),
                 trusted});
          } catch (const Error& error) {
            complete_ = false;  // its pages cannot be found
            if (trusted) {
              findings_.add(object, error.what(), meaning::kTableUnusable, page);
            }
          }
        }
      });
  for (const CatalogEntry& table : tables) check_table(table, system);
}

void Verifier::check_table(const CatalogEntry& table, bool system) {
  const TableRecord& record = table.record;
  const std::string object = (system ? "system table \"" : "table \"") + table.name + "\"";
  if (!naming_owners_) ++report_.tables_checked;
  if (table.trusted) check_record(object, record);
  const format::SystemTable* known = system ? format::find_system_table(table.name) : nullptr;
  bool judge_rows = known != nullptr && !naming_owners_;
  if (judge_rows && !has_types_of(record, *known)) {
    judge_rows = false;
    rows_->miss(table.name);
    if (table.trusted) {
      findings_.add(object, "It does not have the types it must have.", meaning::kMetadataLost);
    }
  }

  // The orders of internal key types differ between writers (spec 02 section 15.2); what can be
  // told about them is told when all rows have been seen.
  btree::VerifyOptions options = tree_options(table.trusted);
  options.order = options.order && !(system && record.key_type.name.starts_with("redb::"));
  const bool multimap = record.kind == TableKind::multimap;
  Collections collections;
  bool all_rows = true;
  btree::VisitLeaf visit_leaf;
  const bool envelopes = record.compressed && !multimap && level_ == VerifyLevel::full;
  if (multimap || judge_rows || envelopes) {
    visit_leaf = [&](PageNumber page, const LeafView& leaf, bool trusted) {
      if (envelopes && trusted) check_envelopes(object, record, page, leaf);
      if (multimap) collect(object, record, collections, page, leaf, trusted);
      if (!judge_rows) return;
      if (trusted) rows_->take(table.name, page, leaf);
      all_rows = all_rows && trusted;
    };
  }
  const auto result = verify_tree(object, system ? meaning::kMetadataLost : meaning::kRowsLost,
                                  record.root, judged_shape(record), options, visit_leaf);
  if (judge_rows) {
    if (!result.complete || !all_rows) rows_->miss(table.name);
    const btree::KeyOrder order = rows_->order_of(*known);
    if (result.ok() && result.complete && order.known() && level_ == VerifyLevel::full) {
      check_order_again(object, record, order);
    }
  }
  if (multimap) {
    check_collections(object, record, collections, result.complete && table.trusted);
  } else if (table.trusted && record.length != (record.root ? record.root->length : 0)) {
    findings_.add(object,
                  "Its record counts " + std::to_string(record.length) + " rows, its root " +
                      std::to_string(record.root ? record.root->length : 0) + ".",
                  meaning::kCountWrong);
  }
}

void Verifier::check_record(const std::string& object, const TableRecord& record) {
  const auto check_type = [&](const TypeName& type, const std::optional<uint32_t>& width) {
    const format::TypeInfo info = format::describe_type(type);
    if (info.known && info.width != width) {
      findings_.add(object, "The stored width of type " + type.name + " is not that type's width.",
                    meaning::kTableUnusable);
    }
  };
  check_type(record.key_type, record.widths.key);
  check_type(record.value_type, record.widths.value);
  if (record.key_alignment != 1 || record.value_alignment != 1) {
    findings_.add(object, "Its record names an alignment other than 1.", meaning::kTableUnusable);
  }
}

// A value that does not open, or opens to another width than its type has, says nothing about the
// others of its leaf.
void Verifier::check_envelopes(const std::string& object, const TableRecord& record,
                               PageNumber page, const LeafView& leaf) {
  std::vector<std::byte> opened;
  for (uint32_t i = 0; i < leaf.size(); ++i) {
    try {
      const uint64_t size = format::open_value(leaf.value(i), opened).size();
      if (record.widths.value && size != *record.widths.value) {
        throw Error(ErrorCode::corrupted, "its value has " + std::to_string(size) +
                                              " bytes, its type " +
                                              std::to_string(*record.widths.value));
      }
    } catch (const Error& error) {
      findings_.add(object,
                    "page " + page.text() + ", row " + std::to_string(i) + ": " + error.what(),
                    meaning::kRowsLost, page);
    }
  }
}

// One collection that is damaged says nothing about the others of its leaf.
void Verifier::collect(const std::string& object, const TableRecord& record,
                       Collections& collections, PageNumber page, const LeafView& leaf,
                       bool trusted) {
  const btree::KeyOrder order = judged_collection_shape(record).order;
  const btree::CollectionForm form = txn::collection_form(record);
  for (uint32_t i = 0; i < leaf.size(); ++i) {
    try {
      const auto collection = btree::Collection::parse(leaf.value(i), form, true);
      if (!collection.values) {
        collections.subtrees.emplace_back(collection.subtree, trusted);
        continue;
      }
      const LeafView& values = *collection.values;
      collections.inline_values += values.size();
      if (!trusted || !order.known() || level_ != VerifyLevel::full) continue;
      for (uint32_t j = 1; j < values.size(); ++j) {
        if (order.compare(values.key(j - 1), values.key(j)) >= 0) {
          throw Error(ErrorCode::corrupted, "its values " + std::to_string(j - 1) + " and " +
                                                std::to_string(j) + " are out of order");
        }
      }
    } catch (const Error& error) {
      complete_ = false;
      if (!trusted) continue;
      findings_.add(object,
                    "page " + page.text() + ", key " + std::to_string(i) + ": " + error.what(),
                    meaning::kRowsLost, page);
    }
  }
}

void Verifier::check_collections(const std::string& object, const TableRecord& record,
                                 const Collections& collections, bool complete) {
  const btree::TreeShape shape = judged_collection_shape(record);
  uint64_t pairs = collections.inline_values;
  for (const auto& [root, trusted] : collections.subtrees) {
    const auto result = verify_tree(object, meaning::kRowsLost, root, shape, tree_options(trusted));
    pairs += result.entries;
    complete = complete && result.complete;
  }
  if (complete && complete_ && pairs != record.length) {
    findings_.add(object,
                  "Its record counts " + std::to_string(record.length) + " pairs, it holds " +
                      std::to_string(pairs) + ".",
                  meaning::kCountWrong);
  }
}

// The order became known from the rows themselves.
void Verifier::check_order_again(const std::string& object, const TableRecord& record,
                                 const btree::KeyOrder& order) {
  btree::DeviceReader device(store_.pool().backend(), layout_);
  btree::VerifyOptions options;
  options.checksums = false;
  page::PageAllocator seen(layout_);
  btree::verify_tree(
      device, record.root, {record.tree_widths(), order},
      [&](PageNumber page) {
        CancelToken::check(cancel_);
        return seen.try_mark_used(page);
      },
      [&](const btree::TreeProblem& p) {
        findings_.add(object, p.what, meaning::kMetadataLost, p.page);
      },
      options);
}

// Pages it shares with the newest commit are the same pages: they only need to have the checksum
// the old tree expects. The others must be kept for it.
void Verifier::check_old_tree(const OldTree& tree) {
  btree::DeviceReader device(store_.pool().backend(), layout_);
  const auto known = [&](PageNumber page) {
    return layout_.contains(page) && (census_->is_reached(page) || census_->is_reached_old(page));
  };
  const auto check = [&](const format::TreeRoot& root, const btree::TreeShape& shape, bool trusted,
                         const btree::VisitLeaf& visit) {
    btree::VerifyOptions options = tree_options(trusted);
    options.known = known;
    const auto result = btree::verify_tree(
        device, root, shape,
        [&](PageNumber page) {
          CancelToken::check(cancel_);
          const bool fresh = census_->reach_old(page);
          if (complete_ && rows_->lists_complete() && !census_->is_accounted_for(page)) {
            throw Error(ErrorCode::corrupted, "page " + page.text() + " is not kept for it");
          }
          return fresh;
        },
        [&](const btree::TreeProblem& p) {
          findings_.add(tree.object, p.what, tree.meaning, p.page);
        },
        options, visit);
    report_.pages_checked += result.pages;
  };
  std::vector<CatalogEntry> tables;
  check(tree.root, txn::catalog_shape(), true,
        [&](PageNumber page, const LeafView& leaf, bool trusted) {
          for (uint32_t i = 0; i < leaf.size(); ++i) {
            const std::string name(as_text(leaf.key(i)));
            try {
              tables.push_back(
                  {name, TableRecord::parse(name, leaf.value(i), store_.compressed()), trusted});
            } catch (const Error& error) {
              if (trusted) findings_.add(tree.object, error.what(), tree.meaning, page);
            }
          }
        });
  for (const CatalogEntry& table : tables) {
    const TableRecord& record = table.record;
    std::vector<std::pair<format::RootRecord, bool>> subtrees;
    btree::VisitLeaf visit;
    if (record.kind == TableKind::multimap) {
      visit = [&](PageNumber, const LeafView& leaf, bool trusted) {
        btree::for_each_subtree(
            leaf, txn::collection_form(record),
            [&](const format::RootRecord& root) { subtrees.emplace_back(root, trusted); });
      };
    }
    check(record.root, judged_shape(record), table.trusted, visit);
    const btree::TreeShape shape = judged_collection_shape(record);
    for (const auto& [root, trusted] : subtrees) check(root, shape, trusted, {});
  }
}

// A second walk, made only when pages are contested: it finds their first user.
void Verifier::name_owners() {
  if (findings_.contested().empty()) return;
  naming_owners_ = true;
  findings_.muted = true;
  census_.emplace(layout_);
  check_trees();
  findings_.muted = false;
}

void Verifier::check_allocation() {
  const std::optional<page::PageAllocator>& stored = rows_->stored_allocator();
  complete_ = complete_ && rows_->lists_complete();
  std::optional<PageCensus::Comparison> of_stored;
  if (stored) {
    of_stored = census_->compare(*stored, {});
    report_comparison(*of_stored, "stored allocator state");
  }
  if (!live_allocator_) return;
  for (PageNumber page : pending_) {
    if (!census_->is_reached(page)) continue;
    findings_.add_contested("allocator", "Page " + page.text() + " waits to be freed and is in use",
                            meaning::kMayOverwrite, page);
  }
  const auto of_live = census_->compare(*live_allocator_, pending_);
  if (of_live != of_stored) report_comparison(of_live, "allocator");
}

void Verifier::report_comparison(const PageCensus::Comparison& found, const char* object) {
  const auto report = [&](const PageCensus::Deviation& pages, const std::string& what,
                          const char* meaning) {
    if (pages.count == 0) return;
    const std::string first = pages.first.text();
    findings_.add(object,
                  pages.count == 1 ? "Page " + first + " " + what + "."
                                   : std::to_string(pages.count) + " pages, the first is " + first +
                                         ": each " + what + ".",
                  meaning, pages.first);
  };
  report(found.reached_but_free, "is in use and recorded as free", meaning::kMayOverwrite);
  report(found.held_but_free, "is listed as freed and recorded as free already",
         meaning::kMayOverwrite);
  // Behind damage that hides pages everything looks unused.
  if (!complete_) return;
  report_.leaked_pages = std::max(report_.leaked_pages, found.leaked.count);
  report(found.leaked, "is recorded as in use and holds nothing", meaning::kSpaceWasted);
}

}  // namespace

VerifyReport verify_store(txn::Store& store, VerifyLevel level, ProgressSink* progress,
                          const CancelToken* cancel) {
  return Verifier(store, level, progress, cancel).run();
}

}  // namespace rdb::db
