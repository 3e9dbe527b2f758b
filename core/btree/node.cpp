#include "btree/node.hpp"

#include <string>

namespace rdb::btree {

void throw_too_deep(PageNumber page) {
  throw Error(ErrorCode::corrupted,
              "page " + page.text() + " lies deeper in its tree than " +
                  std::to_string(format::kMaxTreeDepth) + " levels",
              page.bits());
}

void throw_tree_corrupted(PageNumber page, const char* what) {
  throw Error(ErrorCode::corrupted, "page " + page.text() + ": " + what, page.bits());
}

void rethrow_naming(const Error& error, PageNumber page) {
  if (error.code() != ErrorCode::page_corrupted || error.position() != Error::kNoPosition) throw;
  throw Error(ErrorCode::page_corrupted, "page " + page.text() + ": " + error.what(), page.bits());
}

}  // namespace rdb::btree
