#include "io/prewriting_backend.hpp"

#include <algorithm>
#include <utility>

#include "rdb/error.hpp"

namespace rdb::io {

PrewritingBackend::PrewritingBackend(std::unique_ptr<StorageBackend> inner)
    : inner_(std::move(inner)) {}

uint64_t PrewritingBackend::unwritten_bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [begin, end] : unwritten_) bytes += end - begin;
  return bytes;
}

uint64_t PrewritingBackend::size() { return inner_->size(); }

void PrewritingBackend::read(uint64_t offset, std::span<std::byte> out) {
  inner_->read(offset, out);
}

void PrewritingBackend::write(uint64_t offset, Bytes data) {
  note_write(offset, data.size());
  inner_->write(offset, data);
}

void PrewritingBackend::write_gather(uint64_t offset, std::span<const Bytes> parts) {
  uint64_t bytes = 0;
  for (Bytes part : parts) bytes += part.size();
  note_write(offset, bytes);
  inner_->write_gather(offset, parts);
}

void PrewritingBackend::append(uint64_t offset, Bytes data) {
  note_write(offset, data.size());
  inner_->append(offset, data);
}

// Before the write itself, so that no zeros can follow it (P1).
void PrewritingBackend::note_write(uint64_t begin, uint64_t size) {
  if (!any_unwritten_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  const uint64_t bytes = remove_unwritten(begin, begin + size);
  if (bytes == 0) return;
  first_written_bytes_ += bytes;
  highest_end_ = std::max(highest_end_, begin + size);
  if (first_written_bytes_ <= kSmallBytes) ends_.push_back(begin + size);
}

uint64_t PrewritingBackend::remove_unwritten(uint64_t begin, uint64_t end) {
  uint64_t removed = 0;
  auto range = unwritten_.upper_bound(begin);
  if (range != unwritten_.begin()) --range;
  while (range != unwritten_.end() && range->first < end) {
    const auto [range_begin, range_end] = *range;
    if (range_end <= begin) {
      ++range;
      continue;
    }
    range = unwritten_.erase(range);
    if (range_begin < begin) unwritten_.emplace(range_begin, begin);
    if (end < range_end) unwritten_.emplace(end, range_end);
    removed += std::min(end, range_end) - std::max(begin, range_begin);
  }
  return removed;
}

void PrewritingBackend::sync() {
  if (any_unwritten_.load(std::memory_order_acquire)) prewrite();
  inner_->sync();
}

void PrewritingBackend::prewrite() {
  const std::lock_guard lock(mutex_);
  const uint64_t written = std::exchange(first_written_bytes_, 0);
  std::vector<uint64_t> ends = std::exchange(ends_, {});
  uint64_t ahead = kAheadBytes;
  if (written > kSmallBytes) {
    ends = {highest_end_};
    ahead = std::min(written / kLargeShare / kAheadBytes * kAheadBytes, kMaxAheadBytes);
  }
  highest_end_ = 0;
  for (const uint64_t begin : ends) {
    const auto range = unwritten_.find(begin);  // what follows the write, when that is unwritten
    if (ahead == 0 || range == unwritten_.end()) continue;
    const uint64_t end = std::min(range->second, begin + ahead);
    remove_unwritten(begin, end);
    try {
      inner_->write_zeros(begin, end - begin);
    } catch (const Error&) {  // P2
      unwritten_.clear();
      break;
    }
  }
  any_unwritten_.store(!unwritten_.empty(), std::memory_order_release);
}

void PrewritingBackend::resize(uint64_t size) {
  inner_->resize(size);
  const std::lock_guard lock(mutex_);
  remove_unwritten(size, ~uint64_t{0});
}

void PrewritingBackend::grow_reserved(uint64_t size) {
  const uint64_t old_size = inner_->size();
  inner_->grow_reserved(size);
  if (size <= old_size) return;
  const std::lock_guard lock(mutex_);
  unwritten_.emplace(old_size, size);
  any_unwritten_.store(true, std::memory_order_release);
}

void PrewritingBackend::close() { inner_->close(); }
bool PrewritingBackend::read_only() const { return inner_->read_only(); }

}  // namespace rdb::io
