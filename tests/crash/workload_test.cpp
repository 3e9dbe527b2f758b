// The workloads of this suite prove what they do: a change that made one of them harmless would
// leave all other tests green.
#include "workload.hpp"

#include <set>

#include "support.hpp"

namespace rdb::test {
namespace {

struct Shape {
  uint64_t splits = 0, merges = 0;   // leaf pages of a table became more, or fewer
  uint64_t deeper = 0, flatter = 0;  // its tree changed its height
  uint64_t tables_gone = 0, tables_new = 0;
  std::set<size_t> readers_across;  // steps with commits while a reader was held
};

struct Tree {
  uint64_t leaves = 0;
  uint32_t height = 0;
};

std::map<std::string, Tree> trees_of(const ReadTxn& txn) {
  std::map<std::string, Tree> trees;
  for (const TableInfo& info : txn.list_tables()) {
    if (info.kind == TableKind::multimap) continue;
    const TableStats stats = txn.open_table_raw(info.name).stats();
    trees[info.name] = {stats.leaf_pages, stats.tree_height};
  }
  return trees;
}

Shape run(Workload& workload, uint64_t& durable_after_not_durable) {
  Shape shape;
  std::map<std::string, Tree> before;
  while (!workload.finished()) {
    const size_t step = workload.steps_done();
    const State durable = workload.allowed().durable;
    const bool pending = durable != workload.visible();
    workload.run_step();
    if (pending && workload.allowed().durable == workload.visible()) ++durable_after_not_durable;
    if (!workload.is_open()) continue;
    const auto after = trees_of(workload.database().begin_read());
    for (const auto& [name, tree] : after) {
      if (!before.contains(name)) {
        ++shape.tables_new;
        continue;
      }
      const Tree& old = before.at(name);
      shape.splits += tree.leaves > old.leaves;
      shape.merges += tree.leaves < old.leaves;
      shape.deeper += tree.height > old.height;
      shape.flatter += tree.height < old.height;
    }
    for (const auto& [name, tree] : before) shape.tables_gone += !after.contains(name);
    before = after;
    // The reader of trees_of has ended.
    if (workload.database().stats().live_readers > 0) shape.readers_across.insert(step);
  }
  return shape;
}

}  // namespace

TEST_SUITE("crash/workload") {
  TEST_CASE("the mixed workload splits, merges, grows, shrinks, renames and holds readers") {
    const auto device = std::make_shared<FaultDevice>();
    Workload workload(device, {});
    uint64_t durable_after_not_durable = 0;
    const Shape shape = run(workload, durable_after_not_durable);
    REQUIRE(workload.run());  // the last close
    CHECK(shape.splits >= 5);
    CHECK(shape.merges >= 2);
    CHECK(shape.deeper >= 1);
    CHECK(shape.flatter >= 1);
    CHECK(shape.tables_new >= 4);
    CHECK(shape.tables_gone >= 2);  // renamed, deleted
    CHECK(shape.readers_across.size() >= 4);
    CHECK(durable_after_not_durable >= 3);

    uint64_t growths = 0;
    uint64_t shrinks = 0;
    uint64_t bytes = 0;
    for (const Event& event : device->events()) {
      if (event.kind != EventKind::resize) continue;
      growths += event.bytes > bytes && bytes > 0;
      shrinks += event.bytes < bytes;
      bytes = event.bytes;
    }
    CHECK(growths >= 2);
    CHECK(shrinks >= 2);
    CHECK(workload.visible().size() >= 4);
  }

  TEST_CASE("the other workload writes more than its file holds") {
    const auto device = std::make_shared<FaultDevice>();
    Workload workload(device, {}, Workload::Kind::reuse);
    uint64_t durable_after_not_durable = 0;
    const Shape shape = run(workload, durable_after_not_durable);
    CHECK(shape.tables_gone >= 4);
    CHECK(shape.readers_across.size() >= 2);
    uint64_t written = 0;
    for (const Event& event : device->events()) {
      if (event.kind == EventKind::write) written += event.bytes;
    }
    CHECK(written > device->live_image().size());
  }
}

}  // namespace rdb::test
