// input.hpp: what every fuzz target uses: numbers out of the input, and a requirement that stops.
//
// A target is one function over bytes, LLVMFuzzerTestOneInput. It returns whatever the bytes are;
// a broken requirement, a signal or a sanitizer's report is a finding. With clang libFuzzer calls
// it, in a plain build replay_main.cpp does.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/endian.hpp"
#include "rdb/error.hpp"
#include "rdb/types.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace rdb::fuzz {

inline Bytes input_bytes(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

inline void require(bool holds, const std::string& what) {
  if (!holds) [[unlikely]]
    fail(what);
}

// Takes the input apart from the front; past its end everything is zero.
class Input {
 public:
  explicit Input(Bytes bytes) : left_(bytes) {}

  bool empty() const noexcept { return left_.empty(); }
  size_t size() const noexcept { return left_.size(); }

  uint8_t u8() noexcept {
    const Bytes one = take(1);
    return one.empty() ? uint8_t{0} : std::to_integer<uint8_t>(one[0]);
  }
  uint16_t u16() noexcept {
    const uint16_t low = u8();
    return static_cast<uint16_t>(low | u8() << 8);
  }
  uint32_t below(uint32_t end) noexcept { return end <= 256 ? u8() % end : u16() % end; }
  // Fewer when the input ends.
  Bytes take(size_t count) noexcept {
    const Bytes front = left_.first(count < left_.size() ? count : left_.size());
    left_ = left_.subspan(front.size());
    return front;
  }
  Bytes rest() noexcept { return take(left_.size()); }

 private:
  Bytes left_;
};

// Runs work on untrusted bytes: it succeeds, or refuses with an Error that says why. False when it
// refused.
template <typename Work>
bool survives(Work&& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    require(*error.what() != '\0', "an error without a message");
    require(error.code() != ErrorCode::internal, std::string("internal error: ") + error.what());
    return false;
  }
}

}  // namespace rdb::fuzz
