/* go.i: byte strings, rooms and numbers are slices; error detail is a *Detail, the same 512 bytes.
 *
 * A call lends C the memory behind its slices, so none of it may hold Go pointers, and neither may
 * the object it is a part of: cgo checks that. */
%typemap(gotype) (const uint8_t* BYTES, int64_t BYTES_size),
                 (const uint8_t* PACKED, int64_t PACKED_size),
                 (uint8_t* BUFFER, int64_t CAPACITY) "[]byte"
%typemap(gotype) (int64_t* OUT, int64_t OUT_size) "[]int64"

%typemap(in) (const uint8_t* BYTES, int64_t BYTES_size),
             (const uint8_t* PACKED, int64_t PACKED_size),
             (uint8_t* BUFFER, int64_t CAPACITY),
             (int64_t* OUT, int64_t OUT_size)
%{
  $1 = ($1_ltype)$input.array;
  $2 = ($2_ltype)$input.len;
%}

%typemap(gotype) rdb_error* DETAIL "*Detail"
%typemap(in) rdb_error* DETAIL %{ $1 = *($&1_ltype)&$input; %}

/* Written by hand in Go: bindings/go/internal/raw/hot.go. */
%ignore rdb_flat_get_into;
%ignore rdb_flat_get_pin;
%ignore rdb_flat_contains;
%ignore rdb_flat_put;
%ignore rdb_flat_delete;
%ignore rdb_flat_cursor_next_batch_packed;
