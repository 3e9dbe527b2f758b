// output.hpp: what the tool writes to standard output: rows, tables, JSON.
//
// A reader that goes away (`rdb scan ... | head`) is no error: the first write that meets the
// closed pipe throws OutputClosed, which main() turns into a quiet success. Any other failure to
// write throws rdb::Error(io), so a full disk never looks like a complete export. SIGPIPE must be
// ignored by the process.
//
// Threads: one.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "value_codec.hpp"

namespace rdb::tools {

struct OutputClosed {};

// Borrows the stream.
class Output {
 public:
  Output(std::FILE* stream, std::string name) : stream_(stream), name_(std::move(name)) {}

  void write(std::string_view text);
  void line(std::string_view text);
  void json_line(const Json& value);      // one line
  void json_document(const Json& value);  // indented
  void flush();

 private:
  [[noreturn]] void fail();

  std::FILE* stream_;
  std::string name_;  // for messages
};

std::string json_text(const Json& value, int indent = -1);

// Columns two spaces apart, as wide as their widest cell; numbers to the right.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);  // requires one cell per column
  void print(Output& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name      value" lines, the values aligned.
class FactList {
 public:
  void add(std::string name, std::string value) {
    facts_.emplace_back(std::move(name), std::move(value));
  }
  void gap() { facts_.emplace_back(); }
  void print(Output& out) const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

}  // namespace rdb::tools
