#include "txn/snapshot_registry.hpp"

namespace rdb::txn {

void SnapshotRegistry::publish(const Snapshot& snapshot, bool durable) {
  const std::lock_guard lock(mutex_);
  current_ = snapshot;
  if (durable) durable_ = snapshot;
}

Snapshot SnapshotRegistry::capture() {
  const std::lock_guard lock(mutex_);
  ++holds_[current_.txn_id];
  ++live_;
  return current_;
}

Snapshot SnapshotRegistry::capture_durable() {
  const std::lock_guard lock(mutex_);
  ++holds_[durable_.txn_id];
  ++live_;
  return durable_;
}

void SnapshotRegistry::hold(uint64_t txn_id) {
  const std::lock_guard lock(mutex_);
  ++holds_[txn_id];
  ++live_;
}

void SnapshotRegistry::release(uint64_t txn_id) noexcept {
  const std::lock_guard lock(mutex_);
  const auto it = holds_.find(txn_id);
  if (it == holds_.end()) return;
  --live_;
  if (--it->second == 0) holds_.erase(it);
}

Snapshot SnapshotRegistry::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

uint64_t SnapshotRegistry::durable_txn_id() const {
  const std::lock_guard lock(mutex_);
  return durable_.txn_id;
}

std::optional<uint64_t> SnapshotRegistry::oldest() const {
  const std::lock_guard lock(mutex_);
  if (holds_.empty()) return std::nullopt;
  return holds_.begin()->first;
}

uint64_t SnapshotRegistry::live() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

}  // namespace rdb::txn
