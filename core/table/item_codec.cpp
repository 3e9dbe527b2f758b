#include "rdb/item_codec.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "base/endian.hpp"
#include "btree/key_order.hpp"
#include "format/encoding.hpp"
#include "format/type_info.hpp"
#include "format/widths.hpp"
#include "rdb/error.hpp"

namespace rdb {
namespace {

using format::TypeKind;
using format::TypeNode;
using format::TypeShape;
using format::VarLength;

// Containers around an item, the value's own among them.
constexpr size_t kMaxDepth = format::kMaxTypeNesting + 2;

std::string path_text(const std::vector<uint32_t>& path) {
  std::string out;
  for (const uint32_t index : path) out += (out.empty() ? "" : ".") + std::to_string(index);
  return out;
}

[[noreturn]] void throw_at(ErrorCode code, const TypeName& type, const std::vector<uint32_t>& path,
                           const std::string& what) {
  const std::string where = path.empty() ? "the value" : "member " + path_text(path);
  throw Error(code, where + " of \"" + type.name + "\" " + what);
}

// Members of a container but for the last, whose widths or lengths precede the members.
bool has_lengths(const TypeNode& node) {
  return node.count >= 2 && !node.fixed() &&
         (node.kind == TypeKind::tuple || node.kind == TypeKind::legacy_tuple);
}

class ItemWriter {
 public:
  ItemWriter(const TypeShape& shape, const TypeName& type) : shape_(shape), type_(type) {}

  void begin() noexcept {
    out_.clear();
    frames_.clear();
    lengths_.clear();
    complete_ = false;
  }

  void put(const Item& item) {
    if (complete_)
      throw Error(ErrorCode::misuse, "the value of \"" + type_.name + "\" is complete");
    try {
      while (!accept(item)) {
      }
    } catch (...) {
      begin();
      throw;
    }
  }

  Bytes finish() const {
    if (!complete_) {
      throw Error(ErrorCode::misuse, "members of \"" + type_.name + "\" are missing");
    }
    return out_;
  }

 private:
  struct Frame {
    uint32_t node;
    uint32_t member;  // node of the member to come
    uint32_t index;   // of the member to come
    uint32_t count;
    size_t begin;         // of the container in out_
    size_t member_begin;  // of the member to come
    size_t first_length;  // of the container in lengths_
  };

  uint32_t target() const { return frames_.empty() ? 0 : frames_.back().member; }

  [[noreturn]] void refuse(const std::string& what) const {
    std::vector<uint32_t> path;
    for (const Frame& frame : frames_) {
      if (shape_.node(frame.node).kind != TypeKind::option) path.push_back(frame.index);
    }
    throw_at(ErrorCode::invalid_argument, type_, path, what);
  }

  // False: a container was entered, and the item is for one of its members.
  bool accept(const Item& item) {
    const uint32_t at = target();
    const TypeNode& node = shape_.node(at);
    if (item.kind == ItemKind::stored) {
      if (const auto problem = format::find_encoding_problem(shape_, item.bytes, at)) {
        refuse(problem.depth == 0 ? problem.text() : "is malformed: its " + problem.text());
      }
      append(item.bytes);
      member_done();
      return true;
    }
    switch (node.kind) {
      case TypeKind::option:
        put_option(at, item);
        return true;
      case TypeKind::array:
        return enter(at, node.count, item, ItemKind::array);
      case TypeKind::tuple:
      case TypeKind::legacy_tuple:
        return enter(at, node.count, item, ItemKind::tuple);
      case TypeKind::list: {
        if (item.kind != ItemKind::list) refuse("is a list, which begins with its count");
        if (shape_.node(at + 1).width == 0 && item.count > format::kMaxEmptyElements) {
          refuse("has more elements than one without bytes may have");
        }
        push(at, item.count);
        append_length(item.count);
        start_members();
        return true;
      }
      default:
        put_scalar(node, item);
        member_done();
        return true;
    }
  }

