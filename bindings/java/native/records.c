/* records.c: the calls that are made once a record: class rdb.raw.Records. */
#include <stdlib.h>

#include "shim.h"

JNIEXPORT jlong JNICALL Java_rdb_raw_Records_get(JNIEnv* env, jclass self, jlong table,
                                                 jobject key_buffer, jlong key, jint key_size,
                                                 jobject out_buffer, jlong out, jint capacity) {
  rdb_error err;
  size_t size = 0;
  const rdb_status status =
      rdb_get_into(SHIM_HANDLE(rdb_table, table), shim_slice(env, key_buffer, key, key_size),
                   shim_address(env, out_buffer, out), (size_t)capacity, &size, &err);
  (void)self;
  switch (status) {
    case RDB_OK:
      return (jlong)size;
    case RDB_MORE:
      return SHIM_MORE(size);
    case RDB_NOT_FOUND:
      return SHIM_ABSENT;
    default:
      rdb_java_throw(env, &err);
      return SHIM_ABSENT;
  }
}

JNIEXPORT jbyteArray JNICALL Java_rdb_raw_Records_getArray(JNIEnv* env, jclass self, jlong table,
                                                           jobject key_buffer, jlong key,
                                                           jint key_size) {
  rdb_error err;
  rdb_value* value;
  jbyteArray array;
  const rdb_status status = rdb_get_pin(SHIM_HANDLE(rdb_table, table),
                                        shim_slice(env, key_buffer, key, key_size), &value, &err);
  (void)self;
  if (status < 0) rdb_java_throw(env, &err);
  if (status != RDB_OK) return NULL;
  array = shim_to_array(env, rdb_value_data(value));
  rdb_value_free(value);
  return array;
}

JNIEXPORT jlong JNICALL Java_rdb_raw_Records_pin(JNIEnv* env, jclass self, jlong table,
                                                 jobject key_buffer, jlong key, jint key_size) {
  rdb_error err;
  rdb_value* value;
  const rdb_status status = rdb_get_pin(SHIM_HANDLE(rdb_table, table),
                                        shim_slice(env, key_buffer, key, key_size), &value, &err);
  (void)self;
  if (status < 0) rdb_java_throw(env, &err);
  return status == RDB_OK ? SHIM_JLONG(value) : 0;
}

JNIEXPORT jobject JNICALL Java_rdb_raw_Records_valueBuffer(JNIEnv* env, jclass self, jlong value,
                                                           jlong offset, jint size) {
  static char nothing;
  const rdb_slice bytes = rdb_value_data(SHIM_HANDLE(rdb_value, value));
  char* start = bytes.size == 0 ? &nothing : (char*)(uintptr_t)bytes.data + offset;
  (void)self;
  return (*env)->NewDirectByteBuffer(env, start, size);
}

JNIEXPORT jlong JNICALL Java_rdb_raw_Records_valueSize(JNIEnv* env, jclass self, jlong value) {
  (void)env, (void)self;
  return (jlong)rdb_value_data(SHIM_HANDLE(rdb_value, value)).size;
}

JNIEXPORT void JNICALL Java_rdb_raw_Records_freeValue(JNIEnv* env, jclass self, jlong value) {
  (void)env, (void)self;
  rdb_value_free(SHIM_HANDLE(rdb_value, value));
}

JNIEXPORT jint JNICALL Java_rdb_raw_Records_put(JNIEnv* env, jclass self, jlong table,
                                                jobject key_buffer, jlong key, jint key_size,
                                                jobject value_buffer, jlong value, jint value_size,
                                                jlong flags) {
  rdb_error err;
  const rdb_status status =
      rdb_put(SHIM_HANDLE(rdb_table, table), shim_slice(env, key_buffer, key, key_size),
              shim_slice(env, value_buffer, value, value_size), (uint64_t)flags, &err);
  (void)self;
  if (status < 0) rdb_java_throw(env, &err);
  return status;
}

/* For values too large to be staged in Java's scratch memory. */
JNIEXPORT jint JNICALL Java_rdb_raw_Records_putArray(JNIEnv* env, jclass self, jlong table,
                                                     jobject key_buffer, jlong key, jint key_size,
                                                     jbyteArray value, jint offset, jint size,
                                                     jlong flags) {
  rdb_error err;
  rdb_status status;
  rdb_slice bytes = {malloc((size_t)size), (size_t)size};
  (void)self;
  if (bytes.data == NULL) {
    if (size != 0) {
      shim_throw_no_memory(env);
      return RDB_ERR_NO_MEMORY;
    }
  }
  (*env)->GetByteArrayRegion(env, value, offset, size, (jbyte*)(uintptr_t)bytes.data);
  if ((*env)->ExceptionCheck(env)) {
    free((void*)(uintptr_t)bytes.data);
    return RDB_ERR_INVALID_ARGUMENT;
  }
  status = rdb_put(SHIM_HANDLE(rdb_table, table), shim_slice(env, key_buffer, key, key_size), bytes,
                   (uint64_t)flags, &err);
  free((void*)(uintptr_t)bytes.data);
  if (status < 0) rdb_java_throw(env, &err);
  return status;
}

