// records.cpp: opening a database; storing, reading, replacing and deleting records.
#include <iostream>
#include <rdb.hpp>

namespace {

void show(const rdb::Table<>& people, std::string_view name) {
  std::cout << name << ": " << people.get(name).value_or("not found") << "\n";
}

}  // namespace

int main() {
  rdb::Database db = rdb::Database::open("people.rdb");

  rdb::WriteTxn first = db.write();
  rdb::Table<> people = first.table("people");
  people.put("ada", "1815");
  people.put("alan", "1912");
  first.commit();  // durable once this returns; without it everything would be taken back

  rdb::ReadTxn reader = db.read();
  people = reader.table("people");
  show(people, "ada");
  show(people, "grace");
  std::cout << people.size() << " people\n";
  reader.end();

  rdb::WriteTxn second = db.write();
  people = second.table("people");
  people.put("ada", "10 December 1815");
  show(people, "ada");
  if (people.remove("alan")) std::cout << "alan was deleted\n";
  std::cout << people.size() << " person\n";
  second.commit();

  db.close();  // the destructor would do, but could not tell what went wrong
}
