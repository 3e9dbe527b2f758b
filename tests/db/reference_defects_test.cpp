// Defects of the Rust engines that concern file content, each with the name its specification gives
// it. The files that trip those engines are made here, and the database must answer with an error
// that names what is wrong, keep what is not affected usable, and still close.
//
// Found elsewhere: D1 tests/txn/tables_test.cpp; D8 tests/btree/hostile_test.cpp; D10
// tests/btree/mutator_test.cpp; D11 tests/btree/tree_test.cpp; the hold of a verification and page
// lists tests/db/verify_space_test.cpp.
#include "damaged_file.hpp"
#include "page/allocator_codec.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using format::PageNumber;
using MutableBytes = std::span<std::byte>;

void check_damaged(const std::function<void()>& work) {
  try {
    work();
    FAIL_CHECK("nothing was thrown");
  } catch (const Error& error) {
    const std::string what = error.what();
    CAPTURE(what);
    CHECK((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted));
  }
}

std::string key_of(int i) { return "key " + std::to_string(i); }

// Table "a" of closed_image() is whole and takes a row.
void check_other_table(Database& database) {
  WriteTxn txn = database.begin_write();
  {
    Table table = txn.open_table("a", kU64Type, kBytesType);
    CHECK(table.get(as_bytes(le64(1500))).has_value());
    table.put(as_bytes(le64(5000)), as_bytes("new"));
  }
  txn.commit();
  const ReadTxn reader = database.begin_read();
  CHECK_EQ(rows_of(reader.open_table("a", kU64Type, kBytesType)).size(), 3001);
}

// The image opens, table "b" answers damaged to what damaged() does with it, the rest goes on, and
// the file is closed cleanly with the damage as it was.
void check_contained(const Image& image, const std::function<void(Table&)>& trip) {
  for (const ReadVerification verification : {ReadVerification::full, ReadVerification::none}) {
    const auto device = FaultDevice::from_image(image);
    OpenOptions options;
    options.read_verification = verification;
    {
      Database database = open_device(device, options);
      {
        WriteTxn txn = database.begin_write();
        Table table = txn.open_table("b", kTextType, kBytesType);
        check_damaged([&] { trip(table); });
      }
      check_other_table(database);
      CHECK_NOTHROW(database.close());
    }
    const Database reopened = open_device(device, options);
    CHECK(reopened.recovery().clean);
    const VerifyReport report = reopened.verify(VerifyLevel::full);
    CHECK_FALSE(report.ok());
    for (const VerifyProblem& problem : report.problems) CHECK_EQ(problem.object, "table \"b\"");
  }
}

// The offset array of a leaf of variable widths: n key ends, n value ends.
size_t key_end_at(uint32_t i) { return 4 + 4 * size_t{i}; }

}  // namespace

