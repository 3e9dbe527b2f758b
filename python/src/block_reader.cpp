#include "block_reader.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

#include "errors.hpp"

namespace rdb::python {
namespace {

constexpr size_t kFirstBytes = 8 * 1024;
constexpr size_t kBlockBytes = 64 * 1024;
constexpr uint32_t kMaxRecords = 256;

uint32_t load32(const std::byte* in) noexcept {
  uint32_t number;
  std::memcpy(&number, in, sizeof number);
  if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap32(number);
  return number;
}
void store32(std::byte* out, uint32_t number) noexcept {
  if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap32(number);
  std::memcpy(out, &number, sizeof number);
}
size_t padded(size_t size) noexcept { return (size + 3) & ~size_t{3}; }

}  // namespace

BlockReader::BlockReader(std::shared_ptr<TableState> table, const Bounds& bounds, bool reverse)
    : table_(std::move(table)),
      reverse_(reverse),
      changes_(table_->changes.load(std::memory_order_relaxed)) {
  use(*table_, [&](rdb_table* handle, rdb_error* error) {
    rdb_status status = rdb_cursor_open(handle, &cursor_, error);
    if (status < 0) return status;
    if (bounds.lower_bound != RDB_BOUND_NONE || bounds.upper_bound != RDB_BOUND_NONE) {
      const rdb_range range = bounds.range();
      status = rdb_cursor_set_range(cursor_, &range, error);
      if (status < 0) rdb_cursor_close(std::exchange(cursor_, nullptr), nullptr);
    }
    return status;
  });
}

BlockReader::~BlockReader() { close_cursor(*table_->parent, cursor_); }

void BlockReader::throw_not_alive() const {
  table_->parent->mark.check();
  if (table_->parent->over.load(std::memory_order_relaxed)) {
    throw_closed("the transaction is over");
  }
  throw std::runtime_error("table changed during iteration");
}

void BlockReader::make_room(size_t size) {
  block_.reset();
  capacity_ = 0;
  block_ = std::make_unique_for_overwrite<std::byte[]>(size);
  capacity_ = size;
}

void BlockReader::take(Record& record) noexcept {
  const std::byte* start = block_.get() + at_;
  record.key = {start + 8, load32(start)};
  record.value = {start + 8 + record.key.size, load32(start + 4)};
  at_ += 8 + padded(record.key.size + record.value.size);
  --left_;
}

rdb_status BlockReader::fill_forward(rdb_error* error) {
  size_t size = 0;
  const rdb_status status = rdb_cursor_next_batch_packed(cursor_, block_.get(), capacity_,
                                                         batch_records_, &size, &left_, error);
  if (status != RDB_MORE) return status;
  make_room(size);
  return rdb_cursor_next_batch_packed(cursor_, block_.get(), capacity_, batch_records_, &size,
                                      &left_, error);
}

// The same block, filled by single steps: the library has no batches backwards.
rdb_status BlockReader::fill_backward(rdb_error* error) {
  size_t end = 0;
  while (left_ < batch_records_) {
    rdb_slice key, value;
    const rdb_status status = rdb_cursor_prev(cursor_, &key, &value, error);
    if (status == RDB_END && left_ > 0) return RDB_OK;  // the next call says so again
    if (status != RDB_OK) return status;
    const size_t size = 8 + padded(key.size + value.size);
    if (size > capacity_ - end) {
      if (left_ > 0) {
        // Come back to it with an empty block.
        const rdb_status back = rdb_cursor_next(cursor_, nullptr, nullptr, error);
        return back < 0 ? back : RDB_OK;
      }
      make_room(size);
    }
    std::byte* out = block_.get() + end;
    store32(out, static_cast<uint32_t>(key.size));
    store32(out + 4, static_cast<uint32_t>(value.size));
    if (key.size > 0) std::memcpy(out + 8, key.data, key.size);
    if (value.size > 0) std::memcpy(out + 8 + key.size, value.data, value.size);
    end += size;
    ++left_;
  }
  return RDB_OK;
}

bool BlockReader::fill() {
  if (cursor_ == nullptr) return false;
  if (capacity_ < kBlockBytes && (capacity_ == 0 || batch_records_ > 64)) {
    make_room(capacity_ == 0 ? kFirstBytes : kBlockBytes);
  }
  at_ = 0;
  left_ = 0;
  bool no_memory = false;
  const rdb_status status = use_unlocked(*table_->parent, [&](rdb_txn*, rdb_error* error) {
    try {
      return reverse_ ? fill_backward(error) : fill_forward(error);
    } catch (const std::bad_alloc&) {
      no_memory = true;
      return rdb_status{RDB_OK};
    }
  });
  if (no_memory) throw std::bad_alloc();
  batch_records_ = std::min(batch_records_ * 4, kMaxRecords);
  if (status != RDB_END) return true;
  close_cursor(*table_->parent, std::exchange(cursor_, nullptr));
  return false;
}

size_t BlockReader::count() {
  size_t records = 0;
  for (check_alive(); left_ > 0 || fill(); check_alive()) records += std::exchange(left_, 0);
  return records;
}

}  // namespace rdb::python
