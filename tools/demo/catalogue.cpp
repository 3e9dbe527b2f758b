#include "catalogue.hpp"

#include <charconv>
#include <filesystem>

#include "../text.hpp"
#include "session.hpp"

namespace rdb::demo {

namespace {

std::string_view trimmed(std::string_view value) {
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return value;
}

// Records are stored as &str, which promises UTF-8; an odd byte in a catalogue becomes '?'.
void make_utf8(std::string& record) {
  if (tools::is_utf8(record)) return;
  for (char& c : record) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
}

}  // namespace

std::string_view field(std::string_view record, std::string_view name) {
  size_t begin = 0;
  while (begin < record.size()) {
    const size_t end = std::min(record.find('\n', begin), record.size());
    const std::string_view line = record.substr(begin, end - begin);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return trimmed(line.substr(name.size() + 1));
    }
    begin = end + 1;
  }
  return {};
}

std::vector<std::string_view> dependencies(std::string_view record) {
  std::vector<std::string_view> names;
  for (const char* kind : {"Depends", "Pre-Depends"}) {
    std::string_view rest = field(record, kind);
    while (!rest.empty()) {
      const size_t end = std::min(rest.find_first_of(",|"), rest.size());
      const std::string_view wanted = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      // "name:architecture (>= version)"
      const std::string_view name = wanted.substr(0, wanted.find_first_of(" :("));
      if (!name.empty()) names.push_back(name);
    }
  }
  return names;
}

CatalogueReader::CatalogueReader(const std::string& path) : in_(path, std::ios::binary) {
  if (!in_) throw Failure("cannot read " + path);
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  total_bytes_ = ignored ? 0 : size;
}

bool CatalogueReader::next(Package& package) {
  std::string line;
  package = {};
  while (std::getline(in_, line)) {
    done_bytes_ += line.size() + 1;
    if (!line.empty()) {
      package.record += line;
      package.record += '\n';
      continue;
    }
    if (!field(package.record, "Package").empty()) break;
    package.record.clear();
  }
  make_utf8(package.record);
  package.name = field(package.record, "Package");
  package.section = field(package.record, "Section");
  if (package.section.empty()) package.section = "(none)";
  const std::string_view maintainer = field(package.record, "Maintainer");
  package.maintainer = trimmed(maintainer.substr(0, maintainer.find('<')));
  if (package.maintainer.empty()) package.maintainer = "(none)";
  const std::string_view size = field(package.record, "Installed-Size");
  std::from_chars(size.data(), size.data() + size.size(), package.installed_kib);
  return !package.name.empty();
}

}  // namespace rdb::demo
