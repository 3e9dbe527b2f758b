#include "io/counting_backend.hpp"

#include <utility>

namespace rdb::io {
namespace {

void add(std::atomic<uint64_t>& counter, uint64_t amount) {
  counter.fetch_add(amount, std::memory_order_relaxed);
}

}  // namespace

CountingBackend::CountingBackend(std::unique_ptr<StorageBackend> inner)
    : inner_(std::move(inner)) {}

uint64_t CountingBackend::size() { return inner_->size(); }

void CountingBackend::read(uint64_t offset, std::span<std::byte> out) {
  inner_->read(offset, out);
  add(counters_.read_calls, 1);
  add(counters_.bytes_read, out.size());
}

void CountingBackend::write(uint64_t offset, Bytes data) {
  inner_->write(offset, data);
  add(counters_.write_calls, 1);
  add(counters_.bytes_written, data.size());
}

void CountingBackend::append(uint64_t offset, Bytes data) {
  inner_->append(offset, data);
  add(counters_.write_calls, 1);
  add(counters_.bytes_written, data.size());
}

void CountingBackend::write_gather(uint64_t offset, std::span<const Bytes> parts) {
  inner_->write_gather(offset, parts);
  uint64_t total = 0;
  for (Bytes part : parts) total += part.size();
  add(counters_.write_calls, 1);
  add(counters_.bytes_written, total);
}

void CountingBackend::sync() {
  inner_->sync();
  add(counters_.syncs, 1);
}

void CountingBackend::resize(uint64_t size) { inner_->resize(size); }
void CountingBackend::grow_reserved(uint64_t size) { inner_->grow_reserved(size); }
void CountingBackend::close() { inner_->close(); }
bool CountingBackend::read_only() const { return inner_->read_only(); }

}  // namespace rdb::io
