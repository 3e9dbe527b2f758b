#include "txn/system_table_edit.hpp"

#include <string>

#include "btree/finalize.hpp"
#include "btree/mutator.hpp"
#include "rdb/error.hpp"
#include "txn/catalog.hpp"
#include "txn/table_pages.hpp"

namespace rdb::txn {

SystemTableEdit::SystemTableEdit(page::PageWriter& writer, format::TreeRoot& catalog,
                                 const format::SystemTable& table, format::KeyOrderKind key_order)
    : writer_(writer), catalog_(catalog), table_(table) {
  if (auto record = find_record(writer.pool(), {catalog}, table.name)) {
    if (record->kind != TableKind::normal || record->key_type != table.key_type_name() ||
        record->value_type != table.value_type_name() || record->widths != table.widths) {
      throw Error(ErrorCode::corrupted, "system table \"" + std::string(table.name) +
                                            "\" does not have the types it must have");
    }
    record_ = *std::move(record);
    existed_ = true;
  } else {
    record_.key_type = table.key_type_name();
    record_.value_type = table.value_type_name();
    record_.widths = table.widths;
  }
  format::TypeInfo order;
  order.known = true;
  order.width = table.widths.key;
  order.order = key_order;
  shape_ = {table.widths, btree::KeyOrder(order), page::PageUse::branch};
}

void SystemTableEdit::put(Bytes key, Bytes value) {
  const page::Operation operation(writer_.pool());
  btree::Mutator mutator(writer_, record_.root, shape_);
  mutator.insert(key, value);
}

void SystemTableEdit::clear() {
  for (format::PageNumber page : list_table_pages(writer_.pool(), record_)) writer_.free(page);
  record_.root.reset();
}

void SystemTableEdit::stage() {
  record_.length = record_.root ? record_.root->length : 0;
  put_record(writer_, catalog_, table_.name, record_);
}

void SystemTableEdit::finish() {
  btree::finalize(writer_, record_.root, shape_.widths);
  stage();
}

void SystemTableEdit::drop() {
  clear();
  erase_record(writer_, catalog_, table_.name);
}

}  // namespace rdb::txn
