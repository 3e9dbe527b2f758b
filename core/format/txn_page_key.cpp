#include "format/txn_page_key.hpp"

#include "base/endian.hpp"

namespace rdb::format {
namespace {

KeyReading from_possible(bool shodh, bool redb) noexcept {
  if (shodh && redb) return KeyReading::either;
  if (shodh) return KeyReading::shodh;
  return redb ? KeyReading::redb : KeyReading::impossible;
}

}  // namespace

uint64_t decode_savepoint_id(const std::byte* in, KeyProfile profile) noexcept {
  return profile == KeyProfile::shodh ? base::load_be64(in) : base::load_le64(in);
}

void encode_savepoint_id(uint64_t id, std::byte* out, KeyProfile profile) noexcept {
  profile == KeyProfile::shodh ? base::store_be64(out, id) : base::store_le64(out, id);
}

TxnPageKey TxnPageKey::decode(const std::byte* in, KeyProfile profile) noexcept {
  return {decode_savepoint_id(in, profile), decode_savepoint_id(in + 8, profile)};
}

void TxnPageKey::encode(std::byte* out, KeyProfile profile) const noexcept {
  encode_savepoint_id(txn_id, out, profile);
  encode_savepoint_id(pagination, out + 8, profile);
}

std::array<std::byte, TxnPageKey::kBytes> TxnPageKey::encode(KeyProfile profile) const noexcept {
  std::array<std::byte, kBytes> out;
  encode(out.data(), profile);
  return out;
}

KeyReading judge_txn_page_key(const std::byte* in, uint64_t newest_txn_id) noexcept {
  return from_possible(base::load_be64(in) <= newest_txn_id, base::load_le64(in) <= newest_txn_id);
}

KeyReading judge_savepoint_id(const std::byte* in, uint64_t record_id) noexcept {
  return from_possible(base::load_be64(in) == record_id, base::load_le64(in) == record_id);
}

}  // namespace rdb::format
