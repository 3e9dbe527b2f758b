// page_census.hpp: what every page of a file is used for, as a verification finds it out.
//
//   reached    by the trees of the commit that is checked
//   old        by the tree of a savepoint or history snapshot alone
//   held       listed as freed: kept for an old tree, or for readers at the time
//   reserved   under the blob region of an older release
// A page is reached at most once, held at most once, and never both; each old page is held. What is
// used for nothing is free.
//
// Not synchronised.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/header.hpp"
#include "format/layout.hpp"
#include "page/page_allocator.hpp"

namespace rdb::db {

class PageCensus {
 public:
  explicit PageCensus(const format::Layout& layout);

  const format::Layout& layout() const noexcept { return layout_; }

  // Both throw corrupted for a page outside the file. False, and nothing noted, when one of its
  // base pages has been noted by the same function before.
  bool reach(format::PageNumber page);
  bool reach_old(format::PageNumber page);
  // As reach(); false also for pages that are reached.
  bool hold(format::PageNumber page);
  void reserve(const format::BlobRegion& blobs);

  bool is_reached(format::PageNumber page) const { return touches(reached_, page); }
  bool is_reached_old(format::PageNumber page) const { return touches(old_, page); }
  // Every base page is reached or held.
  bool is_accounted_for(format::PageNumber page) const;

  // Base pages in order of address; the first of each kind and how many there are.
  struct Deviation {
    uint64_t count = 0;
    format::PageNumber first;
    void add(format::PageNumber page);
    bool operator==(const Deviation&) const = default;
  };
  struct Comparison {
    Deviation reached_but_free;
    Deviation held_but_free;
    Deviation leaked;  // used, and neither reached nor held
    bool operator==(const Comparison&) const = default;
  };
  // also_held: pages the allocator keeps for somebody without listing them in the file.
  Comparison compare(const page::PageAllocator& allocator,
                     const std::vector<format::PageNumber>& also_held) const;

 private:
  // One of the base pages is used in that set.
  static bool touches(const page::PageAllocator& set, format::PageNumber page);

  format::Layout layout_;
  page::PageAllocator reached_;  // used: in the set
  page::PageAllocator old_;
  page::PageAllocator held_;
  page::PageAllocator reserved_;
};

}  // namespace rdb::db
