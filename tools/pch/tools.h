// tools.h: compiled once for all files of the command line tool: two large headers each of them
// needs.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
