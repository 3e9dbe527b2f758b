// scan.cpp: all keys in order, a range, a prefix, backwards. A scan is a range of the standard
// library.
#include <iostream>
#include <map>
#include <rdb.hpp>

namespace {

void print(std::string_view title, rdb::Scan<> rows) {
  std::cout << title << ":\n";
  for (auto [key, value] : rows) std::cout << "  " << key.text() << " " << value.text() << "\n";
}

}  // namespace

int main() {
  rdb::Database db = rdb::Database::open("stations.rdb");
  rdb::WriteTxn txn = db.write();
  rdb::Table<> stations = txn.table("stations");
  stations.put("hamburg/altona", "S1 S2 S3");
  stations.put("berlin/zoo", "U2 U9");
  stations.put("bern/bahnhof", "S1 S2");
  stations.put("berlin/alexanderplatz", "U2 U5 U8");
  stations.put("hamburg/sternschanze", "U3");
  stations.put("berlin/mehringdamm", "U6 U7");

  print("all", stations.scan());
  print("from berlin/m to bern/z", stations.range("berlin/m", "bern/z"));
  print("in berlin/", stations.prefix("berlin/"));

  std::cout << "the last two, backwards:\n";
  for (auto [key, value] : stations.scan_backward() | std::views::take(2)) {
    std::cout << "  " << key.text() << " " << value.text() << "\n";
  }
  txn.commit();
}
