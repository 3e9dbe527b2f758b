#include "format/table_record.hpp"

#include <random>

#include "base/endian.hpp"
#include "support.hpp"

using namespace rdb;
using namespace rdb::test;
using format::RootRecord;
using format::TableRecord;

namespace {

TableRecord example() {
  TableRecord record;
  record.length = 3;
  record.root = RootRecord{{0, 5, 0}, {1, 2}, 3};
  record.widths = {8, std::nullopt};
  record.key_type = {TypeName::kBuiltin, "u64"};
  record.value_type = {TypeName::kBuiltin, "&[u8]"};
  return record;
}

}  // namespace

TEST_SUITE("format/table_record") {
  TEST_CASE("a record reads back what was written") {
    TableRecord record = example();
    SUBCASE("normal") {}
    SUBCASE("empty") { record.root.reset(); }
    SUBCASE("multimap") { record.kind = TableKind::multimap; }
    SUBCASE("zero widths") { record.widths = {0, 0}; }
    SUBCASE("variable widths") { record.widths = {}; }
    SUBCASE("user-defined and tuple types") {
      record.key_type = {TypeName::kTuple, "(u64,&str)"};
      record.value_type = {TypeName::kUserDefined, "Grüße {a: u8}"};
    }
    SUBCASE("alignment to be refused when the table is opened") { record.key_alignment = 8; }
    const std::vector<std::byte> bytes = record.encode();
    CHECK(bytes.size() == 64 + 2 + record.key_type.name.size() + record.value_type.name.size());
    CHECK(TableRecord::parse("t", bytes) == record);
  }

  TEST_CASE("the size depends on the type names alone") {
    TableRecord record = example();
    const size_t size = record.encode().size();
    record.root.reset();
    record.length = ~uint64_t{0};
    record.kind = TableKind::multimap;
    record.widths = {};
    CHECK(record.encode().size() == size);
  }

  TEST_CASE("entries come from the tree of a normal table and from the record of a multimap") {
    TableRecord record = example();
    record.length = 99;
    CHECK(record.entries() == 3);
    record.kind = TableKind::multimap;
    CHECK(record.entries() == 99);
    CHECK(record.tree_widths() == format::Widths{8, std::nullopt});
    record = example();
    record.root.reset();
    CHECK(record.entries() == 0);
  }

  TEST_CASE("a damaged record is corruption and names the table") {
    std::vector<std::byte> bytes = example().encode();
    REQUIRE(bytes.size() == 74);
    SUBCASE("empty") { bytes.clear(); }
    SUBCASE("63 bytes") { bytes.resize(63); }
    SUBCASE("64 bytes") { bytes.resize(64); }
    SUBCASE("no value type") { bytes.resize(68); }
    SUBCASE("kind 0") { bytes[0] = std::byte{0}; }
    SUBCASE("kind 5") { bytes[0] = std::byte{5}; }
    SUBCASE("root flag") { bytes[9] = std::byte{2}; }
    SUBCASE("root order") { bytes[17] = std::byte{0xFF}; }
    SUBCASE("key width flag") { bytes[42] = std::byte{2}; }
    SUBCASE("value width flag") { bytes[47] = std::byte{0xFF}; }
    SUBCASE("key width above 3 GiB") { base::store_le32(&bytes[43], 0xC000'0001); }
    SUBCASE("key type length 0") { base::store_le32(&bytes[60], 0); }
    SUBCASE("key type length 1") { base::store_le32(&bytes[60], 1); }
    SUBCASE("key type up to the end") { base::store_le32(&bytes[60], 10); }
    SUBCASE("key type past the end") { base::store_le32(&bytes[60], 11); }
    SUBCASE("key type length 2^32-1") { base::store_le32(&bytes[60], 0xFFFF'FFFF); }
    SUBCASE("key class 0") { bytes[64] = std::byte{0}; }
    SUBCASE("key class 5") { bytes[64] = std::byte{5}; }
    SUBCASE("value class 5") { bytes[68] = std::byte{5}; }
    SUBCASE("key type not UTF-8") { bytes[65] = std::byte{0xFF}; }
    SUBCASE("value type not UTF-8") { bytes[73] = std::byte{0xC3}; }
    CHECK_THROWS_CODE(TableRecord::parse("broken", bytes), ErrorCode::corrupted);
    try {
      TableRecord::parse("broken", bytes);
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find("\"broken\"") != std::string::npos);
    }
  }

  TEST_CASE("class 4 of redb 4.2 is read as the class it replaced, and written back") {
    TableRecord record = example();
    record.key_type = {TypeName::kBuiltin, "[u8;8]"};
    record.widths.key = 8;
    record.value_type = {TypeName::kTuple, "(u64,&str)"};
    record.widths.value.reset();
    std::vector<std::byte> bytes = record.encode();
    const size_t value_class = 64 + 1 + record.key_type.name.size();
    bytes[64] = bytes[value_class] = std::byte{4};
    const TableRecord read = TableRecord::parse("composite", bytes);
    CHECK(read.key_type == record.key_type);
    CHECK(read.value_type == record.value_type);
    CHECK(read.encode() == bytes);
    base::store_le32(&bytes[48], 12);
    bytes[47] = std::byte{1};
    CHECK(TableRecord::parse("composite", bytes).value_type.type_class == TypeName::kBuiltin);
  }

  TEST_CASE("a record of file format 1 is an unsupported format") {
    std::vector<std::byte> bytes = example().encode();
    for (const uint8_t kind : {uint8_t{1}, uint8_t{2}}) {
      bytes[0] = std::byte{kind};
      CHECK_THROWS_CODE(TableRecord::parse("old", bytes), ErrorCode::format);
    }
  }

  TEST_CASE("random changes are accepted or refused, never worse") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 4000; ++round) {
      std::vector<std::byte> bytes = example().encode();
      for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
      try {
        TableRecord::parse("t", bytes);
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::format));
      }
    }
  }
}
