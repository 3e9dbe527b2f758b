#include "btree/verify.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace rdb::btree {
namespace {

// A separator as a bound for everything below; shared by the two children it stands between. Null:
// none.
using BoundKey = std::shared_ptr<const std::vector<std::byte>>;

struct Pending {
  PageNumber page;
  Checksum expected;
  uint32_t depth;
  BoundKey above;  // every key is > this
  BoundKey up_to;  // every key is <= this
};

class Verifier {
 public:
  Verifier(PageReader& reader, const TreeShape& shape, const ClaimPage& claim,
           const std::function<void(const TreeProblem&)>& report, const VerifyOptions& options,
           const std::function<void(PageNumber, const LeafView&)>& visit_leaf)
      : reader_(reader),
        shape_(shape),
        claim_(claim),
        report_(report),
        options_(options),
        visit_leaf_(visit_leaf),
        check_order_(options.order && shape.order.known()) {}

  VerifyResult run(const TreeRoot& root) {
    if (!root) return result_;
    stack_.push_back({root->page, root->checksum, 0, nullptr, nullptr});
    while (!stack_.empty()) {
      const Pending next = std::move(stack_.back());
      stack_.pop_back();
      try {
        check_page(next);
      } catch (const Error& error) {
        // Whoever claims pages may stop the walk; that is no problem of the tree.
        if (error.code() == ErrorCode::cancelled || error.code() == ErrorCode::repair_aborted)
          throw;
        problem(next.page, error.code(), error.what());
      }
    }
    // A tree with damaged pages has lost entries already reported.
    if (result_.ok() && result_.entries != root->length) {
      problem(root->page, ErrorCode::corrupted,
              "its tree holds " + std::to_string(result_.entries) +
                  " entries where the root record counts " + std::to_string(root->length));
    }
    return result_;
  }

 private:
  void problem(PageNumber page, ErrorCode code, const std::string& what) {
    ++result_.problems;
    if (report_) report_({page, code, "page " + page.text() + ": " + what});
  }

  void check_page(const Pending& at) {
    if (!claim_(at.page)) return problem(at.page, ErrorCode::corrupted, "it is referenced twice");
    const Bytes bytes = reader_.read(at.page, at.expected, shape_.widths, false);
    ++result_.pages;
    check_checksum(at, bytes);
    if (is_leaf(bytes)) {
      check_leaf(at, LeafView::parse(bytes, shape_.widths));
    } else {
      check_branch(at, BranchView::parse(bytes, shape_.widths));
    }
  }

  void check_checksum(const Pending& at, Bytes bytes) {
    if (!options_.checksums) return;
    if (at.expected == base::kDeferredChecksum) {
      if (!options_.accept_deferred) {
        problem(at.page, ErrorCode::page_corrupted, "its checksum was never filled in");
      }
      return;
    }
    const uint64_t used = format::page_used_bytes(bytes, shape_.widths);
    if (base::checksum(bytes.first(used)) != at.expected) {
      problem(at.page, ErrorCode::page_corrupted,
              "its checksum differs from the one its parent records");
    }
  }

  void check_leaf(const Pending& at, const LeafView& leaf) {
    if (!leaf_depth_) leaf_depth_ = at.depth;
    if (*leaf_depth_ != at.depth) {
      problem(at.page, ErrorCode::corrupted,
              "this leaf is at depth " + std::to_string(at.depth) + " where others are at " +
                  std::to_string(*leaf_depth_));
    }
    leaf.verify_offsets();
    result_.entries += leaf.size();
    check_keys(at, leaf, leaf.size());
    if (visit_leaf_) visit_leaf_(at.page, leaf);
  }

  void check_branch(const Pending& at, const BranchView& branch) {
    if (at.depth == format::kMaxTreeDepth) throw_too_deep(at.page);
    branch.verify_offsets();
    check_keys(at, branch, branch.key_count());
    std::vector<BoundKey> bounds(size_t{branch.child_count()} + 1);  // around each child
    bounds.front() = at.above;
    bounds.back() = at.up_to;
    for (uint32_t j = 0; check_order_ && j < branch.key_count(); ++j) {
      const Bytes key = branch.key(j);
      bounds[size_t{j} + 1] = std::make_shared<std::vector<std::byte>>(key.begin(), key.end());
    }
    for (uint32_t i = branch.child_count(); i-- > 0;) {
      PageNumber child;
      try {
        child = branch.child(i);
      } catch (const Error& error) {
        problem(at.page, error.code(), error.what());
        continue;
      }
      stack_.push_back(
          {child, branch.child_checksum(i), at.depth + 1, bounds[i], bounds[size_t{i} + 1]});
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
  const std::function<void(PageNumber, const LeafView&)>& visit_leaf_;
  const bool check_order_;
  std::vector<Pending> stack_;
  std::optional<uint32_t> leaf_depth_;
  VerifyResult result_;
};

}  // namespace

VerifyResult verify_tree(PageReader& reader, const TreeRoot& root, const TreeShape& shape,
                         const ClaimPage& claim,
                         const std::function<void(const TreeProblem&)>& report,
                         const VerifyOptions& options,
                         const std::function<void(PageNumber, const LeafView&)>& visit_leaf) {
  return Verifier(reader, shape, claim, report, options, visit_leaf).run(root);
}

}  // namespace rdb::btree
