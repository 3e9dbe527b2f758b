#include "text.hpp"

#include <cstdio>

namespace rdb::tools {

namespace {

// Length of the valid UTF-8 character at the front of text, 0 when there is none.
size_t character_bytes(std::string_view text, uint32_t* scalar = nullptr) noexcept {
  if (text.empty()) return 0;
  const auto byte_at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte_at(0);
  size_t size = 0;
  uint32_t value = 0;
  uint32_t smallest = 0;  // rejects overlong forms
  if (lead < 0x80) {
    size = 1;
    value = lead;
  } else if (lead >= 0xc2 && lead < 0xe0) {
    size = 2;
    value = lead & 0x1fu;
    smallest = 0x80;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    size = 3;
    value = lead & 0x0fu;
    smallest = 0x800;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    size = 4;
    value = lead & 0x07u;
    smallest = 0x10000;
  } else {
    return 0;
  }
  if (text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte_at(i) & 0xc0u) != 0x80u) return 0;
    value = value << 6 | (byte_at(i) & 0x3fu);
  }
  if (value < smallest || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  if (scalar != nullptr) *scalar = value;
  return size;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

std::string printf_text(const char* format, double value, const char* unit) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value, unit);
  return buffer;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const size_t size = character_bytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::optional<uint32_t> single_character(std::string_view text) noexcept {
  uint32_t scalar = 0;
  const size_t size = character_bytes(text, &scalar);
  if (size == 0 || size != text.size()) return std::nullopt;
  return scalar;
}

std::string encode_utf8(uint32_t scalar) {
  std::string text;
  const auto push = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (scalar < 0x80) {
    push(scalar);
  } else if (scalar < 0x800) {
    push(0xc0 | scalar >> 6);
    push(0x80 | (scalar & 0x3f));
  } else if (scalar < 0x10000) {
    push(0xe0 | scalar >> 12);
    push(0x80 | (scalar >> 6 & 0x3f));
    push(0x80 | (scalar & 0x3f));
  } else {
    push(0xf0 | scalar >> 18);
    push(0x80 | (scalar >> 12 & 0x3f));
    push(0x80 | (scalar >> 6 & 0x3f));
    push(0x80 | (scalar & 0x3f));
  }
  return text;
}

bool is_printable(std::string_view text) noexcept {
  while (!text.empty()) {
    uint32_t scalar = 0;
    const size_t size = character_bytes(text, &scalar);
    if (size == 0) return false;
    // C1 controls (0x80..0x9f) steer terminals just as the first 32 do.
    if ((scalar < 0x20 && scalar != '\n' && scalar != '\t') || (scalar >= 0x7f && scalar < 0xa0)) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

std::string_view cut_at_character(std::string_view text, size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  // A character has at most three continuation bytes; malformed text is cut where asked.
  for (size_t back = 0; back < 4 && end > 0; ++back, --end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0u) != 0x80u) return text.substr(0, end);
  }
  return text.substr(0, max_bytes);
}

size_t character_count(std::string_view text) noexcept {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  return count;
}

std::string escape_controls(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  const auto push_hex = [&](unsigned char byte) {
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  };
  while (!text.empty()) {
    uint32_t scalar = 0;
    const size_t size = character_bytes(text, &scalar);
    if (size == 0) {
      push_hex(static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (scalar == '\n') {
      out += "\\n";
    } else if (scalar == '\t') {
      out += "\\t";
    } else if (scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0)) {
      for (char c : text.substr(0, size)) push_hex(static_cast<unsigned char>(c));
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

std::string to_hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::byte b : bytes) {
    text += kDigits[static_cast<unsigned>(b) >> 4];
    text += kDigits[static_cast<unsigned>(b) & 15];
  }
  return text;
}

std::optional<std::vector<std::byte>> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

std::string to_base64(Bytes bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint32_t>(bytes[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  uint32_t group = 0;
  unsigned bits = 0;
  for (char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return std::nullopt;
    group = group << 6 | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<std::byte>(group >> bits & 0xff));
      group &= (1u << bits) - 1;
    }
  }
  if (group != 0) return std::nullopt;
  return bytes;
}

std::string format_bytes(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  const double value = static_cast<double>(bytes);
  if (bytes < uint64_t{1} << 20) return printf_text("%.2f %s", value / 1024, "KiB");
  if (bytes < uint64_t{1} << 30) return printf_text("%.2f %s", value / (1 << 20), "MiB");
  return printf_text("%.2f %s", value / (1 << 30), "GiB");
}

std::string format_count(uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string format_percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  return printf_text("%.1f %s", 100.0 * static_cast<double>(part) / static_cast<double>(whole),
                     "%");
}

std::string format_seconds(double seconds, int decimals) {
  char buffer[64];
  if (seconds < 60) {
    const bool milli = seconds < 0.1;
    std::snprintf(buffer, sizeof buffer, "%.*f %s", decimals, milli ? seconds * 1000 : seconds,
                  milli ? "ms" : "s");
    return buffer;
  }
  const auto whole = static_cast<uint64_t>(seconds);
  if (whole < 3600) {
    std::snprintf(buffer, sizeof buffer, "%u min %02u s", static_cast<unsigned>(whole / 60),
                  static_cast<unsigned>(whole % 60));
  } else {
    std::snprintf(buffer, sizeof buffer, "%llu h %02u min",
                  static_cast<unsigned long long>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60));
  }
  return buffer;
}

}  // namespace rdb::tools
