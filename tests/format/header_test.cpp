#include "format/header.hpp"

#include <array>

#include "base/checksum.hpp"
#include "base/endian.hpp"
#include "support.hpp"

using namespace rdb;
using namespace rdb::test;
using format::CommitSlot;
using format::Header;
using format::Layout;
using format::RootRecord;
using format::SlotState;

namespace {

using HeaderBytes = std::array<std::byte, format::kHeaderBytes>;

constexpr Layout kNewFile{0, 1 << 20, 0, 257};

CommitSlot slot_with_roots(uint8_t version, uint64_t txn_id) {
  CommitSlot slot;
  slot.version = version;
  slot.txn_id = txn_id;
  slot.user_root = RootRecord{{0, 5, 0}, {1, 2}, 3};
  slot.system_root = RootRecord{{1, 7, 2}, {4, 5}, 6};
  return slot;
}

// A header as a session leaves it: slot 0 with txn 8, slot 1 (primary) with txn 9.
Header two_commits(uint8_t version = 3) {
  Header header = Header::create(kNewFile, version);
  header.set_slot(0, slot_with_roots(version, 8));
  header.set_slot(1, slot_with_roots(version, 9));
  header.primary = 1;
  header.two_phase = false;
  return header;
}

// Replaces one byte of a slot and makes its checksum right again.
void set_slot_byte(HeaderBytes& bytes, int slot, size_t offset, uint8_t value) {
  std::byte* const start = &bytes[format::kSlotOffset[slot]];
  start[offset] = std::byte{value};
  base::checksum({start, 112}).encode(start + 112);
}

}  // namespace

