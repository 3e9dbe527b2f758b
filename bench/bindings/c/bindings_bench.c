/* bindings_bench.c: the C reference of ./run bench bindings, over rdb.h and lmdb.h.
 *
 * usage: bindings_bench WORKLOAD FILE COUNT
 *        bindings_bench make RDB-FILE LMDB-FILE COUNT
 *
 * README.md says what a workload is; make writes the files that the reading ones read. */
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rdb.h"

enum {
  KEY_BYTES = 16,
  VALUE_BYTES = 150,
  BATCH = 100000,
  GETS = 200000,
  TIMED_PUT_PASSES = 3,
  SCAN_BATCH = 128,
  COUNTERS = 10000,
  COUNT_BATCH = 1000
};
#define MIN_SECONDS 0.3
#define MAP_BYTES ((size_t)16 << 30)

typedef struct {
  char key[KEY_BYTES];
  char value[VALUE_BYTES];
} record;

/* What a pass read or wrote. The first bytes are added up so that values are really looked at. */
typedef struct {
  uint64_t records;
  uint64_t bytes;
  uint64_t first_bytes;
} tally;

static void die(const char* what, const char* why) {
  fprintf(stderr, "bindings_bench: %s: %s\n", what, why);
  exit(1);
}

static rdb_error err;
static void rdb_check(rdb_status status, const char* what) {
  if (status < 0) die(what, err.message);
}
static void lmdb_check(int code, const char* what) {
  if (code != MDB_SUCCESS) die(what, mdb_strerror(code));
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static uint64_t mix(uint64_t i) {
  uint64_t x = i + UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static void make_key(uint64_t i, char* key) {
  char text[KEY_BYTES + 1];
  snprintf(text, sizeof text, "%016" PRIx64, mix(i));
  memcpy(key, text, KEY_BYTES);
}

static void make_record(uint64_t i, record* out) {
  int at;
  make_key(i, out->key);
  for (at = 0; at < VALUE_BYTES; ++at) out->value[at] = out->key[at % KEY_BYTES];
}

static void* allocate(uint64_t count, size_t size) {
  void* memory = calloc((size_t)count, size);
  if (memory == NULL) die("memory", "none left");
  return memory;
}

static record* make_records(uint64_t count) {
  record* records = allocate(count, sizeof *records);
  uint64_t i;
  for (i = 0; i < count; ++i) make_record(i, &records[i]);
  return records;
}

static char* make_wanted_keys(uint64_t count) {
  char* keys = allocate(GETS, KEY_BYTES);
  uint64_t j;
  for (j = 0; j < GETS; ++j) make_key(mix(count + j) % count, keys + j * KEY_BYTES);
  return keys;
}

static void add(tally* total, const void* value, size_t size) {
  ++total->records;
  total->bytes += size;
  if (size != 0) total->first_bytes += *(const unsigned char*)value;
}

/* A workload's state and its passes. */
typedef struct {
  const char* file;
  uint64_t count;
  const char* keys; /* get */
  rdb_table* table; /* rdb: scan, get */
  MDB_txn* txn;     /* lmdb: scan, get */
  MDB_dbi dbi;
} state;
typedef void (*pass)(state*, tally*);

static rdb_slice key_slice(const char* key) {
  rdb_slice slice;
  slice.data = key;
  slice.size = KEY_BYTES;
  return slice;
}

/* ---- rdb ---- */

static rdb_db* rdb_start(const char* file, uint32_t mode) {
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_slice path;
  rdb_db* db;
  options.mode = mode;
  path.data = file;
  path.size = strlen(file);
  rdb_check(rdb_open(path, &options, &db, &err), file);
  return db;
}

static rdb_table* rdb_bench_table(rdb_txn* txn) {
  rdb_table* table;
  rdb_check(rdb_table_open(txn, RDB_SLICE("bench"), NULL, NULL, &table, &err), "table");
  return table;
}

static void rdb_scan(state* s, tally* total) {
  rdb_slice keys[SCAN_BATCH], values[SCAN_BATCH];
  rdb_cursor* cursor;
  size_t count, i;
  rdb_check(rdb_cursor_open(s->table, &cursor, &err), "cursor");
  for (;;) {
    const rdb_status status = rdb_cursor_next_batch(cursor, keys, values, SCAN_BATCH, &count, &err);
    rdb_check(status, "scan");
    if (status == RDB_END) break;
    for (i = 0; i < count; ++i) add(total, values[i].data, values[i].size);
  }
  rdb_check(rdb_cursor_close(cursor, &err), "cursor");
}

static void rdb_gets(state* s, tally* total) {
  char buffer[256];
  size_t size;
  int j;
  for (j = 0; j < GETS; ++j) {
    const rdb_status status = rdb_get_into(s->table, key_slice(s->keys + (size_t)j * KEY_BYTES),
                                           buffer, sizeof buffer, &size, &err);
    if (status != RDB_OK) die("get", status < 0 ? err.message : "no such key");
    add(total, buffer, size);
  }
}

static void rdb_store(rdb_table* table, const record* records, uint64_t count) {
  rdb_slice* keys = malloc(BATCH * sizeof *keys);
  rdb_slice* values = malloc(BATCH * sizeof *values);
  uint64_t at = 0;
  if (keys == NULL || values == NULL) die("batch", "no memory");
  while (at < count) {
    size_t n = 0;
    for (; n < BATCH && at < count; ++n, ++at) {
      keys[n] = key_slice(records[at].key);
      values[n].data = records[at].value;
      values[n].size = VALUE_BYTES;
    }
    rdb_check(rdb_put_batch(table, keys, values, n, 0, NULL, &err), "put");
  }
  free(keys);
  free(values);
}

/* One write transaction with all records; gives the seconds it took. */
static double rdb_write(rdb_db* db, const record* records, uint64_t count) {
  const double begin = now();
  rdb_txn* txn;
  rdb_table* table;
  rdb_check(rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err), "begin");
  table = rdb_bench_table(txn);
  rdb_store(table, records, count);
  rdb_check(rdb_table_close(table, &err), "table");
  rdb_check(rdb_txn_commit(txn, &err), "commit");
  return now() - begin;
}

static double rdb_put_pass(const char* file, const record* records, uint64_t count) {
  rdb_db* db = rdb_start(file, RDB_OPEN_CREATE_NEW);
  const double seconds = rdb_write(db, records, count);
  rdb_check(rdb_close(db, &err), "close");
  return seconds;
}

static const uint64_t one_hit = 1;
static const rdb_merge_operator add_hits = RDB_MERGE_OPERATOR_INIT(RDB_MERGE_NUMERIC_ADD);

static rdb_slice hit_slice(const uint64_t* hits) {
  rdb_slice slice;
  slice.data = hits;
  slice.size = sizeof *hits;
  return slice;
}

static void rdb_count_pairs(state* s, tally* total) {
  uint64_t j;
  for (j = 0; j < s->count; ++j) {
    const rdb_slice key = key_slice(s->keys + j * KEY_BYTES);
    uint64_t hits = 0;
    size_t size;
    rdb_check(rdb_get_into(s->table, key, &hits, sizeof hits, &size, &err), "get");
    ++hits;
    rdb_check(rdb_put(s->table, key, hit_slice(&hits), 0, &err), "put");
  }
  total->records += s->count;
}

static void rdb_count_merges(state* s, tally* total) {
  uint64_t j;
  for (j = 0; j < s->count; ++j) {
    rdb_check(rdb_merge(s->table, key_slice(s->keys + j * KEY_BYTES), hit_slice(&one_hit),
                        &add_hits, &err),
              "merge");
  }
  total->records += s->count;
}

static void rdb_count_batches(state* s, tally* total) {
  rdb_slice keys[COUNT_BATCH], hits[COUNT_BATCH];
  uint64_t at = 0;
  while (at < s->count) {
    size_t n = 0;
    for (; n < COUNT_BATCH && at < s->count; ++n, ++at) {
      keys[n] = key_slice(s->keys + at * KEY_BYTES);
      hits[n] = hit_slice(&one_hit);
    }
    rdb_check(rdb_merge_batch(s->table, keys, hits, n, &add_hits, NULL, &err), "merge batch");
  }
  total->records += s->count;
}

/* What all counters add up to. */
static uint64_t rdb_hits(rdb_table* table) {
  rdb_slice keys[SCAN_BATCH], values[SCAN_BATCH];
  rdb_cursor* cursor;
  uint64_t sum = 0;
  size_t count, i;
  rdb_check(rdb_cursor_open(table, &cursor, &err), "cursor");
  while (rdb_cursor_next_batch(cursor, keys, values, SCAN_BATCH, &count, &err) == RDB_OK) {
    for (i = 0; i < count; ++i) {
      uint64_t hits;
      memcpy(&hits, values[i].data, sizeof hits);
      sum += hits;
    }
  }
  rdb_check(rdb_cursor_close(cursor, &err), "cursor");
  return sum;
}

/* ---- LMDB ---- */

static MDB_env* lmdb_start(const char* file, unsigned int flags) {
  MDB_env* env;
  lmdb_check(mdb_env_create(&env), "environment");
  lmdb_check(mdb_env_set_mapsize(env, MAP_BYTES), "map size");
  lmdb_check(mdb_env_open(env, file, MDB_NOSUBDIR | flags, 0644), file);
  return env;
}

static void lmdb_scan(state* s, tally* total) {
  MDB_cursor* cursor;
  MDB_val key, value;
  int code;
  lmdb_check(mdb_cursor_open(s->txn, s->dbi, &cursor), "cursor");
  while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
    add(total, value.mv_data, value.mv_size);
  }
  if (code != MDB_NOTFOUND) lmdb_check(code, "scan");
  mdb_cursor_close(cursor);
}

