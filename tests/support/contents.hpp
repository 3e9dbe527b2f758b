// contents.hpp: the rows of a whole database as plain values, and checks that open databases share.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fault_backend.hpp"
#include "io/prewriting_backend.hpp"
#include "rdb/database.hpp"

namespace rdb::test {

// Table name -> rows in the table's own order, keys and values encoded.
using Rows = std::vector<std::pair<std::string, std::string>>;
using Contents = std::map<std::string, Rows>;

inline const TypeName kBytesType{TypeName::kBuiltin, "&[u8]"};
inline const TypeName kTextType{TypeName::kBuiltin, "&str"};
inline const TypeName kU64Type{TypeName::kBuiltin, "u64"};

inline std::string le64(uint64_t value) {
  std::string text(8, '\0');
  for (size_t i = 0; i < 8; ++i) text[i] = static_cast<char>(value >> (8 * i));
  return text;
}

inline Rows rows_of(const Table& table) {
  Rows rows;
  Cursor cursor = table.cursor();
  for (bool more = cursor.first(); more; more = cursor.next()) {
    rows.emplace_back(as_text(cursor.key()), as_text(cursor.value()));
  }
  return rows;
}

// The pairs of a multimap, in its order.
inline Rows rows_of(const Multimap& table) {
  Rows rows;
  MultimapCursor cursor = table.cursor();
  for (bool more = cursor.first(); more; more = cursor.next()) {
    rows.emplace_back(as_text(cursor.key()), as_text(cursor.value()));
  }
  return rows;
}

inline Contents contents_of(const ReadTxn& txn) {
  Contents contents;
  for (const TableInfo& info : txn.list_tables()) {
    contents[info.name] = info.kind == TableKind::multimap
                              ? rows_of(txn.open_multimap_raw(info.name))
                              : rows_of(txn.open_table_raw(info.name));
  }
  return contents;
}
inline Contents contents_of(const Database& database) { return contents_of(database.begin_read()); }

// One line per problem; empty when the database is whole and leaks nothing.
inline std::string verify_text(const Database& database) {
  const VerifyReport report = database.verify(VerifyLevel::full);
  std::string text;
  for (const VerifyProblem& problem : report.problems) {
    text += problem.object + ": " + problem.what + "\n";
  }
  if (report.leaked_pages > 0) text += std::to_string(report.leaked_pages) + " leaked pages\n";
  return text;
}

inline Database open_device(const std::shared_ptr<FaultDevice>& device,
                            const OpenOptions& options = {}) {
  std::unique_ptr<StorageBackend> backend = std::make_unique<FaultBackend>(device);
  if (device->opens_as_file()) {
    backend = std::make_unique<io::PrewritingBackend>(std::move(backend));
  }
  return Database::open_backend(std::move(backend), options);
}

}  // namespace rdb::test

#define CHECK_VERIFIES(database) CHECK_EQ(::rdb::test::verify_text(database), std::string())
