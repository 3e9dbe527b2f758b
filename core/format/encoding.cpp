#include "format/encoding.hpp"

#include <cmath>
#include <utility>

#include "base/endian.hpp"
#include "format/calendar.hpp"
#include "format/utf8.hpp"

namespace rdb::format {
namespace {

constexpr const char* kShort = "is shorter than its type";
constexpr const char* kLong = "is longer than its type";
constexpr const char* kLengthCut = "has a length that is cut off";
constexpr const char* kLengthForm = "has a length that is not in its shortest form";
constexpr const char* kPastEnd = "has a member that runs past its end";

uint32_t load_le24(const std::byte* p) noexcept {
  return std::to_integer<uint32_t>(p[0]) | std::to_integer<uint32_t>(p[1]) << 8 |
         std::to_integer<uint32_t>(p[2]) << 16;
}

const char* date_problem(const std::byte* p) noexcept {
  const bool good = is_date(base::load_le<int32_t>(p), std::to_integer<uint32_t>(p[4]),
                            std::to_integer<uint32_t>(p[5]));
  return good ? nullptr : "is no date of the calendar";
}

const char* time_problem(const std::byte* p) noexcept {
  return is_time(load_le24(p), base::load_le32(p + 3)) ? nullptr : "is no time of a day";
}

const char* offset_problem(const std::byte* p) noexcept {
  const auto seconds = base::load_le<int32_t>(p);
  const bool good = seconds > -kOffsetLimit && seconds < kOffsetLimit;
  return good ? nullptr : "is an offset of a day or more";
}

class Checker {
 public:
  explicit Checker(const TypeShape& shape) noexcept : shape_(shape) {}

  EncodingProblem problem;

  // False: problem says why. depth: members gone through so far.
  bool check(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& node = shape_.node(at);
    switch (node.kind) {
      case TypeKind::option:
        return check_option(at, value, depth);
      case TypeKind::array:
        return node.width == 0 || shape_.node(at + 1).fixed() ? check_fixed_array(at, value, depth)
                                                              : check_array(at, value, depth);
      case TypeKind::tuple:
        return check_tuple(at, value, depth);
      case TypeKind::legacy_tuple:
        return check_legacy_tuple(at, value, depth);
      case TypeKind::list:
        return check_list(at, value, depth);
      default:
        return refuse(find_scalar_problem(node, value), depth);
    }
  }

 private:
  // True when what is nullptr.
  bool refuse(const char* what, uint32_t depth) noexcept {
    if (what == nullptr) return true;
    problem.what = what;
    problem.depth = depth;
    return false;
  }

  bool check_member(uint32_t at, Bytes value, uint32_t depth, uint32_t index) noexcept {
    problem.path[depth] = index;
    return check(at, value, depth + 1);
  }

  bool check_option(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& inner = shape_.node(at + 1);
    if (value.empty()) return refuse(kShort, depth);
    if (value[0] > std::byte{1}) return refuse("is neither none (0) nor some (1)", depth);
    const Bytes rest = value.subspan(1);
    if (value[0] == std::byte{1}) return check(at + 1, rest, depth);
    if (rest.size() != (inner.fixed() ? inner.width : 0)) {
      return refuse("has another length than none has", depth);
    }
    for (std::byte b : rest) {
      if (b != std::byte{0}) return refuse("is none, but not padded with zeros", depth);
    }
    return true;
  }

  bool check_fixed_array(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& node = shape_.node(at);
    const TypeNode& element = shape_.node(at + 1);
    if (value.size() != node.width) {
      return refuse(value.size() < node.width ? kShort : kLong, depth);
    }
    // Elements without bytes are all alike.
    const uint32_t visited = element.width == 0 ? (node.count == 0 ? 0 : 1) : node.count;
    for (uint32_t i = 0; i < visited; ++i) {
      if (!check_member(at + 1, value.subspan(size_t{i} * element.width, element.width), depth,
                        i)) {
        return false;
      }
    }
    return true;
  }

  bool check_array(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& node = shape_.node(at);
    const uint64_t table_bytes = uint64_t{4} * node.count;
    if (value.size() < table_bytes) return refuse("is shorter than its table of offsets", depth);
    uint64_t begin = table_bytes;
    for (uint32_t i = 0; i < node.count; ++i) {
      const uint64_t end = base::load_le32(value.data() + size_t{4} * i);
      if (end < begin || end > value.size()) {
        return refuse("has offsets that descend or leave it", depth);
      }
      if (!check_member(at + 1, value.subspan(begin, end - begin), depth, i)) return false;
      begin = end;
    }
    return refuse(begin == value.size() ? nullptr : kLong, depth);
  }

  bool check_tuple(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& node = shape_.node(at);
    if (node.count == 1) return check_member(at + 1, value, depth, 0);
    if (node.fixed() && value.size() != node.width) {
      return refuse(value.size() < node.width ? kShort : kLong, depth);
    }
    // Where the members begin: behind the lengths of all variable ones but the last member.
    Bytes rest = value;
    uint32_t member = at + 1;
    for (uint32_t i = 0; i + 1 < node.count; ++i) {
      if (!shape_.node(member).fixed()) {
        const VarLength length = VarLength::parse(rest);
        if (!length.whole) return refuse(kLengthCut, depth);
        if (!length.shortest) return refuse(kLengthForm, depth);
        rest = rest.subspan(length.bytes);
      }
      member = shape_.node(member).end;
    }
    Bytes lengths = value;
    member = at + 1;
    for (uint32_t i = 0; i < node.count; ++i) {
      const TypeNode& type = shape_.node(member);
      size_t size = rest.size();
      if (i + 1 < node.count) {
        size = type.width;
        if (!type.fixed()) {
          const VarLength length = VarLength::parse(lengths);
          lengths = lengths.subspan(length.bytes);
          size = length.value;
        }
        if (size > rest.size()) return refuse(kPastEnd, depth);
      }
      if (!check_member(member, rest.first(size), depth, i)) return false;
      rest = rest.subspan(size);
      member = type.end;
    }
    return true;
  }

