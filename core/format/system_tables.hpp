// system_tables.hpp: names, types and widths of the tables in the system tree (spec 01
// section 4.2).
//
// All are normal tables, and both type names of each have class byte 1. Opening one whose record
// says otherwise is corruption. Tables not listed here are preserved and walked by their stored
// widths.
#pragma once

#include <optional>
#include <string_view>

#include "format/widths.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct SystemTable {
  std::string_view name;
  std::string_view key_type;
  std::string_view value_type;
  Widths widths;
  bool known_to_redb = false;  // false: evidence that shodh-redb wrote the file (section 4.6)

  TypeName key_type_name() const { return {TypeName::kBuiltin, std::string(key_type)}; }
  TypeName value_type_name() const { return {TypeName::kBuiltin, std::string(value_type)}; }
};

inline constexpr std::optional<uint32_t> kVariable = std::nullopt;

// clang-format off
inline constexpr SystemTable kNextSavepointId{
    "next_savepoint_id", "()", "redb::SavepointId", {0, 8}, true};
inline constexpr SystemTable kPersistentSavepoints{
    "persistent_savepoints", "redb::SavepointId", "redb::SerializedSavepoint", {8, kVariable}, true};
inline constexpr SystemTable kDataPagesAllocated{
    "data_pages_allocated", "redb::TransactionIdWithPagination", "redb::PageList", {16, kVariable}, true};
inline constexpr SystemTable kDataPagesUnreachable{
    "data_pages_unreachable", "redb::TransactionIdWithPagination", "redb::PageList", {16, kVariable}, true};
inline constexpr SystemTable kSystemPagesUnreachable{
    "system_pages_unreachable", "redb::TransactionIdWithPagination", "redb::PageList", {16, kVariable}, true};
inline constexpr SystemTable kAllocatorState{
    "allocator_state", "redb::AllocatorStateKey", "&[u8]", {5, kVariable}, true};
inline constexpr SystemTable kTransactionHistory{
    "transaction_history", "u64", "redb::HistorySnapshot", {8, 73}};
inline constexpr SystemTable kCdcLog{
    "cdc_log", "redb::cdc::CdcKey", "redb::cdc::CdcRecord", {12, kVariable}};
inline constexpr SystemTable kCdcCursors{
    "cdc_cursors", "&str", "u64", {kVariable, 8}};
inline constexpr SystemTable kBlobStore{
    "blob_store", "redb::blob::BlobId", "redb::blob::BlobMeta", {16, 169}};
inline constexpr SystemTable kBlobChunks{
    "blob_chunks", "redb::blob::BlobChunkKey", "&[u8]", {12, kVariable}};
inline constexpr SystemTable kBlobCounters{
    "blob_counters", "u64", "u64", {8, 8}};
inline constexpr SystemTable kBlobTemporalIndex{
    "blob_temporal_idx", "redb::blob::TemporalKey", "()", {32, 0}};
inline constexpr SystemTable kBlobCausalEdges{
    "blob_causal_edges_v2", "redb::blob::CausalEdgeKey", "redb::blob::CausalEdge", {32, 80}};
inline constexpr SystemTable kBlobCausalChildren{
    "blob_causal_children", "redb::blob::BlobId", "redb::blob::BlobId", {16, 16}};
inline constexpr SystemTable kBlobTagIndex{
    "blob_tag_idx", "redb::blob::TagKey", "()", {49, 0}};
inline constexpr SystemTable kBlobNamespace{
    "blob_namespace", "redb::blob::BlobId", "redb::blob::NamespaceVal", {16, 64}};
inline constexpr SystemTable kBlobNamespaceIndex{
    "blob_namespace_idx", "redb::blob::NamespaceKey", "()", {80, 0}};
inline constexpr SystemTable kBlobDedupIndex{
    "blob_dedup_idx", "redb::blob::Sha256Key", "redb::blob::DedupVal", {32, 40}};
inline constexpr SystemTable kBlobDedupMap{
    "blob_dedup_map", "redb::blob::BlobId", "redb::blob::Sha256Key", {16, 32}};
// clang-format on

inline constexpr SystemTable kSystemTables[] = {kNextSavepointId,
                                                kPersistentSavepoints,
                                                kDataPagesAllocated,
                                                kDataPagesUnreachable,
                                                kSystemPagesUnreachable,
                                                kAllocatorState,
                                                kTransactionHistory,
                                                kCdcLog,
                                                kCdcCursors,
                                                kBlobStore,
                                                kBlobChunks,
                                                kBlobCounters,
                                                kBlobTemporalIndex,
                                                kBlobCausalEdges,
                                                kBlobCausalChildren,
                                                kBlobTagIndex,
                                                kBlobNamespace,
                                                kBlobNamespaceIndex,
                                                kBlobDedupIndex,
                                                kBlobDedupMap};

// nullptr when the name is none of the above.
constexpr const SystemTable* find_system_table(std::string_view name) noexcept {
  for (const SystemTable& table : kSystemTables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace rdb::format
