// table.hpp: a key-value table as seen by one transaction, and cursors over it.
//
// Keys and values are byte strings in the encoding of spec 02 section 9. A table of a read
// transaction may be used by many threads at once; one of a write transaction, and any cursor, by
// one thread at a time. Every call after the transaction ended throws closed; that is safe, so
// handles may outlive their transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rdb/merge.hpp"
#include "rdb/types.hpp"

namespace rdb {

namespace table {
class TableImpl;
class CursorImpl;
class ExtractionImpl;
}  // namespace table
namespace page {
class FramePin;
}

// Bytes of one value, kept alive by the object: either a pinned page (its page is not reused and
// not evicted before the pin goes, even when transaction and database are closed) or a private
// copy (values on pages the running write transaction may still edit).
class Value {
 public:
  Value();
  Value(Value&&) noexcept;
  Value& operator=(Value&&) noexcept;
  ~Value();
  Value(std::shared_ptr<page::FramePin> pin, Bytes bytes);
  explicit Value(std::vector<std::byte> copy);

  Bytes bytes() const noexcept { return bytes_; }

 private:
  std::shared_ptr<page::FramePin> pin_;
  std::vector<std::byte> copy_;
  Bytes bytes_;
};

// Answers of Table::get_batch, in the order of the keys. Reusable: the buffers keep their capacity.
class BatchResult {
 public:
  size_t size() const noexcept { return items_.size(); }
  bool found(size_t i) const { return items_[i].found; }
  Bytes value(size_t i) const;  // empty when not found; valid until the next use of this object

  struct Item {
    bool found = false;
    size_t offset = 0;  // into arena
    size_t size = 0;
  };
  // Filled by Table::get_batch.
  std::vector<Item> items_;
  std::vector<std::byte> arena_;
};

// Figures of one tree (spec 02 section 14).
struct TableStats {
  uint64_t entries = 0;
  uint32_t tree_height = 0;
  uint64_t leaf_pages = 0;
  uint64_t branch_pages = 0;
  uint64_t stored_leaf_bytes = 0;
  uint64_t metadata_bytes = 0;
  uint64_t fragmented_bytes = 0;
};

enum class TableKind : uint8_t { normal = 3, multimap = 4 };  // On disk. Never renumber.

struct TableInfo {
  std::string name;
  TableKind kind = TableKind::normal;
  TypeName key_type;
  TypeName value_type;
  std::optional<uint32_t> key_width;  // bytes; absent when variable
  std::optional<uint32_t> value_width;
  uint64_t entries = 0;          // multimap: pairs
  bool key_order_known = false;  // false: rows can be read in stored order only
};

enum class Bound : uint8_t { unbounded, included, excluded };

struct KeyRange {
  Bound lower = Bound::unbounded;
  Bound upper = Bound::unbounded;
  Bytes lower_key;
  Bytes upper_key;
};

// A position between, or on, the entries of a table, optionally confined to a range.
//
// A fresh cursor stands before the first entry (next() goes to the first, prev() to the last).
// key() and value() are valid until the next call on this cursor. In a write transaction, a
// cursor whose table was changed other than through the cursor throws misuse from every move until
// it is positioned anew with seek(), first() or last().
//
// A move that cannot read a page leaves the cursor as a fresh one; a change through it that fails
// leaves it where it was. One onto a value of a TtlTable that does not decode fails there, and the
// next one goes on behind it. A batch ends before a value that does not decode; the next one fails
// there, and the one after it goes on behind it.
class Cursor {
 public:
  explicit Cursor(std::unique_ptr<table::CursorImpl> impl);
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  bool first();
  bool last();
  bool next();  // false: past the end; a further prev() goes to the last entry
  bool prev();
  // Goes to the first entry with key >= key (inside the range); false when there is none.
  bool seek(Bytes key);
  // Goes to the entry with exactly this key; false leaves the cursor where seek() would.
  bool seek_exact(Bytes key);
  // Goes to the last entry with key <= key (inside the range).
  bool seek_le(Bytes key);

  bool valid() const noexcept;  // stands on an entry
  Bytes key() const;            // requires valid()
  Bytes value() const;
  uint64_t expiry() const;  // of a TtlTable's value: milliseconds since 1970 began, 0 for never

  // Restricts the cursor, which is then like a fresh one of the range. Keys are copied.
  void set_range(const KeyRange& range);

  // Appends up to max_records following entries as packed records (two u32 little-endian lengths,
  // key, value, zero padding to 4) to out while they fit. Returns the number written; 0 with
  // needed_bytes > 0 means the next record alone does not fit, 0 with 0 means the end. The cursor
  // stands on the last record written.
  size_t next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                     size_t& needed_bytes);

  // Fills keys and values with up to keys.size() following entries. The slices stay valid until the
  // next call on this cursor: a batch ends at a page boundary rather than hold many pages, so a
  // short count is not the end; 0 is.
  size_t next_slices(std::span<Bytes> keys, std::span<Bytes> values);

  // Deletes the entry under the cursor (write transactions); the cursor then stands between its
  // neighbours: next() goes to the entry behind it. Works without a known key order.
  void erase();
  // Replaces the value of the entry under the cursor, which stays on it. Works without a known key
  // order.
  void replace(Bytes value);

