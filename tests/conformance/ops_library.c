/* ops_library.c: versions, features, options; databases and files; cancellation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

static rdb_slice text_slice(const char* text) {
  const rdb_slice slice = {text, strlen(text)};
  return slice;
}

/* ---- the library ---- */

static rdb_status run_version(line* l) {
  char text[32];
  const uint32_t number = rdb_version_number();
  snprintf(text, sizeof text, "%u.%u.%u", number / 1000000, number / 1000 % 1000, number % 1000);
  if (strcmp(text, rdb_version()) != 0) fail(l, "%s is not %s", rdb_version(), text);
  if (rdb_abi_version() >> 16 != RDB_ABI_MAJOR) fail(l, "ABI %x", rdb_abi_version());
  if (strlen(rdb_build_info()) == 0) fail(l, "no build line");
  return RDB_OK;
}

static rdb_status run_status_name(line* l) {
  const rdb_status status = (rdb_status)want_number(l, "status");
  give_text(l, "name", text_slice(rdb_status_name(status)));
  return RDB_OK;
}

static rdb_status run_check_abi(line* l) {
  const uint32_t major = RDB_ABI_MAJOR + (uint32_t)want_number(l, "major");
  const uint32_t minor = RDB_ABI_MINOR + (uint32_t)want_number(l, "minor");
  return rdb_check_abi(major << 16 | minor, &l->err);
}

static rdb_status run_has_feature(line* l) {
  const int32_t has = rdb_has_feature(want_name(l, "name"));
  if (has != 0 && has != 1) fail(l, "neither 0 nor 1: %d", has);
  give_bool(l, "has", has);
  return RDB_OK;
}

static rdb_status run_options(line* l) {
  const size_t count = rdb_option_count();
  const json_t* expected = asked(l, "names");
  if (expected != NULL && json_array_size(expected) != count) fail(l, "%zu options", count);
  for (size_t i = 0; i < count; ++i) {
    rdb_option_info info = RDB_OPTION_INFO_INIT;
    const rdb_status status = rdb_option_at(i, &info, &l->err);
    if (status != RDB_OK) return status;
    if (strlen(info.help) == 0) fail(l, "%s has no help", info.name);
    if (expected != NULL &&
        strcmp(json_string_value(json_array_get(expected, i)), info.name) != 0) {
      fail(l, "option %zu is %s", i, info.name);
    }
  }
  return RDB_OK;
}

static rdb_status run_option(line* l) {
  static const char* const types[] = {"bool", "uint", "bytes", "choice"};
  rdb_option_info info = RDB_OPTION_INFO_INIT;
  const rdb_status status = rdb_option_at((size_t)want_number(l, "index"), &info, &l->err);
  if (status != RDB_OK) return status;
  give_text(l, "name", text_slice(info.name));
  give_text(l, "type", text_slice(types[info.type]));
  give_text(l, "choices", text_slice(info.choices));
  give_text(l, "initial", text_slice(info.initial));
  return RDB_OK;
}

static rdb_status run_api_table(line* l) {
  const rdb_api_v1* api = rdb_api((uint32_t)want_number(l, "major"));
  give_bool(l, "has", api != NULL);
  if (api != NULL && (api->struct_size < sizeof *api || api->abi_version != rdb_abi_version() ||
                      api->rdb_open != rdb_open || api->rdb_cancel_free != rdb_cancel_free)) {
    fail(l, "the table names other functions");
  }
  return RDB_OK;
}

static rdb_status run_struct_init(line* l) {
  static const char* const structs[] = {"options", "txn_options", "verify_options", NULL};
  union {
    rdb_options options;
    rdb_txn_options txn;
    rdb_verify_options verify;
    unsigned char bytes[512];
  } any;
  const size_t size = (size_t)want_number(l, "size");
  const uint32_t which = find_choice(l, "struct", structs, 0);
  if (size > sizeof any) fail(l, "a size above %zu", sizeof any);
  memset(&any, 0xee, sizeof any);
  const rdb_status status = which == 0   ? rdb_options_init(&any.options, size, &l->err)
                            : which == 1 ? rdb_txn_options_init(&any.txn, size, &l->err)
                                         : rdb_verify_options_init(&any.verify, size, &l->err);
  if (status != RDB_OK) return status;
  give_number(l, "size", any.options.struct_size);
  for (size_t i = sizeof(size_t); i < sizeof any; ++i) {
    if (any.bytes[i] != (i < size ? 0 : 0xee)) fail(l, "byte %zu is %d", i, any.bytes[i]);
  }
  return RDB_OK;
}

