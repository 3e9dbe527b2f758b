/* rdb.i: what SWIG makes of rdb_flat.h. generate.py runs it; go.i and java.i say how bytes, numbers
 * and errors look in each language.
 *
 * rdb_flat_txn_begin becomes TxnBegin in Go and txnBegin in Java. */
%module flat

%include <stdint.i>
typedef int32_t rdb_status;

/* The generated file holds the shim, so that it needs nothing but rdb.h. */
%insert("header") %{
#define RDB_FLAT_API static SWIGUNUSED
#define RDB_FLAT_INSERTED
%}
%insert("header") "rdb_flat.h"
%insert("header") "rdb_flat.c"

#if defined(SWIGGO)
%include "go.i"
%rename("%(regex:/rdb_flat_([a-z]+)_?([a-z]*)_?([a-z]*)_?([a-z]*)/\\u\\1\\u\\2\\u\\3\\u\\4/)s") "";
#elif defined(SWIGJAVA)
%include "java.i"
%rename("%(regex:/rdb_flat_([a-z]+)_?([a-z]*)_?([a-z]*)_?([a-z]*)/\\1\\u\\2\\u\\3\\u\\4/)s") "";
#endif

%apply (const uint8_t* BYTES, int64_t BYTES_size) {
  (const uint8_t* path, int64_t path_size),
  (const uint8_t* name, int64_t name_size),
  (const uint8_t* from, int64_t from_size),
  (const uint8_t* to, int64_t to_size),
  (const uint8_t* key, int64_t key_size),
  (const uint8_t* value, int64_t value_size),
  (const uint8_t* operand, int64_t operand_size),
  (const uint8_t* expected, int64_t expected_size),
  (const uint8_t* after, int64_t after_size),
  (const uint8_t* target, int64_t target_size),
  (const uint8_t* lower, int64_t lower_size),
  (const uint8_t* upper, int64_t upper_size),
  (const uint8_t* key_type, int64_t key_type_size),
  (const uint8_t* value_type, int64_t value_type_size)
};
%apply (const uint8_t* PACKED, int64_t PACKED_size) { (const uint8_t* packed, int64_t packed_size) };
%apply (uint8_t* BUFFER, int64_t CAPACITY) { (uint8_t* buffer, int64_t capacity) };
%apply (int64_t* OUT, int64_t OUT_size) { (int64_t* out, int64_t out_size) };
%apply rdb_error* DETAIL { rdb_error* detail };

#define RDB_FLAT_API
%include "rdb_flat.h"
