// walk.hpp: visits every page of a tree, from memory or straight from the device.
//
// Used to mark reachable pages, to free a whole tree, for statistics and for verification.
// Iterative; needs no key order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "btree/collection.hpp"
#include "btree/node.hpp"
#include "format/layout.hpp"
#include "page/frame_pool.hpp"
#include "rdb/storage_backend.hpp"
#include "rdb/table.hpp"

namespace rdb::btree {

// Where a walk gets its pages from. What read() returns is valid until the next read().
class PageReader {
 public:
  virtual ~PageReader() = default;
  // With verify, page_corrupted when the checksum differs from expected (unless that is the
  // deferred marker). Without, a damaged page is handed out for the caller to judge.
  virtual Bytes read(PageNumber page, const Checksum& expected, const Widths& widths,
                     bool verify) = 0;
};

// Through the frames. Holds an Operation between reads, so the calling thread must hold none, and
// none may be begun before release() or the reader's end. Pages already in memory are not verified
// again.
class PoolReader final : public PageReader {
 public:
  explicit PoolReader(page::FramePool& pool) : pool_(pool) {}
  Bytes read(PageNumber page, const Checksum& expected, const Widths& widths, bool verify) override;
  void release() noexcept { operation_.reset(); }

 private:
  page::FramePool& pool_;
  std::optional<page::Operation> operation_;
};

// Past the frames, for verification: sees what the device holds.
class DeviceReader final : public PageReader {
 public:
  DeviceReader(StorageBackend& backend, const format::Layout& layout)
      : backend_(backend), layout_(layout) {}
  Bytes read(PageNumber page, const Checksum& expected, const Widths& widths, bool verify) override;

 private:
  StorageBackend& backend_;
  const format::Layout layout_;
  std::vector<std::byte> buffer_;
};

struct PageVisit {
  PageNumber page;
  Checksum expected;               // as its parent records it
  uint32_t depth = 0;              // 0 is the root
  Bytes bytes;                     // empty when the page was not read
  const LeafView* leaf = nullptr;  // one of the two, unless the page was not read
  const BranchView* branch = nullptr;
};

struct WalkOptions {
  bool verify = true;
  // Do not read leaves: pages as deep as the leftmost leaf are taken for leaves. For callers that
  // need the page numbers only.
  bool skip_leaves = false;
};

// False: the page was seen before, in this tree or another.
using ClaimPage = std::function<bool(PageNumber)>;
using VisitPage = std::function<void(const PageVisit&)>;

// Calls visit for each page, parents first, children in key order; views are valid during the call
// only. visit must not begin an Operation. claim, when given, is asked before a page is read: false
// throws corrupted. Without it the work is bounded by depth alone, so visit must put an end to it
// unless the tree is known to be sound. Throws what reading throws, and corrupted for trees too
// deep.
void walk_pages(PageReader& reader, const TreeRoot& root, const Widths& widths,
                const VisitPage& visit, const ClaimPage& claim = {},
                const WalkOptions& options = {});

// Figures of one tree of pages (spec 02 section 14). A tree of more base pages than file_pages
// reaches some of them twice, in a damaged file on 2^64 ways perhaps: corrupted.
TableStats tree_stats(PageReader& reader, const TreeRoot& root, const Widths& widths,
                      uint64_t file_pages);

// The same of a multimap (spec 02 section 14), whose keys count as metadata, and whose outer leaves
// count as branches where they name subtrees. A collection that is compressed counts as stored.
TableStats multimap_stats(PageReader& reader, const TreeRoot& root,
                          const std::optional<uint32_t>& key_width, const CollectionForm& form,
                          uint64_t pairs, uint64_t file_pages);

}  // namespace rdb::btree
