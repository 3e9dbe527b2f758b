// Closing: the last commit stores the allocator state, shrinks the file and leaves it neutral.
#include <filesystem>
#include <string>

#include "rdb/database.hpp"
#include "support.hpp"
#include "temp_dir.hpp"

namespace rdb {
namespace {

using test::TempDir;

Bytes key_of(const uint64_t& number) { return {reinterpret_cast<const std::byte*>(&number), 8}; }

const TypeName kU64{TypeName::kBuiltin, "u64"};

// The row that maps so many pages is several pages long itself, and a fraction of it suffices for
// the pages that stay: writing the shorter row moves it, which must not happen while the state is
// final.
TEST_CASE(
    "a file that shrinks at close so far that its allocator state needs smaller pages closes") {
  for (const uint64_t kept : {uint64_t{0}, uint64_t{1}, uint64_t{40}, uint64_t{500}}) {
    CAPTURE(kept);
    const TempDir folder;
    const std::string value(64 << 10, 'v');
    constexpr uint64_t kRows = 1200;
    {
      Database database = Database::open(folder / "file");
      WriteTxn fill = database.begin_write();
      Table table = fill.open_table("t", kU64, {});
      for (uint64_t i = 0; i < kRows; i++) table.put(key_of(i), as_bytes(value));
      fill.commit();
      WriteTxn empty = database.begin_write();
      Table again = empty.open_table("t", kU64, {});
      for (uint64_t i = kept; i < kRows; i++) again.erase(key_of(i));
      empty.commit();
      database.close();
    }
    CHECK(std::filesystem::file_size(folder / "file") < (kept + 64) * (128 << 10));
    const Database database = Database::open(folder / "file");
    CHECK(database.recovery().clean);
    CHECK_FALSE(database.recovery().full_repair);
    const VerifyReport report = database.verify(VerifyLevel::full);
    CHECK(report.ok());
    CHECK(report.leaked_pages == 0);
  }
}

}  // namespace
}  // namespace rdb
