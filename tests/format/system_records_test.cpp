// The small records of the system tables: page lists, savepoints, history, and their keys.
#include <random>

#include "base/endian.hpp"
#include "format/allocator_key.hpp"
#include "format/history_snapshot.hpp"
#include "format/page_list.hpp"
#include "format/savepoint_record.hpp"
#include "format/system_tables.hpp"
#include "format/txn_page_key.hpp"
#include "format/type_info.hpp"
#include "format/utf8.hpp"
#include "support.hpp"

using namespace rdb;
using namespace rdb::test;
using format::AllocatorKey;
using format::HistorySnapshot;
using format::KeyReading;
using format::PageListView;
using format::PageNumber;
using format::RootRecord;
using format::SavepointRecord;
using format::TxnPageKey;

TEST_SUITE("format/page_list") {
  TEST_CASE("a list has the bytes of the format document and zeros behind them") {
    const std::vector<PageNumber> pages{{1, 3, 2}, {0, 256, 0}};
    const auto value = format::make_page_list(pages, 3);
    CHECK(hex(value) == hex(unhex("0200 0300100000000010 0001000000000000 0000000000000000")));
    const PageListView view = PageListView::parse(value);
    CHECK(view.well_formed());
    REQUIRE(view.size() == 2);
    CHECK(view.at(0) == pages[0]);
    CHECK(view.at(1) == pages[1]);
  }

  TEST_CASE("reserved room has the sizes of the reference") {
    CHECK(format::make_page_list({}, format::kDataListCapacity).size() == 3202);
    CHECK(format::make_page_list({}, format::kSystemListCapacity).size() == 1602);
    CHECK(format::make_page_list(std::vector<PageNumber>(5), 2).size() == 42);
  }

  TEST_CASE("any size that holds the entries is well formed") {
    auto value = format::make_page_list(std::vector<PageNumber>(13), 13);
    CHECK(value.size() == 106);
    CHECK(PageListView::parse(value).well_formed());
    value.resize(109);
    CHECK(PageListView::parse(value).well_formed());
    CHECK(PageListView::parse(unhex("0000")).well_formed());
  }

  TEST_CASE("a malformed list is reported and gives the entries that fit") {
    CHECK_FALSE(PageListView::parse({}).well_formed());
    CHECK_FALSE(PageListView::parse(unhex("01")).well_formed());
    CHECK(PageListView::parse(unhex("01")).size() == 0);
    const auto value = unhex("ffff 0300100000000010 00010000000000");
    const PageListView view = PageListView::parse(value);
    CHECK_FALSE(view.well_formed());
    REQUIRE(view.size() == 1);
    CHECK(view.at(0) == PageNumber{1, 3, 2});
  }

  TEST_CASE("an entry with an impossible order is refused alone") {
    const auto value = unhex("0200 00000000000000ff 0001000000000000");
    const PageListView view = PageListView::parse(value);
    CHECK(view.well_formed());
    CHECK_FALSE(view.at(0));
    CHECK(view.at(1) == PageNumber{0, 256, 0});
  }
}

TEST_SUITE("format/savepoint_record") {
  TEST_CASE("a record has the bytes of the format document") {
    SavepointRecord record{1, 7, RootRecord{{0, 5, 0}, {1, 2}, 3}};
    CHECK(hex(record.encode()) ==
          hex(unhex("03 0100000000000000 0700000000000000 01 0500000000000000"
                    "0100000000000000 0200000000000000 0300000000000000")));
    CHECK(SavepointRecord::parse(record.encode()) == record);
    record.user_root.reset();
    CHECK(SavepointRecord::parse(record.encode()) == record);
    CHECK(hex(record.encode()).substr(34) == std::string(66, '0'));
  }

  TEST_CASE("a damaged record is corruption") {
    const auto encoded = SavepointRecord{1, 7, RootRecord{}}.encode();
    std::vector<std::byte> bytes(encoded.begin(), encoded.end());
    SUBCASE("short") { bytes.pop_back(); }
    SUBCASE("long") { bytes.push_back({}); }
    SUBCASE("version 4") { bytes[0] = std::byte{4}; }
    SUBCASE("root flag") { bytes[17] = std::byte{2}; }
    SUBCASE("root order") { bytes[25] = std::byte{0xFF}; }
    CHECK_THROWS_CODE(SavepointRecord::parse(bytes), ErrorCode::corrupted);
  }
}

TEST_SUITE("format/history_snapshot") {
  TEST_CASE("a snapshot has the bytes of the format document") {
    HistorySnapshot snapshot{RootRecord{{0, 5, 0}, {1, 2}, 3}, 4, 5, 6, 7, 8};
    CHECK(hex(snapshot.encode()) ==
          hex(unhex("01 0500000000000000 0100000000000000 0200000000000000 0300000000000000"
                    "0400000000000000 0500000000000000 0600000000000000 0700000000000000"
                    "0800000000000000")));
    CHECK(HistorySnapshot::parse(snapshot.encode()) == snapshot);
    auto bytes = snapshot.encode();
    bytes[0] = std::byte{9};
    CHECK(HistorySnapshot::parse(bytes) == snapshot);
    snapshot.user_root.reset();
    CHECK(HistorySnapshot::parse(snapshot.encode()) == snapshot);
    CHECK_THROWS_CODE(HistorySnapshot::parse(Bytes(bytes).first(72)), ErrorCode::corrupted);
  }
}

