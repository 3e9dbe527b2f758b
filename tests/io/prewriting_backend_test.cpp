#include "io/prewriting_backend.hpp"

#include <random>

#include "fault_backend.hpp"
#include "io/file_backend.hpp"
#include "support.hpp"
#include "temp_dir.hpp"

namespace {

using namespace rdb;
using namespace rdb::test;
using io::PrewritingBackend;

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kPage = 4096;

// A device whose space was reserved and never written, filled with a byte that tells zeros from it.
struct Reserved {
  explicit Reserved(uint64_t bytes)
      : device(FaultDevice::from_image(std::vector<std::byte>(kPage, std::byte{7}))),
        backend(std::make_unique<FaultBackend>(device)) {
    backend.grow_reserved(bytes);
    events_before = device->event_count();
  }

  void put(uint64_t offset, uint64_t bytes) {
    backend.write(offset, std::vector<std::byte>(bytes, std::byte{7}));
  }
  uint64_t bytes_written() const {
    uint64_t bytes = 0;
    const std::vector<Event> events = device->events();
    for (size_t i = events_before; i < events.size(); ++i) {
      if (events[i].kind == EventKind::write) bytes += events[i].bytes;
    }
    return bytes;
  }

  std::shared_ptr<FaultDevice> device;
  PrewritingBackend backend;
  size_t events_before = 0;
};

}  // namespace