TEST_SUITE("db/reference defects") {
  TEST_CASE("spec 02 17.1: an insertion into a leaf of unordered offsets is corruption, no crash") {
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      const SurgeryTree tree = s.table("b");
      const MutableBytes leaf = s.page(s.leaves(tree)[0]);
      std::swap_ranges(&leaf[key_end_at(3)], &leaf[key_end_at(4)], &leaf[key_end_at(5)]);
    });
    check_contained(image, [](Table& table) { table.put(as_bytes("key"), as_bytes("v")); });
  }

  TEST_CASE("spec 02 17.1: a branch key of bad offsets is corruption") {
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      const SurgeryTree tree = s.table("b");
      const auto branch = format::BranchView::parse(s.page(tree.root->page), tree.widths);
      REQUIRE(branch.key_count() >= 2);
      const size_t ends = 8 + 24 * size_t{branch.child_count()};
      base::store_le32(&s.page(tree.root->page)[ends], 0xffff'0000);
    });
    check_contained(image, [](Table& table) {
      for (int i = 0; i < 200; ++i) table.get(as_bytes(key_of(i)));
    });
  }

  TEST_CASE("spec 02 17.1: a deletion under a root that counts no rows is corruption") {
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      auto record = s.record("b");
      record.length = record.root->length = 0;
      s.set_record("b", false, record);
    });
    check_contained(image, [](Table& table) { table.erase(as_bytes(key_of(17))); });
  }

  TEST_CASE("spec 02 17.1, D8: an entry that lies outside its page is corruption for a cursor") {
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      const SurgeryTree tree = s.table("b");
      const MutableBytes leaf = s.page(s.leaves(tree)[0]);
      const uint32_t n = base::load_le16(&leaf[2]);
      base::store_le32(&leaf[key_end_at(n + 2)], 0x7fff'ffff);  // a value's end
    });
    check_contained(image, [](Table& table) {
      Cursor cursor = table.cursor();
      for (bool more = cursor.first(); more; more = cursor.next()) {
        static_cast<void>(cursor.value().size());
      }
    });
  }

  TEST_CASE("spec 02 17.1: a catalog record of a bad kind or length is rejected, not coerced") {
    std::function<void(MutableBytes)> damage;
    SUBCASE("kind") {
      damage = [](MutableBytes record) { record[0] = std::byte{0}; };
    }
    SUBCASE("length of the key type") {
      damage = [](MutableBytes record) {
        base::store_le32(&record[60], static_cast<uint32_t>(record.size()) - 64);
      };
    }
    SUBCASE("length of the key type that wraps around") {
      damage = [](MutableBytes record) { base::store_le32(&record[60], 0xffff'ffff); };
    }
    const Image image =
        damaged(closed_image(), [&](ImageSurgeon& s) { s.edit_record("b", false, damage); });
    const auto device = FaultDevice::from_image(image);
    Database database = open_device(device);
    check_damaged([&] { database.begin_read().open_table("b", kTextType, kBytesType); });
    {
      WriteTxn txn = database.begin_write();
      check_damaged([&] { txn.open_table("b", kTextType, kBytesType); });
      check_damaged([&] { txn.delete_table("b"); });
      check_damaged([&] { txn.rename_table("b", "d"); });
    }
    check_other_table(database);
    database.close();
    const VerifyReport report = open_device(device).verify(VerifyLevel::full);
    REQUIRE_EQ(report.problems.size(), 1);
    CHECK_EQ(report.problems[0].object, "catalog of user tables");
  }

  TEST_CASE("spec 02 17.1, spec 01 ea8bc69: a page outside its region is corruption") {
    for (const PageNumber page : {PageNumber{0, 1'048'575, 0}, PageNumber{1, 0, 0},
                                  PageNumber{1'048'575, 3, 0}, PageNumber{0, 0, 20}}) {
      const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("b");
        format::BranchEditor(s.page(tree.root->page), tree.widths).set_child(1, page, {});
      });
      check_contained(image, [](Table& table) {
        for (int i = 0; i < 200; ++i) table.get(as_bytes(key_of(i)));
      });
    }
  }

  TEST_CASE("a file that only says that it is compressed is contained") {
    for (const uint8_t codec : {uint8_t{1}, uint8_t{2}}) {
      Image image = closed_image();
      edit_header(image, [&](format::Header& header) {
        for (int i = 0; i < 2; ++i) {
          format::CommitSlot slot = header.slot(i);
          slot.version = 4;
          header.set_slot(i, slot);
        }
        header.compression = codec;
      });
      // Page layouts with fixed value widths are misread as well; whatever is read is said to be
      // damaged, and verification finds more than that.
      const auto device = FaultDevice::from_image(image);
      Database database = open_device(device);
      CHECK_FALSE(database.verify(VerifyLevel::full).problems.empty());
      const ReadTxn txn = database.begin_read();
      int damaged = 0;
      for (const char* name : {"a", "b", "c"}) {
        const Table table = txn.open_table_raw(name);
        Cursor cursor = table.cursor();
        for (int i = 0; i < 200; ++i) {
          try {
            if (cursor.next()) static_cast<void>(cursor.value());
          } catch (const Error& error) {
            const bool expected = error.code() == ErrorCode::corrupted ||
                                  error.code() == ErrorCode::page_corrupted ||
                                  error.code() == ErrorCode::format;
            CHECK_MESSAGE(expected, std::string(error.what()));
            ++damaged;
          }
        }
      }
      CHECK(damaged > 0);
    }
  }

  TEST_CASE("spec 02 section 10.4: keys of a type that is none are read, and never compared") {
    // A tuple of one needs a comma; D9 itself is in the tests of orders, encodings and codecs.
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      s.edit_record("b", false, [](MutableBytes record) {
        REQUIRE_EQ(as_text(record.subspan(64, 5)), std::string("\x01&str"));
        record[64] = std::byte{TypeName::kTuple};
        std::copy_n(as_bytes("(u8)").begin(), 4, record.begin() + 65);
      });
    });
    Database database = open_device(FaultDevice::from_image(image));
    const ReadTxn txn = database.begin_read();
    const Table table = txn.open_table_raw("b");
    CHECK_EQ(rows_of(table).size(), 200);
    CHECK_THROWS_CODE(table.get(as_bytes("\xff\xff\xff\xff")), ErrorCode::unknown_key_type);
  }

  TEST_CASE("spec 01 c3beabe: a stored state without a row is no state; opening repairs") {
    for (const std::byte kind : {std::byte{3}, std::byte{5}}) {
      const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("allocator_state", true);
        for (PageNumber leaf : s.leaves(tree)) {
          const uint32_t rows = format::LeafView::parse(s.page(leaf), tree.widths).size();
          for (uint32_t i = 0; i < rows; ++i) {
            // The first byte of a key is its kind; 0 is one that nobody reads any more.
            const MutableBytes key = s.key(leaf, i, tree.widths);
            if (key[0] == kind) key[0] = std::byte{0};
          }
        }
      });
      Database database = open_device(FaultDevice::from_image(image));
      CHECK(database.recovery().full_repair);
      check_other_table(database);
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("spec 01 b2da02d1: the tracker offers every free block, merged ones too") {
    const auto device = std::make_shared<FaultDevice>();
    OpenOptions options;
    options.region_pages = 128;
    {
      Database database = open_device(device, options);
      for (int round = 0; round < 6; ++round) {
        WriteTxn txn = database.begin_write();
        {
          Table table =
              txn.open_table(std::string("t").append(std::to_string(round)), kU64Type, kBytesType);
          for (uint64_t i = 0; i < 400; ++i) {
            table.put(as_bytes(le64(i)), as_bytes(std::string(900, 'x')));
          }
        }
        if (round > 1) txn.delete_table(std::string("t").append(std::to_string(round - 1)));
        txn.commit();
      }
      database.close();
    }
    Image image = device->live_image();
    ImageSurgeon s(image);
    REQUIRE(s.layout().region_count() > 2);
    const SurgeryTree tree = s.table("allocator_state", true);
    std::vector<std::byte> tracker;
    for (PageNumber leaf : s.leaves(tree)) {
      const uint32_t rows = format::LeafView::parse(s.page(leaf), tree.widths).size();
      for (uint32_t i = 0; i < rows; ++i) {
        const MutableBytes value = s.value(leaf, i, tree.widths);
        if (s.key(leaf, i, tree.widths)[0] == std::byte{4})
          tracker.assign(value.begin(), value.end());
      }
    }
    page::check_tracker(tracker);
    s.edit_free_maps([&](const std::vector<page::FreeMap>& maps) {
      for (uint32_t region = 0; region < maps.size(); ++region) {
        const auto highest = maps[region].highest_free_order(page::max_order_for(128));
        for (uint8_t order = 0; order <= format::kMaxPageOrder; ++order) {
          CHECK_EQ(page::tracker_offers(tracker, region, order), highest && order <= *highest);
        }
      }
    });
  }

  TEST_CASE("spec 01 88868bf0: a cycle of pages ends recovery, reading and verification") {
    Image image = closed_image();
    ImageSurgeon s(image);
    const SurgeryTree tree = s.table("b");
    const PageNumber page = tree.root->page;
    for (const uint32_t child : {0u, 1u}) {
      format::BranchEditor(s.page(page), tree.widths)
          .set_child(child, page, base::kDeferredChecksum);
    }
    auto record = s.record("b");
    record.root->checksum = base::checksum(
        Bytes(s.page(page)).first(format::page_used_bytes(s.page(page), tree.widths)));
    s.set_record("b", false, record);
    s.seal_catalogs();
    {
      Database database = open_device(FaultDevice::from_image(image));
      const ReadTxn txn = database.begin_read();
      const Table table = txn.open_table("b", kTextType, kBytesType);
      check_damaged([&] { table.get(as_bytes("a")); });
      check_damaged([&] { rows_of(table); });
      CHECK_FALSE(database.verify(VerifyLevel::full).ok());
    }
    edit_header(image, [](format::Header& header) { header.recovery_required = true; });
    edit_header(image, [](format::Header& header) { header.two_phase = false; });
    Image without_fallback = image;
    without_fallback[format::kSlotOffset[1 - header_of(image).primary] + 120] ^= std::byte{1};
    check_damaged([&] { open_device(FaultDevice::from_image(without_fallback)); });
  }

  TEST_CASE("spec 01 11.3: a blob region outside the file does not lengthen the page area") {
    for (const bool recovery : {true, false}) {
      const uint64_t end = closed_image().size();
      for (const auto& [offset, length] :
           {std::pair{uint64_t{1} << 40, uint64_t{5}}, std::pair{end, ~uint64_t{0} - 4096},
            std::pair{uint64_t{4097}, uint64_t{5}}}) {
        Image image = closed_image();
        edit_header(image, [&](format::Header& header) {
          format::CommitSlot slot = header.slot(header.primary);
          slot.version = 5;
          slot.blob_region.offset = offset;
          slot.blob_region.length = length;
          header.set_slot(header.primary, slot);
          header.recovery_required = recovery;
        });
        const auto device = FaultDevice::from_image(image);
        for (int round = 0; round < 2; ++round) {
          Database database = open_device(device);
          REQUIRE_FALSE(database.recovery().notes.empty());
          WriteTxn txn = database.begin_write();
          txn.open_table("b", kTextType, kBytesType).put(as_bytes("new"), as_bytes("row"));
          txn.commit();
          const VerifyReport report = database.verify(VerifyLevel::full);
          REQUIRE_EQ(report.problems.size(), 1);
          CHECK_EQ(report.problems[0].object, "header");
          database.close();
          CHECK(header_of(device->live_image()).layout.file_bytes() <= device->live_image().size());
        }
      }
    }
  }

  TEST_CASE("spec 01 2471234c: malformed lists of freed pages do not keep a file from opening") {
    for (const std::string name : {"shodh-crashed", "redb-crashed"}) {
      const Image image = damaged(golden_image(name), [](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("data_pages_unreachable", true);
        base::store_le16(s.value(s.leaves(tree)[0], 0, tree.widths).data(), 65'535);
      });
      Database database = open_device(FaultDevice::from_image(image));
      CHECK(database.recovery().full_repair);
      REQUIRE_FALSE(database.recovery().notes.empty());
      CHECK(database.recovery().notes[0].find("malformed") != std::string::npos);
      WriteTxn txn = database.begin_write();
      txn.open_table("new", kU64Type, kBytesType).put(as_bytes(le64(1)), as_bytes("1"));
      txn.commit();
      CHECK_EQ(database.begin_read().find_table("new")->entries, 1);
      database.close();
    }
  }

  TEST_CASE("spec 01 0907070a: a root that miscounts is told by verification, and harms nobody") {
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      auto record = s.record("b");
      record.length = record.root->length = 3;
      s.set_record("b", false, record);
    });
    check_finds(image, {"table \"b\"", "holds 200 entries where the root record counts 3"});
    Database database = open_device(FaultDevice::from_image(image));
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("b", kTextType, kBytesType);
      check_damaged([&] {
        for (int i = 0; i < 200; ++i) table.erase(as_bytes(key_of(i)));
      });
    }
    txn.abort();
    check_other_table(database);
  }
}

}  // namespace rdb::test
