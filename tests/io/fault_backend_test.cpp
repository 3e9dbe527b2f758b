// The crash suite believes what this device says, so the device has tests of its own.
#include "fault_backend.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include "support.hpp"

namespace {

using namespace rdb;
using namespace rdb::test;

using Image = std::vector<std::byte>;

Image filled(size_t size, int value) { return Image(size, static_cast<std::byte>(value)); }

// First byte of each sector, as digits: "0012" is four sectors.
std::string sectors_of(const Image& image) {
  std::string text;
  for (size_t at = 0; at < image.size(); at += kSectorBytes) {
    text += static_cast<char>('0' + static_cast<int>(image[at]));
  }
  return text;
}

// Crash images of many seeds, as the text of sectors_of.
std::set<std::string> outcomes(const FaultDevice& device, CrashMode mode, uint64_t seeds = 400) {
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    texts.insert(sectors_of(device.crash_image(mode, seed)));
  }
  return texts;
}

// A device of some durable sectors, all of them 1.
struct Fixture {
  explicit Fixture(size_t sectors = 4)
      : device(FaultDevice::from_image(filled(sectors * kSectorBytes, 1))), backend(device) {}

  void write_sectors(size_t first, size_t count, int value) {
    backend.write(first * kSectorBytes, filled(count * kSectorBytes, value));
  }

  std::shared_ptr<FaultDevice> device;
  FaultBackend backend;
};

}  // namespace

