#include "new_file.hpp"

#include <filesystem>

#include "context.hpp"
#include "header_facts.hpp"

namespace rdb::tools {

CLI::Option* NewFile::add_options(CLI::App& app) {
  CLI::Option* option =
      app.add_option("--compression", compression, "How a file that is made stores its values")
          ->check(CLI::IsMember({"none", "lz4", "zstd"}));
  app.add_option("--compression-level", compression_level, "Of zstd, for what this command writes")
      ->check(CLI::Range(1, 22))
      ->needs(option);
  return option;
}

void NewFile::check(const std::string& path) const {
  if (compression.empty()) return;
  if (compression_level != 0 && compression != "zstd") {
    throw UsageError("--compression-level: " + compression + " has no levels");
  }
  // An empty file is one that will be made.
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) || std::filesystem::is_empty(path, ignored)) return;
  const std::string stored = read_header_facts(path).compression_text();
  if (stored == compression) return;
  throw UsageError("--compression is " + compression + ", but " + path + " is there already with " +
                   (stored == "none" ? "no compression" : stored));
}

void NewFile::apply(OpenOptions& options) const {
  options.compression = compression == "lz4"    ? Compression::lz4
                        : compression == "zstd" ? Compression::zstd
                                                : Compression::none;
  options.compression_level = compression_level;
}

}  // namespace rdb::tools
