#include "btree/verify.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "format/page_checksum.hpp"

namespace rdb::btree {
namespace {

// A separator as a bound for everything below; shared by the two children it stands between. Null:
// none.
using BoundKey = std::shared_ptr<const std::vector<std::byte>>;

struct Pending {
  PageNumber page;
  Checksum expected;
  uint32_t depth;
  bool suspect;    // recorded on a page whose own checksum is wrong
  BoundKey above;  // every key is > this
  BoundKey up_to;  // every key is <= this
};

class Verifier {
 public:
  Verifier(PageReader& reader, const TreeShape& shape, const ClaimPage& claim,
           const std::function<void(const TreeProblem&)>& report, const VerifyOptions& options,
           const VisitLeaf& visit_leaf)
      : reader_(reader),
        shape_(shape),
        claim_(claim),
        report_(report),
        options_(options),
        visit_leaf_(visit_leaf),
        check_order_(options.order && shape.order.known()) {}

  VerifyResult run(const TreeRoot& root) {
    if (!root) return result_;
    stack_.push_back({root->page, root->checksum, 0, options_.root_suspect, nullptr, nullptr});
    while (!stack_.empty()) {
      const Pending next = std::move(stack_.back());
      stack_.pop_back();
      try {
        check_page(next);
      } catch (const Error& error) {
        rethrow_if_stopped(error);
        result_.complete = false;
        problem(next.page, error.code(), error.what());
      }
    }
    // A tree with damaged pages has lost entries already reported.
    const bool counted = result_.complete && !skipped_known_ && !options_.root_suspect;
    if (counted && result_.entries != root->length) {
      problem(root->page, ErrorCode::corrupted,
              "its tree holds " + std::to_string(result_.entries) +
                  " entries where the root record counts " + std::to_string(root->length));
    }
    return result_;
  }

 private:
  // Whoever claims pages may stop the walk; that is no problem of the tree.
  static void rethrow_if_stopped(const Error& error) {
    if (error.code() == ErrorCode::cancelled || error.code() == ErrorCode::repair_aborted) throw;
  }

  void problem(PageNumber page, ErrorCode code, const std::string& what) {
    ++result_.problems;
    if (report_) report_({page, code, "page " + page.text() + ": " + what});
  }

  void check_page(const Pending& at) {
    if (at.suspect && !holds_what_was_recorded(at)) {
      result_.complete = false;  // part of the damage above, already reported
      return;
    }
    if (options_.known && options_.known(at.page)) {
      skipped_known_ = true;
      check_checksum(at, reader_.read(at.page, at.expected, shape_.widths, false));
      return;
    }
    if (!claim_(at.page)) {
      result_.complete = false;
      return problem(at.page, ErrorCode::corrupted, "it is referenced twice");
    }
    const Bytes bytes = reader_.read(at.page, at.expected, shape_.widths, false);
    ++result_.pages;
    if (check_checksum(at, bytes)) {
      descend(at, bytes, true);
      return;
    }
    // What else is wrong with the page has the same cause.
    result_.complete = false;
    try {
      descend(at, bytes, false);
    } catch (const Error& error) {
      rethrow_if_stopped(error);
    }
  }

  bool holds_what_was_recorded(const Pending& at) {
    try {
      reader_.read(at.page, at.expected, shape_.widths, true);
      return at.expected != base::kDeferredChecksum;
    } catch (const Error& error) {
      rethrow_if_stopped(error);
      return false;
    }
  }

  void descend(const Pending& at, Bytes bytes, bool trusted) {
    if (is_leaf(bytes)) {
      check_leaf(at, LeafView::parse(bytes, shape_.widths), trusted);
    } else {
      check_branch(at, BranchView::parse(bytes, shape_.widths), trusted);
    }
  }