TEST_SUITE("support/fault_backend") {
  TEST_CASE("without a plan it is a plain backend") {
    auto device = std::make_shared<FaultDevice>();
    FaultBackend backend(device);
    backend.resize(10);
    backend.write(2, as_bytes("ab"));
    backend.write_gather(4, std::vector<Bytes>{as_bytes("c"), as_bytes("d")});
    std::vector<std::byte> out(10);
    backend.read(0, out);
    CHECK(hex(out) == "00006162636400000000");
    backend.grow_reserved(12);
    backend.grow_reserved(3);
    CHECK(backend.size() == 12);
    backend.resize(3);
    CHECK(hex(device->live_image()) == "000061");
  }

  TEST_CASE("a read past the end is an io error, a write past it an internal one") {
    Fixture f;
    std::vector<std::byte> out(2);
    CHECK_THROWS_CODE(f.backend.read(f.backend.size() - 1, out), ErrorCode::io);
    CHECK_THROWS_CODE(f.backend.write(f.backend.size() - 1, out), ErrorCode::internal);
    CHECK(f.device->pending_count() == 0);
  }

  TEST_CASE("a device is open once at a time and outlives its backends") {
    auto device = std::make_shared<FaultDevice>();
    {
      FaultBackend first(device);
      first.resize(1);
      CHECK_THROWS_CODE(FaultBackend(device), ErrorCode::already_open);
    }
    FaultBackend second(device);
    CHECK(second.size() == 1);
    second.close();
    CHECK_THROWS_CODE(second.size(), ErrorCode::internal);
  }

  TEST_CASE("sync makes everything before it durable, closing does not") {
    Fixture f;
    f.write_sectors(0, 1, 2);
    CHECK(sectors_of(f.device->crash_image(CrashMode::durable)) == "1111");
    CHECK(sectors_of(f.device->crash_image(CrashMode::all)) == "2111");
    CHECK(f.device->pending_count() == 1);
    f.backend.close();
    CHECK(sectors_of(f.device->crash_image(CrashMode::durable)) == "1111");
    FaultBackend again(f.device);
    again.sync();
    CHECK(f.device->pending_count() == 0);
    for (CrashMode mode : kAllCrashModes)
      CHECK(outcomes(*f.device, mode, 5) == std::set<std::string>{"2111"});
  }

  TEST_CASE("every write, resize and sync is one numbered event") {
    Fixture f;
    f.backend.write(5, as_bytes("abc"));
    f.backend.write_gather(7, std::vector<Bytes>{as_bytes("ab"), as_bytes("c")});
    f.backend.resize(3000);
    f.backend.grow_reserved(4000);
    f.backend.sync();
    std::vector<std::byte> out(1);
    f.backend.read(0, out);
    const std::vector<Event> expected = {{EventKind::write, 5, 3},
                                         {EventKind::write, 7, 3},
                                         {EventKind::resize, 0, 3000},
                                         {EventKind::resize, 0, 4000},
                                         {EventKind::sync, 0, 0}};
    CHECK(f.device->events() == expected);
    CHECK(f.device->event_count() == 5);
    CHECK(f.device->read_count() == 1);
  }

  TEST_CASE("after the stopping event everything fails for ever") {
    for (uint64_t n = 0; n < 3; ++n) {
      CAPTURE(n);
      Fixture f;
      f.device->set_plan({.stop_at = n});
      const std::vector<std::function<void()>> events = {[&] { f.write_sectors(1, 1, 2); },
                                                         [&] { f.backend.sync(); },
                                                         [&] { f.backend.resize(kSectorBytes); }};
      for (uint64_t i = 0; i < events.size(); ++i) {
        if (i < n) {
          events[i]();
          CHECK_FALSE(f.device->stopped());
        } else {
          CHECK_THROWS_CODE(events[i](), ErrorCode::io);
          CHECK(f.device->stopped());
        }
      }
      std::vector<std::byte> out(1);
      CHECK_THROWS_CODE(f.backend.read(0, out), ErrorCode::io);
      // The write arrives if it came before, for certain once it was synced; the resize never ran.
      CHECK(sectors_of(f.device->crash_image(CrashMode::all)) == (n >= 1 ? "1211" : "1111"));
      CHECK(sectors_of(f.device->crash_image(CrashMode::durable)) == (n >= 2 ? "1211" : "1111"));
    }
  }

  TEST_CASE("the stopping write leaves as many of its sectors as the plan says") {
    for (uint64_t torn : {0, 1, 2, 3, 9}) {
      Fixture f;
      f.device->set_plan({.stop_at = 0, .torn_sectors = torn});
      // Touches the last half of sector 0, all of sector 1 and the first half of sector 2.
      CHECK_THROWS_CODE(f.backend.write(256, filled(1024, 2)), ErrorCode::io);
      CHECK_THROWS_CODE(f.backend.write(256, filled(1024, 3)), ErrorCode::io);
      Image expected = filled(4 * kSectorBytes, 1);
      const size_t ends[] = {256, 512, 1024, 1280};
      std::fill(expected.begin() + 256,
                expected.begin() + static_cast<ptrdiff_t>(ends[std::min<uint64_t>(torn, 3)]),
                std::byte{2});
      CHECK(f.device->crash_image(CrashMode::all) == expected);
      CHECK(f.device->crash_image(CrashMode::durable) == filled(4 * kSectorBytes, 1));
    }
  }

  TEST_CASE("short-lived trouble passes, and the failed events did nothing") {
    Fixture f;
    f.device->set_plan({.fail_at = 1, .fail_count = 2, .fail_errno = ENOSPC});
    f.write_sectors(0, 1, 2);
    CHECK_THROWS_CODE(f.write_sectors(1, 1, 2), ErrorCode::out_of_space);
    CHECK_THROWS_CODE(f.backend.sync(), ErrorCode::out_of_space);
    CHECK(sectors_of(f.device->crash_image(CrashMode::durable)) == "1111");
    f.write_sectors(2, 1, 2);
    f.backend.sync();
    CHECK(sectors_of(f.device->crash_image(CrashMode::durable)) == "2121");
    CHECK(f.device->events()[1].failed);
    CHECK_FALSE(f.device->events()[3].failed);
  }

  TEST_CASE("a short write fails and leaves its first sectors") {
    Fixture f;
    f.device->set_plan({.fail_at = 0, .fail_torn_sectors = 2});
    CHECK_THROWS_CODE(f.write_sectors(0, 3, 2), ErrorCode::io);
    CHECK(sectors_of(f.device->live_image()) == "2211");
    CHECK_FALSE(f.device->stopped());
    f.write_sectors(1, 1, 3);
    f.backend.sync();
    CHECK(sectors_of(f.device->crash_image(CrashMode::durable)) == "2311");
  }

  TEST_CASE("reads fail by their own count, and a short read fills a part") {
    Fixture f;
    f.device->set_plan({.fail_read_at = 1, .fail_read_bytes = 2});
    std::vector<std::byte> out(4);
    f.backend.read(0, out);
    out.assign(4, std::byte{0});
    CHECK_THROWS_CODE(f.backend.read(0, out), ErrorCode::io);
    CHECK(hex(out) == "0101dbdb");
    f.backend.read(0, out);
    CHECK(hex(out) == "01010101");
  }

  TEST_CASE("a close that fails frees the device and loses nothing that was synced") {
    const auto device = FaultDevice::from_image(filled(kSectorBytes, 1));
    device->set_plan({.fail_close = true});
    FaultBackend backend(device);
    backend.write(0, filled(kSectorBytes, 2));
    backend.sync();
    CHECK_THROWS_CODE(backend.close(), ErrorCode::io);
    CHECK(sectors_of(device->crash_image(CrashMode::durable)) == "2");
    const FaultBackend again(device);  // its destructor fails in silence
  }

  TEST_CASE("a torn newest write brings any piece of it, with or without what came before") {
    Fixture f;
    f.write_sectors(0, 1, 2);
    f.backend.write(kSectorBytes, filled(1000, 3));
    CHECK(sectors_of(f.device->crash_image_torn(true, 0, 0)) == "2111");
    CHECK(sectors_of(f.device->crash_image_torn(true, 0, 1000)) == "2331");
    CHECK(sectors_of(f.device->crash_image_torn(false, 512, 1000)) == "1131");
    Image expected = filled(4 * kSectorBytes, 1);
    std::fill_n(expected.begin() + 512 + 7, 3, std::byte{3});
    CHECK(f.device->crash_image_torn(false, 7, 10) == expected);
    CHECK_THROWS_CODE(f.device->crash_image_torn(true, 0, 1001), ErrorCode::internal);
    f.backend.resize(kSectorBytes);
    CHECK_THROWS_CODE(f.device->crash_image_torn(true, 0, 1), ErrorCode::internal);
  }

  TEST_CASE("a failing sync may lose writes that no later sync brings back") {
    std::set<std::string> durable;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      Fixture f;
      f.device->set_plan({.fail_at = 2, .lose_on_sync_failure = true, .seed = seed});
      f.write_sectors(0, 1, 2);
      f.write_sectors(1, 1, 3);
      CHECK_THROWS_CODE(f.backend.sync(), ErrorCode::io);
      CHECK(sectors_of(f.device->live_image()) == "2311");  // the cache goes on showing it
      f.backend.sync();
      durable.insert(sectors_of(f.device->crash_image(CrashMode::durable)));
    }
    CHECK(durable == std::set<std::string>{"1111", "2111", "1311", "2311"});
  }

  TEST_CASE("a full device refuses to grow and stays as it is") {
    Fixture f;
    f.device->set_plan({.capacity_bytes = 5 * kSectorBytes});
    f.backend.resize(5 * kSectorBytes);
    CHECK_THROWS_CODE(f.backend.resize(5 * kSectorBytes + 1), ErrorCode::out_of_space);
    CHECK_THROWS_CODE(f.backend.grow_reserved(6 * kSectorBytes), ErrorCode::out_of_space);
    CHECK(f.backend.size() == 5 * kSectorBytes);
    f.write_sectors(4, 1, 2);
    f.backend.sync();
    f.device->set_plan({});  // somebody made room
    f.backend.resize(6 * kSectorBytes);
  }

  TEST_CASE("on a sparse device the write runs out of space, not the resize") {
    Fixture f;
    f.device->set_plan({.capacity_bytes = 5 * kSectorBytes, .sparse_growth = true});
    CHECK_THROWS_CODE(f.backend.grow_reserved(6 * kSectorBytes), ErrorCode::out_of_space);
    f.backend.resize(6 * kSectorBytes);
    f.write_sectors(4, 1, 2);
    CHECK_THROWS_CODE(f.write_sectors(5, 1, 2), ErrorCode::out_of_space);
    CHECK(f.device->pending_count() == 2);
  }

  TEST_CASE("crash images depend on device, mode and seed only, and change nothing") {
    Fixture f;
    for (int i = 0; i < 8; ++i) f.write_sectors(static_cast<size_t>(i) % 4, 1, 2 + i);
    const Image live = f.device->live_image();
    for (CrashMode mode : kAllCrashModes) {
      CHECK(f.device->crash_image(mode, 7) == f.device->crash_image(mode, 7));
    }
    CHECK(f.device->live_image() == live);
    CHECK(f.device->pending_count() == 8);
    CHECK(f.device->crash_image(CrashMode::all) == live);
  }

  TEST_CASE("a prefix image holds the first operations and a torn next one") {
    Fixture f;
    f.write_sectors(0, 1, 2);
    f.backend.resize(2 * kSectorBytes);
    f.write_sectors(0, 2, 3);
    CHECK(sectors_of(f.device->crash_image_prefix(0)) == "1111");
    CHECK(sectors_of(f.device->crash_image_prefix(1)) == "2111");
    CHECK(sectors_of(f.device->crash_image_prefix(2)) == "21");
    CHECK(sectors_of(f.device->crash_image_prefix(2, 1)) == "31");
    CHECK(sectors_of(f.device->crash_image_prefix(3)) == "33");
    CHECK(sectors_of(f.device->crash_image_prefix(99)) == "33");
    CHECK(outcomes(*f.device, CrashMode::prefix) ==
          std::set<std::string>{"1111", "2111", "21", "31", "33"});
  }

  TEST_CASE("F3: a subset image holds any choice of whole writes") {
    Fixture f(3);
    f.write_sectors(0, 2, 2);
    f.write_sectors(1, 2, 3);
    CHECK(outcomes(*f.device, CrashMode::subset) ==
          std::set<std::string>{"111", "221", "133", "233"});
  }

  TEST_CASE("F1: a sector image holds, per sector, any of its contents") {
    Fixture f(2);
    f.write_sectors(0, 2, 2);
    f.write_sectors(1, 1, 3);
    CHECK(outcomes(*f.device, CrashMode::sectors) ==
          std::set<std::string>{"11", "12", "13", "21", "22", "23"});
  }

  TEST_CASE("F1: a sector is never torn, and its contents build on each other") {
    Fixture f(1);
    f.backend.write(0, filled(100, 2));
    f.backend.write(300, filled(100, 3));
    std::set<std::string> contents;
    for (uint64_t seed = 0; seed < 400; ++seed) {
      const Image image = f.device->crash_image(CrashMode::sectors, seed);
      CHECK(image.size() == kSectorBytes);
      contents.insert(
          hex(Image{image[0], image[99], image[100], image[300], image[399], image[400]}));
    }
    CHECK(contents == std::set<std::string>{"010101010101", "020201010101", "020201030301"});
  }

  TEST_CASE("F2: resizes arrive in order, and take the writes behind the size along") {
    SUBCASE("growth") {
      Fixture f(1);
      f.backend.resize(2 * kSectorBytes);
      f.write_sectors(1, 1, 2);
      f.backend.resize(3 * kSectorBytes);
      f.write_sectors(2, 1, 3);
      const std::set<std::string> expected = {"1", "10", "12", "100", "120", "103", "123"};
      CHECK(outcomes(*f.device, CrashMode::sectors) == expected);
      CHECK(outcomes(*f.device, CrashMode::subset) == expected);
    }
    SUBCASE("truncation, then growth over the same place") {
      Fixture f(2);
      f.backend.resize(kSectorBytes);
      f.backend.resize(3 * kSectorBytes);
      f.write_sectors(1, 1, 3);
      // The old content only when no resize arrived, the new one only when both did.
      const std::set<std::string> expected = {"11", "1", "100", "130"};
      CHECK(outcomes(*f.device, CrashMode::sectors) == expected);
      CHECK(outcomes(*f.device, CrashMode::subset) == expected);
    }
    SUBCASE("writes before a truncation that arrived are gone") {
      Fixture f(2);
      f.write_sectors(1, 1, 2);
      f.backend.resize(kSectorBytes + 100);
      f.backend.resize(2 * kSectorBytes);
      for (uint64_t seed = 0; seed < 200; ++seed) {
        for (CrashMode mode : {CrashMode::sectors, CrashMode::subset}) {
          const Image image = f.device->crash_image(mode, seed);
          const int kept = static_cast<int>(image[kSectorBytes + 99]);
          CHECK((kept == 1 || kept == 2));
          if (image.size() == 2 * kSectorBytes) {
            const int cut = static_cast<int>(image[kSectorBytes + 100]);
            CHECK((cut == 0 || cut == kept));  // zero when the truncation arrived
          } else {
            CHECK(image.size() == kSectorBytes + 100);
          }
        }
      }
    }
  }

  TEST_CASE("F4: sectors synced and not written since stand in every image") {
    Fixture f(8);
    f.write_sectors(0, 4, 5);
    f.backend.sync();
    f.write_sectors(4, 4, 6);
    for (CrashMode mode : kAllCrashModes) {
      for (const std::string& text : outcomes(*f.device, mode, 50))
        CHECK(text.substr(0, 4) == "5555");
    }
  }

  TEST_CASE("random images include nearly nothing and nearly everything") {
    Fixture f(64);
    for (size_t s = 0; s < 64; ++s) f.write_sectors(s, 1, 2);
    for (CrashMode mode : {CrashMode::subset, CrashMode::sectors}) {
      std::ptrdiff_t fewest = 64, most = 0;
      for (const std::string& text : outcomes(*f.device, mode, 100)) {
        const auto arrived = std::count(text.begin(), text.end(), '2');
        fewest = std::min(fewest, arrived);
        most = std::max(most, arrived);
      }
      CHECK(fewest <= 2);
      CHECK(most >= 62);
    }
  }

  TEST_CASE("a crash loop finds a commit protocol that forgets its first sync") {
    // Two sectors: data, then a mark that says the data counts.
    const auto survives = [](bool sync_first) {
      for (uint64_t n = 0;; ++n) {
        auto device = FaultDevice::from_image(filled(2 * kSectorBytes, 1));
        device->set_plan({.stop_at = n, .torn_sectors = n % 2});
        FaultBackend backend(device);
        bool finished = true;
        try {
          backend.write(0, filled(kSectorBytes, 2));
          if (sync_first) backend.sync();
          backend.write(kSectorBytes, filled(kSectorBytes, 2));
          backend.sync();
        } catch (const Error&) {
          finished = false;
        }
        for (uint64_t seed = 0; seed < 50; ++seed) {
          if (sectors_of(device->crash_image(CrashMode::sectors, seed)) == "12") return false;
        }
        if (finished) return true;
      }
    };
    CHECK(survives(true));
    CHECK_FALSE(survives(false));
  }
}
