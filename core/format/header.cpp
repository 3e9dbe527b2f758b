#include "format/header.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "base/checksum.hpp"
#include "base/endian.hpp"
#include "rdb/error.hpp"

namespace rdb::format {
namespace {

// On disk. The mirror's magic differs in the first byte alone.
constexpr std::byte kMagic[kMagicBytes] = {std::byte{'r'},  std::byte{'e'},  std::byte{'d'},
                                           std::byte{'b'},  std::byte{0x1A}, std::byte{0x0A},
                                           std::byte{0xA9}, std::byte{0x0D}, std::byte{0x0A}};
constexpr std::byte kMirrorFirstByte{'m'};

constexpr size_t kGodByteOffset = 9;
constexpr size_t kPageSizeOffset = 12;
constexpr size_t kRegionHeaderPagesOffset = 16;
constexpr size_t kRegionMaxDataPagesOffset = 20;
constexpr size_t kFullRegionsOffset = 24;
constexpr size_t kTrailingPagesOffset = 28;
constexpr size_t kCompressionOffset = 36;

constexpr uint8_t kPrimaryBit = 1;
constexpr uint8_t kRecoveryRequiredBit = 2;
constexpr uint8_t kTwoPhaseBit = 4;

// Offsets inside a slot.
constexpr size_t kUserRootFlag = 1;
constexpr size_t kSystemRootFlag = 2;
constexpr size_t kUserRoot = 8;
constexpr size_t kSystemRoot = 40;
constexpr size_t kBlobRegion = 72;
constexpr size_t kTxnId = 104;
constexpr size_t kSlotChecksum = 112;

constexpr uint8_t kOldestVersion = 3;
constexpr uint8_t kFirstVersionWithCompression = 4;
constexpr uint8_t kVersionWithBlobRegion = 5;
constexpr uint8_t kHighestCompression = 2;

using RawSlot = std::array<std::byte, kSlotBytes>;

bool checksum_matches(const RawSlot& slot) noexcept {
  return base::Checksum::decode(&slot[kSlotChecksum]) ==
         base::checksum(Bytes(slot).first(kSlotChecksum));
}

Layout decode_layout(const std::byte* header) noexcept {
  return {base::load_le32(header + kRegionHeaderPagesOffset),
          base::load_le32(header + kRegionMaxDataPagesOffset),
          base::load_le32(header + kFullRegionsOffset),
          base::load_le32(header + kTrailingPagesOffset)};
}

[[noreturn]] void throw_not_a_database(const std::string& why) {
  throw Error(ErrorCode::format, "the file is not a database this library can open: " + why);
}

}  // namespace

std::array<std::byte, kSlotBytes> CommitSlot::encode() const {
  RawSlot out{};
  out[0] = std::byte{version};
  if (user_root) {
    out[kUserRootFlag] = std::byte{1};
    user_root->encode(&out[kUserRoot]);
  }
  if (system_root) {
    out[kSystemRootFlag] = std::byte{1};
    system_root->encode(&out[kSystemRoot]);
  }
  if (version == kVersionWithBlobRegion) {
    base::store_le64(&out[kBlobRegion], blob_region.offset);
    base::store_le64(&out[kBlobRegion + 8], blob_region.length);
    base::store_le64(&out[kBlobRegion + 16], blob_region.next_sequence);
    base::store_le64(&out[kBlobRegion + 24], blob_region.hlc);
  }
  base::store_le64(&out[kTxnId], txn_id);
  base::checksum(Bytes(out).first(kSlotChecksum)).encode(&out[kSlotChecksum]);
  return out;
}

Header Header::parse(std::span<const std::byte, kHeaderBytes> bytes) {
  if (!has_magic(bytes)) {
    throw_not_a_database("its first bytes are not the magic number");
  }
  const uint32_t page_bytes = base::load_le32(&bytes[kPageSizeOffset]);
  if (page_bytes != kPageBytes) {
    throw_not_a_database("its page size is " + std::to_string(page_bytes) + " bytes, only " +
                         std::to_string(kPageBytes) + " is supported");
  }

  Header header;
  const auto god_byte = std::to_integer<uint8_t>(bytes[kGodByteOffset]);
  header.primary = (god_byte & kPrimaryBit) != 0 ? 1 : 0;
  header.recovery_required = (god_byte & kRecoveryRequiredBit) != 0;
  header.two_phase = (god_byte & kTwoPhaseBit) != 0;
  header.layout = decode_layout(bytes.data());
  // A crash may have torn F and Tr; with recovery required they are computed from the file length.
  if (header.recovery_required) {
    header.layout.check_geometry();
  } else {
    header.layout.check();
  }
  for (int slot = 0; slot < 2; ++slot) {
    std::copy_n(&bytes[kSlotOffset[slot]], kSlotBytes, header.raw_slots_[slot].begin());
  }

  // redb 2.6 leaves other data in the compression byte of version 3 files. The version sits in the
  // slots; a torn primary leaves the other one to ask.
  int versioned = header.primary;
  if (header.slot_state(versioned) != SlotState::valid) versioned = 1 - versioned;
  if (header.slot_state(versioned) == SlotState::valid &&
      header.raw_version(versioned) >= kFirstVersionWithCompression) {
    header.compression = std::to_integer<uint8_t>(bytes[kCompressionOffset]);
    if (header.compression > kHighestCompression) {
      throw_not_a_database("its compression algorithm " + std::to_string(header.compression) +
                           " is unknown");
    }
  }
  return header;
}

std::optional<Header> Header::parse_mirror(std::span<const std::byte, kHeaderBytes> bytes) {
  if (bytes[0] != kMirrorFirstByte) return std::nullopt;
  std::array<std::byte, kHeaderBytes> copy;
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  copy[0] = kMagic[0];
  try {
    Header header = parse(copy);
    if (header.slot_state(0) != SlotState::valid && header.slot_state(1) != SlotState::valid) {
      return std::nullopt;
    }
    return header;
  } catch (const Error&) {
    return std::nullopt;  // page content that merely looks like a mirror
  }
}

Header Header::create(const Layout& layout, uint8_t version) {
  Header header;
  header.two_phase = true;  // an empty state needs no older one to fall back to
  header.layout = layout;
  CommitSlot empty;
  empty.version = version;
  header.raw_slots_.fill(empty.encode());
  return header;
}

std::array<std::byte, kHeaderBytes> Header::encode() const {
  std::array<std::byte, kHeaderBytes> out = encode_without_magic();
  std::copy(std::begin(kMagic), std::end(kMagic), out.begin());
  return out;
}

std::array<std::byte, kHeaderBytes> Header::encode_mirror() const {
  std::array<std::byte, kHeaderBytes> out = encode();
  out[0] = kMirrorFirstByte;
  return out;
}

std::array<std::byte, kHeaderBytes> Header::encode_without_magic() const {
  std::array<std::byte, kHeaderBytes> out{};
  out[kGodByteOffset] = static_cast<std::byte>((primary == 1 ? kPrimaryBit : 0) |
                                               (recovery_required ? kRecoveryRequiredBit : 0) |
                                               (two_phase ? kTwoPhaseBit : 0));
  base::store_le32(&out[kPageSizeOffset], kPageBytes);
  base::store_le32(&out[kRegionHeaderPagesOffset], layout.region_header_pages);
  base::store_le32(&out[kRegionMaxDataPagesOffset], layout.region_max_data_pages);
  base::store_le32(&out[kFullRegionsOffset], layout.full_regions);
  base::store_le32(&out[kTrailingPagesOffset], layout.trailing_pages);
  out[kCompressionOffset] = std::byte{compression};
  for (int slot = 0; slot < 2; ++slot) {
    std::copy(raw_slots_[slot].begin(), raw_slots_[slot].end(), &out[kSlotOffset[slot]]);
  }
  return out;
}

SlotState Header::slot_state(int slot) const noexcept {
  assert(slot == 0 || slot == 1);
  return checksum_matches(raw_slots_[slot]) ? SlotState::valid : SlotState::bad_checksum;
}

uint8_t Header::raw_version(int slot) const noexcept {
  assert(slot == 0 || slot == 1);
  return std::to_integer<uint8_t>(raw_slots_[slot][0]);
}

CommitSlot Header::slot(int slot) const {
  assert(slot_state(slot) == SlotState::valid);
  const RawSlot& raw = raw_slots_[slot];
  CommitSlot commit;
  commit.version = raw_version(slot);
  if (commit.version == 1 || commit.version == 2) {
    throw Error(ErrorCode::upgrade_required,
                "the file has format version " + std::to_string(commit.version) +
                    "; redb 2.6 upgrades it to version 3, which this library reads");
  }
  if (commit.version < kOldestVersion || commit.version > kVersionWithBlobRegion) {
    throw_not_a_database("its format version " + std::to_string(commit.version) + " is unknown");
  }
  if (raw[kUserRootFlag] != std::byte{0}) commit.user_root = RootRecord::decode(&raw[kUserRoot]);
  if (raw[kSystemRootFlag] != std::byte{0}) {
    commit.system_root = RootRecord::decode(&raw[kSystemRoot]);
  }
  if (commit.version == kVersionWithBlobRegion) {
    commit.blob_region.offset = base::load_le64(&raw[kBlobRegion]);
    commit.blob_region.length = base::load_le64(&raw[kBlobRegion + 8]);
    commit.blob_region.next_sequence = base::load_le64(&raw[kBlobRegion + 16]);
    commit.blob_region.hlc = base::load_le64(&raw[kBlobRegion + 24]);
  }
  commit.txn_id = base::load_le64(&raw[kTxnId]);
  if (commit.txn_id == ~uint64_t{0}) {  // no later commit could be told from it
    throw Error(ErrorCode::corrupted, "the commit slot " + std::to_string(slot) +
                                          " holds the impossible transaction id 2^64-1");
  }
  return commit;
}

void Header::set_slot(int slot, const CommitSlot& commit) noexcept {
  assert(slot == 0 || slot == 1);
  raw_slots_[slot] = commit.encode();
}

bool has_magic(std::span<const std::byte, kHeaderBytes> bytes) noexcept {
  return std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin());
}

bool is_unfinished_creation(Bytes first_320_bytes) noexcept {
  if (first_320_bytes.size() < kHeaderBytes) return false;
  const Bytes bytes = first_320_bytes;
  const Bytes magic = bytes.first(kMagicBytes);
  if (!std::all_of(magic.begin(), magic.end(), [](std::byte b) { return b == std::byte{0}; })) {
    return false;
  }
  if (base::load_le32(&bytes[kPageSizeOffset]) != kPageBytes) return false;
  try {
    decode_layout(bytes.data()).check();
  } catch (const Error&) {
    return false;
  }
  // Stricter than the fixed part alone: a database whose magic was wiped out must not be mistaken
  // for an empty one. Nothing has been committed as long as both slots are the empty ones.
  return std::all_of(std::begin(kSlotOffset), std::end(kSlotOffset), [&](size_t offset) {
    CommitSlot empty;
    empty.version = std::to_integer<uint8_t>(bytes[offset]);
    const RawSlot image = empty.encode();
    return empty.version >= kOldestVersion && empty.version <= kVersionWithBlobRegion &&
           std::equal(image.begin(), image.end(), &bytes[offset]);
  });
}

}  // namespace rdb::format
