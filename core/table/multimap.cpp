// The public faces of multimap.hpp over their implementations.
#include "rdb/multimap.hpp"

#include "rdb/error.hpp"
#include "table/multimap_cursor_impl.hpp"
#include "table/multimap_impl.hpp"

namespace rdb {

MultimapCursor::MultimapCursor(std::unique_ptr<table::MultimapCursorImpl> impl)
    : impl_(std::move(impl)) {}
MultimapCursor::MultimapCursor(MultimapCursor&&) noexcept = default;
MultimapCursor& MultimapCursor::operator=(MultimapCursor&&) noexcept = default;
MultimapCursor::~MultimapCursor() = default;
bool MultimapCursor::first() { return impl_->first(); }
bool MultimapCursor::last() { return impl_->last(); }
bool MultimapCursor::next() { return impl_->next(); }
bool MultimapCursor::prev() { return impl_->prev(); }
bool MultimapCursor::next_key() { return impl_->next_key(); }
bool MultimapCursor::prev_key() { return impl_->prev_key(); }
bool MultimapCursor::next_value() { return impl_->next_value(); }
bool MultimapCursor::prev_value() { return impl_->prev_value(); }
bool MultimapCursor::first_value() { return impl_->first_value(); }
bool MultimapCursor::last_value() { return impl_->last_value(); }
bool MultimapCursor::seek(Bytes key) { return impl_->seek(key); }
bool MultimapCursor::seek_exact(Bytes key) { return impl_->seek_exact(key); }
bool MultimapCursor::seek_le(Bytes key) { return impl_->seek_le(key); }
bool MultimapCursor::seek_pair(Bytes key, Bytes value) { return impl_->seek_pair(key, value); }
bool MultimapCursor::valid() const noexcept { return impl_->valid(); }
Bytes MultimapCursor::key() const { return impl_->key(); }
Bytes MultimapCursor::value() const { return impl_->value(); }
uint64_t MultimapCursor::value_count() const { return impl_->value_count(); }
void MultimapCursor::set_range(const KeyRange& range) { impl_->set_range(range); }
size_t MultimapCursor::next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                                   size_t& needed_bytes) {
  return impl_->next_packed(out, max_records, used_bytes, needed_bytes);
}
size_t MultimapCursor::next_slices(std::span<Bytes> keys, std::span<Bytes> values) {
  return impl_->next_slices(keys, values);
}
void MultimapCursor::erase() { impl_->erase(); }

Multimap::Multimap(std::shared_ptr<table::MultimapImpl> impl) : impl_(std::move(impl)) {}
Multimap::Multimap(Multimap&&) noexcept = default;
Multimap& Multimap::operator=(Multimap&& other) noexcept {
  if (impl_ != nullptr) impl_->close();
  impl_ = std::move(other.impl_);
  return *this;
}
Multimap::~Multimap() {
  if (impl_ != nullptr) impl_->close();
}
const TableInfo& Multimap::info() const { return impl_->info(); }
uint64_t Multimap::len() const { return impl_->len(); }
uint64_t Multimap::key_count() const { return impl_->key_count(); }
TableStats Multimap::stats(const CancelToken* cancel) const { return impl_->stats(cancel); }
bool Multimap::contains(Bytes key) const { return impl_->contains(key); }
bool Multimap::contains(Bytes key, Bytes value) const { return impl_->contains(key, value); }
uint64_t Multimap::value_count(Bytes key) const { return impl_->value_count(key); }
bool Multimap::get(Bytes key, BatchResult& out) const { return impl_->get(key, out); }
MultimapCursor Multimap::cursor() const {
  const auto lock = impl_->outer().lock();
  impl_->outer().require_active();
  return MultimapCursor(std::make_unique<table::MultimapCursorImpl>(impl_));
}
bool Multimap::put(Bytes key, Bytes value) { return impl_->put(key, value); }
uint64_t Multimap::put_batch(std::span<const Table::Record> records) {
  return impl_->put_batch(records);
}
bool Multimap::erase(Bytes key, Bytes value) { return impl_->erase(key, value); }
uint64_t Multimap::erase_key(Bytes key) { return impl_->erase_key(key); }
uint64_t Multimap::drain(const KeyRange& range) { return impl_->drain(range); }

}  // namespace rdb
