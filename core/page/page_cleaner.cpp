#include "page/page_cleaner.hpp"

#include <deque>
#include <exception>
#include <utility>

namespace rdb::page {

struct PageCleaner::Work final : base::HelperThread::Work {
  explicit Work(Write how) : write(std::move(how)) {}

  bool waiting() const noexcept override { return finished < pieces.size(); }
  // A deque's elements stay where they are while others come and go at its ends.
  void begin() noexcept override { piece = &pieces[finished]; }
  bool perform() noexcept override {
    try {
      write(piece->pages);
      return true;
    } catch (const std::exception&) {  // the commit will say it
      return false;
    }
  }
  void end(bool done) noexcept override {
    piece->written = done;
    ++finished;
  }
  std::optional<Piece> take() noexcept {
    if (pieces.empty()) return std::nullopt;
    std::optional<Piece> first(std::move(pieces.front()));
    pieces.pop_front();
    if (finished > 0) --finished;
    return first;
  }

  const Write write;
  std::deque<Piece> pieces;  // in order; the first are over
  size_t finished = 0;
  Piece* piece = nullptr;
};

PageCleaner::PageCleaner(Write write) : PageCleaner(std::make_unique<Work>(std::move(write))) {}
PageCleaner::PageCleaner(std::unique_ptr<Work> work)
    : work_(work.get()), thread_("rdb-cleaner", std::move(work)) {}

void PageCleaner::hand_over(std::vector<format::PageNumber> pages) {
  thread_.ask([&] { work_->pieces.push_back({std::move(pages)}); });
}

std::optional<PageCleaner::Piece> PageCleaner::take_finished() noexcept {
  return thread_.look([&] { return work_->finished > 0 ? work_->take() : std::nullopt; });
}

std::optional<PageCleaner::Piece> PageCleaner::take() noexcept {
  return thread_.look([&] { return work_->take(); });
}

}  // namespace rdb::page
