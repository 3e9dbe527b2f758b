// cursor_impl.hpp: a cursor confined to a range of one table.
//
//   fresh   nowhere yet                             next() enters at the front, prev() at the back
//   before  in front of the range's first entry    next() enters at the front, prev() ends
//   on      an entry
//   gap     between two entries, after an erase     next() and prev() go to the neighbours
//   after   behind the range's last entry           prev() enters at the back, next() ends
//
// In a write transaction the table may change between two calls; the table's version tells.
#pragma once

#include <optional>
#include <vector>

#include "btree/cursor.hpp"
#include "rdb/table.hpp"
#include "table/key_bounds.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {

class CursorImpl {
 public:
  // A lender's cursor works on the table while that is lent.
  enum class Access : bool { ordinary, lender };
  explicit CursorImpl(std::shared_ptr<TableImpl> table, Access access = Access::ordinary);

  bool first();
  bool last();
  bool next();
  bool prev();
  bool seek(Bytes key);
  bool seek_exact(Bytes key);
  bool seek_le(Bytes key);
  bool valid() const noexcept { return place_ == Place::on; }
  Bytes key() const;
  Bytes value() const;
  void set_range(const KeyRange& range);
  size_t next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                     size_t& needed_bytes);
  size_t next_slices(std::span<Bytes> keys, std::span<Bytes> values);
  void erase();
  void replace(Bytes value);
  // Where it stands; requires valid().
  const btree::TreeCursor& tree() const noexcept { return tree_; }

 private:
  enum class Place : uint8_t { fresh, before, on, gap, after };

  // The guard to hold during a move; throws when the transaction is over.
  std::unique_lock<std::mutex> enter() const;
  void refresh();  // for moves that name their target: follow the table's present state
  void require_fresh() const;
  void require_writable_entry() const;
  bool enter_front();
  bool enter_back();
  bool step_forward();
  bool step_back();
  bool land(bool found, Place otherwise);
  bool above_lower(Bytes key) const;
  bool below_upper(Bytes key) const;

  std::shared_ptr<TableImpl> table_;
  const Access access_;
  btree::TreeCursor tree_;
  uint64_t version_;
  Place place_ = Place::fresh;
  // Values that do not lie in their pages as they are (TableImpl::value_of): of the entry under the
  // cursor, and of the last next_slices().
  mutable std::vector<std::byte> opened_;
  std::vector<std::vector<std::byte>> opened_batch_;

  KeyBounds range_;
};

}  // namespace rdb::table
