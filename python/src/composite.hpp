// composite.hpp: the parts of Codec that types with members need: names taken apart, lengths, dates
// and times.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "python.hpp"
#include "rdb.hpp"

namespace rdb::python {

// What stands between prefix and suffix; nothing when text does not have both.
std::optional<std::string_view> between(std::string_view text, std::string_view prefix,
                                        std::string_view suffix);

// The members of "(A,B)" or "(T,)"; nothing when it is no tuple.
std::optional<std::vector<std::string_view>> tuple_members(std::string_view name);

// Lengths in tuples and lists: one byte up to 253, else three or five.
void append_length(std::string& out, size_t length);
// Takes one off the front of rest; nothing when it is cut off.
std::optional<size_t> take_length(std::string_view& rest);

// Encodings of the chrono and uuid types, appended to out. False: the object is of another class.
// What is out of range throws.
bool append_date(PyObject* object, std::string& out);
bool append_time(PyObject* object, std::string& out);
bool append_date_time(PyObject* object, std::string& out);
bool append_zoned(PyObject* object, std::string& out);
bool append_offset(PyObject* object, std::string& out);
bool append_uuid(PyObject* object, std::string& out);

// And back; of the width of their type. ContentError for what is no date or time; UsageError for
// years that Python's dates do not have.
py::object load_date(std::string_view stored);
py::object load_time(std::string_view stored);
py::object load_date_time(std::string_view stored);
py::object load_zoned(std::string_view stored);
py::object load_offset(std::string_view stored);
py::object load_uuid(std::string_view stored);

}  // namespace rdb::python
