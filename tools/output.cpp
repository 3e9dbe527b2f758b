#include "output.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

void Output::fail() {
  const int code = errno;
  if (code == EPIPE) throw OutputClosed{};
  throw Error(ErrorCode::io, "cannot write to " + name_ + ": " + std::strerror(code),
              Error::kNoPosition, code);
}

void Output::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) fail();
}

void Output::line(std::string_view text) {
  write(text);
  write("\n");
}

void Output::json_line(const Json& value) { line(json_text(value)); }
void Output::json_document(const Json& value) { line(json_text(value, 2)); }

void Output::flush() {
  if (std::fflush(stream_) != 0) fail();
}

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void TextTable::add(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::print(Output& out) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(character_count(column.title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], character_count(row[i]));
  }
  const auto print_row = [&](const auto& cell_at) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string& cell = cell_at(i);
      const std::string padding(widths[i] - character_count(cell), ' ');
      if (i > 0) text += "  ";
      text += columns_[i].align == Align::right ? padding + cell : cell + padding;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out.line(text);
  };
  print_row([&](size_t i) -> const std::string& { return columns_[i].title; });
  std::string rule;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) rule += "  ";
    rule += std::string(widths[i], '-');
  }
  out.line(rule);
  for (const auto& row : rows_) {
    print_row([&](size_t i) -> const std::string& { return row[i]; });
  }
}

void FactList::print(Output& out) const {
  size_t width = 0;
  for (const auto& [name, value] : facts_) width = std::max(width, character_count(name));
  for (const auto& [name, value] : facts_) {
    if (name.empty()) {
      out.line("");
    } else {
      out.line(name + std::string(width - character_count(name) + 2, ' ') + value);
    }
  }
}

}  // namespace rdb::tools
