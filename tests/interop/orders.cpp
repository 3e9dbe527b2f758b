// orders.cpp: random pairs of keys of one type, and how rdb orders them; see orders.py.
//
//     orders CLASS TYPE COUNT SEED FILE [--raw]
//
// Writes the pairs to FILE, as the referee's verb order reads them, and prints one letter a pair:
// l, e or g. The pairs are values made to differ late, or not at all; --raw: any bytes of the
// type's width, or of some length.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "btree/key_order.hpp"
#include "format/type_info.hpp"
#include "rdb/item_codec.hpp"
#include "rows.hpp"

namespace rdb::interop {
namespace {

using format::TypeKind;
using format::TypeNode;
using format::TypeShape;

// The decisions a value is made by. Two values made by tapes that differ in one place differ
// there.
class Tape {
 public:
  explicit Tape(uint64_t seed) : seed_(seed) {}
  uint64_t next() {
    const uint64_t at = at_++;
    return mix(seed_, at == changed_ ? change_ : 0, at);
  }
  uint64_t below(uint64_t limit) { return next() % limit; }
  void rewind() { at_ = 0; }
  void change(uint64_t at, uint64_t how) {
    changed_ = at;
    change_ = how;
  }
  uint64_t length() const { return at_; }

 private:
  uint64_t seed_;
  uint64_t at_ = 0;
  uint64_t changed_ = ~uint64_t{0};
  uint64_t change_ = 0;
};

class Maker {
 public:
  explicit Maker(const TypeName& type) : codec_(type), shape_(TypeShape::parse(type)) {}

  std::string make(Tape& tape) {
    codec_.begin();
    put(0, tape);
    const Bytes bytes = codec_.finish();
    return std::string(as_text(bytes));
  }

 private:
  // Few distinct numbers, at places where the order of bytes and that of numbers part.
  static uint64_t number(Tape& tape, uint32_t bits) {
    const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    switch (tape.below(4)) {
      case 0:
        return tape.below(4) & mask;
      case 1:
        return ~tape.below(4) & mask;
      case 2:
        return (uint64_t{1} << tape.below(std::min(bits, 64u))) & mask;
      default:
        return tape.next() & mask;
    }
  }

  void put_number(const TypeNode& node, Tape& tape) {
    Item item;
    item.kind = ItemKind::stored;
    std::string bytes;
    const uint64_t low = number(tape, 8 * node.width);
    for (uint32_t i = 0; i < std::min(node.width, 8u); ++i) {
      bytes += static_cast<char>(low >> (8 * i) & 0xff);
    }
    if (node.width == 16) {
      const uint64_t high = number(tape, 64);
      for (uint32_t i = 0; i < 8; ++i) bytes += static_cast<char>(high >> (8 * i) & 0xff);
    }
    item.bytes = as_bytes(bytes);
    codec_.put(item);
  }

  void put_text(const TypeNode& node, Tape& tape) {
    static constexpr const char* kPieces[] = {"a", "b", "", "\xC3\xA9", "\xF0\x9F\x98\x80", "\x7f"};
    std::string text;
    // Now and then past the lengths that fit into one byte.
    const uint64_t pieces = tape.below(40) == 0 ? 300 : tape.below(5);
    for (uint64_t i = 0; i < pieces; ++i) text += kPieces[tape.below(std::size(kPieces))];
    if (node.kind == TypeKind::bytes && tape.below(2) == 0) text += '\xff';
    if (node.fixed()) text.resize(node.width, static_cast<char>(tape.below(2)));
    Item item;
    item.kind = ItemKind::bytes;
    item.bytes = as_bytes(text);
    codec_.put(item);
  }

  void put_moment(const TypeNode& node, Tape& tape) {
    Item item;
    item.kind = node.kind == TypeKind::date        ? ItemKind::date
                : node.kind == TypeKind::time      ? ItemKind::time
                : node.kind == TypeKind::date_time ? ItemKind::date_time
                : node.kind == TypeKind::offset    ? ItemKind::offset
                                                   : ItemKind::zoned_date_time;
    static constexpr int32_t kYears[] = {-262143, -1, 0, 1, 1969, 1970, 2024, 262142};
    item.year = kYears[tape.below(std::size(kYears))];
    item.month = static_cast<uint32_t>(1 + tape.below(12));
    item.day = static_cast<uint32_t>(1 + tape.below(28));
    item.seconds = static_cast<uint32_t>(tape.below(3) == 0 ? 86399 : tape.below(86400));
    item.nanoseconds = static_cast<uint32_t>(tape.below(3) * 1000);
    if (item.seconds % 60 == 59 && tape.below(2) == 0) item.nanoseconds += 1'000'000'000;
    item.offset = static_cast<int32_t>(tape.below(172799)) - 86399;
    codec_.put(item);
  }

