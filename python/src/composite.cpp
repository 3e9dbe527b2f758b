#include "composite.hpp"

#include <cstdint>
#include <cstring>

#include "errors.hpp"

// The C interface of datetime, which keeps a pointer of its own for each file that imports it.
#include <datetime.h>

namespace rdb::python {
namespace {

constexpr size_t kMaxMembers = 12;
constexpr int kDay = 24 * 60 * 60;
constexpr uint32_t kSecond = 1'000'000'000;

void append_little(std::string& out, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

uint32_t load_little(std::string_view stored, size_t at, size_t bytes) {
  uint32_t number = 0;
  for (size_t i = bytes; i > 0; --i) {
    number = number << 8 | static_cast<unsigned char>(stored[at + i - 1]);
  }
  return number;
}

// datetime's interface, imported by whoever needs it first.
void need_datetime() {
  if (PyDateTimeAPI != nullptr) return;
  PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) throw py::error_already_set();
}

[[noreturn]] void throw_content(const char* what) {
  throw ContentError(RDB_ERR_CORRUPTED, std::string("a stored value is ") + what);
}

struct Date {
  int year;
  int month;
  int day;
};

Date read_date(std::string_view stored) {
  const Date date{static_cast<int32_t>(load_little(stored, 0, 4)),
                  static_cast<unsigned char>(stored[4]), static_cast<unsigned char>(stored[5])};
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
  if (date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > kDays[date.month - 1] + (date.month == 2 && leap ? 1 : 0)) {
    throw_content("no date of the calendar");
  }
  if (date.year < 1 || date.year > 9999) {
    throw_invalid("the year " + std::to_string(date.year) +
                  " is none that Python's dates have; open the table with raw=True");
  }
  return date;
}

struct Time {
  int hour;
  int minute;
  int second;
  int microsecond;
};

// What Python's times lack is cut off: nanoseconds, and a leap second to the last microsecond
// before it.
Time read_time(std::string_view stored) {
  const uint32_t seconds = load_little(stored, 0, 3);
  const uint32_t nanoseconds = load_little(stored, 3, 4);
  const bool leap = nanoseconds >= kSecond;
  if (seconds >= kDay || nanoseconds >= 2 * kSecond || (leap && seconds % 60 != 59)) {
    throw_content("no time of a day");
  }
  const int whole = static_cast<int>(seconds);
  return {whole / 3600, whole / 60 % 60, whole % 60,
          leap ? 999'999 : static_cast<int>(nanoseconds / 1000)};
}

int read_offset(std::string_view stored) {
  const auto seconds = static_cast<int32_t>(load_little(stored, 0, 4));
  if (seconds <= -kDay || seconds >= kDay) throw_content("an offset of a day or more");
  return seconds;
}

void put_date(std::string& out, PyObject* date) {
  append_little(out, static_cast<uint32_t>(PyDateTime_GET_YEAR(date)), 4);
  append_little(out, static_cast<uint32_t>(PyDateTime_GET_MONTH(date)), 1);
  append_little(out, static_cast<uint32_t>(PyDateTime_GET_DAY(date)), 1);
}

void put_time(std::string& out, int hour, int minute, int second, int microsecond) {
  append_little(out, static_cast<uint32_t>((hour * 60 + minute) * 60 + second), 3);
  append_little(out, static_cast<uint32_t>(microsecond) * 1000, 4);
}

void put_date_time(std::string& out, PyObject* moment) {
  put_date(out, moment);
  put_time(out, PyDateTime_DATE_GET_HOUR(moment), PyDateTime_DATE_GET_MINUTE(moment),
           PyDateTime_DATE_GET_SECOND(moment), PyDateTime_DATE_GET_MICROSECOND(moment));
}

// Seconds of what utcoffset() answered.
int seconds_of(PyObject* delta) {
  if (PyDateTime_DELTA_GET_MICROSECONDS(delta) != 0) {
    throw_invalid("an offset from UTC has fractions of a second");
  }
  return PyDateTime_DELTA_GET_DAYS(delta) * kDay + PyDateTime_DELTA_GET_SECONDS(delta);
}

py::object zone_of(int seconds) {
  const py::object delta = stolen(PyDelta_FromDSU(0, seconds, 0));
  return stolen(PyTimeZone_FromOffset(delta.ptr()));
}

}  // namespace

std::optional<std::string_view> between(std::string_view text, std::string_view prefix,
                                        std::string_view suffix) {
  if (text.size() < prefix.size() + suffix.size() || !text.starts_with(prefix) ||
      !text.ends_with(suffix)) {
    return std::nullopt;
  }
  return text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
}

std::optional<std::vector<std::string_view>> tuple_members(std::string_view name) {
  const std::optional<std::string_view> body = between(name, "(", ")");
  if (!body || body->empty()) return std::nullopt;
  std::vector<std::string_view> members;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= body->size() && members.size() <= kMaxMembers; ++i) {
    const char c = i < body->size() ? (*body)[i] : ',';
    if (c == '(' || c == '[' || c == '<') ++depth;
    if (c == ')' || c == ']' || c == '>') --depth;
    if (c != ',' || depth != 0) continue;
    members.push_back(body->substr(begin, i - begin));
    begin = i + 1;
  }
  const bool single = members.size() == 2 && members[1].empty();
  if (single) members.pop_back();
  if (members.empty() || members.size() > kMaxMembers || (members.size() == 1 && !single)) {
    return std::nullopt;
  }
  return members;
}

void append_length(std::string& out, size_t length) {
  if (length < 254) {
    append_little(out, length, 1);
  } else if (length <= UINT16_MAX) {
    append_little(out, 254, 1);
    append_little(out, length, 2);
  } else {
    if (length > UINT32_MAX) throw_invalid("a member of a key or value is larger than 4 GiB");
    append_little(out, 255, 1);
    append_little(out, length, 4);
  }
}

std::optional<size_t> take_length(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(rest[0]);
  const size_t bytes = first < 254 ? 0 : first == 254 ? 2 : 4;
  if (rest.size() < 1 + bytes) return std::nullopt;
  const size_t length = bytes == 0 ? first : load_little(rest, 1, bytes);
  rest.remove_prefix(1 + bytes);
  return length;
}

bool append_date(PyObject* object, std::string& out) {
  need_datetime();
  if (PyDate_Check(object) == 0 || PyDateTime_Check(object) != 0) return false;
  put_date(out, object);
  return true;
}

bool append_time(PyObject* object, std::string& out) {
  need_datetime();
  if (PyTime_Check(object) == 0) return false;
  if (!py::reinterpret_borrow<py::object>(object).attr("tzinfo").is_none()) {
    throw_invalid("a time with a zone is no chrono::NaiveTime");
  }
  put_time(out, PyDateTime_TIME_GET_HOUR(object), PyDateTime_TIME_GET_MINUTE(object),
           PyDateTime_TIME_GET_SECOND(object), PyDateTime_TIME_GET_MICROSECOND(object));
  return true;
}

bool append_date_time(PyObject* object, std::string& out) {
  need_datetime();
  if (PyDateTime_Check(object) == 0) return false;
  if (!py::reinterpret_borrow<py::object>(object).attr("tzinfo").is_none()) {
    throw_invalid("a datetime with a zone is no chrono::NaiveDateTime");
  }
  put_date_time(out, object);
  return true;
}

bool append_zoned(PyObject* object, std::string& out) {
  need_datetime();
  if (PyDateTime_Check(object) == 0) return false;
  const auto moment = py::reinterpret_borrow<py::object>(object);
  const py::object delta = moment.attr("utcoffset")();
  if (delta.is_none()) {
    throw_invalid("a datetime without a zone is no chrono::DateTime<chrono::FixedOffset>");
  }
  const int seconds = seconds_of(delta.ptr());
  const py::object naive = moment.attr("replace")(py::arg("tzinfo") = py::none());
  const py::object utc = stolen(PyNumber_Subtract(naive.ptr(), delta.ptr()));
  put_date_time(out, utc.ptr());
  append_little(out, static_cast<uint32_t>(seconds), 4);
  return true;
}

bool append_offset(PyObject* object, std::string& out) {
  need_datetime();
  if (PyTZInfo_Check(object) == 0) return false;
  const py::object delta = py::reinterpret_borrow<py::object>(object).attr("utcoffset")(py::none());
  if (delta.is_none()) throw_invalid("a zone without a fixed offset is no chrono::FixedOffset");
  append_little(out, static_cast<uint32_t>(seconds_of(delta.ptr())), 4);
  return true;
}

bool append_uuid(PyObject* object, std::string& out) {
  const py::object uuid = py::module_::import("uuid").attr("UUID");
  const int is = PyObject_IsInstance(object, uuid.ptr());
  ensured(is);
  if (is == 0) return false;
  out += py::reinterpret_borrow<py::object>(object).attr("bytes").cast<std::string>();
  return true;
}

py::object load_date(std::string_view stored) {
  need_datetime();
  const Date date = read_date(stored);
  return stolen(PyDate_FromDate(date.year, date.month, date.day));
}

py::object load_time(std::string_view stored) {
  need_datetime();
  const Time time = read_time(stored);
  return stolen(PyTime_FromTime(time.hour, time.minute, time.second, time.microsecond));
}

py::object load_date_time(std::string_view stored) {
  need_datetime();
  const Date date = read_date(stored);
  const Time time = read_time(stored.substr(6));
  return stolen(PyDateTime_FromDateAndTime(date.year, date.month, date.day, time.hour, time.minute,
                                           time.second, time.microsecond));
}

py::object load_zoned(std::string_view stored) {
  const py::object utc = load_date_time(stored);
  const int seconds = read_offset(stored.substr(13));
  const py::object delta = stolen(PyDelta_FromDSU(0, seconds, 0));
  const py::object local = stolen(PyNumber_Add(utc.ptr(), delta.ptr()));
  return local.attr("replace")(py::arg("tzinfo") = zone_of(seconds));
}

py::object load_offset(std::string_view stored) {
  need_datetime();
  return zone_of(read_offset(stored));
}

py::object load_uuid(std::string_view stored) {
  return py::module_::import("uuid").attr("UUID")(py::arg("bytes") =
                                                      py::bytes(stored.data(), stored.size()));
}

}  // namespace rdb::python
