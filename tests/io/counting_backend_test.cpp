#include "io/counting_backend.hpp"

#include "fault_backend.hpp"
#include "support.hpp"

namespace {

using namespace rdb;
using namespace rdb::test;
using io::CountingBackend;
using io::IoCounters;

struct ReadOnlyStub final : StorageBackend {
  uint64_t size() override { return 0; }
  void read(uint64_t, std::span<std::byte>) override {}
  void write(uint64_t, Bytes) override {}
  void sync() override {}
  void resize(uint64_t) override {}
  void close() override {}
  bool read_only() const override { return true; }
};

}  // namespace

TEST_SUITE("io/counting_backend") {
  TEST_CASE("calls reach the inner backend and are counted, a gathered write once") {
    auto device = std::make_shared<FaultDevice>();
    CountingBackend backend(std::make_unique<FaultBackend>(device));
    backend.resize(100);
    backend.grow_reserved(200);
    backend.write(0, as_bytes("abc"));
    backend.write_gather(10, std::vector<Bytes>{as_bytes("de"), as_bytes("fghi")});
    std::vector<std::byte> out(16);
    backend.read(0, out);
    backend.read(0, std::span(out).first(4));
    backend.sync();

    const IoCounters& counters = backend.counters();
    CHECK(counters.write_calls == 2);
    CHECK(counters.bytes_written == 9);
    CHECK(counters.read_calls == 2);
    CHECK(counters.bytes_read == 20);
    CHECK(counters.syncs == 1);
    CHECK(backend.size() == 200);
    CHECK(hex(out) == "61626300000000000000646566676869");
    // As the device saw it: grow_reserved and write_gather were passed on as such.
    const std::vector<Event> expected = {{EventKind::resize, 0, 100},
                                         {EventKind::resize, 0, 200},
                                         {EventKind::write, 0, 3},
                                         {EventKind::write, 10, 6},
                                         {EventKind::sync, 0, 0}};
    CHECK(device->events() == expected);
  }

  TEST_CASE("a failed call is passed on and not counted") {
    auto device = std::make_shared<FaultDevice>();
    CountingBackend backend(std::make_unique<FaultBackend>(device));
    backend.resize(10);
    device->set_plan({.stop_at = 1});
    std::vector<std::byte> out(1);
    CHECK_THROWS_CODE(backend.write(0, as_bytes("a")), ErrorCode::io);
    CHECK_THROWS_CODE(backend.write_gather(0, std::vector<Bytes>{as_bytes("a")}), ErrorCode::io);
    CHECK_THROWS_CODE(backend.sync(), ErrorCode::io);
    CHECK_THROWS_CODE(backend.read(0, out), ErrorCode::io);
    CHECK(backend.counters().write_calls == 0);
    CHECK(backend.counters().bytes_written == 0);
    CHECK(backend.counters().syncs == 0);
    CHECK(backend.counters().read_calls == 0);
  }

  TEST_CASE("closing closes the inner backend") {
    auto device = std::make_shared<FaultDevice>();
    CountingBackend backend(std::make_unique<FaultBackend>(device));
    CHECK_THROWS_CODE(FaultBackend(device), ErrorCode::already_open);
    backend.close();
    FaultBackend second(device);
  }

  TEST_CASE("read-only is what the inner backend says") {
    CHECK(CountingBackend(std::make_unique<ReadOnlyStub>()).read_only());
    CHECK_FALSE(CountingBackend(std::make_unique<FaultBackend>(std::make_shared<FaultDevice>()))
                    .read_only());
  }
}
