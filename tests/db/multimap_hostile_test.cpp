// Multimaps of damaged files whose checksums match: every operation tells what is wrong and names
// the table, none goes out of its bytes, and the rest of the database goes on.
#include <array>

#include "damaged_file.hpp"
#include "rdb/multimap.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using MutableBytes = std::span<std::byte>;

// Key "a" has values inline, "k" a subtree of several levels, "s" one of one leaf.
Image sound_image() {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device);
  WriteTxn txn = database.begin_write();
  {
    Multimap many = txn.open_multimap("many", kTextType, kU64Type);
    for (uint64_t i = 0; i < 3; ++i) many.put(as_bytes("a"), as_bytes(le64(2 * i)));
    for (uint64_t i = 0; i < 20'000; ++i) many.put(as_bytes("k"), as_bytes(le64(2 * i)));
    for (uint64_t i = 0; i < 300; ++i) many.put(as_bytes("s"), as_bytes(le64(2 * i)));
    Table other = txn.open_table("other", kTextType, kBytesType);
    other.put(as_bytes("x"), as_bytes("y"));
  }
  txn.commit();
  database.close();
  return device->live_image();
}

MutableBytes collection(ImageSurgeon& surgeon, uint32_t i) {
  const SurgeryTree outer = surgeon.table("many");
  return surgeon.value(outer.root->page, i, outer.widths);
}

// 500 keys in several leaves, of three values each; the last key has a subtree.
Image many_keys_image() {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device);
  WriteTxn txn = database.begin_write();
  {
    Multimap many = txn.open_multimap("many", kTextType, kU64Type);
    for (uint64_t k = 1000; k < 1500; ++k) {
      const uint64_t values = k == 1499 ? 1000 : 3;
      for (uint64_t v = 0; v < values; ++v) {
        many.put(as_bytes(std::to_string(k)), as_bytes(le64(v)));
      }
    }
  }
  txn.commit();
  database.close();
  return device->live_image();
}

// Does everything one can do with a key. Each step may meet the damage; what it throws must say so.
// Returns how many steps met it.
int try_everything(Database& database, const std::string& key) {
  int met = 0;
  const auto step = [&](const char* what, const std::function<void(Multimap&)>& work) {
    CAPTURE(what);
    WriteTxn txn = database.begin_write();
    {
      Multimap table = txn.open_multimap("many", kTextType, kU64Type);
      try {
        work(table);
      } catch (const Error& error) {
        const std::string message = error.what();
        CAPTURE(message);
        CHECK((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted));
        CHECK(message.find("table \"many\"") == 0);
        ++met;
      }
    }
    txn.abort();
  };
  const Bytes at = as_bytes(key);
  const std::string odd = le64(5);
  const std::string even = le64(4);
  step("put", [&](Multimap& m) { m.put(at, as_bytes(odd)); });
  step("put a known pair", [&](Multimap& m) { m.put(at, as_bytes(even)); });
  step("put_batch", [&](Multimap& m) {
    std::vector<std::string> values;
    for (uint64_t i = 0; i < 300; ++i) values.push_back(le64(2 * i + 1));
    std::vector<Table::Record> records;
    for (const std::string& value : values) records.push_back({at, as_bytes(value)});
    m.put_batch(records);
  });
  step("erase", [&](Multimap& m) { m.erase(at, as_bytes(even)); });
  step("erase until nothing is left", [&](Multimap& m) {
    for (uint64_t i = 0; i < 400; ++i) m.erase(at, as_bytes(le64(2 * i)));
  });
  step("erase_key", [&](Multimap& m) { m.erase_key(at); });
  step("drain", [&](Multimap& m) { m.drain({Bound::included, Bound::included, at, at}); });
  step("drain all", [&](Multimap& m) { m.drain(); });
  step("contains", [&](Multimap& m) { m.contains(at, as_bytes(even)); });
  step("value_count", [&](Multimap& m) { m.value_count(at); });
  step("get", [&](Multimap& m) {
    BatchResult result;
    m.get(at, result);
  });
  step("stats", [&](Multimap& m) { m.stats(); });
  step("seek_pair", [&](Multimap& m) { m.cursor().seek_pair(at, as_bytes(odd)); });
  step("forward", [&](Multimap& m) {
    MultimapCursor cursor = m.cursor();
    for (uint64_t i = 0; i < 200'000 && cursor.next(); ++i) {
    }
  });
  step("backward", [&](Multimap& m) {
    MultimapCursor cursor = m.cursor();
    for (uint64_t i = 0; i < 200'000 && cursor.prev(); ++i) {
    }
  });
  step("erase at a cursor", [&](Multimap& m) {
    MultimapCursor cursor = m.cursor();
    for (cursor.seek(at); cursor.valid(); cursor.next()) cursor.erase();
  });
  // And a change of that key, committed.
  try {
    WriteTxn txn = database.begin_write();
    { txn.open_multimap("many", kTextType, kU64Type).put(as_bytes("new"), as_bytes(odd)); }
    txn.commit();
  } catch (const Error& error) {
    const std::string message = error.what();
    CAPTURE(message);
    CHECK((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted));
  }
  WriteTxn txn = database.begin_write();
  {
    Table other = txn.open_table("other", kTextType, kBytesType);
    CHECK(other.get(as_bytes("x")).has_value());
    other.put(as_bytes("x"), as_bytes("z"));
  }
  txn.commit();
  return met;
}

}  // namespace