  void put_option(uint32_t at, const Item& item) {
    const TypeNode& inner = shape_.node(at + 1);
    if (item.kind == ItemKind::none) {
      out_.resize(out_.size() + 1 + (inner.fixed() ? inner.width : 0));
      member_done();
    } else if (item.kind == ItemKind::some) {
      push(at, 1);
      out_.push_back(std::byte{1});
      start_members();
    } else {
      refuse("is an option, which begins with none or some");
    }
  }

  bool enter(uint32_t at, uint32_t count, const Item& item, ItemKind announced) {
    const bool says_so = item.kind == announced;
    if (says_so && item.count != count) {
      refuse("has " + std::to_string(count) + " members, not " + std::to_string(item.count));
    }
    push(at, count);
    const TypeNode& node = shape_.node(at);
    uint64_t head = 0;
    if (node.kind == TypeKind::legacy_tuple) head = uint64_t{4} * (count - 1);
    if (node.kind == TypeKind::array && !node.fixed()) head = uint64_t{4} * count;
    if (head > format::kMaxValueBytes) {
      throw Error(ErrorCode::too_large,
                  "the offsets of \"" + type_.name + "\" alone are too large");
    }
    out_.resize(out_.size() + head);
    start_members();
    if (!says_so && complete_) refuse("has no members, given one");
    return says_so;
  }

  void push(uint32_t at, uint32_t count) {
    frames_.push_back({at, at + 1, 0, count, out_.size(), 0, lengths_.size()});
  }

  // The container at the top has its head; one without members is complete.
  void start_members() {
    Frame& frame = frames_.back();
    frame.member_begin = out_.size();
    if (frame.count > 0) return;
    frames_.pop_back();
    member_done();
  }

  // A member is written; closes the containers it completes.
  void member_done() {
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      end_member(frame);
      if (++frame.index < frame.count) {
        if (shape_.node(frame.node).kind == TypeKind::tuple ||
            shape_.node(frame.node).kind == TypeKind::legacy_tuple) {
          frame.member = shape_.node(frame.member).end;
        }
        frame.member_begin = out_.size();
        return;
      }
      close(frame);
      frames_.pop_back();
    }
    complete_ = true;
  }

  void end_member(const Frame& frame) {
    const TypeNode& node = shape_.node(frame.node);
    const TypeNode& member = shape_.node(frame.member);
    const size_t size = out_.size() - frame.member_begin;
    if (out_.size() > format::kMaxValueBytes) {
      throw Error(ErrorCode::too_large, "a value of \"" + type_.name + "\" grows past 3 GiB");
    }
    if (node.kind == TypeKind::list && !member.fixed()) {
      insert_lengths(frame.member_begin, {static_cast<uint32_t>(size)});
    } else if (node.kind == TypeKind::array && !node.fixed()) {
      base::store_le32(out_.data() + frame.begin + size_t{4} * frame.index,
                       static_cast<uint32_t>(out_.size() - frame.begin));
    } else if (has_lengths(node) && frame.index + 1 < frame.count) {
      if (node.kind == TypeKind::legacy_tuple) {
        base::store_le32(out_.data() + frame.begin + size_t{4} * frame.index,
                         static_cast<uint32_t>(size));
      } else if (!member.fixed()) {
        lengths_.push_back(static_cast<uint32_t>(size));
      }
    }
  }

  // The lengths of a tuple's members are known now, and go in front of them.
  void close(const Frame& frame) {
    const auto first = lengths_.begin() + static_cast<std::ptrdiff_t>(frame.first_length);
    if (first == lengths_.end()) return;
    insert_lengths(frame.begin, {first, lengths_.end()});
    lengths_.erase(first, lengths_.end());
  }

  void insert_lengths(size_t at, const std::vector<uint32_t>& lengths) {
    std::array<std::byte, VarLength::kMaxBytes * format::kMaxTupleMembers> head;
    size_t bytes = 0;
    for (const uint32_t length : lengths) bytes += VarLength::encode(length, head.data() + bytes);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(at), head.begin(), head.begin() + bytes);
  }

