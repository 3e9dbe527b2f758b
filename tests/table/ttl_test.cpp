// Tables whose values expire: what is there at which moment, and what is stored.
#include "rdb/ttl.hpp"

#include <functional>
#include <memory>

#include "base/endian.hpp"
#include "contents.hpp"
#include "image_surgeon.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"
#include "ttl_support.hpp"

namespace rdb::test {
namespace {

using Mode = Table::PutMode;

std::string value_of(Cursor& cursor) { return std::string(as_text(cursor.value())); }

// The stored bytes, as a plain table of the stored type shows them.
std::string stored(const Database& database, std::string_view key, std::string_view name = "t") {
  const auto value = database.begin_read().open_table_raw(name).get(as_bytes(key));
  return value ? hex(value->bytes()) : "(none)";
}

class CountingClock final : public Clock {
 public:
  uint64_t now_ms() const noexcept override { return kStart + calls++; }
  mutable uint64_t calls = 0;
};

}  // namespace

TEST_SUITE("table ttl") {
  TEST_CASE("a value is there until its moment, and for every read") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    CHECK(table.put_for(as_bytes("a"), as_bytes("1"), 100));
    CHECK(table.put(as_bytes("b"), as_bytes("2")));
    const std::function<void(bool)> check = [&](bool there) {
      CHECK_EQ(get(table, "a"), there ? "1" : "(none)");
      CHECK_EQ(table.contains(as_bytes("a")), there);
      CHECK_EQ(table.expiry(as_bytes("a")).has_value(), there);
      char buffer[4];
      size_t size = 99;
      const auto copied =
          table.get_into(as_bytes("a"), std::as_writable_bytes(std::span(buffer)), size);
      CHECK_EQ(copied.has_value(), there);
      CHECK_EQ(size, there ? 1 : 99);
      BatchResult batch;
      const Bytes keys[] = {as_bytes("b"), as_bytes("a")};
      table.get_batch(keys, batch);
      CHECK(batch.found(0));
      CHECK_EQ(batch.found(1), there);
      CHECK_EQ(as_text(batch.value(1)), there ? "1" : "");
      CHECK_EQ(rows_of(table).size(), there ? 2 : 1);
      CHECK_EQ(table.live_count(), there ? 2 : 1);
      CHECK_EQ(table.len(), 2);
      CHECK_EQ(table.stats().entries, 2);
    };
    check(true);
    CHECK(table.expiry(as_bytes("a")) == kStart + 100);
    CHECK(table.expiry(as_bytes("b")) == 0);
    database.set_clock(kStart + 99);
    check(true);
    database.set_clock(kStart + 100);
    check(false);
    database.set_clock(kStart - 1'000'000);  // set back: nothing was lost
    check(true);
  }

  TEST_CASE("spec 02 17.1, TTL: the moment is that of each read, not of the snapshot") {
    Database database = stopped();
    {
      WriteTxn txn = database.begin_write();
      open_texts(txn).put_for(as_bytes("a"), as_bytes("1"), 10);
      txn.commit();
    }
    const ReadTxn reader = database.begin_read();
    const TtlTable table = reader.open_ttl("t", kTextType, kTextType);
    CHECK_EQ(get(table, "a"), "1");
    database.set_clock(kStart + 10);
    CHECK_EQ(get(table, "a"), "(none)");
    database.set_clock(kStart);
    CHECK_EQ(get(table, "a"), "1");
  }

  TEST_CASE("a pinned value stays what it was when it expires") {
    Database database = stopped();
    {
      WriteTxn txn = database.begin_write();
      open_texts(txn).put_for(as_bytes("a"), as_bytes("first"), 10);
      txn.commit();
    }
    const std::optional<Value> value = database.begin_read().open_ttl_raw("t").get(as_bytes("a"));
    database.set_clock(kStart + 10);
    {
      WriteTxn txn = database.begin_write();
      TtlTable table = open_texts(txn);
      CHECK_EQ(table.purge(std::nullopt, 0).removed, 1);
      table.put(as_bytes("a"), as_bytes("second"));
      txn.commit();
    }
    REQUIRE(value.has_value());
    CHECK_EQ(as_text(value->bytes()), "first");
  }