TEST_SUITE("format/txn_page_key") {
  TEST_CASE("keys are big-endian in the profile of shodh-redb and little-endian in redb's") {
    const TxnPageKey key{0x0102, 3};
    CHECK(hex(key.encode(KeyProfile::shodh)) == "00000000000001020000000000000003");
    CHECK(hex(key.encode(KeyProfile::redb)) == "02010000000000000300000000000000");
    for (const KeyProfile profile : {KeyProfile::shodh, KeyProfile::redb}) {
      CHECK(TxnPageKey::decode(key.encode(profile).data(), profile) == key);
      std::byte id[8];
      format::encode_savepoint_id(77, id, profile);
      CHECK(format::decode_savepoint_id(id, profile) == 77);
    }
    CHECK(TxnPageKey{1, 9} < TxnPageKey{2, 0});
    CHECK(TxnPageKey{2, 0} < TxnPageKey{2, 1});
  }

  TEST_CASE("the newest transaction tells the byte order of a page-list key") {
    const auto be = TxnPageKey{5, 1}.encode(KeyProfile::shodh);
    const auto le = TxnPageKey{5, 1}.encode(KeyProfile::redb);
    CHECK(format::judge_txn_page_key(be.data(), 5) == KeyReading::shodh);
    CHECK(format::judge_txn_page_key(le.data(), 5) == KeyReading::redb);
    CHECK(format::judge_txn_page_key(be.data(), 4) == KeyReading::impossible);
    CHECK(format::judge_txn_page_key(be.data(), ~uint64_t{0}) == KeyReading::either);
    const auto zero = TxnPageKey{}.encode(KeyProfile::redb);
    CHECK(format::judge_txn_page_key(zero.data(), 5) == KeyReading::either);
  }

  TEST_CASE("the id inside the record tells the byte order of a savepoint key") {
    std::byte key[8];
    format::encode_savepoint_id(3, key, KeyProfile::shodh);
    CHECK(format::judge_savepoint_id(key, 3) == KeyReading::shodh);
    CHECK(format::judge_savepoint_id(key, uint64_t{3} << 56) == KeyReading::redb);
    CHECK(format::judge_savepoint_id(key, 4) == KeyReading::impossible);
  }
}

TEST_SUITE("format/allocator_key") {
  TEST_CASE("keys have the bytes and the order of the format document") {
    const AllocatorKey region{AllocatorKey::Kind::region, 0x0102};
    CHECK(hex(region.encode()) == "0302010000");
    CHECK(hex(AllocatorKey{AllocatorKey::Kind::tracker, 0}.encode()) == "0400000000");
    CHECK(hex(AllocatorKey{AllocatorKey::Kind::txn_id, 0}.encode()) == "0500000000");
    CHECK(AllocatorKey::decode(region.encode().data()) == region);

    const auto key = [](std::string_view text) { return AllocatorKey::decode(unhex(text).data()); };
    CHECK(key("0200000001") < key("0300000000"));
    CHECK(key("0300010000") > key("03ff000000"));
    CHECK(key("03ffffffff") < key("0400000000"));
    CHECK(key("04aaaaaaaa") == key("0400000000"));
    CHECK(key("0400000000") < key("0500000000"));
    CHECK(key("0000000000") == key("ff01020304"));
  }
}

TEST_SUITE("format/system_tables") {
  TEST_CASE("the listed widths are those of the listed types") {
    for (const format::SystemTable& table : format::kSystemTables) {
      CAPTURE(std::string(table.name));
      const format::TypeInfo key = format::describe_type(table.key_type_name());
      const format::TypeInfo value = format::describe_type(table.value_type_name());
      CHECK(key.known);
      CHECK(key.order != format::KeyOrderKind::unknown);
      CHECK(key.width == table.widths.key);
      CHECK(value.known);
      CHECK(value.width == table.widths.value);
      CHECK(format::find_system_table(table.name)->key_type == table.key_type);
    }
    CHECK(format::find_system_table("cdc_logs") == nullptr);
  }
}

TEST_SUITE("format/utf8") {
  TEST_CASE("well-formed text is accepted") {
    for (const char* text :
         {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
          "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xA9z"}) {
      CHECK(format::is_utf8(text));
    }
  }

  TEST_CASE("overlong forms, surrogates, cut and stray bytes are refused") {
    for (const char* text :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE1\x80",
          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF1\x80\x80",
          "\xF5\x80\x80\x80", "\xFF", "ok\xE2\x82"}) {
      CHECK_FALSE(format::is_utf8(text));
    }
  }
}
