#include "txn/catalog.hpp"

#include "btree/cursor.hpp"
#include "btree/mutator.hpp"
#include "format/type_info.hpp"
#include "rdb/error.hpp"

namespace rdb::txn {

const btree::TreeShape& catalog_shape() {
  static const btree::TreeShape shape{
      format::kVariableWidths, btree::KeyOrder(format::describe_type({TypeName::kBuiltin, "&str"})),
      page::PageUse::branch};
  return shape;
}

std::optional<format::TableRecord> find_record(page::FramePool& pool, const CatalogRoot& catalog,
                                               std::string_view table) {
  const page::Operation operation(pool);
  const auto found = btree::find(pool, catalog.root, catalog_shape(), as_bytes(table));
  if (!found) return std::nullopt;
  return format::TableRecord::parse(table, found->value, catalog.compressed);
}

std::vector<CatalogRow> list_records(page::FramePool& pool, const CatalogRoot& catalog) {
  std::vector<CatalogRow> rows;
  btree::TreeCursor cursor(pool, catalog.root, catalog_shape());
  for (bool more = cursor.first(); more; more = cursor.next()) {
    CatalogRow row{std::string(as_text(cursor.key())), std::nullopt, {}};
    try {
      row.record = format::TableRecord::parse(row.name, cursor.value(), catalog.compressed);
    } catch (const Error& error) {
      row.problem = error.what();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void put_record(page::PageWriter& writer, format::TreeRoot& catalog, std::string_view table,
                const format::TableRecord& record) {
  const page::Operation operation(writer.pool());
  btree::Mutator mutator(writer, catalog, catalog_shape());
  const std::vector<std::byte> bytes = record.encode();
  mutator.insert(as_bytes(table), bytes);
}

bool erase_record(page::PageWriter& writer, format::TreeRoot& catalog, std::string_view table) {
  const page::Operation operation(writer.pool());
  btree::Mutator mutator(writer, catalog, catalog_shape());
  return mutator.erase(as_bytes(table));
}

namespace {

btree::KeyOrder order_of(const TypeName& type, const std::optional<uint32_t>& stored_width) {
  format::TypeInfo info = format::describe_type(type);
  // A name whose width is not the stored one is some other type of that name.
  const bool told = info.known || type.reading.user_width != 0;
  if (told && info.width != stored_width) info = {};
  return btree::KeyOrder(info);
}

}  // namespace

btree::TreeShape tree_shape(const format::TableRecord& record) {
  return {record.tree_widths(), order_of(record.key_type, record.widths.key)};
}

btree::TreeShape collection_shape(const format::TableRecord& record) {
  return {btree::collection_widths(record.widths.value),
          order_of(record.value_type, record.widths.value)};
}

btree::CollectionForm collection_form(const format::TableRecord& record) {
  return {record.widths.value, record.compressed};
}

TableInfo table_info(std::string_view name, const format::TableRecord& record) {
  TableInfo info;
  info.name = name;
  info.kind = record.kind;
  info.key_type = record.key_type;
  info.value_type = record.value_type;
  info.key_width = record.widths.key;
  info.value_width = record.widths.value;
  info.entries = record.kind == TableKind::multimap ? record.length
                 : record.root                      ? record.root->length
                                                    : 0;
  info.key_order_known = tree_shape(record).order.known();
  return info;
}

}  // namespace rdb::txn
