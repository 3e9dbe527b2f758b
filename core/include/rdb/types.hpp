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

// How a type's nested tuples of variable width are encoded, which its name leaves open: redb up to
// version 2 wrote all tuples in what is now called the legacy encoding.
enum class NestedTuples : uint8_t {
  by_outermost = 0,  // legacy inside a legacy tuple, new elsewhere
  legacy = 1,
  modern = 2,
};

// The order of keys whose type this library does not know, brought along by who opens the table.
class KeyCompare {
 public:
  virtual ~KeyCompare() = default;
  // Below, equal to or above zero as a comes before, with or after b. Must be a total order, and
  // the same for ever: the tree is built by it. From any thread.
  virtual int compare(Bytes a, Bytes b) const noexcept = 0;
};

// What a type's name does not tell, and is not stored: who opens a table says it.
struct TypeReading {
  static constexpr uint32_t kVariable = UINT32_MAX;

  NestedTuples nested_tuples = NestedTuples::by_outermost;
  // Of types the library does not know: bytes of every value, or kVariable; 0 when not given.
  uint32_t user_width = 0;
  std::shared_ptr<const KeyCompare> compare;
};

// Class byte and name of a key or value type as the catalog stores them (spec 02 section 8).
// Two types are the same type when both parts are equal byte for byte.
struct TypeName {
  // On disk. Never renumber.
  static constexpr uint8_t kBuiltin = 1;
  static constexpr uint8_t kUserDefined = 2;
  static constexpr uint8_t kTuple = 3;  // variable-width tuple in the encoding of redb 3

  uint8_t type_class = kBuiltin;
  std::string name = "&[u8]";
  TypeReading reading = {};  // takes no part in the comparison

  bool operator==(const TypeName& other) const noexcept {
    return type_class == other.type_class && name == other.name;
  }
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