JNIEXPORT jint JNICALL Java_rdb_raw_Records_delete(JNIEnv* env, jclass self, jlong table,
                                                   jobject key_buffer, jlong key, jint key_size) {
  rdb_error err;
  const rdb_status status =
      rdb_delete(SHIM_HANDLE(rdb_table, table), shim_slice(env, key_buffer, key, key_size), &err);
  (void)self;
  if (status < 0) rdb_java_throw(env, &err);
  return status;
}

JNIEXPORT jint JNICALL Java_rdb_raw_Records_contains(JNIEnv* env, jclass self, jlong table,
                                                     jobject key_buffer, jlong key, jint key_size) {
  rdb_error err;
  const rdb_status status =
      rdb_contains(SHIM_HANDLE(rdb_table, table), shim_slice(env, key_buffer, key, key_size), &err);
  (void)self;
  if (status < 0) rdb_java_throw(env, &err);
  return status;
}

/* count << 32 | size; SHIM_MORE(size needed); 0 at the end. A page is smaller than 2^31 bytes. */
JNIEXPORT jlong JNICALL Java_rdb_raw_Records_nextBatch(JNIEnv* env, jclass self, jlong cursor,
                                                       jlong page, jint capacity,
                                                       jint max_records) {
  rdb_error err;
  size_t size = 0;
  size_t count = 0;
  const rdb_status status =
      rdb_cursor_next_batch_packed(SHIM_HANDLE(rdb_cursor, cursor), shim_address(env, NULL, page),
                                   (size_t)capacity, (size_t)max_records, &size, &count, &err);
  (void)self;
  switch (status) {
    case RDB_OK:
      return (jlong)count << 32 | (jlong)size;
    case RDB_MORE:
      return SHIM_MORE(size);
    case RDB_END:
      return 0;
    default:
      rdb_java_throw(env, &err);
      return 0;
  }
}

JNIEXPORT jlong JNICALL Java_rdb_raw_Records_putBatch(JNIEnv* env, jclass self, jlong table,
                                                      jobject buffer, jlong at, jint size,
                                                      jlong flags) {
  rdb_error err;
  uint64_t written = 0;
  (void)self;
  if (rdb_put_batch_packed(SHIM_HANDLE(rdb_table, table), shim_slice(env, buffer, at, size),
                           (uint64_t)flags, &written, &err) < 0) {
    rdb_java_throw(env, &err);
  }
  return (jlong)written;
}

JNIEXPORT jlong JNICALL Java_rdb_raw_Records_deleteBatch(JNIEnv* env, jclass self, jlong table,
                                                         jobject buffer, jlong at, jint size) {
  rdb_error err;
  uint64_t deleted = 0;
  (void)self;
  if (rdb_delete_batch_packed(SHIM_HANDLE(rdb_table, table), shim_slice(env, buffer, at, size),
                              &deleted, &err) < 0) {
    rdb_java_throw(env, &err);
  }
  return (jlong)deleted;
}

/* The packed answers as one array, from which Java cuts the values. */
JNIEXPORT jbyteArray JNICALL Java_rdb_raw_Records_getBatch(JNIEnv* env, jclass self, jlong table,
                                                           jobject buffer, jlong at, jint size) {
  rdb_error err;
  rdb_result* result;
  rdb_slice packed = {NULL, 0};
  size_t bytes = 0;
  jbyteArray answers = NULL;
  rdb_status status = rdb_result_create(&result, &err);
  (void)self;
  if (status >= 0) {
    status = rdb_get_batch_packed(SHIM_HANDLE(rdb_table, table), shim_slice(env, buffer, at, size),
                                  result, &err);
  }
  if (status >= 0) status = rdb_result_pack(result, NULL, 0, &bytes, &err);
  if (status < 0) {
    rdb_java_throw(env, &err);
  } else {
    void* memory = malloc(bytes == 0 ? 1 : bytes);
    if (memory == NULL) {
      shim_throw_no_memory(env);
    } else {
      packed.data = memory;
      packed.size = bytes;
      if (rdb_result_pack(result, memory, bytes, &bytes, &err) < 0) {
        rdb_java_throw(env, &err);
      } else {
        answers = shim_to_array(env, packed);
      }
      free(memory);
    }
  }
  rdb_result_free(result);
  return answers;
}

JNIEXPORT jlong JNICALL Java_rdb_raw_Records_address(JNIEnv* env, jclass self, jobject buffer) {
  (void)self;
  return SHIM_JLONG((*env)->GetDirectBufferAddress(env, buffer));
}
