// catalog.hpp: a master tree, which maps table names to table records (spec 02 section 7). There
// are two, of user tables and of system tables, of the same form: &str keys, variable values.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "btree/collection.hpp"
#include "btree/tree.hpp"
#include "format/table_record.hpp"
#include "page/page_writer.hpp"

namespace rdb::txn {

const btree::TreeShape& catalog_shape();

// A catalog as it lies in a file.
struct CatalogRoot {
  format::TreeRoot root;
  bool compressed = false;  // user tables of a compressed file
};

// The next two open Operations of their own.
std::optional<format::TableRecord> find_record(page::FramePool& pool, const CatalogRoot& catalog,
                                               std::string_view table);
// In order of name; the record of a table that does not parse is given as the error it raised.
struct CatalogRow {
  std::string name;
  std::optional<format::TableRecord> record;
  std::string problem;
};
std::vector<CatalogRow> list_records(page::FramePool& pool, const CatalogRoot& catalog);

void put_record(page::PageWriter& writer, format::TreeRoot& catalog, std::string_view table,
                const format::TableRecord& record);
bool erase_record(page::PageWriter& writer, format::TreeRoot& catalog, std::string_view table);

// Shape of the (outer) tree of a table, comparator included as far as the type is known.
btree::TreeShape tree_shape(const format::TableRecord& record);
// Shape of the subtrees of a multimap, and of the leaf images that stand for small ones.
btree::TreeShape collection_shape(const format::TableRecord& record);
btree::CollectionForm collection_form(const format::TableRecord& record);
TableInfo table_info(std::string_view name, const format::TableRecord& record);

}  // namespace rdb::txn