TEST_SUITE("db/hostile multimaps") {
  TEST_CASE("damage in a collection or a subtree is told and names the table") {
    static const Image sound = sound_image();
    std::string key = "a";
    int at_least = 8;
    Damage damage;
    SUBCASE("an empty leaf image") {
      damage = [](ImageSurgeon& s) { collection(s, 0)[3] = std::byte{0}; };
    }
    SUBCASE("more values than bytes") {
      damage = [](ImageSurgeon& s) { collection(s, 0)[3] = std::byte{4}; };
    }
    SUBCASE("no leaf inside") {
      damage = [](ImageSurgeon& s) { collection(s, 0)[1] = std::byte{2}; };
    }
    SUBCASE("an unknown form") {
      damage = [](ImageSurgeon& s) { collection(s, 0)[0] = std::byte{9}; };
    }
    SUBCASE("the form of version 1") {
      damage = [](ImageSurgeon& s) { collection(s, 0)[0] = std::byte{2}; };
    }
    SUBCASE("a subtree reference that is too short") {
      damage = [](ImageSurgeon& s) { collection(s, 0)[0] = std::byte{3}; };
    }
    SUBCASE("a subtree outside the file") {
      key = "s";
      damage = [](ImageSurgeon& s) { collection(s, 2)[3] = std::byte{0x0f}; };
    }
    SUBCASE("a subtree page of an impossible order") {
      key = "s";
      damage = [](ImageSurgeon& s) { collection(s, 2)[8] = std::byte{0xff}; };
    }
    SUBCASE("a subtree that counts too many values") {
      key = "s";
      at_least = 3;
      damage = [](ImageSurgeon& s) { collection(s, 2)[25] = std::byte{77}; };
    }
    SUBCASE("a subtree that is the outer leaf") {
      key = "s";
      at_least = 3;
      damage = [](ImageSurgeon& s) {
        const SurgeryTree outer = s.table("many");
        outer.root->page.encode(&collection(s, 2)[1]);
      };
    }
    SUBCASE("a branch of a subtree that names a page twice") {
      key = "k";
      at_least = 2;
      damage = [](ImageSurgeon& s) {
        const auto root = format::RootRecord::decode(&collection(s, 1)[1]);
        format::BranchEditor branch(s.page(root.page), btree::collection_widths(8));
        branch.set_child(1, branch.view().child(0), branch.view().child_checksum(0));
      };
    }
    SUBCASE("two keys that share a subtree") {
      key = "s";
      at_least = 0;  // each by itself is whole; verification tells
      damage = [](ImageSurgeon& s) {
        const MutableBytes k = collection(s, 1);
        std::copy(k.begin(), k.end(), collection(s, 2).begin());
      };
    }
    SUBCASE("a table that counts too few pairs") {
      key = "s";
      at_least = 2;
      damage = [](ImageSurgeon& s) {
        auto record = s.record("many");
        record.length = 10;
        s.set_record("many", false, record);
      };
    }
    const Image image = damaged(sound, damage);
    Database database = open_device(FaultDevice::from_image(image));
    CHECK_FALSE(database.verify(VerifyLevel::full).ok());
    CHECK_GE(try_everything(database, key), at_least);
  }

  TEST_CASE("batches end before a key whose values cannot be read, and the next one fails there") {
    static const Image sound = many_keys_image();
    uint64_t before = 0;  // keys in front of the damage
    const auto spoil = [&](size_t leaf, uint32_t entry) {
      return damaged(sound, [&, leaf, entry](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("many");
        const std::vector<format::PageNumber> leaves = s.leaves(tree);
        const std::string key(as_text(s.key(leaves.at(leaf), entry, tree.widths)));
        before = std::stoull(key) - 1000;
        // Of a subtree, the root's page comes to lie outside the file.
        s.value(leaves.at(leaf), entry, tree.widths)[key == "1499" ? 3 : 0] = std::byte{0x0f};
      });
    };
    Image image;
    SUBCASE("inside a leaf") { image = spoil(2, 5); }
    SUBCASE("at the front of a leaf") { image = spoil(2, 0); }
    SUBCASE("a subtree") {
      uint32_t entries = 0;
      size_t leaves = 0;
      damaged(sound, [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("many");
        leaves = s.leaves(tree).size();
        entries = format::LeafView::parse(s.page(s.leaves(tree).back()), tree.widths).size();
      });
      image = spoil(leaves - 1, entries - 1);
    }
    REQUIRE_GT(before, 50);
    Database database = open_device(FaultDevice::from_image(image));
    ReadTxn txn = database.begin_read();
    Multimap many = txn.open_multimap("many", kTextType, kU64Type);
    std::vector<std::byte> room(1 << 20);
    std::array<Bytes, 300> keys;
    std::array<Bytes, 300> values;
    size_t used = 0;
    size_t needed = 0;
    const auto packed = [&](MultimapCursor& cursor) {
      return cursor.next_packed(room, 10'000, used, needed);
    };
    const auto slices = [&](MultimapCursor& cursor) { return cursor.next_slices(keys, values); };
    const auto check = [&](const std::function<size_t(MultimapCursor&)>& batch) {
      MultimapCursor cursor = many.cursor();
      for (int round = 0; round < 2; ++round) {  // a failed one leaves the cursor as a fresh one
        uint64_t pairs = 0;
        while (pairs < 3 * before) pairs += batch(cursor);
        CHECK_EQ(pairs, 3 * before);
        CHECK_EQ(as_text(cursor.key()), std::to_string(999 + before));
        CHECK_EQ(as_text(cursor.value()), le64(2));
        CHECK_THROWS_CODE(batch(cursor), ErrorCode::corrupted);
        CHECK_FALSE(cursor.valid());
      }
    };
    check(packed);
    check(slices);
    MultimapCursor cursor = many.cursor();
    CHECK_EQ(packed(cursor), 3 * before);
    CHECK_THROWS_CODE(cursor.next(), ErrorCode::corrupted);
  }

  TEST_CASE("the image that is damaged above is sound") {
    Database database = open_device(FaultDevice::from_image(sound_image()));
    for (const char* key : {"a", "k", "s"}) CHECK_EQ(try_everything(database, key), 0);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a value type whose order is not known leaves reading in stored order") {
    const Image image = damaged(sound_image(), [](ImageSurgeon& s) {
      s.edit_record("many", false, [](MutableBytes record) {
        record[record.size() - 4] = std::byte{2};  // class: user-defined
      });
    });
    Database database = open_device(FaultDevice::from_image(image));
    CHECK_VERIFIES(database);
    WriteTxn txn = database.begin_write();
    {
      Multimap many = txn.open_multimap_raw("many");
      const Bytes key = as_bytes("a");
      const std::string value = le64(4);
      CHECK_THROWS_CODE(many.put(key, as_bytes(value)), ErrorCode::unknown_key_type);
      CHECK_THROWS_CODE(many.erase(key, as_bytes(value)), ErrorCode::unknown_key_type);
      CHECK_THROWS_CODE(many.contains(key, as_bytes(value)), ErrorCode::unknown_key_type);
      const Table::Record record{key, as_bytes(value)};
      CHECK_THROWS_CODE(many.put_batch({&record, 1}), ErrorCode::unknown_key_type);
      MultimapCursor cursor = many.cursor();
      CHECK_THROWS_CODE(cursor.seek_pair(key, as_bytes(value)), ErrorCode::unknown_key_type);
      REQUIRE(cursor.seek(key));
      CHECK_THROWS_CODE(cursor.erase(), ErrorCode::unknown_key_type);
      CHECK(cursor.next_value());
      CHECK_EQ(as_text(cursor.value()), le64(2));
      CHECK_EQ(many.value_count(as_bytes("k")), 20'000);
      CHECK_EQ(many.erase_key(as_bytes("k")), 20'000);
      CHECK_EQ(many.drain(), 2);
    }
    txn.commit();
    CHECK_VERIFIES(database);
  }
}

}  // namespace rdb::test