  void append(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

  void append_length(uint32_t length) {
    std::array<std::byte, VarLength::kMaxBytes> bytes;
    append(Bytes(bytes.data(), VarLength::encode(length, bytes.data())));
  }

  template <typename T>
  void append_le(T number, size_t bytes = sizeof(T)) {
    std::array<std::byte, sizeof(T)> little;
    base::store_le(little.data(), number);
    append(Bytes(little).first(bytes));
  }

  void put_scalar(const TypeNode& node, const Item& item) {
    const size_t begin = out_.size();
    append_scalar(node, item);
    const char* problem = format::find_scalar_problem(node, Bytes(out_).subspan(begin));
    if (problem != nullptr) refuse(problem);
  }

  void require(const Item& item, ItemKind kind, const char* what) const {
    if (item.kind != kind) refuse(std::string("is ") + what + ", given something else");
  }

  void append_scalar(const TypeNode& node, const Item& item) {
    switch (node.kind) {
      case TypeKind::unit:
        return require(item, ItemKind::unit, "()");
      case TypeKind::boolean:
        require(item, ItemKind::boolean, "a bool");
        if (item.low > 1) refuse("is neither 0 nor 1");
        return append_le(static_cast<uint8_t>(item.low));
      case TypeKind::character:
        require(item, ItemKind::character, "a char");
        if (item.low > 0xffffff) refuse("is no Unicode scalar value");
        return append_le(static_cast<uint32_t>(item.low), 3);
      case TypeKind::unsigned_integer:
      case TypeKind::signed_integer:
        return append_integer(node, item);
      case TypeKind::real:
        require(item, ItemKind::real, "a floating-point number");
        if (node.width == sizeof(double)) return append_le(item.number);
        if (std::isfinite(item.number) && std::isinf(static_cast<float>(item.number))) {
          refuse("is out of the range of f32");
        }
        return append_le(static_cast<float>(item.number));
      case TypeKind::date:
        require(item, ItemKind::date, "a date");
        return append_date(item);
      case TypeKind::time:
        require(item, ItemKind::time, "a time");
        return append_time(item);
      case TypeKind::date_time:
        require(item, ItemKind::date_time, "a date and time");
        append_date(item);
        return append_time(item);
      case TypeKind::zoned_date_time:
        require(item, ItemKind::zoned_date_time, "a date and time with an offset");
        append_date(item);
        append_time(item);
        return append_le(item.offset);
      case TypeKind::offset:
        require(item, ItemKind::offset, "an offset");
        return append_le(item.offset);
      default:
        if (item.kind != ItemKind::bytes && item.kind != ItemKind::text &&
            !(item.kind == ItemKind::uuid && node.kind == TypeKind::uuid)) {
          refuse("is text or bytes, given something else");
        }
        return append(item.bytes);
    }
  }

  void append_date(const Item& item) {
    if (item.month > 12 || item.day > 31) refuse("is no date of the calendar");
    append_le(item.year);
    append_le(static_cast<uint8_t>(item.month));
    append_le(static_cast<uint8_t>(item.day));
  }

  void append_time(const Item& item) {
    if (item.seconds > 0xffffff) refuse("is no time of a day");
    append_le(item.seconds, 3);
    append_le(item.nanoseconds);
  }

  void append_integer(const TypeNode& node, const Item& item) {
    if (item.kind != ItemKind::unsigned_integer && item.kind != ItemKind::signed_integer) {
      refuse("is an integer, given something else");
    }
    const bool negative = item.kind == ItemKind::signed_integer && item.high >> 63 != 0;
    // What lies above the bits of the type, its sign among them, must all be that sign.
    const uint32_t bits = 8 * node.width - (node.kind == TypeKind::signed_integer ? 1 : 0);
    const uint64_t sign = negative ? ~uint64_t{0} : 0;
    const uint64_t low_rest = bits >= 64 ? 0 : (item.low ^ sign) >> bits;
    const uint64_t high_rest =
        bits >= 128 ? 0 : (bits <= 64 ? item.high ^ sign : (item.high ^ sign) >> (bits - 64));
    if (low_rest != 0 || high_rest != 0 || (negative && node.kind == TypeKind::unsigned_integer)) {
      refuse("is out of the range of its integer");
    }
    append_le(item.low, std::min<size_t>(node.width, sizeof item.low));
    if (node.width == 16) append_le(item.high);
  }

  const TypeShape& shape_;
  const TypeName& type_;
  std::vector<std::byte> out_;
  std::vector<Frame> frames_;
  std::vector<uint32_t> lengths_;  // of the members of the tuples that are open
  bool complete_ = false;
};

class ItemReader {
 public:
  ItemReader(const TypeShape& shape, const TypeName& type) : shape_(shape), type_(type) {}

