// rdb_composite.hpp: codecs of types with members; included by rdb.hpp.
//
//   std::tuple<A, B>           (A,B) as redb 3 and shodh-redb write it
//   Legacy<std::tuple<A, B>>   (A,B) as redb up to version 2 wrote it
//   std::optional<T>           Option<T>
//   std::array<T, N>           [T;N], also of elements that differ in width
//   std::vector<T>             Vec<T>; not for keys
//
// Reads give values that own what they hold: std::tuple<std::string_view, uint64_t> is read as
// std::tuple<std::string, uint64_t>.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rdb_codec.hpp"

namespace rdb {
inline namespace abi1 {

// A tuple in the encoding of redb 2. Made and taken apart as the std::tuple it is.
template <class Tuple>
struct Legacy;
template <class... Ts>
struct Legacy<std::tuple<Ts...>> : std::tuple<Ts...> {
  using std::tuple<Ts...>::tuple;
  Legacy(std::tuple<Ts...> members) : std::tuple<Ts...>(std::move(members)) {}
};

namespace detail {

template <class T>
constexpr size_t width_of() noexcept {
  if constexpr (FixedWidth<T>) {
    return Codec<T>::kWidth;
  } else {
    return 0;
  }
}

// kWidth where there is one.
template <bool kFixed, size_t kBytes>
struct Width {};
template <size_t kBytes>
struct Width<true, kBytes> {
  static constexpr size_t kWidth = kBytes;
};

template <class T>
void append_encoded(std::string& out, const T& value) {
  const auto encoded = Codec<T>::encode(value);
  const Bytes bytes = encoded;
  out.append(bytes.text());
}

inline void append_little(std::string& out, size_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

// One byte up to 253, else three or five. Members have less than 4 GiB, as whole values do.
inline void append_length(std::string& out, size_t length) {
  if (length < 254) {
    append_little(out, length, 1);
  } else {
    append_little(out, length <= 0xffff ? 254 : 255, 1);
    append_little(out, length, length <= 0xffff ? 2 : 4);
  }
}

// Bytes from the front to the end; what is not there is damage.
class Input {
 public:
  Input(Bytes bytes, std::string type) : rest_(bytes.text()), type_(std::move(type)) {}

  Bytes take(size_t size) {
    if (size > rest_.size()) throw_undecodable(type_);
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return Bytes(taken.data(), taken.size());
  }
  Bytes rest() { return take(rest_.size()); }
  size_t little(size_t bytes) {
    const Bytes taken = take(bytes);
    size_t number = 0;
    for (size_t i = bytes; i > 0; --i) {
      number = number << 8 | std::to_integer<size_t>(taken.data()[i - 1]);
    }
    return number;
  }
  size_t length() {
    const size_t first = little(1);
    return first < 254 ? first : little(first == 254 ? 2 : 4);
  }
  void finish() const {
    if (!rest_.empty()) throw_undecodable(type_);
  }

 private:
  std::string_view rest_;
  std::string type_;
};

// Lengths, then the members; the last takes the rest. New tuples have lengths of the members
// without a width, legacy ones of all but the last; tuples of a fixed width have none.
template <bool kLegacy, class... Ts>
struct TupleCodec : Width<(FixedWidth<Ts> && ...), (width_of<Ts>() + ... + 0)> {
  static constexpr bool kFixed = (FixedWidth<Ts> && ...);
  static constexpr size_t kMembers = sizeof...(Ts);
  static_assert(kMembers >= 1 && kMembers <= 12, "a tuple has one to twelve members");
  using Owned = std::tuple<typename Codec<Ts>::Owned...>;
  using View = Owned;

  static Type type() {
    std::string name = "(";
    ((name += Codec<Ts>::type().name + ","), ...);
    if (kMembers > 1) name.pop_back();
    const bool is_new = !kLegacy && !kFixed && kMembers > 1;
    return {name + ")", is_new ? RDB_TYPE_TUPLE : RDB_TYPE_BUILTIN};
  }
  static std::string encode(const std::tuple<Ts...>& members) {
    return encode_members(members, std::index_sequence_for<Ts...>{});
  }
  static Owned decode(Bytes bytes) {
    return decode_members(bytes, std::index_sequence_for<Ts...>{});
  }
  static Owned own(Bytes bytes) { return decode(bytes); }

 private:
  template <size_t i>
  using Member = std::tuple_element_t<i, std::tuple<Ts...>>;
  template <size_t i>
  static constexpr bool kHasLength =
      !kFixed && i + 1 < kMembers && (kLegacy || !FixedWidth<Member<i>>);

  template <size_t... kIndex>
  static std::string encode_members(const std::tuple<Ts...>& members,
                                    std::index_sequence<kIndex...>) {
    std::string out;
    std::string body;
    const auto append = [&]<size_t i>(std::integral_constant<size_t, i>) {
      const size_t begin = body.size();
      append_encoded<Member<i>>(body, std::get<i>(members));
      if constexpr (kHasLength<i>) {
        if constexpr (kLegacy) {
          append_little(out, body.size() - begin, 4);
        } else {
          append_length(out, body.size() - begin);
        }
      }
    };
    (append(std::integral_constant<size_t, kIndex>{}), ...);
    return out + body;
  }

  template <size_t... kIndex>
  static Owned decode_members(Bytes bytes, std::index_sequence<kIndex...>) {
    Input in(bytes, type().name);
    size_t sizes[kMembers] = {};
    const auto measure = [&]<size_t i>(std::integral_constant<size_t, i>) {
      sizes[i] = width_of<Member<i>>();
      if constexpr (kHasLength<i>) sizes[i] = kLegacy ? in.little(4) : in.length();
    };
    (measure(std::integral_constant<size_t, kIndex>{}), ...);
    // In braces the members are read from left to right.
    return Owned{
        Codec<Member<kIndex>>::own(kIndex + 1 == kMembers ? in.rest() : in.take(sizes[kIndex]))...};
  }
};

}  // namespace detail

template <class... Ts>
struct Codec<std::tuple<Ts...>> : detail::TupleCodec<false, Ts...> {};

template <class... Ts>
struct Codec<Legacy<std::tuple<Ts...>>> : detail::TupleCodec<true, Ts...> {};

// Option<T>: absent ones are padded to the width of T, and come first.
template <class T>
struct Codec<std::optional<T>> : detail::Width<FixedWidth<T>, detail::width_of<T>() + 1> {
  using Owned = std::optional<typename Codec<T>::Owned>;
  using View = Owned;
  static Type type() { return {"Option<" + Codec<T>::type().name + ">"}; }
  static std::string encode(const std::optional<T>& value) {
    if (!value) return std::string(1 + detail::width_of<T>(), '\0');
    std::string out(1, '\1');
    detail::append_encoded<T>(out, *value);
    return out;
  }
  static Owned decode(Bytes bytes) {
    detail::Input in(bytes, type().name);
    const size_t kind = in.little(1);
    if (kind == 1) return Codec<T>::own(in.rest());
    in.take(detail::width_of<T>());
    in.finish();
    if (kind != 0) detail::throw_undecodable(type().name);
    return std::nullopt;
  }
  static Owned own(Bytes bytes) { return decode(bytes); }
};

// [T;N] of elements without a width: their ends, counted from the first byte of all, then they.
template <class T, size_t kCount>
requires(!FixedWidth<T> && !std::same_as<T, std::byte>) struct Codec<std::array<T, kCount>> {
  using Owned = std::array<typename Codec<T>::Owned, kCount>;
  using View = Owned;
  static Type type() { return {"[" + Codec<T>::type().name + ";" + std::to_string(kCount) + "]"}; }
  static std::string encode(const std::array<T, kCount>& values) {
    std::string out;
    std::string body;
    for (const T& value : values) {
      detail::append_encoded<T>(body, value);
      detail::append_little(out, 4 * kCount + body.size(), 4);
    }
    return out + body;
  }
  static Owned decode(Bytes bytes) {
    detail::Input in(bytes, type().name);
    detail::Input ends(in.take(4 * kCount), type().name);
    Owned values{};
    size_t begin = 4 * kCount;
    for (auto& value : values) {
      const size_t end = ends.little(4);
      if (end < begin) detail::throw_undecodable(type().name);
      value = Codec<T>::own(in.take(end - begin));
      begin = end;
    }
    in.finish();
    return values;
  }
  static Owned own(Bytes bytes) { return decode(bytes); }
};

// Vec<T>: their number, then the elements, each behind its length where they have no width.
template <class T>
struct Codec<std::vector<T>> {
  // Elements without bytes that a value may claim to have.
  static constexpr size_t kMaxEmpty = size_t{1} << 20;
  using Owned = std::vector<typename Codec<T>::Owned>;
  using View = Owned;
  static Type type() { return {"Vec<" + Codec<T>::type().name + ">"}; }
  static std::string encode(const std::vector<T>& values) {
    std::string out;
    detail::append_length(out, values.size());
    for (const auto& value : values) {
      std::string one;
      detail::append_encoded<T>(one, value);
      if constexpr (!FixedWidth<T>) detail::append_length(out, one.size());
      out += one;
    }
    return out;
  }
  static Owned decode(Bytes bytes) {
    detail::Input in(bytes, type().name);
    const size_t count = in.length();
    if (FixedWidth<T> && detail::width_of<T>() == 0 && count > kMaxEmpty) {
      detail::throw_undecodable(type().name);
    }
    Owned values;
    for (size_t i = 0; i < count; ++i) {
      const size_t size = FixedWidth<T> ? detail::width_of<T>() : in.length();
      values.push_back(Codec<T>::own(in.take(size)));
    }
    in.finish();
    return values;
  }
  static Owned own(Bytes bytes) { return decode(bytes); }
};

}  // namespace abi1
}  // namespace rdb
