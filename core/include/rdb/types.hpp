// types.hpp: vocabulary shared by every public core header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rdb {

// Borrowed, read-only bytes. Whoever hands one out states how long it lives.
using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Class byte and name of a key or value type as the catalog stores them (spec 02 section 8).
// Two types are the same type when both parts are equal byte for byte.
struct TypeName {
  // On disk. Never renumber.
  static constexpr uint8_t kBuiltin = 1;
  static constexpr uint8_t kUserDefined = 2;
  static constexpr uint8_t kTuple = 3;  // variable-width tuple in the encoding of redb 3

  uint8_t type_class = kBuiltin;
  std::string name = "&[u8]";

  bool operator==(const TypeName&) const = default;
};

// A flag any thread (or a signal handler) may raise; long operations poll it and throw cancelled.
class CancelToken;

// Progress of a long operation: done and total in the operation's own unit (total 0: unknown).
// Return false to stop it; it then throws cancelled (or repair_aborted during open).
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual bool progress(uint64_t done, uint64_t total) = 0;
};

}  // namespace rdb
