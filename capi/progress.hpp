// progress.hpp: a caller's progress callback as the core's ProgressSink.
//
// The core is told only "go on" or "stop", and throws on stop. What the callback really answered is
// kept here, and replaces the core's error on the way out.
#pragma once

#include "guard.hpp"
#include "rdb/error.hpp"
#include "rdb/types.hpp"

namespace rdb::capi {

class CallbackProgress final : public ProgressSink {
 public:
  explicit CallbackProgress(const rdb_progress& progress) noexcept : progress_(progress) {}
  ~CallbackProgress() override {
    if (progress_.drop != nullptr) progress_.drop(progress_.ctx);
  }
  CallbackProgress(const CallbackProgress&) = delete;
  CallbackProgress& operator=(const CallbackProgress&) = delete;

  // For the core; NULL when the caller has no callback.
  ProgressSink* sink() noexcept { return progress_.fn == nullptr ? nullptr : this; }

  bool progress(uint64_t done, uint64_t total) override {
    if (answer_ == RDB_OK) answer_ = progress_.fn(progress_.ctx, done, total);
    return answer_ == RDB_OK;
  }

  // Runs operation. True: it ended. False: the callback stopped it quietly. A failure of the
  // callback is thrown with its own status.
  template <class Operation>
  bool run(Operation&& operation) {
    try {
      operation();
      return true;
    } catch (const Error&) {
      if (answer_ == RDB_OK) throw;
    }
    if (answer_ == RDB_STOPPED) return false;
    if (answer_ > 0) {
      throw Error(ErrorCode::callback, "the progress callback gave an answer it may not give");
    }
    throw Error(static_cast<ErrorCode>(answer_), "the progress callback failed");
  }

 private:
  const rdb_progress progress_;
  rdb_status answer_ = RDB_OK;
};

}  // namespace rdb::capi
