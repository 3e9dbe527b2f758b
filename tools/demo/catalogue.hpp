// catalogue.hpp: the Debian package catalogue as text: paragraphs of "Field: value" lines, blank
// lines between them, continuation lines that begin with a blank.
#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace rdb::demo {

struct Package {
  std::string name;
  std::string section;
  std::string maintainer;  // without the address
  uint64_t installed_kib = 0;
  std::string record;  // the paragraph, valid UTF-8
};

// The first line of a field of a paragraph; empty when the field is missing.
std::string_view field(std::string_view record, std::string_view name);

// The packages that a record names in Depends and Pre-Depends, alternatives included.
std::vector<std::string_view> dependencies(std::string_view record);

class CatalogueReader {
 public:
  // Throws Failure when the file cannot be read.
  explicit CatalogueReader(const std::string& path);

  // False at the end. Paragraphs without a name are passed over.
  bool next(Package& package);

  uint64_t done_bytes() const { return done_bytes_; }
  uint64_t total_bytes() const { return total_bytes_; }

 private:
  std::ifstream in_;
  uint64_t done_bytes_ = 0;
  uint64_t total_bytes_ = 0;
};

}  // namespace rdb::demo