/* Copies each value, as rdb_get_into does. */
static void lmdb_gets(state* s, tally* total) {
  char buffer[256];
  int j;
  for (j = 0; j < GETS; ++j) {
    MDB_val key, value;
    key.mv_data = (void*)(uintptr_t)(s->keys + (size_t)j * KEY_BYTES); /* only read */
    key.mv_size = KEY_BYTES;
    lmdb_check(mdb_get(s->txn, s->dbi, &key, &value), "get");
    if (value.mv_size > sizeof buffer) die("get", "a value is too long");
    memcpy(buffer, value.mv_data, value.mv_size);
    add(total, buffer, value.mv_size);
  }
}

static double lmdb_write(MDB_env* env, const record* records, uint64_t count) {
  const double begin = now();
  MDB_txn* txn;
  MDB_dbi dbi;
  uint64_t i;
  lmdb_check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
  lmdb_check(mdb_dbi_open(txn, NULL, 0, &dbi), "database");
  for (i = 0; i < count; ++i) {
    MDB_val key, value;
    key.mv_data = (void*)(uintptr_t)records[i].key;
    key.mv_size = KEY_BYTES;
    value.mv_data = (void*)(uintptr_t)records[i].value;
    value.mv_size = VALUE_BYTES;
    lmdb_check(mdb_put(txn, dbi, &key, &value, 0), "put");
  }
  lmdb_check(mdb_txn_commit(txn), "commit");
  return now() - begin;
}