  TEST_CASE("what is stored is the format document's: expiry, then the value") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    {
      TtlTable numbers = txn.open_ttl("n", kTextType, kU64Type);
      CHECK_EQ(numbers.info().value_type.name, "ttl::u64");
      CHECK_EQ(numbers.info().value_type.type_class, TypeName::kBuiltin);
      CHECK(numbers.info().value_width == 16);
      CHECK(numbers.info().kind == TableKind::normal);
      numbers.put(as_bytes("never"), as_bytes(le64(1)));
      numbers.put_for(as_bytes("saturated"), as_bytes(le64(7)), UINT64_MAX - 1);
      TtlTable texts = open_texts(txn);
      database.set_clock(1'699'999'999'000);
      texts.put_for(as_bytes("k"), as_bytes("hi"), 1000);
      texts.put_for(as_bytes("e"), as_bytes(""), kNoTtl);
    }
    txn.commit();
    CHECK_EQ(stored(database, "never", "n"), "00000000000000000100000000000000");
    CHECK_EQ(stored(database, "saturated", "n"), "ffffffffffffffff0700000000000000");
    CHECK_EQ(stored(database, "k"), "0068e5cf8b0100006869");
    CHECK_EQ(stored(database, "e"), "0000000000000000");
  }

  TEST_CASE("05 4.2: a lifetime of 0 is over at once, also when the clock stands at 0") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    {
      TtlTable table = open_texts(txn);
      CHECK(table.put_for(as_bytes("a"), as_bytes("1"), 0));
      CHECK_EQ(get(table, "a"), "(none)");
      CHECK_EQ(table.len(), 1);
      database.set_clock(0);
      CHECK(table.put_for(as_bytes("b"), as_bytes("2"), 0));
      CHECK(table.expiry(as_bytes("b")) == 1);  // the reference stores 0, which is for ever
      database.set_clock(1);
      CHECK_EQ(get(table, "b"), "(none)");
      database.set_clock(kStart);
      CHECK_EQ(table.purge(std::nullopt, 0).removed, 2);
      CHECK_EQ(table.len(), 0);
    }
  }

  TEST_CASE("05 4.2: a lifetime beyond the last moment lasts until it, and does not wrap") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    table.put_for(as_bytes("a"), as_bytes("1"), UINT64_MAX - 1);
    CHECK(table.expiry(as_bytes("a")) == UINT64_MAX);
    database.set_clock(UINT64_MAX - 1);
    CHECK_EQ(get(table, "a"), "1");
    table.put_for(as_bytes("b"), as_bytes("2"), 5);
    CHECK(table.expiry(as_bytes("b")) == UINT64_MAX);
  }

  TEST_CASE("05 4.1: stored bytes shorter than an expiry are the empty value, for ever") {
    Database database = stopped();
    {
      WriteTxn txn = database.begin_write();
      Table raw = txn.open_table("t", kTextType, {TypeName::kBuiltin, "ttl::&str"});
      raw.put(as_bytes("short"), as_bytes("\x01"));
      raw.put(as_bytes("none"), as_bytes(""));
      txn.commit();
    }
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    CHECK_EQ(get(table, "short"), "");
    CHECK_EQ(get(table, "none"), "");
    CHECK(table.expiry(as_bytes("short")) == 0);
    CHECK_EQ(table.purge(std::nullopt, 0).removed, 0);
    CHECK(table.touch(as_bytes("short"), 5));
    CHECK(table.expiry(as_bytes("short")) == kStart + 5);
  }

  TEST_CASE(
      "05 4.3: for changes an expired value is not there, which the reference still returns") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    const auto expire = [&] { REQUIRE(table.put_for(as_bytes("a"), as_bytes("old"), 0)); };
    expire();
    CHECK_FALSE(table.put(as_bytes("a"), as_bytes("new"), Mode::update_only));
    CHECK_EQ(get(table, "a"), "(none)");
    CHECK(table.put(as_bytes("a"), as_bytes("new"), Mode::insert_only));
    CHECK_EQ(get(table, "a"), "new");
    CHECK_EQ(table.len(), 1);
    CHECK_FALSE(table.put(as_bytes("a"), as_bytes("newer"), Mode::insert_only));
    CHECK(table.put(as_bytes("a"), as_bytes("newer"), Mode::update_only));
    CHECK_EQ(get(table, "a"), "newer");
    expire();
    CHECK_FALSE(table.put_for(as_bytes("a"), as_bytes("x"), 5, Mode::update_only));
    CHECK(table.put_for(as_bytes("a"), as_bytes("y"), 5, Mode::insert_only));
    CHECK(table.expiry(as_bytes("a")) == kStart + 5);
    expire();
    CHECK_FALSE(table.touch(as_bytes("a"), 1000));
    CHECK_EQ(table.len(), 1);
    CHECK_FALSE(table.erase(as_bytes("a")));  // it was not there, and its place is free now
    CHECK_EQ(table.len(), 0);
    CHECK_FALSE(table.erase(as_bytes("a")));
  }

  TEST_CASE("touching changes the moment and nothing else") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    table.put_for(as_bytes("a"), as_bytes("value"), 10);
    CHECK(table.touch(as_bytes("a"), 1000));
    CHECK(table.expiry(as_bytes("a")) == kStart + 1000);
    CHECK(table.touch(as_bytes("a"), kNoTtl));
    CHECK(table.expiry(as_bytes("a")) == 0);
    CHECK_EQ(get(table, "a"), "value");
    CHECK(table.touch(as_bytes("a"), 0));
    CHECK_EQ(get(table, "a"), "(none)");
    CHECK_FALSE(table.touch(as_bytes("a"), kNoTtl));
    CHECK_FALSE(table.touch(as_bytes("missing"), 1));
    CHECK_EQ(table.len(), 1);
  }

  TEST_CASE("a table's default lifetime is for writes that name none, batches too") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    {
      TtlTable table = open_texts(txn);
      CHECK_EQ(table.default_ttl(), kNoTtl);
      table.set_default_ttl(50);
      CHECK_EQ(table.default_ttl(), 50);
      table.put(as_bytes("a"), as_bytes("1"));
      table.put_for(as_bytes("b"), as_bytes("2"), kNoTtl);
      const Table::Record records[] = {{as_bytes("c"), as_bytes("3")},
                                       {as_bytes("d"), as_bytes("4")}};
      CHECK_EQ(table.put_batch(records), 2);
      CHECK(table.expiry(as_bytes("a")) == kStart + 50);
      CHECK(table.expiry(as_bytes("b")) == 0);
      CHECK(table.expiry(as_bytes("c")) == kStart + 50);
      CHECK(table.expiry(as_bytes("d")) == kStart + 50);
    }
    CHECK_EQ(open_texts(txn).default_ttl(), kNoTtl);  // of the object
  }

  TEST_CASE("a batch into an empty table is built with expiries, and counts as puts in turn do") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    std::vector<std::string> keys;
    for (int i = 0; i < 3000; ++i) keys.push_back("k" + std::to_string(i % 2000));
    std::vector<Table::Record> records;
    for (const std::string& key : keys) records.push_back({as_bytes(key), as_bytes(key)});
    for (const uint64_t ttl : {uint64_t{100}, uint64_t{0}}) {
      CAPTURE(ttl);
      TtlTable table = open_texts(txn, "t" + std::to_string(ttl));
      table.set_default_ttl(ttl);
      // With a lifetime of 0 each second put of a key meets an expired value.
      CHECK_EQ(table.put_batch(records, Mode::insert_only), ttl == 0 ? 3000 : 2000);
      CHECK_EQ(table.len(), 2000);
      CHECK_EQ(table.live_count(), ttl == 0 ? 0 : 2000);
      CHECK_EQ(table.put_batch(records, Mode::update_only), ttl == 0 ? 0 : 3000);
    }
  }

  TEST_CASE("cursors pass over what has expired, in every move") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    // Live ones are the multiples of 3 and those from 600 on.
    put_numbered(table, 1000);
    database.set_clock(kStart + 599);
    CHECK_EQ(table.live_count(), 200 + 400);
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    CHECK_EQ(value_of(cursor), "v0");
    CHECK_EQ(cursor.expiry(), 0);
    REQUIRE(cursor.next());
    CHECK_EQ(value_of(cursor), "v3");
    REQUIRE(cursor.prev());
    CHECK_EQ(value_of(cursor), "v0");
    CHECK_FALSE(cursor.prev());
    REQUIRE(cursor.seek(as_bytes("000004")));
    CHECK_EQ(value_of(cursor), "v6");
    CHECK_FALSE(cursor.seek_exact(as_bytes("000004")));
    CHECK_EQ(value_of(cursor), "v6");
    CHECK(cursor.seek_exact(as_bytes("000006")));
    REQUIRE(cursor.seek_le(as_bytes("000005")));
    CHECK_EQ(value_of(cursor), "v3");
    REQUIRE(cursor.seek_le(as_bytes("000601")));
    CHECK_EQ(value_of(cursor), "v601");
    CHECK_EQ(cursor.expiry(), kStart + 601);
    KeyRange range;
    range.lower = range.upper = Bound::included;
    range.lower_key = as_bytes("000001");
    range.upper_key = as_bytes("000002");
    cursor.set_range(range);
    CHECK_FALSE(cursor.first());
    CHECK_FALSE(cursor.last());
    range.upper_key = as_bytes("000008");
    cursor.set_range(range);
    REQUIRE(cursor.last());
    CHECK_EQ(value_of(cursor), "v6");
    REQUIRE(cursor.first());
    CHECK_EQ(value_of(cursor), "v3");
    CHECK_FALSE(cursor.seek(as_bytes("000007")));
    // Erasing leaves the cursor between the neighbours that can be seen.
    REQUIRE(cursor.seek_exact(as_bytes("000003")));
    cursor.erase();
    REQUIRE(cursor.next());
    CHECK_EQ(value_of(cursor), "v6");
    CHECK_EQ(table.len(), 999);
    database.set_clock(kStart + 10'000);
    CHECK_EQ(table.live_count(), 333);
    cursor.set_range({});
    database.set_clock(0);
    uint64_t seen = 0;
    while (cursor.next()) ++seen;
    CHECK_EQ(seen, 999);
  }

  TEST_CASE("a table of which everything has expired looks empty") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    table.set_default_ttl(1);
    for (int i = 0; i < 2000; ++i) {
      const std::string key = std::to_string(i);
      table.put(as_bytes(key), as_bytes(key));
    }
    database.set_clock(kStart + 1);
    Cursor cursor = table.cursor();
    CHECK_FALSE(cursor.first());
    CHECK_FALSE(cursor.last());
    CHECK_FALSE(cursor.next());
    CHECK_FALSE(cursor.prev());
    CHECK_FALSE(cursor.seek(as_bytes("0")));
    CHECK_FALSE(cursor.seek_le(as_bytes("9")));
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    CHECK_FALSE(table.pop_first(key, value));
    CHECK_FALSE(table.pop_last(key, value));
    CHECK_EQ(table.len(), 2000);
    CHECK_EQ(table.live_count(), 0);
  }

  TEST_CASE("batches of a cursor hold live entries, in whatever pieces they are taken") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    put_numbered(table, 2000);
    database.set_clock(kStart + 1500);
    const Rows expected = rows_of(table);
    REQUIRE_EQ(expected.size(), table.live_count());
    for (const size_t count : {1, 2, 7, 100, 5000}) {
      CAPTURE(count);
      Rows rows;
      Cursor cursor = table.cursor();
      std::vector<Bytes> keys(count);
      std::vector<Bytes> values(count);
      while (const size_t n = cursor.next_slices(keys, values)) {
        REQUIRE(cursor.valid());
        CHECK(as_text(cursor.key()) == as_text(keys[n - 1]));
        for (size_t i = 0; i < n; ++i) rows.emplace_back(as_text(keys[i]), as_text(values[i]));
      }
      CHECK(rows == expected);
    }
    for (const size_t bytes : {24, 50, 64, 500, 100000}) {
      CAPTURE(bytes);
      Rows rows;
      Cursor cursor = table.cursor();
      std::vector<std::byte> buffer(bytes);
      size_t used = 0;
      size_t needed = 0;
      while (const size_t n = cursor.next_packed(buffer, 40, used, needed)) {
        const std::byte* at = buffer.data();
        for (size_t i = 0; i < n; ++i) {
          const size_t key_size = base::load_le32(at);
          const size_t value_size = base::load_le32(at + 4);
          rows.emplace_back(as_text({at + 8, key_size}), as_text({at + 8 + key_size, value_size}));
          at += (8 + key_size + value_size + 3) / 4 * 4;
        }
        REQUIRE(cursor.valid());
        CHECK(as_text(cursor.key()) == rows.back().first);
        CHECK(as_text(cursor.value()) == rows.back().second);
      }
      CHECK_EQ(needed, 0);
      CHECK(rows == expected);
    }
  }

  TEST_CASE("a batch that does not fit leaves the cursor where it was, though that has expired") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    table.put(as_bytes("a"), as_bytes("1"));
    table.put_for(as_bytes("b"), as_bytes("2"), 10);
    table.put_for(as_bytes("c"), as_bytes("3"), 5);
    table.put(as_bytes("d"), as_bytes(std::string(100, 'x')));
    Cursor cursor = table.cursor();
    REQUIRE(cursor.seek_exact(as_bytes("b")));
    database.set_clock(kStart + 10);
    std::vector<std::byte> small(16);
    size_t used = 0;
    size_t needed = 0;
    CHECK_EQ(cursor.next_packed(small, 10, used, needed), 0);
    CHECK_EQ(needed, 112);
    REQUIRE(cursor.valid());
    CHECK_EQ(as_text(cursor.key()), "b");
    CHECK_EQ(value_of(cursor), "2");
    small.resize(needed);
    CHECK_EQ(cursor.next_packed(small, 10, used, needed), 1);
    CHECK_EQ(as_text(cursor.key()), "d");
    REQUIRE(cursor.prev());
    CHECK_EQ(as_text(cursor.key()), "a");
  }

  TEST_CASE("popping takes the first or last that is live, and leaves the others") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    put_numbered(table, 900);
    database.set_clock(kStart + 900);
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    REQUIRE(table.pop_first(key, value));
    CHECK_EQ(as_text(value), "v0");
    REQUIRE(table.pop_first(key, value));
    CHECK_EQ(as_text(key), "000003");
    CHECK_EQ(as_text(value), "v3");
    REQUIRE(table.pop_last(key, value));
    CHECK_EQ(as_text(value), "v897");
    CHECK_EQ(table.len(), 897);
    CHECK_EQ(table.live_count(), 297);
    database.set_clock(kStart);
    REQUIRE(table.pop_last(key, value));
    CHECK_EQ(as_text(value), "v899");
  }

  TEST_CASE("aborting takes back puts, touches and purges") {
    Database database = stopped();
    {
      WriteTxn txn = database.begin_write();
      TtlTable table = open_texts(txn);
      put_numbered(table, 300);
      txn.commit();
    }
    database.set_clock(kStart + 100);
    const Rows before = rows_of(database.begin_read().open_table_raw("t"));
    {
      WriteTxn txn = database.begin_write();
      TtlTable table = open_texts(txn);
      CHECK_EQ(table.purge(std::nullopt, 0).removed, 67);
      CHECK(table.touch(as_bytes("000200"), 7));
      CHECK(table.put_for(as_bytes("new"), as_bytes("x"), 7));
      txn.abort();
    }
    CHECK(rows_of(database.begin_read().open_table_raw("t")) == before);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("tables of other types do not open as this one, nor this one as theirs") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    { open_texts(txn); }
    { txn.open_table("plain", kTextType, kTextType); }
    { txn.open_multimap("m", kTextType, kTextType); }
    CHECK_THROWS_CODE(txn.open_table("t", kTextType, kTextType), ErrorCode::table_type);
    CHECK_THROWS_CODE(txn.open_ttl("t", kTextType, kU64Type), ErrorCode::table_type);
    CHECK_THROWS_CODE(open_texts(txn, "plain"), ErrorCode::table_type);
    CHECK_THROWS_CODE(open_texts(txn, "m"), ErrorCode::table_is_multimap);
    CHECK_THROWS_CODE(txn.open_ttl_raw("plain"), ErrorCode::table_type);
    { txn.open_table_raw("plain"); }  // the refusal left it closed
    CHECK_THROWS_CODE(txn.open_ttl_raw("m"), ErrorCode::table_is_multimap);
    CHECK_THROWS_CODE(txn.open_ttl_raw("none"), ErrorCode::table_missing);
    CHECK_THROWS_CODE(open_texts(txn, "__rdb:x"), ErrorCode::reserved_name);
    CHECK_THROWS_CODE(txn.open_ttl("own", kTextType, {TypeName::kUserDefined, "my::Own"}),
                      ErrorCode::unsupported);
    CHECK_THROWS_CODE(txn.open_ttl("k", {TypeName::kBuiltin, "f64"}, kTextType),
                      ErrorCode::unknown_key_type);
    {
      const TtlTable open = open_texts(txn);
      CHECK_THROWS_CODE(open_texts(txn), ErrorCode::table_open);
      CHECK_THROWS_CODE(txn.open_table_raw("t"), ErrorCode::table_open);
    }
    txn.commit();
    const ReadTxn reader = database.begin_read();
    CHECK_THROWS_CODE(reader.open_table("t", kTextType, kTextType), ErrorCode::table_type);
    CHECK_THROWS_CODE(reader.open_ttl("plain", kTextType, kTextType), ErrorCode::table_type);
    CHECK_THROWS_CODE(reader.open_ttl_raw("plain"), ErrorCode::table_type);
    CHECK_THROWS_CODE(reader.open_ttl_raw("none"), ErrorCode::table_missing);
    CHECK_EQ(reader.open_ttl("t", kTextType, kTextType).len(), 0);
  }

  TEST_CASE("values without room for an expiry are refused, and the table opens otherwise") {
    const auto device = std::make_shared<FaultDevice>();
    {
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kTextType, {TypeName::kBuiltin, "[u8;4]"});
        table.put(as_bytes("k"), as_bytes("four"));
      }
      txn.commit();
      database.close();
    }
    std::vector<std::byte> image = device->live_image();
    ImageSurgeon surgeon(image);
    format::TableRecord record = surgeon.record("t");
    record.value_type.name = "ttl::X";
    surgeon.set_record("t", false, record);
    surgeon.seal();
    Database database = open_device(FaultDevice::from_image(image));
    CHECK_THROWS_CODE(database.begin_read().open_ttl_raw("t"), ErrorCode::type_changed);
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.open_ttl_raw("t"), ErrorCode::type_changed);
    CHECK_EQ(txn.open_table_raw("t").len(), 1);  // the refusal left it closed
  }

  TEST_CASE("values must have their type's width and form, without the expiry") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable numbers = txn.open_ttl("n", kU64Type, kU64Type);
    CHECK_THROWS_CODE(numbers.put(as_bytes(le64(1)), as_bytes(le64(1) + le64(2))),
                      ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.put_for(as_bytes("key"), as_bytes(le64(1)), 5),
                      ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.expiry(as_bytes("key")), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.touch(as_bytes("key"), 5), ErrorCode::invalid_argument);
    CHECK_THROWS_CODE(numbers.purge(as_bytes("key"), 5), ErrorCode::invalid_argument);
    TtlTable texts = open_texts(txn);
    CHECK_THROWS_CODE(texts.put(as_bytes("a"), as_bytes("\xff")), ErrorCode::invalid_argument);
    const Table::Record records[] = {{as_bytes("a"), as_bytes("1")},
                                     {as_bytes("b"), as_bytes("\xff")}};
    CHECK_THROWS_CODE(texts.put_batch(records), ErrorCode::invalid_argument);
    CHECK_EQ(texts.len(), 1);
    TtlTable tuples = txn.open_ttl("tuples", kU64Type, {TypeName::kTuple, "(u64,&str)"});
    CHECK(tuples.put_for(as_bytes(le64(1)), as_bytes(le64(5) + "text"), 9));
    CHECK_THROWS_CODE(tuples.put_for(as_bytes(le64(1)), as_bytes("short"), 9),
                      ErrorCode::invalid_argument);
  }

  TEST_CASE("a table of a read transaction is not changed, and an ended one is closed") {
    Database database = stopped();
    {
      WriteTxn txn = database.begin_write();
      open_texts(txn).put(as_bytes("a"), as_bytes("1"));
      txn.commit();
    }
    ReadTxn reader = database.begin_read();
    TtlTable table = reader.open_ttl_raw("t");
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    CHECK_THROWS_CODE(table.put_for(as_bytes("a"), as_bytes("2"), 1), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.touch(as_bytes("a"), 1), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.purge(std::nullopt, 0), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.set_default_ttl(1), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.pop_first(key, value), ErrorCode::read_only);
    const Table plain = reader.open_table_raw("t");
    Cursor cursor = plain.cursor();
    REQUIRE(cursor.first());
    CHECK_THROWS_CODE(cursor.expiry(), ErrorCode::misuse);
    Cursor expiring = table.cursor();
    CHECK_THROWS_CODE(expiring.expiry(), ErrorCode::misuse);
    reader.close();
    CHECK_THROWS_CODE(table.expiry(as_bytes("a")), ErrorCode::closed);
    CHECK_THROWS_CODE(table.live_count(), ErrorCode::closed);
    database.close();
    CHECK_THROWS_CODE(database.set_clock(1), ErrorCode::closed);
    CHECK_THROWS_CODE(database.clock_now(), ErrorCode::closed);
  }

  TEST_CASE("the caller's clock is asked once for a call, and only where something could expire") {
    OpenOptions options;
    const auto clock = std::make_shared<CountingClock>();
    options.clock = clock;
    Database database = Database::open_memory(options);
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(i);
      table.put(as_bytes(key), as_bytes(key));
      CHECK_EQ(get(table, key), key);
    }
    CHECK_EQ(table.live_count(), 100);
    CHECK_EQ(clock->calls, 0);
    table.set_default_ttl(1'000'000);
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(i);
      table.put(as_bytes(key), as_bytes(key));
    }
    CHECK_EQ(clock->calls, 100);
    CHECK_EQ(table.live_count(), 100);
    CHECK_EQ(clock->calls, 101);
    database.set_clock(5);
    CHECK_EQ(database.clock_now(), 5);
    database.set_clock(kClockRuns);
    CHECK_EQ(database.clock_now(), kStart + 101);
  }

  TEST_CASE("in a compressed database the expiry lies inside the envelope") {
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
      OpenOptions options;
      options.compression = codec;
      Database database = stopped(options);
      const std::string large(5000, 'z');
      {
        WriteTxn txn = database.begin_write();
        TtlTable table = open_texts(txn);
        table.put_for(as_bytes("large"), as_bytes(large), 100);
        table.put_for(as_bytes("small"), as_bytes("s"), 100);
        table.put(as_bytes("kept"), as_bytes(large));
        CHECK(table.touch(as_bytes("kept"), 500));
        CHECK_EQ(get(table, "large"), large);
        TtlTable numbers = txn.open_ttl("n", kTextType, kU64Type);
        numbers.put_for(as_bytes("a"), as_bytes(le64(9)), 100);
        CHECK_EQ(get(numbers, "a"), le64(9));
        txn.commit();
      }
      CHECK_EQ(stored(database, "small"), hex(as_bytes(le64(kStart + 100) + "s")));
      CHECK_LT(database.begin_read().open_table_raw("t").stats().stored_leaf_bytes, 500);
      const ReadTxn reader = database.begin_read();
      const TtlTable table = reader.open_ttl("t", kTextType, kTextType);
      CHECK(rows_of(table) == Rows{{"kept", large}, {"large", large}, {"small", "s"}});
      std::vector<Bytes> keys(5);
      std::vector<Bytes> values(5);
      Cursor cursor = table.cursor();
      REQUIRE_EQ(cursor.next_slices(keys, values), 3);
      CHECK_EQ(as_text(values[0]), large);
      CHECK_EQ(as_text(values[2]), "s");
      REQUIRE(cursor.seek_exact(as_bytes("large")));
      CHECK_EQ(cursor.expiry(), kStart + 100);
      database.set_clock(kStart + 100);
      CHECK(rows_of(table) == Rows{{"kept", large}});
      CHECK_EQ(get(table, "large"), "(none)");
      WriteTxn txn = database.begin_write();
      CHECK_EQ(open_texts(txn).purge(std::nullopt, 0).removed, 2);
      txn.commit();
      CHECK_VERIFIES(database);
    }
  }
}

}  // namespace rdb::test
