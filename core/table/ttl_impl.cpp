// Tables whose values expire: what TableImpl does for them beyond its ordinary work.
//
//   E1  Nothing but put, touch, erase, pop, drain and purge changes what is stored; reading removes
//       nothing. So a clock that was wrong for a while has done no harm, unless a purge believed
//       it.
//   E2  An entry that has expired is absent for every call but len(), stats() and drain(), which do
//       not look at entries; also for the conditions of puts. One call takes one moment for now.
#include <string>

#include "btree/cursor.hpp"
#include "btree/mutator.hpp"
#include "format/type_info.hpp"
#include "rdb/cancel.hpp"
#include "rdb/error.hpp"
#include "table/extraction.hpp"
#include "table/table_impl.hpp"

namespace rdb::table {
void TableImpl::init_expiring(Values values, const TypeName& stored_type) {
  if (values != Values::expiring) return;
  expiring_.emplace(store().clock());
  value_rule_ =
      format::EncodingRule(format::describe_type(format::inner_type_of(stored_type)).shape);
  if (!value_width_) return;
  if (*value_width_ < format::kExpiryBytes) {
    throw Error(ErrorCode::type_changed, "table \"" + info_.name + "\" stores values of " +
                                             std::to_string(*value_width_) +
                                             " bytes, which have no room for an expiry");
  }
  *value_width_ -= format::kExpiryBytes;
}

std::optional<Bytes> TableImpl::shown_if_live(Bytes value, base::Moment& now) {
  const uint64_t expiry = format::expiry_of(value);
  if (expiry != format::kNeverExpires && format::has_expired(expiry, now.ms())) return std::nullopt;
  return format::behind_expiry(value);
}

bool TableImpl::has_live(Bytes key) const {
  const auto found = btree::find(pool(), root(), shape_, key);
  if (!found) return false;
  std::vector<std::byte> opened;
  base::Moment now = moment();
  return shown(found->value, opened, now).has_value();
}

bool TableImpl::insert(btree::Mutator& mutator, Bytes key, Bytes value, uint64_t expiry_ms,
                       Table::PutMode mode) {
  if (expiring_ && mode != Table::PutMode::upsert) {
    if (has_live(key) == (mode == Table::PutMode::insert_only)) return false;
    mode = Table::PutMode::upsert;
  }
  return mutator.insert(key, stored_form(value, expiry_ms), static_cast<btree::InsertMode>(mode)) !=
         btree::InsertResult::refused;
}

bool TableImpl::put_for(Bytes key, Bytes value, uint64_t ttl_ms, Table::PutMode mode) {
  const std::lock_guard guard(require_writer().mutex());
  check_record(key, value);
  return write_->change(*staged_, [&](btree::Mutator& mutator) {
    return insert(mutator, key, value, expiring_->expiry_after(ttl_ms), mode);
  });
}

bool TableImpl::touch(Bytes key, uint64_t ttl_ms) {
  const std::lock_guard guard(require_writer().mutex());
  check_key(key);
  return write_->change(*staged_, [&](btree::Mutator& mutator) {
    const auto found = btree::find(pool(), root(), shape_, key);
    if (!found) return false;
    std::vector<std::byte> opened;
    base::Moment now = moment();
    const auto value = shown(found->value, opened, now);
    if (!value) return false;
    // stamp() makes the copy that lets the page be edited.
    mutator.insert(key, stored_form(*value, expiring_->expiry_after(ttl_ms)));
    return true;
  });
}

std::optional<uint64_t> TableImpl::expiry(Bytes key) const {
  check_key(key);
  const auto guard = lock();
  require_active();
  const page::Operation operation(pool());
  const auto found = btree::find(pool(), root(), shape_, key);
  if (!found) return std::nullopt;
  std::vector<std::byte> opened;
  const uint64_t expiry = format::expiry_of(value_of(found->value, opened));
  if (expiry != format::kNeverExpires && format::has_expired(expiry, moment().ms())) {
    return std::nullopt;
  }
  return expiry;
}

uint64_t TableImpl::live_count(const CancelToken* cancel) const {
  const auto guard = lock();
  require_active();
  btree::TreeCursor cursor(pool(), root(), shape_);
  std::vector<std::byte> opened;
  base::Moment now = moment();
  uint64_t count = 0;
  for (bool more = cursor.first(); more; more = cursor.next()) {
    if (cursor.index() == 0) CancelToken::check(cancel);
    if (shown(cursor.value(), opened, now)) ++count;
  }
  return count;
}

bool TableImpl::pop_live(End end, std::vector<std::byte>& key, std::vector<std::byte>& value) {
  const std::lock_guard guard(require_writer().mutex());
  require_active();
  std::vector<uint32_t> position;
  {
    btree::TreeCursor cursor(pool(), root(), shape_);
    std::vector<std::byte> opened;
    base::Moment now = moment();
    bool more = end == End::first ? cursor.first() : cursor.last();
    std::optional<Bytes> live;
    while (more && !(live = shown(cursor.value(), opened, now))) {
      more = end == End::first ? cursor.next() : cursor.prev();
    }
    if (!more) return false;
    key.assign(cursor.key().begin(), cursor.key().end());
    value.assign(live->begin(), live->end());
    cursor.position(position);
  }  // unpins the leaf before it is edited
  erase_at(position);
  return true;
}

PurgeStep TableImpl::purge(std::optional<Bytes> after, uint64_t max_entries,
                           const CancelToken* cancel) {
  const std::lock_guard guard(require_writer().mutex());
  require_active();
  if (after || max_entries != 0) require_order();  // to go on behind a key
  if (after) check_key(*after);
  PurgeStep step;
  TakenEntries expired;
  {
    btree::TreeCursor cursor(pool(), root(), shape_);
    std::optional<PageNumber> leaf;
    std::vector<std::byte> opened;
    base::Moment now = moment();
    bool more = after ? cursor.seek(*after) : cursor.first();
    if (after && more && shape_.order.compare(cursor.key(), *after) == 0) more = cursor.next();
    while (more && (max_entries == 0 || step.examined < max_entries)) {
      if (leaf != cursor.leaf_page()) {
        CancelToken::check(cancel);
        leaf = cursor.leaf_page();
      }
      if (!shown(cursor.value(), opened, now)) expired.note(cursor);
      ++step.examined;
      // The bound is reached with this entry, whose key says where to go on.
      if (step.examined == max_entries)
        step.position.emplace(cursor.key().begin(), cursor.key().end());
      more = cursor.next();
    }
    if (!more) step.position.reset();
  }  // unpins the leaf before it is edited
  if (!expired.empty()) {
    expired.sort();
    step.removed = remove(&expired);
  }
  return step;
}

}  // namespace rdb::table
