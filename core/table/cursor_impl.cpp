#include "table/cursor_impl.hpp"

#include <algorithm>
#include <numeric>

#include "rdb/error.hpp"
#include "table/packed_record.hpp"

namespace rdb::table {

CursorImpl::CursorImpl(std::shared_ptr<TableImpl> table, Access access)
    : table_(std::move(table)),
      access_(access),
      tree_(table_->pool(), table_->root(), table_->shape()),
      version_(table_->version()),
      values_(*table_),
      expiring_(table_->expiring() && access != Access::stored),
      now_(table_->moment()) {}

std::unique_lock<std::mutex> CursorImpl::enter() {
  std::unique_lock lock = table_->lock();
  access_ == Access::lender ? table_->require_transaction() : table_->require_active();
  if (expiring_) now_.forget();
  return lock;
}

template <typename Move>
auto CursorImpl::guarded(Move&& move) {
  try {
    return move();
  } catch (...) {
    if (tree_.nowhere()) place_ = Place::fresh;
    throw;
  }
}

void CursorImpl::refresh() {
  if (version_ == table_->version()) return;
  tree_.reset(table_->root());
  version_ = table_->version();
  place_ = Place::fresh;
}

void CursorImpl::throw_changed() const {
  throw Error(ErrorCode::misuse, "table \"" + table_->info().name +
                                     "\" changed under the cursor; seek before going on");
}

void CursorImpl::throw_no_entry() {
  throw Error(ErrorCode::misuse, "the cursor stands on no entry");
}

bool CursorImpl::above_lower(Bytes key) const {
  return range_.above_lower(table_->shape().order, key);
}

bool CursorImpl::below_upper(Bytes key) const {
  return range_.below_upper(table_->shape().order, key);
}

bool CursorImpl::land(bool found, Place otherwise) {
  place_ = found ? Place::on : otherwise;
  return found;
}

// Whether the entry under the tree's cursor may be seen; its value is shown_ then.
bool CursorImpl::shows() {
  shown_.reset();
  shown_ = table_->shown(values_.value(tree_, opened_), now_);
  return shown_.has_value();
}

// Of the entry that the cursor returns to, which may have expired since it stood there.
void CursorImpl::show_anyway() {
  shown_.reset();
  if (expiring_) shown_ = format::behind_expiry(values_.value(tree_, opened_));
}

bool CursorImpl::settle_forward(bool found) {
  if (!expiring_) return found;
  while (found && !shows()) found = step_forward_raw();
  return found;
}

bool CursorImpl::settle_back(bool found) {
  if (!expiring_) return found;
  while (found && !shows()) found = step_back_raw();
  return found;
}

bool CursorImpl::step_forward() {
  moves_ = 0;
  return settle_forward(step_forward_raw());
}
bool CursorImpl::step_back() { return settle_back(step_back_raw()); }

bool CursorImpl::enter_front() {
  if (range_.empty()) return land(false, Place::after);
  bool found = false;
  if (!range_.has_lower()) {
    found = tree_.first();
  } else {
    found = tree_.seek(range_.lower_key());
    if (found && !above_lower(tree_.key())) found = tree_.next();
  }
  return land(found && below_upper(tree_.key()), Place::after);
}

bool CursorImpl::enter_back() {
  if (range_.empty()) return land(false, Place::before);
  bool found = false;
  if (!range_.has_upper()) {
    found = tree_.last();
  } else {
    found = tree_.seek_le(range_.upper_key());
    if (found && !below_upper(tree_.key())) found = tree_.prev();
  }
  return land(found && above_lower(tree_.key()), Place::before);
}

bool CursorImpl::step_forward_raw() {
  switch (place_) {
    case Place::fresh:
    case Place::before:
      return enter_front();
    case Place::after:
      return false;
    case Place::on:
    case Place::gap:
      break;
  }
  const bool found = tree_.next();
  moves_ += found;
  return land(found && below_upper(tree_.key()), Place::after);
}

bool CursorImpl::step_back_raw() {
  switch (place_) {
    case Place::fresh:
    case Place::after:
      return enter_back();
    case Place::before:
      return false;
    case Place::on:
    case Place::gap:
      break;
  }
  return land(tree_.prev() && above_lower(tree_.key()), Place::before);
}

bool CursorImpl::first() {
  const auto lock = enter();
  refresh();
  return guarded([&] { return settle_forward(enter_front()); });
}

bool CursorImpl::last() {
  const auto lock = enter();
  refresh();
  return guarded([&] { return settle_back(enter_back()); });
}

bool CursorImpl::next() {
  const auto lock = enter();
  require_fresh();
  return guarded([&] { return step_forward(); });
}

bool CursorImpl::prev() {
  const auto lock = enter();
  require_fresh();
  return guarded([&] { return step_back(); });
}

bool CursorImpl::seek(Bytes key) {
  const auto lock = enter();
  table_->check_key(key);
  refresh();
  if (range_.empty()) return land(false, Place::after);
  return guarded([&] {
    if (range_.has_lower() && !above_lower(key)) return settle_forward(enter_front());
    return settle_forward(land(tree_.seek(key) && below_upper(tree_.key()), Place::after));
  });
}

bool CursorImpl::seek_exact(Bytes key) {
  if (!seek(key)) return false;
  return table_->shape().order.compare(tree_.key(), key) == 0;
}

bool CursorImpl::seek_le(Bytes key) {
  const auto lock = enter();
  table_->check_key(key);
  refresh();
  if (range_.empty()) return land(false, Place::before);
  return guarded([&] {
    if (range_.has_upper() && !below_upper(key)) return settle_back(enter_back());
    return settle_back(land(tree_.seek_le(key) && above_lower(tree_.key()), Place::before));
  });
}

Bytes CursorImpl::value() const {
  require_entry();
  if (shown_) return *shown_;
  const Bytes value = values_.value(tree_, opened_);
  return expiring_ ? format::behind_expiry(value) : value;
}

uint64_t CursorImpl::expiry() const {
  require_entry();
  if (!expiring_) {
    throw Error(ErrorCode::misuse,
                "the values of table \"" + table_->info().name + "\" were opened without expiry");
  }
  std::vector<std::byte> opened;
  return format::expiry_of(table_->value_of(tree_.value(), opened));
}

void CursorImpl::set_range(const KeyRange& range) {
  const auto lock = enter();
  table_->check_range(range);
  refresh();
  range_ = KeyBounds(range, table_->shape().order);
  place_ = Place::fresh;
}

size_t CursorImpl::next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                               size_t& needed_bytes) {
  const auto lock = enter();
  require_fresh();
  used_bytes = 0;
  needed_bytes = 0;
  return guarded([&] { return pack_next(out, max_records, used_bytes, needed_bytes); });
}

