// golden_files.hpp: the committed files of the Rust engines, unpacked. RDB_GOLDEN_DIR names their
// folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace rdb::test {

inline std::filesystem::path golden_folder() {
  const char* folder = std::getenv("RDB_GOLDEN_DIR");
  if (folder == nullptr) throw std::runtime_error("RDB_GOLDEN_DIR is not set");
  return folder;
}

// Without their ending ".gz", in order.
inline std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    if (entry.path().extension() == ".gz") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::vector<std::byte> golden_image(const std::string& name) {
  const std::string file = (golden_folder() / (name + ".gz")).string();
  std::FILE* pipe = ::popen(("gzip -dc '" + file + "'").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("gzip cannot be started");
  std::vector<std::byte> image;
  std::array<std::byte, 65536> buffer;
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    image.insert(image.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(n));
  }
  if (::pclose(pipe) != 0 || image.empty()) throw std::runtime_error("cannot unpack " + file);
  return image;
}

}  // namespace rdb::test
