// verify.cpp: checking a database and reading what was found.
#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"
#include "progress.hpp"

namespace rdb::capi {
namespace {

static_assert(RDB_VERIFY_HEADER == static_cast<uint32_t>(VerifyLevel::header));
static_assert(RDB_VERIFY_CHECKSUMS == static_cast<uint32_t>(VerifyLevel::checksums));
static_assert(RDB_VERIFY_FULL == static_cast<uint32_t>(VerifyLevel::full));

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_verify_options_init(rdb_verify_options* options, size_t size, rdb_error* err) {
  return guard(err, [&] { init_struct(options, size, "options"); });
}

rdb_status rdb_verify(const rdb_db* db, const rdb_verify_options* options, rdb_report** out,
                      rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_report*& handle = out_handle(out);
    const rdb_verify_options known = read_struct(options, "options");
    CallbackProgress progress(known.progress);  // from here on its context is dropped on every path
    require_reserved(known.reserved, "options");
    const rdb::VerifyLevel level =
        to_enum(known.level, rdb::VerifyLevel::full, "options.level is none of RDB_VERIFY_...");
    const rdb::CancelToken* const cancel = token_of(known.cancel);
    rdb::Database& database = live(db).database;
    auto report = std::make_unique<rdb_report>();
    const bool finished =
        progress.run([&] { report->report = database.verify(level, progress.sink(), cancel); });
    if (!finished) return RDB_STOPPED;
    handle = report.release();
    return RDB_OK;
  });
}

rdb_status rdb_report_describe(const rdb_report* report, rdb_report_info* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::VerifyReport& found = live(report).report;
    rdb_report_info info{};
    info.pages_checked = found.pages_checked;
    info.tables_checked = found.tables_checked;
    info.entries_checked = found.entries_checked;
    info.leaked_pages = found.leaked_pages;
    info.problem_count = found.problems.size();
    write_struct(out, info, "out");
  });
}

rdb_status rdb_report_problem(const rdb_report* report, uint64_t index, rdb_problem_info* out,
                              rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    const std::vector<rdb::VerifyProblem>& problems = live(report).report.problems;
    require_not_null(out, "out");
    if (index >= problems.size()) return RDB_NOT_FOUND;
    const rdb::VerifyProblem& problem = problems[index];
    rdb_problem_info info{};
    info.object = to_slice(problem.object);
    info.what = to_slice(problem.what);
    info.meaning = to_slice(problem.meaning);
    info.page = problem.page;
    write_struct(out, info, "out");
    return RDB_OK;
  });
}

void rdb_report_free(rdb_report* report) {
  guard_release([&] { take(report); });
}
