// Verification of sound files: those of the Rust engines, closed and crashed, and rdb's own.
#include "contents.hpp"
#include "golden_files.hpp"
#include "support.hpp"

namespace rdb::test {

TEST_SUITE("db/verify sound files") {
  TEST_CASE("every file of the Rust engines has no problem, read-only and after recovery") {
    const std::vector<std::string> names = golden_names();
    REQUIRE(names.size() >= 10);
    for (const std::string& name : names) {
      CAPTURE(name);
      const std::vector<std::byte> image = golden_image(name);
      for (const OpenMode mode : {OpenMode::read_only, OpenMode::existing}) {
        CAPTURE(static_cast<int>(mode));
        OpenOptions options;
        options.mode = mode;
        const auto device = FaultDevice::from_image(image);
        const Database database = open_device(device, options);
        const VerifyReport report = database.verify(VerifyLevel::full);
        CHECK_VERIFIES(database);
        CHECK(report.tables_checked > 4);
        CHECK(report.entries_checked > 50);
        CHECK(device->live_image() == image);
      }
    }
  }

  TEST_CASE("rdb's own files have no problem: open, crashed, recovered and closed") {
    for (const char* kind :
         {"plain", "regions", "mirror", "redb keys", "quick repair", "pending"}) {
      CAPTURE(kind);
      const std::string name = kind;
      OpenOptions options;
      if (name == "regions") options.region_pages = 64;
      options.eof_mirror = name == "mirror";
      if (name == "redb keys") options.key_profile = KeyProfile::redb;
      const auto device = std::make_shared<FaultDevice>();
      std::vector<std::byte> crashed;
      {
        Database database = open_device(device, options);
        CHECK_VERIFIES(database);
        const ReadTxn reader = database.begin_read();
        for (uint64_t round = 0; round < 6; ++round) {
          WriteTxn txn = database.begin_write();
          txn.set_quick_repair(name == "quick repair");
          if (name == "pending" && round % 2 == 1) txn.set_durability(Durability::none);
          {
            Table table = txn.open_table(std::string("t").append(std::to_string(round % 2)),
                                         kU64Type, kBytesType);
            for (uint64_t i = 0; i < 200; ++i) {
              table.put(as_bytes(le64(i * 31 % 200)),
                        as_bytes(std::string(i * round * 7 % 5000, 'x')));
            }
          }
          if (round == 4) txn.delete_table("t1");
          txn.commit();
          CHECK_VERIFIES(database);
        }
        crashed = device->crash_image(CrashMode::durable);
      }
      for (const std::vector<std::byte>& image : {device->live_image(), crashed}) {
        for (const OpenMode mode : {OpenMode::read_only, OpenMode::create}) {
          options.mode = mode;
          const Database database = open_device(FaultDevice::from_image(image), options);
          CHECK_EQ(database.recovery().clean, image != crashed);
          CHECK_VERIFIES(database);
        }
      }
    }
  }
}

}  // namespace rdb::test
