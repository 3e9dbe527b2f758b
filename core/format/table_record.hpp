// table_record.hpp: one table as the catalog stores it.
//
// On disk (spec 02 section 7.2):
//   0   u8   kind                 3 normal, 4 multimap
//   1   u64  length               normal: entries; multimap: pairs over all keys
//   9   u8   root present
//   10  32   root record          zeros when absent
//   42  u8   key width present    43 u32 key width
//   47  u8   value width present  48 u32 value width
//   52  u32  key alignment        1
//   56  u32  value alignment      1
//   60  u32  key type length L    class byte included
//   64  L    key type             class byte, UTF-8 name
//   64+L     value type           class byte, UTF-8 name, to the end
// Class 4 is what redb has written since 4.2 for arrays, tuples, options and lists, whose class was
// 1, or 3 for tuples of variable width; redb reads the old classes, nobody else reads the new one.
// It is taken for the class it replaced, so that a type has one name here, and is kept in the file.
//
// The encoded size depends on the two type names alone, so a record can be overwritten in place.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "format/root_record.hpp"
#include "format/widths.hpp"
#include "rdb/table.hpp"
#include "rdb/types.hpp"

namespace rdb::format {

struct TableRecord {
  TableKind kind = TableKind::normal;
  uint64_t length = 0;  // as stored; entries() is what to believe
  TreeRoot root;
  Widths widths;  // declared; of one value for a multimap
  // Anything but 1 makes opening the table fail with type_changed (spec 02 section 7.3).
  uint32_t key_alignment = 1;
  uint32_t value_alignment = 1;
  TypeName key_type;
  TypeName value_type;
  bool key_class_4 = false;  // the file says 4 where key_type says 1 or 3
  bool value_class_4 = false;
  // Values lie in envelopes (value_envelope.hpp): a user table of a compressed file. The record
  // does not say so.
  bool compressed = false;

  // table names the record in messages. Throws corrupted, or format for kinds 1 and 2.
  static TableRecord parse(std::string_view table, Bytes bytes, bool compressed = false);
  std::vector<std::byte> encode() const;

  // Entries of a normal table as its tree counts them, pairs of a multimap (spec 02 section 7.2).
  uint64_t entries() const noexcept {
    if (kind == TableKind::multimap) return length;
    return root ? root->length : 0;
  }
  // Widths the pages of the table's (outer) tree have: collections and envelopes have any size.
  Widths tree_widths() const noexcept {
    return kind == TableKind::multimap || compressed ? Widths{widths.key, std::nullopt} : widths;
  }
  bool operator==(const TableRecord&) const = default;
};

}  // namespace rdb::format
