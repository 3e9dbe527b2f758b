// support.hpp: what every test may use: hex text, byte literals, checks on error codes.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rdb/error.hpp"
#include "rdb/types.hpp"

namespace rdb::test {

// "01 00 0200" without spaces: two lower-case digits a byte.
inline std::string hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::byte b : bytes) {
    text += kDigits[static_cast<unsigned>(b) >> 4];
    text += kDigits[static_cast<unsigned>(b) & 15];
  }
  return text;
}

// The bytes a hex text names; white space is skipped.
inline std::vector<std::byte> unhex(std::string_view text) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::vector<std::byte> bytes;
  int high = -1;
  for (char c : text) {
    if (c == ' ' || c == '\n') continue;
    if (high < 0) {
      high = digit(c);
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + digit(c)));
      high = -1;
    }
  }
  return bytes;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  Bytes b = as_bytes(text);
  return {b.begin(), b.end()};
}

// Whether the library's own threads do anything on this machine.
inline bool has_two_processors() {
  if (std::thread::hardware_concurrency() > 1) return true;
  MESSAGE("one processor: the library has no threads of its own here");
  return false;
}

// For what another thread brings about: false when it has not within half a minute.
template <typename Condition>
bool comes_true(Condition&& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace rdb::test

// Passes when expression throws rdb::Error with this code.
#define CHECK_THROWS_CODE(expression, expected)                                       \
  do {                                                                                \
    bool rdb_thrown_ = false;                                                         \
    try {                                                                             \
      static_cast<void>(expression);                                                  \
    } catch (const ::rdb::Error& rdb_error_) {                                        \
      rdb_thrown_ = true;                                                             \
      CHECK_MESSAGE(rdb_error_.code() == (expected), std::string(rdb_error_.what())); \
    }                                                                                 \
    CHECK_MESSAGE(rdb_thrown_, "no rdb::Error thrown by " #expression);               \
  } while (false)
