// page_cleaner.hpp: writes pages that are finished before their transaction ends, on another
// thread.
//
// A transaction that fills many pages in order could otherwise begin to write only when the last
// one is full, and its commit would spend a third of the time on copies into the system's cache
// (design note 0010).
//
// Nothing depends on it: a piece that was not written is written by the commit, which then also
// meets what went wrong. Order among writes does not matter either, because no root that a crash
// leaves behind names these pages.
//
// Threads: one at a time, beside the thread of its own (base/helper_thread.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/helper_thread.hpp"
#include "format/page_number.hpp"

namespace rdb::page {

class PageCleaner {
 public:
  // Writes the pages, or throws.
  using Write = std::function<void(std::span<const format::PageNumber> pages)>;
  struct Piece {
    std::vector<format::PageNumber> pages;
    bool written = false;
  };

  explicit PageCleaner(Write write);
  PageCleaner(const PageCleaner&) = delete;
  PageCleaner& operator=(const PageCleaner&) = delete;

  // The content of pages stays as it is until they are taken back.
  void hand_over(std::vector<format::PageNumber> pages);
  // The first piece that was handed over and is not taken back, once it is over.
  std::optional<Piece> take_finished() noexcept;
  // Until every piece is over, or will not be begun: take() gives them back in order.
  void wait_until_idle() noexcept { thread_.wait_until_idle(); }
  std::optional<Piece> take() noexcept;
  // In a forked child: only stop() can be called.
  bool inherited() const noexcept { return thread_.inherited(); }
  // After it nothing is written any more.
  void stop() noexcept { thread_.stop(); }

 private:
  struct Work;

  explicit PageCleaner(std::unique_ptr<Work> work);

  Work* work_;  // the thread's
  base::HelperThread thread_;
};

}  // namespace rdb::page