  // False: the page is not the one its parent records. A checksum that was never filled in is a
  // problem of the record, not of the page.
  bool check_checksum(const Pending& at, Bytes bytes) {
    if (!options_.checksums) return true;
    if (at.expected == base::kDeferredChecksum) {
      if (!options_.accept_deferred) {
        problem(at.page, ErrorCode::page_corrupted, "its checksum was never filled in");
      }
      return true;
    }
    bool matches = false;
    std::string why = "its checksum differs from the one its parent records";
    try {
      matches = format::checksum_matches(bytes, shape_.widths, at.expected);
    } catch (const Error& error) {
      why = error.what();  // so damaged that its used part cannot be told
    }
    if (!matches) problem(at.page, ErrorCode::page_corrupted, why);
    return matches;
  }

  void check_leaf(const Pending& at, const LeafView& leaf, bool trusted) {
    if (!leaf_depth_) leaf_depth_ = at.depth;
    if (*leaf_depth_ != at.depth && trusted && !depth_reported_) {
      depth_reported_ = true;  // which of the two is the odd one cannot be told
      problem(at.page, ErrorCode::corrupted,
              "this leaf is at depth " + std::to_string(at.depth) + " where others are at " +
                  std::to_string(*leaf_depth_));
    }
    leaf.verify_offsets();
    result_.entries += leaf.size();
    if (trusted) check_keys(at, leaf, leaf.size());
    if (visit_leaf_) visit_leaf_(at.page, leaf, trusted);
  }

  void check_branch(const Pending& at, const BranchView& branch, bool trusted) {
    if (at.depth == format::kMaxTreeDepth) throw_too_deep(at.page);
    branch.verify_offsets();
    if (trusted) check_keys(at, branch, branch.key_count());
    BoundKey up_to = at.up_to;
    // The last child lies deepest in the stack.
    for (uint32_t i = branch.child_count(); i-- > 0;) {
      BoundKey above = at.above;
      const bool bounded = check_order_ && trusted && i > 0;
      if (bounded) {
        const Bytes key = branch.key(i - 1);
        above = std::make_shared<std::vector<std::byte>>(key.begin(), key.end());
      }
      try {
        stack_.push_back(
            {branch.child(i), branch.child_checksum(i), at.depth + 1, !trusted, above, up_to});
      } catch (const Error& error) {
        result_.complete = false;
        if (trusted) problem(at.page, error.code(), error.what());
      }
      if (bounded) up_to = above;
    }
  }

  // Strictly ascending, and inside the separators around the page.
  template <typename View>
  void check_keys(const Pending& at, const View& view, uint32_t count) {
    if (!check_order_) return;
    const KeyOrder& order = shape_.order;
    for (uint32_t i = 1; i < count; ++i) {
      if (order.compare(view.key(i - 1), view.key(i)) >= 0) {
        problem(at.page, ErrorCode::corrupted,
                "its keys " + std::to_string(i - 1) + " and " + std::to_string(i) +
                    " are out of order");
        break;
      }
    }
    if (at.above && order.compare(view.key(0), *at.above) <= 0) {
      problem(at.page, ErrorCode::corrupted,
              "its first key is not above the separator on its left");
    }
    if (at.up_to && order.compare(view.key(count - 1), *at.up_to) > 0) {
      problem(at.page, ErrorCode::corrupted, "its last key is above the separator on its right");
    }
  }

  PageReader& reader_;
  const TreeShape& shape_;
  const ClaimPage& claim_;
  const std::function<void(const TreeProblem&)>& report_;
  const VerifyOptions& options_;
  const VisitLeaf& visit_leaf_;
  const bool check_order_;
  std::vector<Pending> stack_;
  std::optional<uint32_t> leaf_depth_;
  bool depth_reported_ = false;
  bool skipped_known_ = false;
  VerifyResult result_;
};

}  // namespace

VerifyResult verify_tree(PageReader& reader, const TreeRoot& root, const TreeShape& shape,
                         const ClaimPage& claim,
                         const std::function<void(const TreeProblem&)>& report,
                         const VerifyOptions& options, const VisitLeaf& visit_leaf) {
  return Verifier(reader, shape, claim, report, options, visit_leaf).run(root);
}

}  // namespace rdb::btree