const operation library_operations[] = {
    {"version", run_version, -1},
    {"status_name", run_status_name, -1},
    {"check_abi", run_check_abi, -1},
    {"has_feature", run_has_feature, -1},
    {"options", run_options, -1},
    {"option", run_option, -1},
    {"api_table", run_api_table, -1},
    {"struct_init", run_struct_init, -1},
    {NULL, NULL, -1},
};

/* ---- progress and struct sizes ---- */

static rdb_status on_progress(void* ctx, uint64_t done, uint64_t total) {
  progress_state* state = ctx;
  (void)done, (void)total;
  ++state->calls;
  return state->answer;
}

static void on_drop(void* ctx) { ++((progress_state*)ctx)->drops; }

rdb_progress want_progress(line* l, progress_state* state) {
  const char* answer = find_text(l, "progress", NULL);
  const rdb_progress none = {NULL, NULL, NULL};
  const rdb_progress some = {on_progress, state, on_drop};
  memset(state, 0, sizeof *state);
  if (answer == NULL) return none;
  state->answer = strcmp(answer, "continue") == 0 ? RDB_OK
                  : strcmp(answer, "stop") == 0   ? RDB_STOPPED
                                                  : status_by_name(l, answer);
  return some;
}

void give_progress(line* l, const progress_state* state) {
  if (find_member(l, "progress") != NULL && state->drops != 1) {
    fail(l, "the callback's context was dropped %llu times", (unsigned long long)state->drops);
  }
  give_bool(l, "progress_calls", state->calls != 0);
}

void apply_struct_size(line* l, void* options, size_t size) {
  size_t told = size;
  if (find_bool(l, "tail")) {
    told = size + TAIL_ROOM;
    memset((char*)options + size, 0, TAIL_ROOM);
    ((char*)options)[told - 1] = 1;
  }
  told = (size_t)find_number(l, "struct_size", told);
  memcpy(options, &told, sizeof told);
}

/* ---- databases ---- */

static rdb_status open_any(line* l, bool in_memory) {
  struct {
    rdb_options options;
    unsigned char room[TAIL_ROOM];
  } with;
  rdb_db* db = (rdb_db*)(void*)l; /* to be set to NULL on failure */
  progress_state progress;
  const char* name;
  json_t* value;
  rdb_status status = rdb_options_init(&with.options, sizeof with.options, &l->err);
  json_object_foreach(find_member(l, "options"), name, value) {
    const rdb_slice text = {json_string_value(value), json_string_length(value)};
    status = rdb_options_set(&with.options, text_slice(name), text, &l->err);
    if (status != RDB_OK) return status;
  }
  with.options.cancel = find_pointer(l, HANDLE_CANCEL);
  with.options.repair_progress = want_progress(l, &progress);
  apply_struct_size(l, &with.options, sizeof with.options);
  status = in_memory ? rdb_open_memory(&with.options, &db, &l->err)
                     : rdb_open(want_name(l, "path"), &with.options, &db, &l->err);
  if (status < 0 && db != NULL) fail(l, "the handle was not set to NULL");
  made_handle(l, HANDLE_DB, db);
  give_progress(l, &progress);
  return status;
}

static rdb_status run_open(line* l) { return open_any(l, false); }
static rdb_status run_open_memory(line* l) { return open_any(l, true); }

static rdb_status run_close(line* l) {
  const rdb_status status = rdb_close(want_pointer(l, HANDLE_DB), &l->err);
  if (status != RDB_ERR_BUSY && status != RDB_ERR_BAD_HANDLE) forget_handle(l, HANDLE_DB);
  return status;
}

static rdb_status run_close_deferred(line* l) {
  rdb_close_deferred(want_pointer(l, HANDLE_DB));
  forget_handle(l, HANDLE_DB);
  return RDB_OK;
}

static rdb_status run_recovery(line* l) {
  static const char* const names[] = {"CLEAN", "FULL_REPAIR", "OLDER_COMMIT", "MIRROR"};
  const rdb_db* db = want_pointer(l, HANDLE_DB);
  rdb_recovery_info info = RDB_RECOVERY_INFO_INIT;
  rdb_slice note;
  rdb_status status = rdb_recovery(db, &info, &l->err);
  if (status != RDB_OK) return status;
  const json_t* expected = asked(l, "flags");
  uint64_t flags = 0;
  for (size_t i = 0; i < json_array_size(expected); ++i) {
    const char* name = json_string_value(json_array_get(expected, i));
    size_t bit = 0;
    while (bit < 4 && strcmp(names[bit], name) != 0) ++bit;
    flags |= UINT64_C(1) << bit;
  }
  if (expected != NULL && flags != info.flags)
    fail(l, "flags are %llx", (unsigned long long)info.flags);
  give_number(l, "notes", info.note_count);
  for (uint64_t i = 0; i < info.note_count; ++i) {
    status = rdb_recovery_note(db, i, &note, &l->err);
    if (status != RDB_OK || note.size == 0) fail(l, "note %llu is missing", (unsigned long long)i);
  }
  if (rdb_recovery_note(db, info.note_count, &note, &l->err) != RDB_NOT_FOUND) {
    fail(l, "a note behind the last");
  }
  return RDB_OK;
}

