/* options_test.c: versions, status names, options by struct and by text. */
#include "check.h"

static void versions(void) {
  CASE("the library and the header are of one version");
  CHECK(strcmp(rdb_version(), RDB_VERSION) == 0);
  CHECK(rdb_version_number() == RDB_VERSION_NUMBER);
  CHECK(rdb_abi_version() == RDB_ABI_VERSION);
  CHECK(strstr(rdb_build_info(), RDB_VERSION) != NULL);

  CASE("a program of the same or an older minor version is accepted");
  CHECK_OK(rdb_check_abi(RDB_ABI_VERSION, &err));
  CHECK_OK(rdb_check_abi(RDB_ABI_MAJOR << 16, &err));
  CASE("a newer header is refused, an earlier major version too");
  CHECK_STATUS(rdb_check_abi(RDB_ABI_VERSION + 1, &err), RDB_ERR_LIBRARY_TOO_OLD);
  CHECK_STATUS(rdb_check_abi((RDB_ABI_MAJOR + 1) << 16, &err), RDB_ERR_LIBRARY_TOO_OLD);
  CHECK_STATUS(rdb_check_abi(0, &err), RDB_ERR_UNSUPPORTED);

  CASE("features answer 0 or 1 for any name");
  CHECK(rdb_has_feature(RDB_SLICE("tables")) == 1);
  CHECK(rdb_has_feature(RDB_SLICE("encryption")) == 0);
  CHECK(rdb_has_feature(RDB_SLICE("")) == 0);
  CHECK(rdb_has_feature((rdb_slice){NULL, 5}) == 0);
}

static void status_names(void) {
  int status;
  CASE("each status has its constant's name, and any integer has one");
  CHECK(strcmp(rdb_status_name(0), "RDB_OK") == 0);
  CHECK(strcmp(rdb_status_name(1), "RDB_NOT_FOUND") == 0);
  CHECK(strcmp(rdb_status_name(RDB_STOPPED), "RDB_STOPPED") == 0);
  CHECK(strcmp(rdb_status_name(-100), "RDB_ERR_MISUSE") == 0);
  CHECK(strcmp(rdb_status_name(-900), "RDB_ERR_INTERNAL") == 0);
  CHECK(strcmp(rdb_status_name(INT32_MIN), "RDB_ERR_UNKNOWN") == 0);
  CHECK(strcmp(rdb_status_name(INT32_MAX), "RDB_UNKNOWN") == 0);
  for (status = -1100; status < 200; ++status) CHECK(rdb_status_name(status)[0] == 'R');
}

static void errors(void) {
  rdb_error detail;
  CASE("the error is written on a negative status only, whatever it held");
  memset(&detail, 0xaa, sizeof detail);
  CHECK(rdb_check_abi(RDB_ABI_VERSION, &detail) == RDB_OK);
  CHECK(detail.status == (rdb_status)0xaaaaaaaa && (unsigned char)detail.message[0] == 0xaa);
  CHECK(rdb_check_abi(0, &detail) == RDB_ERR_UNSUPPORTED);
  CHECK(detail.status == RDB_ERR_UNSUPPORTED);
  CHECK(detail.os_errno == 0);
  CHECK(detail.position == RDB_NO_POSITION);
  CHECK(detail.message_size == strlen(detail.message) && detail.message_size > 0);
  CHECK(detail.reserved[0] == 0 && detail.reserved[10] == 0);
  CASE("no error struct is fine");
  CHECK(rdb_check_abi(0, NULL) == RDB_ERR_UNSUPPORTED);
}

