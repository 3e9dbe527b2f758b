// header.hpp: the super-header, bytes 0..319 of the file, and its two commit slots.
//
// Fixed part (spec 01 section 1.2):
//   0   9   magic                72 65 64 62 1A 0A A9 0D 0A ("redb...")
//   9   1   god byte             bit 0 primary slot, bit 1 recovery required, bit 2 two-phase
//   12  u32 page size            4096
//   16  u32 region header pages  H
//   20  u32 region data pages    M
//   24  u32 full regions         F    trusted only when recovery is not required
//   28  u32 trailing pages       Tr   same
//   36  u8  compression          0 none, 1 lz4, 2 zstd; only when the primary slot has version >= 4
// Commit slot, 128 bytes, at 64 and 192 (section 1.4):
//   0   u8  version              3, 4 or 5
//   1   u8  user root present    2  u8  system root present
//   8   32  user root record     40 32  system root record
//   72  u64 blob region offset   80 u64 length   88 u64 next sequence   96 u64 HLC   (version 5)
//   104 u64 transaction id
//   112 16  XXH3-128 of bytes 0..111
//
// RawHeader is what was read; parse() tells which slots are valid. Slot images are kept raw and
// re-emitted verbatim unless a commit replaces that very slot, so a torn slot never becomes valid
// by rewriting (section 1.6).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "format/layout.hpp"
#include "format/root_record.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

inline constexpr size_t kHeaderBytes = 320;
inline constexpr size_t kSlotBytes = 128;
inline constexpr size_t kSlotOffset[2] = {64, 192};
inline constexpr size_t kMagicBytes = 9;

struct BlobRegion {
  uint64_t offset = 0;  // 0: the file has none
  uint64_t length = 0;
  uint64_t next_sequence = 0;
  uint64_t hlc = 0;

  // Begins behind whole pages of a file of this length. One that does not says nothing about where
  // the page area ends; its fields are kept all the same (spec 01 section 11.3).
  bool begins_inside(uint64_t file_bytes) const noexcept {
    return offset >= kPageBytes && offset % kPageBytes == 0 && offset <= file_bytes;
  }
  bool lies_inside(uint64_t file_bytes) const noexcept {
    return begins_inside(file_bytes) && length <= file_bytes - offset;
  }
  uint64_t end() const noexcept { return offset + length; }  // requires lies_inside()
  bool operator==(const BlobRegion&) const = default;
};

struct CommitSlot {
  uint8_t version = 3;
  TreeRoot user_root;
  TreeRoot system_root;
  BlobRegion blob_region;  // stored when version is 5
  uint64_t txn_id = 0;

  bool operator==(const CommitSlot&) const = default;
  std::array<std::byte, kSlotBytes> encode() const;
};

enum class SlotState : uint8_t { valid, bad_checksum };

class Header {
 public:
  // Throws format (no database, naming why), corrupted (impossible geometry). Does not judge slots:
  // slot_state() does, and slot() throws upgrade_required / format for versions this build cannot
  // read.
  static Header parse(std::span<const std::byte, kHeaderBytes> bytes);
  // The same from an end-of-file mirror, whose magic begins with 'm'. nullopt when it is no mirror.
  static std::optional<Header> parse_mirror(std::span<const std::byte, kHeaderBytes> bytes);
  // A header for an empty file: both slots with txn id 0, no roots.
  static Header create(const Layout& layout, uint8_t version);

  std::array<std::byte, kHeaderBytes> encode() const;
  std::array<std::byte, kHeaderBytes> encode_mirror() const;
  // Magic bytes zero: the first of the two writes that create a file (spec 01 section 1.7).
  std::array<std::byte, kHeaderBytes> encode_without_magic() const;

  SlotState slot_state(int slot) const noexcept;
  CommitSlot slot(int slot) const;  // requires slot_state(slot) == valid
  uint8_t raw_version(int slot) const noexcept;
  void set_slot(int slot, const CommitSlot& commit) noexcept;

  int primary = 0;  // 0 or 1
  bool recovery_required = false;
  bool two_phase = false;
  Layout layout;  // F and Tr as stored
  uint8_t compression = 0;

 private:
  std::array<std::array<std::byte, kSlotBytes>, 2> raw_slots_{};
};

// Whether the first bytes are those of a database file.
bool has_magic(std::span<const std::byte, kHeaderBytes> bytes) noexcept;

// True for the remains of a file creation that stopped between its two header writes: magic zero
// and a plausible fixed part behind it. Such a file holds no data and may be created anew.
bool is_unfinished_creation(Bytes first_320_bytes) noexcept;

}  // namespace rdb::format
