// kill_plan.hpp: what each commit of the kill test does, and what a file must then hold.
//
// Commit i of a life (one file, with one seed) is a pure function of (seed, i): the writer carries
// it out, the checker replays 1..k in a map. Neither knows the other but through the file and the
// log of acknowledgements.
//
// The log is lines "WORD NUMBER", each written to a pipe by one write():
//   opening 0    before the open, which recovers what the last round left
//   opened k     the file holds commits 1..k
//   begin i      before the first change of commit i
//   commit i     before commit() is called, for one that is durable
//   publish i    the same, for one that is not
//   durable i    after commit() returned
//   visible i    the same, for one that is not durable
//   closing i    before close()
//   closed i     after it returned: commit i and all before are durable
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rdb/options.hpp"

namespace rdb::killing {

inline constexpr const char* kMetaTable = "meta";  // "commit" -> le64(i): which commit a file holds
inline constexpr const char* kMetaKey = "commit";

using Rows = std::map<std::string, std::string>;
using State = std::map<std::string, Rows>;

struct Change {
  enum class Kind : uint8_t { put, erase, rename, remove_table };
  Kind kind = Kind::put;
  std::string table;
  std::string key;    // the new name, of a rename
  std::string value;  // of a put
};

struct Commit {
  bool durable = true;
  bool two_phase = false;
  bool quick_repair = false;
  std::vector<Change> changes;
};

// How the file of a life is opened: one in four with a tiny budget, in small regions, or with a
// mirror and redb's byte order.
OpenOptions open_options(uint64_t seed);

// Commit number of a life. state is what the commits before leave, and becomes what this one
// leaves, the meta table included.
Commit plan_commit(uint64_t seed, uint64_t number, State& state);
State state_after(uint64_t seed, uint64_t number);

std::string le64(uint64_t value);

// What a file may hold when its log ends: exactly one of two commits.
struct Log {
  uint64_t promised = 0;      // the last commit that was acknowledged as durable
  uint64_t in_flight = 0;     // the one that was being made durable; promised when there was none
  std::string last_word;      // what the writer was doing
  uint64_t acknowledged = 0;  // durable and closed lines
};

// base: the commit the file held before. Throws std::runtime_error for a line it does not know, and
// for an open that found another commit than had been promised.
Log read_log(const std::string& text, uint64_t base);

}  // namespace rdb::killing
