// hpp_test.cpp: the C++ face, compiled strictly, over the shared library and over the archive.
//
// It includes nothing of the core: the names of both would meet in here, though never in a program
// that links them.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "rdb.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace std::chrono_literals;
using rdb::test::TempDir;

static_assert(std::ranges::input_range<rdb::Scan<>> && std::ranges::view<rdb::Scan<>>);
static_assert(std::ranges::input_range<rdb::Scan<uint64_t, std::string_view>>);
static_assert(!std::copy_constructible<rdb::Database> && std::movable<rdb::Database>);
static_assert(!std::copy_constructible<rdb::WriteTxn> && std::movable<rdb::WriteTxn>);
static_assert(!std::copy_constructible<rdb::Table<>> && std::movable<rdb::Table<>>);
static_assert(!std::copy_constructible<rdb::Cursor<>> && std::movable<rdb::Value>);

// The status that an expression throws, as class E.
template <class E, class Function>
rdb_status thrown(Function&& function) {
  try {
    function();
  } catch (const E& error) {
    return error.status();
  } catch (const rdb::Error& error) {
    FAIL("another class for ", std::string(error.name()));
  }
  return RDB_OK;
}

rdb::Database filled(int count) {
  rdb::Database db = rdb::Database::open_memory();
  rdb::WriteTxn txn = db.write();
  std::vector<std::pair<std::string, std::string>> rows;
  for (int i = 0; i < count; ++i) {
    const std::string digits = std::to_string(1000 + i).substr(1);
    rows.emplace_back("k" + digits, "v" + digits);
  }
  CHECK(txn.table("t").put_batch(rows) == rows.size());
  txn.commit();
  return db;
}

}  // namespace

