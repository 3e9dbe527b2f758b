#include "table/merge_operators.hpp"

#include <limits>

#include "base/endian.hpp"

namespace rdb::table {
namespace {

template <typename Number>
Bytes store(Number number, std::vector<std::byte>& scratch) {
  scratch.resize(sizeof number);
  base::store_le(scratch.data(), number);
  return scratch;
}

template <typename Float>
Bytes add_floats(Bytes existing, Bytes operand, std::vector<std::byte>& scratch) {
  static_assert(std::numeric_limits<Float>::is_iec559);
  return store(base::load_le<Float>(existing.data()) + base::load_le<Float>(operand.data()),
               scratch);
}

template <typename Number>
Bytes merged_numbers(MergeKind kind, Bytes existing, Bytes operand,
                     std::vector<std::byte>& scratch) {
  const auto a = base::load_le<Number>(existing.data());
  const auto b = base::load_le<Number>(operand.data());
  const auto sum = static_cast<Number>(a + b);
  switch (kind) {
    case MergeKind::numeric_add:
      return store(sum, scratch);
    case MergeKind::saturating_add:
      return store(sum < a ? std::numeric_limits<Number>::max() : sum, scratch);
    case MergeKind::numeric_max:
      return b > a ? operand : existing;
    case MergeKind::numeric_min:
      return b < a ? operand : existing;
    default:
      return existing;
  }
}

}  // namespace

Bytes merged_value(MergeKind kind, Bytes existing, Bytes operand, std::vector<std::byte>& scratch) {
  if (kind == MergeKind::bytes_append) {
    scratch.assign(existing.begin(), existing.end());
    scratch.insert(scratch.end(), operand.begin(), operand.end());
    return scratch;
  }
  if (existing.size() != operand.size()) return existing;
  if (kind == MergeKind::bitwise_or) {
    scratch.assign(existing.begin(), existing.end());
    for (size_t i = 0; i < operand.size(); ++i) scratch[i] |= operand[i];
    return scratch;
  }
  if (kind == MergeKind::float_add) {
    if (existing.size() == 4) return add_floats<float>(existing, operand, scratch);
    if (existing.size() == 8) return add_floats<double>(existing, operand, scratch);
    return existing;
  }
  switch (existing.size()) {
    case 1:
      return merged_numbers<uint8_t>(kind, existing, operand, scratch);
    case 2:
      return merged_numbers<uint16_t>(kind, existing, operand, scratch);
    case 4:
      return merged_numbers<uint32_t>(kind, existing, operand, scratch);
    case 8:
      return merged_numbers<uint64_t>(kind, existing, operand, scratch);
    default:
      return existing;
  }
}

}  // namespace rdb::table
