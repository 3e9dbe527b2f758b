// Merges: what each operator makes of two values, and what a failing one leaves.
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>

#include "contents.hpp"
#include "support.hpp"
#include "table/merge_operators.hpp"

namespace rdb::test {
namespace {

using Kind = MergeKind;

const TypeName kU8Type{TypeName::kBuiltin, "u8"};
const TypeName kBoolType{TypeName::kBuiltin, "bool"};

// hex digits in, hex digits out
std::string merged(Kind kind, const std::string& existing, const std::string& operand) {
  std::vector<std::byte> scratch;
  return hex(table::merged_value(kind, unhex(existing), unhex(operand), scratch));
}

std::string float_bytes(double value) {
  return hex(as_bytes(le64(std::bit_cast<uint64_t>(value))));
}

std::string value_of(const Table& table, const std::string& key) {
  const std::optional<Value> value = table.get(as_bytes(key));
  return value ? std::string(as_text(value->bytes())) : "(absent)";
}

std::string numbered(int i) { return std::to_string(10'000 + i); }

// An operator made of a function.
class Function final : public MergeFunction {
 public:
  using Body = std::function<std::optional<std::string>(std::string key, std::optional<std::string>,
                                                        std::string)>;
  explicit Function(Body body) : body_(std::move(body)) {}
  std::optional<Bytes> merge(Bytes key, std::optional<Bytes> existing, Bytes operand) override {
    ++calls;
    std::optional<std::string> old;
    if (existing) old = as_text(*existing);
    result_ = body_(std::string(as_text(key)), old, std::string(as_text(operand)));
    if (!result_) return std::nullopt;
    return as_bytes(*result_);
  }
  int calls = 0;

 private:
  Body body_;
  std::optional<std::string> result_;
};

struct Records {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<Table::Record> lent() const {
    std::vector<Table::Record> records;
    for (const auto& [key, value] : pairs) records.push_back({as_bytes(key), as_bytes(value)});
    return records;
  }
};

}  // namespace

TEST_SUITE("table/merge") {
  TEST_CASE("numeric_add is the sum modulo 2^bits for signed and unsigned numbers") {
    CHECK_EQ(merged(Kind::numeric_add, "ff", "02"), "01");
    CHECK_EQ(merged(Kind::numeric_add, "ffff", "0100"), "0000");
    CHECK_EQ(merged(Kind::numeric_add, "ff000000", "01000000"), "00010000");
    CHECK_EQ(merged(Kind::numeric_add, "ffffffffffffffff", "0500000000000000"), "0400000000000000");
    CHECK_EQ(merged(Kind::numeric_add, "fbffffff", "03000000"), "feffffff");  // -5 + 3
  }

  TEST_CASE("saturating_add stops at the largest unsigned number") {
    CHECK_EQ(merged(Kind::saturating_add, "fe", "01"), "ff");
    CHECK_EQ(merged(Kind::saturating_add, "fe", "02"), "ff");
    CHECK_EQ(merged(Kind::saturating_add, "feff", "0500"), "ffff");
    CHECK_EQ(merged(Kind::saturating_add, "00000080", "00000080"), "ffffffff");
    CHECK_EQ(merged(Kind::saturating_add, "0000000000000080", "ffffffffffffff7f"),
             "ffffffffffffffff");
    CHECK_EQ(merged(Kind::saturating_add, "0100000000000000", "0200000000000000"),
             "0300000000000000");
  }

  TEST_CASE("float_add follows IEEE 754 in both widths") {
    CHECK_EQ(merged(Kind::float_add, float_bytes(0.1), float_bytes(0.2)), float_bytes(0.1 + 0.2));
    CHECK_EQ(merged(Kind::float_add, "0000803f", "00000040"), "00004040");  // 1 + 2
    const double inf = std::numeric_limits<double>::infinity();
    CHECK_EQ(merged(Kind::float_add, float_bytes(inf), float_bytes(1)), float_bytes(inf));
    std::vector<std::byte> scratch;
    const Bytes nan = table::merged_value(Kind::float_add, unhex(float_bytes(inf)),
                                          unhex(float_bytes(-inf)), scratch);
    double number;
    std::memcpy(&number, nan.data(), sizeof number);
    CHECK(std::isnan(number));
    CHECK_EQ(merged(Kind::float_add, "0000", "0000"), "0000");  // no float has two bytes
  }

  TEST_CASE("numeric_max and numeric_min compare unsigned, and equal keeps existing") {
    CHECK_EQ(merged(Kind::numeric_max, "80", "7f"), "80");
    CHECK_EQ(merged(Kind::numeric_max, "0001", "ff00"), "0001");
    CHECK_EQ(merged(Kind::numeric_max, "01000000", "02000000"), "02000000");
    CHECK_EQ(merged(Kind::numeric_min, "ffffffffffffffff", "0100000000000000"), "0100000000000000");
    CHECK_EQ(merged(Kind::numeric_min, "05", "05"), "05");
  }

  TEST_CASE("bitwise_or takes any size, bytes_append any sizes") {
    CHECK_EQ(merged(Kind::bitwise_or, "0f00aa", "f00155"), "ff01ff");
    CHECK_EQ(merged(Kind::bitwise_or, "", ""), "");
    CHECK_EQ(merged(Kind::bytes_append, "0102", "03"), "010203");
    CHECK_EQ(merged(Kind::bytes_append, "0102", ""), "0102");
  }

  TEST_CASE("sizes that differ or that numbers do not have keep existing") {
    for (const Kind kind : {Kind::numeric_add, Kind::saturating_add, Kind::float_add,
                            Kind::numeric_max, Kind::numeric_min}) {
      CHECK_EQ(merged(kind, "0102030405060708", "01000000"), "0102030405060708");
      CHECK_EQ(merged(kind, "010203", "010101"), "010203");
      CHECK_EQ(merged(kind, "01020304050607080102030405060708", "ffffffffffffffffffffffffffffffff"),
               "01020304050607080102030405060708");
    }
    CHECK_EQ(merged(Kind::bitwise_or, "0f", "f0f0"), "0f");
  }

  TEST_CASE("an absent key gets the operand as it is") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    table.merge(as_bytes("a"), as_bytes("xyz"), Kind::numeric_add);
    CHECK_EQ(value_of(table, "a"), "xyz");
    table.merge(as_bytes("a"), as_bytes("0"), Kind::numeric_add);
    CHECK_EQ(value_of(table, "a"), "xyz");
    table.merge(as_bytes("a"), as_bytes("!"), Kind::bytes_append);
    CHECK_EQ(value_of(table, "a"), "xyz!");
    CHECK_EQ(table.len(), 1);
  }

  TEST_CASE("spec 02 17.1, merge result of wrong width: refused with both sizes, not stored") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("n", kTextType, kU64Type);
    const auto message = [&](auto&& work) -> std::string {
      try {
        work();
      } catch (const Error& error) {
        CHECK_EQ(error.code(), ErrorCode::merge_width);
        return error.what();
      }
      return "nothing was thrown";
    };
    CHECK_EQ(message([&] { table.merge(as_bytes("a"), as_bytes("123"), Kind::numeric_add); }),
             "a merge in table \"n\" made a value of 3 bytes, its type has 8");
    CHECK_EQ(table.len(), 0);
    table.put(as_bytes("a"), as_bytes(le64(7)));
    table.merge(as_bytes("a"), as_bytes("123"), Kind::numeric_add);  // existing kept
    CHECK_EQ(value_of(table, "a"), le64(7));
    CHECK_EQ(message([&] { table.merge(as_bytes("a"), as_bytes("1"), Kind::bytes_append); }),
             "a merge in table \"n\" made a value of 9 bytes, its type has 8");
    Function cut([](auto, auto, auto) { return std::string("1234567"); });
    CHECK_EQ(message([&] { table.merge(as_bytes("a"), as_bytes("x"), cut); }),
             "a merge in table \"n\" made a value of 7 bytes, its type has 8");
    CHECK_EQ(value_of(table, "a"), le64(7));
  }

