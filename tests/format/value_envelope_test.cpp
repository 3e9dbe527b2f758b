#include "format/value_envelope.hpp"

#include <random>

#include "support.hpp"

namespace rdb::format {
namespace {

using test::bytes_of;
using test::hex;
using test::unhex;

std::vector<std::byte> opened(Bytes stored) {
  std::vector<std::byte> scratch;
  const Bytes value = open_value(stored, scratch);
  return {value.begin(), value.end()};
}

std::vector<std::byte> text_of(size_t size) {
  std::vector<std::byte> value(size);
  for (size_t i = 0; i < size; ++i) value[i] = static_cast<std::byte>('a' + i / 7 % 5);
  return value;
}

std::vector<std::byte> noise_of(size_t size) {
  std::mt19937_64 random(size);
  std::vector<std::byte> value(size);
  for (std::byte& b : value) b = static_cast<std::byte>(random());
  return value;
}

std::vector<std::byte> sealed(Compression codec, Bytes value, int level = 0) {
  ValueSealer sealer(codec, level);
  const Bytes stored = sealer.seal(value);
  return {stored.begin(), stored.end()};
}

constexpr Compression kCodecs[] = {Compression::lz4, Compression::zstd};

}  // namespace

TEST_SUITE("format/value_envelope") {
  TEST_CASE("the envelopes of spec 02 section 18.14 open") {
    CHECK(hex(opened(unhex("00 6400000000000000"))) == "6400000000000000");
    CHECK(opened(unhex("03 64000000 64000000 1f 41 0100 4b 50 4141414141")) ==
          bytes_of(std::string(100, 'A')));
    CHECK(opened({}).empty());
  }

  TEST_CASE("values come back whole, whatever their size and content") {
    for (const Compression codec : kCodecs) {
      for (const size_t size : {0, 1, 5, 63, 64, 65, 100, 5000, 70000, 3 << 20}) {
        for (const auto& value : {text_of(size), noise_of(size)}) {
          CAPTURE(size);
          CHECK(opened(sealed(codec, value)) == value);
        }
      }
    }
  }

  TEST_CASE("a value is compressed from 64 bytes on, and only when that makes it shorter") {
    for (const Compression codec : kCodecs) {
      CHECK(sealed(codec, {}).empty());
      CHECK(ValueEnvelope::parse(sealed(codec, text_of(63))).is_raw());
      CHECK_FALSE(ValueEnvelope::parse(sealed(codec, text_of(200))).is_raw());
      CHECK(sealed(codec, text_of(200)).size() < 200);
      const auto noise = sealed(codec, noise_of(200));
      CHECK(ValueEnvelope::parse(noise).is_raw());
      CHECK(noise.size() == 201);
    }
    CHECK(ValueEnvelope::parse(sealed(Compression::none, text_of(200))).is_raw());
  }

  TEST_CASE("one sealer serves values of all sizes in turn, and a level changes the size") {
    ValueSealer sealer(Compression::zstd, 19);
    for (const size_t size : {5000, 10, 0, 300000, 64}) {
      CHECK(opened(sealer.seal(text_of(size))) == text_of(size));
    }
    std::mt19937_64 random(1);
    std::string words;
    while (words.size() < 200000) words += "word" + std::to_string(random() % 500 * 7919) + ' ';
    const std::vector<std::byte> value = bytes_of(words);
    CHECK(sealed(Compression::zstd, value, 19).size() < sealed(Compression::zstd, value, 1).size());
  }

  TEST_CASE("first bytes that mean nothing are a format error; unused bits are ignored") {
    for (const char* stored : {"01 05000000 00", "07 05000000 00", "03", "05 000000"}) {
      CHECK_THROWS_CODE(ValueEnvelope::parse(unhex(stored)), ErrorCode::format);
    }
    CHECK(hex(opened(unhex("f8 6162"))) == "6162");
    CHECK(opened(unhex("0b 64000000 64000000 1f 41 0100 4b 50 4141414141")).size() == 100);
  }

  TEST_CASE("a size that the payload cannot produce is refused before memory is taken for it") {
    for (const char* stored :
         {"03 ffffffff ffffffff 1f 41 0100 4b 50 4141414141",  // above the limit of a value
          "03 00000010 00000010 1f 41 0100 4b 50 4141414141",  // 256 MiB of 11 bytes
          "03 64000000 65000000 1f 41 0100 4b 50 4141414141",  // two sizes
          "03 64000000", "03 64000000 640000",                 // no second size
          "05 64000000", "05 64000000 00112233"}) {            // no frame
      CAPTURE(stored);
      CHECK_THROWS_CODE(ValueEnvelope::parse(unhex(stored)), ErrorCode::corrupted);
    }
    auto frame = sealed(Compression::zstd, text_of(5000));
    frame[1] = std::byte{1};
    CHECK_THROWS_CODE(ValueEnvelope::parse(frame), ErrorCode::corrupted);
  }

  TEST_CASE("a payload of another length than promised is corrupted") {
    for (const char* size : {"63000000", "65000000"}) {
      const auto stored = unhex(std::string("03") + size + size + "1f 41 0100 4b 50 4141414141");
      CHECK_THROWS_CODE(opened(stored), ErrorCode::corrupted);
    }
  }

  TEST_CASE("damage of any one byte, and any cut, is an error or another value of the size told") {
    for (const Compression codec : kCodecs) {
      const std::vector<std::byte> good = sealed(codec, text_of(1000));
      const auto survives = [](Bytes stored) {
        try {
          const ValueEnvelope envelope = ValueEnvelope::parse(stored);
          std::vector<std::byte> out(envelope.size());
          envelope.open(out);
        } catch (const Error& error) {
          const bool expected =
              error.code() == ErrorCode::corrupted || error.code() == ErrorCode::format;
          CHECK(expected);
        }
      };
      for (size_t i = 0; i < good.size(); ++i) {
        survives(Bytes(good).first(i));
        for (const int bit : {1, 2, 16, 128}) {
          std::vector<std::byte> bad = good;
          bad[i] ^= static_cast<std::byte>(bit);
          survives(bad);
        }
      }
    }
  }
}

}  // namespace rdb::format
