/* driver.c: replays the conformance scripts over rdb.h.
 *
 * usage: driver SCRIPT...
 *
 * README.md says what a script is. Each one runs in a fresh folder below TMPDIR. */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char kFace[] = "c";
static const operation* const kOperations[] = {
    library_operations, database_operations, transaction_operations,
    record_operations,  cursor_operations,   merge_operations,
    bulk_operations,    ttl_operations,      codec_operations};
static uint64_t passed, failed, skipped;

/* ---- a line's means ---- */

void fail(line* l, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(l->why, sizeof l->why, format, arguments);
  va_end(arguments);
  longjmp(l->end, 1);
}

void skip(line* l) {
  l->skipped = true;
  longjmp(l->end, 1);
}

void* keep(line* l, size_t size) {
  void** kept = realloc(l->kept, (l->kept_count + 1) * sizeof *kept);
  if (kept == NULL) abort();
  l->kept = kept;
  kept[l->kept_count] = calloc(1, size);
  if (kept[l->kept_count] == NULL) abort();
  return kept[l->kept_count++];
}

json_t* find_member(const line* l, const char* name) { return json_object_get(l->json, name); }

json_t* want_member(line* l, const char* name) {
  json_t* member = find_member(l, name);
  if (member == NULL) fail(l, "the line has no \"%s\"", name);
  return member;
}

const char* want_text(line* l, const char* name) {
  const char* text = json_string_value(want_member(l, name));
  if (text == NULL) fail(l, "\"%s\" is no text", name);
  return text;
}

const char* find_text(line* l, const char* name, const char* absent) {
  return find_member(l, name) == NULL ? absent : want_text(l, name);
}

uint64_t want_number(line* l, const char* name) {
  const json_t* member = want_member(l, name);
  if (!json_is_integer(member)) fail(l, "\"%s\" is no number", name);
  return (uint64_t)json_integer_value(member);
}

uint64_t find_number(line* l, const char* name, uint64_t absent) {
  return find_member(l, name) == NULL ? absent : want_number(l, name);
}

bool find_bool(line* l, const char* name) {
  const json_t* member = find_member(l, name);
  if (member != NULL && !json_is_boolean(member)) fail(l, "\"%s\" is neither true nor false", name);
  return json_is_true(member);
}

uint32_t find_choice(line* l, const char* name, const char* const* words, uint32_t absent) {
  const char* text = find_text(l, name, NULL);
  if (text == NULL) return absent;
  for (uint32_t i = 0; words[i] != NULL; ++i) {
    if (strcmp(words[i], text) == 0) return i;
  }
  fail(l, "\"%s\" knows no \"%s\"", name, text);
}

rdb_status status_by_name(line* l, const char* name) {
  for (rdb_status status = -1000; status < 100; ++status) {
    if (strcmp(rdb_status_name(status) + strlen("RDB_"), name) == 0) return status;
  }
  fail(l, "there is no status %s", name);
}

/* ---- running one ---- */

static const operation* find_operation(line* l) {
  const char* name = want_text(l, "op");
  for (size_t i = 0; i < sizeof kOperations / sizeof kOperations[0]; ++i) {
    for (const operation* at = kOperations[i]; at->name != NULL; ++at) {
      if (strcmp(at->name, name) == 0) return at;
    }
  }
  fail(l, "there is no operation \"%s\"", name);
}

static bool for_this_face(const line* l) {
  const json_t* faces = find_member(l, "faces");
  size_t i;
  json_t* item;
  bool listed = faces == NULL;
  json_array_foreach(faces, i, item) {
    listed = listed || strcmp(json_string_value(item), kFace) == 0;
  }
  if (!listed || json_object_get(find_member(l, "except"), kFace) != NULL) return false;
  json_array_foreach(find_member(l, "needs"), i, item) {
    const rdb_slice name = {json_string_value(item), json_string_length(item)};
    if (!rdb_has_feature(name)) return false;
  }
  return true;
}

