#include "format/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace rdb::format {

bool is_utf8(std::string_view text) noexcept {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    ++i;
    if (lead < 0x80) continue;
    // The second byte's range rules out overlong forms, surrogates and values above U+10FFFF.
    size_t following;
    uint8_t lowest = 0x80;
    uint8_t highest = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      following = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      following = 2;
      if (lead == 0xE0) lowest = 0xA0;
      if (lead == 0xED) highest = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      following = 3;
      if (lead == 0xF0) lowest = 0x90;
      if (lead == 0xF4) highest = 0x8F;
    } else {
      return false;
    }
    if (text.size() - i < following) return false;
    for (; following > 0; --following, ++i) {
      const auto byte = static_cast<uint8_t>(text[i]);
      if (byte < lowest || byte > highest) return false;
      lowest = 0x80;
      highest = 0xBF;
    }
  }
  return true;
}

}  // namespace rdb::format
