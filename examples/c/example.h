/* example.h: what the C examples share: any error ends the program. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <rdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rdb_error err; /* of the call under way */

/* Gives the status of a call; a negative one ends the program. */
static inline rdb_status ok(rdb_status status) {
  if (status < 0) {
    fprintf(stderr, "%s: %s\n", rdb_status_name(status), err.message);
    exit(1);
  }
  return status;
}

static inline rdb_slice text(const char* characters) {
  rdb_slice slice;
  slice.data = characters;
  slice.size = strlen(characters);
  return slice;
}

static inline rdb_db* open_database(const char* path) {
  rdb_db* db;
  ok(rdb_open(text(path), NULL, &db, &err));
  return db;
}

static inline rdb_txn* begin(rdb_db* db, uint32_t kind) {
  rdb_txn* txn;
  ok(rdb_txn_begin(db, kind, NULL, &txn, &err));
  return txn;
}

/* A table of byte strings; a writer creates it when it is missing. */
static inline rdb_table* open_table(rdb_txn* txn, const char* name) {
  rdb_table* table;
  ok(rdb_table_open(txn, text(name), NULL, NULL, &table, &err));
  return table;
}

static inline void put(rdb_table* table, const char* key, const char* value) {
  ok(rdb_put(table, text(key), text(value), 0, &err));
}

/* Reads a short text into a buffer; NULL: there is no such key. */
static inline const char* get(rdb_table* table, const char* key, char* buffer, size_t capacity) {
  size_t size;
  const rdb_status status = ok(rdb_get_into(table, text(key), buffer, capacity - 1, &size, &err));
  if (status == RDB_NOT_FOUND) return NULL;
  if (status == RDB_MORE) {
    fprintf(stderr, "%s has %zu bytes\n", key, size);
    exit(1);
  }
  buffer[size] = 0;
  return buffer;
}

#endif /* EXAMPLE_H */
