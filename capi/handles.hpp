// handles.hpp: the structs behind the opaque types of rdb.h.
//
// A struct owns its object of the core. The core's objects survive their parents by themselves; the
// one count kept here is that of a table, which stays open until the last of its cursors is gone.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "handle.hpp"
#include "rdb/cancel.hpp"
#include "rdb/database.hpp"
#include "rdb/item_codec.hpp"
#include "rdb/multimap.hpp"
#include "rdb/table.hpp"
#include "rdb/ttl.hpp"
#include "rdb/txn.hpp"

// Signatures are four letters, so that a dump of a handle explains itself.
struct rdb_db : rdb::capi::Handle<0x42446472> {  // "rdDB"
  static constexpr const char* kNoun = "database";
  explicit rdb_db(rdb::Database&& opened) : database(std::move(opened)) {}
  mutable rdb::Database database;  // all calls but close may overlap, so const does not matter
};

struct rdb_txn : rdb::capi::Handle<0x58546472> {  // "rdTX"
  static constexpr const char* kNoun = "transaction";
  template <class Txn>
  explicit rdb_txn(Txn&& begun) : txn(std::forward<Txn>(begun)) {}
  bool writable() const noexcept { return std::holds_alternative<rdb::WriteTxn>(txn); }
  // The writer, or misuse.
  rdb::WriteTxn& writer();
  mutable std::variant<rdb::ReadTxn, rdb::WriteTxn> txn;
};

// Of any kind. Shared by the handle and the cursors of the table; released with the last of
// them.
struct rdb_table : rdb::capi::Handle<0x42546472> {  // "rdTB"
  static constexpr const char* kNoun = "table";
  template <class Opened>
  rdb_table(Opened&& opened, bool may_write)
      : table(std::forward<Opened>(opened)), writable(may_write) {}
  // The table, or table_is_multimap.
  const rdb::Table& plain() const {
    if (const auto* found = std::get_if<rdb::Table>(&table)) [[likely]]
      return *found;
    if (const auto* found = std::get_if<rdb::TtlTable>(&table)) return *found;
    throw_is_multimap();
  }
  // The multimap, or table_not_multimap.
  const rdb::Multimap& multimap() const;
  // The table whose values expire, or table_type.
  const rdb::TtlTable& ttl() const;
  // The same to be changed, or misuse when the transaction is a reader.
  rdb::Table& plain_for_change();
  rdb::Multimap& multimap_for_change();
  rdb::TtlTable& ttl_for_change();
  bool is_multimap() const noexcept { return std::holds_alternative<rdb::Multimap>(table); }
  void require_writable() const;
  void require_open() const;  // throws closed
  [[noreturn]] static void throw_is_multimap();
  [[noreturn]] static void throw_not_multimap();
  [[noreturn]] static void throw_not_ttl();

  std::variant<rdb::Table, rdb::Multimap, rdb::TtlTable> table;
  const bool writable;
  mutable std::atomic<uint32_t> owners{1};
};

struct rdb_cursor : rdb::capi::Handle<0x55436472> {  // "rdCU"
  static constexpr const char* kNoun = "cursor";
  using Position = std::variant<rdb::Cursor, rdb::MultimapCursor>;
  explicit rdb_cursor(const rdb_table& of)
      : cursor(std::visit([](const auto& table) -> Position { return table.cursor(); }, of.table)),
        parent(of) {
    parent.owners.fetch_add(1, std::memory_order_relaxed);
  }
  ~rdb_cursor();
  Position cursor;
  const rdb_table& parent;
};

struct rdb_value : rdb::capi::Handle<0x4c566472> {  // "rdVL"
  static constexpr const char* kNoun = "value";
  rdb::Value value;
};

struct rdb_result : rdb::capi::Handle<0x53526472> {  // "rdRS"
  static constexpr const char* kNoun = "result";
  static constexpr bool kForkSensitive = false;
  rdb::BatchResult answers;
  std::vector<rdb::Bytes> keys;  // scratch of a running batch; kept for its capacity
};

struct rdb_listing : rdb::capi::Handle<0x534c6472> {  // "rdLS"
  static constexpr const char* kNoun = "listing";
  static constexpr bool kForkSensitive = false;
  std::vector<rdb::TableInfo> tables;
};

struct rdb_report : rdb::capi::Handle<0x50526472> {  // "rdRP"
  static constexpr const char* kNoun = "report";
  static constexpr bool kForkSensitive = false;
  rdb::VerifyReport report;
};

struct rdb_cancel : rdb::capi::Handle<0x4e436472> {  // "rdCN"
  static constexpr const char* kNoun = "cancel handle";
  static constexpr bool kForkSensitive = false;
  mutable rdb::CancelToken token;  // a flag; any thread may raise it
};

struct rdb_codec : rdb::capi::Handle<0x43446472> {  // "rdDC"
  static constexpr const char* kNoun = "codec";
  static constexpr bool kForkSensitive = false;
  explicit rdb_codec(const rdb::TypeName& type) : items(type) {}
  rdb::ItemCodec items;
  bool finished = false;  // the next item begins another value
};

// Like a cursor it keeps its table open.
struct rdb_extract : rdb::capi::Handle<0x58456472> {  // "rdEX"
  static constexpr const char* kNoun = "extraction";
  rdb_extract(const rdb_table& of, rdb::Extraction&& begun)
      : extraction(std::move(begun)), parent(of) {
    parent.owners.fetch_add(1, std::memory_order_relaxed);
  }
  ~rdb_extract();
  std::optional<rdb::Extraction> extraction;
  const rdb_table& parent;
};

struct rdb_reservation : rdb::capi::Handle<0x56526472> {  // "rdRV"
  static constexpr const char* kNoun = "reservation";
  explicit rdb_reservation(rdb_table& of) : parent(of) {
    parent.owners.fetch_add(1, std::memory_order_relaxed);
  }
  ~rdb_reservation();
  rdb_table& parent;
  rdb::Table::PutMode mode{};
  std::vector<std::byte> key;
  std::vector<std::byte> value;
};

namespace rdb::capi {

// NULL: byte strings.
TypeName to_type(const rdb_type* type);

// Gives up one of the owners of table; the last one destroys it.
void drop_owner(const rdb_table* table) noexcept;

// NULL stays NULL.
inline const CancelToken* token_of(const rdb_cancel* cancel) {
  return cancel == nullptr ? nullptr : &live(cancel).token;
}

}  // namespace rdb::capi
