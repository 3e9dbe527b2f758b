// catalog_fuzz.cpp: the records of tables, and the type names in them.
//
// Input: one byte, the length of the table's name; the name; the record.
#include "btree/key_order.hpp"
#include "format/table_record.hpp"
#include "format/type_info.hpp"
#include "format/utf8.hpp"
#include "input.hpp"
#include "txn/catalog.hpp"
#include "txn/table_rules.hpp"

namespace rdb::fuzz {
namespace {

void check_type(const TypeName& type, Bytes some, Bytes other) {
  const format::TypeInfo info = format::describe_type(type);
  const btree::KeyOrder order(info);
  if (!order.known()) return;
  require(info.known, "an order is told of a type that is not known");
  // A comparison takes any bytes and contradicts itself for none.
  const int forth = order.compare(some, other);
  const int back = order.compare(other, some);
  require((forth < 0) == (back > 0) && (forth == 0) == (back == 0), "an order contradicts itself");
  require(order.compare(some, some) == 0, "a key does not equal itself");
}

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rdb;
  using namespace rdb::fuzz;
  Input input(input_bytes(data, size));
  const std::string_view name = as_text(input.take(input.u8()));
  survives([&] { txn::check_table_name(name); });
  const Bytes stored = input.rest();
  survives([&] {
    const auto record = format::TableRecord::parse(name, stored);
    require(format::is_utf8(record.key_type.name) && format::is_utf8(record.value_type.name),
            "a type name is not UTF-8");
    require(format::TableRecord::parse(name, record.encode()) == record,
            "a table record changes when stored");
    const size_t half = stored.size() / 2;
    check_type(record.key_type, stored.first(half), stored.subspan(half));
    check_type(record.value_type, stored.first(half), stored.subspan(half));
    const TableInfo info = txn::table_info(name, record);
    require(info.entries == record.entries(), "two counts of entries");
    txn::check_table_types(name, record, record.key_type, record.value_type, record.kind);
  });
  return 0;
}