TEST_SUITE("format/header") {
  TEST_CASE("a header reads back what was written") {
    for (const uint8_t version : {uint8_t{3}, uint8_t{4}, uint8_t{5}}) {
      for (int flags = 0; flags < 8; ++flags) {
        Header header = two_commits(version);
        header.primary = flags & 1;
        header.recovery_required = (flags & 2) != 0;
        header.two_phase = (flags & 4) != 0;
        header.compression = version >= 4 ? 2 : 0;
        header.layout = {130, 4096, 3, 17};
        const HeaderBytes bytes = header.encode();
        CHECK(std::to_integer<int>(bytes[9]) == flags);
        const Header read = Header::parse(bytes);
        CHECK(read.primary == header.primary);
        CHECK(read.recovery_required == header.recovery_required);
        CHECK(read.two_phase == header.two_phase);
        CHECK(read.layout == header.layout);
        CHECK(read.compression == header.compression);
        CHECK(read.slot_state(0) == SlotState::valid);
        CHECK(read.slot(0) == slot_with_roots(version, 8));
        CHECK(read.slot(1) == slot_with_roots(version, 9));
        CHECK(read.encode() == bytes);
      }
    }
  }

  TEST_CASE("a header without its magic is no database") {
    HeaderBytes bytes = two_commits().encode();
    for (size_t i = 0; i < format::kMagicBytes; ++i) {
      HeaderBytes changed = bytes;
      changed[i] ^= std::byte{1};
      CHECK_THROWS_CODE(Header::parse(changed), ErrorCode::format);
    }
  }

  TEST_CASE("only pages of 4096 bytes are supported") {
    for (const uint32_t page_bytes : {0u, 512u, 8192u, ~0u}) {
      HeaderBytes bytes = two_commits().encode();
      base::store_le32(&bytes[12], page_bytes);
      CHECK_THROWS_CODE(Header::parse(bytes), ErrorCode::format);
    }
  }

  TEST_CASE("impossible regions are corruption whatever the recovery bit says") {
    Header header = two_commits();
    SUBCASE("closed cleanly") { header.recovery_required = false; }
    SUBCASE("recovery required") { header.recovery_required = true; }
    const auto rejects = [&](size_t offset, uint32_t pages) {
      HeaderBytes bytes = header.encode();
      base::store_le32(&bytes[offset], pages);
      CHECK_THROWS_CODE(Header::parse(bytes), ErrorCode::corrupted);
    };
    rejects(16, (1 << 20) + 1);  // H
    rejects(16, ~0u);
    rejects(20, 0);  // M
    rejects(20, (1 << 20) + 1);
    rejects(20, ~0u);
  }

  TEST_CASE("impossible counts of regions are corruption only in a file closed cleanly") {
    Header header = two_commits();
    Layout layout = kNewFile;
    SUBCASE("none") { layout.trailing_pages = 0; }
    SUBCASE("Tr above M") { layout.trailing_pages = (1 << 20) + 1; }
    SUBCASE("F too large") { layout.full_regions = ~0u; }
    SUBCASE("2^20 full and a trailing one") { layout.full_regions = 1 << 20; }
    header.layout = layout;
    CHECK_THROWS_CODE(Header::parse(header.encode()), ErrorCode::corrupted);
    header.recovery_required = true;
    CHECK(Header::parse(header.encode()).layout == layout);
  }

  TEST_CASE("padding and unused bytes are ignored and written as zero") {
    const HeaderBytes clean = two_commits().encode();
    HeaderBytes bytes = clean;
    bytes[9] |= std::byte{0xF8};
    for (const size_t i : {10u, 11u, 32u, 33u, 36u, 37u, 63u}) bytes[i] = std::byte{0xFF};
    const Header read = Header::parse(bytes);
    CHECK(read.compression == 0);  // version 3 has none, redb 2.6 leaves other data there
    CHECK(read.encode() == clean);
  }

  TEST_CASE("an unknown compression algorithm is refused from version 4 on") {
    for (const uint8_t version : {uint8_t{4}, uint8_t{5}}) {
      HeaderBytes bytes = two_commits(version).encode();
      bytes[36] = std::byte{3};
      CHECK_THROWS_CODE(Header::parse(bytes), ErrorCode::format);
    }
  }

  TEST_CASE("the compression byte is believed when only the other slot is whole") {
    Header header = two_commits(4);
    header.compression = 1;
    HeaderBytes bytes = header.encode();
    bytes[format::kSlotOffset[1] + 5] ^= std::byte{1};
    CHECK(Header::parse(bytes).compression == 1);
  }

  TEST_CASE("every changed byte of a slot makes that slot invalid and leaves the other") {
    const HeaderBytes bytes = two_commits().encode();
    for (int slot = 0; slot < 2; ++slot) {
      for (size_t i = 0; i < format::kSlotBytes; ++i) {
        HeaderBytes changed = bytes;
        changed[format::kSlotOffset[slot] + i] ^= std::byte{0x40};
        const Header read = Header::parse(changed);
        CHECK(read.slot_state(slot) == SlotState::bad_checksum);
        CHECK(read.slot_state(1 - slot) == SlotState::valid);
        CHECK(read.slot(1 - slot).txn_id == (slot == 0 ? 9 : 8));
      }
    }
  }

  TEST_CASE("a torn slot stays torn however often the header is rewritten") {
    HeaderBytes bytes = two_commits().encode();
    bytes[format::kSlotOffset[0] + 108] ^= std::byte{1};
    Header read = Header::parse(bytes);
    read.recovery_required = true;
    const Header again = Header::parse(read.encode());
    CHECK(again.slot_state(0) == SlotState::bad_checksum);
    read.set_slot(0, slot_with_roots(3, 10));
    CHECK(Header::parse(read.encode()).slot(0).txn_id == 10);
  }

  TEST_CASE("a slot that no commit replaces keeps its padding") {
    HeaderBytes bytes = two_commits().encode();
    set_slot_byte(bytes, 0, 3, 0xAB);
    set_slot_byte(bytes, 0, 6, 0xCD);
    set_slot_byte(bytes, 0, 90, 0xEF);
    Header read = Header::parse(bytes);
    CHECK(read.slot(0) == slot_with_roots(3, 8));  // version 3 has no blob fields
    read.set_slot(1, slot_with_roots(3, 12));
    const HeaderBytes rewritten = read.encode();
    CHECK(std::equal(&bytes[64], &bytes[192], &rewritten[64]));
  }

  TEST_CASE("versions other than 3 to 5 are refused once the slot's checksum is right") {
    HeaderBytes bytes = two_commits().encode();
    for (const int version : {0, 1, 2, 6, 255}) {
      set_slot_byte(bytes, 0, 0, static_cast<uint8_t>(version));
      const Header read = Header::parse(bytes);
      CHECK(read.slot_state(0) == SlotState::valid);
      CHECK(read.raw_version(0) == version);
      CHECK_THROWS_CODE(read.slot(0), version == 1 || version == 2 ? ErrorCode::upgrade_required
                                                                   : ErrorCode::format);
      CHECK(read.slot(1).txn_id == 9);
    }
  }

  TEST_CASE("a garbage version byte in a torn slot harms nobody") {
    HeaderBytes bytes = two_commits().encode();
    bytes[format::kSlotOffset[0]] = std::byte{0xD7};
    const Header read = Header::parse(bytes);
    CHECK(read.slot_state(0) == SlotState::bad_checksum);
    CHECK(read.slot(1).txn_id == 9);
  }

  TEST_CASE("any non-zero flag means that the root is present") {
    HeaderBytes bytes = two_commits().encode();
    set_slot_byte(bytes, 0, 1, 7);
    set_slot_byte(bytes, 0, 2, 0);
    const CommitSlot slot = Header::parse(bytes).slot(0);
    CHECK(slot.user_root == slot_with_roots(3, 8).user_root);
    CHECK_FALSE(slot.system_root);
  }

  TEST_CASE("impossible contents of a valid slot are corruption") {
    HeaderBytes bytes = two_commits().encode();
    SUBCASE("order of the root") { set_slot_byte(bytes, 0, 15, 0xFF); }
    SUBCASE("the last transaction id") {
      for (size_t i = 104; i < 112; ++i) set_slot_byte(bytes, 0, i, 0xFF);
    }
    CHECK_THROWS_CODE(Header::parse(bytes).slot(0), ErrorCode::corrupted);
  }

  TEST_CASE("blob fields are kept in version 5 only") {
    CommitSlot slot = slot_with_roots(5, 8);
    slot.blob_region = {1056768, 2, 3, 4};
    Header header = two_commits(5);
    header.set_slot(0, slot);
    CHECK(Header::parse(header.encode()).slot(0) == slot);
    slot.version = 4;
    header.set_slot(0, slot);
    CHECK(Header::parse(header.encode()).slot(0).blob_region == format::BlobRegion{});
  }

  TEST_CASE("a mirror is recognised by its magic and needs one valid slot") {
    const Header header = two_commits();
    HeaderBytes mirror = header.encode_mirror();
    CHECK(mirror[0] == std::byte{'m'});
    const auto read = Header::parse_mirror(mirror);
    REQUIRE(read);
    CHECK(read->encode() == header.encode());
    CHECK_FALSE(Header::parse_mirror(header.encode()));
    CHECK_THROWS_CODE(Header::parse(mirror), ErrorCode::format);

    HeaderBytes damaged = mirror;
    SUBCASE("magic") { damaged[8] = std::byte{0}; }
    SUBCASE("geometry") { base::store_le32(&damaged[20], 0); }
    SUBCASE("page size") { base::store_le32(&damaged[12], 0); }
    SUBCASE("both slots") {
      damaged[70] ^= std::byte{1};
      damaged[200] ^= std::byte{1};
    }
    CHECK_FALSE(Header::parse_mirror(damaged));
    mirror[70] ^= std::byte{1};
    CHECK(Header::parse_mirror(mirror));
  }

  TEST_CASE("the remains of a creation are told from a database that lost its magic") {
    const HeaderBytes started = Header::create(kNewFile, 3).encode_without_magic();
    CHECK(format::is_unfinished_creation(started));
    CHECK(format::is_unfinished_creation(Header::create(kNewFile, 4).encode_without_magic()));
    CHECK_THROWS_CODE(Header::parse(started), ErrorCode::format);

    CHECK_FALSE(format::is_unfinished_creation(Header::create(kNewFile, 3).encode()));
    CHECK_FALSE(format::is_unfinished_creation(two_commits().encode_without_magic()));
    CHECK_FALSE(format::is_unfinished_creation(HeaderBytes{}));
    CHECK_FALSE(format::is_unfinished_creation(Bytes(started).first(319)));
    HeaderBytes changed = started;
    SUBCASE("geometry") { base::store_le32(&changed[20], 0); }
    SUBCASE("page size") { base::store_le32(&changed[12], 4095); }
    SUBCASE("magic") { changed[8] = std::byte{0x0A}; }
    SUBCASE("slot") { changed[300] ^= std::byte{1}; }
    CHECK_FALSE(format::is_unfinished_creation(changed));
  }
}
