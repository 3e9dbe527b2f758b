// model.hpp: what the engine should hold, kept in std::map.
//
// Rows remember how a value was made, not the value: a seed and a length. So a copy of the whole
// model, taken for every snapshot that is held, stays small; and tables share their rows with the
// copies until they change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "rdb/types.hpp"

namespace rdb::test {

// SplitMix64: small, and the same on every platform.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t end) { return next() % end; }
  bool chance(uint64_t per_mille) { return below(1000) < per_mille; }

 private:
  uint64_t state_;
};

struct ValueRecipe {
  uint64_t seed = 0;
  uint32_t size = 0;
};

// Compares encoded keys as spec 02 section 10 says, independently of the engine.
struct KeyLess {
  enum class Kind : uint8_t { bytes, little_endian, little_endian_signed };
  Kind kind = Kind::bytes;

  bool operator()(std::string_view a, std::string_view b) const {
    if (kind == Kind::bytes) return a < b;
    const auto flip = [&](char c, size_t i, size_t n) {
      const auto byte = static_cast<uint8_t>(c);
      return kind == Kind::little_endian_signed && i + 1 == n ? byte ^ 0x80 : int{byte};
    };
    for (size_t i = a.size(); i-- > 0;) {
      const int left = flip(a[i], i, a.size());
      const int right = flip(b[i], i, b.size());
      if (left != right) return left < right;
    }
    return false;
  }
  using is_transparent = void;
};

using ModelRows = std::map<std::string, ValueRecipe, KeyLess>;

// Which keys and values a table takes.
struct TableKindSpec {
  std::string label;
  TypeName key_type;
  TypeName value_type;
  KeyLess::Kind order;
  int key_width;       // -1: variable
  int value_width;     // -1: variable
  uint32_t key_space;  // keys are made of ids below this
};

struct ModelTable {
  const TableKindSpec* spec = nullptr;
  std::shared_ptr<const ModelRows> rows;

  // Rows to change; copied first when a snapshot shares them.
  ModelRows& edit() {
    if (rows.use_count() > 1) rows = std::make_shared<ModelRows>(*rows);
    return const_cast<ModelRows&>(*rows);
  }
};

using Model = std::map<std::string, ModelTable>;

// The encoded key number id of a table.
std::string make_key(const TableKindSpec& spec, uint32_t id);
// Fills out with the value a recipe names.
void make_value(const TableKindSpec& spec, ValueRecipe recipe, std::string& out);

}  // namespace rdb::test
