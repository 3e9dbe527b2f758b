// cursor.hpp: rdb.Cursor, a position in a table for programs that step and seek by hand. For plain
// reading, iterators are faster.
#pragma once

#include "record_iterator.hpp"
#include "table.hpp"

namespace rdb::python {

class Cursor {
 public:
  explicit Cursor(const Table& table);
  ~Cursor();
  Cursor(const Cursor&) = delete;

  // Calls move(cursor, &key, &value, &error); the record it arrives at as a pair, else None.
  template <class MoveCall>
  py::object arrive(MoveCall&& move) const;
  void set_range(const py::object& lower, const py::object& upper, bool include_lower,
                 bool include_upper);
  py::list next_batch(size_t count) const;
  bool erase() const;
  // When the value of the record under it expires: seconds since 1970 began, None for never.
  py::object expiry() const;
  bool put(const py::object& value) const;
  void close() noexcept;
  const Table& table() const noexcept { return table_; }

 protected:
  template <class Body>
  rdb_status call(Body&& body) const;

 private:
  const Table table_;
  mutable Gate gate_;
  rdb_cursor* cursor_ = nullptr;  // NULL once closed; read and written under the gate
};

// Over the pairs of a multimap.
class MultimapCursor : public Cursor {
 public:
  using Cursor::Cursor;

  // Moves with move(cursor, &value, &error) among the values of a key; the pair, else None.
  template <class MoveCall>
  py::object arrive_at_value(MoveCall&& move) const;
  uint64_t value_count() const;
};

void bind_cursor(py::module_& module);

}  // namespace rdb::python
