// Files made to do harm: every checksum is right, and the content is not. What fuzzing found is
// kept here by the name of the rule that was broken.
#include <functional>

#include "damaged_file.hpp"
#include "format/branch_editor.hpp"
#include "format/page_list.hpp"
#include "format/txn_page_key.hpp"
#include "image_edit.hpp"
#include "image_trees.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

Image image_with(const std::function<void(WriteTxn&)>& fill) {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device);
  WriteTxn txn = database.begin_write();
  fill(txn);
  txn.commit();
  database.close();
  return device->live_image();
}

void put_numbers(WriteTxn& txn) {
  Table table = txn.open_table("numbers", kU64Type, kU64Type);
  for (uint64_t i = 0; i < 5; ++i) table.put(as_bytes(le64(i)), as_bytes(le64(i * i)));
}

Image small_image() { return image_with(put_numbers); }

// Its file has free pages, for a database that must not grow.
Image roomy_image() {
  return image_with([](WriteTxn& txn) {
    put_numbers(txn);
    Table table = txn.open_table("more", kU64Type, kBytesType);
    for (uint64_t i = 0; i < 100; ++i) {
      table.put(as_bytes(le64(i)), as_bytes(std::string(3000, 'x')));
    }
  });
}

Database open_image(const Image& image, const OpenOptions& options = {}) {
  return open_device(FaultDevice::from_image(image), options);
}

}  // namespace

