// Separators of byte-string keys are cut to what tells two pages apart; see spec 02 section 4.
#include <string>

#include "format/utf8.hpp"
#include "tree_fixture.hpp"

using namespace rdb;
using test::le;
using test::TreeFixture;

namespace {

struct Separators {
  size_t count = 0;
  size_t longest = 0;
  bool all_text = true;
};

Separators separators_of(TreeFixture& f) {
  Separators found;
  btree::PoolReader reader(*f.pool);
  btree::walk_pages(reader, f.root, f.shape.widths, [&](const btree::PageVisit& visit) {
    if (visit.branch == nullptr) return;
    for (uint32_t j = 0; j < visit.branch->key_count(); ++j) {
      const Bytes key = visit.branch->key(j);
      ++found.count;
      found.longest = std::max(found.longest, key.size());
      found.all_text = found.all_text && format::is_utf8(as_text(key));
    }
  });
  return found;
}

}  // namespace

TEST_SUITE("btree/separators") {
  TEST_CASE("keys that differ early get short separators, and every key is found through them") {
    TreeFixture f(test::shape_of("&[u8]", 8));
    const auto key = [](uint64_t i) {
      std::string text = std::to_string(i * 7919 % 5000 + 10000) + std::string(300, 'x');
      return test::bytes_of(text);
    };
    for (uint64_t i = 0; i < 5000; ++i) f.put(key(i), le(i));
    CHECK(f.verify() == "");
    const Separators found = separators_of(f);
    CHECK(found.count > 300);
    CHECK(found.longest == 5);
    for (uint64_t i = 0; i < 5000; ++i) REQUIRE(f.get(key(i)) == le(i));
    // Merging pulls separators down and up again.
    for (uint64_t i = 0; i < 5000; i += 1 + i % 3) f.erase(key(i));
    CHECK(f.verify() == "");
    for (uint64_t i = 0; i < 5000; ++i) f.put(key(i), le(i + 1));
    CHECK(f.verify() == "");
    for (uint64_t i = 0; i < 5000; ++i) REQUIRE(f.get(key(i)) == le(i + 1));
  }

  TEST_CASE("separators of text end between characters") {
    TreeFixture f(test::shape_of("&str", 8));
    test::Random random(3);
    // Neighbours differ in the middle of a character: U+4E00..U+4FFF, U+1F600..U+1F63F.
    const auto append = [](std::string& text, uint64_t c) {
      const auto byte = [](uint64_t b) { return static_cast<char>(static_cast<unsigned char>(b)); };
      if (c >= 0x10000) {
        text += byte(0xF0 | c >> 18);
        text += byte(0x80 | (c >> 12 & 0x3F));
      } else {
        text += byte(0xE0 | c >> 12);
      }
      text += byte(0x80 | (c >> 6 & 0x3F));
      text += byte(0x80 | (c & 0x3F));
    };
    for (uint64_t i = 0; i < 4000; ++i) {
      std::string text;
      for (int n = 0; n < 4; ++n) {
        append(text,
               random.below(2) == 0 ? 0x4E00 + random.below(512) : 0x1F600 + random.below(64));
      }
      f.put(test::bytes_of(text + std::string(100, 'x')), le(i));
    }
    CHECK(f.verify() == "");
    const Separators found = separators_of(f);
    CHECK(found.count > 100);
    CHECK(found.longest < 20);
    CHECK(found.all_text);
  }

  TEST_CASE("a key that is a prefix of its neighbour keeps its separator whole") {
    TreeFixture f(test::shape_of("&[u8]", std::nullopt));
    for (size_t n = 0; n < 600; ++n) {
      f.put(std::vector<std::byte>(n, std::byte{'a'}), std::vector<std::byte>(50));
    }
    CHECK(f.verify() == "");
    for (size_t n = 0; n < 600; ++n) CHECK(f.get(std::vector<std::byte>(n, std::byte{'a'})));
  }

  TEST_CASE("keys of fixed width keep whole separators") {
    TreeFixture f(test::shape_of("[u8;16]", 8));
    test::Random random(5);
    for (uint64_t i = 0; i < 3000; ++i) f.put(random.bytes(16), le(i));
    CHECK(f.verify() == "");
    CHECK(separators_of(f).longest == 16);
  }
}
