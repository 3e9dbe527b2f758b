/* ops_merge.c: merges, with the library's operators and with functions that a line names. */
#include <string.h>

#include "driver.h"

/* A function of the program's as a line asks for it. */
typedef struct merge_state {
  line* l;
  rdb_table* table;
  const char* what;
  uint64_t calls;
  uint64_t drops;
} merge_state;

static rdb_status on_merge(void* ctx, rdb_slice key, const rdb_slice* existing, rdb_slice operand,
                           rdb_slice* result) {
  merge_state* state = ctx;
  (void)key;
  ++state->calls;
  *result = operand;
  if (strcmp(state->what, "drop") == 0) return RDB_NOT_FOUND;
  if (strcmp(state->what, "stop") == 0) return RDB_STOPPED;
  if (strcmp(state->what, "raise") == 0) return RDB_ERR_CALLBACK;
  if (strcmp(state->what, "reenter") == 0) {
    uint64_t count = 0;
    return rdb_table_len(state->table, &count, NULL) == RDB_ERR_MISUSE ? RDB_OK : RDB_ERR_INTERNAL;
  }
  if (strcmp(state->what, "join") == 0 && existing != NULL) {
    char* joined = keep(state->l, existing->size + operand.size + 1);
    if (existing->size != 0) memcpy(joined, existing->data, existing->size);
    joined[existing->size] = ',';
    if (operand.size != 0) memcpy(joined + existing->size + 1, operand.data, operand.size);
    *result = (rdb_slice){joined, existing->size + 1 + operand.size};
  }
  return RDB_OK;
}

static void on_drop(void* ctx) { ++((merge_state*)ctx)->drops; }

static rdb_merge_operator want_operator(line* l, merge_state* state) {
  static const char* const operators[] = {
      "numeric_add", "saturating_add", "float_add",    "numeric_max",
      "numeric_min", "bitwise_or",     "bytes_append", NULL};
  static const char* const functions[] = {"join", "drop", "stop", "raise", "reenter", NULL};
  const rdb_merge_operator builtin =
      RDB_MERGE_OPERATOR_INIT(find_choice(l, "operator", operators, RDB_MERGE_FUNCTION));
  const rdb_merge_operator function = {RDB_MERGE_FUNCTION, 0, on_merge, state, on_drop};
  memset(state, 0, sizeof *state);
  if (find_member(l, "operator") != NULL) return builtin;
  state->l = l;
  state->what = functions[find_choice(l, "function", functions, 0)];
  return function;
}

static rdb_status ended(line* l, const merge_state* state, rdb_status status) {
  if (state->what == NULL) return status;
  if (state->drops != 1) fail(l, "the context was dropped %d times", (int)state->drops);
  give_number(l, "calls", state->calls);
  return status;
}

static rdb_status run_merge(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  merge_state state;
  const rdb_merge_operator op = want_operator(l, &state);
  state.table = table->pointer;
  return ended(l, &state,
               rdb_merge(table->pointer, want_bytes(l, "key", &table->key),
                         want_bytes(l, "operand", &table->value), &op, &l->err));
}

static rdb_status run_merge_batch(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  const rows all = want_rows(l, want_member(l, "rows"), &table->key, &table->value);
  uint64_t merged = 0;
  merge_state state;
  const rdb_merge_operator op = want_operator(l, &state);
  state.table = table->pointer;
  const rdb_status status =
      rdb_merge_batch(table->pointer, all.keys, all.values, all.count, &op, &merged, &l->err);
  if (status >= 0) give_number(l, "count", merged);
  return ended(l, &state, status);
}

static rdb_status run_merge_batch_packed(line* l) {
  const handle* table = want_handle(l, HANDLE_TABLE);
  uint64_t merged = 0;
  merge_state state;
  const rdb_merge_operator op = want_operator(l, &state);
  state.table = table->pointer;
  const rdb_status status =
      rdb_merge_batch_packed(table->pointer, want_packed(l, table, false), &op, &merged, &l->err);
  if (status >= 0) give_number(l, "count", merged);
  return ended(l, &state, status);
}

const operation merge_operations[] = {
    {"merge", run_merge, -1},
    {"merge_batch", run_merge_batch, -1},
    {"merge_batch_packed", run_merge_batch_packed, -1},
    {NULL, NULL, -1},
};
