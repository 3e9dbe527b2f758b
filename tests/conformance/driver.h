/* driver.h: what the parts of the C replayer share: the line under way, values, named handles.
 *
 * An operation reads its members with the want_ and find_ functions, calls rdb.h, and hands what it
 * got to the give_ functions, which compare it with the line's "gives". Whatever is wrong with the
 * line ends it at once, by longjmp: fail() and skip() do not return. Memory of a line comes from
 * keep() and goes with the line. */
#ifndef DRIVER_H
#define DRIVER_H

#include <jansson.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rdb.h"

/* Kinds of handles a script can name. */
typedef enum {
  HANDLE_DB,
  HANDLE_TXN,
  HANDLE_TABLE,
  HANDLE_CURSOR,
  HANDLE_PIN,
  HANDLE_RESULT,
  HANDLE_LISTING,
  HANDLE_REPORT,
  HANDLE_CANCEL,
  HANDLE_KINDS
} handle_kind;

/* ---- the line under way ---- */

typedef struct line {
  json_t* json;
  const char* folder; /* where the script is */
  json_t* gives;      /* NULL: nothing is to be compared */
  json_t* seen;       /* members of gives that were compared */
  rdb_status expected;
  rdb_error err;
  jmp_buf end;
  bool skipped;
  char why[1024]; /* of a failure */
  void** kept;
  size_t kept_count;
  void* unnamed; /* a handle that goes with the line; NULL: none */
  handle_kind unnamed_kind;
} line;

_Noreturn void fail(line* l, const char* format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void skip(line* l);
void* keep(line* l, size_t size); /* zeroed */

/* Members: want_ fails the line without one, find_ gives NULL or the value for "absent". */
json_t* want_member(line* l, const char* name);
json_t* find_member(const line* l, const char* name);
const char* want_text(line* l, const char* name);
const char* find_text(line* l, const char* name, const char* absent);
uint64_t want_number(line* l, const char* name);
uint64_t find_number(line* l, const char* name, uint64_t absent);
bool find_bool(line* l, const char* name);
/* The place of a member's text in words, a list that ends with NULL. */
uint32_t find_choice(line* l, const char* name, const char* const* words, uint32_t absent);

/* The value of a status by its name without RDB_. */
rdb_status status_by_name(line* l, const char* name);

/* ---- values (values.c) ---- */

typedef enum {
  KIND_BYTES, /* and whatever is given as stored */
  KIND_SIGNED,
  KIND_UNSIGNED,
  KIND_FLOAT,
  KIND_BOOL,
  KIND_CHAR,
  KIND_TEXT,
  KIND_UNIT,
  KIND_ARRAY,
  KIND_COMPOSITE /* encoded by the library, item by item */
} value_kind;

/* A key or value type, as far as the scripts write values by meaning. */
typedef struct value_type {
  value_kind kind;
  size_t width; /* of one element when it is an array; 0: variable */
  value_kind element;
  size_t count;  /* of an array */
  char name[96]; /* of a composite */
  uint32_t type_class;
} value_type;

extern const value_type type_bytes;
value_type parse_type(const char* name, uint32_t type_class);

/* The stored bytes of a value that a script wrote. */
rdb_slice encode(line* l, const json_t* value, const value_type* type);
rdb_slice want_bytes(line* l, const char* name, const value_type* type);
/* A table's name or a path. */
rdb_slice want_name(line* l, const char* name);

/* Counted and listed rows and keys. */
typedef struct rows {
  rdb_slice* keys;
  rdb_slice* values; /* NULL for keys alone */
  size_t count;
} rows;
rows want_rows(line* l, const json_t* json, const value_type* key, const value_type* value);
rows want_keys(line* l, const json_t* json, const value_type* key);

bool slices_equal(rdb_slice a, rdb_slice b);
rdb_slice copy_slice(line* l, rdb_slice slice);

/* ---- what an operation gives: compared with the line ---- */

/* The expected member, marked as compared; NULL when the line does not ask. */
json_t* asked(line* l, const char* name);
void give_number(line* l, const char* name, uint64_t value);
void give_bool(line* l, const char* name, bool value);
void give_text(line* l, const char* name, rdb_slice text);
void give_part(line* l, const char* name, rdb_slice text); /* what is asked is contained in it */
void give_value(line* l, const char* name, rdb_slice bytes, const value_type* type);
void give_null(line* l, const char* name);
void give_rows(line* l, const rows* got, const value_type* key, const value_type* value);

/* Numbers of a struct by their names. */
typedef struct number_member {
  const char* name;
  size_t offset;
  size_t size;
} number_member;
#define NUMBER(type, member) \
  { #member, offsetof(type, member), sizeof(((type*)0)->member) }
void give_numbers(line* l, const void* from, const number_member* members, size_t count);

/* ---- named handles (handles.c) ---- */

/* A table or cursor comes with the types of its keys and values. */
typedef struct handle {
  char name[64];
  void* pointer;
  bool skipped; /* the line that makes it was not for this face */
  value_type key;
  value_type value;
} handle;

extern const char* const handle_members[HANDLE_KINDS]; /* "db", "txn" ... */

/* The handle that the line names under its kind's member: never NULL, though its pointer may be,
 * for a line that passes NULL or a handle of another kind. Skips the line when the handle is
 * missing for this face alone. */
const handle* want_handle(line* l, handle_kind kind);
void* want_pointer(line* l, handle_kind kind);
/* The same for a member that may be absent: NULL then. */
void* find_pointer(line* l, handle_kind kind);
/* Records a handle that was made; a NULL pointer is not recorded. */
handle* made_handle(line* l, handle_kind kind, void* pointer);
/* The same where the line may leave the name out: its handle goes with the line then. */
void made_handle_or_unnamed(line* l, handle_kind kind, void* pointer);
void release_unnamed(line* l);
/* Whether the line names a live handle of that kind. */
bool names_live(line* l, handle_kind kind);
void forget_handle(line* l, handle_kind kind);
void skipped_handle(line* l, handle_kind kind);
/* Releases what a script left behind, and forgets everything. */
void release_handles(void);

/* ---- operations (ops_*.c) ---- */

typedef struct operation {
  const char* name;
  rdb_status (*run)(line* l);
  int makes; /* handle_kind, or -1 */
} operation;

/* Each list ends with a NULL name. */
extern const operation library_operations[];
extern const operation database_operations[];
extern const operation transaction_operations[];
extern const operation record_operations[];
extern const operation cursor_operations[];
extern const operation merge_operations[];
extern const operation bulk_operations[];
extern const operation ttl_operations[];
extern const operation codec_operations[];

/* A type by its name, or by name and class; NULL when the line has no such member. */
const rdb_type* find_type(line* l, const char* member, rdb_type* type);
value_type meaning_of(const rdb_type* type);

/* A progress callback as a line asks for it. */
typedef struct progress_state {
  rdb_status answer;
  uint64_t calls;
  uint64_t drops;
} progress_state;
rdb_progress want_progress(line* l, progress_state* state);
void give_progress(line* l, const progress_state* state);

/* Options of C only: struct_size, and with "tail" a set byte behind what the library knows. The
 * struct must have TAIL_ROOM bytes of room behind it. */
#define TAIL_ROOM 16
void apply_struct_size(line* l, void* options, size_t size);

/* The line's range, in room; NULL: the whole table. */
const rdb_range* want_range(line* l, const value_type* key, rdb_range* room);

/* The line's own packed bytes, or its rows or keys packed. */
rdb_slice want_packed(line* l, const handle* table, bool keys_only);

/* "flags": insert_only, update_only. */
uint64_t put_flags(line* l);

#endif /* DRIVER_H */