  void start(Bytes value) noexcept {
    value_ = value;
    fresh_ = true;
    depth_ = 0;
  }

  bool next(Item& item) {
    item = {};
    if (std::exchange(fresh_, false)) {
      read(0, value_, item);
      return true;
    }
    while (depth_ > 0) {
      Frame& frame = frames_[depth_ - 1];
      if (frame.index < frame.count) {
        const uint32_t member = frame.member;
        const Bytes bytes = cut(frame);
        read(member, bytes, item);
        return true;
      }
      if (!frame.rest.empty()) refuse_container("is longer than what it holds");
      --depth_;
    }
    return false;
  }

 private:
  struct Frame {
    uint32_t node;
    uint32_t member;  // node of the member to come
    uint32_t index;   // of the member to come
    uint32_t count;
    Bytes rest;     // from the member to come on
    Bytes lengths;  // what tells the lengths of the members to come
    uint64_t end;   // array with offsets: of the member before
  };

  // Of the member being read, or of the container around the one to come.
  [[noreturn]] void refuse(const std::string& what) { refuse_at(depth_, what); }
  [[noreturn]] void refuse_container(const std::string& what) { refuse_at(depth_ - 1, what); }
  [[noreturn]] void refuse_at(size_t depth, const std::string& what) {
    std::vector<uint32_t> path;
    for (size_t i = 0; i < depth; ++i) {
      if (shape_.node(frames_[i].node).kind == TypeKind::option) continue;
      path.push_back(frames_[i].index - 1);
    }
    depth_ = 0;
    fresh_ = false;
    throw_at(ErrorCode::corrupted, type_, path, what);
  }

  // The bytes of the member to come; moves on to the one behind it.
  Bytes cut(Frame& frame) {
    const TypeNode& node = shape_.node(frame.node);
    const TypeNode& member = shape_.node(frame.member);
    const bool last = frame.index + 1 == frame.count;
    uint64_t size = frame.rest.size();
    if (node.kind == TypeKind::array && !node.fixed()) {
      const uint64_t end = base::load_le32(frame.lengths.data());
      frame.lengths = frame.lengths.subspan(4);
      if (end < frame.end) refuse_container("has offsets that descend");
      size = end - frame.end;
      frame.end = end;
    } else if (node.kind == TypeKind::legacy_tuple) {
      if (!last) {
        size = base::load_le32(frame.lengths.data());
        frame.lengths = frame.lengths.subspan(4);
      }
    } else if (node.kind == TypeKind::option || (node.kind == TypeKind::tuple && last)) {
      // The last member takes the rest.
    } else if (member.fixed()) {
      size = member.width;
    } else {
      Bytes& source = node.kind == TypeKind::list ? frame.rest : frame.lengths;
      const VarLength length = VarLength::parse(source);
      if (!length.whole) refuse_container("has a length that is cut off");
      source = source.subspan(length.bytes);
      size = length.value;
    }
    if (size > frame.rest.size()) refuse_container("has a member that runs past its end");
    const Bytes bytes = frame.rest.first(size);
    frame.rest = frame.rest.subspan(size);
    ++frame.index;
    if (node.kind == TypeKind::tuple || node.kind == TypeKind::legacy_tuple) {
      frame.member = member.end;
    }
    return bytes;
  }