size_t CursorImpl::pack_next(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                             size_t& needed_bytes) {
  size_t records = 0;
  while (records < max_records) {
    const Place before = place_;
    Bytes key;
    Bytes value;
    try {
      if (!step_forward()) {
        if (records > 0) step_back();  // a batch ends on its last record, also at the table's end
        break;
      }
      key = tree_.key();
      value = expiring_ ? *shown_ : values_.value(tree_, opened_);
    } catch (const std::exception&) {
      if (records == 0 || tree_.nowhere()) throw;
      step_back_to(before);
      break;
    }
    const size_t bytes = packed_bytes(key, value);
    if (bytes > out.size() - used_bytes) {
      if (records == 0) needed_bytes = bytes;
      step_back_to(before);
      break;
    }
    pack(out.data() + used_bytes, key, value, bytes);
    used_bytes += bytes;
    ++records;
  }
  return records;
}

// After a step_forward(), also one that failed: to where that began. By as many moves as it made:
// the entry it began on may have expired since.
void CursorImpl::step_back_to(Place before) {
  const bool between = before == Place::on || before == Place::gap;
  for (uint64_t moves = before == Place::gap ? 1 : 0; between && moves < moves_; ++moves) {
    step_back_raw();
  }
  if (before == Place::on) {
    show_anyway();
  } else if (before == Place::gap) {
    tree_.step_before();
    place_ = Place::gap;
  } else {
    place_ = before;
  }
}

bool CursorImpl::step_in_leaf() {
  const uint32_t from = tree_.index();
  for (uint32_t to = from + 1; to < tree_.leaf().size(); ++to) {
    if (!below_upper(tree_.key_at(to))) break;
    tree_.move_in_leaf(to);
    if (!expiring_ || shows()) return true;
  }
  tree_.move_in_leaf(from);
  show_anyway();
  return false;
}

// The entry that the cursor stands on and those behind it in its leaf, as they are stored.
size_t CursorImpl::rest_of_leaf(std::span<Bytes> keys, std::span<Bytes> values) {
  const uint32_t from = tree_.index();
  auto count = static_cast<uint32_t>(std::min<size_t>(keys.size(), tree_.leaf().size() - from));
  // Mostly one look tells that all of them are below the bound.
  while (count > 1 && !below_upper(tree_.key_at(from + count - 1))) --count;
  tree_.read_leaf(from, keys.first(count), values.first(count));
  tree_.move_in_leaf(from + count - 1);
  return count;
}

size_t CursorImpl::next_slices(std::span<Bytes> keys, std::span<Bytes> values, uint32_t* indexes) {
  const auto lock = enter();
  require_fresh();
  return guarded([&] { return slices_of_leaf(keys, values, indexes); });
}

size_t CursorImpl::slices_of_leaf(std::span<Bytes> keys, std::span<Bytes> values,
                                  uint32_t* indexes) {
  const size_t wanted = std::min(keys.size(), values.size());
  size_t records = 0;
  if (wanted > 0 && !expiring_) {
    if (!step_forward()) return 0;
    if (indexes != nullptr) std::iota(indexes, indexes + wanted, tree_.index());
    keys = keys.first(wanted);
    values = values.first(wanted);
    return table_->compressed() ? open_rest_of_leaf(keys, values) : rest_of_leaf(keys, values);
  }
  while (records < wanted) {
    // The next leaf would unpin this one, whose slices were handed out.
    const uint32_t before = records > 0 ? tree_.index() : 0;
    try {
      if (!(records > 0 ? step_in_leaf() : step_forward())) break;
    } catch (const std::exception&) {
      if (records == 0) throw;
      tree_.move_in_leaf(before);
      show_anyway();
      break;
    }
    keys[records] = tree_.key();
    values[records] = *shown_;
    if (table_->compressed()) {
      values[records] = format::behind_expiry(values_.value(tree_, scratch_of(records)));
    }
    if (indexes != nullptr) indexes[records] = tree_.index();
    ++records;
  }
  return records;
}

