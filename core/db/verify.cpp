#include "db/verify.hpp"

#include <array>
#include <chrono>
#include <optional>

#include "btree/cursor.hpp"
#include "btree/verify.hpp"
#include "format/allocator_key.hpp"
#include "format/system_tables.hpp"
#include "format/type_info.hpp"
#include "page/allocator_codec.hpp"
#include "page/page_allocator.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/table_pages.hpp"

namespace rdb::db {

namespace {

using format::PageNumber;

// A header read beside a commit may be half old and half new; the next read is not.
constexpr int kHeaderReads = 4;
// How long verification waits for a moment without a writer, to copy the allocator.
constexpr std::chrono::milliseconds kQuietWait{200};

constexpr const char* kRowsLost =
    "Rows of this table may be missing or wrong; export what can be read and restore from a "
    "backup.";
constexpr const char* kUnreachable =
    "Tables recorded here cannot be found any more; restore from a backup.";
constexpr const char* kHeaderDamaged =
    "The database may not open after the next crash; copy its tables to a new file now.";
constexpr const char* kSpaceWasted =
    "No data is affected, but the space is lost until a full repair.";
constexpr const char* kMayOverwrite =
    "A later write could overwrite data in use; copy the tables to a new file and stop using this "
    "one.";

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
    check_header();
    if (level_ >= VerifyLevel::checksums) {
      seen_.emplace(layout_);
      report_progress();
      check_namespace(snapshot_.user_root, "user", false);
      check_namespace(snapshot_.system_root, "system", true);
    }
    if (level_ == VerifyLevel::full) check_allocation();
    if (progress_ != nullptr) progress_->progress(layout_.total_pages(), layout_.total_pages());
    return std::move(report_);
  }

 private:
  void take_snapshot();
  void check_header();
  void check_namespace(const format::TreeRoot& catalog, const char* space, bool system);
  void check_table(const std::string& name, const format::TableRecord& record, bool system);
  void check_subtrees(const std::string& object, const format::TableRecord& record,
                      const std::vector<format::RootRecord>& subtrees, uint64_t inline_values,
                      const btree::VerifyOptions& options);
  void check_allocation();
  void compare(const page::PageAllocator& allocator, const char* object);
  std::optional<page::PageAllocator> stored_allocator();

  void problem(std::string object, std::string what, const char* meaning,
               uint64_t page = Error::kNoPosition) {
    report_.problems.push_back({std::move(object), std::move(what), meaning, page});
  }
  bool claim(PageNumber page) {
    CancelToken::check(cancel_);
    if (!layout_.contains(page) || !seen_->try_mark_used(page)) return false;
    pages_done_ += page.base_pages();
    if (pages_done_ / 4096 != reported_ / 4096) report_progress();
    return true;
  }
  void report_progress() {
    reported_ = pages_done_;
    if (progress_ != nullptr && !progress_->progress(pages_done_, layout_.total_pages())) {
      throw Error(ErrorCode::cancelled, "the verification was stopped by its progress callback");
    }
  }
  btree::VerifyResult verify_tree(
      const std::string& object, const char* meaning, const format::TreeRoot& root,
      const btree::TreeShape& shape, const btree::VerifyOptions& options,
      const std::function<void(PageNumber, const format::LeafView&)>& visit_leaf = {});

  txn::Store& store_;
  const VerifyLevel level_;
  ProgressSink* progress_;
  const CancelToken* cancel_;
  VerifyReport report_;

  format::Layout layout_;
  txn::Snapshot snapshot_;
  std::optional<page::PageAllocator> live_allocator_;  // as of snapshot_, when no writer was about
  std::vector<PageNumber> held_back_;                  // used in it, though unreachable
  std::optional<page::PageAllocator> seen_;            // used: reached by this walk
  uint64_t pages_done_ = 0;
  uint64_t reported_ = 0;
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
    if (quiet) {
      // With non-durable commits pending the allocator is ahead of the durable root.
      if (store_.unpersisted().empty() && store_.non_durable_commits == 0) {
        live_allocator_ = store_.allocator();
        held_back_ = store_.pending().all();
      }
      store_.writer_lock().release();
    }
  } catch (...) {
    store_.transaction_ended();
    throw;
  }
}

