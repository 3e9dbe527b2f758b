// tags.cpp: a multimap: several values a key, both in order.
#include <iostream>
#include <rdb.hpp>

int main() {
  using Pair = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Pair, 5> kPairs = {Pair{"sf", "dune"}, Pair{"desert", "dune"},
                                          Pair{"england", "emma"}, Pair{"sf", "solaris"},
                                          Pair{"ocean", "solaris"}};
  rdb::Database db = rdb::Database::open("tags.rdb");
  rdb::WriteTxn txn = db.write();
  auto tags = txn.multimap<std::string_view, std::string_view>("tags");
  tags.put_batch(kPairs);
  std::cout << "tags " << tags.key_count() << ", pairs " << tags.size() << "\n";
  std::cout << "sf and dune again: " << (tags.put("sf", "dune") ? "new" : "nothing new") << "\n";

  auto cursor = tags.cursor();
  while (cursor.next_key()) {
    std::cout << cursor.key() << ": " << cursor.value();
    while (cursor.next_value()) std::cout << ", " << cursor.value();
    std::cout << "\n";
  }
  cursor.close();

  tags.remove("sf", "dune");
  std::cout << "sf without dune:";
  for (const std::string& book : tags.get("sf")) std::cout << " " << book;
  std::cout << "\n";
  tags.remove_key("sf");
  std::cout << "without sf: tags " << tags.key_count() << ", pairs " << tags.size() << "\n";
  txn.commit();
}
