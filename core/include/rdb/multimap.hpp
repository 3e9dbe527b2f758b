// multimap.hpp: a multimap table as seen by one transaction, and cursors over its pairs.
//
// Every key has one value or more; the values of a key are a set, in the order of their type. A
// pair is a key with one of its values. What table.hpp says about bytes, threads and life after the
// transaction holds here, too.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rdb/table.hpp"
#include "rdb/types.hpp"

namespace rdb {

namespace table {
class MultimapImpl;
class MultimapCursorImpl;
}  // namespace table

// A position between, or on, the pairs of a multimap in their order (keys, then the values of
// each), optionally confined to a range of keys. As Cursor: fresh ones stand before the first pair,
// key() and value() are valid until the next call, and after a change made other than through the
// cursor its moves throw misuse until it is positioned anew. What fails, moves and changes, leaves
// the cursor as a fresh one. A batch ends before a key whose values cannot be read; the next one
// fails there.
class MultimapCursor {
 public:
  explicit MultimapCursor(std::unique_ptr<table::MultimapCursorImpl> impl);
  MultimapCursor(MultimapCursor&&) noexcept;
  MultimapCursor& operator=(MultimapCursor&&) noexcept;
  ~MultimapCursor();

  bool first();
  bool last();
  bool next();
  bool prev();

  // To the first pair of the next key; to the last pair of the key before.
  bool next_key();
  bool prev_key();
  // Among the values of the key under the cursor. False: there is none on that side, and the cursor
  // did not move.
  bool next_value();
  bool prev_value();
  bool first_value();
  bool last_value();

  bool seek(Bytes key);        // first pair of the first key >= key
  bool seek_exact(Bytes key);  // first pair of key; false: stands where seek() would
  bool seek_le(Bytes key);     // last pair of the last key <= key
  // First pair not before (key, value): of key itself, or of a later one.
  bool seek_pair(Bytes key, Bytes value);

  bool valid() const noexcept;
  Bytes key() const;  // requires valid()
  Bytes value() const;
  uint64_t value_count() const;  // of the key under the cursor

  // Restricts the cursor to a range of keys; it is then like a fresh one of the range.
  void set_range(const KeyRange& range);
  // As Cursor's, of pairs.
  size_t next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                     size_t& needed_bytes);
  size_t next_slices(std::span<Bytes> keys, std::span<Bytes> values);

  // Deletes the pair under the cursor, which then stands between its neighbours. Needs both orders.
  void erase();

 private:
  std::unique_ptr<table::MultimapCursorImpl> impl_;
};

class Multimap {
 public:
  explicit Multimap(std::shared_ptr<table::MultimapImpl> impl);
  Multimap(Multimap&&) noexcept;
  Multimap& operator=(Multimap&&) noexcept;
  ~Multimap();  // closes, as ~Table does

  const TableInfo& info() const;
  uint64_t len() const;  // pairs
  uint64_t key_count() const;
  TableStats stats(const CancelToken* cancel = nullptr) const;

  bool contains(Bytes key) const;
  bool contains(Bytes key, Bytes value) const;
  uint64_t value_count(Bytes key) const;  // 0: no such key
  // The values of key, ascending, as answers that are all found. False: no such key.
  bool get(Bytes key, BatchResult& out) const;
  MultimapCursor cursor() const;

  // False: the pair was there already. Changes throw as Table's do; of a type whose order is not
  // known, also values cannot be searched or changed (unknown_key_type).
  bool put(Bytes key, Bytes value);
  // As put() for each record in turn; returns how many pairs were new. Sorts them first, as
  // Table::put_batch does, and fails as it does.
  uint64_t put_batch(std::span<const Table::Record> records);
  // False: no such pair.
  bool erase(Bytes key, Bytes value);
  // Deletes a key with all its values and returns how many those were; 0: no such key.
  uint64_t erase_key(Bytes key);
  // Deletes all keys of a range, one after the other, and returns how many they were. After a
  // failure those before the key at fault are gone.
  uint64_t drain(const KeyRange& range = {});

  table::MultimapImpl& impl() const { return *impl_; }

 private:
  std::shared_ptr<table::MultimapImpl> impl_;
};

}  // namespace rdb