void Verifier::check_header() {
  std::array<std::byte, format::kHeaderBytes> bytes;
  for (int attempt = 1;; ++attempt) {
    std::vector<VerifyProblem> problems;
    const auto note = [&](std::string what) {
      problems.push_back({"header", std::move(what), kHeaderDamaged, Error::kNoPosition});
    };
    try {
      store_.pool().backend().read(0, bytes);
      const format::Header header = format::Header::parse(bytes);
      for (int slot = 0; slot < 2; ++slot) {
        if (header.slot_state(slot) != format::SlotState::valid) {
          note("Commit slot " + std::to_string(slot) + " does not match its checksum.");
        } else {
          static_cast<void>(header.slot(slot));
        }
      }
      if (!header.recovery_required && header.layout.file_bytes() > store_.file_bytes()) {
        note("The file is shorter than its header says.");
      }
    } catch (const Error& error) {
      note(error.what());
    }
    if (problems.empty() || attempt == kHeaderReads) {
      for (VerifyProblem& p : problems) report_.problems.push_back(std::move(p));
      return;
    }
  }
}

btree::VerifyResult Verifier::verify_tree(
    const std::string& object, const char* meaning, const format::TreeRoot& root,
    const btree::TreeShape& shape, const btree::VerifyOptions& options,
    const std::function<void(PageNumber, const format::LeafView&)>& visit_leaf) {
  btree::DeviceReader device(store_.pool().backend(), layout_);
  const auto result = btree::verify_tree(
      device, root, shape, [&](PageNumber page) { return claim(page); },
      [&](const btree::TreeProblem& p) { problem(object, p.what, meaning, p.page.bits()); },
      options, visit_leaf);
  report_.pages_checked += result.pages;
  report_.entries_checked += result.entries;
  return result;
}

void Verifier::check_namespace(const format::TreeRoot& catalog, const char* space, bool system) {
  const std::string object = std::string("catalog of ") + space + " tables";
  btree::VerifyOptions options;
  options.order = level_ == VerifyLevel::full;
  std::vector<std::pair<std::string, format::TableRecord>> tables;
  verify_tree(object, kUnreachable, catalog, txn::catalog_shape(), options,
              [&](PageNumber page, const format::LeafView& leaf) {
                for (uint32_t i = 0; i < leaf.size(); ++i) {
                  const std::string name(as_text(leaf.key(i)));
                  try {
                    tables.emplace_back(name, format::TableRecord::parse(name, leaf.value(i)));
                  } catch (const Error& error) {
                    problem("table \"" + name + "\"", error.what(), kUnreachable, page.bits());
                  }
                }
              });
  for (const auto& [name, record] : tables) check_table(name, record, system);
}

void Verifier::check_table(const std::string& name, const format::TableRecord& record,
                           bool system) {
  ++report_.tables_checked;
  const std::string object = (system ? "system table \"" : "table \"") + name + "\"";
  // System tables may hold keys of both byte orders, or rows that compare equal (spec 02
  // section 15.2).
  btree::VerifyOptions options;
  options.order = level_ == VerifyLevel::full && !system;
  const auto check_type = [&](const TypeName& type, const std::optional<uint32_t>& width) {
    const format::TypeInfo info = format::describe_type(type);
    if (info.known && info.width != width) {
      problem(object, "The stored width of type " + type.name + " is not that type's width.",
              kRowsLost);
    }
  };
  check_type(record.key_type, record.widths.key);
  check_type(record.value_type, record.widths.value);

  std::vector<format::RootRecord> subtrees;
  uint64_t inline_values = 0;
  std::function<void(PageNumber, const format::LeafView&)> visit_leaf;
  if (record.kind == TableKind::multimap) {
    visit_leaf = [&](PageNumber, const format::LeafView& leaf) {
      for (uint32_t i = 0; i < leaf.size(); ++i) {
        const auto collection = btree::parse_collection(leaf.value(i), record.widths.value, true);
        if (collection.inline_leaf) {
          inline_values += format::LeafView::parse(*collection.inline_leaf,
                                                   btree::collection_widths(record.widths.value))
                               .size();
        } else {
          subtrees.push_back(collection.subtree);
        }
      }
    };
  }
  verify_tree(object, system ? kSpaceWasted : kRowsLost, record.root, txn::tree_shape(record),
              options, visit_leaf);
  if (record.kind == TableKind::multimap) {
    check_subtrees(object, record, subtrees, inline_values, options);
  } else if (record.length != (record.root ? record.root->length : 0)) {
    problem(object, "The record's entry count differs from its tree's.", kRowsLost);
  }
}

