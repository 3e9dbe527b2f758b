// item_codec.hpp: composite keys and values, item by item: tuples, options, arrays and lists are
// written and read as the sequence of what they hold, outermost first.
//
//   (u64,[&str;2],Option<u8>)    written: 7, "a", "b", none
//                                read:    tuple 3, 7, array 2, "a", "b", none
//
// One codec knows one type. Writing and reading do not disturb each other.
// Threads: one at a time; compare() and problem() any number.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "rdb/types.hpp"

namespace rdb {

enum class ItemKind : uint32_t {
  // On the ABI for ever. Never renumber.
  stored = 0,  // written only: the encoding of a whole member, whatever its type
  unit = 1,
  boolean = 2,
  character = 3,
  unsigned_integer = 4,
  signed_integer = 5,
  real = 6,
  text = 7,
  bytes = 8,  // &[u8], [u8;N] and structures the engine does not take apart
  uuid = 9,
  date = 10,
  time = 11,
  date_time = 12,
  zoned_date_time = 13,
  offset = 14,
  none = 15,
  some = 16,   // the next item is what the option holds
  tuple = 17,  // count members follow
  array = 18,  // count elements follow
  list = 19,   // count elements follow
};

struct Item {
  ItemKind kind = ItemKind::unit;
  uint32_t count = 0;  // tuple, array, list
  uint64_t low = 0;    // integers; boolean 0 or 1; character: the scalar value
  uint64_t high = 0;   // bits 64 to 127 of integers, the sign spread over them
  double number = 0;   // real
  int32_t year = 0;    // dates
  uint32_t month = 0;
  uint32_t day = 0;
  uint32_t seconds = 0;  // since midnight, of a zoned_date_time in UTC
  uint32_t nanoseconds = 0;
  int32_t offset = 0;  // seconds east of UTC
  Bytes bytes;         // read: the item as stored; written: text, bytes, uuid, stored
};

struct ItemTypeInfo {
  std::optional<uint32_t> width;  // bytes; absent when variable
  bool ordered = false;           // may be a key
  bool ambiguous = false;         // TypeReading::nested_tuples decides how it is read
};

class ItemCodec {
 public:
  // Throws unsupported for a type this library does not know.
  explicit ItemCodec(const TypeName& type);
  ItemCodec(ItemCodec&&) noexcept;
  ItemCodec& operator=(ItemCodec&&) noexcept;
  ~ItemCodec();

  ItemTypeInfo info() const;
  // As the keys of a table; throws unknown_key_type where the type is no key.
  int compare(Bytes a, Bytes b) const;
  // Empty when value is one of the type; else why it is not, as a predicate.
  std::string problem(Bytes value) const;

  // Writing. Tuples and arrays begin by themselves, an item that announces one is taken when its
  // count is right; a list needs one with its count, an option one that says some or none. Throws
  // invalid_argument, naming the member, for an item that does not suit; the value is then begun
  // anew.
  void begin();  // forgets what was written
  void put(const Item& item);
  // The bytes, valid until the next call that writes. Throws misuse when members are missing.
  Bytes finish();

  // Reading. value is borrowed until the last next(). Throws corrupted, naming the member, where
  // the bytes are none of the type; nothing can be read then until the next start().
  void start(Bytes value);
  bool next(Item& item);  // false: there is nothing more

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace rdb