static rdb_status run_stats(line* l) {
  static const number_member members[] = {
      NUMBER(rdb_stats_info, file_bytes),
      NUMBER(rdb_stats_info, page_bytes),
      NUMBER(rdb_stats_info, allocated_pages),
      NUMBER(rdb_stats_info, free_pages),
      NUMBER(rdb_stats_info, pending_free_pages),
      NUMBER(rdb_stats_info, resident_bytes),
      NUMBER(rdb_stats_info, pinned_bytes),
      NUMBER(rdb_stats_info, live_readers),
      NUMBER(rdb_stats_info, memory_budget_bytes),
      NUMBER(rdb_stats_info, last_txn_id),
      NUMBER(rdb_stats_info, durable_txn_id),
      NUMBER(rdb_stats_info, commits),
      NUMBER(rdb_stats_info, bytes_written),
      NUMBER(rdb_stats_info, write_calls),
      NUMBER(rdb_stats_info, bytes_read),
      NUMBER(rdb_stats_info, read_calls),
      NUMBER(rdb_stats_info, syncs),
      NUMBER(rdb_stats_info, pages_allocated),
      NUMBER(rdb_stats_info, pages_evicted),
      NUMBER(rdb_stats_info, opened_bytes),
  };
  rdb_stats_info info = RDB_STATS_INFO_INIT;
  const rdb_status status = rdb_stats(want_pointer(l, HANDLE_DB), &info, &l->err);
  if (status == RDB_OK) give_numbers(l, &info, members, sizeof members / sizeof members[0]);
  return status;
}

/* ---- verification ---- */

static void give_report(line* l, const rdb_report* report) {
  static const number_member members[] = {
      NUMBER(rdb_report_info, pages_checked),   NUMBER(rdb_report_info, tables_checked),
      NUMBER(rdb_report_info, entries_checked), NUMBER(rdb_report_info, leaked_pages),
      NUMBER(rdb_report_info, problem_count),
  };
  rdb_report_info info = RDB_REPORT_INFO_INIT;
  const json_t* pages = asked(l, "pages");
  size_t page = 0;
  if (rdb_report_describe(report, &info, &l->err) != RDB_OK) fail(l, "%s", l->err.message);
  give_numbers(l, &info, members, sizeof members / sizeof members[0]);
  for (uint64_t i = 0; i < info.problem_count; ++i) {
    rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
    if (rdb_report_problem(report, i, &problem, &l->err) != RDB_OK) fail(l, "%s", l->err.message);
    if (problem.page == RDB_NO_POSITION || pages == NULL) continue;
    if ((uint64_t)json_integer_value(json_array_get(pages, page++)) != problem.page) {
      fail(l, "problem %llu is about page %llu", (unsigned long long)i,
           (unsigned long long)problem.page);
    }
  }
  if (page != json_array_size(pages)) fail(l, "%zu problems name a page", page);
}

static rdb_status run_verify(line* l) {
  static const char* const levels[] = {"header", "checksums", "full", NULL};
  struct {
    rdb_verify_options options;
    unsigned char room[TAIL_ROOM];
  } with;
  const rdb_db* db = want_pointer(l, HANDLE_DB);
  rdb_report* report = (rdb_report*)(void*)l;
  progress_state progress;
  rdb_status status = rdb_verify_options_init(&with.options, sizeof with.options, &l->err);
  with.options.level = find_choice(l, "level", levels, RDB_VERIFY_HEADER);
  with.options.cancel = find_pointer(l, HANDLE_CANCEL);
  with.options.progress = want_progress(l, &progress);
  apply_struct_size(l, &with.options, sizeof with.options);
  status = rdb_verify(db, &with.options, &report, &l->err);
  if (status != RDB_OK && report != NULL) fail(l, "the handle was not set to NULL");
  give_progress(l, &progress);
  if (status != RDB_OK) return status;
  made_handle_or_unnamed(l, HANDLE_REPORT, report);
  give_report(l, report);
  return status;
}

static rdb_status run_report_problem(line* l) {
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  const rdb_status status = rdb_report_problem(want_pointer(l, HANDLE_REPORT),
                                               want_number(l, "index"), &problem, &l->err);
  if (status != RDB_OK) return status;
  give_part(l, "object", problem.object);
  give_part(l, "what", problem.what);
  give_part(l, "meaning", problem.meaning);
  return status;
}

