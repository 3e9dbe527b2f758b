// The same troubles on a real file, brought about at the system calls: short transfers,
// interruptions, a call that fails, a disk that is full.
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "child.hpp"
#include "short_form.hpp"
#include "support.hpp"
#include "system_calls.hpp"
#include "temp_dir.hpp"
#include "trouble.hpp"

#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

namespace rdb::test {
namespace {

std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

OpenOptions tiny_budget() {
  OpenOptions options;
  options.memory_budget_bytes = 1;
  return options;
}

// Runs the whole workload on a file under a plan; the bytes of the file it leaves.
std::string file_after_workload(const SystemCallPlan& plan) {
  TempDir dir;
  set_system_call_plan(plan);
  Workload workload([&] { return Database::open(dir / "a.rdb", tiny_budget()); });
  const bool finished = workload.run();
  CHECK_MESSAGE(finished, (finished ? "" : workload.error()->what()));
  workload.drop();
  return bytes_of_file(dir / "a.rdb");
}

// Fills a database until the disk is full, then empties it and goes on. For a child.
int fill_and_empty(const std::filesystem::path& path) {
  uint64_t rows = 0;
  const std::string value(3000, 'v');
  {
    Database database = Database::open(path);
    for (bool full = false; !full;) {
      WriteTxn txn = database.begin_write();
      try {
        {
          Table table = txn.open_table("rows", kU64Type, kBytesType);
          for (uint64_t i = 0; i < 10; ++i) table.put(as_bytes(le64(rows + i)), as_bytes(value));
        }
        txn.commit();
        rows += 10;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::out_of_space) return __LINE__;
        full = true;
      }
      CHILD_CHECK(rows < 5000);
    }
    CHILD_CHECK(rows > 100);
    CHILD_CHECK(verify_text(database).empty());
    CHILD_CHECK(rows_of(database.begin_read().open_table_raw("rows")).size() == rows);
    for (uint64_t i = 0; i < rows; i += 10) {
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("rows", kU64Type, kBytesType);
        for (uint64_t j = i; j < i + 10; ++j) CHILD_CHECK(table.erase(as_bytes(le64(j))));
      }
      txn.commit();
    }
    CHILD_CHECK(verify_text(database).empty());
    database.close();
  }
  const Database database = Database::open(path);
  CHILD_CHECK(database.recovery().clean);
  CHILD_CHECK(rows_of(database.begin_read().open_table_raw("rows")).empty());
  CHILD_CHECK(verify_text(database).empty());
  return kChildPassed;
}

}  // namespace

TEST_SUITE("crash/file faults") {
  TEST_CASE("short and interrupted reads and writes leave the very file undisturbed ones leave") {
    if (!kSystemCallsReplaced) {
      MESSAGE("skipped: system calls are replaced on 64-bit Linux only");
      return;
    }
    const std::string undisturbed = file_after_workload({});
    REQUIRE(undisturbed.size() > (1 << 20));
    SystemCallPlan plan;
    plan.short_transfers = true;
    plan.interruptions = true;
    const bool same = file_after_workload(plan) == undisturbed;
    CHECK(same);
    std::printf("system calls: %llu cut short, %llu interrupted\n",
                static_cast<unsigned long long>(shortened_calls()),
                static_cast<unsigned long long>(interrupted_calls()));
    CHECK(shortened_calls() > 1000);
    CHECK(interrupted_calls() > 1000);
    set_system_call_plan({});
  }

  TEST_CASE("a system call that fails, a write halfway, is undone or latches") {
    if (!kSystemCallsReplaced) {
      MESSAGE("skipped: system calls are replaced on 64-bit Linux only");
      return;
    }
    static_cast<void>(file_after_workload({}));
    const uint64_t calls = changing_calls();
    REQUIRE(calls > 200);
    for (int os_errno : {EIO, ENOSPC}) {
      uint64_t struck = 0;
      uint64_t tried = 0;
      uint64_t latched = 0;
      uint64_t absorbed = 0;
      for (uint64_t n = os_errno % 3; n < calls; n += (1 + calls / 120) * one_in(5), ++tried) {
        CAPTURE(n);
        CAPTURE(os_errno);
        TempDir dir;
        SystemCallPlan plan;
        plan.fail_at = n;
        plan.fail_errno = os_errno;
        set_system_call_plan(plan);
        const Outcome outcome =
            run_with_trouble([&] { return Database::open(dir / "a.rdb", tiny_budget()); });
        struck += outcome.failed;
        latched += outcome.latched;
        if (!outcome.failed) absorbed += failed_writes_of_zeros();
      }
      const auto u = [](uint64_t v) { return static_cast<unsigned long long>(v); };
      std::printf(
          "system calls that fail with %d: %llu of %llu reported, %llu latched, %llu zeros ahead\n",
          os_errno, u(struck), u(tried), u(latched), u(absorbed));
      // A file that cannot grow uses the holes it has.
      CHECK((os_errno == ENOSPC ? struck + absorbed + 10 >= tried : struck + absorbed == tried));
      CHECK(latched > 0);
      CHECK(latched < struck);
    }
    set_system_call_plan({});
  }

  TEST_CASE("a file that may not grow further can be emptied and goes on") {
    TempDir dir;
    CHECK_CHILD([&]() -> int {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{3 << 20, 3 << 20};
      if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return kChildSkipped;
      return fill_and_empty(dir / "a.rdb");
    });
  }

#if defined(__linux__)
  TEST_CASE("a file system that is full can be emptied and goes on") {
    TempDir dir;
    CHECK_CHILD([&]() -> int {
      // A device of 3 MiB, seen by this child only.
      if (unshare(CLONE_NEWNS) != 0) return kChildSkipped;
      if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kChildSkipped;
      if (mount("rdb-test", dir.path().c_str(), "tmpfs", 0, "size=3m") != 0) return kChildSkipped;
      return fill_and_empty(dir / "a.rdb");
    });
  }
#endif
}

}  // namespace rdb::test