  void read(uint32_t at, Bytes bytes, Item& item) {
    const TypeNode& node = shape_.node(at);
    item.bytes = bytes;
    switch (node.kind) {
      case TypeKind::option:
        return read_option(at, bytes, item);
      case TypeKind::array:
        item.kind = ItemKind::array;
        return enter(at, node.count, bytes, item);
      case TypeKind::tuple:
      case TypeKind::legacy_tuple:
        item.kind = ItemKind::tuple;
        return enter(at, node.count, bytes, item);
      case TypeKind::list: {
        item.kind = ItemKind::list;
        const VarLength count = VarLength::parse(bytes);
        if (!count.whole) refuse("has a count that is cut off");
        if (shape_.node(at + 1).width == 0 && count.value > format::kMaxEmptyElements) {
          refuse("has more elements than one without bytes may have");
        }
        return enter(at, count.value, bytes.subspan(count.bytes), item);
      }
      default:
        if (const char* problem = format::find_scalar_problem(node, bytes)) refuse(problem);
        return read_scalar(node, bytes, item);
    }
  }

  void read_option(uint32_t at, Bytes bytes, Item& item) {
    const TypeNode& inner = shape_.node(at + 1);
    if (bytes.empty() || bytes[0] > std::byte{1}) refuse("is neither none (0) nor some (1)");
    if (bytes[0] == std::byte{1}) {
      item.kind = ItemKind::some;
      push({at, at + 1, 0, 1, bytes.subspan(1), {}, 0});
      return;
    }
    item.kind = ItemKind::none;
    if (bytes.size() != 1 + size_t{inner.fixed() ? inner.width : 0}) {
      refuse("has another length than none has");
    }
  }

  void enter(uint32_t at, uint32_t count, Bytes bytes, Item& item) {
    const TypeNode& node = shape_.node(at);
    item.count = count;
    if (node.fixed() && bytes.size() != node.width) {
      refuse(bytes.size() < node.width ? "is shorter than its type" : "is longer than its type");
    }
    Frame frame{at, at + 1, 0, count, bytes, {}, 0};
    if (node.kind == TypeKind::array && !node.fixed()) {
      const uint64_t head = uint64_t{4} * count;
      if (bytes.size() < head) refuse("is shorter than its table of offsets");
      split(frame, head);
      frame.end = head;
    } else if (node.kind == TypeKind::legacy_tuple) {
      const size_t head = size_t{4} * (count - 1);
      if (bytes.size() < head) refuse("has a length that is cut off");
      split(frame, head);
    } else if (has_lengths(node)) {
      size_t head = 0;
      uint32_t member = at + 1;
      for (uint32_t i = 0; i + 1 < count; ++i) {
        if (!shape_.node(member).fixed()) {
          const VarLength length = VarLength::parse(bytes.subspan(head));
          if (!length.whole) refuse("has a length that is cut off");
          head += length.bytes;
        }
        member = shape_.node(member).end;
      }
      split(frame, head);
    }
    push(frame);
  }

  static void split(Frame& frame, size_t head) {
    frame.lengths = frame.rest.first(head);
    frame.rest = frame.rest.subspan(head);
  }

  void push(const Frame& frame) { frames_[depth_++] = frame; }

  static void read_date(const std::byte* p, Item& item) {
    item.year = base::load_le<int32_t>(p);
    item.month = std::to_integer<uint32_t>(p[4]);
    item.day = std::to_integer<uint32_t>(p[5]);
  }

  static void read_time(const std::byte* p, Item& item) {
    item.seconds = std::to_integer<uint32_t>(p[0]) | std::to_integer<uint32_t>(p[1]) << 8 |
                   std::to_integer<uint32_t>(p[2]) << 16;
    item.nanoseconds = base::load_le32(p + 3);
  }