// As rest_of_leaf(), with the values as value_of() has them.
size_t CursorImpl::open_rest_of_leaf(std::span<Bytes> keys, std::span<Bytes> values) {
  const uint32_t from = tree_.index();
  const size_t count = rest_of_leaf(keys, values);
  if (count == 1) {
    values[0] = values_.value(tree_, scratch_of(0));
    return 1;
  }
  if (const format::OpenedLeaf* whole = values_.whole_leaf(tree_)) {
    whole->read(from, values.first(count));
    return count;
  }
  for (size_t i = 0; i < count; ++i) {
    tree_.move_in_leaf(from + static_cast<uint32_t>(i));
    try {
      values[i] = table_->value_of(values[i], scratch_of(i));
    } catch (const std::exception&) {
      if (i == 0) throw;  // the cursor stands on what is damaged, and can pass it
      tree_.move_in_leaf(from + static_cast<uint32_t>(i) - 1);
      return i;
    }
  }
  return count;
}

std::vector<std::byte>& CursorImpl::scratch_of(size_t record) {
  if (opened_batch_.size() <= record) opened_batch_.resize(record + 1);
  return opened_batch_[record];
}

void CursorImpl::require_writable_entry() const {
  require_entry();
  if (!table_->writable()) {
    throw Error(ErrorCode::read_only,
                "table \"" + table_->info().name + "\" belongs to a read transaction");
  }
}

// After a change that failed: where the cursor stood, or nowhere when that cannot be read.
void CursorImpl::stand_again(std::span<const uint32_t> position) noexcept {
  version_ = table_->version();
  tree_.reset(table_->root());
  place_ = Place::fresh;
  try {
    if (!tree_.seek_position(position)) return;
    place_ = Place::on;
    show_anyway();
  } catch (const std::exception&) {  // that of the change is on its way
  }
}

void CursorImpl::replace(Bytes value) {
  const auto lock = enter();
  require_writable_entry();
  guarded([&] { replace_here(value); });
}

void CursorImpl::replace_here(Bytes value) {
  std::vector<uint32_t> position;
  tree_.position(position);
  const std::vector<std::byte> key(tree_.key().begin(), tree_.key().end());
  table_->check_replacement(key, value);
  // The value may lie on the page that the cursor is about to let go.
  const std::vector<std::byte> copy(value.begin(), value.end());
  const uint64_t expires = expiring_ ? expiry() : format::kNeverExpires;
  tree_.reset(std::nullopt);  // unpins the leaf before it is edited
  try {
    table_->replace_at(position, copy, expires);
  } catch (...) {
    stand_again(position);
    throw;
  }
  version_ = table_->version();
  tree_.reset(table_->root());
  bool found = false;
  if (table_->shape().order.known()) {
    found = tree_.seek(key);
  } else {
    // A leaf that was split has its entries elsewhere: then only a walk finds the key.
    const auto here = [&] { return std::ranges::equal(tree_.key(), key); };
    found = tree_.seek_position(position) && here();
    for (bool more = !found && tree_.first(); more && !found; more = !found && tree_.next()) {
      found = here();
      if (found) break;
    }
  }
  place_ = found ? Place::on : Place::fresh;
  if (found) show_anyway();
}

void CursorImpl::erase() {
  const auto lock = enter();
  require_writable_entry();
  guarded([&] { erase_here(); });
}

void CursorImpl::erase_here() {
  std::vector<uint32_t> position;
  tree_.position(position);
  const bool leaf_stays = tree_.leaf().size() > 1;
  std::vector<std::byte> key(tree_.key().begin(), tree_.key().end());
  const bool order_known = table_->shape().order.known();
  // Behind the last entry of a leaf the cursor comes to stand before the next leaf. That is read
  // first: where it cannot be, nothing has changed. Without an order the way back leads through it.
  std::optional<PageNumber> next_leaf;
  try {
    if (tree_.index() + 1 == tree_.leaf().size() && tree_.next()) next_leaf = tree_.leaf_page();
    tree_.reset(std::nullopt);  // unpins the leaf before it is edited
    table_->erase_at(position);
  } catch (...) {
    stand_again(position);
    throw;
  }
  version_ = table_->version();
  tree_.reset(table_->root());
  bool found = false;
  if (leaf_stays) {
    found = tree_.seek_position(position);
  } else if (order_known) {
    found = tree_.seek(key);
  } else if (next_leaf) {
    found = tree_.seek_leaf(*next_leaf);
  }
  place_ = found ? Place::gap : Place::after;
  if (found) tree_.step_before();
}

}  // namespace rdb::table
