// table_choice.hpp: which table a writing command works on, and how it may come into being.
#pragma once

#include "context.hpp"

namespace rdb::tools {

struct TableChoice {
  std::string path;
  std::string table;
  std::string key_type;  // as given on the command line; empty: not given
  std::string value_type;
  bool create = false;
  bool multimap = false;  // what --create makes
  NewFile new_file;

  // Adds --key-type, --value-type, --create, --multimap and those of new files.
  void add_options(CLI::App& app);

  // Throws UsageError for a type that is no type, or when a file would be created although its
  // table could not be.
  void check() const;

  // Opens the file, making it when asked.
  Database open_file(Context& context) const;

  // Opens the table of a running transaction, creating it when asked. Throws NotFound and
  // UsageError.
  AnyTable open(WriteTxn& txn) const;
};

}  // namespace rdb::tools
