// Sizes, counts, cutting, quoting.
#include "text.hpp"

#include "support.hpp"

namespace rdb::tools {

TEST_SUITE("cli/text") {
  TEST_CASE("sizes have two decimals and the unit below the next") {
    CHECK(format_bytes(0) == "0 B");
    CHECK(format_bytes(1023) == "1023 B");
    CHECK(format_bytes(1024) == "1.00 KiB");
    CHECK(format_bytes(1536) == "1.50 KiB");
    CHECK(format_bytes(uint64_t{5} << 20) == "5.00 MiB");
    CHECK(format_bytes((uint64_t{3} << 30) + (uint64_t{1} << 29)) == "3.50 GiB");
    CHECK(format_bytes(~uint64_t{0}) == "17179869184.00 GiB");
  }

  TEST_CASE("counts are grouped by thousands") {
    CHECK(format_count(0) == "0");
    CHECK(format_count(999) == "999");
    CHECK(format_count(1000) == "1,000");
    CHECK(format_count(1234567) == "1,234,567");
  }

  TEST_CASE("shares of nothing are a dash") {
    CHECK(format_percent(1, 8) == "12.5 %");
    CHECK(format_percent(1, 0) == "-");
  }

  TEST_CASE("times choose their unit") {
    CHECK(format_seconds(0.0042) == "4.20 ms");
    CHECK(format_seconds(0.416) == "0.42 s");
    CHECK(format_seconds(7, 0) == "7 s");
    CHECK(format_seconds(185) == "3 min 05 s");
    CHECK(format_seconds(7800) == "2 h 10 min");
  }

  TEST_CASE("D40: text is cut between characters, never inside one") {
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";  // 1, 2, 3 and 4 bytes
    const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t max = 0; max < 11; ++max) {
      CAPTURE(max);
      CHECK(cut_at_character(text, max).size() == ends[max]);
    }
    CHECK(cut_at_character("\x80\x80\x80\x80\x80\x80", 5).size() == 5);
    CHECK(character_count(text) == 4);
  }

  TEST_CASE("UTF-8 is checked strictly") {
    CHECK(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
      CHECK_FALSE(is_utf8(bad));
    }
    for (uint32_t scalar : {0x24u, 0xe9u, 0x20acu, 0xd7ffu, 0xe000u, 0x1f600u, 0x10ffffu}) {
      CHECK(single_character(encode_utf8(scalar)) == scalar);
    }
    CHECK_FALSE(single_character("").has_value());
    CHECK_FALSE(single_character("ab").has_value());
  }

  TEST_CASE("nothing that steers a terminal passes the quoting") {
    CHECK(escape_controls("a\tb\n") == "a\\tb\\n");
    CHECK(escape_controls("\x1b[0m\x7f") == "\\x1b[0m\\x7f");
    CHECK(escape_controls("\xc2\x9b") == "\\xc2\\x9b");
    CHECK(escape_controls("\xff\xc3\xa9") == "\\xff\xc3\xa9");
    CHECK(is_printable("two\tcolumns\n"));
    CHECK_FALSE(is_printable("\x1b"));
    CHECK_FALSE(is_printable("\xc2\x9b"));
  }

  TEST_CASE("base64 and hexadecimal go both ways for every length") {
    std::vector<std::byte> bytes;
    for (int i = 0; i < 70; ++i) {
      CHECK(from_base64(to_base64(bytes)) == bytes);
      CHECK(from_hex(to_hex(bytes)) == bytes);
      bytes.push_back(static_cast<std::byte>(i * 37 + 200));
    }
    CHECK(to_base64(as_bytes("rdb!")) == "cmRiIQ==");
  }
}

}  // namespace rdb::tools
