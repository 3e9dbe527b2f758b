#include "table/multimap_cursor_impl.hpp"

#include <algorithm>

#include "table/packed_record.hpp"

namespace rdb::table {

MultimapCursorImpl::MultimapCursorImpl(std::shared_ptr<MultimapImpl> table)
    : table_(std::move(table)),
      outer_(table_->outer().pool(), table_->outer().root(), table_->outer().shape()),
      inner_(table_->outer().pool(), std::nullopt, table_->values()),
      version_(table_->outer().version()) {}

// Runs a move under the transaction's guard. After damage the cursor stands nowhere.
template <typename Move>
auto MultimapCursorImpl::moving(Move&& move) {
  const auto lock = table_->outer().lock();
  table_->outer().require_active();
  const auto stand_nowhere = [&] {
    outer_.reset(table_->outer().root());
    version_ = table_->outer().version();  // a change that failed counts as one
    place_ = Place::fresh;
  };
  try {
    return table_->naming_table(move);
  } catch (const Error& error) {
    const bool moved =
        error.code() != ErrorCode::misuse && error.code() != ErrorCode::invalid_argument &&
        error.code() != ErrorCode::unknown_key_type && error.code() != ErrorCode::read_only;
    if (moved) stand_nowhere();
    throw;
  } catch (...) {  // out of memory
    stand_nowhere();
    throw;
  }
}

// For moves that name their target: follow the table's present state.
void MultimapCursorImpl::refresh() {
  subtree_pages_ = 0;
  if (version_ == table_->outer().version()) return;
  inner_.reset(std::nullopt);
  inline_.reset();
  outer_.reset(table_->outer().root());
  version_ = table_->outer().version();
  place_ = Place::fresh;
}

void MultimapCursorImpl::require_fresh() const {
  if (version_ != table_->outer().version()) {
    throw Error(ErrorCode::misuse, "table \"" + table_->info().name +
                                       "\" changed under the cursor; seek before going on");
  }
}

void MultimapCursorImpl::require_on() const {
  require_fresh();
  if (place_ != Place::on) throw Error(ErrorCode::misuse, "the cursor stands on no entry");
}

bool MultimapCursorImpl::inside(Bytes key) const {
  return range_.above_lower(order(), key) && range_.below_upper(order(), key);
}

bool MultimapCursorImpl::land(bool found, Place otherwise) {
  place_ = found ? Place::on : otherwise;
  return found;
}

// Lands on the values of the key that outer_ found, unless it is out of range.
bool MultimapCursorImpl::land_on_key(bool found, End end, Place otherwise) {
  if (found && inside(outer_.key())) {
    load(end);
    return land(true, otherwise);
  }
  return land(false, otherwise);
}

// Enters the collection of the key under outer_ at one end.
void MultimapCursorImpl::load(End end) {
  btree::Collection collection = btree::Collection::parse(outer_.value(), table_->form());
  count_ = collection.size();
  if (collection.values) {
    inner_.reset(std::nullopt);
    inline_ = collection.values;
    opened_ = std::move(collection.opened);
    index_ = end == End::front ? 0 : inline_->size() - 1;
    return;
  }
  inline_.reset();
  inner_.reset(collection.subtree);
  if (end == End::front) {
    inner_.first();
  } else {
    inner_.last();
  }
  note_subtree_leaf();
}

void MultimapCursorImpl::note_subtree_leaf() {
  subtree_pages_ += inner_.leaf_page().base_pages();
  if (subtree_pages_ > table_->outer().pool().layout().total_pages()) {
    throw Error(ErrorCode::corrupted, "its keys share subtrees");
  }
}

// To the neighbouring value of the same key; false: none, and nothing moved.
bool MultimapCursorImpl::step_value(End towards) {
  if (inline_) {
    if (towards == End::back ? index_ + 1 >= inline_->size() : index_ == 0) return false;
    towards == End::back ? ++index_ : --index_;
    return true;
  }
  if (towards == End::back) {
    if (inner_.next()) {
      if (inner_.index() == 0) note_subtree_leaf();
      return true;
    }
    inner_.prev();
    return false;
  }
  if (inner_.prev()) {
    if (inner_.index() + 1 == inner_.leaf().size()) note_subtree_leaf();
    return true;
  }
  inner_.next();
  return false;
}

bool MultimapCursorImpl::enter_front() {
  subtree_pages_ = 0;
  if (range_.empty()) return land(false, Place::after);
  bool found;
  if (range_.has_lower()) {
    found = outer_.seek(range_.lower_key());
    if (found && !range_.above_lower(order(), outer_.key())) found = outer_.next();
  } else {
    found = outer_.first();
  }
  return land_on_key(found, End::front, Place::after);
}

bool MultimapCursorImpl::enter_back() {
  subtree_pages_ = 0;
  if (range_.empty()) return land(false, Place::before);
  bool found;
  if (range_.has_upper()) {
    found = outer_.seek_le(range_.upper_key());
    if (found && !range_.below_upper(order(), outer_.key())) found = outer_.prev();
  } else {
    found = outer_.last();
  }
  return land_on_key(found, End::back, Place::before);
}

bool MultimapCursorImpl::step_forward() {
  switch (place_) {
    case Place::fresh:
    case Place::before:
      return enter_front();
    case Place::after:
      return false;
    case Place::gap:
      return seek_pair_unlocked(gap_key_, gap_value_);
    case Place::on:
      break;
  }
  if (step_value(End::back)) return true;
  return land_on_key(outer_.next(), End::front, Place::after);
}

// From a pair: false at the end, and where the values of the next key cannot be read. Then the
// cursor stays, so that a batch ends there and the next one fails.
bool MultimapCursorImpl::step_in_batch() {
  if (step_value(End::back)) return true;
  const bool found = outer_.next();
  try {
    return land_on_key(found, End::front, Place::after);
  } catch (const std::exception&) {
    outer_.prev();
    load(End::back);
    return false;
  }
}

bool MultimapCursorImpl::step_back() {
  switch (place_) {
    case Place::fresh:
    case Place::after:
      return enter_back();
    case Place::before:
      return false;
    case Place::gap:
      if (!seek_pair_unlocked(gap_key_, gap_value_)) return enter_back();
      break;
    case Place::on:
      break;
  }
  if (step_value(End::front)) return true;
  return land_on_key(outer_.prev(), End::back, Place::before);
}

bool MultimapCursorImpl::first() {
  return moving([&] {
    refresh();
    return enter_front();
  });
}

bool MultimapCursorImpl::last() {
  return moving([&] {
    refresh();
    return enter_back();
  });
}

bool MultimapCursorImpl::next() {
  return moving([&] {
    require_fresh();
    return step_forward();
  });
}

bool MultimapCursorImpl::prev() {
  return moving([&] {
    require_fresh();
    return step_back();
  });
}

bool MultimapCursorImpl::next_key() {
  return moving([&] {
    require_fresh();
    bool found;
    if (place_ == Place::gap) {
      found = outer_.seek(gap_key_);
      if (found && order().compare(outer_.key(), gap_key_) == 0) found = outer_.next();
    } else if (place_ == Place::on) {
      found = outer_.next();
    } else {
      return step_forward();
    }
    return land_on_key(found, End::front, Place::after);
  });
}

bool MultimapCursorImpl::prev_key() {
  return moving([&] {
    require_fresh();
    bool found;
    if (place_ == Place::gap) {
      found = outer_.seek_le(gap_key_);
      if (found && order().compare(outer_.key(), gap_key_) == 0) found = outer_.prev();
    } else if (place_ == Place::on) {
      found = outer_.prev();
    } else {
      return step_back();
    }
    return land_on_key(found, End::back, Place::before);
  });
}

bool MultimapCursorImpl::next_value() {
  return moving([&] {
    if (place_ != Place::gap) {
      require_on();
      return step_value(End::back);
    }
    require_fresh();
    if (seek_pair_unlocked(gap_key_, gap_value_) && order().compare(outer_.key(), gap_key_) == 0) {
      return true;
    }
    place_ = Place::gap;
    return false;
  });
}

bool MultimapCursorImpl::prev_value() {
  return moving([&] {
    if (place_ != Place::gap) {
      require_on();
      return step_value(End::front);
    }
    require_fresh();
    if (step_back() && order().compare(outer_.key(), gap_key_) == 0) return true;
    place_ = Place::gap;
    return false;
  });
}

bool MultimapCursorImpl::first_value() {
  return moving([&] {
    require_on();
    load(End::front);
    return true;
  });
}

bool MultimapCursorImpl::last_value() {
  return moving([&] {
    require_on();
    load(End::back);
    return true;
  });
}

bool MultimapCursorImpl::seek(Bytes key) {
  return moving([&] {
    table_->outer().check_key(key);
    refresh();
    if (range_.empty()) return land(false, Place::after);
    if (!range_.above_lower(order(), key)) return enter_front();
    return land_on_key(outer_.seek(key), End::front, Place::after);
  });
}

bool MultimapCursorImpl::seek_exact(Bytes key) {
  return seek(key) && order().compare(outer_.key(), key) == 0;
}

bool MultimapCursorImpl::seek_le(Bytes key) {
  return moving([&] {
    table_->outer().check_key(key);
    refresh();
    if (range_.empty()) return land(false, Place::before);
    if (!range_.below_upper(order(), key)) return enter_back();
    return land_on_key(outer_.seek_le(key), End::back, Place::before);
  });
}

bool MultimapCursorImpl::seek_pair(Bytes key, Bytes value) {
  return moving([&] {
    table_->outer().check_key(key);
    table_->check_value(value);
    refresh();
    if (range_.empty()) return land(false, Place::after);
    if (!range_.above_lower(order(), key)) return enter_front();
    return seek_pair_unlocked(key, value);
  });
}

bool MultimapCursorImpl::seek_pair_unlocked(Bytes key, Bytes value) {
  subtree_pages_ = 0;
  if (!land_on_key(outer_.seek(key), End::front, Place::after)) return false;
  if (order().compare(outer_.key(), key) != 0) return true;
  if (inline_) {
    index_ = table_->values().order.lower_bound(*inline_, value).index;
    if (index_ < inline_->size()) return true;
  } else if (inner_.seek(value)) {
    return true;
  }
  return land_on_key(outer_.next(), End::front, Place::after);
}

Bytes MultimapCursorImpl::key() const {
  require_on();
  return outer_.key();
}

Bytes MultimapCursorImpl::value() const {
  require_on();
  return current_value();
}

uint64_t MultimapCursorImpl::value_count() const {
  require_on();
  return count_;
}

void MultimapCursorImpl::set_range(const KeyRange& range) {
  moving([&] {
    table_->outer().check_range(range);
    refresh();
    range_ = KeyBounds(range, order());
    place_ = Place::fresh;
  });
}

size_t MultimapCursorImpl::next_packed(std::span<std::byte> out, size_t max_records,
                                       size_t& used_bytes, size_t& needed_bytes) {
  return moving([&] {
    require_fresh();
    used_bytes = 0;
    needed_bytes = 0;
    size_t records = 0;
    while (records < max_records) {
      const Place before = place_;
      if (!(records > 0 ? step_in_batch() : step_forward())) {
        // A batch ends on its last record, also at the end.
        if (records > 0 && place_ != Place::on) step_back();
        break;
      }
      const Bytes key = outer_.key();
      const Bytes value = current_value();
      const size_t bytes = packed_bytes(key, value);
      if (bytes > out.size() - used_bytes) {
        if (records == 0) needed_bytes = bytes;
        // Back to the record written last, or to where this call began.
        if (before == Place::on) {
          step_back();
        } else {
          place_ = before;
        }
        break;
      }
      pack(out.data() + used_bytes, key, value, bytes);
      used_bytes += bytes;
      ++records;
    }
    return records;
  });
}

// What was handed out lies in the pinned leaves, or in opened_: a batch ends before one of them is
// given up.
size_t MultimapCursorImpl::next_slices(std::span<Bytes> keys, std::span<Bytes> values) {
  return moving([&] {
    require_fresh();
    const size_t wanted = std::min(keys.size(), values.size());
    size_t records = 0;
    while (records < wanted) {
      if (records > 0) {  // on the last value of a leaf
        if (!inline_ || !opened_.empty() || outer_.index() + 1 == outer_.leaf().size()) break;
        if (!inside(outer_.key_at(outer_.index() + 1))) break;
      }
      if (!(records > 0 ? step_in_batch() : step_forward())) break;
      const Bytes key = outer_.key();
      const uint32_t begin = inline_ ? index_ : inner_.index();
      const uint32_t size = inline_ ? inline_->size() : inner_.leaf().size();
      const uint32_t end =
          begin + static_cast<uint32_t>(std::min<size_t>(size - begin, wanted - records));
      for (uint32_t i = begin; i < end; ++i, ++records) {
        keys[records] = key;
        values[records] = inline_ ? inline_->key(i) : inner_.key_at(i);
      }
      if (inline_) {
        index_ = end - 1;
      } else {
        inner_.move_in_leaf(end - 1);
      }
    }
    return records;
  });
}

void MultimapCursorImpl::erase() {
  moving([&] {
    require_on();
    table_->outer().require_writer();
    table_->outer().check_key(outer_.key());
    table_->check_value(current_value());
    gap_key_.assign(outer_.key().begin(), outer_.key().end());
    gap_value_.assign(current_value().begin(), current_value().end());
    inner_.reset(std::nullopt);  // unpins the leaves before they are edited
    inline_.reset();
    outer_.reset(std::nullopt);
    place_ = Place::gap;
    table_->erase_held(gap_key_, gap_value_);
    version_ = table_->outer().version();
    outer_.reset(table_->outer().root());
  });
}

}  // namespace rdb::table
