// handle.hpp: what all handles share: signature, fork check, release.
//
// A handle struct derives from Handle<its signature>, so the signature is its first word. It is
// overwritten on release; a handle of another kind or released earlier is told by it as long as its
// memory was not reused.
//
// After a fork the child's release functions leave the memory of handles that reach a file to the
// end of the process: their destructors would take locks that a thread of the parent may hold.
//
// Threads: checks are plain reads; only the release writes, and excludes every other call.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "rdb.h"
#include "rdb/error.hpp"
#include "rdb/fork.hpp"

namespace rdb::capi {

[[noreturn]] void throw_misuse(const char* sentence);
[[noreturn]] void throw_invalid(const char* sentence);
[[noreturn]] void throw_null(const char* noun);
[[noreturn]] void throw_bad_handle(const char* noun);
[[noreturn]] void throw_forked(const char* noun);

inline void require(bool condition, const char* sentence) {
  if (!condition) [[unlikely]]
    throw_misuse(sentence);
}
inline void require_not_null(const void* pointer, const char* noun) {
  if (pointer == nullptr) [[unlikely]]
    throw_null(noun);
}

inline constexpr uint32_t kReleased = 0xdeadc105;

template <uint32_t kKind>
struct Handle {
  static constexpr uint32_t kSignature = kKind;
  // Whether the handle reaches a file, and is therefore useless in a forked child. A handle that
  // is only memory hides this constant.
  static constexpr bool kForkSensitive = true;

  uint32_t signature = kKind;
  const uint64_t generation = base::fork_generation();

  bool has_signature() const noexcept { return signature == kKind; }
  bool forked() const noexcept { return generation != base::fork_generation(); }

  // Atomic so that the store survives, although the object's life ends behind it.
  void mark_released() noexcept {
    std::atomic_ref<uint32_t>(signature).store(kReleased, std::memory_order_relaxed);
  }
};

// The handle's object; throws misuse, bad_handle or forked when it cannot be used.
template <class H>
H& live(H* handle) {
  if (handle == nullptr) [[unlikely]]
    throw_null(H::kNoun);
  if (!handle->has_signature()) [[unlikely]]
    throw_bad_handle(H::kNoun);
  if constexpr (H::kForkSensitive) {
    if (handle->forked()) [[unlikely]]
      throw_forked(H::kNoun);
  }
  return *handle;
}

struct Releaser {
  template <class H>
  void operator()(H* handle) const noexcept {
    if (H::kForkSensitive && handle->forked()) return;
    delete handle;
  }
};
template <class H>
using Owned = std::unique_ptr<H, Releaser>;

// Takes the handle from the caller: from here on it is released on every path. NULL stays NULL.
template <class H>
Owned<H> take(H* handle) {
  if (handle == nullptr) return nullptr;
  if (!handle->has_signature()) throw_bad_handle(H::kNoun);
  handle->mark_released();
  return Owned<H>(handle);
}

// The caller's place for a new handle, set to NULL.
template <class H>
H*& out_handle(H** out) {
  require_not_null(out, "out");
  *out = nullptr;
  return *out;
}

}  // namespace rdb::capi