static void init(void) {
  rdb_options options;
  const rdb_options expected = RDB_OPTIONS_INIT;
  rdb_txn_options txn_options;
  rdb_verify_options verify_options;
  CASE("the init function does what the macro does");
  memset(&options, 0xff, sizeof options);
  CHECK_OK(rdb_options_init(&options, sizeof options, &err));
  CHECK(memcmp(&options, &expected, sizeof options) == 0);
  memset(&txn_options, 0xff, sizeof txn_options);
  CHECK_OK(rdb_txn_options_init(&txn_options, sizeof txn_options, &err));
  CHECK(txn_options.struct_size == sizeof txn_options && txn_options.cancel == NULL);
  memset(&verify_options, 0xff, sizeof verify_options);
  CHECK_OK(rdb_verify_options_init(&verify_options, sizeof verify_options, &err));
  CHECK(verify_options.struct_size == sizeof verify_options && verify_options.level == 0);

  CASE("a size that holds no struct_size is misuse, and so is NULL");
  CHECK_STATUS(rdb_options_init(&options, sizeof(size_t) - 1, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_options_init(NULL, sizeof options, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_txn_options_init(NULL, sizeof txn_options, &err), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_verify_options_init(NULL, sizeof verify_options, &err), RDB_ERR_MISUSE);
}

static rdb_status set(rdb_options* options, const char* key, const char* value) {
  return rdb_options_set(options, slice_of(key), slice_of(value), &err);
}

static void by_text(void) {
  rdb_options options = RDB_OPTIONS_INIT;
  CASE("text sets the member of its name");
  CHECK_OK(set(&options, "mode", "read_only"));
  CHECK(options.mode == RDB_OPEN_READ_ONLY);
  CHECK_OK(set(&options, "mode", "create_new"));
  CHECK(options.mode == RDB_OPEN_CREATE_NEW);
  CHECK_OK(set(&options, "memory_budget_bytes", "12345"));
  CHECK(options.memory_budget_bytes == 12345);
  CHECK_OK(set(&options, "memory_budget_bytes", "3G"));
  CHECK(options.memory_budget_bytes == UINT64_C(3) << 30);
  CHECK_OK(set(&options, "read_verification", "none"));
  CHECK(options.read_verification == RDB_VERIFY_READS_NONE);
  CHECK_OK(set(&options, "key_profile", "redb"));
  CHECK(options.key_profile == RDB_PROFILE_REDB);
  CHECK_OK(set(&options, "eof_mirror", "on"));
  CHECK(options.eof_mirror == 1);
  CHECK_OK(set(&options, "eof_mirror", "false"));
  CHECK(options.eof_mirror == 0);
  CHECK_OK(set(&options, "region_pages", "64"));
  CHECK(options.region_pages == 64);
  CHECK_OK(set(&options, "allow_unlocked", "1"));
  CHECK(options.allow_unlocked == 1);

  CASE("an unknown key or value changes nothing");
  CHECK_STATUS(set(&options, "colour", "red"), RDB_ERR_UNKNOWN_OPTION);
  CHECK(strstr(err.message, "colour") != NULL);
  CHECK_STATUS(set(&options, "", ""), RDB_ERR_UNKNOWN_OPTION);
  CHECK_STATUS(set(&options, "mode", "rea"), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "mode", "create|existing"), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "mode", ""), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "region_pages", "1K"), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "region_pages", "-1"), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "region_pages", ""), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "region_pages", "4294967296"), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "memory_budget_bytes", "K"), RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "memory_budget_bytes", "18014398509481984K"),
               RDB_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(set(&options, "eof_mirror", "2"), RDB_ERR_INVALID_ARGUMENT);
  CHECK(options.mode == RDB_OPEN_CREATE_NEW && options.region_pages == 64);

  CASE("a struct that ends before the member is not written behind its end");
  options.struct_size = offsetof(rdb_options, key_profile);
  options.key_profile = 77;
  CHECK_STATUS(set(&options, "key_profile", "redb"), RDB_ERR_UNSUPPORTED);
  CHECK(options.key_profile == 77);
  CHECK_OK(set(&options, "mode", "create"));
  options.struct_size = 0;
  CHECK_STATUS(set(&options, "mode", "create"), RDB_ERR_MISUSE);
  CHECK_STATUS(rdb_options_set(NULL, RDB_SLICE("mode"), RDB_SLICE("create"), &err), RDB_ERR_MISUSE);
}