  void put(uint32_t at, Tape& tape) {
    const TypeNode& node = shape_->node(at);
    Item item;
    switch (node.kind) {
      case TypeKind::unit:
        return codec_.put(item);
      case TypeKind::boolean:
        item.kind = ItemKind::boolean;
        item.low = tape.below(2);
        return codec_.put(item);
      case TypeKind::character: {
        static constexpr uint64_t kScalars[] = {0,      'a',    0xff,    0x100,   0xd7ff,
                                                0xe000, 0xffff, 0x10000, 0x10ffff};
        item.kind = ItemKind::character;
        item.low = kScalars[tape.below(std::size(kScalars))];
        return codec_.put(item);
      }
      case TypeKind::unsigned_integer:
      case TypeKind::signed_integer:
        return put_number(node, tape);
      case TypeKind::option:
        item.kind = tape.below(3) == 0 ? ItemKind::none : ItemKind::some;
        codec_.put(item);
        if (item.kind == ItemKind::some) put(at + 1, tape);
        return;
      case TypeKind::array:
        item.kind = ItemKind::array;
        item.count = node.count;
        codec_.put(item);
        for (uint32_t i = 0; i < node.count; ++i) put(at + 1, tape);
        return;
      case TypeKind::tuple:
      case TypeKind::legacy_tuple: {
        item.kind = ItemKind::tuple;
        item.count = node.count;
        codec_.put(item);
        for (uint32_t member = at + 1; member < node.end; member = shape_->node(member).end) {
          put(member, tape);
        }
        return;
      }
      case TypeKind::date:
      case TypeKind::time:
      case TypeKind::date_time:
      case TypeKind::zoned_date_time:
      case TypeKind::offset:
        return put_moment(node, tape);
      default:
        return put_text(node, tape);
    }
  }

  ItemCodec codec_;
  std::shared_ptr<const TypeShape> shape_;
};

std::string raw_key(Tape& tape, const std::optional<uint32_t>& width) {
  std::string key;
  const uint64_t size = width ? *width : tape.below(30);
  for (uint64_t i = 0; i < size; ++i) {
    key += static_cast<char>(tape.below(3) == 0 ? tape.below(256) : tape.below(3));
  }
  return key;
}

void append_size(std::string& out, size_t size) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(size >> (8 * i) & 0xff);
}

void write_pairs(const TypeName& type, uint64_t count, uint64_t seed, const char* file, bool raw) {
  const format::TypeInfo info = format::describe_type(type);
  const btree::KeyOrder order(info);
  if (!order.known()) throw std::runtime_error("no order is known for " + type.name);
  Maker maker(type);
  std::string pairs;
  std::string answers;
  for (uint64_t i = 0; i < count; ++i) {
    Tape tape(mix(seed, i, 0));
    const auto make = [&] { return raw ? raw_key(tape, info.width) : maker.make(tape); };
    std::string a = make();
    const uint64_t choice = mix(seed, i, 1);
    if (choice % 8 == 0) {
      tape = Tape(mix(seed, i, 2));
    } else if (choice % 8 != 1) {
      tape.change(mix(seed, i, 3) % std::max<uint64_t>(1, tape.length()), i + 1);
    }
    tape.rewind();
    std::string b = make();
    append_size(pairs, a.size());
    append_size(pairs, b.size());
    pairs += a + b;
    const int sign = order.compare(as_bytes(a), as_bytes(b));
    answers += sign < 0 ? 'l' : sign > 0 ? 'g' : 'e';
  }
  std::ofstream out(file, std::ios::binary);
  out << pairs;
  if (!out.flush()) throw std::runtime_error(std::string("cannot write ") + file);
  std::printf("%s\n", answers.c_str());
}

}  // namespace
}  // namespace rdb::interop

int main(int argc, char** argv) {
  try {
    if (argc < 6) throw std::invalid_argument("usage: orders CLASS TYPE COUNT SEED FILE [--raw]");
    const rdb::TypeName type{static_cast<uint8_t>(std::stoul(argv[1])), argv[2], {}};
    const bool raw = argc > 6 && std::strcmp(argv[6], "--raw") == 0;
    rdb::interop::write_pairs(type, std::stoull(argv[3]), std::stoull(argv[4]), argv[5], raw);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "orders: %s\n", error.what());
    return 1;
  }
}