static double lmdb_put_pass(const char* file, const record* records, uint64_t count) {
  MDB_env* env = lmdb_start(file, 0);
  const double seconds = lmdb_write(env, records, count);
  mdb_env_close(env);
  return seconds;
}

/* ---- workloads ---- */

static void print(const char* engine, const char* workload, const tally* total, double seconds) {
  printf("{\"engine\": \"%s\", \"language\": \"c\", \"workload\": \"%s\", \"records\": %" PRIu64
         ", \"seconds\": %.9f, \"bytes\": %" PRIu64 "}\n",
         engine, workload, total->records, seconds, total->bytes);
}

static double timed(pass run, state* s, tally* total) {
  tally warm = {0, 0, 0};
  double begin, seconds;
  run(s, &warm);
  begin = now();
  do {
    run(s, total);
    seconds = now() - begin;
  } while (seconds < MIN_SECONDS);
  if (total->first_bytes == 0) die("values", "nothing was read");
  return seconds;
}

static void read_rdb(const char* workload, pass run, state* s) {
  rdb_db* db = rdb_start(s->file, RDB_OPEN_READ_ONLY);
  tally total = {0, 0, 0};
  rdb_txn* txn;
  double seconds;
  rdb_check(rdb_txn_begin(db, RDB_TXN_READ, NULL, &txn, &err), "begin");
  s->table = rdb_bench_table(txn);
  seconds = timed(run, s, &total);
  rdb_check(rdb_table_close(s->table, &err), "table");
  rdb_check(rdb_txn_abort(txn, &err), "end");
  rdb_check(rdb_close(db, &err), "close");
  print("rdb", workload, &total, seconds);
}

static void read_lmdb(const char* workload, pass run, state* s) {
  MDB_env* env = lmdb_start(s->file, MDB_RDONLY);
  tally total = {0, 0, 0};
  double seconds;
  lmdb_check(mdb_txn_begin(env, NULL, MDB_RDONLY, &s->txn), "begin");
  lmdb_check(mdb_dbi_open(s->txn, NULL, 0, &s->dbi), "database");
  seconds = timed(run, s, &total);
  mdb_txn_abort(s->txn);
  mdb_env_close(env);
  print("lmdb", workload, &total, seconds);
}