  TEST_CASE("a result must be a value of the table's type") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table flags = txn.open_table("flags", kTextType, kBoolType);
    flags.put(as_bytes("a"), as_bytes("\x01"));
    CHECK_THROWS_CODE(flags.merge(as_bytes("a"), as_bytes("\x01"), Kind::numeric_add),
                      ErrorCode::invalid_argument);
    flags.merge(as_bytes("a"), as_bytes("\x01"), Kind::bitwise_or);
    CHECK_EQ(value_of(flags, "a"), "\x01");
    Table words = txn.open_table("words", kTextType, kTextType);
    CHECK_THROWS_CODE(words.merge(as_bytes("a"), as_bytes("\xc3"), Kind::bytes_append),
                      ErrorCode::invalid_argument);
    words.merge(as_bytes("a"), as_bytes("\xc3\xa9"), Kind::bytes_append);
    CHECK_EQ(words.len(), 1);
    CHECK_THROWS_CODE(words.merge(as_bytes("\xff"), as_bytes("a"), Kind::bytes_append),
                      ErrorCode::invalid_argument);
  }

  TEST_CASE("a function decides about value, deletion and absence") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Function join([](auto key, auto existing, auto operand) -> std::optional<std::string> {
      if (operand == "-") return std::nullopt;
      return key + ":" + existing.value_or("none") + "+" + operand;
    });
    table.merge(as_bytes("a"), as_bytes("1"), join);
    CHECK_EQ(value_of(table, "a"), "a:none+1");
    table.merge(as_bytes("a"), as_bytes("2"), join);
    CHECK_EQ(value_of(table, "a"), "a:a:none+1+2");
    table.merge(as_bytes("b"), as_bytes("-"), join);
    table.merge(as_bytes("a"), as_bytes("-"), join);
    CHECK_EQ(table.len(), 0);
    CHECK_EQ(join.calls, 4);
  }

  TEST_CASE("M1: what a function throws passes through and changes nothing") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    table.put(as_bytes("a"), as_bytes("1"));
    struct Odd {};
    Function odd([](auto, auto, auto) -> std::optional<std::string> { throw Odd{}; });
    CHECK_THROWS_AS(table.merge(as_bytes("a"), as_bytes("2"), odd), Odd);
    Function failing([](auto, auto, auto) -> std::optional<std::string> {
      throw Error(ErrorCode::cancelled, "enough");
    });
    CHECK_THROWS_CODE(table.merge(as_bytes("b"), as_bytes("2"), failing), ErrorCode::cancelled);
    CHECK_EQ(value_of(table, "a"), "1");
    CHECK_EQ(table.len(), 1);
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("M2: a function that calls into its table is refused, and may read another one") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Table other = txn.open_table("other", kTextType, kBytesType);
    other.put(as_bytes("rate"), as_bytes("3"));
    table.put(as_bytes("a"), as_bytes("1"));
    Cursor cursor = table.cursor();
    REQUIRE(cursor.first());
    Function nosy([&](auto, auto, auto) {
      size_t size = 0;
      CHECK_THROWS_CODE(table.get(as_bytes("a")), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.get_into(as_bytes("a"), {}, size), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.contains(as_bytes("a")), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.put(as_bytes("a"), as_bytes("9")), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.erase(as_bytes("a")), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.merge(as_bytes("a"), as_bytes("9"), Kind::bytes_append),
                        ErrorCode::misuse);
      CHECK_THROWS_CODE(table.put_batch({}), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.len(), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.stats(), ErrorCode::misuse);
      CHECK_THROWS_CODE(table.cursor(), ErrorCode::misuse);
      CHECK_THROWS_CODE(cursor.next(), ErrorCode::misuse);
      CHECK_THROWS_CODE(txn.delete_table("t"), ErrorCode::misuse);
      CHECK_THROWS_CODE(txn.rename_table("t", "u"), ErrorCode::misuse);
      CHECK_THROWS_CODE(txn.commit(), ErrorCode::misuse);
      return value_of(other, "rate");
    });
    table.merge(as_bytes("a"), as_bytes("2"), nosy);
    CHECK_EQ(nosy.calls, 1);
    CHECK_EQ(value_of(table, "a"), "3");
    txn.commit();
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a function that ends the transaction gets closed, and nothing is stored") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Function ending([&](auto, auto, auto) {
      txn.abort();
      return std::string("x");
    });
    CHECK_THROWS_CODE(table.merge(as_bytes("a"), as_bytes("2"), ending), ErrorCode::closed);
    CHECK(contents_of(database).empty());
  }

  TEST_CASE("M3: a batch leaves what its merges one by one would") {
    std::mt19937_64 random(11);
    for (const char* key_type : {"&[u8]", "u64"}) {
      for (const char* value_type : {"&[u8]", "u64"}) {
        for (const Kind kind :
             {Kind::numeric_add, Kind::saturating_add, Kind::float_add, Kind::numeric_max,
              Kind::numeric_min, Kind::bitwise_or, Kind::bytes_append}) {
          if (kind == Kind::bytes_append && std::string(value_type) == "u64") continue;
          CAPTURE(key_type);
          CAPTURE(value_type);
          CAPTURE(static_cast<int>(kind));
          Database database = Database::open_memory();
          {
            WriteTxn txn = database.begin_write();
            Table single = txn.open_table("single", {1, key_type}, {1, value_type});
            Table batch = txn.open_table("batch", {1, key_type}, {1, value_type});
            for (const size_t count : {1u, 63u, 2000u, 5000u}) {
              Records records;
              for (size_t i = 0; i < count; ++i) {
                std::string operand = le64(random());
                if (std::string(value_type) == "&[u8]" && random() % 8 == 0) {
                  operand.resize(random() % 8);
                }
                records.pairs.emplace_back(le64(random() % 1500), operand);
              }
              for (const Table::Record& record : records.lent()) {
                single.merge(record.key, record.value, kind);
              }
              batch.merge_batch(records.lent(), kind);
              CHECK_EQ(rows_of(single), rows_of(batch));
            }
            txn.commit();
          }
          CHECK_VERIFIES(database);
        }
      }
    }
  }

  TEST_CASE("a merge follows changes that replaced the leaf of the merge before") {
    const auto filter_odd = [](Table& table) {
      class Odd final : public RecordFilter {
        Verdict judge(Bytes key, Bytes) override {
          return std::to_integer<int>(key.back()) % 2 != 0 ? Verdict::remove : Verdict::keep;
        }
      } odd;
      table.retain({}, odd);
    };
    const auto take_odd = [](Table& table) {
      Extraction walk = table.extract();
      while (walk.next()) {
        if (std::to_integer<int>(walk.key().back()) % 2 != 0) walk.take();
      }
      walk.finish();
    };
    const std::vector<std::function<void(Table&)>> changes = {
        [](Table& table) { table.drain(); }, filter_odd, take_odd,
        [](Table& table) { table.erase(as_bytes(numbered(4))); }};
    for (size_t change = 0; change < changes.size(); ++change) {
      CAPTURE(change);
      for (const bool in_batch : {true, false}) {
        Database database = Database::open_memory();
        {
          WriteTxn txn = database.begin_write();
          Table table = txn.open_table("t", kTextType, kBytesType);
          for (int i = 0; i < 8; ++i) table.put(as_bytes(numbered(i)), as_bytes(le64(1)));
          Records one;
          one.pairs.emplace_back(numbered(4), le64(1));
          if (in_batch) {
            table.merge_batch(one.lent(), Kind::numeric_add);
          } else {
            table.merge(as_bytes(numbered(4)), as_bytes(le64(1)), Kind::numeric_add);
          }
          changes[change](table);
          const bool kept = table.contains(as_bytes(numbered(4)));
          table.merge(as_bytes(numbered(4)), as_bytes(le64(5)), Kind::numeric_add);
          CHECK_EQ(value_of(table, numbered(4)), le64(kept ? 7 : 5));
          txn.commit();
        }
        CHECK_VERIFIES(database);
      }
    }
  }

  TEST_CASE("a merge finds its leaf again when that has left memory") {
    OpenOptions options;
    options.memory_budget_bytes = 1 << 20;
    Database database = Database::open_memory(options);
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kTextType, kBytesType);
      Table other = txn.open_table("other", kTextType, kBytesType);
      table.put(as_bytes("a"), as_bytes(le64(0)));
      for (int round = 0; round < 4; ++round) {
        table.merge(as_bytes("a"), as_bytes(le64(1)), Kind::numeric_add);
        for (int i = 0; i < 2000; ++i) {
          other.put(as_bytes(numbered(2000 * round + i)), as_bytes(std::string(2000, 'x')));
        }
      }
      CHECK_EQ(value_of(table, "a"), le64(4));
      txn.commit();
    }
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a batch stops at its first error, names it, and keeps what came before") {
    Database database = Database::open_memory();
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("n", kTextType, kU64Type);
    const auto position = [](auto&& work) -> uint64_t {
      try {
        work();
      } catch (const Error& error) {
        return error.position();
      }
      return Error::kNoPosition;
    };
    Records records;
    for (int i = 0; i < 200; ++i) {
      records.pairs.emplace_back("k" + std::to_string(1000 - i), le64(1));
    }
    records.pairs[150].second = "short";
    CHECK_EQ(position([&] { table.merge_batch(records.lent(), Kind::numeric_add); }), 150);
    CHECK_EQ(table.len(), 150);
    CHECK_EQ(value_of(table, "k850"), "(absent)");
    records.pairs[150].second = le64(1);
    records.pairs[120].first = "\xff";
    CHECK_EQ(position([&] { table.merge_batch(records.lent(), Kind::numeric_add); }), 120);
    CHECK_EQ(value_of(table, "k881"), le64(2));
    CHECK_EQ(value_of(table, "k879"), le64(1));
    Function third([&](auto, auto, auto) -> std::optional<std::string> {
      if (third.calls == 3) throw Error(ErrorCode::callback, "no more");
      return le64(9);
    });
    CHECK_EQ(position([&] { table.merge_batch(records.lent(), third); }), 2);
    CHECK_EQ(value_of(table, "k999"), le64(9));
    CHECK_EQ(value_of(table, "k998"), le64(2));
  }

  TEST_CASE("merges are refused on a reader and without a known key order") {
    Database database = Database::open_memory();
    {
      WriteTxn txn = database.begin_write();
      txn.open_table("t", kTextType, kU8Type).put(as_bytes("a"), as_bytes("1"));
      txn.commit();
    }
    const ReadTxn txn = database.begin_read();
    Table table = txn.open_table("t", kTextType, kU8Type);
    Function never([](auto, auto, auto) { return std::string("x"); });
    CHECK_THROWS_CODE(table.merge(as_bytes("a"), as_bytes("1"), Kind::numeric_add),
                      ErrorCode::read_only);
    CHECK_THROWS_CODE(table.merge(as_bytes("a"), as_bytes("1"), never), ErrorCode::read_only);
    CHECK_THROWS_CODE(table.merge_batch({}, Kind::numeric_add), ErrorCode::read_only);
    CHECK_EQ(never.calls, 0);
  }

  TEST_CASE("a merge that finds no space leaves the table and the transaction usable") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    Rows rows;
    for (int i = 0; i < 300; ++i) rows.emplace_back("k" + std::to_string(1000 + i), le64(i));
    {
      WriteTxn txn = database.begin_write();
      Table table = txn.open_table("t", kTextType, kBytesType);
      for (const auto& [key, value] : rows) table.put(as_bytes(key), as_bytes(value));
      txn.commit();
    }
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    Function huge([](auto, auto, auto) { return std::string(std::size_t{1} << 20, 'x'); });
    device->set_plan({.capacity_bytes = 8 << 20});
    bool refused = false;
    for (int i = 0; i < 64 && !refused; ++i) {
      try {
        table.merge(as_bytes(rows[i].first), as_bytes(""), huge);
        rows[i].second = std::string(std::size_t{1} << 20, 'x');
      } catch (const Error& error) {
        refused = error.code() == ErrorCode::out_of_space;
      }
    }
    CHECK(refused);
    device->set_plan({});
    CHECK_EQ(rows_of(table), rows);
  }
}

}  // namespace rdb::test
