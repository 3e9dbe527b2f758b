// row_lines.hpp: rows of tables as JSON lines, read and written: what import, export, dump and load
// share.
//
//   {"table":"todo","key_type":"u64","value_type":"&str"}    the types line: begins a table
//   {"key":1,"value":"call home"}                            a row of it
//
// Threads: one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "context.hpp"

namespace rdb::tools {

// Lines of a file or of standard input ("-").
class LineReader {
 public:
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The next line that is not blank, without its end; false: there is none. The view is valid until
  // the next call.
  bool next_row(std::string_view& line);
  // Adds the place of the line read last to whatever goes wrong in work.
  void at_line(const std::function<void()>& work) const;

  uint64_t bytes() const { return bytes_; }
  uint64_t total_bytes() const { return total_bytes_; }  // 0: unknown

 private:
  bool next(std::string_view& line);
  [[noreturn]] void throw_io(const char* what) const;

  std::string name_;
  std::FILE* stream_;
  char* buffer_ = nullptr;
  size_t capacity_ = 0;
  uint64_t number_ = 0;  // of the line read last, from 1
  uint64_t bytes_ = 0;
  uint64_t total_bytes_ = 0;
};

[[noreturn]] void throw_line(const std::string& why);  // invalid_argument
Json parse_line(std::string_view line);
bool is_types_line(const Json& line);
Json types_line(const TableInfo& info);
// Stores the row of a line.
void put_row(AnyTable& table, const ValueCodec& key_codec, const ValueCodec& value_codec,
             const Json& row);

// A named output appears complete or not at all: it is written beside its place and renamed.
// Devices and pipes are written directly.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  ~OutputFile();  // without finish(): the file goes
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::FILE* stream() { return stream_; }
  void finish();

 private:
  std::string path_;
  std::string written_path_;
  bool replaces_ = false;
  std::FILE* stream_ = nullptr;
};

struct RowCounts {
  uint64_t rows = 0;
  uint64_t not_values = 0;  // keys or values whose bytes are none of their type
};

// The rows of a table, in order. Progress counts them from before on, of total.
RowCounts write_rows(const AnyTable& table, Progress& progress, uint64_t before, uint64_t total,
                     Output& out);
// Tells on standard error that some were written as raw bytes.
void note_not_values(const RowCounts& counts);

}  // namespace rdb::tools
