// errors.cpp: what is no error (absence), and how errors tell what they are.
#include <iostream>
#include <rdb.hpp>

namespace {

// Errors are caught as rdb::Error, or by their class: rdb::TableError, rdb::ConcurrencyError and so
// on. what() says it in a sentence, os_errno() why the system refused.
template <class Function>
void show(std::string_view what, Function&& function) {
  try {
    function();
    std::cout << what << ": no error\n";
  } catch (const rdb::Error& error) {
    std::cout << what << ": " << error.name() << "\n";
  }
}

}  // namespace

int main() {
  rdb::Database db = rdb::Database::open("errors.rdb");
  rdb::WriteTxn txn = db.write();
  rdb::Table<> table = txn.table("table");

  show("an absent key", [&] { table.get("nobody"); });  // an empty optional
  show("a missing file",
       [&] { rdb::Database::open("missing.rdb", {.mode = rdb::OpenMode::existing}); });

  table.close();
  show("another type", [&] { txn.table<uint64_t, rdb::Bytes>("table"); });
  show("a reserved name", [&] { txn.table("__rdb:mine"); });
  show("a second writer", [&] { db.write({.timeout = std::chrono::milliseconds(0)}); });
  show("closing too early", [&] { db.close(); });  // it stays open

  table = txn.table("table");
  table.put("key", "value");
  txn.commit();
  show("a table after its transaction", [&] { table.contains("key"); });

  if (db.read().table("table").contains("key")) std::cout << "the database still works\n";
}
