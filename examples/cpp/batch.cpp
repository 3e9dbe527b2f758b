// batch.cpp: a table of numbers and texts; loading, reading and deleting many records at once.
#include <iostream>
#include <rdb.hpp>

int main() {
  rdb::Database db = rdb::Database::open("numbers.rdb");
  rdb::WriteTxn txn = db.write();
  auto numbers = txn.table<uint64_t, std::string_view>("numbers");

  // Any range of pairs is a batch.
  std::string text;
  auto rows = std::views::iota(uint64_t{0}, uint64_t{100000}) |
              std::views::transform([&](uint64_t i) -> std::pair<uint64_t, std::string_view> {
                text = "number " + std::to_string(i);
                return {i, text};
              });
  std::cout << "loaded " << numbers.put_batch(rows) << "\n";

  const std::array<uint64_t, 3> wanted = {7, 99999, 100000};
  const auto values = numbers.get_batch(wanted);
  for (size_t i = 0; i < wanted.size(); ++i) {
    std::cout << wanted[i] << ": " << values[i].value_or("not there") << "\n";
  }

  std::cout << "from 255 to 257:";  // in order of value, however they are stored
  for (auto [number, name] : numbers.range(255, 258)) std::cout << " " << number;
  std::cout << "\n";

  const auto even = std::views::iota(uint64_t{0}, uint64_t{50000}) |
                    std::views::transform([](uint64_t i) { return 2 * i; });
  std::cout << "deleted " << numbers.remove_batch(even) << "\n";
  std::cout << "left " << numbers.size() << "\n";
  txn.commit();
}
