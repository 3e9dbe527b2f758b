// The public faces of table.hpp over their implementations.
#include "rdb/table.hpp"

#include "page/frame_pool.hpp"
#include "rdb/error.hpp"
#include "table/cursor_impl.hpp"
#include "table/extraction.hpp"
#include "table/table_impl.hpp"

namespace rdb {

Value::Value() = default;
Value::Value(Value&& other) noexcept
    : pin_(std::move(other.pin_)),
      copy_(std::move(other.copy_)),
      bytes_(std::exchange(other.bytes_, {})) {}
Value& Value::operator=(Value&& other) noexcept {
  pin_ = std::move(other.pin_);
  copy_ = std::move(other.copy_);
  bytes_ = std::exchange(other.bytes_, {});
  return *this;
}
Value::~Value() = default;
Value::Value(std::shared_ptr<page::FramePin> pin, Bytes bytes)
    : pin_(std::move(pin)), bytes_(bytes) {}
Value::Value(std::vector<std::byte> copy) : copy_(std::move(copy)), bytes_(copy_) {}

Bytes BatchResult::value(size_t i) const {
  const Item& item = items_[i];
  return Bytes(arena_).subspan(item.offset, item.size);
}

Cursor::Cursor(std::unique_ptr<table::CursorImpl> impl) : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;
bool Cursor::first() { return impl_->first(); }
bool Cursor::last() { return impl_->last(); }
bool Cursor::next() { return impl_->next(); }
bool Cursor::prev() { return impl_->prev(); }
bool Cursor::seek(Bytes key) { return impl_->seek(key); }
bool Cursor::seek_exact(Bytes key) { return impl_->seek_exact(key); }
bool Cursor::seek_le(Bytes key) { return impl_->seek_le(key); }
bool Cursor::valid() const noexcept { return impl_->valid(); }
Bytes Cursor::key() const { return impl_->key(); }
Bytes Cursor::value() const { return impl_->value(); }
uint64_t Cursor::expiry() const { return impl_->expiry(); }
void Cursor::set_range(const KeyRange& range) { impl_->set_range(range); }
size_t Cursor::next_packed(std::span<std::byte> out, size_t max_records, size_t& used_bytes,
                           size_t& needed_bytes) {
  return impl_->next_packed(out, max_records, used_bytes, needed_bytes);
}
size_t Cursor::next_slices(std::span<Bytes> keys, std::span<Bytes> values) {
  return impl_->next_slices(keys, values);
}
void Cursor::erase() { impl_->erase(); }
void Cursor::replace(Bytes value) { impl_->replace(value); }

Extraction::Extraction(std::unique_ptr<table::ExtractionImpl> impl) : impl_(std::move(impl)) {}
Extraction::Extraction(Extraction&&) noexcept = default;
Extraction& Extraction::operator=(Extraction&&) noexcept = default;
Extraction::~Extraction() = default;
bool Extraction::next() { return impl_->next(); }
bool Extraction::prev() { return impl_->prev(); }
bool Extraction::valid() const { return impl_->valid(); }
Bytes Extraction::key() const { return impl_->key(); }
Bytes Extraction::value() const { return impl_->value(); }
bool Extraction::take() { return impl_->take(); }
uint64_t Extraction::finish() { return impl_->finish(); }
bool Extraction::over() const noexcept { return impl_->over(); }

Table::Table(std::shared_ptr<table::TableImpl> impl) : impl_(std::move(impl)) {}
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&& other) noexcept {
  if (impl_ != nullptr) impl_->close();
  impl_ = std::move(other.impl_);
  return *this;
}
Table::~Table() {
  if (impl_ != nullptr) impl_->close();
}
const TableInfo& Table::info() const { return impl_->info(); }
uint64_t Table::len() const { return impl_->len(); }
TableStats Table::stats(const CancelToken* cancel) const { return impl_->stats(cancel); }
bool Table::contains(Bytes key) const { return impl_->contains(key); }
std::optional<Value> Table::get(Bytes key) const { return impl_->get(key); }
std::optional<bool> Table::get_into(Bytes key, std::span<std::byte> out, size_t& value_size) const {
  return impl_->get_into(key, out, value_size);
}
void Table::get_batch(std::span<const Bytes> keys, BatchResult& out) const {
  impl_->get_batch(keys, out);
}
Cursor Table::cursor() const {
  const auto lock = impl_->lock();
  impl_->require_active();
  return Cursor(std::make_unique<table::CursorImpl>(impl_));
}
bool Table::put(Bytes key, Bytes value, PutMode mode) { return impl_->put(key, value, mode); }
uint64_t Table::put_batch(std::span<const Record> records, PutMode mode) {
  return impl_->put_batch(records, mode);
}
bool Table::exchange(Bytes key, Bytes value, PutMode mode,
                     std::optional<std::vector<std::byte>>& old) {
  return impl_->exchange(key, value, mode, old);
}
bool Table::take(Bytes key, std::vector<std::byte>& old) { return impl_->take(key, old); }
Table::Compared Table::compare_and_put(Bytes key, std::optional<Bytes> expected,
                                       std::optional<Bytes> value) {
  return impl_->compare_and_put(key, expected, value);
}
uint64_t Table::drain(const KeyRange& range) { return impl_->drain(impl_, range); }
uint64_t Table::retain(const KeyRange& range, RecordFilter& filter) {
  table::ExtractionImpl extraction(impl_, range);
  return extraction.retain(filter);
}
Extraction Table::extract(const KeyRange& range) {
  return Extraction(std::make_unique<table::ExtractionImpl>(impl_, range));
}
void Table::merge(Bytes key, Bytes operand, MergeKind kind) { impl_->merge(key, operand, kind); }
void Table::merge(Bytes key, Bytes operand, MergeFunction& function) {
  impl_->merge(key, operand, function);
}
void Table::merge_batch(std::span<const Record> records, MergeKind kind) {
  impl_->merge_batch(records, kind);
}
void Table::merge_batch(std::span<const Record> records, MergeFunction& function) {
  impl_->merge_batch(records, function);
}
bool Table::erase(Bytes key) { return impl_->erase(key); }
bool Table::pop_first(std::vector<std::byte>& key, std::vector<std::byte>& value) {
  return impl_->pop(table::TableImpl::End::first, key, value);
}
bool Table::pop_last(std::vector<std::byte>& key, std::vector<std::byte>& value) {
  return impl_->pop(table::TableImpl::End::last, key, value);
}

}  // namespace rdb
