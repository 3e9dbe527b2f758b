#include "model.hpp"

#include <algorithm>

namespace rdb::test {

namespace {

uint64_t scramble(uint64_t id) { return Random(id * 0x2545f4914f6cdd1d + 1).next(); }

}  // namespace

std::string make_key(const TableKindSpec& spec, uint32_t id) {
  const uint64_t hash = scramble(id);
  if (spec.key_width >= 0) {
    std::string key(static_cast<size_t>(spec.key_width), '\0');
    if (key.size() == 4) id *= 0x9e3779b1;  // odd, so distinct; half of them negative
    // Half of the ids lie close together, the others far apart; the low bits keep them distinct.
    for (size_t i = 0; i < key.size(); ++i) {
      uint64_t byte = i < 4 ? id >> (8 * i) : 0;
      if (id % 2 == 0 && i >= 4) byte = hash >> (8 * (i % 8));
      key[i] = static_cast<char>(byte);
    }
    return key;
  }
  if (id == 0) return {};
  std::string key = "key/" + std::to_string(id % 7) + "/" + std::to_string(id);
  if (id % 5 == 0) key.append(hash % 60, 'x');
  if (id % 97 == 0) key.append(1500, 'y');  // several keys fill a page
  if (id % 11 == 0) key.insert(4, "\xc3\xa9");
  if (spec.key_type.name == "&[u8]" && id % 13 == 0) key.push_back('\0');
  return key;
}

void make_value(const TableKindSpec& spec, ValueRecipe recipe, std::string& out) {
  out.resize(recipe.size);
  Random random(recipe.seed);
  size_t i = 0;
  while (i < out.size()) {
    uint64_t word = random.next();
    // Text values must be UTF-8: seven bits a byte.
    if (spec.value_type.name == "&str") word &= 0x7f7f7f7f7f7f7f7f;
    for (size_t n = std::min<size_t>(8, out.size() - i); n > 0; --n, ++i, word >>= 8) {
      out[i] = static_cast<char>(word);
    }
  }
}

}  // namespace rdb::test