  bool check_legacy_tuple(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& node = shape_.node(at);
    const size_t table_bytes = size_t{4} * (node.count - 1);
    if (value.size() < table_bytes) return refuse(kLengthCut, depth);
    Bytes rest = value.subspan(table_bytes);
    uint32_t member = at + 1;
    for (uint32_t i = 0; i < node.count; ++i) {
      size_t size = rest.size();
      if (i + 1 < node.count) size = base::load_le32(value.data() + size_t{4} * i);
      if (size > rest.size()) return refuse(kPastEnd, depth);
      if (!check_member(member, rest.first(size), depth, i)) return false;
      rest = rest.subspan(size);
      member = shape_.node(member).end;
    }
    return true;
  }

  bool check_list(uint32_t at, Bytes value, uint32_t depth) noexcept {
    const TypeNode& element = shape_.node(at + 1);
    const VarLength count = VarLength::parse(value);
    if (!count.whole) return refuse("has a count that is cut off", depth);
    if (!count.shortest) return refuse("has a count that is not in its shortest form", depth);
    Bytes rest = value.subspan(count.bytes);
    if (element.fixed()) {
      const uint64_t wanted = uint64_t{count.value} * element.width;
      if (rest.size() != wanted) return refuse(rest.size() < wanted ? kPastEnd : kLong, depth);
      if (element.width == 0) {
        if (count.value > kMaxEmptyElements) {
          return refuse("has more elements than one without bytes may have", depth);
        }
        return true;
      }
    }
    for (uint32_t i = 0; i < count.value; ++i) {
      size_t size = element.width;
      if (!element.fixed()) {
        const VarLength length = VarLength::parse(rest);
        if (!length.whole) return refuse(kLengthCut, depth);
        if (!length.shortest) return refuse(kLengthForm, depth);
        rest = rest.subspan(length.bytes);
        size = length.value;
        if (size > rest.size()) return refuse(kPastEnd, depth);
      }
      if (!check_member(at + 1, rest.first(size), depth, i)) return false;
      rest = rest.subspan(size);
    }
    return refuse(rest.empty() ? nullptr : kLong, depth);
  }

  const TypeShape& shape_;
};

bool has_rules(const TypeShape& shape) noexcept {
  for (uint32_t i = 0; i < shape.size(); ++i) {
    switch (shape.node(i).kind) {
      case TypeKind::unit:
      case TypeKind::unsigned_integer:
      case TypeKind::signed_integer:
      case TypeKind::real:
      case TypeKind::bytes:
      case TypeKind::byte_array:
      case TypeKind::uuid:
      case TypeKind::record:
      case TypeKind::float_vector:
        break;
      case TypeKind::array:
      case TypeKind::tuple:
        if (!shape.node(i).fixed()) return true;
        break;
      default:
        return true;
    }
  }
  return false;
}

}  // namespace

std::string EncodingProblem::text() const {
  if (what == nullptr) return {};
  if (depth == 0) return what;
  std::string out = "member ";
  for (uint32_t i = 0; i < depth; ++i) out += (i == 0 ? "" : ".") + std::to_string(path[i]);
  return out + " " + what;
}

const char* find_scalar_problem(const TypeNode& node, Bytes value) noexcept {
  if (node.fixed() && value.size() != node.width) {
    return value.size() < node.width ? kShort : kLong;
  }
  switch (node.kind) {
    case TypeKind::boolean:
      return value[0] > std::byte{1} ? "is neither 0 nor 1" : nullptr;
    case TypeKind::character: {
      const uint32_t scalar = load_le24(value.data());
      const bool good = scalar <= 0x10ffff && (scalar < 0xd800 || scalar > 0xdfff);
      return good ? nullptr : "is no Unicode scalar value";
    }
    case TypeKind::text:
      return is_utf8(as_text(value)) ? nullptr : "is not UTF-8";
    case TypeKind::date:
      return date_problem(value.data());
    case TypeKind::time:
      return time_problem(value.data());
    case TypeKind::date_time:
    case TypeKind::zoned_date_time: {
      const char* problem = date_problem(value.data());
      if (problem == nullptr) problem = time_problem(value.data() + 6);
      if (problem == nullptr && node.kind == TypeKind::zoned_date_time) {
        problem = offset_problem(value.data() + 13);
      }
      return problem;
    }
    case TypeKind::offset:
      return offset_problem(value.data());
    case TypeKind::float_sequence:
      return value.size() % 4 == 0 ? nullptr : "has a length that is no multiple of 4";
    case TypeKind::scaled_vector:
      for (size_t at : {size_t{0}, size_t{4}}) {
        if (!std::isfinite(base::load_le<float>(value.data() + at))) {
          return "has bounds that are not finite";
        }
      }
      return nullptr;
    default:
      return nullptr;
  }
}

EncodingProblem find_encoding_problem(const TypeShape& shape, Bytes value, uint32_t at) noexcept {
  Checker checker(shape);
  checker.check(at, value, 0);
  return checker.problem.what == nullptr ? EncodingProblem{} : checker.problem;
}

EncodingRule::EncodingRule(std::shared_ptr<const TypeShape> shape) noexcept {
  if (shape != nullptr && has_rules(*shape)) shape_ = std::move(shape);
}

}  // namespace rdb::format
