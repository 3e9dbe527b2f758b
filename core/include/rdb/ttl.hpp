// ttl.hpp: a table whose values expire, as seen by one transaction.
//
// Each value has a moment from which on it has expired, or none. An expired entry is not there for
// anything that reads or writes entries: gets and cursors pass over it, a put of a new key replaces
// it, an erase says that it found nothing. It goes on occupying its place, and being counted by
// len() and stats(), until it is overwritten, erased or purged; nothing is purged by itself.
//
// The moments are of the database's clock (OpenOptions::clock), which is read for every call, not
// for every transaction: in one snapshot an entry may be there, and later not. When the clock is
// set back, expired entries that were not purged are there again.
//
// What table.hpp says holds here, too; values are those of the caller, without their moments.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rdb/table.hpp"

namespace rdb {

// A lifetime without an end.
inline constexpr uint64_t kNoTtl = UINT64_MAX;

// One step of a purge.
struct PurgeStep {
  uint64_t examined = 0;  // entries looked at
  uint64_t removed = 0;   // of those, expired and gone now
  // Key of the last entry looked at, to go on behind it; absent: the end was reached.
  std::optional<std::vector<std::byte>> position;
};

class TtlTable : public Table {
 public:
  using Table::Table;

  // How long values live that are written from now on without saying so: by the calls of Table, and
  // so by batches. At first kNoTtl. Of this object; not stored.
  void set_default_ttl(uint64_t ttl_ms);
  uint64_t default_ttl() const;

  // As put(), of a value that expires ttl_ms from now; 0: at once. A moment beyond the largest one
  // becomes that.
  bool put_for(Bytes key, Bytes value, uint64_t ttl_ms, PutMode mode = PutMode::upsert);
  // Lets the value of key expire ttl_ms from now, or never. False: no such key.
  bool touch(Bytes key, uint64_t ttl_ms);
  // When the value of key expires: milliseconds since 1970 began, 0 for never. Empty: no such key.
  std::optional<uint64_t> expiry(Bytes key) const;

  // Entries that have not expired: reads the whole table, len() does not.
  uint64_t live_count(const CancelToken* cancel = nullptr) const;

  // Removes expired entries among the first max_entries (0: all) behind the key after (absent: from
  // the beginning). A purge in many small steps, each in a transaction of its own, holds up nobody:
  // what is written meanwhile is found or not, as its key lies. Where the order of keys is not
  // known, only the whole table: unknown_key_type otherwise.
  PurgeStep purge(std::optional<Bytes> after, uint64_t max_entries,
                  const CancelToken* cancel = nullptr);
};

}  // namespace rdb
