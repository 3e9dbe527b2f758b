// counters_test.cpp: clock-free figures of fixed workloads, so that a change that writes, syncs or
// allocates more fails here, on any machine, whatever its speed.
//
// The device is watched by a backend of this file, not by the library's own counters, which are
// compared with it.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "generator.hpp"
#include "io/memory_backend.hpp"
#include "rdb/database.hpp"
#include "support.hpp"

namespace rdb::bench {
namespace {

struct Device {
  uint64_t syncs = 0;
  uint64_t write_calls = 0;
  uint64_t bytes_written = 0;
  uint64_t resizes = 0;
};

// Memory that counts; the counts outlive the database that owns the backend. One thread.
class WatchedBackend final : public StorageBackend {
 public:
  explicit WatchedBackend(std::shared_ptr<Device> device) : device_(std::move(device)) {}

  uint64_t size() override { return memory_.size(); }
  void read(uint64_t offset, std::span<std::byte> out) override { memory_.read(offset, out); }
  void write(uint64_t offset, Bytes data) override {
    memory_.write(offset, data);
    count_write(data.size());
  }
  void write_gather(uint64_t offset, std::span<const Bytes> parts) override {
    memory_.write_gather(offset, parts);
    uint64_t bytes = 0;
    for (Bytes part : parts) bytes += part.size();
    count_write(bytes);
  }
  void sync() override {
    memory_.sync();
    ++device_->syncs;
  }
  void resize(uint64_t size) override {
    memory_.resize(size);
    ++device_->resizes;
  }
  void grow_reserved(uint64_t size) override {
    memory_.grow_reserved(size);
    ++device_->resizes;
  }
  void close() override { memory_.close(); }

 private:
  void count_write(uint64_t bytes) {
    ++device_->write_calls;
    device_->bytes_written += bytes;
  }

  std::shared_ptr<Device> device_;
  io::MemoryBackend memory_;
};

constexpr uint64_t kPairs = 20'000;
constexpr uint64_t kHeaderBytes = 320;

// Pages one commit may copy besides the path to the changed leaf: the table catalog, the system
// catalog, the lists of freed pages, the allocator's state. One page each while they are small.
constexpr uint64_t kBookkeepingPages = 6;

struct Fixture {
  Generator generator{11};
  std::shared_ptr<Device> device = std::make_shared<Device>();
  Database database = open();

  Database open() const {
    OpenOptions options;
    options.memory_budget_bytes = uint64_t{64} << 20;
    return Database::open_backend(std::make_unique<WatchedBackend>(device), options);
  }

  // Pairs first..first+count-1 in one transaction.
  void put(uint64_t first, uint64_t count, Durability durability = Durability::immediate) {
    WriteTxn txn = database.begin_write();
    txn.set_durability(durability);
    {
      Table table = txn.open_table("kv", {}, {});
      for (uint64_t i = first; i < first + count; ++i) {
        table.put(generator.key(i), generator.value(i));
      }
    }
    txn.commit();
  }

  uint64_t tree_height() const {
    const ReadTxn txn = database.begin_read();
    return txn.open_table("kv", {}, {}).stats().tree_height;
  }

