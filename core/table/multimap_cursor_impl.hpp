// multimap_cursor_impl.hpp: a cursor over the pairs of a multimap, confined to a range of keys.
//
// Two positions: one in the outer tree, which pins the leaf of the key, and one among the key's
// values, in that leaf when they are inline, else in a leaf of their subtree, pinned too.
//
// Places as in cursor_impl.hpp. In a gap the pair that is gone is remembered, and found again by
// order.
//
// A damaged file may name one subtree for many keys, so that a walk over it would hardly ever end:
// one that has entered more leaves of subtrees than the file has pages is corrupted.
#pragma once

#include <optional>
#include <vector>

#include "btree/cursor.hpp"
#include "rdb/multimap.hpp"
#include "table/key_bounds.hpp"
#include "table/multimap_impl.hpp"

namespace rdb::table {

class MultimapCursorImpl {
 public:
  explicit MultimapCursorImpl(std::shared_ptr<MultimapImpl> table);

  bool first();
  bool last();
  bool next();
  bool prev();
  bool next_key();
  bool prev_key();
  bool next_value();
  bool prev_value();
  bool first_value();
  bool last_value();
  bool seek(Bytes key);
  bool seek_exact(Bytes key);
  bool seek_le(Bytes key);
  bool seek_pair(Bytes key, Bytes value);
  bool valid() const noexcept { return place_ == Place::on; }
  Bytes key() const;
  Bytes value() const;
  uint64_t value_count() const;
  void set_range(const KeyRange& range);
  size_t next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                     size_t& needed_bytes);
  size_t next_slices(std::span<Bytes> keys, std::span<Bytes> values);
  void erase();

 private:
  enum class Place : uint8_t { fresh, before, on, gap, after };
  enum class End : bool { front, back };

  template <typename Move>
  auto moving(Move&& move);
  void refresh();
  void require_fresh() const;
  void require_on() const;
  bool enter_front();
  bool enter_back();
  bool step_forward();
  bool step_in_batch();
  bool step_back();
  bool land(bool found, Place otherwise);
  bool land_on_key(bool found, End end, Place otherwise);
  bool seek_pair_unlocked(Bytes key, Bytes value);
  void load(End end);
  bool step_value(End towards);
  void note_subtree_leaf();
  bool inside(Bytes key) const;
  Bytes current_value() const { return inline_ ? inline_->key(index_) : inner_.key(); }
  const btree::KeyOrder& order() const { return table_->outer().shape().order; }

  std::shared_ptr<MultimapImpl> table_;
  btree::TreeCursor outer_;
  btree::TreeCursor inner_;                // of the key under outer_, when it has a subtree
  std::optional<btree::LeafView> inline_;  // of the key under outer_, when it has none
  std::vector<std::byte> opened_;          // what inline_ lies in when it was compressed
  uint32_t index_ = 0;                     // in inline_
  uint64_t count_ = 0;                     // of its values, as its collection says
  uint64_t version_;
  Place place_ = Place::fresh;
  KeyBounds range_;
  uint64_t subtree_pages_ = 0;  // entered since the last move that was no step
  std::vector<std::byte> gap_key_;
  std::vector<std::byte> gap_value_;
};

}  // namespace rdb::table
