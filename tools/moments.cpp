#include "moments.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "format/calendar.hpp"
#include "text.hpp"

namespace rdb::tools {
namespace {

constexpr uint32_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400;

std::string padded(int64_t number, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*lld", digits, static_cast<long long>(number));
  return text;
}

std::string date_text(const Item& item) {
  std::string year = padded(std::abs(item.year), 4);
  if (item.year < 0) {
    year = "-" + year;
  } else if (item.year > 9999) {
    year = "+" + year;
  }
  return year + "-" + padded(item.month, 2) + "-" + padded(item.day, 2);
}

std::string time_text(const Item& item) {
  const bool leap = item.nanoseconds >= kSecond;
  const uint32_t seconds = item.seconds % 60 + (leap ? 1 : 0);
  std::string text = padded(item.seconds / 3600, 2) + ":" + padded(item.seconds / 60 % 60, 2) +
                     ":" + padded(seconds, 2);
  if (const uint32_t rest = item.nanoseconds % kSecond; rest != 0) {
    std::string decimals = padded(rest, 9);
    while (decimals.ends_with('0')) decimals.pop_back();
    text += "." + decimals;
  }
  return text;
}

std::string offset_text(int32_t offset) {
  const int32_t size = std::abs(offset);
  std::string text =
      (offset < 0 ? "-" : "+") + padded(size / 3600, 2) + ":" + padded(size / 60 % 60, 2);
  if (size % 60 != 0) text += ":" + padded(size % 60, 2);
  return text;
}

// Date and seconds of the item, moved by so many seconds.
void shift(Item& item, int64_t by) {
  using namespace std::chrono;
  const auto days = sys_days(year(item.year) / month(item.month) / day(item.day));
  // Years beyond those of std::chrono are counted from a year of the same shape: 400 years are
  // always as many days.
  int64_t seconds = int64_t{item.seconds} + by;
  int64_t carry = 0;
  while (seconds < 0) seconds += kDay, --carry;
  while (seconds >= kDay) seconds -= kDay, ++carry;
  item.seconds = static_cast<uint32_t>(seconds);
  const year_month_day moved(days + std::chrono::days(carry));
  item.year += static_cast<int>(moved.year()) - static_cast<int>(year(item.year));
  item.month = static_cast<unsigned>(moved.month());
  item.day = static_cast<unsigned>(moved.day());
}

// As shift(), for any year: std::chrono knows those of 16 bits.
void shift_any(Item& item, int64_t by) {
  const int32_t cycles = item.year / 400;
  item.year -= cycles * 400;
  shift(item, by);
  item.year += cycles * 400;
}

// Takes what text begins with.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // least to most digits, as a number.
  std::optional<int64_t> number(size_t least, size_t most) {
    size_t digits = 0;
    int64_t value = 0;
    while (digits < most && digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      value = value * 10 + (rest_[digits++] - '0');
    }
    if (digits < least) return std::nullopt;
    rest_.remove_prefix(digits);
    digits_ = digits;
    return value;
  }
  size_t digits() const { return digits_; }  // of the last number

 private:
  std::string_view rest_;
  size_t digits_ = 0;
};

bool scan_date(Scanner& in, Item& item) {
  const bool negative = in.take('-');
  if (!negative) in.take('+');
  const auto year = in.number(4, 6);
  if (!year || !in.take('-')) return false;
  const auto month = in.number(2, 2);
  if (!month || !in.take('-')) return false;
  const auto day = in.number(2, 2);
  if (!day) return false;
  item.year = static_cast<int32_t>(negative ? -*year : *year);
  item.month = static_cast<uint32_t>(*month);
  item.day = static_cast<uint32_t>(*day);
  return format::is_date(item.year, item.month, item.day);
}

bool scan_time(Scanner& in, Item& item) {
  const auto hour = in.number(2, 2);
  if (!hour || *hour > 23 || !in.take(':')) return false;
  const auto minute = in.number(2, 2);
  if (!minute || *minute > 59) return false;
  int64_t second = 0;
  if (in.take(':')) {
    const auto read = in.number(2, 2);
    if (!read || *read > 60) return false;
    second = *read;
  }
  item.nanoseconds = 0;
  if (in.take('.')) {
    const auto decimals = in.number(1, 9);
    if (!decimals) return false;
    int64_t nanoseconds = *decimals;
    for (size_t i = in.digits(); i < 9; ++i) nanoseconds *= 10;
    item.nanoseconds = static_cast<uint32_t>(nanoseconds);
  }
  if (second == 60) {
    --second;
    item.nanoseconds += kSecond;
  }
  item.seconds = static_cast<uint32_t>((*hour * 60 + *minute) * 60 + second);
  return true;
}

bool scan_offset(Scanner& in, Item& item) {
  if (in.take('Z') || in.take('z')) {
    item.offset = 0;
    return true;
  }
  const bool negative = in.take('-');
  if (!negative && !in.take('+')) return false;
  const auto hour = in.number(2, 2);
  if (!hour || *hour > 23 || !in.take(':')) return false;
  const auto minute = in.number(2, 2);
  if (!minute || *minute > 59) return false;
  int64_t second = 0;
  if (in.take(':')) {
    const auto read = in.number(2, 2);
    if (!read || *read > 59) return false;
    second = *read;
  }
  const int64_t offset = (*hour * 60 + *minute) * 60 + second;
  item.offset = static_cast<int32_t>(negative ? -offset : offset);
  return true;
}

}  // namespace

std::string moment_text(const Item& item) {
  switch (item.kind) {
    case ItemKind::date:
      return date_text(item);
    case ItemKind::time:
      return time_text(item);
    case ItemKind::date_time:
      return date_text(item) + "T" + time_text(item);
    case ItemKind::offset:
      return offset_text(item.offset);
    default: {
      Item local = item;
      if (item.nanoseconds >= kSecond && item.offset % 60 != 0) return {};
      shift_any(local, item.offset);
      return date_text(local) + "T" + time_text(local) + offset_text(item.offset);
    }
  }
}

std::optional<Item> parse_moment(ItemKind kind, std::string_view text) {
  Scanner in(text);
  Item item;
  item.kind = kind;
  const auto separated = [&] { return in.take('T') || in.take('t') || in.take(' '); };
  bool good = false;
  switch (kind) {
    case ItemKind::date:
      good = scan_date(in, item);
      break;
    case ItemKind::time:
      good = scan_time(in, item);
      break;
    case ItemKind::date_time:
      good = scan_date(in, item) && separated() && scan_time(in, item);
      break;
    case ItemKind::zoned_date_time:
      good = scan_date(in, item) && separated() && scan_time(in, item) && scan_offset(in, item);
      if (good) shift_any(item, -int64_t{item.offset});
      good = good && format::is_date(item.year, item.month, item.day);
      break;
    default:
      good = scan_offset(in, item);
  }
  const bool timed = kind != ItemKind::date && kind != ItemKind::offset;
  if (!good || !in.done() || (timed && !format::is_time(item.seconds, item.nanoseconds))) {
    return std::nullopt;
  }
  return item;
}

std::string uuid_text(Bytes uuid) {
  const std::string hex = to_hex(uuid);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::optional<std::string> parse_uuid(std::string_view text) {
  std::string digits(text);
  if (digits.size() == 36) {
    for (const size_t at : {23, 18, 13, 8}) {
      if (digits[at] != '-') return std::nullopt;
      digits.erase(at, 1);
    }
  }
  const auto bytes = from_hex(digits);
  if (digits.size() != 32 || !bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

}  // namespace rdb::tools
