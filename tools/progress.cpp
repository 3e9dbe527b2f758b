#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "rdb/cancel.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

constexpr std::chrono::milliseconds kFirstShown{500};
constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::milliseconds kPlainInterval{3000};
constexpr size_t kBarCells = 20;

size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Progress::Progress(std::string label, Amount amount, std::string unit, bool quiet,
                   const CancelToken* cancel)
    : label_(std::move(label)),
      amount_(amount),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      cancel_(cancel),
      started_(Clock::now()),
      // The first line comes after kFirstShown, whichever interval follows.
      shown_(started_ + kFirstShown - (terminal_ ? kTerminalInterval : kPlainInterval)) {}

std::string Progress::amount_text(uint64_t amount) const {
  return amount_ == Amount::bytes ? format_bytes(amount) : format_count(amount);
}

// What matters most comes first, because a narrow terminal cuts the end.
std::string Progress::status(uint64_t done, uint64_t total, double seconds) const {
  std::string text = label_ + "  ";
  if (total > 0) {
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    if (terminal_) {
      const auto full = static_cast<size_t>(part * kBarCells);
      text += "[" + std::string(full, '#') + std::string(kBarCells - full, '.') + "] ";
    }
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3.0f %%  ", part * 100);
    text += percent;
  }
  if (seconds > 0 && done > 0) {
    const double rate = static_cast<double>(done) / seconds;
    text += amount_text(static_cast<uint64_t>(rate)) + "/s  ";
    if (total > done) {
      // Whole seconds: more would only flicker.
      text += format_seconds(std::ceil(static_cast<double>(total - done) / rate), 0) + " left  ";
    }
  }
  text += amount_text(done);
  if (total > 0 && !terminal_) text += " of " + amount_text(total);
  if (amount_ == Amount::count) text += " " + unit_;
  if (!note_.empty()) text += "  " + note_;
  return text;
}

bool Progress::progress(uint64_t done, uint64_t total) {
  if (cancel_ != nullptr && cancel_->cancelled()) return false;
  if (quiet_) return true;
  const Clock::time_point now = Clock::now();
  if (now - shown_ < (terminal_ ? kTerminalInterval : kPlainInterval)) return true;
  shown_ = now;
  const std::string text =
      status(done, total, std::chrono::duration<double>(now - started_).count());
  if (terminal_) {
    // Erase to the end of the line after the text: a shorter text must not leave remains.
    const std::string_view cut = cut_at_character(text, terminal_columns() - 1);
    std::fprintf(stderr, "\r%.*s\x1b[K", static_cast<int>(cut.size()), cut.data());
    std::fflush(stderr);
    drawn_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  return true;
}

void Progress::finish() noexcept {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace rdb::tools
