// rows.hpp: the rows every program of this suite expects, computed from (seed, table, row, round).
//
// Twin of referee/src/rows.rs and engine.rs: both programs make the same rows, so each can judge
// every row the other wrote. There the engine encodes native values; here rows are encoded by hand
// (spec 02 section 9), so a mistake shared by both encoders would have to be made twice.
//
//   scramble(z)  the finaliser of SplitMix64; S = 0x9E3779B97F4A7C15
//   mix(a,b,c)   x = scramble(a + S), x = scramble((x ^ b) + S), x = scramble((x ^ c) + S)
//   generator    state += S, scramble(state)
//   table seed   mix(seed, number of the case, rows)
//   key of row   drawn from a generator with state mix(table seed, row, 1)
//   value        ... with state mix(table seed, row, 2 + version), version = round that wrote it
//   operation    dice = mix(table seed, row, round << 32 | 0xA5) % 16, see operation()
//
// A table has the rows [0, universe); those below its initial count exist in round 0.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/types.hpp"

namespace rdb::interop {

uint64_t mix(uint64_t a, uint64_t b, uint64_t c);

// What a sample is drawn from: one row of one table, as key or in one version of its value.
class Draw {
 public:
  static Draw key(uint64_t table_seed, uint64_t row, bool large);
  static Draw value(uint64_t table_seed, uint64_t row, uint64_t version, bool large);

  uint64_t next();
  uint64_t row() const { return row_; }
  // Distinct for distinct rows in every width.
  uint64_t spread() const;
  uint32_t key_char() const;
  size_t value_size();
  std::string filler(size_t size);
  std::string key_bytes();
  std::string key_text();
  std::string value_text();

 private:
  uint64_t row_ = 0;
  uint64_t table_seed_ = 0;
  bool large_ = false;
  uint64_t state_ = 0;
};

// A key as stored, and bytes that sort as the key does.
struct KeySample {
  std::string stored;
  std::string order;
};

// One pair of types. Rust types with equal names in the file ([u8;8] and &[u8;8]) are told apart.
struct Case {
  std::string_view name;
  std::string_view key_type;
  std::string_view value_type;
  uint64_t domain;  // rows its keys can tell apart
  void (*draw_key)(Draw& draw, KeySample& out);
  void (*draw_value)(Draw& draw, std::string& out);
  uint8_t key_class = TypeName::kBuiltin;
  uint8_t value_class = TypeName::kBuiltin;
};

enum class Operation { keep, put, erase };

Operation operation(uint64_t table_seed, uint64_t row, uint64_t round);

// One table of a file under test.
class Rows {
 public:
  Rows(const Case& shape, uint64_t rows, bool large, uint64_t seed);

  const Case& shape() const { return *shape_; }
  std::string table_name() const;
  TypeName key_type() const { return {shape_->key_class, std::string(shape_->key_type)}; }
  TypeName value_type() const { return {shape_->value_class, std::string(shape_->value_type)}; }

  uint64_t initial() const;
  uint64_t universe() const;
  KeySample key(uint64_t row) const;
  std::string value(uint64_t row, uint64_t version) const;
  Operation operation_of(uint64_t row, uint64_t round) const {
    return operation(table_seed_, row, round);
  }
  // Round that wrote the row as it is after a round; absent when the row is.
  std::optional<uint64_t> version(uint64_t row, uint64_t round) const;

 private:
  const Case* shape_;
  uint64_t rows_;
  bool large_;
  uint64_t table_seed_;
};

// "CASE:ROWS[s],...": CASE may be all, which is all of plain types, composites or own; s keeps keys
// and values small, and without it sets up to 1000 rows have some large ones. The cases kept, vast
// and sets are left out: see special_rows.
std::vector<Rows> parse_spec(std::string_view spec, uint64_t seed);

// kept: tables whose types rdb only preserves. vast: the table "vast", u64 to &[u8], whose rows
// take a MiB of the file each. Rows the file has of them; 0 when it has none.
inline constexpr std::string_view kKept = "kept";
inline constexpr std::string_view kVast = "vast";
inline constexpr std::string_view kSets = "sets";
uint64_t special_rows(std::string_view spec, std::string_view name);

// sets: the multimaps "sets.numbers", u64 to u64, and "sets.texts", &str to &str, of the keys 0
// to 5. In each round a key has members that follow one another, as many as one of 0, 1, 255, 256,
// 2 and the number of rows of the specification: sets grow and shrink past the threshold between
// inline collections and subtrees.
inline constexpr uint64_t kSetKeys = 6;
struct Members {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool contains(uint64_t member) const { return member >= begin && member < end; }
};
Members set_members(uint64_t key, uint64_t round, uint64_t largest);
uint64_t set_number(uint64_t key, uint64_t member);
std::string set_text(uint64_t member);

// Whether a round replaces a row of vast, and its value after that round.
bool vast_changes(uint64_t row, uint64_t round);
std::string vast_value(uint64_t row, uint64_t round);

}  // namespace rdb::interop