/* What every negative status gives. */
static void give_error(line* l, rdb_status status) {
  static const struct {
    const char* name;
    int number;
  } numbers[] = {{"ENOENT", ENOENT}, {"EEXIST", EEXIST}, {"EISDIR", EISDIR}, {"ENOTDIR", ENOTDIR}};
  const rdb_slice message = {l->err.message, l->err.message_size};
  if (l->err.status != status) fail(l, "the error says status %d", l->err.status);
  if (l->err.message_size == 0 || l->err.message[l->err.message_size] != 0) {
    fail(l, "the error has no message");
  }
  give_part(l, "message_contains", message);
  if (json_object_get(l->gives, "position") != NULL) give_number(l, "position", l->err.position);
  const json_t* expected = asked(l, "errno");
  for (size_t i = 0; expected != NULL && i < sizeof numbers / sizeof numbers[0]; ++i) {
    if (strcmp(numbers[i].name, json_string_value(expected)) == 0 &&
        numbers[i].number == l->err.os_errno) {
      return;
    }
  }
  if (expected != NULL) fail(l, "errno is %d", l->err.os_errno);
}

static void run_operation(line* l) {
  const operation* const run = find_operation(l);
  if (!for_this_face(l)) {
    if (run->makes >= 0) skipped_handle(l, (handle_kind)run->makes);
    skip(l);
  }
  l->expected = status_by_name(l, find_text(l, "expect", "OK"));
  memset(&l->err, 0, sizeof l->err);
  const rdb_status status = run->run(l);
  if (status != l->expected) {
    fail(l, "gave %s: %s", rdb_status_name(status), status < 0 ? l->err.message : "");
  }
  if (status < 0) give_error(l, status);
  const char* name;
  json_t* member;
  json_object_foreach(l->gives, name, member) {
    if (json_object_get(l->seen, name) == NULL) fail(l, "nothing gives \"%s\"", name);
  }
}

/* Whether the line came to its end. Apart from run_line, whose variables longjmp would spoil. */
static bool run_to_end(line* l, const char* problem) {
  if (setjmp(l->end) != 0) return false;
  if (l->json == NULL) fail(l, "no JSON: %s", problem);
  if (find_member(l, "op") != NULL || find_member(l, "comment") == NULL) {
    run_operation(l);
    ++passed;
  }
  return true;
}

static void run_line(const char* folder, const char* script, int number, const char* text) {
  line l = {0};
  json_error_t problem;
  if (text[strspn(text, " \t\r\n")] == 0) return;
  l.json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
  l.folder = folder;
  l.gives = json_object_get(l.json, "gives");
  l.seen = json_object();
  const bool ended = run_to_end(&l, problem.text);
  if (!ended && l.skipped) ++skipped;
  if (!ended && !l.skipped) {
    ++failed;
    printf("%s:%d: %s    %s\n", script, number, text, l.why);
  }
  release_unnamed(&l);
  json_decref(l.json);
  json_decref(l.seen);
  for (size_t i = 0; i < l.kept_count; ++i) free(l.kept[i]);
  free(l.kept);
}

/* path is absolute, and split into folder and name while its script runs. */
static void run_script(char* path) {
  FILE* file = fopen(path, "rb");
  char* text = NULL;
  size_t room = 0;
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  char* const slash = strrchr(path, '/');
  *slash = 0;
  for (int number = 1; getline(&text, &room, file) >= 0; ++number) {
    run_line(path, slash + 1, number, text);
  }
  release_handles();
  free(text);
  fclose(file);
}

/* ---- folders ---- */

static int remove_entry(const char* path, const struct stat* status, int type, struct FTW* where) {
  (void)status, (void)type, (void)where;
  return remove(path);
}

static void run_in_folder(const char* path) {
  const char* base = getenv("TMPDIR");
  char whole[4096], folder[4096];
  if (realpath(path, whole) == NULL) {
    perror(path);
    exit(1);
  }
  snprintf(folder, sizeof folder, "%s/rdb-conformance-XXXXXX", base == NULL ? "/tmp" : base);
  const int before = open(".", O_RDONLY);
  if (before < 0 || mkdtemp(folder) == NULL || chdir(folder) != 0) {
    perror(folder);
    exit(1);
  }
  run_script(whole);
  if (fchdir(before) != 0) perror("fchdir");
  close(before);
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) run_in_folder(argv[i]);
  printf("conformance: %s: %llu lines passed, %llu failed, %llu not for this face\n", kFace,
         (unsigned long long)passed, (unsigned long long)failed, (unsigned long long)skipped);
  return failed != 0 || passed == 0;
}