 private:
  std::unique_ptr<table::CursorImpl> impl_;
};

// Decides about entries, one by one in key order. It is called while the table is lent: see
// MergeFunction. What it throws leaves the table as it was.
class RecordFilter {
 public:
  enum class Verdict : uint8_t { keep, remove, stop };  // stop: this entry and all behind it stay
  virtual ~RecordFilter() = default;
  virtual Verdict judge(Bytes key, Bytes value) = 0;  // the bytes die with the call
};

// A walk over a range that takes entries out of the table: those that are taken, and no others. The
// table is lent to it (see MergeFunction) from its beginning to finish(), the end of the object or
// the commit, whichever comes first; only then does the tree change. It never shows an entry that
// was taken.
//
// One thread at a time.
class Extraction {
 public:
  explicit Extraction(std::unique_ptr<table::ExtractionImpl> impl);
  Extraction(Extraction&&) noexcept;
  Extraction& operator=(Extraction&&) noexcept;
  ~Extraction();  // finish(), without news of a failure

  bool next();  // as the moves of a cursor
  bool prev();
  bool valid() const;  // stands on an entry that was not taken
  Bytes key() const;   // of the entry it stands on; valid until the next move
  Bytes value() const;
  bool take();  // the entry it stands on; false: it stands on none, or that was taken

  // Makes it so, and gives the number of entries taken. Once; closed afterwards.
  uint64_t finish();
  bool over() const noexcept;  // finished, by the commit perhaps

 private:
  std::unique_ptr<table::ExtractionImpl> impl_;
};

class Table {
 public:
  explicit Table(std::shared_ptr<table::TableImpl> impl);
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;
  ~Table();  // closes: staged in its transaction, other opens of the name become possible

  const TableInfo& info() const;
  uint64_t len() const;
  TableStats stats(const CancelToken* cancel = nullptr) const;

  // Reads. A key whose length contradicts a fixed width is invalid_argument.
  bool contains(Bytes key) const;
  std::optional<Value> get(Bytes key) const;
  // Copies the value when it fits; the size needed is stored either way. Empty: not found.
  // Returns whether the value was copied.
  std::optional<bool> get_into(Bytes key, std::span<std::byte> out, size_t& value_size) const;
  void get_batch(std::span<const Bytes> keys, BatchResult& out) const;
  Cursor cursor() const;

  // Changes; read_only in a read transaction, and unknown_key_type where the order is not known.
  // A failed change leaves the table as it was; when that cannot be guaranteed the transaction can
  // only be aborted and says so.
  enum class PutMode : uint32_t { upsert = 0, insert_only = 1, update_only = 2 };
  // False when the mode forbade the write (key present, or absent).
  bool put(Bytes key, Bytes value, PutMode mode = PutMode::upsert);
  struct Record {
    Bytes key;
    Bytes value;
  };
  // As put() for each record in turn; returns how many were written. Works in key order, and builds
  // the tree bottom-up when the table is empty. A record that breaks a rule throws with its index
  // as the position, and those before it are written. After any other failure nobody can tell
  // which were.
  uint64_t put_batch(std::span<const Record> records, PutMode mode = PutMode::upsert);
  // As put() and erase(), with what was there before.
  bool exchange(Bytes key, Bytes value, PutMode mode, std::optional<std::vector<std::byte>>& old);
  bool take(Bytes key, std::vector<std::byte>& old);
  // Stores value, or deletes the key when there is none, if the stored value is the expected one,
  // or the key absent when nothing is expected. Otherwise nothing changes.
  enum class Compared : uint8_t { stored, absent, present, different };
  Compared compare_and_put(Bytes key, std::optional<Bytes> expected, std::optional<Bytes> value);

  // Deletes a range and gives the number of its entries. Whole subtrees go without a look at their
  // entries; the key order need not be known for the range of everything.
  uint64_t drain(const KeyRange& range = {});
  // Deletes the entries of a range that filter wants removed, in one pass, and gives their number.
  uint64_t retain(const KeyRange& range, RecordFilter& filter);
  Extraction extract(const KeyRange& range = {});

  // Makes the value of key anew from the stored one and an operand, see merge.hpp. merge_width when
  // the result has another length than values of the table's type; the table is as it was then, as
  // after any other failure.
  void merge(Bytes key, Bytes operand, MergeKind kind);
  void merge(Bytes key, Bytes operand, MergeFunction& function);
  // As merge() for each record in turn, whose value is the operand. What throws stops the batch
  // with the record's index as the position; those before it are merged, those behind it are not.
  // Only after a failure of the device, of memory or of a damaged page does nobody know which were.
  void merge_batch(std::span<const Record> records, MergeKind kind);
  void merge_batch(std::span<const Record> records, MergeFunction& function);
  bool erase(Bytes key);
  // Removes and returns the first or last pair; false when the table is empty.
  bool pop_first(std::vector<std::byte>& key, std::vector<std::byte>& value);
  bool pop_last(std::vector<std::byte>& key, std::vector<std::byte>& value);

  table::TableImpl& impl() const { return *impl_; }
  const std::shared_ptr<table::TableImpl>& shared_impl() const { return impl_; }

 private:
  std::shared_ptr<table::TableImpl> impl_;
};

}  // namespace rdb
