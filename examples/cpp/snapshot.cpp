// snapshot.cpp: a reader keeps what it saw while a writer goes on; an abort.
#include <iostream>
#include <rdb.hpp>

namespace {

void show(std::string_view who, const rdb::Txn& txn) {
  std::cout << who << ": " << txn.table("accounts").get("ada").value() << "\n";
}

}  // namespace

int main() {
  rdb::Database db = rdb::Database::open("accounts.rdb");
  {
    rdb::WriteTxn writer = db.write();
    writer.table("accounts").put("ada", "100");
    writer.commit();
  }

  rdb::ReadTxn reader = db.read();
  show("balance before", reader);

  rdb::WriteTxn writer = db.write();  // the reader is in nobody's way
  writer.table("accounts").put("ada", "70");
  show("the writer sees", writer);
  writer.commit();

  show("the reader still sees", reader);
  reader.end();  // so that its pages can be used again
  show("a new reader sees", db.read());

  {
    rdb::WriteTxn doubtful = db.write();
    doubtful.table("accounts").put("ada", "0");
  }  // not committed, so it is as if it had never been
  show("after an abort", db.read());
}
