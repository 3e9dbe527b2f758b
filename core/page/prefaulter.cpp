#include "page/prefaulter.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace rdb::page {

struct Prefaulter::Work final : base::HelperThread::Work {
  bool waiting() const noexcept override { return next < end_of_wanted; }
  void begin() noexcept override {
    piece = next;
    next = std::min(end_of_wanted, piece + kPieceBytes);
    piece_end = next;
  }
  bool perform() noexcept override { return populate(piece, piece_end); }
  void end(bool done) noexcept override {
    if (done) return;
    useless = true;
    end_of_wanted = next;
  }

  std::byte* next = nullptr;  // [next, end_of_wanted) is left to do
  std::byte* end_of_wanted = nullptr;
  std::byte* piece = nullptr;  // [piece, piece_end) is in hand
  std::byte* piece_end = nullptr;
  bool useless = false;  // the system cannot
};

Prefaulter::Prefaulter() : Prefaulter(std::make_unique<Work>()) {}
Prefaulter::Prefaulter(std::unique_ptr<Work> work)
    : work_(work.get()), thread_("rdb-prefault", std::move(work)) {}

bool Prefaulter::populate(std::byte* begin, std::byte* end) noexcept {
#if defined(MADV_POPULATE_WRITE)
  return ::madvise(begin, static_cast<size_t>(end - begin), MADV_POPULATE_WRITE) == 0;
#else
  static_cast<void>(begin);
  static_cast<void>(end);
  return false;
#endif
}

void Prefaulter::request(std::byte* begin, std::byte* end) noexcept {
  if (begin >= end) return;
  thread_.ask([&] {
    if (work_->useless) return;
    const bool goes_on = begin <= work_->next && work_->next <= end;
    if (!goes_on) work_->next = begin;
    work_->end_of_wanted = end;
  });
}

}  // namespace rdb::page
