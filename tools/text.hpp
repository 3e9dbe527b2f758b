// text.hpp: small text work of the command line tool: UTF-8, hex, base64, sizes, cutting, quoting.
//
// Nothing here knows about databases. Functions are pure; threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/types.hpp"

namespace rdb::tools {

// Strict UTF-8: no surrogates, nothing above U+10FFFF, no overlong forms.
bool is_utf8(std::string_view text) noexcept;

// The scalar value text consists of; nullopt unless it is exactly one character.
std::optional<uint32_t> single_character(std::string_view text) noexcept;
// requires a Unicode scalar value
std::string encode_utf8(uint32_t scalar);

// Valid UTF-8 without control characters other than newline and tab: fit to be shown as text.
bool is_printable(std::string_view text) noexcept;

// The longest prefix of text with at most max_bytes bytes that ends between two characters.
std::string_view cut_at_character(std::string_view text, size_t max_bytes) noexcept;

// Characters of valid UTF-8, which is what a terminal column count comes to for most scripts.
size_t character_count(std::string_view text) noexcept;

// Control characters as \n, \t or \xNN, invalid bytes as \xNN: one line, safe on a terminal.
std::string escape_controls(std::string_view text);

std::string to_hex(Bytes bytes);
std::optional<std::vector<std::byte>> from_hex(std::string_view text);  // two digits a byte
std::string to_base64(Bytes bytes);                                     // RFC 4648, padded
// Padding may be missing; nullopt for other characters or non-zero spare bits.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

std::string format_bytes(uint64_t bytes);  // "512 B", "1.50 KiB", "2.25 MiB", "3.00 GiB"
std::string format_count(uint64_t count);  // "1,234,567"
std::string format_percent(uint64_t part, uint64_t whole);  // "12.3 %"; "-" when whole is 0
// "4.20 ms", "0.42 s", "3 min 05 s", "2 h 10 min"; decimals: of seconds and milliseconds.
std::string format_seconds(double seconds, int decimals = 2);

}  // namespace rdb::tools
