// txn.hpp: read and write transactions.
//
// Both see one snapshot of the database, and a writer also its own changes. Neither is bound to the
// thread that began it. Destruction ends a reader and aborts a writer.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "rdb/multimap.hpp"
#include "rdb/options.hpp"
#include "rdb/table.hpp"
#include "rdb/ttl.hpp"
#include "rdb/types.hpp"

namespace rdb {

namespace txn {
class ReadTxnImpl;
class WriteTxnImpl;
}  // namespace txn

// Threads: any, concurrently.
class ReadTxn {
 public:
  explicit ReadTxn(std::shared_ptr<txn::ReadTxnImpl> impl);
  ReadTxn(ReadTxn&&) noexcept;
  ReadTxn& operator=(ReadTxn&&) noexcept;
  ~ReadTxn();

  uint64_t id() const;  // of the commit this snapshot shows

  // table_missing, table_is_multimap, table_type or type_changed when it cannot be opened so.
  Table open_table(std::string_view name, const TypeName& key, const TypeName& value) const;
  // Whatever types the catalog names. Key order may be unknown: see TableInfo.
  Table open_table_raw(std::string_view name) const;
  // The same for multimaps, with table_not_multimap for a plain table.
  Multimap open_multimap(std::string_view name, const TypeName& key, const TypeName& value) const;
  Multimap open_multimap_raw(std::string_view name) const;
  // The same for tables whose values expire; value is the type without the expiry. They are plain
  // tables to the calls above, with values of the type "ttl::" in front of that name.
  TtlTable open_ttl(std::string_view name, const TypeName& key, const TypeName& value) const;
  TtlTable open_ttl_raw(std::string_view name) const;
  std::vector<TableInfo> list_tables() const;  // user tables of both kinds, by name
  std::optional<TableInfo> find_table(std::string_view name) const;

  // Ends the transaction; its tables and cursors answer closed from then on.
  void close();

 private:
  std::shared_ptr<txn::ReadTxnImpl> impl_;
};

// Threads: one at a time; different tables of one transaction may be used at once.
class WriteTxn {
 public:
  explicit WriteTxn(std::shared_ptr<txn::WriteTxnImpl> impl);
  WriteTxn(WriteTxn&&) noexcept;
  WriteTxn& operator=(WriteTxn&&) noexcept;
  ~WriteTxn();

  uint64_t id() const;

  void set_durability(Durability durability);
  void set_two_phase_commit(bool on);
  // Two-phase, and the allocator state is stored, so the next open after a crash walks no pages.
  void set_quick_repair(bool on);

  // Creates the table when it is missing. Open at most once at a time: table_open.
  Table open_table(std::string_view name, const TypeName& key, const TypeName& value);
  Table open_table_raw(std::string_view name);  // never creates
  // The same for multimaps. The values, too, must be of a type whose order is known.
  Multimap open_multimap(std::string_view name, const TypeName& key, const TypeName& value);
  Multimap open_multimap_raw(std::string_view name);
  // The same for tables whose values expire, see ReadTxn.
  TtlTable open_ttl(std::string_view name, const TypeName& key, const TypeName& value);
  TtlTable open_ttl_raw(std::string_view name);
  std::vector<TableInfo> list_tables() const;
  std::optional<TableInfo> find_table(std::string_view name) const;
  void rename_table(std::string_view from, std::string_view to);
  bool delete_table(std::string_view name);  // false when missing; multimaps too
  // Copies the rows of source, as they are stored, into the table called name, which is created
  // with the same types when it is missing; they need not be known. What stands under a key already
  // is replaced. source may belong to a transaction of any database. Returns the number of rows.
  uint64_t copy_table(const Table& source, std::string_view name,
                      const CancelToken* cancel = nullptr);

  // Ends the transaction; open tables and cursors answer closed from then on. After a failure the
  // transaction is over as well and nothing changed, except recovery_required: then the
  // next open decides.
  void commit();
  void abort();

 private:
  std::shared_ptr<txn::WriteTxnImpl> impl_;
};

}  // namespace rdb
