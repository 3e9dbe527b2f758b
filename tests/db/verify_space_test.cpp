// Verification of what says which pages are free: allocator state, lists of freed pages,
// savepoints; and verification while the database is at work.
#include <atomic>
#include <thread>

#include "damaged_file.hpp"
#include "format/savepoint_record.hpp"
#include "page/allocator_codec.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"
#include "system_rows.hpp"

namespace rdb::test {
namespace {

using format::PageNumber;
using MutableBytes = std::span<std::byte>;

// A base page that is free in the stored state.
uint32_t free_page(ImageSurgeon& s) {
  uint32_t page = 0;
  s.edit_free_maps([&](auto& maps) { page = maps[0].lowest_free(0).value(); });
  return page;
}

const char* const kEngines[] = {"redb", "shodh"};

}  // namespace

TEST_SUITE("db/verify space") {
  TEST_CASE("a page recorded as used that holds nothing is found, read-only and open for writing") {
    PageNumber page;
    const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
      page = {0, free_page(s), 0};
      s.edit_free_maps([&](auto& maps) { maps[0].mark_used(page.index, 1); });
    });
    check_finds(image,
                {"stored allocator state",
                 "Page " + page.text() + " is recorded as in use and holds nothing.", page.bits()});
    const Database database = open_device(FaultDevice::from_image(image));
    const VerifyReport report = database.verify(VerifyLevel::full);
    CHECK_EQ(report.leaked_pages, 1);
    CHECK_EQ(report.problems.size(), 1);
    CHECK_EQ(report.problems[0].page, page.bits());
  }

  TEST_CASE("a page in use that is recorded as free is found; a full repair mends it") {
    PageNumber page;
    Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
      page = s.leaves(s.table("b"))[1];
      s.edit_free_maps([&](auto& maps) { maps[0].mark_free(page.first_base_page(), 1); });
    });
    check_finds(image, {"stored allocator state",
                        "Page " + page.text() + " is in use and recorded as free.", page.bits()});
    {
      const Database database = open_device(FaultDevice::from_image(image));
      CHECK_EQ(database.verify(VerifyLevel::full).problems.size(), 1);
    }
    edit_header(image, [](format::Header& header) { header.two_phase = false; });
    const Database database = open_device(FaultDevice::from_image(image));
    CHECK(database.recovery().full_repair);
    // The repaired allocator is right; what the file still holds is not.
    CHECK_EQ(describe(database.verify(VerifyLevel::full)),
             "stored allocator state: Page " + page.text() + " is in use and recorded as free.\n");
  }

  TEST_CASE("a stored state that contradicts itself is found, and why") {
    Image image = closed_image();
    Finding expected{"stored allocator state", ""};
    const std::string state(format::kAllocatorState.name);
    SUBCASE("a region") {
      image = damaged(image,
                      [&](ImageSurgeon& s) { system_row(s, state, 0).value[200] ^= std::byte{1}; });
      expected.what = "region row contradicts itself";
    }
    SUBCASE("a region of more pages than a region has") {
      image = damaged(image, [&](ImageSurgeon& s) {
        base::store_le32(&system_row(s, state, 0).value[4], 0x7fff'ffff);
      });
      expected.what = "impossible number of pages";
    }
    SUBCASE("region numbers with a gap") {
      image = damaged(image, [&](ImageSurgeon& s) {
        system_row(s, state, 0).key[1] = std::byte{1};
        const SurgeryTree tree = s.table(state, true);
        const auto [begin, end] =
            format::BranchView::parse(s.page(tree.root->page), tree.widths).key_range(0);
        REQUIRE_EQ(end - begin, 5);
        s.page(tree.root->page)[begin + 1] = std::byte{1};
      });
      expected.what = "the row of region 0 is missing";
    }
    SUBCASE("the tracker") {
      image = damaged(image,
                      [&](ImageSurgeon& s) { system_row(s, state, 1).value[0] = std::byte{20}; });
      expected.what = "region tracker has no table of 21 orders";
    }
    SUBCASE("the tracker hides free pages") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const MutableBytes tracker = system_row(s, state, 1).value;
        const std::optional<uint8_t> full[] = {std::nullopt};
        const auto encoded = page::encode_tracker(full);
        REQUIRE_EQ(encoded.size(), tracker.size());
        std::copy(encoded.begin(), encoded.end(), tracker.begin());
      });
      expected.what = "says that region 0 is full";
    }
    check_finds(image, expected);
    CHECK_EQ(open_device(FaultDevice::from_image(image)).verify(VerifyLevel::full).problems.size(),
             1);
  }

  TEST_CASE("a state of an earlier commit, or none, is believed by nobody and no problem") {
    const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
      system_row(s, std::string(format::kAllocatorState.name), 2).value[0] ^= std::byte{1};
      s.edit_free_maps([&](auto& maps) { maps[0].mark_used(maps[0].lowest_free(0).value(), 1); });
    });
    const Database database = open_device(FaultDevice::from_image(image));
    CHECK(database.recovery().full_repair);
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a freed page that is in use is found, with the table that uses it") {
    for (const std::string engine : kEngines) {
      for (const char* table : {"data_pages_unreachable", "system_pages_unreachable"}) {
        PageNumber page;
        const Image image = damaged(savepoint_image(engine), [&](ImageSurgeon& s) {
          page = s.table("extra").root->page;
          append(system_row(s, table, 0), page);
        });
        check_finds(image, {std::string("system table \"") + table + "\"",
                            "Page " + page.text() +
                                " is listed as freed and is in use by table "
                                "\"extra\".",
                            page.bits()});
      }
    }
  }

  TEST_CASE("a page freed twice is found, in one list or two") {
    for (const std::string engine : kEngines) {
      for (const bool same : {true, false}) {
        PageNumber page;
        const std::string to = same ? "data_pages_unreachable" : "system_pages_unreachable";
        const Image image = damaged(savepoint_image(engine), [&](ImageSurgeon& s) {
          page = listed(system_row(s, "data_pages_unreachable", 0))[1];
          append(system_row(s, to, 0), page);
        });
        check_finds(image, {"system table \"" + to + "\"",
                            "Page " + page.text() + " is listed as freed twice.", page.bits()});
      }
    }
  }

  TEST_CASE("spec 02 17.1: a list that counts past its end, and entries that cannot be") {
    PageNumber leaf;
    Image image = savepoint_image("shodh");
    std::string what;
    const std::string table = "data_pages_unreachable";
    SUBCASE("count") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SystemRow place = system_row(s, table, 0);
        leaf = place.leaf;
        base::store_le16(place.value.data(), 60'000);
      });
      what = "counts more pages than it lists";
    }
    SUBCASE("a page outside the file") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SystemRow place = system_row(s, table, 0);
        leaf = place.leaf;
        append(place, {7, 1, 0});
      });
      what = "lists a page outside the file";
    }
    SUBCASE("a page of an impossible order") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SystemRow place = system_row(s, table, 0);
        leaf = place.leaf;
        append(place, {0, 1, 0});
        const size_t last = 2 + 8 * (listed(place).size() - 1);
        place.value[last + 7] = std::byte{0xff};
      });
      what = "lists a page outside the file";
    }
    SUBCASE("a commit that has not been made") {
      image = damaged(image, [&](ImageSurgeon& s) {
        // The last row, so that the order of the keys still holds.
        const uint64_t rows = s.record(table, true).length;
        const SystemRow place = system_row(s, table, static_cast<uint32_t>(rows - 1));
        leaf = place.leaf;
        std::fill(place.key.begin(), place.key.begin() + 8, std::byte{0x77});
      });
      what = "of a commit that has not been made yet";
    }
    check_finds(image, {"system table \"" + table + "\"", what, leaf.bits()});
    // No page is freed on the strength of such a row: what the tables hold stays whole.
    const auto device = FaultDevice::from_image(image);
    Contents before;
    {
      Database database = open_device(device);
      before = contents_of_normal_tables(database);
      for (int i = 0; i < 3; ++i) {
        WriteTxn txn = database.begin_write();
        txn.open_table("new", kU64Type, kBytesType)
            .put(as_bytes(le64(5)), as_bytes(std::string(9000, 'n')));
        txn.commit();
      }
      database.close();
    }
    const Database database = open_device(device);
    Contents after = contents_of_normal_tables(database);
    CHECK_EQ(after.erase("new"), 1);
    CHECK(after == before);
  }

  TEST_CASE("rows of a page list out of order are found, in either byte order") {
    for (const std::string engine : kEngines) {
      PageNumber leaf;
      const std::string table = "system_pages_unreachable";
      const Image image = damaged(savepoint_image(engine), [&](ImageSurgeon& s) {
        REQUIRE(s.record(table, true).length >= 2);
        const SystemRow one = system_row(s, table, 0);
        const SystemRow other = system_row(s, table, 1);
        REQUIRE_EQ(one.leaf, other.leaf);
        leaf = one.leaf;
        std::swap_ranges(one.key.begin(), one.key.end(), other.key.begin());
      });
      check_finds(image, {"system table \"" + table + "\"", "out of order", leaf.bits()});
    }
  }

  TEST_CASE("a page listed as freed that is free already is found") {
    PageNumber page;
    const Image image = damaged(savepoint_image("shodh"), [&](ImageSurgeon& s) {
      page = listed(system_row(s, "data_pages_unreachable", 0))[0];
      s.edit_free_maps(
          [&](auto& maps) { maps[0].mark_free(page.first_base_page(), page.base_pages()); });
    });
    check_finds(image, {"stored allocator state", "is listed as freed and recorded as free already",
                        PageNumber{0, page.first_base_page(), 0}.bits()});
  }

  TEST_CASE("a page that a savepoint needs and nothing keeps is found") {
    for (const std::string engine : kEngines) {
      PageNumber page;
      const Image image = damaged(savepoint_image(engine), [&](ImageSurgeon& s) {
        // The savepoint's own catalog page, freed by a later commit.
        const auto record =
            format::SavepointRecord::parse(system_row(s, "persistent_savepoints", 0).value);
        page = record.user_root.value().page;
        const std::string table = "data_pages_unreachable";
        for (uint32_t i = 0; i < s.record(table, true).length; ++i) {
          const SystemRow place = system_row(s, table, i);
          std::vector<PageNumber> pages = listed(place);
          if (std::erase(pages, page) > 0) format::encode_page_list(place.value, pages);
        }
        s.edit_free_maps([&](auto& maps) { maps[0].mark_free(page.first_base_page(), 1); });
      });
      check_finds(image, {"savepoint 1", "is not kept for it", page.bits()});
    }
  }

  TEST_CASE("damage to the pages only a savepoint needs is found as the savepoint's") {
    for (const std::string engine : kEngines) {
      Image image = savepoint_image(engine);
      ImageSurgeon s(image);
      const auto record =
          format::SavepointRecord::parse(system_row(s, "persistent_savepoints", 0).value);
      const PageNumber page = record.user_root.value().page;
      image[s.layout().page_offset(page) + 40] ^= std::byte{1};
      check_finds(image, {"savepoint 1", "checksum differs", page.bits()});
    }
  }

  TEST_CASE("savepoint records that cannot be: each is one problem") {
    for (const std::string engine : kEngines) {
      const std::string table = "persistent_savepoints";
      const auto check = [&](const Finding& expected,
                             const std::function<void(const SystemRow&)>& edit) {
        Finding found = expected;
        check_finds(damaged(savepoint_image(engine),
                            [&](ImageSurgeon& s) {
                              const SystemRow place = system_row(s, table, 0);
                              found.page = place.leaf.bits();
                              edit(place);
                            }),
                    expected);
      };
      check({"system table \"" + table + "\"", "its version is 2"},
            [](const SystemRow& place) { place.value[0] = std::byte{2}; });
      check({"system table \"" + table + "\"", "neither 0 nor 1"},
            [](const SystemRow& place) { place.value[17] = std::byte{2}; });
      check({"savepoint 1", "key of another savepoint"},
            [](const SystemRow& place) { place.key[3] = std::byte{1}; });
      check({"savepoint 1", "It is of commit 1000, the newest is"},
            [](const SystemRow& place) { base::store_le64(&place.value[9], 1000); });
      check({"savepoint 1", "lies outside the file"},
            [](const SystemRow& place) { base::store_le64(&place.value[18], 0xf'ffff); });
    }
    const Image image = damaged(savepoint_image("shodh"), [](ImageSurgeon& s) {
      const SystemRow place = system_row(s, "next_savepoint_id", 0);
      std::fill(place.value.begin(), place.value.end(), std::byte{0});
    });
    check_finds(image, {"system table \"next_savepoint_id\"", "number that is taken"});
  }

  TEST_CASE("a page listed as allocated since the savepoint that is free is found") {
    for (const std::string engine : kEngines) {
      PageNumber page;
      const Image image = damaged(savepoint_image(engine), [&](ImageSurgeon& s) {
        page = {0, free_page(s), 0};
        append(system_row(s, "data_pages_allocated", 0), page);
      });
      check_finds(image,
                  {"system table \"data_pages_allocated\"",
                   "Page " + page.text() + " is listed as allocated and is free.", page.bits()});
    }
  }

  TEST_CASE("a system table of other types is found") {
    const Image image = damaged(closed_image(), [](ImageSurgeon& s) {
      s.edit_record("data_pages_unreachable", true, [](MutableBytes record) {
        replace_text(record, "redb::PageList", "redb::PageLost");
      });
    });
    check_finds(image, {"system table \"data_pages_unreachable\"", "types it must have"});
  }
}

TEST_SUITE("db/verify at work") {
  TEST_CASE("verification beside a writer and readers finds nothing, whatever is pending") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    const auto write = [&](uint64_t stamp) {
      WriteTxn txn = database.begin_write();
      txn.set_durability(stamp % 3 == 0 ? Durability::none : Durability::immediate);
      txn.set_quick_repair(stamp % 7 == 1);
      {
        Table table = txn.open_table("t", kU64Type, kBytesType);
        for (uint64_t i = 0; i < 300; ++i) {
          table.put(
              as_bytes(le64(i * 7 % 300)),
              as_bytes(std::string(20 + (i * stamp) % 900, static_cast<char>('a' + stamp % 26))));
        }
      }
      if (stamp % 5 == 4) {
        txn.abort();
      } else {
        txn.commit();
      }
    };
    write(1);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> wrong{0};
    std::thread reader([&] {
      while (!stop.load()) {
        const ReadTxn txn = database.begin_read();
        const Table table = txn.open_table("t", kU64Type, kBytesType);
        if (rows_of(table).size() != 300) ++wrong;
      }
    });
    std::thread writer([&] {
      for (uint64_t stamp = 2; !stop.load(); ++stamp) write(stamp);
    });
    std::string found;
    for (int i = 0; i < 40; ++i) {
      const auto level = i % 3 == 0 ? VerifyLevel::checksums : VerifyLevel::full;
      found += describe(database.verify(level));
    }
    stop.store(true);
    reader.join();
    writer.join();
    CHECK_EQ(found, "");
    CHECK_EQ(wrong.load(), 0);
    CHECK_VERIFIES(database);
  }

  // Spec 02 section 17.1 and spec 01 section 11.1: the hold belongs to the commit that is walked,
  // not to a newer one that is not durable.
  TEST_CASE("spec 02 17.1: the commit under verification keeps its pages") {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    const auto write = [&](Durability durability, char letter) {
      WriteTxn txn = database.begin_write();
      txn.set_durability(durability);
      {
        Table table = txn.open_table("t", kU64Type, kBytesType);
        for (uint64_t i = 0; i < 3000; ++i) {
          table.put(as_bytes(le64(i)), as_bytes(std::string(1000, letter)));
        }
      }
      txn.commit();
    };
    write(Durability::immediate, 'a');
    write(Durability::none, 'b');
    struct WriteMeanwhile final : ProgressSink {
      std::function<void()> act;
      int calls = 0;
      bool progress(uint64_t, uint64_t) override {
        if (calls++ == 0) act();
        return true;
      }
    } meanwhile;
    // Made durable, and freed, and written over, while the walk has only begun.
    meanwhile.act = [&] {
      for (const char letter : {'c', 'd', 'e', 'f'}) write(Durability::immediate, letter);
    };
    const VerifyReport report = database.verify(VerifyLevel::full, &meanwhile);
    CHECK(meanwhile.calls > 0);
    CHECK_EQ(describe(report), "");
    CHECK_VERIFIES(database);
  }

  TEST_CASE("a cancelled verification throws, holds nothing back and leaves the database usable") {
    const auto device = FaultDevice::from_image(savepoint_image("shodh"));
    Database database = open_device(device);
    const uint64_t live = database.stats().live_readers;
    CancelToken token;
    struct CancelLater final : ProgressSink {
      CancelToken* token = nullptr;
      bool stop = false;
      bool progress(uint64_t, uint64_t) override {
        if (token != nullptr) token->cancel();
        return !stop;
      }
    } sink;
    SUBCASE("by its token, on the way") { sink.token = &token; }
    SUBCASE("by its progress callback") { sink.stop = true; }
    CHECK_THROWS_CODE(database.verify(VerifyLevel::full, &sink, &token), ErrorCode::cancelled);
    CHECK_EQ(database.stats().live_readers, live);
    WriteTxn txn = database.begin_write();
    txn.open_table("extra", kU64Type, kBytesType).put(as_bytes(le64(2)), as_bytes("two"));
    txn.commit();
    CHECK_VERIFIES(database);
    database.close();
  }

  TEST_CASE("a page that cannot be read is a problem, and the check goes on") {
    Image image = closed_image();
    const auto device = FaultDevice::from_image(image);
    OpenOptions options;
    options.mode = OpenMode::read_only;
    const Database database = open_device(device, options);
    FaultPlan plan;
    plan.fail_read_at = device->read_count() + 6;
    device->set_plan(plan);
    const VerifyReport report = database.verify(VerifyLevel::full);
    REQUIRE_EQ(report.problems.size(), 1);
    CHECK(report.problems[0].page != Error::kNoPosition);
    CHECK(report.entries_checked > 3000);
  }

  TEST_CASE("a file whose newest commit is damaged can be looked at as it is") {
    const auto device = std::make_shared<FaultDevice>();
    Image image;
    {
      Database database = open_device(device);
      for (const char* value : {"1", "2"}) {
        WriteTxn txn = database.begin_write();
        txn.open_table("t", kTextType, kBytesType).put(as_bytes("k"), as_bytes(value));
        txn.commit();
      }
      image = device->crash_image(CrashMode::durable);
    }
    ImageSurgeon s(image);
    const PageNumber page = s.table("t").root->page;
    image[s.layout().page_offset(page) + 8] ^= std::byte{1};
    check_finds(image, {"table \"t\"", "checksum differs", page.bits()});
    // Without the option the commit before it is opened, and is whole.
    OpenOptions options;
    options.mode = OpenMode::read_only;
    const Database database = open_device(FaultDevice::from_image(image), options);
    CHECK(database.recovery().used_older_commit);
    CHECK_VERIFIES(database);
  }
}

}  // namespace rdb::test
