// moments.hpp: dates, times and identifiers as text, RFC 3339 where that has a form.
//
//   date       2024-02-29; +12024-02-29 and -0001-02-29 outside of the years 0 to 9999
//   time       23:59:59.000005, as many decimals as are needed, up to nine; 23:59:60 in a leap
//   second date-time  2024-02-29T23:59:59 zoned      2024-02-29T23:59:59+02:00, of the place; Z is
//   read as +00:00 offset     +02:00, or +02:00:30 when it has seconds uuid
//   00112233-4455-6677-8899-aabbccddeeff; read without hyphens too
//
// Reading answers nullopt for text that is none; the item of what is read is of the calendar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rdb/item_codec.hpp"

namespace rdb::tools {

// Requires an item of one of these kinds. Empty for a leap second whose offset has seconds: its
// local time does not end a minute.
std::string moment_text(const Item& item);
std::optional<Item> parse_moment(ItemKind kind, std::string_view text);

std::string uuid_text(Bytes uuid);
std::optional<std::string> parse_uuid(std::string_view text);  // 16 bytes

}  // namespace rdb::tools
