// result.cpp: batches, and the object that holds the answers of one.
//
// A batch names the record at fault: whatever the core's error had for a position is replaced by
// the index.
#include <exception>
#include <new>
#include <optional>
#include <vector>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "packed.hpp"
#include "record.hpp"

namespace rdb::capi {
namespace {

// Runs step, which handles record index, and stamps the index on what it throws.
template <class Step>
void at_index(uint64_t index, Step&& step) {
  try {
    step();
  } catch (const Error& error) {
    throw Error(error.code(), error.what(), index, error.os_errno());
  }
}

// The first key that cannot be read alone. Only after a failed batch, which names no key.
uint64_t index_at_fault(const Table& table, const std::vector<Bytes>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    try {
      size_t size = 0;
      table.get_into(keys[i], {}, size);
    } catch (const Error&) {
      return i;
    }
  }
  return RDB_NO_POSITION;
}

// Answers result.keys, which the caller filled.
void answer_keys(const Table& table, rdb_result& result) {
  try {
    table.get_batch(result.keys, result.answers);
  } catch (const Error& error) {
    result.answers.items_.clear();
    throw Error(error.code(), error.what(), index_at_fault(table, result.keys), error.os_errno());
  } catch (...) {
    result.answers.items_.clear();
    throw;
  }
}

rdb_result& emptied(rdb_result* result) {
  rdb_result& live_result = live(result);
  live_result.answers.items_.clear();
  live_result.keys.clear();
  return live_result;
}

void require_array(const void* array, size_t count, const char* noun) {
  if (count != 0) require_not_null(array, noun);
}

// Writes the records taken; then the error of the one behind them is thrown, if there is one.
void put_records(rdb_table& table, const TakenRecords& taken, uint64_t flags, uint64_t* written) {
  uint64_t count = 0;
  if (table.is_multimap()) {
    require_no_flags(flags);
    count = table.multimap_for_change().put_batch(taken.records);
  } else {
    const Table::PutMode mode = to_put_mode(flags);
    count = table.plain_for_change().put_batch(taken.records, mode);
  }
  taken.rethrow();
  if (written != nullptr) *written = count;
}

// Counts the steps that say they did something. out is stored only when all went well.
class Counter {
 public:
  explicit Counter(uint64_t* out) noexcept : out_(out) {}
  void add(bool done) noexcept { count_ += done ? 1 : 0; }
  void store() noexcept {
    if (out_ != nullptr) *out_ = count_;
  }

 private:
  uint64_t* out_;
  uint64_t count_ = 0;
};

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_result_create(rdb_result** out, rdb_error* err) {
  return guard(err, [&] {
    rdb_result*& handle = out_handle(out);
    handle = new rdb_result;
  });
}

void rdb_result_free(rdb_result* result) {
  guard_release([&] { take(result); });
}

rdb_status rdb_get_batch(const rdb_table* table, const rdb_slice* keys, size_t count,
                         rdb_result* result, rdb_error* err) {
  return guard(err, [&] {
    const rdb::Table& open = live(table).plain();
    rdb_result& into = emptied(result);
    require_array(keys, count, "keys");
    for (size_t i = 0; i < count; ++i) {
      at_index(i, [&] { into.keys.push_back(to_bytes(keys[i])); });
    }
    answer_keys(open, into);
  });
}

rdb_status rdb_get_batch_packed(const rdb_table* table, rdb_slice packed_keys, rdb_result* result,
                                rdb_error* err) {
  return guard(err, [&] {
    const rdb::Table& open = live(table).plain();
    rdb_result& into = emptied(result);
    PackedReader reader(to_bytes(packed_keys));
    for (uint64_t i = 0; !reader.done(); ++i) {
      at_index(i, [&] { into.keys.push_back(reader.take_key()); });
    }
    answer_keys(open, into);
  });
}

size_t rdb_result_count(const rdb_result* result) {
  return result != nullptr && result->has_signature() ? result->answers.size() : 0;
}

rdb_status rdb_result_at(const rdb_result* result, size_t index, rdb_slice* value, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::BatchResult& answers = live(result).answers;
    require_not_null(value, "value");
    if (index >= answers.size()) throw_invalid("the result has fewer answers");
    if (!answers.found(index)) return RDB_NOT_FOUND;
    *value = to_slice(answers.value(index));
    return RDB_OK;
  });
}

rdb_status rdb_result_pack(const rdb_result* result, void* buffer, size_t capacity, size_t* size,
                           rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const rdb::BatchResult& answers = live(result).answers;
    require_not_null(size, "size");
    if (capacity != 0) require_not_null(buffer, "buffer");
    size_t needed = 0;
    for (size_t i = 0; i < answers.size(); ++i) {
      const size_t value_size = answers.found(i) ? answers.value(i).size() : 0;
      if (value_size >= kPackedMissing) {
        throw rdb::Error(rdb::ErrorCode::too_large, "a value is too large for a packed answer", i);
      }
      needed += packed_answer_size(value_size);
    }
    *size = needed;
    if (needed > capacity) return RDB_MORE;
    auto* out = static_cast<std::byte*>(buffer);
    for (size_t i = 0; i < answers.size(); ++i) {
      out = write_packed_answer(out,
                                answers.found(i) ? std::optional(answers.value(i)) : std::nullopt);
    }
    return RDB_OK;
  });
}

rdb_status rdb_put_batch(rdb_table* table, const rdb_slice* keys, const rdb_slice* values,
                         size_t count, uint64_t flags, uint64_t* written, rdb_error* err) {
  return guard(err, [&] {
    rdb_table& open = live(table);
    open.require_writable();
    put_records(open, take_records(keys, values, count), flags, written);
  });
}

rdb_status rdb_put_batch_packed(rdb_table* table, rdb_slice packed_records, uint64_t flags,
                                uint64_t* written, rdb_error* err) {
  return guard(err, [&] {
    rdb_table& open = live(table);
    open.require_writable();
    put_records(open, take_packed_records(packed_records), flags, written);
  });
}

rdb_status rdb_delete_batch(rdb_table* table, const rdb_slice* keys, size_t count,
                            uint64_t* deleted, rdb_error* err) {
  return guard(err, [&] {
    rdb_table& open = live(table);
    open.require_writable();
    require_array(keys, count, "keys");
    Counter counter(deleted);
    for (size_t i = 0; i < count; ++i) {
      at_index(i, [&] { counter.add(erase_key(open, to_bytes(keys[i]))); });
    }
    counter.store();
  });
}

rdb_status rdb_delete_batch_packed(rdb_table* table, rdb_slice packed_keys, uint64_t* deleted,
                                   rdb_error* err) {
  return guard(err, [&] {
    rdb_table& open = live(table);
    open.require_writable();
    PackedReader reader(to_bytes(packed_keys));
    Counter counter(deleted);
    for (uint64_t i = 0; !reader.done(); ++i) {
      at_index(i, [&] { counter.add(erase_key(open, reader.take_key())); });
    }
    counter.store();
  });
}
