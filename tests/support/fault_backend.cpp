#include "fault_backend.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "rdb/error.hpp"

namespace rdb::test {
namespace {

// Draws for crash images. mt19937_64 is specified bit for bit, the standard distributions are not.
class Draw {
 public:
  explicit Draw(uint64_t seed) : engine_(seed) {}

  uint64_t below(uint64_t end) { return engine_() % end; }  // requires end > 0
  bool chance(uint64_t per_mille) { return below(1000) < per_mille; }

 private:
  std::mt19937_64 engine_;
};

// How much of everything arrives in one crash image, in thousandths.
constexpr uint64_t kArrivalRates[] = {20, 200, 500, 800, 980};

uint64_t draw_arrival_rate(Draw& draw) {
  return kArrivalRates[draw.below(std::size(kArrivalRates))];
}

[[noreturn]] void throw_outside(ErrorCode code, const char* verb, uint64_t offset, uint64_t bytes,
                                uint64_t size) {
  throw Error(code,
              std::string("fault device: ") + verb + " of " + std::to_string(bytes) +
                  " bytes at offset " + std::to_string(offset) + " leaves the " +
                  std::to_string(size) + " bytes of the device",
              offset);
}

bool inside(uint64_t offset, uint64_t bytes, uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

}  // namespace

std::shared_ptr<FaultDevice> FaultDevice::from_image(std::vector<std::byte> image) {
  auto device = std::make_shared<FaultDevice>();
  device->live_ = image;
  device->durable_ = std::move(image);
  return device;
}

void FaultDevice::set_plan(const FaultPlan& plan) {
  const std::lock_guard lock(mutex_);
  plan_ = plan;
}

uint64_t FaultDevice::event_count() const {
  const std::lock_guard lock(mutex_);
  return events_.size();
}

uint64_t FaultDevice::read_count() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

std::vector<Event> FaultDevice::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

size_t FaultDevice::pending_count() const {
  const std::lock_guard lock(mutex_);
  return pending_.size();
}

bool FaultDevice::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

std::vector<std::byte> FaultDevice::live_image() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

void FaultDevice::open() {
  const std::lock_guard lock(mutex_);
  if (open_) throw Error(ErrorCode::already_open, "the fault device is already open");
  open_ = true;
}

void FaultDevice::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  if (plan_.fail_close) {
    throw Error(ErrorCode::io, "fault device: planned failure of a close", Error::kNoPosition, EIO);
  }
}

uint64_t FaultDevice::size() const {
  const std::lock_guard lock(mutex_);
  return live_.size();
}

FaultDevice::Verdict FaultDevice::begin_event(EventKind kind, uint64_t offset, uint64_t bytes) {
  const uint64_t number = events_.size();
  events_.push_back({kind, offset, bytes, false});
  Verdict verdict = Verdict::go_on;
  if (stopped_ || number >= plan_.stop_at) {
    verdict = Verdict::stop;
  } else if (number >= plan_.fail_at && number - plan_.fail_at < plan_.fail_count) {
    verdict = Verdict::fail;
  }
  events_.back().failed = verdict != Verdict::go_on;
  return verdict;
}

void FaultDevice::throw_failure(Verdict verdict, const char* what, uint64_t position) const {
  const int os_errno = verdict == Verdict::stop ? EIO : plan_.fail_errno;
  throw Error(os_errno == ENOSPC ? ErrorCode::out_of_space : ErrorCode::io,
              std::string("fault device: planned failure of a ") + what, position, os_errno);
}

void FaultDevice::read(uint64_t offset, std::span<std::byte> out) {
  const std::lock_guard lock(mutex_);
  const uint64_t number = reads_++;
  if (stopped_) throw_failure(Verdict::stop, "read", offset);
  const bool fails =
      number >= plan_.fail_read_at && number - plan_.fail_read_at < plan_.fail_read_count;
  if (!inside(offset, out.size(), live_.size())) {
    throw_outside(ErrorCode::io, "read", offset, out.size(), live_.size());
  }
  const size_t filled = fails ? std::min<size_t>(plan_.fail_read_bytes, out.size()) : out.size();
  std::copy_n(live_.begin() + static_cast<ptrdiff_t>(offset), filled, out.begin());
  if (fails) {
    std::fill(out.begin() + static_cast<ptrdiff_t>(filled), out.end(), std::byte{0xdb});
    throw_failure(Verdict::fail, "read", offset);
  }
}

void FaultDevice::write(uint64_t offset, std::span<const Bytes> parts) {
  Operation operation{EventKind::write, offset, {}};
  for (Bytes part : parts) operation.data.insert(operation.data.end(), part.begin(), part.end());

  const std::lock_guard lock(mutex_);
  const bool already_stopped = stopped_;
  const Verdict verdict = begin_event(EventKind::write, offset, operation.data.size());
  if (!inside(offset, operation.data.size(), live_.size())) {
    throw_outside(ErrorCode::internal, "write", offset, operation.data.size(), live_.size());
  }
  if (verdict != Verdict::go_on) {
    const bool stops = verdict == Verdict::stop;
    if (stops) stopped_ = true;
    operation.data.resize(
        torn_bytes(operation, stops ? plan_.torn_sectors : plan_.fail_torn_sectors));
    if (!already_stopped && !operation.data.empty()) {
      apply(live_, operation);
      pending_.push_back(std::move(operation));
    }
    throw_failure(verdict, "write", offset);
  }
  if (offset + operation.data.size() > plan_.capacity_bytes) {
    events_.back().failed = true;
    throw Error(ErrorCode::out_of_space, "fault device: full", offset, ENOSPC);
  }
  if (operation.data.empty()) return;
  apply(live_, operation);
  pending_.push_back(std::move(operation));
}

void FaultDevice::resize(uint64_t size, bool reserve) {
  const std::lock_guard lock(mutex_);
  const Verdict verdict = begin_event(EventKind::resize, 0, size);
  if (verdict == Verdict::stop) stopped_ = true;
  if (verdict != Verdict::go_on) throw_failure(verdict, "resize", size);
  if (reserve && size <= live_.size()) return;  // never shrinks
  const bool grows = size > live_.size();
  if (grows && size > plan_.capacity_bytes && (reserve || !plan_.sparse_growth)) {
    events_.back().failed = true;
    throw Error(ErrorCode::out_of_space, "fault device: full", size, ENOSPC);
  }
  if (size == live_.size()) return;
  pending_.push_back({EventKind::resize, size, {}});
  apply(live_, pending_.back());
}

void FaultDevice::sync() {
  const std::lock_guard lock(mutex_);
  const Verdict verdict = begin_event(EventKind::sync, 0, 0);
  if (verdict == Verdict::stop) stopped_ = true;
  if (verdict == Verdict::fail && plan_.lose_on_sync_failure) lose_pending_writes();
  if (verdict != Verdict::go_on) throw_failure(verdict, "sync", Error::kNoPosition);
  for (const Operation& operation : pending_) apply(durable_, operation);
  pending_.clear();
}

void FaultDevice::lose_pending_writes() {
  // The event number joins the seed so that a second failure does not repeat the first one's draw.
  Draw draw(plan_.seed * 1'000'003 + events_.size());
  std::erase_if(pending_, [&](const Operation& operation) {
    return operation.kind == EventKind::write && draw.chance(500);
  });
}

// Clips to the image: a lost growth takes the writes behind it along (F2).
void FaultDevice::apply(Image& image, const Operation& operation) {
  if (operation.kind == EventKind::resize) {
    image.resize(operation.offset);
    return;
  }
  if (operation.offset >= image.size()) return;
  const size_t count = std::min<size_t>(operation.data.size(), image.size() - operation.offset);
  std::copy_n(operation.data.begin(), count,
              image.begin() + static_cast<ptrdiff_t>(operation.offset));
}

// Bytes of a write that lie in the first `sectors` sectors it touches.
size_t FaultDevice::torn_bytes(const Operation& write, uint64_t sectors) {
  const uint64_t first_sector = write.offset / kSectorBytes;
  const uint64_t last_sector = (write.offset + write.data.size() + kSectorBytes - 1) / kSectorBytes;
  if (sectors >= last_sector - first_sector) return write.data.size();
  if (sectors == 0) return 0;
  return static_cast<size_t>((first_sector + sectors) * kSectorBytes - write.offset);
}

std::vector<std::byte> FaultDevice::crash_image(CrashMode mode, uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  switch (mode) {
    case CrashMode::durable:
      return durable_;
    case CrashMode::all:
      return prefix_image(pending_.size(), 0);
    case CrashMode::prefix: {
      Draw draw(seed);
      const size_t operations = draw.below(pending_.size() + 1);
      return prefix_image(operations, draw.below(16));
    }
    case CrashMode::subset:
      return subset_image(seed);
    case CrashMode::sectors:
      return sector_image(seed);
  }
  throw Error(ErrorCode::internal, "fault device: unknown crash mode");
}

std::vector<std::byte> FaultDevice::crash_image_prefix(size_t operations,
                                                       uint64_t torn_sectors) const {
  const std::lock_guard lock(mutex_);
  return prefix_image(operations, torn_sectors);
}

std::vector<std::byte> FaultDevice::crash_image_torn(bool earlier_arrived, size_t begin,
                                                     size_t end) const {
  const std::lock_guard lock(mutex_);
  if (pending_.empty() || pending_.back().kind != EventKind::write ||
      !inside(begin, end - begin, pending_.back().data.size())) {
    throw Error(ErrorCode::internal, "fault device: no such piece of a newest write");
  }
  Image image = earlier_arrived ? prefix_image(pending_.size() - 1, 0) : durable_;
  const Operation& whole = pending_.back();
  const auto from = whole.data.begin();
  apply(image, {EventKind::write,
                whole.offset + begin,
                {from + static_cast<ptrdiff_t>(begin), from + static_cast<ptrdiff_t>(end)}});
  return image;
}

FaultDevice::Image FaultDevice::prefix_image(size_t operations, uint64_t torn_sectors) const {
  Image image = durable_;
  operations = std::min(operations, pending_.size());
  for (size_t i = 0; i < operations; ++i) apply(image, pending_[i]);
  if (operations < pending_.size() && pending_[operations].kind == EventKind::write) {
    Operation torn = pending_[operations];
    torn.data.resize(torn_bytes(torn, torn_sectors));
    apply(image, torn);
  }
  return image;
}

FaultDevice::Image FaultDevice::subset_image(uint64_t seed) const {
  Draw draw(seed);
  const uint64_t rate = draw_arrival_rate(draw);
  const size_t resizes =
      static_cast<size_t>(std::count_if(pending_.begin(), pending_.end(), [](const Operation& o) {
        return o.kind == EventKind::resize;
      }));
  size_t resizes_left = draw.below(resizes + 1);

  Image image = durable_;
  // A truncation that did not arrive: what was written behind its end afterwards went to blocks the
  // medium never learned about.
  uint64_t reachable = kNever;
  for (const Operation& operation : pending_) {
    if (operation.kind == EventKind::resize) {
      if (resizes_left > 0) {
        --resizes_left;
        apply(image, operation);
      } else {
        reachable = std::min(reachable, operation.offset);
      }
    } else if (draw.chance(rate) && operation.offset < reachable) {
      Operation clipped = operation;
      clipped.data.resize(std::min<uint64_t>(clipped.data.size(), reachable - operation.offset));
      apply(image, clipped);
    }
  }
  return image;
}

// Per sector: the contents it had since the last sync, as far as the arrived resizes let them
// through, and a draw among them.
FaultDevice::Image FaultDevice::sector_image(uint64_t seed) const {
  Draw draw(seed);
  const uint64_t rate = draw_arrival_rate(draw);

  std::vector<size_t> resizes;                        // indices into pending_
  std::map<uint64_t, std::vector<size_t>> writes_to;  // sector -> indices into pending_
  for (size_t i = 0; i < pending_.size(); ++i) {
    const Operation& operation = pending_[i];
    if (operation.kind == EventKind::resize) {
      resizes.push_back(i);
      continue;
    }
    const uint64_t end = operation.offset + operation.data.size();
    for (uint64_t s = operation.offset / kSectorBytes; s * kSectorBytes < end; ++s) {
      writes_to[s].push_back(i);
    }
  }
  const size_t arrived_resizes = draw.below(resizes.size() + 1);

  // The sizes come first: they zero what truncation took, and fix the size of the image.
  Image image = durable_;
  for (size_t r = 0; r < arrived_resizes; ++r) apply(image, pending_[resizes[r]]);

  for (const auto& [sector, writes] : writes_to) {
    const uint64_t begin = sector * kSectorBytes;
    if (begin >= image.size()) continue;
    const size_t bytes = std::min<uint64_t>(kSectorBytes, image.size() - begin);

    // All writes, none, or stopped somewhere between.
    size_t arrived_writes = 0;
    if (draw.chance(rate)) {
      arrived_writes = writes.size();
    } else if (writes.size() > 1 && draw.chance(500)) {
      arrived_writes = draw.below(writes.size());
    }

    Operation content{EventKind::write, begin, std::vector<std::byte>(kSectorBytes)};
    if (begin < durable_.size()) {
      const size_t present = std::min<uint64_t>(kSectorBytes, durable_.size() - begin);
      std::copy_n(durable_.begin() + static_cast<ptrdiff_t>(begin), present, content.data.begin());
    }
    size_t next_resize = 0;
    size_t writes_seen = 0;
    // Runs the resizes before pending operation `until`; false when one of them lost the sector.
    const auto run_resizes = [&](size_t until) {
      for (; next_resize < resizes.size() && resizes[next_resize] < until; ++next_resize) {
        const uint64_t new_size = pending_[resizes[next_resize]].offset;
        if (new_size >= begin + kSectorBytes) continue;
        if (next_resize >= arrived_resizes) return false;  // later writes went to unknown blocks
        const size_t kept = new_size > begin ? static_cast<size_t>(new_size - begin) : 0;
        std::fill(content.data.begin() + static_cast<ptrdiff_t>(kept), content.data.end(),
                  std::byte{0});
      }
      return true;
    };
    bool reachable = true;
    for (size_t index : writes) {
      reachable = run_resizes(index);
      if (!reachable) break;
      if (writes_seen++ >= arrived_writes) continue;
      const Operation& write = pending_[index];
      const uint64_t from = std::max(begin, write.offset);
      const uint64_t to = std::min(begin + kSectorBytes, write.offset + write.data.size());
      std::copy_n(write.data.begin() + static_cast<ptrdiff_t>(from - write.offset), to - from,
                  content.data.begin() + static_cast<ptrdiff_t>(from - begin));
    }
    if (reachable) static_cast<void>(run_resizes(pending_.size()));
    content.data.resize(bytes);
    apply(image, content);
  }
  return image;
}

FaultBackend::FaultBackend(std::shared_ptr<FaultDevice> device) : device_(std::move(device)) {
  device_->open();
  open_ = true;
}

FaultBackend::~FaultBackend() {
  try {
    close();
  } catch (const Error&) {
    // As a file's destructor: nobody is left to tell.
  }
}

FaultDevice& FaultBackend::device() const {
  if (!open_) throw Error(ErrorCode::internal, "fault device: used after close");
  return *device_;
}

uint64_t FaultBackend::size() { return device().size(); }

void FaultBackend::read(uint64_t offset, std::span<std::byte> out) { device().read(offset, out); }

void FaultBackend::write(uint64_t offset, Bytes data) { device().write(offset, {&data, 1}); }

void FaultBackend::write_gather(uint64_t offset, std::span<const Bytes> parts) {
  device().write(offset, parts);
}

void FaultBackend::sync() { device().sync(); }

void FaultBackend::resize(uint64_t size) { device().resize(size, false); }

void FaultBackend::grow_reserved(uint64_t size) { device().resize(size, true); }

void FaultBackend::close() {
  if (!open_) return;
  open_ = false;
  device_->close();
}

}  // namespace rdb::test
