// rdb_base.hpp: bytes, errors and handles of the C++ face; included by rdb.hpp.
//
// Bytes are borrowed and never copied by themselves: a Bytes must not outlive what it was made
// from.
//
// Everything lives in the inline namespace rdb::abi1, so that the names never meet those of the
// library itself, which is linked into the same program when the archive is used.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "rdb.h"

namespace rdb {
inline namespace abi1 {

// A type whose objects are single bytes.
template <class T>
concept ByteLike =
    std::same_as<std::remove_cv_t<T>, std::byte> || std::same_as < std::remove_cv_t<T>,
unsigned char > || std::same_as<std::remove_cv_t<T>, char>;

// Borrowed bytes, made from whatever holds some: strings, vectors, spans, arrays, text literals
// (up to their NUL). Ordered as unsigned bytes, shorter first.
class Bytes {
 public:
  constexpr Bytes() noexcept = default;
  Bytes(const void* data, size_t size) noexcept
      : data_(static_cast<const std::byte*>(data)), size_(size) {}
  Bytes(rdb_slice slice) noexcept : Bytes(slice.data, slice.size) {}
  Bytes(const char* text) noexcept : Bytes(text, std::strlen(text)) {}
  template <std::ranges::contiguous_range Range>
  requires std::ranges::sized_range<Range> && ByteLike<std::ranges::range_value_t<Range>> &&
      (!std::is_array_v<std::remove_cvref_t<Range>>)&&(
          !std::same_as<std::remove_cvref_t<Range>, Bytes>)Bytes(const Range& range) noexcept
      : Bytes(std::ranges::data(range), std::ranges::size(range)) {}

  const std::byte* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const std::byte* begin() const noexcept { return data_; }
  const std::byte* end() const noexcept { return data_ + size_; }

  // The same bytes as text, borrowed.
  std::string_view text() const noexcept {
    return size_ == 0 ? std::string_view() : std::string_view(chars(), size_);
  }
  // A copy.
  std::string str() const { return std::string(text()); }
  rdb_slice slice() const noexcept { return rdb_slice{data_, size_}; }

  friend bool operator==(Bytes a, Bytes b) noexcept { return a.text() == b.text(); }
  friend std::strong_ordering operator<=>(Bytes a, Bytes b) noexcept {
    return a.text().compare(b.text()) <=> 0;  // char_traits<char> compares as unsigned char
  }

 private:
  const char* chars() const noexcept { return reinterpret_cast<const char*>(data_); }

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// ------------------------------------------------------------------------------------------------
// Errors: what a negative status becomes. One class for each hundred; an unknown hundred is a plain
// Error.
// ------------------------------------------------------------------------------------------------

class Error : public std::runtime_error {
 public:
  explicit Error(const rdb_error& detail)
      : runtime_error(std::string(detail.message, detail.message_size)),
        status_(detail.status),
        os_errno_(detail.os_errno),
        position_(detail.position) {}
  Error(rdb_status status, const std::string& message)
      : runtime_error(message), status_(status), position_(RDB_NO_POSITION) {}

  // RDB_ERR_...; name() is its name.
  rdb_status status() const noexcept { return status_; }
  const char* name() const noexcept { return rdb_status_name(status_); }
  // errno of the system call that failed, 0 when none did.
  int os_errno() const noexcept { return os_errno_; }
  // Page number, file offset, or index within a batch.
  std::optional<uint64_t> position() const noexcept {
    if (position_ == RDB_NO_POSITION) return std::nullopt;
    return position_;
  }

 private:
  rdb_status status_;
  int os_errno_ = 0;
  uint64_t position_;
};

struct UsageError : Error {  // -1xx: the program's mistake
  using Error::Error;
};
struct TableError : Error {  // -2xx: tables and their types
  using Error::Error;
};
struct ConcurrencyError : Error {  // -3xx: locks, forks, cancellation
  using Error::Error;
};
struct DeviceError : Error {  // -4xx: the storage device
  using Error::Error;
};
struct ContentError : Error {  // -5xx: what is in the file
  using Error::Error;
};
struct MemoryError : Error {  // -6xx: memory
  using Error::Error;
};
struct InternalError : Error {  // -9xx: the library's mistake
  using Error::Error;
};

[[noreturn]] inline void throw_error(const rdb_error& error) {
  switch (error.status / -100) {
    case 1:
      throw UsageError(error);
    case 2:
      throw TableError(error);
    case 3:
      throw ConcurrencyError(error);
    case 4:
      throw DeviceError(error);
    case 5:
      throw ContentError(error);
    case 6:
      throw MemoryError(error);
    case 9:
      throw InternalError(error);
    default:
      throw Error(error);
  }
}

// Calls function(rdb_error*) and gives its status; a negative one is thrown.
template <class Function>
rdb_status checked(Function&& function) {
  rdb_error error;
  const rdb_status status = function(&error);
  if (status < 0) throw_error(error);
  return status;
}

// ------------------------------------------------------------------------------------------------
// Handles
// ------------------------------------------------------------------------------------------------

namespace detail {

// Owns one handle; kRelease is the function that releases it.
template <class T, auto kRelease>
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(T* handle) noexcept : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Handle() { reset(); }

  T* get() const noexcept { return handle_; }
  T* release() noexcept { return std::exchange(handle_, nullptr); }
  void reset() noexcept {
    if (handle_ != nullptr) kRelease(std::exchange(handle_, nullptr));
  }
  // The handle of an object that must still have one.
  T* live(const char* what) const {
    if (handle_ == nullptr) throw UsageError(RDB_ERR_CLOSED, std::string(what) + " is closed");
    return handle_;
  }

 private:
  T* handle_ = nullptr;
};

}  // namespace detail

// Stops long calls from another thread or a signal handler. It must outlive the calls it is given
// to; every function may be called by several threads at once.
class Cancel {
 public:
  Cancel() {
    rdb_cancel* handle = nullptr;
    checked([&](rdb_error* err) { return rdb_cancel_create(&handle, err); });
    handle_ = Handle(handle);
  }
  // Calls that were given this object throw RDB_ERR_CANCELLED soon, later ones at once.
  void trigger() const noexcept { rdb_cancel_trigger(handle_.get()); }
  // Takes the trigger back.
  void reset() const noexcept { rdb_cancel_reset(handle_.get()); }
  const rdb_cancel* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Handle<rdb_cancel, &rdb_cancel_free>;
  Handle handle_;
};

namespace detail {

inline const rdb_cancel* get(const Cancel* cancel) noexcept {
  return cancel == nullptr ? nullptr : cancel->get();
}

}  // namespace detail

}  // namespace abi1
}  // namespace rdb
