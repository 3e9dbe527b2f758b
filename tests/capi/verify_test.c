/* verify_test.c: checking a database, sound and damaged; progress callbacks and their answers. */
#include "check.h"

static int calls;
static int drops;
static rdb_status answer;

static rdb_status on_progress(void* ctx, uint64_t done, uint64_t total) {
  CHECK(ctx == &calls);
  CHECK(total == 0 || done <= total);
  ++calls;
  return answer;
}
static void on_drop(void* ctx) {
  CHECK(ctx == &calls);
  ++drops;
}

static void sound(void) {
  rdb_db* db = memory_db();
  rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
  rdb_report* report;
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  rdb_cancel* cancel;
  fill(db, "t", 900);
  REQUIRE_OK(rdb_cancel_create(&cancel, &err));

  CASE("a sound database has no problems, at every level");
  for (options.level = RDB_VERIFY_HEADER; options.level <= RDB_VERIFY_FULL; ++options.level) {
    REQUIRE_OK(rdb_verify(db, &options, &report, &err));
    CHECK_OK(rdb_report_describe(report, &info, &err));
    CHECK(info.problem_count == 0 && info.leaked_pages == 0);
    CHECK(options.level == RDB_VERIFY_HEADER || info.pages_checked > 2);
    CHECK(options.level != RDB_VERIFY_FULL ||
          (info.tables_checked >= 1 && info.entries_checked >= 900));
    CHECK_STATUS(rdb_report_problem(report, 0, &problem, &err), RDB_NOT_FOUND);
    CHECK_STATUS(rdb_report_problem(report, 0, NULL, &err), RDB_ERR_MISUSE);
    CHECK_STATUS(rdb_report_describe(report, NULL, &err), RDB_ERR_MISUSE);
    rdb_report_free(report);
  }
  CHECK_STATUS(rdb_verify(db, &options, &report, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(report == NULL);
  REQUIRE_OK(rdb_verify(db, NULL, &report, &err));
  rdb_report_free(report);
  CHECK_STATUS(rdb_verify(db, NULL, NULL, &err), RDB_ERR_MISUSE);

  CASE("progress is told, and the callback's context dropped once");
  options.level = RDB_VERIFY_FULL;
  options.progress.fn = on_progress;
  options.progress.ctx = &calls;
  options.progress.drop = on_drop;
  REQUIRE_OK(rdb_verify(db, &options, &report, &err));
  rdb_report_free(report);
  CHECK(calls >= 1 && drops == 1);

  CASE("what the callback answers is what the call returns");
  report = WRONG(rdb_report, &err);
  answer = RDB_STOPPED;
  CHECK_STATUS(rdb_verify(db, &options, &report, &err), RDB_STOPPED);
  CHECK(report == NULL);
  answer = -12345;
  CHECK_STATUS(rdb_verify(db, &options, &report, &err), -12345);
  CHECK(err.status == -12345 && err.message_size > 0);
  answer = RDB_MORE;
  CHECK_STATUS(rdb_verify(db, &options, &report, &err), RDB_ERR_CALLBACK);
  CHECK(drops == 4);
  answer = RDB_OK;

  CASE("the check can be cancelled");
  options.cancel = cancel;
  REQUIRE_OK(rdb_verify(db, &options, &report, &err));
  rdb_report_free(report);
  rdb_cancel_trigger(cancel);
  CHECK_STATUS(rdb_verify(db, &options, &report, &err), RDB_ERR_CANCELLED);
  CHECK(report == NULL);
  rdb_cancel_free(cancel);
  CHECK_OK(rdb_close(db, &err));
  rdb_report_free(NULL);
}

static void damaged(void) {
  const char* path = scratch_path("damaged.rdb");
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_verify_options verify = RDB_VERIFY_OPTIONS_INIT;
  rdb_db* db;
  rdb_report* report;
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  FILE* file;
  static char content[1 << 22];
  size_t size, i, hit = 0;

  REQUIRE_OK(rdb_open(slice_of(path), NULL, &db, &err));
  fill(db, "t", 900);
  CHECK_OK(rdb_close(db, &err));
  /* A value in the middle of a leaf becomes another one; the leaf's checksum tells. */
  file = fopen(path, "rb");
  size = fread(content, 1, sizeof content, file);
  fclose(file);
  for (i = 0; i + 4 < size; ++i) {
    if (memcmp(content + i, "v456", 4) == 0) {
      content[i] = 'w';
      ++hit;
    }
  }
  CHECK(hit >= 1);
  write_file(path, content, size);

  CASE("damage is found and said, and the report outlives the database");
  options.read_verification = RDB_VERIFY_READS_NONE;
  REQUIRE_OK(rdb_open(slice_of(path), &options, &db, &err));
  verify.level = RDB_VERIFY_FULL;
  REQUIRE_OK(rdb_verify(db, &verify, &report, &err));
  rdb_close_deferred(db);
  CHECK_OK(rdb_report_describe(report, &info, &err));
  CHECK(info.problem_count >= 1);
  CHECK_OK(rdb_report_problem(report, 0, &problem, &err));
  CHECK(problem.object.size > 0 && problem.what.size > 0 && problem.meaning.size > 0);
  rdb_report_free(report);

  CASE("reading the damaged page is an error that names it");
  REQUIRE_OK(rdb_open(slice_of(path), NULL, &db, &err));
  {
    rdb_txn* txn = begin(db, RDB_TXN_READ);
    rdb_table* table = open_table(txn, "t");
    rdb_value* value = NULL;
    const rdb_status status = rdb_get_pin(table, RDB_SLICE("k456"), &value, &err);
    CHECK(status == RDB_ERR_CORRUPTED || status == RDB_ERR_PAGE_CORRUPTED);
    CHECK(value == NULL && err.position != RDB_NO_POSITION);
    CHECK_OK(rdb_table_close(table, &err));
    CHECK_OK(rdb_txn_abort(txn, &err));
  }
  rdb_close_deferred(db);
}

int main(void) {
  sound();
  damaged();
  return check_result();
}
