// fault_backend.hpp: a storage device in memory that fails on demand and loses power.
//
// A FaultDevice is the medium; it outlives the FaultBackends through which databases use it. It
// keeps
//   - the durable image: what the last successful sync() promised,
//   - the pending operations: writes and resizes since then, in order,
//   - the live image: durable image plus all pending operations, which is what read() shows.
// Power loss keeps the durable image and some of the pending operations; crash_image() says which.
//
// Events. Every write, write_gather, resize, grow_reserved and sync is one event, numbered from 0
// in the order they arrive (empty writes and resizes to the present size included). Reads are
// counted apart. A FaultPlan names events by number, so the usual crash test is
//
//   for (uint64_t n = 0;; ++n) {
//     auto device = std::make_shared<FaultDevice>();
//     device->set_plan({.stop_at = n, .torn_sectors = n % 3});
//     const bool finished = run_workload(std::make_unique<FaultBackend>(device));  // catches Error
//     for (uint64_t seed = 0; seed < 20; ++seed) {
//       auto after = FaultDevice::from_image(device->crash_image(CrashMode::sectors, seed));
//       check_reopens_to_an_allowed_state(std::make_unique<FaultBackend>(after));
//     }
//     if (finished) break;  // the workload has fewer than n events
//   }
//
// To aim at one kind of event, run once without a plan and look its numbers up in events().
//
// What the medium promises (and a crash image therefore respects):
//   F1  A sector (kSectorBytes, aligned) is written whole or not at all. A sector written several
//   times
//       since the last sync holds one of the contents it had in between: caches write whole
//       sectors.
//   F2  Resizes reach the medium in order; one that did not arrive was not followed by a later one
//       that did. Data behind the size that arrived is gone; a grown range nobody wrote is zero.
//   F3  Nothing else: sectors of different writes, and of one write, arrive in any order.
//   F4  What a successful sync() covered stays, unless the plan's lose_on_sync_failure struck.
// A read past size() throws io, as the contract of StorageBackend says. A write past size() throws
// internal: the engine must never make one.
//
// Threads: any, concurrently. Event numbers are then as nondeterministic as the threads are.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "rdb/storage_backend.hpp"

namespace rdb::test {

inline constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
inline constexpr size_t kSectorBytes = 512;

enum class EventKind : uint8_t { write, resize, sync };

// One event as it was asked for, whether or not it succeeded.
struct Event {
  EventKind kind;
  uint64_t offset = 0;  // of a write; 0 for others
  uint64_t bytes = 0;   // length of a write, new size of a resize; 0 for a sync
  bool failed = false;

  bool operator==(const Event&) const = default;
};

// When and how the device fails. The default never does.
struct FaultPlan {
  // Power goes at this event: it, every later event and every later read throw io (EIO) for ever.
  // A write that is the stopping event still brings its first torn_sectors sectors to the pending
  // operations (a sector is one that the write touches, so the first may be partial). A resize or
  // sync that stops does nothing.
  uint64_t stop_at = kNever;
  uint64_t torn_sectors = 0;

  // Short-lived trouble: events fail_at, fail_at + 1 ... (fail_count of them) fail and do nothing;
  // then all is well again. fail_errno picks the code: ENOSPC gives out_of_space, others io.
  uint64_t fail_at = kNever;
  uint64_t fail_count = 1;
  int fail_errno = 5;  // EIO
  // A write that fails has written this much of itself: the short write.
  uint64_t fail_torn_sectors = 0;

  // The same for reads, counted from 0 on their own; one that fails has filled the first
  // fail_read_bytes of its buffer, and the rest with what is not in the file.
  uint64_t fail_read_at = kNever;
  uint64_t fail_read_count = 1;
  uint64_t fail_read_bytes = 0;

  // Closing reports EIO, as network file systems report writes they could not deliver. The device
  // is free all the same, and nothing is lost that was synced.
  bool fail_close = false;

  // A failing sync loses data, as page caches do: each pending write is dropped for ever with a
  // probability of one half (drawn from seed), though read() goes on showing it, and no later sync
  // brings it back. This is the late report of a failed write-back.
  bool lose_on_sync_failure = false;
  uint64_t seed = 1;

