#include "row_lines.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

[[noreturn]] void throw_file(const std::string& what, const std::string& path) {
  const int code = errno;
  throw Error(ErrorCode::io, "cannot " + what + " " + path + ": " + std::strerror(code),
              Error::kNoPosition, code);
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

// ---- reading

LineReader::LineReader(const std::string& path)
    : name_(path == "-" ? "standard input" : path), stream_(stdin) {
  if (path != "-") {
    stream_ = std::fopen(path.c_str(), "rb");
    if (stream_ == nullptr) throw_io("open");
  }
  struct stat status {};
  if (fstat(fileno(stream_), &status) == 0 && S_ISREG(status.st_mode)) {
    total_bytes_ = static_cast<uint64_t>(status.st_size);
  }
}

LineReader::~LineReader() {
  std::free(buffer_);
  if (stream_ != nullptr && stream_ != stdin) std::fclose(stream_);
}

bool LineReader::next(std::string_view& line) {
  CancelToken::check(&interrupt());
  errno = 0;
  const ssize_t size = getline(&buffer_, &capacity_, stream_);
  if (size < 0) {
    CancelToken::check(&interrupt());  // an interrupted read ends up here
    if (std::ferror(stream_) != 0) throw_io("read");
    if (errno == ENOMEM) throw_io("read");
    return false;
  }
  ++number_;
  bytes_ += static_cast<uint64_t>(size);
  line = {buffer_, static_cast<size_t>(size)};
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

bool LineReader::next_row(std::string_view& line) {
  while (next(line)) {
    if (!is_blank(line)) return true;
  }
  return false;
}

void LineReader::at_line(const std::function<void()>& work) const {
  try {
    work();
  } catch (const Error& error) {
    throw Error(error.code(),
                "line " + std::to_string(number_) + " of " + name_ + ": " + error.what(), number_,
                error.os_errno());
  }
}

void LineReader::throw_io(const char* what) const { throw_file(what, name_); }

void throw_line(const std::string& why) { throw Error(ErrorCode::invalid_argument, why); }

Json parse_line(std::string_view line) {
  try {
    return Json::parse(line);
  } catch (const Json::parse_error& error) {
    throw_line("not valid JSON at byte " + std::to_string(error.byte));
  }
}

bool is_types_line(const Json& line) {
  return line.is_object() && line.contains("key_type") && line.contains("value_type") &&
         !line.contains("key");
}

void put_row(AnyTable& table, const ValueCodec& key_codec, const ValueCodec& value_codec,
             const Json& row) {
  if (!row.is_object() || row.size() != 2 || !row.contains("key") || !row.contains("value")) {
    throw_line("not an object of the form {\"key\":...,\"value\":...}");
  }
  const auto decode = [&](const ValueCodec& codec, const char* member) {
    try {
      return codec.from_json(row[member]);
    } catch (const Error& error) {
      throw_line(std::string(member) + ": " + error.what());
    }
  };
  const auto key = decode(key_codec, "key");
  const auto value = decode(value_codec, "value");
  std::visit([&](auto& open) { open.put(key, value); }, table);
}

// ---- writing

OutputFile::OutputFile(std::string path) : path_(std::move(path)), written_path_(path_) {
  struct stat status {};
  const bool exists = stat(path_.c_str(), &status) == 0;
  replaces_ = !exists || S_ISREG(status.st_mode);
  if (replaces_) written_path_ += ".part";
  stream_ = std::fopen(written_path_.c_str(), "wb");
  if (stream_ == nullptr) throw_file("create", written_path_);
}

OutputFile::~OutputFile() {
  if (stream_ == nullptr) return;
  std::fclose(stream_);
  if (replaces_) unlink(written_path_.c_str());
}

void OutputFile::finish() {
  if (std::fflush(stream_) != 0) throw_file("write", path_);
  // The rename must not overtake the data on the disk.
  if (replaces_ && fsync(fileno(stream_)) != 0) throw_file("write", path_);
  std::FILE* stream = stream_;
  stream_ = nullptr;
  if (std::fclose(stream) != 0) throw_file("write", path_);
  if (replaces_ && std::rename(written_path_.c_str(), path_.c_str()) != 0) {
    throw_file("rename " + written_path_ + " to", path_);
  }
}

Json types_line(const TableInfo& info) {
  Json line{{"table", info.name},
            {"key_type", type_json(info.key_type)},
            {"value_type", type_json(info.value_type)}};
  if (info.kind == TableKind::multimap) line["kind"] = "multimap";
  return line;
}

RowCounts write_rows(const AnyTable& table, Progress& progress, uint64_t before, uint64_t total,
                     Output& out) {
  const TableInfo& info = info_of(table);
  const ValueCodec key_codec(info.key_type, info.key_width);
  const ValueCodec value_codec(info.value_type, info.value_width);
  RowCounts counts;
  const auto write_all = [&](auto cursor) {
    while (cursor.next()) {
      CancelToken::check(&interrupt());
      out.json_line(Json{{"key", key_codec.to_json(cursor.key())},
                         {"value", value_codec.to_json(cursor.value())}});
      counts.not_values += !key_codec.is_value(cursor.key());
      counts.not_values += !value_codec.is_value(cursor.value());
      ++counts.rows;
      progress.progress(before + counts.rows, total);
    }
  };
  std::visit([&](const auto& open) { write_all(open.cursor()); }, table);
  return counts;
}

void note_not_values(const RowCounts& counts) {
  if (counts.not_values == 0) return;
  std::fprintf(stderr,
               "rdb: note: %s of other bytes than their type allows, written as raw bytes\n",
               counted(counts.not_values, "key or value").c_str());
}

}  // namespace rdb::tools
