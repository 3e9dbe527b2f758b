// record_iterator.hpp: rdb.RecordIterator, a Python iterator over a scan's records.
//
// One thread at a time is inside (block_reader.hpp, B2): a second one gets ValueError, as with
// generators.
#pragma once

#include "block_reader.hpp"
#include "table.hpp"

namespace rdb::python {

class RecordIterator {
 public:
  RecordIterator(const Table& table, const Bounds& bounds, Part part, bool reverse);
  ~RecordIterator();
  RecordIterator(const RecordIterator&) = delete;

  // New reference; NULL without an exception at the end.
  PyObject* next();

 private:
  PyObject* make_value(const BlockReader::Record& record);

  const Table table_;
  const Part part_;
  const bool plain_;  // pairs need not be seen by the collector
  BlockReader reader_;
  bool inside_ = false;
  PyObject* pair_ = nullptr;  // handed out again when nobody else kept it
};

void bind_record_iterator(py::module_& module);

}  // namespace rdb::python
