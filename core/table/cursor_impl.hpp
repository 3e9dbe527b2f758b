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

#include <cassert>
#include <optional>
#include <vector>

#include "btree/cursor.hpp"
#include "rdb/table.hpp"
#include "table/key_bounds.hpp"
#include "table/opened_values.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {

class CursorImpl {
 public:
  // A lender's cursor works on the table while that is lent. One for stored entries takes no notice
  // of expiry: it shows all, with their values as they are stored.
  enum class Access : uint8_t { ordinary, lender, stored };
  explicit CursorImpl(std::shared_ptr<TableImpl> table, Access access = Access::ordinary);

  bool first();
  bool last();
  bool next();
  // As next(), for a lender: while the table is lent, the leaf stays as it is, and a step inside it
  // asks for no lock.
  bool next_lent() {
    assert(access_ == Access::lender);
    if (place_ == Place::on && !expiring_ && tree_.index() + 1 < tree_.leaf().size() &&
        table_->being_written() &&
        (!range_.has_upper() || below_upper(tree_.key_at(tree_.index() + 1)))) [[likely]] {
      tree_.move_in_leaf(tree_.index() + 1);
      return true;
    }
    return next();
  }
  bool prev();
  bool seek(Bytes key);
  bool seek_exact(Bytes key);
  bool seek_le(Bytes key);
  bool valid() const noexcept { return place_ == Place::on; }
  Bytes key() const {
    require_entry();
    return tree_.key();
  }
  Bytes value() const;
  void set_range(const KeyRange& range);
  size_t next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                     size_t& needed_bytes);
  // indexes, when given, has room for as many numbers: of each entry in the leaf that the cursor is
  // on.
  size_t next_slices(std::span<Bytes> keys, std::span<Bytes> values, uint32_t* indexes = nullptr);
  void erase();
  void replace(Bytes value);
  // Where it stands; requires valid().
  const btree::TreeCursor& tree() const noexcept { return tree_; }
  // Of the value under the cursor, in a table whose values expire.
  uint64_t expiry() const;

 private:
  enum class Place : uint8_t { fresh, before, on, gap, after };

  // The guard to hold during a move; throws when the transaction is over.
  std::unique_lock<std::mutex> enter();
  // Runs a move. When it fails and the tree's cursor has lost its leaf, this one stands nowhere,
  // too.
  template <typename Move>
  auto guarded(Move&& move);
  void refresh();  // for moves that name their target: follow the table's present state
  void require_fresh() const {
    if (version_ != table_->version()) [[unlikely]]
      throw_changed();
  }
  void require_entry() const {
    require_fresh();
    if (place_ != Place::on) [[unlikely]]
      throw_no_entry();
  }
  [[noreturn]] void throw_changed() const;
  [[noreturn]] static void throw_no_entry();
  void require_writable_entry() const;
  bool enter_front();
  bool enter_back();
  // To the next entry that the caller may see; the _raw ones know no expiry.
  bool step_forward();
  bool step_back();
  bool step_forward_raw();
  bool step_back_raw();
  // From an entry on, found or not, to one that the caller may see.
  bool settle_forward(bool found);
  bool settle_back(bool found);
  bool shows();
  void show_anyway();
  void step_back_to(Place before);
  // As step_forward(), but stays where it is when that is not in the same leaf.
  bool step_in_leaf();
  size_t rest_of_leaf(std::span<Bytes> keys, std::span<Bytes> values);
  size_t open_rest_of_leaf(std::span<Bytes> keys, std::span<Bytes> values);
  std::vector<std::byte>& scratch_of(size_t record);  // of a batch
  size_t slices_of_leaf(std::span<Bytes> keys, std::span<Bytes> values, uint32_t* indexes);
  size_t pack_next(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                   size_t& needed_bytes);
  void erase_here();
  void replace_here(Bytes value);
  void stand_again(std::span<const uint32_t> position) noexcept;
  bool land(bool found, Place otherwise);
  bool above_lower(Bytes key) const;
  bool below_upper(Bytes key) const;

  std::shared_ptr<TableImpl> table_;
  const Access access_;
  btree::TreeCursor tree_;
  uint64_t version_;
  Place place_ = Place::fresh;
  mutable OpenedValues values_;
  // Values that were opened alone: of the entry under the cursor, and of the last next_slices().
  mutable std::vector<std::byte> opened_;
  std::vector<std::vector<std::byte>> opened_batch_;
  // With expiring values: the one under the cursor, unless it was damaged; may lie in opened_.
  std::optional<Bytes> shown_;
  bool expiring_;       // whether it passes over what has expired
  base::Moment now_;    // of the running call
  uint64_t moves_ = 0;  // of the tree's cursor in the last step_forward()

  KeyBounds range_;
};

}  // namespace rdb::table
