// progress.hpp: how far a long operation is, on standard error.
//
// On a terminal one line is redrawn ten times a second: bar, amount, rate, remaining time.
// Elsewhere a plain line appears every few seconds, so that logs stay readable. Nothing is shown
// for work that ends within the first half second, nor with --quiet.
//
// Also the ProgressSink the core calls; stops the operation when the cancel token is raised. The
// core may call from any of its threads, one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "rdb/types.hpp"

namespace rdb::tools {

class Progress : public ProgressSink {
 public:
  enum class Amount { bytes, count };

  // unit: what count counts ("rows"); ignored for bytes. cancel may be null.
  Progress(std::string label, Amount amount, std::string unit, bool quiet,
           const CancelToken* cancel);
  ~Progress() override { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // total 0: unknown, no bar and no remaining time.
  bool progress(uint64_t done, uint64_t total) override;
  // Shown behind the amount, for instance "12,000 rows".
  void set_note(std::string note) { note_ = std::move(note); }
  // Removes the line from the terminal. Idempotent.
  void finish() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  std::string amount_text(uint64_t amount) const;
  std::string status(uint64_t done, uint64_t total, double seconds) const;

  std::string label_;
  Amount amount_;
  std::string unit_;
  std::string note_;
  bool quiet_;
  bool terminal_;
  bool drawn_ = false;
  const CancelToken* cancel_;
  Clock::time_point started_;
  Clock::time_point shown_;
};

}  // namespace rdb::tools