  // The device has this many bytes. Growing past it throws out_of_space and changes nothing.
  uint64_t capacity_bytes = kNever;
  // With this, resize() past the capacity succeeds, as ftruncate makes a sparse file, and the write
  // that leaves the capacity fails instead. grow_reserved() still fails.
  bool sparse_growth = false;
};

enum class CrashMode : uint8_t {
  durable,  // nothing pending arrived
  all,      // everything pending arrived
  prefix,   // the first few pending operations, and the first few sectors of the next one
  subset,   // each pending write arrived whole or not at all (a device that never merges writes, so
            // the second half of F1 does not hold), resizes up to some point
  sectors,  // each sector stopped at one of its contents (F1), resizes up to some point
};
inline constexpr CrashMode kAllCrashModes[] = {
    CrashMode::durable, CrashMode::all, CrashMode::prefix, CrashMode::subset, CrashMode::sectors};

class FaultDevice {
 public:
  FaultDevice() = default;
  // A device that holds these bytes durably, and no plan.
  static std::shared_ptr<FaultDevice> from_image(std::vector<std::byte> image);

  // Replaces the plan. Event and read counts go on, so a plan set late must add event_count().
  void set_plan(const FaultPlan& plan);

  // Databases on this device write zeros ahead of small commits, as they do in files.
  void open_as_file() { opens_as_file_ = true; }
  bool opens_as_file() const { return opens_as_file_; }

  uint64_t event_count() const;
  uint64_t read_count() const;
  std::vector<Event> events() const;  // all since construction
  size_t pending_count() const;       // operations a crash may lose
  bool stopped() const;               // the plan's stop_at was reached

  // What the medium holds after power loss now; the device itself does not change. The same
  // device state, mode and seed give the same image. durable and all ignore the seed. The random
  // modes first draw how much of everything arrives (almost nothing ... almost everything), since
  // independent coins alone would hardly ever lose a single write.
  std::vector<std::byte> crash_image(CrashMode mode, uint64_t seed = 0) const;
  // Exactly the first `operations` pending operations, and torn_sectors sectors of the next write.
  std::vector<std::byte> crash_image_prefix(size_t operations, uint64_t torn_sectors = 0) const;
  // The newest pending operation, which must be a write, brought its bytes [begin, end) only. What
  // was pending before it arrived whole, or not at all. Ignores F1: bytes, not sectors.
  std::vector<std::byte> crash_image_torn(bool earlier_arrived, size_t begin, size_t end) const;
  // What a reader sees now.
  std::vector<std::byte> live_image() const;

 private:
  friend class FaultBackend;

  // A write carries data at offset; a resize carries the new size in `offset`.
  struct Operation {
    EventKind kind;
    uint64_t offset;
    std::vector<std::byte> data;
  };
  using Image = std::vector<std::byte>;

  void open();
  void close();  // throws io when the plan says so
  uint64_t size() const;
  void read(uint64_t offset, std::span<std::byte> out);
  void write(uint64_t offset, std::span<const Bytes> parts);
  void resize(uint64_t size, bool reserve);
  void sync();

  // The steps of an event; each requires mutex_. begin_event() throws when the plan says so.
  enum class Verdict : uint8_t { go_on, stop, fail };
  Verdict begin_event(EventKind kind, uint64_t offset, uint64_t bytes);
  void lose_pending_writes();
  [[noreturn]] void throw_failure(Verdict verdict, const char* what, uint64_t position) const;

  static void apply(Image& image, const Operation& operation);
  static size_t torn_bytes(const Operation& write, uint64_t sectors);
  Image prefix_image(size_t operations, uint64_t torn_sectors) const;
  Image subset_image(uint64_t seed) const;
  Image sector_image(uint64_t seed) const;

  mutable std::mutex mutex_;  // guards all below
  FaultPlan plan_;
  Image durable_;
  Image live_;
  std::vector<Operation> pending_;
  std::vector<Event> events_;
  uint64_t reads_ = 0;
  bool stopped_ = false;
  bool open_ = false;
  bool opens_as_file_ = false;  // set before the first open
};

// One open of a device. A second one at the same time throws already_open, as a file lock would.
// Destruction closes; closing never syncs.
class FaultBackend final : public StorageBackend {
 public:
  explicit FaultBackend(std::shared_ptr<FaultDevice> device);
  ~FaultBackend() override;

  uint64_t size() override;
  void read(uint64_t offset, std::span<std::byte> out) override;
  void write(uint64_t offset, Bytes data) override;
  void write_gather(uint64_t offset, std::span<const Bytes> parts) override;
  void sync() override;
  void resize(uint64_t size) override;
  void grow_reserved(uint64_t size) override;
  void close() override;

 private:
  FaultDevice& device() const;  // throws internal after close()

  std::shared_ptr<FaultDevice> device_;
  bool open_ = false;
};

}  // namespace rdb::test
