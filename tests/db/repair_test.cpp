// Full repair: which pages it keeps for savepoints and history, whatever the lists of freed pages
// say, and the counts it corrects (spec 01 sections 4.3, 7.4, 11.3).
#include "damaged_file.hpp"
#include "format/history_snapshot.hpp"
#include "format/savepoint_record.hpp"
#include "format/txn_page_key.hpp"
#include "image_trees.hpp"
#include "system_rows.hpp"

namespace rdb::test {
namespace {

using format::PageNumber;

const char* const kEngines[] = {"redb", "shodh"};
const std::string kFreed = "data_pages_unreachable";
const std::string kSavepoints = "persistent_savepoints";

// The image as if the power had gone before it was closed: nothing stored about free pages counts.
Image unclean(Image image) {
  edit_header(image, [](format::Header& header) {
    header.recovery_required = true;
    header.two_phase = false;
  });
  return image;
}

format::SavepointRecord savepoint(ImageSurgeon& s) {
  return format::SavepointRecord::parse(system_row(s, kSavepoints, 0).value);
}

// The row of freed pages, and the place in it, of the root of the savepoint: a page that nothing
// else needs.
struct FreedPage {
  SystemRow row;
  size_t place;
  PageNumber page;
};
FreedPage freed_page(ImageSurgeon& s) {
  const PageNumber page = savepoint(s).user_root.value().page;
  for (uint32_t i = 0; i < s.record(kFreed, true).length; ++i) {
    const SystemRow row = system_row(s, kFreed, i);
    const std::vector<PageNumber> pages = listed(row);
    const auto found = std::find(pages.begin(), pages.end(), page);
    if (found != pages.end()) return {row, static_cast<size_t>(found - pages.begin()), page};
  }
  throw std::logic_error("the savepoint's root is not listed");
}

void spoil_entry(const FreedPage& freed) {
  freed.row.value[2 + 8 * freed.place + 7] = std::byte{0xff};  // an impossible order
}

void flip_page(Image& image, PageNumber page) {
  image[ImageSurgeon(image).layout().page_offset(page) + 40] ^= std::byte{1};
}

std::string notes_of(const Database& database) {
  std::string text;
  for (const std::string& note : database.recovery().notes) text += note + "\n";
  return text;
}

// Commits that take free pages.
void work(Database& database) {
  for (uint64_t i = 0; i < 20; ++i) {
    WriteTxn txn = database.begin_write();
    txn.open_table("new", kU64Type, kBytesType)
        .put(as_bytes(le64(i % 5)), as_bytes(std::string(9000, 'n')));
    txn.commit();
  }
}

// Opens with a full repair that says note, works, closes; nothing is wrong then, nothing leaked.
Image repaired(const Image& image, const std::string& note) {
  const auto device = FaultDevice::from_image(image);
  {
    Database database = open_device(device);
    CHECK(database.recovery().full_repair);
    const std::string notes = notes_of(database);
    CAPTURE(notes);
    CHECK(notes.find(note) != std::string::npos);
    CHECK_VERIFIES(database);
    work(database);
    CHECK_VERIFIES(database);
    database.close();
  }
  const Database database = open_device(device);
  CHECK(database.recovery().clean);
  CHECK_VERIFIES(database);
  return device->live_image();
}

// Free pages are only those by which the file has grown since.
void check_nothing_reused(const Database& database, const Image& image) {
  const DatabaseStats stats = database.stats();
  CHECK(stats.free_pages * stats.page_bytes <= stats.file_bytes - image.size());
}

// What verification finds without writing.
std::string findings(const Image& image) {
  OpenOptions options;
  options.mode = OpenMode::read_only;
  options.accept_damage = true;
  return describe(open_device(FaultDevice::from_image(image), options).verify(VerifyLevel::full));
}

// Table "b" says that it has three rows.
void miscount(ImageSurgeon& s) {
  auto record = s.record("b");
  record.length = record.root->length = 3;
  s.set_record("b", false, record);
}

// A crashed file with a history snapshot of its first commit, whose pages no list names.
Image history_image(PageNumber& only_old) {
  const auto device = std::make_shared<FaultDevice>();
  const auto put_rows = [](Database& database, char value) {
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("t", kU64Type, kBytesType);
      for (uint64_t i = 0; i < 300; ++i) {
        table.put(as_bytes(le64(i)), as_bytes(std::string(100, value)));
      }
    }
    txn.commit();
  };
  Database database = open_device(device);
  put_rows(database, 'a');
  Image first = device->crash_image(CrashMode::durable);
  const format::CommitSlot old = ImageSurgeon(first).commit();
  const ReadTxn reader = database.begin_read();
  put_rows(database, 'b');
  Image image = device->crash_image(CrashMode::durable);

