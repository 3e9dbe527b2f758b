// gate.hpp: shared and exclusive use of one handle of the ABI.
//
// The ABI lets a reader's functions run at once and asks for exclusive use of a writer and of every
// release. A Gate is that rule. It may be taken with and without the interpreter lock.
//
//   G1  No thread waits for a Gate while it holds the interpreter lock.
//   G2  Whoever holds a Gate may wait for the interpreter lock, and runs no Python code: no
//       callbacks, nothing that may start the garbage collector (bytes, str and int objects are
//       fine, tuples and lists are not).
// G1 makes G2's waiting safe; G2 keeps finalisers from meeting a Gate that their own thread holds.
#pragma once

#include <atomic>
#include <cstdint>

#include "python.hpp"

namespace rdb::python {

class Gate {
 public:
  bool try_share() noexcept {
    uint32_t now = state_.load(std::memory_order_relaxed);
    do {
      if ((now & kOwned) != 0) return false;
    } while (!state_.compare_exchange_weak(now, now + 1, std::memory_order_acquire,
                                           std::memory_order_relaxed));
    return true;
  }
  void unshare() noexcept {
    if ((state_.fetch_sub(1, std::memory_order_release) & kAwaited) != 0) [[unlikely]]
      wake();
  }
  bool try_own() noexcept {
    uint32_t now = state_.load(std::memory_order_relaxed);
    do {
      if ((now & ~kAwaited) != 0) return false;
    } while (!state_.compare_exchange_weak(now, now | kOwned, std::memory_order_acquire,
                                           std::memory_order_relaxed));
    return true;
  }
  void disown() noexcept {
    if ((state_.fetch_and(~kOwned, std::memory_order_release) & kAwaited) != 0) [[unlikely]]
      wake();
  }

  void share() {
    if (!try_share()) [[unlikely]]
      wait([this] { return try_share(); }, kOwned);
  }
  void own() {
    if (!try_own()) [[unlikely]]
      wait([this] { return try_own(); }, ~kAwaited);
  }

 private:
  static constexpr uint32_t kOwned = uint32_t{1} << 30;    // below it: the number of sharers
  static constexpr uint32_t kAwaited = uint32_t{1} << 31;  // someone sleeps

  template <class Try>
  void wait(Try&& enter, uint32_t obstacle) {
    const WithoutLock unlocked;  // G1
    while (!enter()) {
      const uint32_t now = state_.fetch_or(kAwaited, std::memory_order_relaxed) | kAwaited;
      if ((now & obstacle) != 0) state_.wait(now, std::memory_order_relaxed);
    }
  }
  void wake() noexcept {
    state_.fetch_and(~kAwaited, std::memory_order_relaxed);
    state_.notify_all();
  }

  std::atomic<uint32_t> state_{0};
};

// Exclusive use for a scope.
class Owning {
 public:
  explicit Owning(Gate& gate) : gate_(gate) { gate.own(); }
  ~Owning() { gate_.disown(); }
  Owning(const Owning&) = delete;

 private:
  Gate& gate_;
};

}  // namespace rdb::python
