// header_facts.hpp: the super-header of a file as it lies on the disk, read without lock or trust.
//
// Works on files that cannot be opened: each field is shown as stored, and what is wrong with it is
// said beside it. Layout: spec 01 section 1, format/header.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "value_codec.hpp"

namespace rdb::tools {

struct RootFacts {
  bool present = false;
  uint64_t page_bits = 0;  // packed page number
  std::string page;        // "region/index/order", or what is wrong with it
  std::string checksum;    // 32 hex digits in stored order
  uint64_t length = 0;
};

struct SlotFacts {
  bool checksum_valid = false;
  uint8_t version = 0;
  std::string version_note;  // empty when this release reads the version
  RootFacts user_root;
  RootFacts system_root;
  uint64_t blob_offset = 0;  // the four are stored in version 5 only
  uint64_t blob_length = 0;
  uint64_t blob_next_sequence = 0;
  uint64_t blob_hlc = 0;
  uint64_t txn_id = 0;
  std::string checksum;
};

struct HeaderFacts {
  std::string path;
  uint64_t file_bytes = 0;
  std::string magic_hex;
  bool magic_valid = false;
  uint8_t god_byte = 0;
  int primary = 0;
  bool recovery_required = false;
  bool two_phase = false;
  uint32_t page_bytes = 0;
  uint32_t region_header_pages = 0;
  uint32_t region_max_pages = 0;
  uint32_t full_regions = 0;
  uint32_t trailing_pages = 0;
  uint8_t compression = 0;
  std::string geometry_problem;  // empty when the layout is possible
  uint64_t layout_bytes = 0;     // meaningful when it is
  bool mirror = false;           // the last 320 bytes are a copy of a header
  std::array<SlotFacts, 2> slots;

  const SlotFacts& primary_slot() const { return slots[static_cast<size_t>(primary)]; }
  // "none", "lz4", "zstd", "unknown (7)"; compression means something from version 4 on.
  std::string compression_text() const;
};

// Throws Error(io) when the file cannot be read, Error(format) when it is shorter than a header.
HeaderFacts read_header_facts(const std::string& path);

Json header_json(const HeaderFacts& facts);

}  // namespace rdb::tools
