// short_form.hpp: how a test that tries every point takes some of them.
//
// RDB_TEST_SHORT=1 asks for short forms: the sanitizer setups of tests/meson.build set it, because
// their programs are many times slower, and what they look for shows at one point in several. The
// cases stay the same ones. Strides are primes, so that what turns with the point still varies.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace rdb::test {

inline bool short_form() {
  const char* text = std::getenv("RDB_TEST_SHORT");
  return text != nullptr && text[0] == '1';
}

// How far to go from one point to the next, or by how much to divide: n in the short form, else 1.
inline uint64_t one_in(uint64_t n) { return short_form() ? n : 1; }

}  // namespace rdb::test