TEST_SUITE("db/hostile") {
  // 2^60 ways lead through the ladder; every walk must notice that the file is not that large.
  TEST_CASE("spec 02 15.3: a catalog that is reached on many ways ends in corrupted") {
    Image image = small_image();
    add_catalog_ladder(image, Catalog::user, 60);
    const Database database = open_image(image);
    CHECK_THROWS_CODE(database.begin_read().list_tables(), ErrorCode::corrupted);
    CHECK(database.begin_read().find_table("numbers"));
  }
  TEST_CASE("spec 02 15.3: a table that is reached on many ways ends in corrupted") {
    Image image = small_image();
    add_table_ladder(image, Catalog::user, "numbers", 60);
    Database database = open_image(image);
    {
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table_raw("numbers");
      CHECK_THROWS_CODE(table.stats(), ErrorCode::corrupted);
      Cursor cursor = table.cursor();
      CHECK_THROWS_CODE(
          [&] {
            while (cursor.next()) {
            }
          }(),
          ErrorCode::corrupted);
      CHECK(cursor.last());
      CHECK_THROWS_CODE(
          [&] {
            while (cursor.prev()) {
            }
          }(),
          ErrorCode::corrupted);
    }
    WriteTxn txn = database.begin_write();
    CHECK_THROWS_CODE(txn.delete_table("numbers"), ErrorCode::corrupted);
  }
  TEST_CASE("spec 02 15.3: an allocator state that is reached on many ways leads to a repair") {
    Image image = small_image();
    add_table_ladder(image, Catalog::system, "allocator_state", 60);
    // The repair walks the state's pages as well, and finds them referenced twice.
    CHECK_THROWS_CODE(open_image(image), ErrorCode::corrupted);
  }
  TEST_CASE("going to and fro is no walk without end") {
    const Image image = image_with([](WriteTxn& txn) {
      Table table = txn.open_table("t", kU64Type, kBytesType);
      for (uint64_t i = 0; i < 4; ++i) {
        table.put(as_bytes(le64(i)), as_bytes(std::string(3000, 'x')));
      }
    });
    const Database database = open_image(image);
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table_raw("t");
    REQUIRE(table.stats().leaf_pages >= 2);
    Cursor cursor = table.cursor();
    for (int i = 0; i < 3000; ++i) {
      while (cursor.next()) {
      }
      while (cursor.prev()) {
      }
    }
    CHECK(cursor.next());
  }

  TEST_CASE("every status on a damaged page names the page") {
    Image image = image_with([](WriteTxn& txn) {
      Table table = txn.open_table("t", kTextType, kBytesType);
      for (const char* key : {"a", "b", "c", "d"}) table.put(as_bytes(key), as_bytes("value"));
    });
    edit_table(image, Catalog::user, "t", [](std::span<std::byte> page, const format::Widths&) {
      base::store_le32(&page[4 + 4 * 4], 0xffff);  // where the first value ends
    });
    const auto root = root_of_table(image, Catalog::user, "t");
    const auto leaf = format::PageNumber::decode(&image[root.offset]);
    const auto check_names_page = [&](auto&& call) {
      try {
        call();
        FAIL_CHECK("the damage went unnoticed");
      } catch (const Error& error) {
        CHECK_EQ(error.code(), ErrorCode::page_corrupted);
        CHECK_EQ(error.position(), leaf.bits());
        CHECK(std::string(error.what()).starts_with("page " + leaf.text() + ": "));
      }
    };
    Database database = open_image(image);
    {
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table("t", kTextType, kBytesType);
      check_names_page([&] { static_cast<void>(table.get(as_bytes("b"))); });
      Cursor cursor = table.cursor();
      REQUIRE(cursor.first());
      check_names_page([&] { static_cast<void>(cursor.value()); });
    }
    WriteTxn txn = database.begin_write();
    Table table = txn.open_table("t", kTextType, kBytesType);
    check_names_page([&] { table.put(as_bytes("b"), as_bytes("other")); });
    check_names_page([&] { table.put(as_bytes("new"), as_bytes("")); });
    check_names_page([&] { table.erase(as_bytes("b")); });
    Cursor cursor = table.cursor();
    REQUIRE(cursor.last());
    check_names_page([&] { cursor.erase(); });
  }

  TEST_CASE("nothing is taken out of a table two of whose branches share a leaf") {
    const Image sound = image_with([](WriteTxn& txn) {
      Table table = txn.open_table("t", kU64Type, kU64Type);
      for (uint64_t i = 0; i < 2000; ++i) table.put(as_bytes(le64(i)), as_bytes(le64(i)));
    });
    format::PageNumber shared;
    const Image image = damaged(sound, [&](ImageSurgeon& s) {
      const SurgeryTree tree = s.table("t");
      shared = s.leaves(tree).at(0);
      format::BranchEditor(s.page(tree.root->page), tree.widths).set_child(1, shared, {});
    });
    Database database = open_image(image);
    const std::string before = describe(database.verify(VerifyLevel::full));
    CHECK_FALSE(before.empty());
    struct First final : RecordFilter {
      Verdict judge(Bytes, Bytes) override {
        return std::exchange(first, false) ? Verdict::remove : Verdict::keep;
      }
      bool first = true;
    };
    const std::string front = le64(0);
    const std::function<void(Table&)> calls[] = {
        [](Table& table) {
          First filter;
          table.retain({}, filter);
        },
        [](Table& table) {
          Extraction walk = table.extract();
          REQUIRE(walk.next());
          REQUIRE(walk.take());
          walk.finish();
        },
        [&](Table& table) {
          table.drain({Bound::included, Bound::included, as_bytes(front), as_bytes(front)});
        }};
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kU64Type, kU64Type);
      for (const auto& call : calls) {
        try {
          call(table);
          FAIL_CHECK("the damage went unnoticed");
        } catch (const Error& error) {
          CHECK_EQ(error.code(), ErrorCode::corrupted);
          CHECK_EQ(error.position(), shared.bits());
        }
        CHECK_EQ(table.len(), 2000);
        CHECK(table.get(as_bytes(front)));
      }
      put_numbers(txn);
    }
    txn.commit();
    CHECK_EQ(describe(database.verify(VerifyLevel::full)), before);
    CHECK(database.begin_read().find_table("numbers"));
  }

  TEST_CASE("spec 02 10: a table whose key order is unknown is named when keys are asked for") {
    Image image = small_image();
    edit_catalog(image, [](std::span<std::byte> page) { replace_text(page, "u64", "q64"); });
    Database database = open_image(image);
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table_raw("numbers");
    BatchResult batch;
    const std::string key = le64(1);
    const Bytes keys[] = {as_bytes(key)};
    Cursor cursor = table.cursor();
    WriteTxn write = database.begin_write();
    Table writable = write.open_table_raw("numbers");
    const Table::Record records[] = {{keys[0], keys[0]}};
    const std::function<void()> calls[] = {
        [&] { static_cast<void>(table.get(keys[0])); }, [&] { table.get_batch(keys, batch); },
        [&] { cursor.seek(keys[0]); }, [&] { writable.put_batch(records); },
        [&] {
          cursor.set_range({Bound::included, Bound::unbounded, keys[0], {}});
        }};
    for (const auto& call : calls) {
      try {
        call();
        FAIL_CHECK("a key was looked for");
      } catch (const Error& error) {
        CHECK_EQ(error.code(), ErrorCode::unknown_key_type);
        CHECK(std::string(error.what()).starts_with("table \"numbers\" "));
      }
    }
    CHECK(cursor.first());
  }

  TEST_CASE("spec 01 8.2: pages in use that the allocator state calls free end in corrupted") {
    Image image = image_with([](WriteTxn& txn) {
      put_numbers(txn);
      txn.open_table("large", kU64Type, kBytesType)
          .put(as_bytes(le64(1)), as_bytes(std::string(9000, 'x')));
    });
    free_all_pages(image);
    for (const size_t value_bytes : {size_t{10}, size_t{9000}}) {
      Database database = open_image(image);
      const ReadTxn reader = database.begin_read();
      const Table numbers = reader.open_table_raw("numbers");
      const Table large = reader.open_table_raw("large");
      const auto held = large.get(as_bytes(le64(1)));
      Cursor cursor = numbers.cursor();
      REQUIRE(cursor.first());
      WriteTxn txn = database.begin_write();
      bool refused = false;
      try {
        Table table = txn.open_table("new", kU64Type, kBytesType);
        for (uint64_t i = 0; i < 400; ++i) {
          table.put(as_bytes(le64(i)), as_bytes(std::string(value_bytes, 'y')));
        }
        txn.commit();
      } catch (const Error& error) {
        refused = error.code() == ErrorCode::corrupted;
      }
      CHECK(refused);
      // What is pinned is not written to.
      CHECK_EQ(as_text(held->bytes()), std::string(9000, 'x'));
      CHECK_EQ(as_text(cursor.key()), le64(0));
    }
  }

  TEST_CASE(
      "spec 01 4.3: pages listed as freed twice, in two sizes, are no contradiction of ours") {
    Image image = small_image();
    const format::PageNumber pages[] = {{0, 0, 0}, {0, 0, 1}, {0, 0, 1}, {0, 1, 0}};
    const auto list = format::make_page_list(pages, 10);
    const auto key = format::TxnPageKey{1, 0}.encode(KeyProfile::shodh);
    const format::LeafEntry entry{key, list};
    set_only_leaf(image, Catalog::system, "data_pages_unreachable", {&entry, 1});
    Database database = open_image(image);
    CHECK(database.recovery().clean);
    try {
      WriteTxn txn = database.begin_write();
      txn.open_table("new", kU64Type, kU64Type).put(as_bytes(le64(1)), as_bytes(le64(1)));
      txn.commit();
      database.close();
    } catch (const Error& error) {
      CHECK_EQ(error.code(), ErrorCode::corrupted);
    }
  }

  TEST_CASE("spec 01 11.3: a blob region outside the file is reported, and computed with nowhere") {
    const uint64_t bytes = roomy_image().size();
    const format::BlobRegion regions[] = {{uint64_t{1} << 50, 1, 0, 0},
                                          {bytes, ~uint64_t{0} - bytes + 1, 0, 0},
                                          {~uint64_t{0} - 4095, 4096, 0, 0},
                                          {4097, 1, 0, 0},
                                          {bytes, 1, 0, 0}};
    for (const format::BlobRegion& region : regions) {
      for (const bool unclean : {false, true}) {
        CAPTURE(region.offset);
        CAPTURE(unclean);
        Image image = roomy_image();
        edit_header(image, [&](format::Header& header) {
          format::CommitSlot commit = header.slot(header.primary);
          commit.version = 5;
          commit.blob_region = region;
          header.set_slot(header.primary, commit);
          header.recovery_required = unclean;
        });
        OpenOptions options;
        options.eof_mirror = true;  // it lies behind the region
        const auto device = FaultDevice::from_image(image);
        Database database = open_device(device, options);
        const auto& notes = database.recovery().notes;
        CHECK(std::count(
                  notes.begin(), notes.end(),
                  "The region of old blobs does not lie inside the file; its blobs are lost.") ==
              1);
        CHECK_EQ(database.begin_read().open_table_raw("numbers").len(), 5);
        WriteTxn txn = database.begin_write();
        txn.open_table("numbers", kU64Type, kU64Type).put(as_bytes(le64(9)), as_bytes(le64(9)));
        txn.commit();
        database.close();
        CHECK(device->live_image().size() < 2 * bytes + 300 * 4096);
        const format::Header closed = header_of(device->live_image());
        CHECK(closed.slot(closed.primary).blob_region == region);  // preserved
        CHECK_EQ(open_device(device).begin_read().open_table_raw("numbers").len(), 6);
      }
    }
  }
}

}  // namespace rdb::test