TEST_SUITE("rdb.hpp") {
  TEST_CASE("bytes are made from what holds bytes, and ordered unsigned, shorter first") {
    const std::vector<uint8_t> vector = {'a', 'b'};
    const std::array<std::byte, 2> array = {std::byte('a'), std::byte('b')};
    const std::string string = "ab";
    CHECK((rdb::Bytes("ab") == vector && rdb::Bytes(array) == string));
    CHECK(rdb::Bytes(std::string_view("a\0b", 3)).size() == 3);
    CHECK(rdb::Bytes("a") < rdb::Bytes("ab"));
    CHECK(rdb::Bytes("\x7f") < rdb::Bytes("\x80"));
    CHECK(rdb::Bytes().text().empty());
    CHECK(rdb::Bytes(rdb_slice{nullptr, 0}) == "");
  }

  TEST_CASE("a record is stored, read in every form, replaced and removed") {
    rdb::Database db = rdb::Database::open_memory();
    rdb::WriteTxn txn = db.write();
    rdb::Table<> table = txn.table("people");
    CHECK(!table.get("ada"));
    CHECK(table.empty());
    table.put("ada", "1815");
    CHECK(table.get("ada") == "1815");
    CHECK(table.contains("ada"));
    CHECK(!table.insert("ada", "x"));
    CHECK(!table.replace("alan", "x"));
    CHECK(table.insert("alan", "1912"));
    CHECK(table.replace("alan", "23 June 1912"));
    CHECK(table.size() == 2);

    std::array<std::byte, 4> room{};
    CHECK(table.get_into("ada", room) == 4);
    CHECK(rdb::Bytes(room) == "1815");
    CHECK(table.get_into("alan", room) == 12);
    CHECK(rdb::Bytes(room) == "1815");  // too small, and left alone
    CHECK(!table.get_into("nobody", room));
    std::string value;
    CHECK(table.get_into("alan", value));
    CHECK(value == "23 June 1912");
    CHECK(!table.get_into("nobody", value));

    const std::string large(300000, 'x');
    table.put("large", large);
    CHECK(table.get("large") == large);
    CHECK(table.get_into("large", value));
    CHECK(value == large);
    table.put("", "");
    CHECK(table.get("") == "");

    CHECK(table.remove("ada"));
    CHECK(!table.remove("ada"));
    CHECK(table.pop_first() == std::pair<std::string, std::string>("", ""));
    CHECK(table.pop_last()->second == large);
    CHECK(table.pop_last()->first == "alan");
    CHECK(!table.pop_first());
    CHECK(!table.pop_last());
  }

  TEST_CASE("a pin outlives table, transaction and database, and moves") {
    std::optional<rdb::Value> pin;
    {
      rdb::Database db = filled(3);
      pin = db.read().table("t").pin("k001");
      CHECK(!db.read().table("t").pin("nobody"));
    }
    REQUIRE(pin);
    CHECK(pin->text() == "v001");
    const rdb::Value moved = *std::move(pin);
    CHECK(moved.bytes() == "v001");
    CHECK(pin->bytes().empty());
  }

  TEST_CASE("numbers, text and arrays are stored under the names of the format") {
    const auto round_trip = [](auto low, auto high, const char* name) {
      using T = decltype(low);
      CHECK(rdb::Codec<T>::type() == rdb::Type{name});
      rdb::Database db = rdb::Database::open_memory();
      rdb::WriteTxn txn = db.write();
      auto table = txn.table<T, T>("t");
      table.put(high, low);
      table.put(low, high);
      CHECK(bool(table.get(low) == high));
      CHECK(bool(table.scan().begin().operator*().key == low));
      CHECK(table.describe().key_type.name == name);
      CHECK(table.describe().key_width == rdb::Codec<T>::kWidth);
    };
    round_trip(uint8_t{0}, uint8_t{255}, "u8");
    round_trip(uint16_t{255}, uint16_t{256}, "u16");
    round_trip(uint32_t{255}, uint32_t{256}, "u32");
    round_trip(uint64_t{255}, uint64_t{256}, "u64");
    round_trip(0ULL, 256ULL, "u64");
    round_trip(int8_t{-1}, int8_t{1}, "i8");
    round_trip(int16_t{-1}, int16_t{1}, "i16");
    round_trip(int32_t{-1}, int32_t{1}, "i32");
    round_trip(int64_t{-256}, int64_t{-255}, "i64");
    round_trip(rdb::uint128_t{1} << 64, rdb::uint128_t{1} << 100, "u128");
    round_trip(-(rdb::int128_t{1} << 100), rdb::int128_t{5}, "i128");
    round_trip(false, true, "bool");
    round_trip(U'\u00e9', U'\U0001f600', "char");
    round_trip(std::array<uint16_t, 2>{1, 256}, std::array<uint16_t, 2>{2, 0}, "[u16;2]");
    round_trip(std::array<std::byte, 2>{}, std::array<std::byte, 2>{std::byte(1)}, "[u8;2]");
    round_trip(std::array<std::array<bool, 2>, 1>{{{false, true}}},
               std::array<std::array<bool, 2>, 1>{{{true, false}}}, "[[bool;2];1]");
    CHECK(rdb::Bytes(rdb::Codec<uint32_t>::encode(0x01020304)) == "\x04\x03\x02\x01");

    rdb::Database db = rdb::Database::open_memory();
    rdb::WriteTxn txn = db.write();
    auto texts = txn.table<std::string_view, double>("texts");
    texts.put("pi", 3.25);
    CHECK(texts.get("pi") == 3.25);
    auto strings = txn.table<std::string, float>("strings");
    strings.put("half", 0.5F);
    CHECK(strings.get("half") == 0.5F);
    CHECK(strings.scan().begin().operator*().key == "half");
    auto unit = txn.table<std::monostate, std::string>("unit");
    unit.put({}, "only");
    CHECK(unit.get({}) == "only");
    CHECK(unit.describe().key_width == 0);
  }

  TEST_CASE("a codec refuses what is no value of its type") {
    using rdb::ContentError;
    CHECK(thrown<ContentError>([] { rdb::Codec<uint32_t>::decode("abc"); }) == RDB_ERR_CORRUPTED);
    CHECK(thrown<ContentError>([] { rdb::Codec<bool>::decode("\x02"); }) == RDB_ERR_CORRUPTED);
    CHECK(thrown<ContentError>([] { rdb::Codec<char32_t>::decode("ab"); }) == RDB_ERR_CORRUPTED);
    CHECK(thrown<ContentError>([] {
            rdb::Codec<char32_t>::decode(std::string_view("\x00\xd8\x00", 3));
          }) == RDB_ERR_CORRUPTED);
    CHECK(thrown<ContentError>([] { rdb::Codec<std::monostate>::decode("a"); }) ==
          RDB_ERR_CORRUPTED);
    CHECK(thrown<ContentError>([] { rdb::Codec<std::array<uint16_t, 2>>::decode("abc"); }) ==
          RDB_ERR_CORRUPTED);
    CHECK(thrown<rdb::UsageError>([] { rdb::Codec<char32_t>::encode(0xdfff); }) ==
          RDB_ERR_INVALID_ARGUMENT);
  }

  TEST_CASE("types with members are stored under the names and in the bytes of the format") {
    const auto check = [](const auto& value, const char* name, uint32_t type_class,
                          std::string_view bytes) {
      using Codec = rdb::Codec<std::remove_cvref_t<decltype(value)>>;
      CHECK(Codec::type() == rdb::Type{name, type_class});
      CHECK(Codec::encode(value) == bytes);
      CHECK(Codec::encode(value) == rdb::Bytes(Codec::encode(value)).text());
      return Codec::decode(bytes);
    };
    using namespace std::literals;
    using Four = std::tuple<std::string_view, uint16_t, rdb::Bytes, std::string_view>;
    const Four four("ab", 0x0102, "\xaa\xbb\xcc", "z");
    const auto read = check(four, "(&str,u16,&[u8],&str)", RDB_TYPE_TUPLE,
                            "\x02\x03"
                            "ab\x02\x01\xaa\xbb\xccz");
    CHECK(read == std::tuple("ab"s, uint16_t{0x0102}, "\xaa\xbb\xcc"s, "z"s));
    check(rdb::Legacy<Four>(four), "(&str,u16,&[u8],&str)", RDB_TYPE_BUILTIN,
          "\2\0\0\0\2\0\0\0\3\0\0\0"
          "ab\x02\x01\xaa\xbb\xccz"sv);
    CHECK(check(std::tuple(uint8_t{1}, uint16_t{2}), "(u8,u16)", RDB_TYPE_BUILTIN, "\1\2\0"sv) ==
          std::tuple(1, 2));
    CHECK(check(std::tuple("a"sv), "(&str,)", RDB_TYPE_BUILTIN, "a") == std::tuple("a"s));
    CHECK_FALSE(check(std::optional<uint16_t>(), "Option<u16>", RDB_TYPE_BUILTIN, "\0\0\0"sv));
    CHECK(check(std::optional("x"sv), "Option<&str>", RDB_TYPE_BUILTIN, "\1x") == "x"s);
    CHECK(check(std::vector<uint16_t>{1, 2}, "Vec<u16>", RDB_TYPE_BUILTIN, "\2\1\0\2\0"sv) ==
          std::vector<uint16_t>{1, 2});
    CHECK(check(std::array{"a"sv, "bc"sv}, "[&str;2]", RDB_TYPE_BUILTIN,
                "\x09\0\0\0\x0b\0\0\0abc"sv) == std::array{"a"s, "bc"s});
    static_assert(rdb::Codec<std::optional<std::tuple<uint8_t, uint16_t>>>::kWidth == 4);
    static_assert(!rdb::FixedWidth<std::tuple<uint8_t, std::string_view>>);
    for (const size_t size : {253, 254, 65535, 65536}) {
      const std::string text(size, 'x');
      using Pair = std::tuple<std::string_view, uint8_t>;
      const std::string bytes = rdb::Codec<Pair>::encode({text, 9});
      CHECK(bytes.size() == size + 1 + (size < 254 ? 1 : size < 65536 ? 3 : 5));
      CHECK(rdb::Codec<Pair>::decode(bytes) == std::tuple(text, 9));
    }
  }

  TEST_CASE("a table of tuples is ordered by its members") {
    using Key = std::tuple<std::string_view, std::string_view>;
    rdb::Database db = rdb::Database::open_memory();
    auto txn = db.write();
    auto table = txn.table<Key, std::optional<uint32_t>>("packages");
    for (const Key& key : {Key("net", "b"), Key("n", "zz"), Key("net", "a"), Key("admin", "z")}) {
      table.put(key, std::nullopt);
    }
    std::string order;
    for (const auto& [key, value] : table.scan()) {
      order += std::get<0>(key) + "/" + std::get<1>(key) + " ";
    }
    CHECK(order == "admin/z n/zz net/a net/b ");
    CHECK_FALSE(table.get(Key("ne", "ta")));
    CHECK(table.get(Key("net", "a")));
  }

  TEST_CASE("D9, Vec overflow: damaged members are content errors") {
    const auto damaged = []<class T>(std::type_identity<T>, std::string_view bytes) {
      return thrown<rdb::ContentError>([&] { rdb::Codec<T>::decode(bytes); }) == RDB_ERR_CORRUPTED;
    };
    using namespace std::literals;
    using Pair = std::type_identity<std::tuple<std::string_view, uint8_t>>;
    for (const std::string_view bytes : {""sv, "\xfe\1"sv, "\xff\1\0\0"sv, "\5aa"sv,
                                         "\xff\xff\xff\xff\xff"
                                         "a"sv,
                                         "\1a"sv, "\1a\7\7"sv}) {
      CHECK(damaged(Pair{}, bytes));
    }
    using Old = std::type_identity<rdb::Legacy<std::tuple<std::string_view, uint8_t>>>;
    CHECK(damaged(Old{},
                  "\xff\xff\xff\xff"
                  "a\7"sv));
    CHECK(damaged(std::type_identity<std::optional<uint16_t>>{}, "\2\0\0"sv));
    CHECK(damaged(std::type_identity<std::vector<std::string_view>>{}, "\1\xff\xff\xff\xff\xff"sv));
    CHECK(damaged(std::type_identity<std::vector<std::monostate>>{}, "\xff\xff\xff\xff\xff"sv));
    CHECK(
        damaged(std::type_identity<std::array<std::string_view, 2>>{}, "\x09\0\0\0\x08\0\0\0a"sv));
  }

  TEST_CASE("types without a codec are named, and a table of other types is refused") {
    rdb::Database db = rdb::Database::open_memory();
    rdb::WriteTxn txn = db.write();
    rdb::Table<> ids = txn.table("ids", {"uuid::Uuid", 2}, {"&[u8]"});
    ids.put("0123456789abcdef", "x");
    CHECK(thrown<rdb::UsageError>([&] { ids.put("short", "x"); }) == RDB_ERR_INVALID_ARGUMENT);
    CHECK(ids.describe().key_type == rdb::Type{"uuid::Uuid", 2});
    ids.close();
    CHECK(thrown<rdb::TableError>([&] { txn.table("ids"); }) == RDB_ERR_TABLE_TYPE);
    CHECK(txn.raw_table("ids").contains("0123456789abcdef"));
    CHECK(thrown<rdb::TableError>([&] { txn.raw_table("none"); }) == RDB_ERR_TABLE_MISSING);
  }

  TEST_CASE("a scan is a range") {
    const rdb::Database db = filled(300);  // more than one batch
    const rdb::ReadTxn txn = db.read();
    const rdb::Table<> table = txn.table("t");

    int count = 0;
    for (auto [key, value] : table.scan()) {
      CHECK(key.text().substr(1) == value.text().substr(1));
      CHECK(key.text().substr(1) == std::to_string(1000 + count++).substr(1));
    }
    CHECK(count == 300);
    for (auto [key, value] : table.scan_backward()) {
      CHECK(key.text().substr(1) == std::to_string(1000 + --count).substr(1));
      CHECK(!value.empty());
    }
    CHECK(count == 0);

    auto rows = table.prefix("k1") | std::views::filter([](const rdb::Entry<>& row) {
                  return row.value.text().ends_with('7');
                }) |
                std::views::take(3) |
                std::views::transform([](const rdb::Entry<>& row) { return row.key.str(); });
    std::vector<std::string> keys;
    for (std::string key : rows) keys.push_back(std::move(key));
    CHECK(keys == std::vector<std::string>{"k107", "k117", "k127"});

    CHECK(std::ranges::count_if(table.range("k010", "k020"),
                                [](const auto& row) { return row.key < "k015"; }) == 5);
    const auto scan_of = [&](const rdb::Range<>& range) {
      return std::ranges::distance(table.scan(range));
    };
    CHECK(scan_of(rdb::Range().from("k010").through("k020")) == 11);
    CHECK(scan_of(rdb::Range().after("k010").until("k020")) == 9);
    CHECK(scan_of(rdb::Range().from("k290")) == 10);
    CHECK(scan_of(rdb::Range().until("k010")) == 10);
    CHECK(scan_of(rdb::Range().from("k020").until("k010")) == 0);
    CHECK((*table.scan_backward(rdb::Range().until("k010")).begin()).key == "k009");

    // Iterators go on when the scan itself moved.
    rdb::Scan<> scan = table.scan();
    auto it = scan.begin();
    const rdb::Scan<> moved = std::move(scan);
    ++it;
    CHECK((*it).key == "k001");
  }

  TEST_CASE("a prefix of 0xff bytes has no end, and none is everything") {
    rdb::Database db = rdb::Database::open_memory();
    rdb::WriteTxn txn = db.write();
    rdb::Table<> table = txn.table("t");
    for (const char* key : {"a", "a\xff", "b", "\xff", "\xff\xff", "\xff\xff\x01"}) {
      table.put(key, "");
    }
    CHECK(std::ranges::distance(table.prefix("a")) == 2);
    CHECK(std::ranges::distance(table.prefix("a\xff")) == 1);
    CHECK(std::ranges::distance(table.prefix("\xff\xff")) == 2);
    CHECK(std::ranges::distance(table.prefix("")) == 6);
    CHECK(std::ranges::distance(table.prefix("c")) == 0);
    auto texts = txn.table<std::string_view, uint8_t>("texts");
    texts.put("abc", 1);
    texts.put("b", 1);
    CHECK(std::ranges::distance(texts.prefix("a")) == 1);
  }

  TEST_CASE("a scan outlives its table, and says so when its transaction is over") {
    const rdb::Database db = filled(300);
    const rdb::ReadTxn txn = db.read();
    rdb::Scan<> scan = txn.table("t").scan();
    CHECK(std::ranges::distance(scan) == 300);
    rdb::Scan<> late = db.read().table("t").scan();
    CHECK(thrown<rdb::UsageError>([&] { late.begin(); }) == RDB_ERR_CLOSED);
  }

  TEST_CASE("a scan over a table that changes says so") {
    rdb::Database db = filled(300);
    rdb::WriteTxn txn = db.write();
    rdb::Table<> table = txn.table("t");
    CHECK(thrown<rdb::UsageError>([&] {
            for (auto [key, value] : table.scan()) table.put(key.str() + "x", value.str());
          }) == RDB_ERR_MISUSE);
  }

  TEST_CASE("cursors move, search, stay in a range and remove") {
    rdb::Database db = filled(10);
    rdb::WriteTxn txn = db.write();
    rdb::Table<> table = txn.table("t");
    rdb::Cursor<> cursor = table.cursor();
    CHECK(!cursor.entry());
    CHECK(thrown<rdb::UsageError>([&] { cursor.key(); }) == RDB_ERR_MISUSE);
    CHECK(cursor.next());
    CHECK(cursor.key() == "k000");
    CHECK(!cursor.prev());
    CHECK(cursor.last());
    CHECK(cursor.value() == "v009");
    CHECK(!cursor.next());
    CHECK(cursor.first());
    CHECK(cursor.seek("k0055"));
    CHECK(cursor.key() == "k006");
    CHECK(!cursor.seek_exact("k0055"));
    CHECK(cursor.seek_exact("k005"));
    CHECK(cursor.seek_le("k0055"));
    CHECK(cursor.key() == "k005");
    CHECK(!cursor.seek("x"));
    CHECK(cursor.seek_exact("k005"));
    CHECK(cursor.remove());
    CHECK(!cursor.remove());
    CHECK(cursor.next());
    CHECK(cursor.key() == "k006");

    cursor.set_range(rdb::Range().from("k002").through("k003"));
    std::array<rdb_slice, 4> keys, values;
    CHECK(cursor.next_batch(keys, values) == 2);
    CHECK((rdb::Bytes(keys[0]) == "k002" && rdb::Bytes(values[1]) == "v003"));
    CHECK(cursor.next_batch(keys) == 0);
    CHECK(thrown<rdb::UsageError>([&] { cursor.next_batch(keys, std::span(values).first(1)); }) ==
          RDB_ERR_INVALID_ARGUMENT);
    cursor.clear_range();
    std::array<std::byte, 34> packed;
    const auto first = cursor.next_batch_packed(packed);
    CHECK((first.records == 2 && first.bytes == 32));
    const auto one = cursor.next_batch_packed(packed, 1);
    CHECK((one.records == 1 && one.bytes == 16));
    const auto none = cursor.next_batch_packed(std::span(packed).first(8));
    CHECK((none.records == 0 && none.bytes == 16));
    CHECK(cursor.last());
    const auto end = cursor.next_batch_packed(packed);
    CHECK((end.records == 0 && end.bytes == 0));
    cursor.close();
    cursor.close();
    CHECK(thrown<rdb::UsageError>([&] { cursor.next(); }) == RDB_ERR_CLOSED);
  }

  TEST_CASE("batches take any range, in pieces, and tell where they failed") {
    rdb::Database db = rdb::Database::open_memory();
    rdb::WriteTxn txn = db.write();
    auto table = txn.table<uint64_t, std::string_view>("t");
    const std::map<uint64_t, std::string> map = {{1, "one"}, {2, "two"}, {3, "three"}};
    CHECK(table.put_batch(map) == 3);
    CHECK(table.put_batch(map, rdb::PutMode::insert_only) == 0);
    const std::vector<uint64_t> wanted = {3, 9, 1};
    const auto values = table.get_batch(wanted);
    CHECK(values.size() == 3);
    CHECK((values[0] == "three" && !values[1] && values[2] == "one"));
    CHECK(table.remove_batch(std::set<uint64_t>{1, 2, 7}) == 2);
    CHECK(table.put_batch(std::vector<std::pair<uint64_t, std::string_view>>{}) == 0);

    // 3 MiB: more than one piece.
    const std::string big(3000, 'x');
    auto many =
        std::views::iota(uint64_t{0}, uint64_t{1000}) |
        std::views::transform([&](uint64_t i) { return std::pair(i, std::string_view(big)); });
    CHECK(table.put_batch(many) == 1000);
    CHECK(table.size() == 1000);
    CHECK(table.remove_batch(std::views::iota(uint64_t{0}, uint64_t{2000})) == 1000);

    rdb::Table<> raw = txn.table("raw", {"u64"}, {"&[u8]"});
    const auto failing = std::views::iota(0, 1000) | std::views::transform([&](int i) {
                           return std::pair<std::string, std::string_view>(
                               i == 700 ? "wrong" : "key" + std::to_string(10000 + i), big);
                         });
    try {
      raw.put_batch(failing);
      FAIL("a key of another width was stored");
    } catch (const rdb::UsageError& error) {
      CHECK(error.status() == RDB_ERR_INVALID_ARGUMENT);
      CHECK(error.position() == 700);
      CHECK(raw.size() == 700);
    }

    rdb::Table<> bytes = txn.table("bytes");
    const std::array keys = {rdb::Bytes("a").slice(), rdb::Bytes("b").slice()};
    CHECK(bytes.put_batch(keys, keys) == 2);
    CHECK(thrown<rdb::UsageError>([&] { bytes.put_batch(keys, std::span(keys).first(1)); }) ==
          RDB_ERR_INVALID_ARGUMENT);
    rdb::Result result;
    bytes.get_batch(keys, result);
    CHECK((result.size() == 2 && *result.at(1) == "b"));
    CHECK(thrown<rdb::UsageError>([&] { result.at(2); }) == RDB_ERR_INVALID_ARGUMENT);
    CHECK(bytes.remove_batch(keys) == 2);
    bytes.get_batch(keys, result);
    CHECK(!result.at(0));
  }

  TEST_CASE("values expire by the database's clock") {
    using std::chrono::milliseconds;
    using Moment = std::chrono::sys_time<milliseconds>;
    rdb::Database db = rdb::Database::open_memory();
    CHECK(db.now() > Moment(std::chrono::years(50)));
    db.set_clock(Moment(milliseconds(1000)));
    CHECK(db.now() == Moment(milliseconds(1000)));
    CHECK(thrown<rdb::UsageError>([&] { db.set_clock(Moment(milliseconds(-1))); }) ==
          RDB_ERR_INVALID_ARGUMENT);
    rdb::WriteTxn txn = db.write();
    auto cache = txn.ttl_table<std::string_view, uint64_t>("cache");
    CHECK(cache.default_ttl() == rdb::kForever);
    CHECK(cache.put_for("a", 1, milliseconds(500)));
    CHECK_FALSE(cache.put_for("a", 2, milliseconds(500), rdb::PutMode::insert_only));
    cache.put("b", 2);
    cache.set_default_ttl(milliseconds(700));
    CHECK(cache.default_ttl() == milliseconds(700));
    cache.put("c", 3);
    CHECK(cache.expiry("a")->moment() == Moment(milliseconds(1500)));
    CHECK(cache.expiry("b")->never());
    CHECK(!cache.expiry("x"));
    CHECK(thrown<rdb::UsageError>([&] { cache.touch("a", milliseconds(-2)); }) ==
          RDB_ERR_INVALID_ARGUMENT);
    CHECK(cache.touch("a", milliseconds(100)));
    CHECK_FALSE(cache.touch("x", milliseconds(100)));

    db.set_clock(Moment(milliseconds(1100)));
    CHECK(!cache.get("a"));
    CHECK((cache.size() == 3 && cache.live_count() == 2));
    auto cursor = cache.cursor();
    CHECK(!cursor.expiry());
    CHECK((cursor.first() && cursor.expiry()->never()));
    const auto step = cache.purge(1);
    CHECK((step.examined == 1 && step.removed == 1 && step.position == "a"));
    const auto last = cache.purge_after(*step.position);
    CHECK((last.examined == 2 && last.removed == 0 && !last.position));
    cursor.close();
    cache.close();
    CHECK(thrown<rdb::TableError>([&] { txn.ttl_table<std::string_view, int32_t>("cache"); }) ==
          RDB_ERR_TABLE_TYPE);
    CHECK(txn.raw_ttl_table("cache").live_count() == 2);
    db.set_clock(std::nullopt);
    CHECK(db.now() > Moment(std::chrono::years(50)));
  }

  TEST_CASE("values are merged by operators and by functions, whose exceptions pass through") {
    rdb::Database db = rdb::Database::open_memory();
    rdb::WriteTxn txn = db.write();
    auto hits = txn.table<std::string_view, uint64_t>("hits");
    hits.merge("a", 2, rdb::Merge::numeric_add);
    hits.merge("a", 3, rdb::Merge::numeric_add);
    CHECK(hits.get("a") == 5);
    hits.merge_batch(std::vector<std::pair<std::string, uint64_t>>{{"a", 1}, {"b", 1}, {"a", 1}},
                     rdb::Merge::numeric_add);
    CHECK((hits.get("a") == 7 && hits.get("b") == 1));

    const auto halve = [](std::string_view, std::optional<uint64_t> old,
                          uint64_t by) -> std::optional<uint64_t> {
      if (by == 0) throw std::domain_error("no division by zero");
      if (!old) return std::nullopt;
      return *old / by;
    };
    hits.merge("a", 2, halve);
    hits.merge("none", 2, halve);
    CHECK((hits.get("a") == 3 && !hits.contains("none")));
    CHECK_THROWS_AS(hits.merge("a", 0, halve), std::domain_error);
    CHECK(hits.get("a") == 3);
    const std::vector<std::pair<std::string, uint64_t>> rows{{"b", 1}, {"a", 3}, {"a", 0}};
    CHECK_THROWS_AS(hits.merge_batch(rows, halve), std::domain_error);
    CHECK((hits.get("a") == 1 && hits.get("b") == 1));

    rdb::Table<> notes = txn.table("notes");
    notes.merge("x", "one", rdb::Merge::bytes_append);
    notes.merge("x", "two", [](rdb::Bytes key, std::optional<rdb::Bytes> old, rdb::Bytes operand) {
      return std::optional(key.str() + ":" + old.value_or("").str() + operand.str());
    });
    CHECK(notes.get("x") == "x:onetwo");
    CHECK(thrown<rdb::UsageError>([&] {
            notes.merge("x", "", [&](rdb::Bytes, std::optional<rdb::Bytes>, rdb::Bytes) {
              return notes.get("x");
            });
          }) == RDB_ERR_MISUSE);
    CHECK(thrown<rdb::TableError>([&] {
            txn.table<std::string_view, rdb::Bytes>("empty");
            auto odd = txn.table<std::string_view, std::array<std::byte, 2>>("odd");
            odd.merge("x", {}, rdb::Merge::bytes_append);
            odd.merge("x", {}, rdb::Merge::bytes_append);
          }) == RDB_ERR_MERGE_WIDTH);
  }

  TEST_CASE("many records go at once, and single changes look at what is there") {
    rdb::Database db = filled(1000);
    rdb::WriteTxn txn = db.write();
    rdb::Table<> table = txn.table("t");
    CHECK(table.exchange("k000", "new") == "v000");
    CHECK_FALSE(table.exchange("z", "1").has_value());
    CHECK(table.take("z") == "1");
    CHECK_FALSE(table.take("z").has_value());
    CHECK(table.compare_and_put("z", "x", "y") == rdb::Compared::absent);
    CHECK(table.compare_and_put("z", std::nullopt, "y") == rdb::Compared::stored);
    CHECK(table.compare_and_put("z", std::nullopt, "x") == rdb::Compared::present);
    CHECK(table.compare_and_put("z", "x", "w") == rdb::Compared::different);
    CHECK(table.compare_and_put("z", "y", std::nullopt) == rdb::Compared::stored);
    {
      rdb::Reservation made = table.reserve("r", 2);
      made.bytes()[0] = std::byte('o');
      made.bytes()[1] = std::byte('k');
      CHECK(made.store());
      CHECK_FALSE(table.reserve("r", 2, rdb::PutMode::insert_only).store());
      const rdb::Reservation given_up = table.reserve("r", 5);
    }
    CHECK(table.take("r") == "ok");
    rdb::Cursor<> cursor = table.cursor();
    CHECK(cursor.seek("k500"));
    CHECK(cursor.put("replaced"));
    CHECK((cursor.key() == "k500" && cursor.value() == "replaced"));

    CHECK(table.drain(rdb::Range<>().from("k100").until("k200")) == 100);
    CHECK(table.retain([](rdb::Bytes key, rdb::Bytes) { return key.text().back() == '0'; },
                       rdb::Range<>().from("k800")) == 180);
    CHECK_THROWS_AS(
        table.retain([](rdb::Bytes, rdb::Bytes) -> bool { throw std::domain_error("no"); }),
        std::domain_error);
    CHECK(table.size() == 720);
    {
      rdb::Extraction<> walk = table.extract(rdb::Range<>().until("k010"));
      while (const auto record = walk.next()) {
        if (record->key.text().back() < '3') CHECK(walk.take());
      }
      CHECK(thrown<rdb::UsageError>([&] { table.size(); }) == RDB_ERR_MISUSE);
      CHECK(walk.close() == 3);
      CHECK(walk.close() == 0);
    }
    CHECK(table.size() == 717);
    CHECK(txn.copy_table(table, "copy") == 717);
    CHECK(txn.table("copy").size() == 717);
    CHECK(table.drain() == 717);
    CHECK(table.empty());
  }

  TEST_CASE("a write transaction that is not committed is aborted") {
    rdb::Database db = filled(1);
    { db.write().table("t").put("lost", "x"); }
    rdb::WriteTxn txn = db.write();
    rdb::Table<> table = txn.table("t");
    CHECK(!table.contains("lost"));
    table.put("kept", "x");
    CHECK(bool(txn));
    txn.commit();
    CHECK(!txn);
    CHECK(thrown<rdb::UsageError>([&] { table.get("kept"); }) == RDB_ERR_CLOSED);
    CHECK(thrown<rdb::UsageError>([&] { txn.commit(); }) == RDB_ERR_CLOSED);
    CHECK(thrown<rdb::UsageError>([&] { txn.table("t"); }) == RDB_ERR_CLOSED);
    txn.abort();  // nothing is left to abort
    CHECK(db.read().table("t").contains("kept"));

    rdb::WriteTxn first = db.write();
    rdb::WriteTxn second = std::move(first);
    second.abort();
    rdb::ReadTxn reader = db.read();
    reader.end();
    reader.end();
    CHECK(thrown<rdb::UsageError>([&] { (void)reader.id(); }) == RDB_ERR_CLOSED);
  }

  TEST_CASE("a reader keeps its snapshot") {
    const rdb::Database db = filled(1);
    const rdb::ReadTxn before = db.read();
    rdb::WriteTxn txn = db.write({.durability = rdb::Durability::none});
    txn.set_durability(rdb::Durability::immediate);
    txn.set_two_phase(true);
    txn.set_quick_repair(true);
    const uint64_t id = txn.id();
    txn.table("t").put("new", "x");
    txn.commit();
    CHECK(!before.table("t").contains("new"));
    CHECK(db.read().table("t").contains("new"));
    CHECK((db.read().id() == id && before.id() < id));
    CHECK(thrown<rdb::UsageError>([&] { before.table("t").put("x", "x"); }) == RDB_ERR_MISUSE);
  }

  TEST_CASE("a second writer waits no longer than it is told") {
    const rdb::Database db = filled(1);
    const rdb::WriteTxn txn = db.write();
    CHECK(!db.try_write());
    CHECK(thrown<rdb::ConcurrencyError>([&] { db.write({.timeout = 0ms}); }) ==
          RDB_ERR_LOCK_TIMEOUT);
    CHECK(thrown<rdb::ConcurrencyError>([&] { db.write({.timeout = -5ms}); }) ==
          RDB_ERR_LOCK_TIMEOUT);
    rdb::Cancel cancel;
    std::thread canceller([&] { cancel.trigger(); });
    CHECK(thrown<rdb::ConcurrencyError>([&] { db.write({.cancel = &cancel}); }) ==
          RDB_ERR_CANCELLED);
    canceller.join();
  }

  TEST_CASE("tables are listed, found, renamed and deleted") {
    rdb::Database db = filled(2);
    rdb::WriteTxn txn = db.write();
    txn.table<uint64_t, std::string_view>("numbers");
    CHECK(txn.tables().size() == 2);
    CHECK(txn.tables()[0].name == "numbers");
    const std::optional<rdb::TableInfo> info = txn.find_table("numbers");
    REQUIRE(info);
    CHECK((info->key_type == rdb::Type{"u64"} && info->value_type == rdb::Type{"&str"}));
    CHECK((info->key_width == 8 && !info->value_width && info->key_order_known));
    CHECK(!info->multimap);
    CHECK(!txn.find_table("nothing"));
    txn.rename_table("t", "u");
    CHECK(thrown<rdb::TableError>([&] { txn.rename_table("t", "v"); }) == RDB_ERR_TABLE_MISSING);
    CHECK(txn.find_table("u")->entries == 2);
    CHECK(txn.delete_table("u"));
    CHECK(!txn.delete_table("u"));
    CHECK(thrown<rdb::UsageError>([&] { txn.table("__rdb:x"); }) == RDB_ERR_RESERVED_NAME);
    CHECK(thrown<rdb::UsageError>([&] { txn.table("\xff"); }) == RDB_ERR_INVALID_ARGUMENT);
    const rdb::Table<> open = txn.table("numbers", {"u64"}, {"&str"});
    CHECK(thrown<rdb::TableError>([&] { txn.raw_table("numbers"); }) == RDB_ERR_TABLE_OPEN);
  }

  TEST_CASE("a database file is created, closed and opened again") {
    const TempDir folder;
    const std::string path = folder / "a.rdb";
    CHECK(thrown<rdb::DeviceError>(
              [&] { rdb::Database::open(path, {.mode = rdb::OpenMode::existing}); }) == RDB_ERR_IO);
    rdb::Database db =
        rdb::Database::open(path, {.by_name = {{"memory_budget_bytes", "4M"}, {"mode", "create"}}});
    CHECK(db.stats().memory_budget_bytes == 4 << 20);
    CHECK(thrown<rdb::ConcurrencyError>([&] { rdb::Database::open(path); }) ==
          RDB_ERR_ALREADY_OPEN);
    CHECK(thrown<rdb::UsageError>([&] {
            rdb::Database::open(path, {.by_name = {{"nonsense", "1"}}});
          }) == RDB_ERR_UNKNOWN_OPTION);
    rdb::WriteTxn txn = db.write();
    txn.table("t").put("a", "1");
    CHECK(thrown<rdb::ConcurrencyError>([&] { db.close(); }) == RDB_ERR_BUSY);
    CHECK(bool(db));
    txn.commit();
    db.close();
    db.close();
    CHECK(!db);
    CHECK(thrown<rdb::UsageError>([&] { db.read(); }) == RDB_ERR_CLOSED);

    db = rdb::Database::open(path, {.mode = rdb::OpenMode::read_only});
    CHECK(db.read().table("t").get("a") == "1");
    CHECK(thrown<rdb::DeviceError>([&] { db.write(); }) == RDB_ERR_READ_ONLY);
    CHECK(db.recovery().clean);
    CHECK(db.recovery().txn_id == db.read().id());
  }

  TEST_CASE("an error carries errno, and a missing folder is no crash") {
    try {
      rdb::Database::open("/nonexistent/folder/a.rdb");
      FAIL("opened");
    } catch (const rdb::Error& error) {
      CHECK(error.status() == RDB_ERR_IO);
      CHECK(error.os_errno() == ENOENT);
      CHECK(!error.position());
      CHECK(std::string_view(error.name()) == "RDB_ERR_IO");
      CHECK(std::string_view(error.what()).size() > 5);
    }
  }

  TEST_CASE("a database that is destroyed under its transactions ends with them") {
    const TempDir folder;
    const std::string path = folder / "a.rdb";
    std::optional<rdb::ReadTxn> reader;
    {
      const rdb::Database db = rdb::Database::open(path);
      reader = db.read();
    }
    CHECK(thrown<rdb::UsageError>([&] { (void)reader->tables(); }) == RDB_ERR_CLOSED);
    CHECK(thrown<rdb::ConcurrencyError>([&] { rdb::Database::open(path); }) ==
          RDB_ERR_ALREADY_OPEN);
    reader.reset();
    CHECK(bool(rdb::Database::open(path)));
  }

  TEST_CASE("verification reports, stops, and lets the callback's exception through") {
    const rdb::Database db = filled(300);
    const std::optional<rdb::Report> report = db.verify({.level = rdb::VerifyLevel::full});
    REQUIRE(report);
    CHECK((report->ok() && report->entries_checked >= 300 && report->pages_checked > 0));
    uint64_t calls = 0;
    CHECK(db.verify({.level = rdb::VerifyLevel::full, .progress = [&](uint64_t, uint64_t) {
                       ++calls;
                       return true;
                     }}));
    CHECK(calls > 0);
    CHECK(!db.verify(
        {.level = rdb::VerifyLevel::full, .progress = [](uint64_t, uint64_t) { return false; }}));
    struct Enough {};  // no relative of rdb::Error
    CHECK_THROWS_AS(db.verify({.level = rdb::VerifyLevel::full,
                               .progress = [](uint64_t, uint64_t) -> bool { throw Enough(); }}),
                    Enough);
    rdb::Cancel cancel;
    cancel.trigger();
    CHECK(thrown<rdb::ConcurrencyError>([&] {
            db.verify({.level = rdb::VerifyLevel::full, .cancel = &cancel});
          }) == RDB_ERR_CANCELLED);
    CHECK(thrown<rdb::ConcurrencyError>([&] { db.read().table("t").stats(&cancel); }) ==
          RDB_ERR_CANCELLED);
    cancel.reset();
    CHECK(db.read().table("t").stats(&cancel).entries == 300);
  }

  TEST_CASE("damage is found and described") {
    const TempDir folder;
    const std::string path = folder / "a.rdb";
    {
      rdb::Database db = rdb::Database::open(path);
      rdb::WriteTxn txn = db.write();
      rdb::Table<> table = txn.table("t");
      for (int i = 0; i < 2000; ++i) table.put("key" + std::to_string(i), std::string(100, 'x'));
      table.close();
      txn.commit();
      db.close();
    }
    std::FILE* const file = std::fopen(path.c_str(), "r+b");
    REQUIRE(file != nullptr);
    std::vector<char> bytes(std::filesystem::file_size(path));
    REQUIRE(std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size());
    const std::string_view needle = "key1234";
    const auto at = std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end());
    REQUIRE(at != bytes.end());
    std::fseek(file, at - bytes.begin(), SEEK_SET);
    std::fputc('K', file);
    std::fclose(file);

    const rdb::Database db = rdb::Database::open(path);
    const std::optional<rdb::Report> report = db.verify({.level = rdb::VerifyLevel::full});
    REQUIRE(report);
    CHECK(!report->ok());
    CHECK((!report->problems[0].what.empty() && !report->problems[0].meaning.empty()));
    const rdb::ReadTxn txn = db.read();
    CHECK(thrown<rdb::ContentError>([&] {
            for (auto [key, value] : txn.table("t").scan()) (void)(key < value);
          }) == RDB_ERR_PAGE_CORRUPTED);
  }

  TEST_CASE("the classes of errors go by the hundred") {
    const auto class_of = [](rdb_status status) -> std::string {
      rdb_error error{};
      error.status = status;
      try {
        rdb::throw_error(error);
      } catch (const rdb::UsageError&) {
        return "usage";
      } catch (const rdb::TableError&) {
        return "table";
      } catch (const rdb::ConcurrencyError&) {
        return "concurrency";
      } catch (const rdb::DeviceError&) {
        return "device";
      } catch (const rdb::ContentError&) {
        return "content";
      } catch (const rdb::MemoryError&) {
        return "memory";
      } catch (const rdb::InternalError&) {
        return "internal";
      } catch (const rdb::Error&) {
        return "error";
      }
    };
    CHECK((class_of(-100) == "usage" && class_of(-199) == "usage"));
    CHECK((class_of(-200) == "table" && class_of(-301) == "concurrency"));
    CHECK((class_of(-499) == "device" && class_of(-500) == "content"));
    CHECK((class_of(-601) == "memory" && class_of(-900) == "internal"));
    CHECK((class_of(-700) == "error" && class_of(-1234) == "error"));
  }

  TEST_CASE("the library is asked for its version") {
    rdb::check_abi();
    CHECK(rdb::version() == RDB_VERSION);
    CHECK(rdb::has_feature("tables"));
    CHECK(!rdb::has_feature("time travel"));
  }
}
