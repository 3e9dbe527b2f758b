// The public face of ttl.hpp over its implementation.
#include "rdb/ttl.hpp"

#include "table/table_impl.hpp"

namespace rdb {

void TtlTable::set_default_ttl(uint64_t ttl_ms) {
  impl().require_writer();
  impl().require_active();
  impl().expiring_values().set_default_ttl(ttl_ms);
}
uint64_t TtlTable::default_ttl() const { return impl().expiring_values().default_ttl(); }
bool TtlTable::put_for(Bytes key, Bytes value, uint64_t ttl_ms, PutMode mode) {
  return impl().put_for(key, value, ttl_ms, mode);
}
bool TtlTable::touch(Bytes key, uint64_t ttl_ms) { return impl().touch(key, ttl_ms); }
std::optional<uint64_t> TtlTable::expiry(Bytes key) const { return impl().expiry(key); }
uint64_t TtlTable::live_count(const CancelToken* cancel) const { return impl().live_count(cancel); }
PurgeStep TtlTable::purge(std::optional<Bytes> after, uint64_t max_entries,
                          const CancelToken* cancel) {
  return impl().purge(after, max_entries, cancel);
}

}  // namespace rdb