  // What one transaction cost.
  struct Cost {
    Device device;
    DatabaseStats stats;
  };
  template <typename Work>
  Cost cost_of(const Work& work) const {
    const Device device_before = *device;
    const DatabaseStats stats_before = database.stats();
    work();
    const DatabaseStats stats_after = database.stats();
    Cost cost;
    cost.device.syncs = device->syncs - device_before.syncs;
    cost.device.write_calls = device->write_calls - device_before.write_calls;
    cost.device.bytes_written = device->bytes_written - device_before.bytes_written;
    cost.device.resizes = device->resizes - device_before.resizes;
    cost.stats.commits = stats_after.commits - stats_before.commits;
    cost.stats.syncs = stats_after.syncs - stats_before.syncs;
    cost.stats.write_calls = stats_after.write_calls - stats_before.write_calls;
    cost.stats.bytes_written = stats_after.bytes_written - stats_before.bytes_written;
    cost.stats.pages_allocated = stats_after.pages_allocated - stats_before.pages_allocated;
    return cost;
  }
};

}  // namespace

TEST_SUITE("bench/counters") {
  TEST_CASE("a durable commit syncs once, and once more only when the file grows") {
    Fixture f;
    f.put(0, kPairs);
    uint64_t commits_without_growth = 0;
    for (uint64_t i = 0; i < 500; ++i) {
      const Fixture::Cost cost = f.cost_of([&] { f.put(kPairs + i, 1); });
      CAPTURE(i);
      CHECK(cost.stats.commits == 1);
      if (cost.device.resizes == 0) {
        CHECK(cost.device.syncs == 1);
        ++commits_without_growth;
      } else {
        CHECK(cost.device.syncs <= 2);
      }
    }
    // Growth comes in large steps: few of the commits may meet one.
    CHECK(commits_without_growth >= 490);
  }

  TEST_CASE("a non-durable commit syncs nothing and writes nothing") {
    Fixture f;
    f.put(0, kPairs);
    const Fixture::Cost cost = f.cost_of([&] { f.put(kPairs, 1, Durability::none); });
    CHECK(cost.stats.commits == 1);
    CHECK(cost.device.syncs == 0);
    CHECK(cost.device.write_calls == 0);
  }

  TEST_CASE("a commit of one pair allocates the path to its leaf and a few pages of bookkeeping") {
    Fixture f;
    f.put(0, kPairs);
    const uint64_t height = f.tree_height();
    CHECK(height >= 3);
    for (uint64_t i = 0; i < 200; ++i) {
      // An existing key, so that no page splits and the figure is the same each time.
      const Fixture::Cost cost = f.cost_of([&] { f.put(i * 97 % kPairs, 1); });
      CAPTURE(i);
      CHECK(cost.stats.pages_allocated >= height);
      CHECK(cost.stats.pages_allocated <= height + kBookkeepingPages);
      // Nothing is written that was not allocated, the header apart.
      CHECK(cost.device.bytes_written <= cost.stats.pages_allocated * 4096 + kHeaderBytes);
    }
  }

  TEST_CASE("the pages of a commit of one pair lie side by side") {
    Fixture f;
    f.put(0, kPairs);
    uint64_t writes = 0;
    for (uint64_t i = 0; i < 200; ++i) {
      writes += f.cost_of([&] { f.put(i * 97 % kPairs, 1); }).device.write_calls;
    }
    CHECK(writes * 4 <= 200 * 9);  // the pages, the header, and now and then a second run
  }

  TEST_CASE("the pages of a batch are written in merged runs") {
    Fixture f;
    f.put(0, kPairs);
    f.put(kPairs, 1000);  // whatever the first batch must grow
    for (uint64_t batch = 0; batch < 5; ++batch) {
      const Fixture::Cost cost = f.cost_of([&] { f.put(kPairs + 1000 * (batch + 1), 1000); });
      CAPTURE(batch);
      CHECK(cost.device.syncs <= 2);
      CHECK(cost.stats.pages_allocated >= 500);  // random keys: about one leaf each
      CHECK(cost.device.write_calls * 8 <= cost.stats.pages_allocated);
    }
  }

  TEST_CASE("reading writes, syncs and allocates nothing") {
    Fixture f;
    f.put(0, kPairs);
    const Fixture::Cost cost = f.cost_of([&] {
      const ReadTxn txn = f.database.begin_read();
      const Table table = txn.open_table("kv", {}, {});
      for (uint64_t i = 0; i < 1000; ++i) REQUIRE(table.get(f.generator.key(i)).has_value());
    });
    CHECK(cost.device.syncs == 0);
    CHECK(cost.device.write_calls == 0);
    CHECK(cost.stats.pages_allocated == 0);
    CHECK(cost.stats.commits == 0);
  }

  TEST_CASE("the database's own counters agree with the device") {
    Fixture f;
    const Fixture::Cost cost = f.cost_of([&] {
      f.put(0, kPairs);
      for (uint64_t i = 0; i < 50; ++i) f.put(kPairs + i, 1);
    });
    CHECK(cost.stats.commits == 51);
    CHECK(cost.stats.syncs == cost.device.syncs);
    CHECK(cost.stats.write_calls == cost.device.write_calls);
    CHECK(cost.stats.bytes_written == cost.device.bytes_written);
  }
}

}  // namespace rdb::bench
