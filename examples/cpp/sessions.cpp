// sessions.cpp: values that expire, and counters kept by merges.
#include <chrono>
#include <iostream>
#include <rdb.hpp>

using namespace std::chrono_literals;

namespace {

using Sessions = rdb::TtlTable<std::string_view, std::string_view>;

Sessions sessions_of(const rdb::Txn& txn) {
  return txn.ttl_table<std::string_view, std::string_view>("sessions");
}

void visit(rdb::Database& db, std::string_view user, std::string_view page) {
  rdb::WriteTxn txn = db.write();
  Sessions sessions = sessions_of(txn);
  sessions.put_for(user, page, 10min);
  auto visits = txn.table<std::string_view, uint64_t>("visits");
  visits.merge(user, 1, rdb::Merge::numeric_add);
  txn.commit();
}

// The records in one line.
template <class Scan>
void print(const std::string& title, Scan records) {
  std::cout << title << ":";
  const char* separator = " ";
  for (auto [user, value] : records) {
    std::cout << separator << user << " " << value;
    separator = ", ";
  }
  std::cout << "\n";
}

void show(rdb::Database& db, int minutes) {
  rdb::ReadTxn txn = db.read();
  print("after " + std::to_string(minutes) + " minutes", sessions_of(txn).scan());
}

}  // namespace

int main() {
  constexpr std::chrono::sys_time<std::chrono::milliseconds> kStart =
      std::chrono::sys_days(std::chrono::January / 1 / 2026);
  rdb::Database db = rdb::Database::open("sessions.rdb");
  db.set_clock(kStart);  // the system's, unless a program brings its own
  visit(db, "ada", "home");
  visit(db, "bob", "news");
  show(db, 0);
  db.set_clock(kStart + 6min);
  visit(db, "ada", "mail");
  show(db, 6);
  db.set_clock(kStart + 12min);
  show(db, 12);

  rdb::WriteTxn txn = db.write();
  Sessions sessions = sessions_of(txn);
  std::cout << "stored " << sessions.size() << ", live " << sessions.live_count() << "\n";
  const auto step = sessions.purge();
  std::cout << "purged " << step.removed << ", stored " << sessions.size() << "\n";
  print("visits", txn.table<std::string_view, uint64_t>("visits").scan());
  txn.commit();
}