static void listed(void) {
  size_t i;
  rdb_option_info info = RDB_OPTION_INFO_INIT;
  CASE("every option is listed, and its default is what a fresh struct holds");
  CHECK(rdb_option_count() == 10);
  for (i = 0; i < rdb_option_count(); ++i) {
    rdb_options fresh = RDB_OPTIONS_INIT;
    rdb_options same = RDB_OPTIONS_INIT;
    CHECK_OK(rdb_option_at(i, &info, &err));
    CHECK(info.name[0] != 0 && info.help[0] != 0);
    CHECK((info.type == RDB_OPTION_CHOICE) == (info.choices[0] != 0));
    CHECK_OK(set(&same, info.name, info.initial));
    CHECK(memcmp(&fresh, &same, sizeof fresh) == 0);
  }
  CHECK_STATUS(rdb_option_at(i, &info, &err), RDB_NOT_FOUND);
  CHECK_STATUS(rdb_option_at(0, NULL, &err), RDB_ERR_MISUSE);

  CASE("an output struct is written as far as the caller has it");
  memset(&info, 0x55, sizeof info);
  info.struct_size = offsetof(rdb_option_info, help);
  CHECK_OK(rdb_option_at(0, &info, &err));
  CHECK(strcmp(info.name, "mode") == 0);
  CHECK(info.struct_size == offsetof(rdb_option_info, help));
  CHECK(info.type == 0x55555555);
  info.struct_size = 3;
  CHECK_STATUS(rdb_option_at(0, &info, &err), RDB_ERR_MISUSE);
}

/* What an open says to options, and whether it could read them at all. */
static rdb_status try_open(const void* options) {
  rdb_db* db = WRONG(rdb_db, &err);
  const rdb_status status = rdb_open_memory((const rdb_options*)options, &db, &err);
  if (status < 0) CHECK(db == NULL);
  CHECK(rdb_close(db, NULL) == RDB_OK);
  return status;
}

static void sizes(void) {
  struct {
    rdb_options known;
    unsigned char tail[64];
  } newer;
  rdb_options options = RDB_OPTIONS_INIT;
  CASE("a longer struct is understood while its tail is zero");
  memset(&newer, 0, sizeof newer);
  newer.known.struct_size = sizeof newer;
  CHECK_OK(try_open(&newer));
  newer.tail[63] = 1;
  CHECK_STATUS(try_open(&newer), RDB_ERR_STRUCT_TOO_NEW);

  CASE("a shorter struct has zeros for what it lacks, and they are not read");
  memset(&options, 0xff, sizeof options);
  options.struct_size = sizeof(size_t);
  CHECK_OK(try_open(&options));

  CASE("a struct_size that was never set is told");
  options.struct_size = 0;
  CHECK_STATUS(try_open(&options), RDB_ERR_MISUSE);
  options.struct_size = SIZE_MAX;
  CHECK_STATUS(try_open(&options), RDB_ERR_STRUCT_TOO_NEW);

  CASE("members out of their domain are refused");
  CHECK_OK(rdb_options_init(&options, sizeof options, &err));
  options.mode = 4;
  CHECK_STATUS(try_open(&options), RDB_ERR_INVALID_ARGUMENT);
  options.mode = 0;
  options.read_verification = 2;
  CHECK_STATUS(try_open(&options), RDB_ERR_INVALID_ARGUMENT);
  options.read_verification = 0;
  options.key_profile = 2;
  CHECK_STATUS(try_open(&options), RDB_ERR_INVALID_ARGUMENT);
  options.key_profile = 0;
  options.eof_mirror = 2;
  CHECK_STATUS(try_open(&options), RDB_ERR_INVALID_ARGUMENT);
  options.eof_mirror = 0;
  options.rdb_only = 2;
  CHECK_STATUS(try_open(&options), RDB_ERR_INVALID_ARGUMENT);
  options.rdb_only = 0;
  options.region_pages = 1048577;
  CHECK_STATUS(try_open(&options), RDB_ERR_INVALID_ARGUMENT);
  options.region_pages = 0;
  options.reserved[4] = 1;
  CHECK_STATUS(try_open(&options), RDB_ERR_STRUCT_TOO_NEW);
  options.reserved[4] = 0;
  CHECK_OK(try_open(&options));
}

static int drops;
static void count_drop(void* ctx) {
  ++drops;
  CHECK(ctx == &drops);
}

static void dropping(void) {
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_db* db = NULL;
  options.repair_progress.ctx = &drops;
  options.repair_progress.drop = count_drop;
  CASE("a callback's context is dropped once, whether the open succeeds or fails");
  CHECK_OK(rdb_open_memory(&options, &db, &err));
  CHECK(drops == 1);
  CHECK_OK(rdb_close(db, &err));
  CHECK(drops == 1);
  options.mode = 99;
  CHECK_STATUS(rdb_open_memory(&options, &db, &err), RDB_ERR_INVALID_ARGUMENT);
  CHECK(drops == 2);
}

int main(void) {
  versions();
  status_names();
  errors();
  init();
  by_text();
  listed();
  sizes();
  dropping();
  return check_result();
}
