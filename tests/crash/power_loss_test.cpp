// Power loss at every write, resize and sync of a mixed workload.
//
// For every event n: the device stops there, with the stopping write torn; crash images are made of
// what it holds, in every mode; each must open to the last acknowledged durable commit or the one
// in flight, verify completely, take more work, close and open again. A part of the images loses
// power once more while it is opened and used.
//
// RDB_CRASH_SEEDS sets how many seeds each random mode draws from at every event (default 2).
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "image_check.hpp"
#include "image_edit.hpp"
#include "short_form.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

uint64_t seeds_per_mode() {
  const char* text = std::getenv("RDB_CRASH_SEEDS");
  return text == nullptr ? 2 : std::strtoull(text, nullptr, 0);
}

struct Tally {
  uint64_t points = 0, images = 0, second_points = 0, second_images = 0, older = 0, newer = 0;
};

// The power goes again at every event of opening, one commit and closing.
void check_second_loss(const std::vector<std::byte>& image, const OpenOptions& options,
                       const AllowedStates& allowed, Tally& tally) {
  for (uint64_t n = 0;; ++n) {
    const auto device = FaultDevice::from_image(image);
    FaultPlan plan;
    plan.stop_at = n;
    plan.torn_sectors = n % 3;
    device->set_plan(plan);
    AllowedStates now = allowed;
    bool finished = false;
    try {
      Database database = open_device(device, options);
      const State found = require_allowed(state_of(database.begin_read()), allowed);
      now = {found, found};
      now.in_flight->try_emplace("after");
      for (int i = 0; i < 5; ++i) {
        (*now.in_flight)["after"]["row " + std::to_string(i)] = std::string(900, 'a');
      }
      now.durable = add_rows(database, found);
      database.close();
      finished = true;
    } catch (const Error&) {
    }
    ++tally.second_points;
    for (CrashMode mode : {CrashMode::durable, CrashMode::all, CrashMode::sectors}) {
      CAPTURE(n);
      CAPTURE(static_cast<int>(mode));
      ++tally.second_images;
      const auto survivor = FaultDevice::from_image(device->crash_image(mode, n));
      Database database = open_device(survivor, options);
      require_allowed(state_of(database.begin_read()), now);
      CHECK_VERIFIES(database);
    }
    if (finished) return;
  }
}

void run_everywhere(const char* what, Workload::Kind kind, const OpenOptions& options,
                    uint64_t seeds, bool as_file = false) {
  Tally tally;
  for (uint64_t n = 0;; n += one_in(7)) {
    const auto device = std::make_shared<FaultDevice>();
    FaultPlan plan;
    plan.stop_at = n;
    plan.torn_sectors = n * 7 % 40;
    device->set_plan(plan);
    if (as_file) device->open_as_file();
    Workload workload(device, options, kind);
    const bool finished = workload.run();
    CAPTURE(n);
    const std::string step = workload.next_step();
    CAPTURE(step);
    if (!finished) REQUIRE(device->stopped());
    workload.drop();
    ++tally.points;

    for (CrashMode mode : kAllCrashModes) {
      CAPTURE(static_cast<int>(mode));
      const bool random = mode != CrashMode::durable && mode != CrashMode::all;
      for (uint64_t seed = 0; seed < (random ? seeds : 1); ++seed) {
        CAPTURE(seed);
        const auto image = device->crash_image(mode, seed + 100 * n);
        ++tally.images;
        if (image.size() >= format::kHeaderBytes && image[0] != std::byte{0}) {
          // C4, which rdb itself could do without: it looks at the file's length.
          CHECK(header_of(image).layout.file_bytes() <= image.size());
        }
        const bool newer = check_image(image, options, workload.allowed(), Judge::goes_on);
        ++(newer ? tally.newer : tally.older);
        if (mode == CrashMode::sectors && seed == 0 && n % 6 == 0) {
          check_second_loss(image, options, workload.allowed(), tally);
        }
      }
    }
    if (finished) break;
  }
  const auto u = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "%s: %llu crash points, %llu images (%llu held the commit in flight, %llu the one before); "
      "power lost again at %llu points, %llu images\n",
      what, u(tally.points), u(tally.images), u(tally.newer), u(tally.older),
      u(tally.second_points), u(tally.second_images));
  // A workload that has become too small to prove anything must not pass unseen.
  CHECK(tally.points > 50 / one_in(7));
  CHECK(tally.newer > 0);
}

}  // namespace

TEST_SUITE("crash/power loss") {
  TEST_CASE("power loss at any event leaves the last durable commit or the one in flight") {
    run_everywhere("power loss", Workload::Kind::mixed, {}, seeds_per_mode());
  }

  TEST_CASE(
      "C1, P2: a page the durable state reaches is not overwritten, however scarce pages are") {
    run_everywhere("power loss, scarce pages", Workload::Kind::reuse, {}, seeds_per_mode());
  }

  TEST_CASE("the same with zeros written ahead of small commits") {
    run_everywhere("power loss, zeros ahead", Workload::Kind::mixed, {}, (seeds_per_mode() + 1) / 2,
                   true);
  }

  TEST_CASE("the same with small regions, a tiny budget and a mirror") {
    OpenOptions options;
    options.region_pages = 64;
    options.memory_budget_bytes = 1;
    options.eof_mirror = true;
    run_everywhere("power loss, small regions and mirror", Workload::Kind::mixed, options,
                   (seeds_per_mode() + 1) / 2);
  }
}

}  // namespace rdb::test