  // bytes are a value of the node's type.
  static void read_scalar(const TypeNode& node, Bytes bytes, Item& item) {
    switch (node.kind) {
      case TypeKind::unit:
        item.kind = ItemKind::unit;
        return;
      case TypeKind::boolean:
        item.kind = ItemKind::boolean;
        item.low = std::to_integer<uint64_t>(bytes[0]);
        return;
      case TypeKind::character:
      case TypeKind::unsigned_integer:
      case TypeKind::signed_integer: {
        item.kind = node.kind == TypeKind::character          ? ItemKind::character
                    : node.kind == TypeKind::unsigned_integer ? ItemKind::unsigned_integer
                                                              : ItemKind::signed_integer;
        std::array<std::byte, 16> wide{};
        const bool negative = node.kind == TypeKind::signed_integer &&
                              (bytes.back() & std::byte{0x80}) != std::byte{0};
        if (negative) wide.fill(std::byte{0xff});
        std::memcpy(wide.data(), bytes.data(), bytes.size());
        item.low = base::load_le64(wide.data());
        item.high = base::load_le64(wide.data() + 8);
        return;
      }
      case TypeKind::real:
        item.kind = ItemKind::real;
        item.number = node.width == sizeof(double)
                          ? base::load_le<double>(bytes.data())
                          : static_cast<double>(base::load_le<float>(bytes.data()));
        return;
      case TypeKind::text:
        item.kind = ItemKind::text;
        return;
      case TypeKind::uuid:
        item.kind = ItemKind::uuid;
        return;
      case TypeKind::date:
        item.kind = ItemKind::date;
        return read_date(bytes.data(), item);
      case TypeKind::time:
        item.kind = ItemKind::time;
        return read_time(bytes.data(), item);
      case TypeKind::date_time:
      case TypeKind::zoned_date_time:
        item.kind =
            node.kind == TypeKind::date_time ? ItemKind::date_time : ItemKind::zoned_date_time;
        read_date(bytes.data(), item);
        read_time(bytes.data() + 6, item);
        if (node.kind == TypeKind::zoned_date_time) {
          item.offset = base::load_le<int32_t>(bytes.data() + 13);
        }
        return;
      case TypeKind::offset:
        item.kind = ItemKind::offset;
        item.offset = base::load_le<int32_t>(bytes.data());
        return;
      default:
        item.kind = ItemKind::bytes;
    }
  }

  const TypeShape& shape_;
  const TypeName& type_;
  Bytes value_;
  bool fresh_ = false;
  size_t depth_ = 0;
  std::array<Frame, kMaxDepth> frames_;
};

}  // namespace

class ItemCodec::Impl {
 public:
  explicit Impl(const TypeName& name)
      : type(name),
        info(format::describe_type(type)),
        order(info),
        writer(known_shape(), type),
        reader(known_shape(), type) {}

  TypeName type;
  format::TypeInfo info;
  btree::KeyOrder order;
  ItemWriter writer;
  ItemReader reader;

 private:
  const TypeShape& known_shape() const {
    if (info.shape != nullptr) return *info.shape;
    throw Error(ErrorCode::unsupported, "the type \"" + type.name + "\" (class " +
                                            std::to_string(type.type_class) +
                                            ") is not known to this release");
  }
};

ItemCodec::ItemCodec(const TypeName& type) : impl_(std::make_unique<Impl>(type)) {}
ItemCodec::ItemCodec(ItemCodec&&) noexcept = default;
ItemCodec& ItemCodec::operator=(ItemCodec&&) noexcept = default;
ItemCodec::~ItemCodec() = default;

ItemTypeInfo ItemCodec::info() const {
  return {impl_->info.width, impl_->order.known(), impl_->info.shape->ambiguous()};
}

int ItemCodec::compare(Bytes a, Bytes b) const {
  if (!impl_->order.known()) {
    throw Error(ErrorCode::unknown_key_type,
                "values of \"" + impl_->type.name + "\" have no order");
  }
  return impl_->order.compare(a, b);
}

std::string ItemCodec::problem(Bytes value) const {
  return format::find_encoding_problem(*impl_->info.shape, value).text();
}

void ItemCodec::begin() { impl_->writer.begin(); }
void ItemCodec::put(const Item& item) { impl_->writer.put(item); }
Bytes ItemCodec::finish() { return impl_->writer.finish(); }
void ItemCodec::start(Bytes value) { impl_->reader.start(value); }
bool ItemCodec::next(Item& item) { return impl_->reader.next(item); }

}  // namespace rdb
