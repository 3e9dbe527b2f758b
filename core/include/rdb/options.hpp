// options.hpp: what a caller may choose when a database is opened or a transaction begun.
// None of it is stored in the file except where a member says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "rdb/clock.hpp"
#include "rdb/types.hpp"

namespace rdb {

enum class OpenMode : uint32_t {
  create = 0,      // open, or create when the file is missing or empty
  existing = 1,    // open; a missing file is an io error
  read_only = 2,   // shared lock; the file is never written
  create_new = 3,  // create; an existing non-empty file is an error (io, EEXIST)
};

// When a page that enters memory has its checksum compared with its parent's record.
enum class ReadVerification : uint32_t { full = 0, none = 1 };

// How values of user tables are compressed (spec 02 section 12). On disk. Never renumber.
enum class Compression : uint8_t { none = 0, lz4 = 1, zstd = 2 };
inline constexpr uint32_t kMaxCompressionLevel = 22;

// Byte order of page-list and savepoint keys in a new file (spec 01 section 4.6). Stored.
enum class KeyProfile : uint32_t { shodh = 0, redb = 1 };

enum class Durability : uint32_t {
  immediate = 0,  // durable when commit returns
  none = 1,       // visible at once, durable with the next durable commit or clean close
};

struct OpenOptions {
  OpenMode mode = OpenMode::create;

  // Bytes of page memory the database may hold; 0 means a quarter of the machine's memory, at
  // least 16 MiB and at most 1 GiB. Smaller than 1 MiB is raised to 1 MiB. What one operation must
  // hold at once (a path of pages, one value) may exceed it for the length of that operation.
  uint64_t memory_budget_bytes = 0;

  ReadVerification read_verification = ReadVerification::full;
  KeyProfile key_profile = KeyProfile::shodh;

  // Keep a copy of the header behind the last page (spec 01 section 1.8). redb 3.x cannot open
  // files that carry it.
  bool eof_mirror = false;

  // Pages in one region of a new file, 1..1048576; 0 means 1048576. For tests of many regions.
  // Stored.
  uint32_t region_pages = 0;

  // Of a new file, which then has version 4; redb cannot open it. Stored: an existing file keeps
  // its own. The level is that of zstd, 1 to 22, and 0 for its default, 3; it is not stored and
  // holds for what this opening of the file writes.
  Compression compression = Compression::none;
  int compression_level = 0;
  // Lets a compressed file hold what shodh-redb 0.5.0 could not read back, multimaps that is, and
  // marks it so for good. New compressed files are marked from the start; others are left alone.
  bool rdb_only = false;

  // In mode read_only: take the commit that recovery would try first as it is, whether its pages
  // are whole or not. For verification, which then tells everything that is wrong with it.
  bool accept_damage = false;

  // Allow opening where the file system offers no locks.
  bool allow_unlocked = false;

  // What tells TTL tables the time; null: the system's clock. Kept as long as anything of the
  // database lives.
  std::shared_ptr<const Clock> clock;

  ProgressSink* repair_progress = nullptr;  // borrowed until open returns
  const CancelToken* cancel = nullptr;      // borrowed until open returns
};

struct WriteTxnOptions {
  // Longest wait for the writer lock: negative waits without limit, 0 does not wait.
  std::chrono::milliseconds timeout{-1};
  const CancelToken* cancel = nullptr;  // polled while waiting
};

}  // namespace rdb