void Verifier::check_subtrees(const std::string& object, const format::TableRecord& record,
                              const std::vector<format::RootRecord>& subtrees,
                              uint64_t inline_values, const btree::VerifyOptions& options) {
  format::TypeInfo values = format::describe_type(record.value_type);
  if (values.known && values.width != record.widths.value) values = {};
  const btree::TreeShape shape{btree::collection_widths(record.widths.value),
                               btree::KeyOrder(values)};
  uint64_t pairs = inline_values;
  for (const format::RootRecord& root : subtrees) {
    pairs += verify_tree(object, kRowsLost, root, shape, options).entries;
  }
  if (pairs != record.length) {
    problem(object,
            "The record counts " + std::to_string(record.length) + " pairs, the table holds " +
                std::to_string(pairs) + ".",
            kRowsLost);
  }
}

// The state stored by the commit itself; nullopt when there is none, it is older, or does not parse
// (opening then repairs, so that is no problem).
std::optional<page::PageAllocator> Verifier::stored_allocator() {
  try {
    const auto record =
        txn::find_record(store_.pool(), snapshot_.system_root, format::kAllocatorState.name);
    if (!record || record->widths != format::kAllocatorState.widths) return std::nullopt;
    std::vector<page::FreeMap> maps;
    bool current = false;
    btree::TreeCursor cursor(store_.pool(), record->root, {record->widths, btree::KeyOrder()});
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const format::AllocatorKey key = format::AllocatorKey::decode(cursor.key().data());
      if (key.kind == format::AllocatorKey::Kind::region) {
        if (key.region != maps.size()) return std::nullopt;
        maps.push_back(page::decode_region(cursor.value(), layout_.region_max_data_pages));
      } else if (key.kind == format::AllocatorKey::Kind::txn_id && cursor.value().size() == 8) {
        current = base::load_le64(cursor.value().data()) == snapshot_.txn_id;
      }
    }
    if (!current || maps.empty()) return std::nullopt;
    return page::PageAllocator(layout_, std::move(maps));
  } catch (const Error&) {
    return std::nullopt;
  }
}

void Verifier::check_allocation() {
  std::optional<page::PageAllocator> stored;
  if (!live_allocator_) stored = stored_allocator();
  if (!live_allocator_ && !stored) return;
  std::vector<std::string> notes;
  auto lists =
      txn::HeldPages::load(store_.pool(), snapshot_, layout_, true, KeyProfile::shodh, notes);
  lists.keep_if([&](PageNumber page) {
    held_back_.push_back(page);
    return true;
  });
  if (live_allocator_) {
    compare(*live_allocator_, "allocator");
  } else {
    compare(*stored, "stored allocator state");
  }
}

// Every page is free, or reached exactly once, or held back for somebody.
void Verifier::compare(const page::PageAllocator& allocator, const char* object) {
  for (PageNumber page : held_back_) {
    if (!seen_->try_mark_used(page)) {
      problem(object, "Page " + page.text() + " is listed as freed and in use.", kMayOverwrite,
              page.bits());
    }
  }
  uint64_t used_but_free = 0;
  PageNumber example;
  for (uint32_t region = 0; region < layout_.region_count(); ++region) {
    for (uint32_t i = 0; i < layout_.pages_in_region(region); ++i) {
      const PageNumber page{region, i, 0};
      const bool used = allocator.is_used(page);
      const bool reached = seen_->is_used(page);
      if (used && !reached) ++report_.leaked_pages;
      if (!used && reached) {
        if (used_but_free++ == 0) example = page;
      }
    }
  }
  if (used_but_free > 0) {
    problem(object,
            std::to_string(used_but_free) + " pages in use are recorded as free, the first is " +
                example.text() + ".",
            kMayOverwrite, example.bits());
  }
  if (report_.leaked_pages > 0) {
    problem(object,
            std::to_string(report_.leaked_pages) + " pages are recorded as used and hold nothing.",
            kSpaceWasted);
  }
}

}  // namespace

VerifyReport verify_store(txn::Store& store, VerifyLevel level, ProgressSink* progress,
                          const CancelToken* cancel) {
  return Verifier(store, level, progress, cancel).run();
}

}  // namespace rdb::db
