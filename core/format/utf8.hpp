// utf8.hpp: the UTF-8 test that table and type names must pass.
#pragma once

#include <string_view>

namespace rdb::format {

// True for well-formed UTF-8 as Rust's str has it: no overlong forms, no surrogates, nothing above
// U+10FFFF. The empty text is well-formed.
bool is_utf8(std::string_view text) noexcept;

}  // namespace rdb::format