TEST_SUITE("io/prewriting_backend") {
  TEST_CASE("a small write into reserved space is followed by zeros at its sync, once") {
    Reserved r(3 * kMiB);
    r.put(kPage, kPage);
    CHECK(r.bytes_written() == kPage);  // not before the sync
    r.backend.sync();
    CHECK(r.bytes_written() == kPage + PrewritingBackend::kAheadBytes);
    CHECK(r.backend.unwritten_bytes() == 3 * kMiB - 2 * kPage - PrewritingBackend::kAheadBytes);

    r.put(2 * kPage, kPage);  // into the zeros
    r.backend.sync();
    CHECK(r.bytes_written() == 2 * kPage + PrewritingBackend::kAheadBytes);
  }

  TEST_CASE("two places are both prepared, and the end of the space ends the zeros") {
    Reserved r(3 * kMiB);
    r.put(kPage, kPage);
    r.put(3 * kMiB - 4 * kPage, kPage);
    r.backend.sync();
    CHECK(r.bytes_written() == 2 * kPage + PrewritingBackend::kAheadBytes + 3 * kPage);
  }

  TEST_CASE("a commit larger than small prepares nothing") {
    Reserved r(3 * kMiB);
    r.put(kPage, PrewritingBackend::kSmallBytes + kPage);
    r.backend.sync();
    CHECK(r.bytes_written() == PrewritingBackend::kSmallBytes + kPage);
    r.put(2 * kMiB, kPage);  // the next one is counted by itself
    r.backend.sync();
    CHECK(r.bytes_written() > kMiB);
  }

  TEST_CASE("a bulk load prepares a share of itself behind its highest write") {
    Reserved r(80 * kMiB);
    const uint64_t bulk = 2 * PrewritingBackend::kLargeShare * PrewritingBackend::kAheadBytes;
    r.put(kPage, bulk + kPage);
    r.put(bulk + 4 * kPage, kPage);
    r.backend.sync();
    CHECK(r.bytes_written() == bulk + 2 * kPage + 2 * PrewritingBackend::kAheadBytes);
    r.put(bulk + 5 * kPage, kPage);  // into the zeros
    r.backend.sync();
    CHECK(r.bytes_written() == bulk + 3 * kPage + 2 * PrewritingBackend::kAheadBytes);
  }

  TEST_CASE("space that was written, or is not reserved, is left alone") {
    Reserved r(kPage);
    r.backend.resize(2 * kMiB);
    r.put(kPage, kPage);
    r.backend.sync();
    CHECK(r.bytes_written() == kPage);
    r.backend.grow_reserved(4 * kMiB);
    r.put(2 * kMiB - kPage, kPage);  // ends where the reserved space begins
    r.backend.sync();
    CHECK(r.bytes_written() == 2 * kPage);
  }

  TEST_CASE("what is cut off is forgotten") {
    Reserved r(3 * kMiB);
    r.backend.resize(kMiB);
    CHECK(r.backend.unwritten_bytes() == kMiB - kPage);
    r.put(kPage, kPage);
    r.backend.sync();
    CHECK(r.backend.size() == kMiB);
    CHECK(r.backend.unwritten_bytes() == 0);
  }

  TEST_CASE("P1: zeros never cover what was written") {
    std::mt19937_64 random(11);
    for (int round = 0; round < 50; ++round) {
      const auto device = std::make_shared<FaultDevice>();
      PrewritingBackend backend(std::make_unique<FaultBackend>(device));
      std::vector<std::byte> expected;
      for (int step = 0; step < 60; ++step) {
        const uint64_t kind = random() % 10;
        if (kind == 0) {
          expected.resize(expected.size() + (1 + random() % 500) * kPage);
          backend.grow_reserved(expected.size());
        } else if (kind == 1) {
          expected.resize(expected.size() / kPage * (random() % 4) / 3 * kPage);
          backend.resize(expected.size());
        } else if (kind < 4) {
          backend.sync();
        } else if (!expected.empty()) {
          const uint64_t offset = random() % (expected.size() / kPage) * kPage;
          const uint64_t most = (expected.size() - offset) / kPage;
          const uint64_t bytes = (1 + random() % std::min<uint64_t>(most, 80)) * kPage;
          const std::vector<std::byte> data(bytes, static_cast<std::byte>(1 + random() % 255));
          std::copy(data.begin(), data.end(),
                    expected.begin() + static_cast<std::ptrdiff_t>(offset));
          if (kind < 6) {
            const std::vector<Bytes> parts = {Bytes(data).first(1), Bytes(data).subspan(1)};
            backend.write_gather(offset, parts);
          } else if (kind == 6) {
            backend.append(offset, data);
          } else {
            backend.write(offset, data);
          }
        }
      }
      REQUIRE(device->live_image() == expected);
    }
  }

  TEST_CASE("P2: zeros that cannot be written end the preparation and fail nothing") {
    Reserved r(3 * kMiB);
    r.put(kPage, kPage);
    FaultPlan plan;
    plan.fail_at = r.device->event_count();
    plan.fail_errno = ENOSPC;
    r.device->set_plan(plan);
    CHECK_NOTHROW(r.backend.sync());
    CHECK(r.backend.unwritten_bytes() == 0);
    const uint64_t before = r.bytes_written();
    r.put(2 * kMiB, kPage);
    CHECK_NOTHROW(r.backend.sync());
    CHECK(r.bytes_written() == before + kPage);
  }

  TEST_CASE("a file keeps its bytes around the zeros, aligned for the device or not") {
    const TempDir folder;
    PrewritingBackend backend(io::FileBackend::open(folder / "file", OpenMode::create, false));
    backend.grow_reserved(3 * kMiB);
    uint64_t first = 5 * kPage;
    SUBCASE("aligned") {}
    SUBCASE("not") { first += 100; }
    const std::vector<std::byte> data(kPage, std::byte{9});
    backend.write(first, data);
    backend.sync();
    CHECK(backend.unwritten_bytes() == 3 * kMiB - kPage - PrewritingBackend::kAheadBytes);
    std::vector<std::byte> all(3 * kMiB);
    backend.read(0, all);
    std::vector<std::byte> expected(3 * kMiB);
    std::copy(data.begin(), data.end(), expected.begin() + static_cast<std::ptrdiff_t>(first));
    CHECK(all == expected);
    backend.write(first + kPage, data);  // where zeros passed the page cache
    std::vector<std::byte> page(kPage);
    backend.read(first + kPage, page);
    CHECK(page == data);
    backend.close();
  }
}
