// new_file.hpp: what a database file is like that a command makes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "rdb/options.hpp"

namespace rdb::tools {

struct NewFile {
  std::string compression;  // as given on the command line; empty: not given
  int compression_level = 0;

  // Adds --compression and --compression-level; returns the former.
  CLI::Option* add_options(CLI::App& app);

  // Throws UsageError for a level without zstd, or when the file is there and stored otherwise.
  void check(const std::string& path) const;

  void apply(OpenOptions& options) const;
};

}  // namespace rdb::tools
