/* handles.c: the handles that a script has named. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

enum { MAX_HANDLES = 256 };
static handle table[HANDLE_KINDS][MAX_HANDLES];
static size_t used[HANDLE_KINDS];

const char* const handle_members[HANDLE_KINDS] = {"db",     "txn",     "table",  "cursor", "pin",
                                                  "result", "listing", "report", "cancel"};

static handle* find(handle_kind kind, const char* name) {
  for (size_t i = 0; i < used[kind]; ++i) {
    if (strcmp(table[kind][i].name, name) == 0) return &table[kind][i];
  }
  return NULL;
}

static const handle* want_named(line* l, handle_kind kind, const char* name) {
  const handle* found = find(kind, name);
  if (found != NULL && found->skipped) skip(l);
  if (found == NULL) fail(l, "there is no %s \"%s\"", handle_members[kind], name);
  return found;
}

const handle* want_handle(line* l, handle_kind kind) {
  static handle odd; /* NULL, or a handle of another kind: its types do not matter */
  const json_t* member = want_member(l, handle_members[kind]);
  odd.pointer = NULL;
  if (json_is_null(member)) return &odd;
  if (json_is_string(member)) return want_named(l, kind, json_string_value(member));
  for (int other = 0; other < HANDLE_KINDS; ++other) {
    const json_t* name = json_object_get(member, handle_members[other]);
    if (name != NULL) {
      odd.pointer = want_named(l, (handle_kind)other, json_string_value(name))->pointer;
      return &odd;
    }
  }
  fail(l, "%s names no handle", handle_members[kind]);
}

void* want_pointer(line* l, handle_kind kind) { return want_handle(l, kind)->pointer; }

void* find_pointer(line* l, handle_kind kind) {
  return find_member(l, handle_members[kind]) == NULL ? NULL : want_pointer(l, kind);
}

bool names_live(line* l, handle_kind kind) {
  const handle* found = find(kind, want_text(l, handle_members[kind]));
  return found != NULL && !found->skipped;
}

static handle* slot(line* l, handle_kind kind) {
  const char* name = want_text(l, handle_members[kind]);
  handle* found = find(kind, name);
  if (found == NULL) {
    if (used[kind] == MAX_HANDLES || strlen(name) >= sizeof found->name)
      fail(l, "too many handles");
    found = &table[kind][used[kind]++];
    strcpy(found->name, name);
  } else if (!found->skipped) {
    fail(l, "the %s \"%s\" is still there", handle_members[kind], name);
  }
  found->pointer = NULL;
  found->skipped = false;
  found->key = type_bytes;
  found->value = type_bytes;
  return found;
}

static void release(handle_kind kind, void* pointer) {
  switch (kind) {
    case HANDLE_DB:
      rdb_close_deferred(pointer);
      break;
    case HANDLE_TXN:
      rdb_txn_abort(pointer, NULL);
      break;
    case HANDLE_TABLE:
      rdb_table_close(pointer, NULL);
      break;
    case HANDLE_CURSOR:
      rdb_cursor_close(pointer, NULL);
      break;
    case HANDLE_PIN:
      rdb_value_free(pointer);
      break;
    case HANDLE_RESULT:
      rdb_result_free(pointer);
      break;
    case HANDLE_LISTING:
      rdb_listing_free(pointer);
      break;
    case HANDLE_REPORT:
      rdb_report_free(pointer);
      break;
    default:
      rdb_cancel_free(pointer);
      break;
  }
}

void release_unnamed(line* l) {
  if (l->unnamed != NULL) release(l->unnamed_kind, l->unnamed);
  l->unnamed = NULL;
}

static void set_unnamed(line* l, handle_kind kind, void* pointer) {
  release_unnamed(l);
  l->unnamed = pointer;
  l->unnamed_kind = kind;
}

/* Until it has its name the line owns it: finding a place for it may fail. */
handle* made_handle(line* l, handle_kind kind, void* pointer) {
  if (pointer == NULL) return NULL;
  set_unnamed(l, kind, pointer);
  handle* made = slot(l, kind);
  made->pointer = pointer;
  l->unnamed = NULL;
  return made;
}

void made_handle_or_unnamed(line* l, handle_kind kind, void* pointer) {
  if (find_member(l, handle_members[kind]) != NULL) {
    made_handle(l, kind, pointer);
  } else {
    set_unnamed(l, kind, pointer);
  }
}

void skipped_handle(line* l, handle_kind kind) {
  const json_t* member = find_member(l, handle_members[kind]);
  if (!json_is_string(member)) return;
  const handle* found = find(kind, json_string_value(member));
  if (found == NULL || found->skipped) slot(l, kind)->skipped = true;
}

void forget_handle(line* l, handle_kind kind) {
  const json_t* member = want_member(l, handle_members[kind]);
  handle* found = json_is_string(member) ? find(kind, json_string_value(member)) : NULL;
  if (found != NULL) *found = table[kind][--used[kind]];
}

/* Parents first, which is the order that garbage collectors are feared for. */
void release_handles(void) {
  for (int kind = 0; kind < HANDLE_KINDS; ++kind) {
    for (size_t i = 0; i < used[kind]; ++i) {
      if (!table[kind][i].skipped) release((handle_kind)kind, table[kind][i].pointer);
    }
    used[kind] = 0;
  }
}
