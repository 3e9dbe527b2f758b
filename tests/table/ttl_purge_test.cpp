// Purges of tables whose values expire: what they remove, in which steps, and what stops them.
#include <memory>

#include "contents.hpp"
#include "rdb/cancel.hpp"
#include "rdb/ttl.hpp"
#include "ttl_support.hpp"

namespace rdb::test {

TEST_SUITE("table ttl purge") {
  TEST_CASE("a purge removes what has expired and counts it") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    const PurgeStep nothing = table.purge(std::nullopt, 0);
    CHECK_EQ(nothing.examined, 0);
    CHECK_FALSE(nothing.position.has_value());
    put_numbered(table, 3000);
    CHECK_EQ(table.purge(std::nullopt, 0).removed, 0);
    database.set_clock(kStart + 1500);
    const Rows live = rows_of(table);
    const PurgeStep step = table.purge(std::nullopt, 0);
    CHECK_EQ(step.examined, 3000);
    CHECK_EQ(step.removed, 1000);
    CHECK_FALSE(step.position.has_value());
    CHECK_EQ(table.len(), 2000);
    database.set_clock(0);  // what is gone does not come back
    CHECK(rows_of(table) == live);
    database.set_clock(UINT64_MAX - 1);
    CHECK_EQ(table.purge(std::nullopt, 0).removed, 1000);
    CHECK_EQ(table.len(), 1000);
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a purge in steps does the same in bounded pieces, over many transactions") {
    for (const uint64_t step_entries : {1, 7, 1000, 1024, 1025, 2999, 3000, 3001}) {
      CAPTURE(step_entries);
      Database database = stopped();
      {
        WriteTxn txn = database.begin_write();
        TtlTable table = open_texts(txn);
        put_numbered(table, 3000);
        txn.commit();
      }
      database.set_clock(kStart + 10'000);
      std::optional<std::vector<std::byte>> position;
      uint64_t examined = 0;
      uint64_t removed = 0;
      uint64_t steps = 0;
      do {
        WriteTxn txn = database.begin_write();
        txn.set_durability(Durability::none);
        TtlTable table = open_texts(txn);
        const PurgeStep step =
            table.purge(position ? std::optional<Bytes>(*position) : std::nullopt, step_entries);
        CHECK_LE(step.examined, step_entries);
        CHECK_LE(step.removed, step.examined);
        examined += step.examined;
        removed += step.removed;
        position = step.position;
        ++steps;
        txn.commit();
      } while (position);
      CHECK_EQ(examined, 3000);
      CHECK_EQ(removed, 2000);
      CHECK_EQ(steps, (3000 + step_entries - 1) / step_entries);
      CHECK_EQ(database.begin_read().open_ttl_raw("t").len(), 1000);
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("a table whose order is not known is purged as a whole") {
    struct Backwards final : KeyCompare {
      int compare(Bytes a, Bytes b) const noexcept override {
        return as_text(b).compare(as_text(a));
      }
    };
    TypeName key{TypeName::kUserDefined, "app::Key"};
    key.reading = {.user_width = TypeReading::kVariable, .compare = std::make_shared<Backwards>()};
    Database database = stopped();
    {
      WriteTxn txn = database.begin_write();
      TtlTable table = txn.open_ttl("t", key, kTextType);
      put_numbered(table, 3000);
      txn.commit();
    }
    database.set_clock(kStart + 10'000);
    {
      WriteTxn txn = database.begin_write();
      TtlTable table = txn.open_ttl_raw("t");
      CHECK_THROWS_CODE(table.purge(std::nullopt, 10), ErrorCode::unknown_key_type);
      CHECK_THROWS_CODE(table.purge(as_bytes("000001"), 0), ErrorCode::unknown_key_type);
      CHECK_EQ(table.purge(std::nullopt, 0).removed, 2000);
      CHECK_EQ(table.len(), 1000);
      txn.commit();
    }
    CHECK_VERIFIES(database);
    // Whoever knows the order finds what is left, so the branches still divide by it.
    const ReadTxn reader = database.begin_read();
    const TtlTable known = reader.open_ttl("t", key, kTextType);
    for (uint64_t i = 0; i < 3000; ++i) {
      REQUIRE_EQ(get(known, numbered_key(i)), i % 3 == 0 ? "v" + std::to_string(i) : "(none)");
    }
  }

  TEST_CASE("a purge goes on behind a key that is gone, and can be cancelled") {
    Database database = stopped();
    WriteTxn txn = database.begin_write();
    TtlTable table = open_texts(txn);
    put_numbered(table, 100);
    database.set_clock(kStart + 1000);
    const PurgeStep step = table.purge(as_bytes("000050x"), 10);
    CHECK_EQ(step.examined, 10);
    REQUIRE(step.position.has_value());
    CHECK_EQ(as_text(*step.position), "000060");
    CHECK_FALSE(table.purge(as_bytes("x"), 10).position.has_value());
    CancelToken token;
    token.cancel();
    CHECK_THROWS_CODE(table.purge(std::nullopt, 0, &token), ErrorCode::cancelled);
    CHECK_THROWS_CODE(table.live_count(&token), ErrorCode::cancelled);
    CHECK_EQ(table.live_count(), 34);
  }
}

}  // namespace rdb::test
