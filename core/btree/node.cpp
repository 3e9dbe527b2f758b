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
  const bool damage =
      error.code() == ErrorCode::page_corrupted || error.code() == ErrorCode::corrupted;
  if (!damage || error.position() != Error::kNoPosition) throw;
  throw Error(error.code(), "page " + page.text() + ": " + error.what(), page.bits());
}

}  // namespace rdb::btree
