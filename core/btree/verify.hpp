// verify.hpp: checks every invariant of a tree (spec 02 sections 4 and 15.2) and reports what
// fails.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "btree/tree.hpp"
#include "btree/walk.hpp"

namespace rdb::btree {

struct TreeProblem {
  PageNumber page;
  ErrorCode code = ErrorCode::corrupted;
  std::string what;  // a sentence naming the page
};

struct VerifyOptions {
  // Key order within pages and against separators; without effect when the order is unknown. Off
  // for tables whose stored order is known to differ (spec 02 section 15.2).
  bool order = true;
  // The used part of each page against the checksum its parent records. A record that was never
  // finalized is a problem, too, unless accept_deferred: inside a write transaction it is normal.
  bool checksums = true;
  bool accept_deferred = false;
  // The root record comes from a page whose checksum is wrong: a root that is not what the record
  // says is part of that damage and not reported again.
  bool root_suspect = false;
  // True for pages that another walk has seen: such a page is compared with its checksum and not
  // followed, because the same checksum means the same pages below.
  std::function<bool(PageNumber)> known = {};
};

struct VerifyResult {
  uint64_t pages = 0;
  uint64_t entries = 0;
  uint64_t problems = 0;
  bool complete = true;  // false: damage hides pages or entries
  bool ok() const noexcept { return problems == 0; }
};

// trusted: the page matches its checksum.
using VisitLeaf = std::function<void(PageNumber, const LeafView&, bool trusted)>;

// Never throws for damage, only reports it; other errors (no_memory) pass. A page with a bad
// checksum that still parses is descended into, and what hangs below it is reported as long as it
// matches its own checksum: one damaged page is one problem.
//
// claim is asked before a page is read: false means it was seen before, which is reported and not
// followed. It is what bounds the work on a hostile file, so it is required; one set of pages
// should serve the whole database. visit_leaf, when given, sees every leaf whose offsets are sound.
// What claim and visit_leaf throw as Error is reported as a problem of that page.
VerifyResult verify_tree(PageReader& reader, const TreeRoot& root, const TreeShape& shape,
                         const ClaimPage& claim,
                         const std::function<void(const TreeProblem&)>& report,
                         const VerifyOptions& options = {}, const VisitLeaf& visit_leaf = {});

}  // namespace rdb::btree
