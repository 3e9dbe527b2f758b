// rdb_ttl.hpp: tables whose values expire, of the C++ face; included by rdb.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "rdb.h"
#include "rdb_base.hpp"
#include "rdb_codec.hpp"
#include "rdb_cursor.hpp"
#include "rdb_table.hpp"

namespace rdb {
inline namespace abi1 {

// A lifetime without an end.
inline constexpr std::chrono::milliseconds kForever = std::chrono::milliseconds(-1);

// What a step of a purge did.
template <class K>
struct PurgeStep {
  uint64_t examined = 0;             // records looked at
  uint64_t removed = 0;              // of those, expired and gone now
  std::optional<Owned<K>> position;  // where the next step goes on; none: the end was reached
};

// A table whose values expire: rdb.h, section 16. Lifetimes are kForever or not negative.
//
// Threads: as Table.
template <class K = Bytes, class V = Bytes>
class TtlTable : public Table<K, V> {
 public:
  explicit TtlTable(rdb_table* owned) noexcept : Table<K, V>(owned) {}

  // How long values live that calls without a lifetime write from now on; at first kForever. Of
  // this object; not stored.
  void set_default_ttl(std::chrono::milliseconds ttl) {
    checked([&](rdb_error* err) { return rdb_ttl_set_default(this->live(), count_of(ttl), err); });
  }
  std::chrono::milliseconds default_ttl() const {
    uint64_t ttl = 0;
    checked([&](rdb_error* err) { return rdb_ttl_default(this->live(), &ttl, err); });
    return std::chrono::milliseconds(static_cast<int64_t>(ttl));
  }

  // Stores value under key for a time. False: mode forbade it.
  bool put_for(Arg<K> key, Arg<V> value, std::chrono::milliseconds ttl,
               PutMode mode = PutMode::upsert) {
    const auto key_bytes = Codec<K>::encode(key);
    const auto value_bytes = Codec<V>::encode(value);
    return checked([&](rdb_error* err) {
             return rdb_ttl_put(this->live(), Bytes(key_bytes).slice(), Bytes(value_bytes).slice(),
                                count_of(ttl), static_cast<uint64_t>(mode), err);
           }) == RDB_OK;
  }
  // Lets the value of key live for a time from now. False: it is not there, or has expired.
  bool touch(Arg<K> key, std::chrono::milliseconds ttl) {
    const auto encoded = Codec<K>::encode(key);
    return checked([&](rdb_error* err) {
             return rdb_ttl_touch(this->live(), Bytes(encoded).slice(), count_of(ttl), err);
           }) == RDB_OK;
  }
  // When the value of key expires. nullopt: it is not there, or has expired.
  std::optional<Expiry> expiry(Arg<K> key) const {
    const auto encoded = Codec<K>::encode(key);
    uint64_t moment = 0;
    const rdb_status status = checked([&](rdb_error* err) {
      return rdb_ttl_expiry(this->live(), Bytes(encoded).slice(), &moment, err);
    });
    if (status == RDB_NOT_FOUND) return std::nullopt;
    return Expiry(moment);
  }

  // Number of records that have not expired; reads the whole table.
  uint64_t live_count(const Cancel* cancel = nullptr) const {
    uint64_t count = 0;
    checked([&](rdb_error* err) {
      return rdb_ttl_live_count(this->live(), detail::get(cancel), &count, err);
    });
    return count;
  }

  // One step of a purge, from the beginning or from where another one ended.
  PurgeStep<K> purge(uint64_t max_records = 0, const Cancel* cancel = nullptr) {
    return purge_behind(nullptr, max_records, cancel);
  }
  PurgeStep<K> purge_after(Arg<K> after, uint64_t max_records = 0, const Cancel* cancel = nullptr) {
    const auto encoded = Codec<K>::encode(after);
    const rdb_slice behind = Bytes(encoded).slice();
    return purge_behind(&behind, max_records, cancel);
  }

 private:
  static uint64_t count_of(std::chrono::milliseconds ttl) {
    if (ttl == kForever) return RDB_TTL_NONE;
    if (ttl.count() < 0) throw UsageError(RDB_ERR_INVALID_ARGUMENT, "a lifetime is negative");
    return static_cast<uint64_t>(ttl.count());
  }

  PurgeStep<K> purge_behind(const rdb_slice* after, uint64_t max_records, const Cancel* cancel) {
    PurgeStep<K> step;
    rdb_value* position = nullptr;
    checked([&](rdb_error* err) {
      return rdb_ttl_purge(this->live(), after, max_records, detail::get(cancel), &step.examined,
                           &step.removed, &position, err);
    });
    if (position == nullptr) return step;
    const Value key(position);
    step.position = Codec<K>::own(key.bytes());
    return step;
  }
};

}  // namespace abi1
}  // namespace rdb
