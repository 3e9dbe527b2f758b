// node.hpp: small things that everything walking a tree needs.
#pragma once

#include "base/checksum.hpp"
#include "format/branch_view.hpp"
#include "format/leaf_view.hpp"
#include "format/page_number.hpp"
#include "format/root_record.hpp"
#include "format/widths.hpp"
#include "rdb/error.hpp"
#include "rdb/types.hpp"

namespace rdb::btree {

using base::Checksum;
using format::BranchView;
using format::LeafView;
using format::PageNumber;
using format::TreeRoot;
using format::Widths;

// Anything but a leaf is taken for a branch; BranchView::parse then judges the type byte.
inline bool is_leaf(Bytes page) noexcept { return page[0] == format::kLeafType; }

[[noreturn]] [[gnu::cold]] void throw_too_deep(PageNumber page);
[[noreturn]] [[gnu::cold]] void throw_tree_corrupted(PageNumber page, const char* what);

// Throws error again, naming the page when it is about one and names none yet.
[[noreturn]] [[gnu::cold]] void rethrow_naming(const Error& error, PageNumber page);

}  // namespace rdb::btree
