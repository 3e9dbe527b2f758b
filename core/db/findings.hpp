// findings.hpp: the problems a verification reports, and what each kind means for the user.
//
// Not synchronised.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "format/page_number.hpp"
#include "rdb/database.hpp"

namespace rdb::db {

// What a problem means; one for everything that has the same consequences.
namespace meaning {
inline constexpr const char* kRowsLost =
    "Rows of this table may be missing or wrong; export what can be read and restore from a "
    "backup.";
inline constexpr const char* kTablesLost =
    "Tables recorded here may not be found any more; copy what can be read to a new file and "
    "restore the rest from a backup.";
inline constexpr const char* kTableUnusable =
    "This table cannot be opened; the others are not affected. Restore it from a backup.";
inline constexpr const char* kMetadataLost =
    "The rows of user tables are not affected; what this internal table keeps may be lost.";
inline constexpr const char* kCountWrong =
    "The rows themselves are not affected, but their number is told wrongly and deleting may fail; "
    "export the table and import it into a new one.";
inline constexpr const char* kSharedPage =
    "One of the two shows rows that are not its own, and a change to one damages the other; copy "
    "the tables to a new file and stop using this one.";
inline constexpr const char* kMayOverwrite =
    "A later write could overwrite data in use; copy the tables to a new file and stop writing to "
    "this one.";
inline constexpr const char* kSpaceWasted =
    "No data is affected, but the space is lost until a full repair.";
inline constexpr const char* kHeaderDamaged =
    "The file may not open after the next crash, or not at all; copy its tables to a new file now.";
inline constexpr const char* kNewestCommitLost =
    "The newest commit cannot be used; opening falls back to the one before it.";
inline constexpr const char* kNoFallback =
    "No data is affected now. The next commit renews the slot; until then a second damage to the "
    "header cannot be made good.";
inline constexpr const char* kLengthWrong =
    "The next open for writing takes the length of the file for true and repairs it.";
inline constexpr const char* kMirrorUseless =
    "No data is affected, but this copy of the header cannot help should the header itself be "
    "damaged. The next open for writing cuts it off or renews it.";
inline constexpr const char* kBlobsLost =
    "Blobs that an older release stored behind the pages may be damaged; tables are not affected.";
inline constexpr const char* kSavepointLost =
    "This savepoint cannot be restored; the current tables are not affected.";
inline constexpr const char* kSnapshotLost =
    "This moment of the history cannot be read; the current tables are not affected.";
inline constexpr const char* kSpaceKept =
    "No data is affected; the space is given back by a full repair only.";
inline constexpr const char* kStateUseless =
    "No data is affected; the next open for writing takes longer, because it walks all tables.";
inline constexpr const char* kSpaceHidden =
    "No data is affected, and this library ignores the tracker; the Rust engines grow the file "
    "instead of using those pages.";
inline constexpr const char* kIdReused =
    "A new savepoint may replace an existing one; the current tables are not affected.";
}  // namespace meaning

class Findings {
 public:
  // More are counted, not listed.
  static constexpr size_t kMaxListed = 10'000;
  // Naming the user of a page costs a look at every page of the file.
  static constexpr size_t kMaxNamed = 100;

  explicit Findings(VerifyReport& report) : report_(report) {}

  void add(std::string object, std::string what, std::string consequence,
           uint64_t page = Error::kNoPosition) {
    if (muted) return;
    if (report_.problems.size() >= kMaxListed) {
      ++unlisted_;
      return;
    }
    report_.problems.push_back({std::move(object), std::move(what), std::move(consequence), page});
  }
  void add(std::string object, std::string what, std::string consequence, format::PageNumber page) {
    add(std::move(object), std::move(what), std::move(consequence), page.bits());
  }
  // what ends with "is in use" and no full stop: the name of the user follows when it is found, see
  // contested().
  void add_contested(std::string object, std::string what, std::string consequence,
                     format::PageNumber page) {
    const size_t index = report_.problems.size();
    add(std::move(object), what + ".", std::move(consequence), page);
    const bool listed = report_.problems.size() > index;
    if (listed && contested_.size() < kMaxNamed) contested_.push_back({page, index, false});
  }

  struct Contested {
    format::PageNumber page;
    size_t problem;
    bool settled;
  };
  std::vector<Contested>& contested() noexcept { return contested_; }
  void settle(Contested& contested, const std::string& user) {
    contested.settled = true;
    std::string& what = report_.problems[contested.problem].what;
    what.back() = ' ';
    what += "by " + user + ".";
  }

  // Once, at the end.
  void finish() {
    if (unlisted_ == 0) return;
    report_.problems.push_back({"file",
                                std::to_string(unlisted_) + " more problems are not listed.",
                                "The file is damaged in many places.", Error::kNoPosition});
  }

  bool muted = false;  // nothing is added

 private:
  VerifyReport& report_;
  std::vector<Contested> contested_;
  uint64_t unlisted_ = 0;
};

}  // namespace rdb::db