  const std::string name(format::kTransactionHistory.name);
  ImageSurgeon s(image);
  format::TableRecord record;
  record.key_type = format::kTransactionHistory.key_type_name();
  record.value_type = format::kTransactionHistory.value_type_name();
  record.widths = format::kTransactionHistory.widths;
  format::LeafEditor catalog(s.page(s.catalog(true).root.value().page), format::kVariableWidths);
  const uint32_t rows = catalog.size();
  REQUIRE(as_text(catalog.view().key(rows - 1)) < name);
  catalog.insert(rows, as_bytes(name), record.encode());
  ++s.commit().system_root.value().length;
  s.seal();
  format::HistorySnapshot snapshot;
  snapshot.user_root = old.user_root;
  const auto value = snapshot.encode();
  const std::string key = le64(old.txn_id);
  const format::LeafEntry entry{as_bytes(key), value};
  set_only_leaf(image, Catalog::system, name, {&entry, 1});
  ImageSurgeon grown(image);
  record = grown.record(name, true);
  record.length = 1;
  grown.set_record(name, true, record);
  grown.seal();
  only_old = old.user_root.value().page;
  return unclean(image);
}

}  // namespace

TEST_SUITE("db/repair") {
  TEST_CASE("a savepoint keeps its pages when the list that names them is damaged") {
    for (const std::string engine : kEngines) {
      CAPTURE(engine);
      std::string note = "pages that savepoints or history snapshots need were not listed";
      Image image = savepoint_image(engine);
      SUBCASE("an entry cannot be read") {
        image = damaged(image, [](ImageSurgeon& s) { spoil_entry(freed_page(s)); });
      }
      SUBCASE("the count is too large") {
        image = damaged(image, [](ImageSurgeon& s) {
          base::store_le16(freed_page(s).row.value.data(), 60'000);
        });
      }
      SUBCASE("the list is empty") {
        image = damaged(
            image, [](ImageSurgeon& s) { base::store_le16(freed_page(s).row.value.data(), 0); });
      }
      SUBCASE("of a commit before the savepoint, which would free them") {
        image = damaged(image, [&](ImageSurgeon& s) {
          const SystemRow row = freed_page(s).row;
          const auto profile = engine == "shodh" ? KeyProfile::shodh : KeyProfile::redb;
          format::TxnPageKey key = format::TxnPageKey::decode(row.key.data(), profile);
          key.txn_id = savepoint(s).txn_id;
          key.encode(row.key.data(), profile);
        });
        note = "pages listed as freed are in use";
      }
      repaired(unclean(image), note);
    }
  }

  TEST_CASE("a page list without damage stays as it is") {
    for (const std::string engine : kEngines) {
      const Database database =
          open_device(FaultDevice::from_image(unclean(savepoint_image(engine))));
      CHECK(database.recovery().full_repair);
      CHECK_EQ(notes_of(database), std::string());
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("spec 01 4.3: a malformed row stays until a full repair, which lists its pages anew") {
    for (const std::string engine : kEngines) {
      const Image image =
          damaged(savepoint_image(engine), [](ImageSurgeon& s) { spoil_entry(freed_page(s)); });
      const std::string before = findings(image);
      CHECK(before.find("A row lists a page outside the file.") != std::string::npos);
      const auto device = FaultDevice::from_image(image);
      {
        Database database = open_device(device);
        CHECK_FALSE(database.recovery().full_repair);
        work(database);
        database.close();
      }
      CHECK_EQ(findings(device->live_image()), before);
      repaired(unclean(device->live_image()), "were not listed");
    }
  }

  TEST_CASE("spec 01 11.3: a row of a commit that has not been made stays until a full repair") {
    for (const std::string engine : kEngines) {
      const Image image = damaged(savepoint_image(engine), [](ImageSurgeon& s) {
        // The last row, so that the order of the keys still holds.
        const auto rows = static_cast<uint32_t>(s.record(kFreed, true).length);
        const SystemRow row = system_row(s, kFreed, rows - 1);
        std::fill_n(row.key.begin(), 8, std::byte{0x77});
      });
      const std::string before = findings(image);
      CHECK(before.find("of a commit that has not been made yet") != std::string::npos);
      const auto device = FaultDevice::from_image(image);
      {
        Database database = open_device(device);
        work(database);
        database.close();
      }
      CHECK_EQ(findings(device->live_image()), before);
      repaired(unclean(device->live_image()), "is malformed");
    }
  }

  TEST_CASE("no page is reused while neither a savepoint nor the lists tell what it needs") {
    for (const std::string engine : kEngines) {
      PageNumber page;
      Image image = damaged(savepoint_image(engine), [&](ImageSurgeon& s) {
        const FreedPage freed = freed_page(s);
        page = freed.page;
        spoil_entry(freed);
      });
      flip_page(image, page);
      const std::string before = findings(image);
      const auto device = FaultDevice::from_image(unclean(image));
      Contents contents;
      {
        Database database = open_device(device);
        CHECK(notes_of(database).find("savepoint 1 is damaged: page " + page.text()) !=
              std::string::npos);
        CHECK(notes_of(database).find("no page of the file is reused") != std::string::npos);
        check_nothing_reused(database, image);
        work(database);
        contents = contents_of_normal_tables(database);
        database.close();
      }
      CHECK_EQ(findings(device->live_image()), before);
      // Nor later: the row is still there.
      Database database = open_device(FaultDevice::from_image(unclean(device->live_image())));
      check_nothing_reused(database, device->live_image());
      CHECK(contents_of_normal_tables(database) == contents);
    }
  }

  TEST_CASE("a damaged savepoint keeps what the lists name") {
    for (const std::string engine : kEngines) {
      Image image = savepoint_image(engine);
      SUBCASE("its record") {
        image = damaged(
            image, [](ImageSurgeon& s) { system_row(s, kSavepoints, 0).value[0] = std::byte{2}; });
      }
      SUBCASE("its root outside the file") {
        image = damaged(image, [](ImageSurgeon& s) {
          system_row(s, kSavepoints, 0).value[18 + 3] ^= std::byte{0x10};
        });
      }
      const auto device = FaultDevice::from_image(unclean(image));
      {
        Database database = open_device(device);
        CHECK(notes_of(database).find("nothing it could need is reused") != std::string::npos);
        work(database);
        database.close();
      }
      // The record made whole again finds all of its pages.
      Image whole = savepoint_image(engine);
      ImageSurgeon from(whole);
      const SystemRow original = system_row(from, kSavepoints, 0);
      const Image mended = damaged(device->live_image(), [&](ImageSurgeon& s) {
        const SystemRow row = system_row(s, kSavepoints, 0);
        std::copy(original.value.begin(), original.value.end(), row.value.begin());
      });
      CHECK_EQ(findings(mended), std::string());
    }
  }

  TEST_CASE("a history snapshot keeps pages that no list names") {
    PageNumber page;
    const Image image = history_image(page);
    const Image after = repaired(image, "need were not listed");
    SUBCASE("and when it is damaged itself, the file opens") {
      Image spoiled = image;
      flip_page(spoiled, page);
      Database database = open_device(FaultDevice::from_image(spoiled));
      CHECK(notes_of(database).find("history snapshot 2 is damaged") != std::string::npos);
      CHECK_EQ(database.begin_read().find_table("t")->entries, 300);
    }
  }

  TEST_CASE("spec 01 0907070a: a full repair counts tables and catalogs anew") {
    Image image = closed_image();
    std::string note =
        "The records of 1 tables counted otherwise than their trees, the first of "
        "table \"b\", which has 200 entries.";
    SUBCASE("the root of a table") { image = damaged(image, miscount); }
    SUBCASE("the record of a table") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("b");
        record.length = 201;
        s.set_record("b", false, record);
      });
    }
    SUBCASE("a system table") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("allocator_state", true);
        record.length = record.root->length = 77;
        s.set_record("allocator_state", true, record);
      });
      note = "the first of table \"allocator_state\", which has 3 entries.";
    }
    SUBCASE("a catalog") {
      image = damaged(image, [](ImageSurgeon& s) { s.commit().user_root->length = 4; });
      note = "The catalog of user tables holds 3 tables where its root record counts 4.";
    }
    CHECK_FALSE(findings(image).empty());
    // What the repair counted is in the file before anybody has written.
    const auto device = FaultDevice::from_image(unclean(image));
    {
      Database database = open_device(device);
      CHECK_EQ(database.begin_read().find_table("b")->entries, 200);
      const Image crashed = device->crash_image(CrashMode::durable);
      CHECK_EQ(findings(crashed), std::string());
      const Database again = open_device(FaultDevice::from_image(crashed));
      CHECK_EQ(notes_of(again), std::string());
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("b", kTextType, kBytesType);
        for (int i = 0; i < 200; ++i) table.erase(as_bytes("key " + std::to_string(i)));
        CHECK_EQ(rows_of(table).size(), 0);
      }
      txn.commit();
    }
    repaired(unclean(image), note);
  }

  TEST_CASE("a full repair counts multimaps anew, with their subtrees") {
    Image image = subtree_image();
    SUBCASE("keys") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("many");
        record.root->length = 3;
        s.set_record("many", false, record);
      });
    }
    SUBCASE("values") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("many");
        record.length = 2;
        s.set_record("many", false, record);
      });
    }
    SUBCASE("a subtree") {
      image = damaged(image, [](ImageSurgeon& s) {
        const SurgeryTree outer = s.table("many");
        base::store_le64(&s.value(outer.root->page, 0, outer.widths)[25], 399);
      });
    }
    CHECK_FALSE(findings(image).empty());
    repaired(unclean(image), "the first of table \"many\", which has 2 entries.");
  }

  TEST_CASE("a read-only repair tells wrong counts and leaves them") {
    const Image image = unclean(damaged(closed_image(), miscount));
    const auto device = FaultDevice::from_image(image);
    OpenOptions options;
    options.mode = OpenMode::read_only;
    const Database database = open_device(device, options);
    CHECK(notes_of(database).find("the first of table \"b\"") != std::string::npos);
    CHECK(device->live_image() == image);
  }
}

}  // namespace rdb::test
