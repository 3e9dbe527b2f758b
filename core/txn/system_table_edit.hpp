// system_table_edit.hpp: changes one table of the system tree inside a commit.
//
// Use: construct, change, finish(). Until finish() the catalog holds the table as it was. Opens
// Operations of its own.
#pragma once

#include "btree/tree.hpp"
#include "format/system_tables.hpp"
#include "format/table_record.hpp"
#include "page/page_writer.hpp"

namespace rdb::txn {

class SystemTableEdit {
 public:
  // Finds the table, or prepares a new one. Throws corrupted when the stored one has other types.
  SystemTableEdit(page::PageWriter& writer, format::TreeRoot& catalog,
                  const format::SystemTable& table, format::KeyOrderKind key_order);

  bool existed() const noexcept { return existed_; }
  const format::TreeRoot& root() const noexcept { return record_.root; }

  void put(Bytes key, Bytes value);
  // Frees every page; finish() then stores an empty table. Finds pages by structure, not by key
  // order.
  void clear();
  // Puts the record with its root into the catalog, checksums deferred. Allocates pages of the
  // catalog.
  void stage();
  // Final checksums, and the record once more: in place when stage() came before.
  void finish();
  // Clears, and takes the record out of the catalog.
  void drop();

 private:
  page::PageWriter& writer_;
  format::TreeRoot& catalog_;
  const format::SystemTable& table_;
  btree::TreeShape shape_;
  format::TableRecord record_;
  bool existed_ = false;
};

}  // namespace rdb::txn