static rdb_status run_report_free(line* l) {
  rdb_report_free(want_pointer(l, HANDLE_REPORT));
  forget_handle(l, HANDLE_REPORT);
  return RDB_OK;
}

/* ---- files ---- */

static FILE* want_file(line* l, const char* path, const char* mode) {
  FILE* file = fopen(path, mode);
  if (file == NULL) fail(l, "%s cannot be opened", path);
  return file;
}

/* The whole file, in memory of the line. */
static rdb_slice read_file(line* l, const char* path) {
  FILE* file = want_file(l, path, "rb");
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  char* data = keep(l, (size_t)size + 1);
  rewind(file);
  const size_t got = fread(data, 1, (size_t)size, file);
  fclose(file);
  const rdb_slice slice = {data, got};
  return slice;
}

static rdb_status write_whole(line* l, const char* path, const char* mode, long offset,
                              rdb_slice bytes) {
  FILE* file = want_file(l, path, mode);
  const bool good = fseek(file, offset, SEEK_SET) == 0 &&
                    (bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, file) == bytes.size);
  if (fclose(file) != 0 || !good) fail(l, "%s cannot be written", path);
  return RDB_OK;
}

static rdb_status run_write_file(line* l) {
  return write_whole(l, want_text(l, "path"), "wb", 0, want_bytes(l, "bytes", &type_bytes));
}

static rdb_status run_copy_file(line* l) {
  rdb_slice bytes = read_file(l, want_text(l, "from"));
  const uint64_t size = find_number(l, "size", bytes.size);
  if (size > bytes.size) fail(l, "the file has %zu bytes", bytes.size);
  bytes.size = (size_t)size;
  return write_whole(l, want_text(l, "to"), "wb", 0, bytes);
}

static rdb_status run_unpack_file(line* l) {
  char command[8192];
  snprintf(command, sizeof command, "gzip -dc '%s/%s' >'%s'", l->folder, want_text(l, "file"),
           want_text(l, "path"));
  if (system(command) != 0) fail(l, "failed: %s", command);
  return RDB_OK;
}

static rdb_status run_patch_file(line* l) {
  return write_whole(l, want_text(l, "path"), "r+b", (long)want_number(l, "offset"),
                     want_bytes(l, "bytes", &type_bytes));
}

static rdb_status run_xor_file(line* l) {
  const rdb_slice bytes = read_file(l, want_text(l, "path"));
  const rdb_slice text = want_bytes(l, "find", &type_bytes);
  const unsigned char with = (unsigned char)want_number(l, "with");
  unsigned char* at = (unsigned char*)(uintptr_t)bytes.data; /* the line's own */
  const unsigned char* const end = at + bytes.size;
  size_t found = 0;
  while ((at = memmem(at, (size_t)(end - at), text.data, text.size)) != NULL) {
    *at++ ^= with;
    ++found;
  }
  if (found == 0) fail(l, "the file does not contain that");
  return write_whole(l, want_text(l, "path"), "r+b", 0, bytes);
}

/* ---- cancellation ---- */

static rdb_status run_cancel_create(line* l) {
  rdb_cancel* cancel = NULL;
  const rdb_status status = rdb_cancel_create(&cancel, &l->err);
  made_handle(l, HANDLE_CANCEL, cancel);
  return status;
}

static rdb_status run_cancel_trigger(line* l) {
  rdb_cancel_trigger(want_pointer(l, HANDLE_CANCEL));
  return RDB_OK;
}

static rdb_status run_cancel_reset(line* l) {
  rdb_cancel_reset(want_pointer(l, HANDLE_CANCEL));
  return RDB_OK;
}

static rdb_status run_cancel_free(line* l) {
  rdb_cancel_free(want_pointer(l, HANDLE_CANCEL));
  forget_handle(l, HANDLE_CANCEL);
  return RDB_OK;
}

const operation database_operations[] = {
    {"open", run_open, HANDLE_DB},
    {"open_memory", run_open_memory, HANDLE_DB},
    {"close", run_close, -1},
    {"close_deferred", run_close_deferred, -1},
    {"recovery", run_recovery, -1},
    {"stats", run_stats, -1},
    {"verify", run_verify, HANDLE_REPORT},
    {"report_problem", run_report_problem, -1},
    {"report_free", run_report_free, -1},
    {"write_file", run_write_file, -1},
    {"copy_file", run_copy_file, -1},
    {"unpack_file", run_unpack_file, -1},
    {"patch_file", run_patch_file, -1},
    {"xor_file", run_xor_file, -1},
    {"cancel_create", run_cancel_create, HANDLE_CANCEL},
    {"cancel_trigger", run_cancel_trigger, -1},
    {"cancel_reset", run_cancel_reset, -1},
    {"cancel_free", run_cancel_free, -1},
    {NULL, NULL, -1},
};
