// Every write of a mixed workload torn at every place where it can be.
//
// Page writes are torn at each sector boundary, header writes at each byte (N2 of
// docs/format/media-assumptions.md: not even a sector is assumed to be written whole); what arrives
// is the front of the write or its back. What was pending before arrived, or, for the header, did
// not. Each image must open to the durable state or the one in flight and verify completely.
//
// RDB_CRASH_LONG=1 also drops the earlier writes of torn page writes, cuts at every sector in the
// second case too, and lets each image be written to, closed and opened again instead of every
// sixteenth.
#include <cstdio>
#include <cstdlib>

#include "image_check.hpp"
#include "short_form.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

constexpr size_t kHeaderBytes = 320;

bool exhaustive() {
  const char* text = std::getenv("RDB_CRASH_LONG");
  return text != nullptr && text[0] == '1';
}

struct Tally {
  uint64_t page_writes = 0, page_tears = 0, header_writes = 0, header_tears = 0, newer = 0;
  unsigned long long images() const { return page_tears + header_tears; }
};

class Tears {
 public:
  // Judges the tears of the newest write of a device; of a page write every stride-th.
  Tears(const FaultDevice& device, const OpenOptions& options, const AllowedStates& allowed,
        size_t stride, Tally& tally)
      : device_(device), options_(options), allowed_(allowed), stride_(stride), tally_(tally) {}

  // Bytes [begin, end) of the newest write arrived. Images that equal the one before are not judged
  // again: most bytes of a header are written as they were.
  void check(bool earlier_arrived, size_t begin, size_t end, uint64_t& count) {
    CAPTURE(earlier_arrived);
    CAPTURE(begin);
    CAPTURE(end);
    auto image = device_.crash_image_torn(earlier_arrived, begin, end);
    if (image == last_) return;
    const bool goes_on = exhaustive() || tally_.images() % 16 == 0;
    if (check_image(image, options_, allowed_, goes_on ? Judge::goes_on : Judge::opens)) {
      ++tally_.newer;
    }
    ++count;
    last_ = std::move(image);
  }

  void check_page_write(const Event& event) {
    ++tally_.page_writes;
    std::vector<size_t> cuts;
    const size_t bytes = event.bytes;
    for (size_t cut = kSectorBytes - event.offset % kSectorBytes; cut < bytes;
         cut += one_in(5) * stride_ * kSectorBytes) {
      cuts.push_back(cut);
    }
    for (size_t cut : cuts) check(true, 0, cut, tally_.page_tears);
    for (size_t cut : cuts) {
      if (exhaustive()) check(true, cut, bytes, tally_.page_tears);
    }
    for (size_t cut : cuts) {
      if (exhaustive()) check(false, 0, cut, tally_.page_tears);
    }
  }

  void check_header_write(const Event& event) {
    ++tally_.header_writes;
    REQUIRE_EQ(event.bytes, kHeaderBytes);
    for (bool earlier_arrived : {true, false}) {
      for (size_t cut = 0; cut < kHeaderBytes; cut += one_in(5)) {
        check(earlier_arrived, 0, cut, tally_.header_tears);
      }
      for (size_t cut = 0; cut < kHeaderBytes; cut += one_in(5)) {
        check(earlier_arrived, cut, kHeaderBytes, tally_.header_tears);
      }
    }
  }

 private:
  const FaultDevice& device_;
  const OpenOptions& options_;
  const AllowedStates allowed_;
  const size_t stride_;
  Tally& tally_;
  std::vector<std::byte> last_;
};

void tear_everywhere(const char* what, Workload::Kind kind, const OpenOptions& options,
                     size_t stride) {
  Tally tally;
  bool finished = false;
  for (uint64_t n = 0; !finished; n += one_in(7)) {
    const auto device = std::make_shared<FaultDevice>();
    FaultPlan plan;
    plan.stop_at = n;
    plan.torn_sectors = kNever;  // the whole write is there, to be cut below
    device->set_plan(plan);
    Workload workload(device, options, kind);
    finished = workload.run();
    workload.drop();
    if (finished) break;
    const Event event = device->events()[n];
    if (event.kind != EventKind::write) continue;
    CAPTURE(n);
    const std::string step = workload.next_step();
    CAPTURE(step);
    Tears tears(*device, options, workload.allowed(), exhaustive() ? 1 : stride, tally);
    event.offset == 0 ? tears.check_header_write(event) : tears.check_page_write(event);
  }
  const auto u = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "%s: %llu page writes torn at %llu sector boundaries, %llu header writes torn to %llu "
      "different images, %llu of them held the commit in flight\n",
      what, u(tally.page_writes), u(tally.page_tears), u(tally.header_writes),
      u(tally.header_tears), u(tally.newer));
  CHECK(tally.page_tears > 4 * tally.page_writes);
  CHECK(tally.header_tears > 40 / one_in(5) * tally.header_writes);
  CHECK(tally.newer > 0);
}

}  // namespace

TEST_SUITE("crash/torn writes") {
  TEST_CASE("N2: a write torn at any sector boundary, the header at any byte, costs no commit") {
    tear_everywhere("torn writes", Workload::Kind::mixed, {}, 1);
  }

  TEST_CASE("N2: the same with small regions and a mirror") {
    OpenOptions options;
    options.region_pages = 64;
    options.eof_mirror = true;
    tear_everywhere("torn writes, small regions and mirror", Workload::Kind::reuse, options, 8);
  }
}

}  // namespace rdb::test
