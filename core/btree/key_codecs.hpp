// key_codecs.hpp: keys of one value, decoded with the lenient rules of spec 02 section 9: every
// byte string means something, so that comparing cannot fail.
#pragma once

#include "base/endian.hpp"
#include "btree/key_order.hpp"
#include "format/calendar.hpp"
#include "format/type_shape.hpp"

namespace rdb::btree {

using format::KeyOrderKind;

template <typename T>
inline int compare_numbers(T a, T b) noexcept {
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

inline uint32_t load_le24(const std::byte* p) noexcept {
  return std::to_integer<uint32_t>(p[0]) | std::to_integer<uint32_t>(p[1]) << 8 |
         std::to_integer<uint32_t>(p[2]) << 16;
}

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
    const uint32_t scalar = load_le24(p);
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

struct DateCodec {
  using Decoded = int64_t;  // year, month, day from the top
  static constexpr uint32_t kWidth = 6;
  static int64_t decode_exact(const std::byte* p) noexcept {
    const int32_t year = base::load_le<int32_t>(p);
    const auto month = std::to_integer<uint32_t>(p[4]);
    const auto day = std::to_integer<uint32_t>(p[5]);
    constexpr int64_t kEpoch = 1970 * 65536 + 1 * 256 + 1;
    return format::is_date(year, month, day) ? year * int64_t{65536} + month * 256 + day : kEpoch;
  }
  static int64_t decode(Bytes key) noexcept {
    constexpr std::byte kImpossible[kWidth] = {};
    return decode_exact(key.size() < kWidth ? kImpossible : key.data());
  }
};

struct TimeCodec {
  using Decoded = uint64_t;  // seconds, nanoseconds from the top
  static constexpr uint32_t kWidth = 7;
  static uint64_t decode_exact(const std::byte* p) noexcept {
    const uint32_t seconds = load_le24(p);
    const uint32_t nanoseconds = base::load_le32(p + 3);
    return format::is_time(seconds, nanoseconds) ? uint64_t{seconds} << 32 | nanoseconds : 0;
  }
  static uint64_t decode(Bytes key) noexcept {
    return key.size() < kWidth ? 0 : decode_exact(key.data());
  }
};

// Of a date-time and of one with an offset behind it, which does not take part.
template <uint32_t kBytes>
struct DateTimeCodec {
  struct Decoded {
    int64_t date;
    uint64_t time;
    bool operator<(const Decoded& other) const noexcept {
      return date != other.date ? date < other.date : time < other.time;
    }
  };
  static constexpr uint32_t kWidth = kBytes;
  static Decoded decode_exact(const std::byte* p) noexcept {
    return {DateCodec::decode_exact(p), TimeCodec::decode_exact(p + DateCodec::kWidth)};
  }
  static Decoded decode(Bytes key) noexcept {
    return {DateCodec::decode(key), key.size() < DateCodec::kWidth + TimeCodec::kWidth
                                        ? 0
                                        : TimeCodec::decode_exact(key.data() + DateCodec::kWidth)};
  }
};

struct OffsetCodec {
  using Decoded = int32_t;
  static constexpr uint32_t kWidth = 4;
  static int32_t decode_exact(const std::byte* p) noexcept {
    constexpr int32_t kDay = 86'400;
    const auto seconds = base::load_le<int32_t>(p);
    return seconds > -kDay && seconds < kDay ? seconds : 0;
  }
  static int32_t decode(Bytes key) noexcept {
    return key.size() < kWidth ? 0 : decode_exact(key.data());
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
    case KeyOrderKind::date:
      return use(DateCodec{});
    case KeyOrderKind::time:
      return use(TimeCodec{});
    case KeyOrderKind::date_time:
      return use(DateTimeCodec<13>{});
    case KeyOrderKind::zoned_date_time:
      return use(DateTimeCodec<17>{});
    case KeyOrderKind::offset:
      return use(OffsetCodec{});
    case KeyOrderKind::unknown:
    case KeyOrderKind::unit:
    case KeyOrderKind::bytes:
    case KeyOrderKind::array:
    case KeyOrderKind::composite:
    case KeyOrderKind::custom:
      break;
  }
  return other(kind);
}

// Compares keys of every kind that needs no more than the kind: not array, composite, custom.
inline int compare_simple(KeyOrderKind kind, Bytes a, Bytes b) noexcept {
  return with_codec(
      kind, [&](auto codec) { return compare_numbers(codec.decode(a), codec.decode(b)); },
      [&](KeyOrderKind other) { return other == KeyOrderKind::bytes ? compare_bytes(a, b) : 0; });
}

}  // namespace rdb::btree
