// ttl_support.hpp: tables whose values expire, by a clock that stands still.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "rdb/ttl.hpp"
#include "support.hpp"

namespace rdb::test {

inline constexpr uint64_t kStart = 1'700'000'000'000;

// In memory, at kStart.
inline Database stopped(const OpenOptions& options = {}) {
  Database database = Database::open_memory(options);
  database.set_clock(kStart);
  return database;
}

inline TtlTable open_texts(WriteTxn& txn, std::string_view name = "t") {
  return txn.open_ttl(name, kTextType, kTextType);
}

inline std::string get(const Table& table, std::string_view key) {
  const std::optional<Value> value = table.get(as_bytes(key));
  return value ? std::string(as_text(value->bytes())) : "(none)";
}

inline std::string numbered_key(uint64_t i) {
  char key[16];
  std::snprintf(key, sizeof key, "%06u", static_cast<unsigned>(i));
  return key;
}

// Rows "000000".. of count entries; every third never expires, the others after their number.
inline void put_numbered(TtlTable& table, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = numbered_key(i);
    const std::string value = "v" + std::to_string(i);
    REQUIRE(table.put_for(as_bytes(key), as_bytes(value), i % 3 == 0 ? kNoTtl : i));
  }
}

}  // namespace rdb::test
