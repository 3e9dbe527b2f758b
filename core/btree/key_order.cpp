#include "btree/key_order.hpp"

#include <algorithm>
#include <string>

#include "rdb/error.hpp"

namespace rdb::btree {
namespace {

using format::BranchView;
using format::KeyOrderKind;
using format::LeafView;
using format::Widths;

template <typename T>
int compare_numbers(T a, T b) noexcept {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// 128-bit numbers as two halves; the high one carries the sign.
template <typename High>
struct Wide {
  uint64_t low;
  High high;
  bool operator<(const Wide& other) const noexcept {
    return high != other.high ? high < other.high : low < other.low;
  }
};
static_assert(sizeof(Wide<uint64_t>) == 16 && sizeof(Wide<int64_t>) == 16);

// One decoder per family: kWidth is the width of a well-formed key.
template <typename T>
struct NumberCodec {
  using Decoded = T;
  static constexpr uint32_t kWidth = sizeof(T);
  static T decode_exact(const std::byte* p) noexcept { return base::load_le<T>(p); }
  static T decode(Bytes key) noexcept {
    return key.size() == kWidth ? decode_exact(key.data()) : T{};
  }
};

struct BooleanCodec {
  using Decoded = bool;
  static constexpr uint32_t kWidth = 1;
  static bool decode_exact(const std::byte* p) noexcept { return *p != std::byte{0}; }
  static bool decode(Bytes key) noexcept { return !key.empty() && decode_exact(key.data()); }
};

struct CharacterCodec {
  using Decoded = uint32_t;
  static constexpr uint32_t kWidth = 3;
  static uint32_t decode_exact(const std::byte* p) noexcept {
    const uint32_t scalar = std::to_integer<uint32_t>(p[0]) | std::to_integer<uint32_t>(p[1]) << 8 |
                            std::to_integer<uint32_t>(p[2]) << 16;
    const bool surrogate = scalar >= 0xD800 && scalar <= 0xDFFF;
    return surrogate || scalar > 0x10FFFF ? 0xFFFD : scalar;
  }
  static uint32_t decode(Bytes key) noexcept {
    return key.size() < kWidth ? 0xFFFD : decode_exact(key.data());
  }
};

// deprecated rows < regions by number < tracker < transaction id (spec 02 section 10.2).
struct AllocatorStateCodec {
  using Decoded = uint64_t;  // rank in the high half, region number in the low one
  static constexpr uint32_t kWidth = 5;
  static uint64_t decode_exact(const std::byte* p) noexcept {
    switch (std::to_integer<uint32_t>(p[0])) {
      case 3:
        return uint64_t{1} << 32 | base::load_le32(p + 1);
      case 4:
        return uint64_t{2} << 32;
      case 5:
        return uint64_t{3} << 32;
      default:
        return 0;
    }
  }
  static uint64_t decode(Bytes key) noexcept {
    return key.size() < kWidth ? 0 : decode_exact(key.data());
  }
};

struct TxnPageCodec {
  struct Decoded {
    uint64_t txn_id;
    uint64_t page_index;
    bool operator<(const Decoded& other) const noexcept {
      return txn_id != other.txn_id ? txn_id < other.txn_id : page_index < other.page_index;
    }
  };
  static constexpr uint32_t kWidth = 16;
  static Decoded decode_exact(const std::byte* p) noexcept {
    return {base::load_le64(p), base::load_le64(p + 8)};
  }
  static Decoded decode(Bytes key) noexcept {
    return key.size() == kWidth ? decode_exact(key.data()) : Decoded{};
  }
};

// Calls use(Codec{}) with the codec of a decoded kind; other(kind) for the rest.
template <typename Use, typename Other>
auto with_codec(KeyOrderKind kind, Use&& use, Other&& other) {
  switch (kind) {
    case KeyOrderKind::u8:
      return use(NumberCodec<uint8_t>{});
    case KeyOrderKind::u16:
      return use(NumberCodec<uint16_t>{});
    case KeyOrderKind::u32:
      return use(NumberCodec<uint32_t>{});
    case KeyOrderKind::u64:
      return use(NumberCodec<uint64_t>{});
    case KeyOrderKind::u128:
      return use(NumberCodec<Wide<uint64_t>>{});
    case KeyOrderKind::i8:
      return use(NumberCodec<int8_t>{});
    case KeyOrderKind::i16:
      return use(NumberCodec<int16_t>{});
    case KeyOrderKind::i32:
      return use(NumberCodec<int32_t>{});
    case KeyOrderKind::i64:
      return use(NumberCodec<int64_t>{});
    case KeyOrderKind::i128:
      return use(NumberCodec<Wide<int64_t>>{});
    case KeyOrderKind::boolean:
      return use(BooleanCodec{});
    case KeyOrderKind::character:
      return use(CharacterCodec{});
    case KeyOrderKind::allocator_state:
      return use(AllocatorStateCodec{});
    case KeyOrderKind::txn_page_le:
      return use(TxnPageCodec{});
    case KeyOrderKind::unknown:
    case KeyOrderKind::unit:
    case KeyOrderKind::bytes:
    case KeyOrderKind::array:
      break;
  }
  return other(kind);
}

// Compares keys of every kind but array.
int compare_simple(KeyOrderKind kind, Bytes a, Bytes b) noexcept {
  return with_codec(
      kind, [&](auto codec) { return compare_numbers(codec.decode(a), codec.decode(b)); },
      [&](KeyOrderKind other) { return other == KeyOrderKind::bytes ? compare_bytes(a, b) : 0; });
}

// Smallest i in [0, count] with !less(i), for a less that is true on a prefix.
template <typename Less>
uint32_t partition_point(uint32_t count, Less&& less) {
  uint32_t begin = 0;
  while (count > 0) {
    const uint32_t half = count / 2;
    if (less(begin + half)) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

// The same over keys of exactly Codec::kWidth bytes that lie one behind the other, without branches
// that depend on the keys.
template <typename Codec>
uint32_t partition_point_packed(Codec, const std::byte* keys, uint32_t count,
                                const typename Codec::Decoded& wanted) noexcept {
  uint32_t begin = 0;
  while (count > 1) {
    const uint32_t half = count / 2;
    const std::byte* probe = keys + size_t{begin + half - 1} * Codec::kWidth;
    begin += Codec::decode_exact(probe) < wanted ? half : 0;
    count -= half;
  }
  if (count == 1) begin += Codec::decode_exact(keys + size_t{begin} * Codec::kWidth) < wanted;
  return begin;
}

// First key of view that is not below key. Works on leaves and branches alike.
template <typename View>
uint32_t search(const View& view, uint32_t count, const Widths& widths, KeyOrderKind kind,
                Bytes key, const KeyOrder& order) {
  return with_codec(
      kind,
      [&](auto codec) -> uint32_t {
        using Codec = decltype(codec);
        const auto wanted = Codec::decode(key);
        if (widths.key == Codec::kWidth) {  // parse() proved that these keys lie inside the page
          return partition_point_packed(codec, view.page().data() + view.keys_begin(), count,
                                        wanted);
        }
        return partition_point(count,
                               [&](uint32_t i) { return Codec::decode(view.key(i)) < wanted; });
      },
      [&](KeyOrderKind other) -> uint32_t {
        if (other == KeyOrderKind::bytes) {
          return partition_point(count,
                                 [&](uint32_t i) { return compare_bytes(view.key(i), key) < 0; });
        }
        if (other == KeyOrderKind::array) {
          return partition_point(count,
                                 [&](uint32_t i) { return order.compare(view.key(i), key) < 0; });
        }
        return 0;  // unit: no key is below another
      });
}

}  // namespace

KeyOrder::KeyOrder(const format::TypeInfo& type) noexcept : kind_(type.order) {
  if (kind_ != Kind::array) return;
  element_kind_ = type.element_order;
  element_width_ = type.element_width;
  if (element_kind_ == Kind::unknown || element_kind_ == Kind::array || !type.width) {
    kind_ = Kind::unknown;
    return;
  }
  element_count_ = element_width_ == 0 ? 0 : *type.width / element_width_;
}

int KeyOrder::compare_decoded(Bytes a, Bytes b) const noexcept {
  if (kind_ != Kind::array) return compare_simple(kind_, a, b);
  const auto element = [&](Bytes key, size_t i) {
    const size_t begin = std::min(key.size(), i * element_width_);
    return key.subspan(begin, std::min<size_t>(key.size() - begin, element_width_));
  };
  for (uint32_t i = 0; i < element_count_; ++i) {
    const int order = compare_simple(element_kind_, element(a, i), element(b, i));
    if (order != 0) return order;
  }
  return 0;
}

KeyOrder::Place KeyOrder::lower_bound(const LeafView& leaf, Bytes key) const {
  Place place;
  place.index = search(leaf, leaf.size(), leaf.widths(), kind_, key, *this);
  place.equal = place.index < leaf.size() && compare(leaf.key(place.index), key) == 0;
  return place;
}

uint32_t KeyOrder::child_index(const BranchView& branch, const Widths& widths, Bytes key) const {
  return search(branch, branch.key_count(), widths, kind_, key, *this);
}

void KeyOrder::throw_unknown(const char* action) {
  throw Error(ErrorCode::unknown_key_type,
              std::string(action) + ": the order of the table's key type is not known");
}

}  // namespace rdb::btree
