// Opening: each row of spec 01 section 7.3, produced by editing the bytes of a file; creation; the
// mirror; what a read-only open leaves alone.
#include <algorithm>
#include <optional>

#include "contents.hpp"
#include "image_edit.hpp"
#include "rdb/cancel.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kNewFileBytes = 258 * kPage;

OpenOptions with_mode(OpenMode mode) {
  OpenOptions options;
  options.mode = mode;
  return options;
}

OpenOptions with_mirror() {
  OpenOptions options;
  options.eof_mirror = true;
  return options;
}

void put(Database& database, const std::string& key, const std::string& value,
         bool two_phase = false, bool quick_repair = false) {
  WriteTxn txn = database.begin_write();
  txn.set_two_phase_commit(two_phase);
  txn.set_quick_repair(quick_repair);
  {
    Table table = txn.open_table("t", kTextType, kBytesType);
    table.put(as_bytes(key), as_bytes(value));
    // Enough that a root is a branch.
    for (int i = 0; i < 60; ++i) {
      table.put(as_bytes("filler " + std::to_string(i)), as_bytes(key + std::string(100, 'f')));
    }
  }
  txn.commit();
}

std::string get(const Database& database, const std::string& key) {
  const ReadTxn txn = database.begin_read();
  if (!txn.find_table("t")) return "(none)";
  const auto value = txn.open_table("t", kTextType, kBytesType).get(as_bytes(key));
  return value ? std::string(as_text(value->bytes())) : "(none)";
}

// "a" = 1 and then "a" = 2, closed cleanly.
Image clean_image(const OpenOptions& options = {}) {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device, options);
  put(database, "a", "1");
  put(database, "a", "2");
  database.close();
  return device->live_image();
}

enum class LastCommit { one_phase, two_phase, quick_repair };

// The same, left open; the last commit of the given kind.
Image unclean_image(LastCommit last, const OpenOptions& options = {}) {
  const auto device = std::make_shared<FaultDevice>();
  Database database = open_device(device, options);
  put(database, "a", "1");
  put(database, "a", "2", last == LastCommit::two_phase, last == LastCommit::quick_repair);
  return device->crash_image(CrashMode::durable);
}

// Offset of the checksum of the primary or secondary slot.
size_t slot_checksum(const Image& image, bool primary, size_t header_at = 0) {
  const int index = (std::to_integer<int>(image[header_at + 9]) & 1) ^ (primary ? 0 : 1);
  return header_at + format::kSlotOffset[index] + 112;
}

void flip(Image& image, size_t offset) { image[offset] ^= std::byte{0x40}; }

Database open_image(const Image& image, const OpenOptions& options = {}) {
  return open_device(FaultDevice::from_image(image), options);
}

// Opens, finds "a" as expected, is whole, takes a commit, closes and opens cleanly.
RecoveryReport check_opens(const Image& image, const std::string& expected,
                           const OpenOptions& options = {}) {
  const auto device = FaultDevice::from_image(image);
  RecoveryReport report;
  {
    Database database = open_device(device, options);
    report = database.recovery();
    CHECK_EQ(get(database, "a"), expected);
    put(database, "b", "3");
    CHECK_VERIFIES(database);
    database.close();
  }
  const Database database = open_device(device, options);
  CHECK(database.recovery().clean);
  CHECK_EQ(get(database, "a"), expected);
  CHECK_EQ(get(database, "b"), "3");
  CHECK_VERIFIES(database);
  return report;
}

void check_refuses(const Image& image, ErrorCode code, const OpenOptions& options = {}) {
  const auto device = FaultDevice::from_image(image);
  CHECK_THROWS_CODE(open_device(device, options), code);
  CHECK(device->live_image() == image);  // a refused file is left as it was
}

uint64_t root_page_offset(const Image& image, bool last) {
  const format::Header header = header_of(image);
  const int slot = last ? header.primary : 1 - header.primary;
  return header.layout.page_offset(header.slot(slot).user_root.value().page);
}

uint64_t last_root_page_offset(const Image& image) { return root_page_offset(image, true); }

// Both slots get this version; blank slots of version 1 and 2 have other fields, which nobody
// reads.
void set_versions(Image& image, std::byte version) {
  for (size_t slot : format::kSlotOffset) {
    image[slot] = version;
    const base::Checksum sum = base::checksum(Bytes(image).subspan(slot, 112));
    sum.encode(image.data() + slot + 112);
  }
}

}  // namespace

