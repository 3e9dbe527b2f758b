// txn_page_key.hpp: keys of the page-list tables and of persistent_savepoints, in either byte
// order.
//
// On disk (spec 01 sections 4.3, 4.4, 4.6):
//   page-list key, 16 bytes   u64 transaction id, u64 pagination id
//   savepoint id, 8 bytes     key of persistent_savepoints and value of next_savepoint_id
// shodh-redb writes the integers big-endian, redb little-endian, under the same type names;
// KeyProfile says which of the two a file follows, and files that both engines wrote hold a
// mixture. In either profile keys ascend numerically.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "rdb/options.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct TxnPageKey {
  static constexpr size_t kBytes = 16;

  uint64_t txn_id = 0;
  uint64_t pagination = 0;  // 0, 1, 2 ... within one transaction

  static TxnPageKey decode(const std::byte* in, KeyProfile profile) noexcept;
  void encode(std::byte* out, KeyProfile profile) const noexcept;
  std::array<std::byte, kBytes> encode(KeyProfile profile) const noexcept;

  bool operator==(const TxnPageKey&) const = default;
  auto operator<=>(const TxnPageKey&) const = default;
};

inline constexpr size_t kSavepointIdBytes = 8;
uint64_t decode_savepoint_id(const std::byte* in, KeyProfile profile) noexcept;
void encode_savepoint_id(uint64_t id, std::byte* out, KeyProfile profile) noexcept;

// Which readings of a stored key are possible.
enum class KeyReading : uint8_t {
  shodh,       // only the big-endian one
  redb,        // only the little-endian one
  either,      // both; other rows, else the file's profile, decide
  impossible,  // neither: reclamation metadata is damaged, nothing may be freed because of the row
};

// in: a page-list key of 16 bytes. newest_txn_id: of the primary slot; no row can name a later one.
KeyReading judge_txn_page_key(const std::byte* in, uint64_t newest_txn_id) noexcept;

// in: a stored key of 8 bytes. record_id: the id inside the row's value, whose order is always
// known.
KeyReading judge_savepoint_id(const std::byte* in, uint64_t record_id) noexcept;

}  // namespace rdb::format