static void put(const char* engine, double (*run)(const char*, const record*, uint64_t), state* s) {
  record* records = make_records(s->count);
  tally total = {0, 0, 0};
  double seconds = 0;
  int i;
  for (i = 0; i <= TIMED_PUT_PASSES; ++i) {
    char name[4096], lock[4104];
    double took;
    snprintf(name, sizeof name, "%s.%d", s->file, i);
    snprintf(lock, sizeof lock, "%s-lock", name);
    unlink(name);
    took = run(name, records, s->count);
    if (i > 0) {
      seconds += took;
      total.records += s->count;
      total.bytes += s->count * VALUE_BYTES;
    }
    unlink(name);
    unlink(lock); /* LMDB's */
  }
  free(records);
  print(engine, "put_batch", &total, seconds);
}

static void count_hits(const char* workload, pass run, state* s) {
  rdb_db* db = rdb_start(s->file, RDB_OPEN_CREATE_NEW);
  char* keys = allocate(s->count, KEY_BYTES);
  tally total = {0, 0, 1}; /* no value is read in the passes */
  rdb_txn* txn;
  double seconds;
  uint64_t j;
  for (j = 0; j < s->count; ++j) make_key(mix(j) % COUNTERS, keys + j * KEY_BYTES);
  s->keys = keys;
  rdb_check(rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err), "begin");
  rdb_check(rdb_table_open(txn, RDB_SLICE("counters"), NULL, NULL, &s->table, &err), "table");
  seconds = timed(run, s, &total);
  total.bytes = 8 * (rdb_hits(s->table) - s->count); /* the warm pass */
  rdb_check(rdb_table_close(s->table, &err), "table");
  rdb_check(rdb_txn_abort(txn, &err), "abort");
  rdb_check(rdb_close(db, &err), "close");
  unlink(s->file);
  free(keys);
  print("rdb", workload, &total, seconds);
}

static void make(const char* rdb_file, const char* lmdb_file, uint64_t count) {
  record* records = make_records(count);
  rdb_db* db = rdb_start(rdb_file, RDB_OPEN_CREATE_NEW);
  MDB_env* env = lmdb_start(lmdb_file, 0);
  rdb_write(db, records, count);
  lmdb_write(env, records, count);
  rdb_check(rdb_close(db, &err), "close");
  mdb_env_close(env);
  free(records);
}

static uint64_t parse_count(const char* text) {
  char* end;
  const uint64_t count = strtoull(text, &end, 10);
  if (*end != 0 || count == 0) die("count", text);
  return count;
}

int main(int argc, char** argv) {
  state s = {0};
  if (argc == 5 && strcmp(argv[1], "make") == 0) {
    make(argv[2], argv[3], parse_count(argv[4]));
    return 0;
  }
  if (argc != 4) die("usage", "WORKLOAD FILE COUNT, or make RDB-FILE LMDB-FILE COUNT");
  s.file = argv[2];
  s.count = parse_count(argv[3]);
  if (strcmp(argv[1], "scan") == 0) {
    read_rdb("scan", rdb_scan, &s);
  } else if (strcmp(argv[1], "lmdb-scan") == 0) {
    read_lmdb("scan", lmdb_scan, &s);
  } else if (strcmp(argv[1], "get") == 0) {
    s.keys = make_wanted_keys(s.count);
    read_rdb("get", rdb_gets, &s);
  } else if (strcmp(argv[1], "lmdb-get") == 0) {
    s.keys = make_wanted_keys(s.count);
    read_lmdb("get", lmdb_gets, &s);
  } else if (strcmp(argv[1], "put_batch") == 0) {
    put("rdb", rdb_put_pass, &s);
  } else if (strcmp(argv[1], "lmdb-put_batch") == 0) {
    put("lmdb", lmdb_put_pass, &s);
  } else if (strcmp(argv[1], "count_pairs") == 0) {
    count_hits("count_pairs", rdb_count_pairs, &s);
  } else if (strcmp(argv[1], "count_merges") == 0) {
    count_hits("count_merges", rdb_count_merges, &s);
  } else if (strcmp(argv[1], "count_batches") == 0) {
    count_hits("count_batches", rdb_count_batches, &s);
  } else {
    die("no such workload", argv[1]);
  }
  return 0;
}