TEST_SUITE("db/open") {
  TEST_CASE("spec 01 12.1: a new file with mirror has the golden header and 1057088 bytes") {
    const auto device = std::make_shared<FaultDevice>();
    const Database database = open_device(device, with_mirror());
    Image image = device->live_image();
    CHECK_EQ(image.size(), 1057088);
    const std::string fixed_part =
        "726564621a0aa90d0a070000001000000000000000001000000000000101000000000000000000000000000000"
        "00000000000000000000000000000000000000";
    CHECK_EQ(hex(Bytes(image).first(64)), fixed_part);
    const std::string zeros(128 * 2, '0');
    std::string slot0 = zeros;
    slot0.replace(0, 2, "03");
    slot0.replace(224, 32, "1a6ab5ef61d1808d072c039386fbbc3f");
    CHECK_EQ(hex(Bytes(image).subspan(64, 128)), slot0);
    std::string slot1 = zeros;
    slot1.replace(0, 2, "03");
    slot1.replace(208, 2, "01");
    slot1.replace(224, 32, "df1543f4d8ab0df747fd5796f08decbf");
    CHECK_EQ(hex(Bytes(image).subspan(192, 128)), slot1);
    // The mirror says what the header said before the session began.
    CHECK_EQ(hex(Bytes(image).subspan(258 * kPage, 10)), "6d6564621a0aa90d0a05");
    CHECK(std::equal(image.begin() + 10, image.begin() + 320, image.begin() + 258 * kPage + 10));
    // The rest of page zero stays zero.
    CHECK(std::all_of(image.begin() + 320, image.begin() + kPage,
                      [](std::byte b) { return b == std::byte{0}; }));
  }

  TEST_CASE("a new file without mirror is whole pages long") {
    const auto device = std::make_shared<FaultDevice>();
    const Database database = open_device(device);
    CHECK_EQ(device->live_image().size(), kNewFileBytes);
    CHECK(database.recovery().clean);
    CHECK_EQ(database.begin_read().list_tables().size(), 0);
  }

  TEST_CASE("an empty file is created in mode create only") {
    check_refuses({}, ErrorCode::format, with_mode(OpenMode::existing));
    check_refuses({}, ErrorCode::format, with_mode(OpenMode::read_only));
    CHECK_NOTHROW(open_image({}));
  }

  TEST_CASE("a creation that lost power is created anew; modes that create nothing refuse it") {
    Image image;
    SUBCASE("before its first header write: zeros") { image.assign(kNewFileBytes, std::byte{0}); }
    SUBCASE("between its header writes") {
      const auto device = std::make_shared<FaultDevice>();
      FaultPlan plan;
      plan.stop_at = 3;  // resize, write, sync, then the second write
      device->set_plan(plan);
      CHECK_THROWS_CODE(open_device(device), ErrorCode::io);
      image = device->crash_image(CrashMode::durable);
      REQUIRE_EQ(image.size(), kNewFileBytes);
      REQUIRE_EQ(image[0], std::byte{0});
      REQUIRE_EQ(image[9], std::byte{4});
    }
    SUBCASE("inside a header write") {
      const auto device = std::make_shared<FaultDevice>();
      FaultPlan plan;
      plan.torn_sectors = kNever;
      size_t begin = 0;
      size_t end = format::kHeaderBytes;
      SUBCASE("the front of the first") { plan.stop_at = 1, end = 20; }
      SUBCASE("the back of the first") { plan.stop_at = 1, begin = 70; }
      SUBCASE("the front of the second: half a magic") { plan.stop_at = 3, end = 5; }
      SUBCASE("the back of the second: half a slot") { plan.stop_at = 3, begin = 300; }
      device->set_plan(plan);
      CHECK_THROWS_CODE(open_device(device), ErrorCode::io);
      image = device->crash_image_torn(true, begin, end);
    }
    check_refuses(image, ErrorCode::format, with_mode(OpenMode::existing));
    check_refuses(image, ErrorCode::format, with_mode(OpenMode::read_only));
    check_opens(image, "(none)");
  }

  TEST_CASE("zeros that no creation leaves are not overwritten") {
    Image longer(kNewFileBytes + kPage, std::byte{0});
    check_refuses(longer, ErrorCode::format);
    Image with_content(kNewFileBytes, std::byte{0});
    with_content[500'000] = std::byte{1};
    check_refuses(with_content, ErrorCode::format);
    Image with_other_header(kNewFileBytes, std::byte{0});
    with_other_header[100] = std::byte{1};
    check_refuses(with_other_header, ErrorCode::format);
    Image without_magic = clean_image();
    std::fill_n(without_magic.begin(), 9, std::byte{0});
    check_refuses(without_magic, ErrorCode::format);
  }

  TEST_CASE("files that are no database are refused and left alone") {
    check_refuses(bytes_of("short"), ErrorCode::format);
    Image text(5000, std::byte{'x'});
    check_refuses(text, ErrorCode::format);
    for (size_t i = 0; i < 9; ++i) {
      Image image = clean_image();
      flip(image, i);
      check_refuses(image, ErrorCode::format);
    }
  }

  TEST_CASE("R=0, primary and state valid: opens without a repair") {
    const Image image = clean_image();
    const RecoveryReport report = check_opens(image, "2");
    CHECK(report.clean);
    CHECK_FALSE(report.full_repair);
    CHECK(report.notes.empty());
  }

  TEST_CASE("R=0, no 2P bit: the state is not believed, full repair") {
    Image image = clean_image();
    edit_header(image, [](format::Header& header) { header.two_phase = false; });
    CHECK(check_opens(image, "2").full_repair);
  }

  TEST_CASE(
      "spec 01 11.1, 1647529: R=0, primary damaged: the other slot, fully verified, and it is "
      "told") {
    Image image = clean_image();
    flip(image, slot_checksum(image, true));
    // The closing commit freed pages of the commit before, so that one may or may not be whole;
    // here nothing was written into them.
    const RecoveryReport report = check_opens(image, "2");
    CHECK_FALSE(report.clean);
    CHECK(report.full_repair);
    CHECK(report.used_older_commit);
    CHECK_FALSE(report.notes.empty());
  }

  TEST_CASE("spec 01 11.2: R=0, secondary damaged: no matter, whatever its version byte") {
    Image image = clean_image();
    flip(image, slot_checksum(image, false));
    SUBCASE("checksum") {}
    SUBCASE("version byte") { image[slot_checksum(image, false) - 112] = std::byte{200}; }
    SUBCASE("an old version byte") { image[slot_checksum(image, false) - 112] = std::byte{2}; }
    CHECK(check_opens(image, "2").clean);
  }

  TEST_CASE("spec 01 11.2: both slots damaged: the mirror, fully verified; without one corrupted") {
    Image image = clean_image(with_mirror());
    Image without = clean_image();
    for (bool primary : {true, false}) {
      flip(image, slot_checksum(image, primary));
      flip(without, slot_checksum(without, primary));
    }
    check_refuses(without, ErrorCode::corrupted);
    bool mirror_wanted = false;
    SUBCASE("kept") { mirror_wanted = true; }
    SUBCASE("cut off afterwards") {}
    const OpenOptions options = mirror_wanted ? with_mirror() : OpenOptions{};
    const RecoveryReport report = check_opens(image, "2", options);
    CHECK(report.used_mirror);
    CHECK(report.full_repair);
    CHECK_FALSE(report.clean);
  }

  TEST_CASE("both slots damaged and a mirror that is damaged too: corrupted") {
    Image image = clean_image(with_mirror());
    const size_t mirror = image.size() - format::kHeaderBytes;
    for (bool primary : {true, false}) flip(image, slot_checksum(image, primary));
    SUBCASE("its slots") {
      for (bool primary : {true, false}) flip(image, slot_checksum(image, primary, mirror));
    }
    SUBCASE("its magic") { flip(image, mirror); }
    SUBCASE("its geometry") { flip(image, mirror + 20); }
    const auto device = FaultDevice::from_image(image);
    CHECK_THROWS_CODE(open_device(device), ErrorCode::corrupted);
    CHECK(device->live_image() == image);
  }

  TEST_CASE("a file with mirror opens without the option, which cuts the mirror off") {
    const Image image = clean_image(with_mirror());
    REQUIRE_EQ(image.size() % kPage, format::kHeaderBytes);
    const auto device = FaultDevice::from_image(image);
    {
      Database database = open_device(device);
      CHECK(database.recovery().clean);
      put(database, "b", "3");
      database.close();
    }
    CHECK_EQ(device->live_image().size() % kPage, 0);
    check_opens(device->live_image(), "2");
  }

  TEST_CASE("spec 01 11.2: a tail that is no mirror is ignored and cut off") {
    for (bool clean : {true, false}) {
      for (bool garbage : {true, false}) {
        for (size_t tail : {size_t{1}, size_t{320}, size_t{4095}}) {
          CAPTURE(clean);
          CAPTURE(garbage);
          CAPTURE(tail);
          Image image = clean ? clean_image() : unclean_image(LastCommit::one_phase);
          image.resize(image.size() + tail, garbage ? std::byte{0xa5} : std::byte{0});
          const RecoveryReport report = check_opens(image, "2");
          CHECK_FALSE(report.clean);
          const auto device = FaultDevice::from_image(image);
          Database database = open_device(device);
          put(database, "c", "4");
          database.close();
          CHECK_EQ(device->live_image().size() % kPage, 0);
        }
      }
    }
  }

  TEST_CASE("spec 01 11.2, C4: a mirror torn to zeros or cut short is no obstacle") {
    Image image = unclean_image(LastCommit::one_phase, with_mirror());
    REQUIRE_EQ(image.size() % kPage, format::kHeaderBytes);
    SUBCASE("zeros") { std::fill(image.end() - 320, image.end(), std::byte{0}); }
    SUBCASE("half of it") { image.resize(image.size() - 160); }
    SUBCASE("none of it") { image.resize(image.size() - 320); }
    check_opens(image, "2", with_mirror());
    check_opens(image, "2");
  }

  TEST_CASE("extra pages behind the layout are free pages") {
    for (bool clean : {true, false}) {
      CAPTURE(clean);
      Image image = clean ? clean_image() : unclean_image(LastCommit::one_phase);
      image.resize(image.size() + 20 * kPage, std::byte{0x77});
      check_opens(image, "2");
    }
  }

  TEST_CASE("R=1, 2P=0: the newer slot whose trees are whole") {
    const Image image = unclean_image(LastCommit::one_phase);
    REQUIRE(header_of(image).recovery_required);
    SUBCASE("the primary") {
      const RecoveryReport report = check_opens(image, "2");
      CHECK_FALSE(report.clean);
      CHECK(report.full_repair);
      CHECK_FALSE(report.used_older_commit);
    }
    SUBCASE("the secondary when the god byte did not reach the disk") {
      Image swapped = image;
      edit_header(swapped, [](format::Header& header) { header.primary ^= 1; });
      const RecoveryReport report = check_opens(swapped, "2");
      CHECK(report.full_repair);
      CHECK_FALSE(report.used_older_commit);
    }
    SUBCASE("the older one when a page of the newer is damaged") {
      Image damaged = image;
      flip(damaged, last_root_page_offset(image) + 30);
      const RecoveryReport report = check_opens(damaged, "1");
      CHECK(report.used_older_commit);
      CHECK_FALSE(report.notes.empty());
    }
    SUBCASE("the older one when the newer slot is damaged") {
      Image damaged = image;
      flip(damaged, slot_checksum(image, true));
      check_opens(damaged, "1");
    }
    SUBCASE("corrupted when a page is damaged and the other slot too") {
      Image damaged = image;
      flip(damaged, last_root_page_offset(image) + 30);
      flip(damaged, slot_checksum(image, false));
      const auto device = FaultDevice::from_image(damaged);
      try {
        open_device(device);
        FAIL("opened");
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted));
      }
      CHECK(device->live_image() == damaged);
    }
  }

  TEST_CASE(
      "spec 01 11.2: R=1, 2P=1, state absent: full repair of the primary, and no alternative") {
    const Image image = unclean_image(LastCommit::two_phase);
    REQUIRE(header_of(image).two_phase);
    CHECK(check_opens(image, "2").full_repair);
    Image damaged = image;
    SUBCASE("slot") { flip(damaged, slot_checksum(image, true)); }
    SUBCASE("page") { flip(damaged, last_root_page_offset(image) + 30); }
    const auto device = FaultDevice::from_image(damaged);
    try {
      open_device(device);
      FAIL("opened");
    } catch (const Error& error) {
      CHECK((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted));
    }
    CHECK(device->live_image() == damaged);
  }

  TEST_CASE("R=1, 2P=1, state valid: no page is walked") {
    const Image image = unclean_image(LastCommit::quick_repair);
    const RecoveryReport report = check_opens(image, "2");
    CHECK_FALSE(report.clean);
    CHECK_FALSE(report.full_repair);
    CHECK_FALSE(report.used_older_commit);
  }

  TEST_CASE("spec 01 11.2, 88881b80: R=1: the page counts of the header are not believed") {
    Image image = unclean_image(LastCommit::one_phase);
    SUBCASE("zero") { std::fill_n(image.begin() + 24, 8, std::byte{0}); }
    SUBCASE("too many") { image[29] = std::byte{0x09}; }
    SUBCASE("too few") { image[28] = std::byte{0x01}, image[29] = std::byte{0}; }
    check_opens(image, "2");
  }

  TEST_CASE("a truncated file: corrupted when clean, and when a used page is cut off") {
    Image clean = clean_image();
    clean.resize(clean.size() - kPage);
    check_refuses(clean, ErrorCode::corrupted);
    Image unclean = unclean_image(LastCommit::one_phase);
    SUBCASE("free pages missing are no matter") {
      unclean.resize(unclean.size() - kPage);
      check_opens(unclean, "2");
    }
    SUBCASE("used pages missing") {
      unclean.resize(std::min(root_page_offset(unclean, true), root_page_offset(unclean, false)));
      check_refuses(unclean, ErrorCode::corrupted);
    }
    SUBCASE("nothing but the header") {
      unclean.resize(kPage);
      check_refuses(unclean, ErrorCode::corrupted);
    }
  }

  TEST_CASE("versions that cannot be read are told apart") {
    Image image = clean_image();
    SUBCASE("1") {
      set_versions(image, std::byte{1});
      check_refuses(image, ErrorCode::upgrade_required);
    }
    SUBCASE("2") {
      set_versions(image, std::byte{2});
      check_refuses(image, ErrorCode::upgrade_required);
    }
    SUBCASE("6") {
      set_versions(image, std::byte{6});
      check_refuses(image, ErrorCode::format);
    }
    SUBCASE("4 with a compression byte this release does not know") {
      set_versions(image, std::byte{4});
      image[36] = std::byte{3};
      check_refuses(image, ErrorCode::format);
    }
    SUBCASE("4 without one opens") {
      set_versions(image, std::byte{4});
      check_opens(image, "2");
    }
    SUBCASE("3 with one opens: it means nothing there") {
      image[36] = std::byte{1};
      check_opens(image, "2");
    }
    SUBCASE("1 and 2 with checksums of their own kind") {
      image[64] = std::byte{1};
      image[192] = std::byte{2};
      check_refuses(image, ErrorCode::upgrade_required);
    }
  }

  TEST_CASE("spec 01 11.1, 1647529: impossible geometry is refused without allocating for it") {
    const Image good = clean_image();
    const auto with_u32 = [&](size_t offset, uint32_t value) {
      Image image = good;
      base::store_le32(&image[offset], value);
      return image;
    };
    for (const Image& image : {with_u32(12, 0), with_u32(12, 512), with_u32(12, 0xffffffff),
                               with_u32(16, 0xffffffff), with_u32(20, 0), with_u32(20, 0xffffffff),
                               with_u32(24, 0xffffffff), with_u32(28, 0xffffffff)}) {
      const auto device = FaultDevice::from_image(image);
      try {
        open_device(device);
        FAIL("opened");
      } catch (const Error& error) {
        CHECK_MESSAGE((error.code() == ErrorCode::corrupted || error.code() == ErrorCode::format ||
                       error.code() == ErrorCode::unsupported),
                      error.what());
      }
      CHECK(device->live_image() == image);
    }
  }

  TEST_CASE("a read-only open writes nothing, whatever it finds") {
    const Image images[] = {
        clean_image(),
        clean_image(with_mirror()),
        unclean_image(LastCommit::one_phase),
        unclean_image(LastCommit::two_phase),
        unclean_image(LastCommit::quick_repair),
    };
    for (const Image& image : images) {
      const auto device = FaultDevice::from_image(image);
      {
        Database database = open_device(device, with_mode(OpenMode::read_only));
        CHECK_EQ(get(database, "a"), "2");
        CHECK_THROWS_CODE(database.begin_write(), ErrorCode::read_only);
        CHECK_EQ(verify_text(database), "");
        database.close();
      }
      CHECK_EQ(device->event_count(), 0);
      CHECK(device->live_image() == image);
    }
  }

  TEST_CASE("a read-write open and close of a clean file writes nothing") {
    const auto device = FaultDevice::from_image(clean_image());
    for (bool read : {false, true}) {
      Database database = open_device(device);
      if (read) CHECK_EQ(get(database, "a"), "2");
      database.close();
    }
    CHECK_EQ(device->event_count(), 0);
  }

  TEST_CASE("a repair can be followed and stopped; a stopped one leaves the file alone") {
    struct Sink : ProgressSink {
      uint64_t calls = 0;
      bool go_on = true;
      bool progress(uint64_t, uint64_t) override { return ++calls, go_on; }
    } sink;
    const Image image = unclean_image(LastCommit::one_phase);
    OpenOptions options;
    options.repair_progress = &sink;
    SUBCASE("followed") {
      open_image(image, options);
      CHECK(sink.calls > 0);
    }
    SUBCASE("stopped") {
      sink.go_on = false;
      check_refuses(image, ErrorCode::repair_aborted, options);
    }
    SUBCASE("cancelled") {
      CancelToken token;
      token.cancel();
      options.cancel = &token;
      check_refuses(image, ErrorCode::cancelled, options);
    }
  }
}

}  // namespace rdb::test
