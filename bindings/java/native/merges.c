/* merges.c: merges, also with functions of Java's: class rdb.raw.Merges. */
#include <stdlib.h>

#include "shim.h"

typedef struct merge_context {
  JNIEnv* env;
  jobject function; /* of class rdb.MergeCall */
  void* result;     /* what it gave last */
} merge_context;

static rdb_status on_merge(void* ctx, rdb_slice key, const rdb_slice* existing, rdb_slice operand,
                           rdb_slice* result) {
  merge_context* context = ctx;
  JNIEnv* env = context->env;
  rdb_status status = RDB_ERR_CALLBACK; /* with an exception pending, which is what is thrown */
  jbyteArray made = NULL;
  /* A batch calls this many times before it returns to Java and its references go. */
  if ((*env)->PushLocalFrame(env, 8) != 0) return RDB_ERR_NO_MEMORY;
  jbyteArray key_array = shim_to_array(env, key);
  jbyteArray old_array =
      key_array == NULL || existing == NULL ? NULL : shim_to_array(env, *existing);
  jbyteArray operand_array = (*env)->ExceptionCheck(env) ? NULL : shim_to_array(env, operand);
  if (operand_array != NULL) {
    made = shim_call_merge(env, context->function, key_array, old_array, operand_array);
  }
  if (!(*env)->ExceptionCheck(env)) {
    if (made == NULL) {
      status = RDB_NOT_FOUND;
    } else {
      const jsize size = (*env)->GetArrayLength(env, made);
      free(context->result);
      context->result = malloc(size == 0 ? 1 : (size_t)size);
      if (context->result == NULL) {
        status = RDB_ERR_NO_MEMORY;
      } else {
        (*env)->GetByteArrayRegion(env, made, 0, size, context->result);
        result->data = context->result;
        result->size = (size_t)size;
        status = RDB_OK;
      }
    }
  }
  (*env)->PopLocalFrame(env, NULL);
  return status;
}

static void on_drop(void* ctx) { free(((merge_context*)ctx)->result); }

static rdb_merge_operator operator_of(merge_context* context, JNIEnv* env, jint kind,
                                      jobject function) {
  rdb_merge_operator op = RDB_MERGE_OPERATOR_INIT((uint32_t)kind);
  context->env = env;
  context->function = function;
  context->result = NULL;
  if (function != NULL) {
    op.fn = on_merge;
    op.ctx = context;
    op.drop = on_drop;
  }
  return op;
}

JNIEXPORT void JNICALL Java_rdb_raw_Merges_merge(JNIEnv* env, jclass self, jlong table,
                                                 jbyteArray key, jbyteArray operand, jint kind,
                                                 jobject function) {
  rdb_error err;
  rdb_status status;
  merge_context context;
  rdb_merge_operator op = operator_of(&context, env, kind, function);
  const rdb_slice key_bytes = {(*env)->GetByteArrayElements(env, key, NULL),
                               (size_t)(*env)->GetArrayLength(env, key)};
  (void)self;
  if (key_bytes.data == NULL) return;
  const rdb_slice operand_bytes = {(*env)->GetByteArrayElements(env, operand, NULL),
                                   (size_t)(*env)->GetArrayLength(env, operand)};
  if (operand_bytes.data == NULL) {
    (*env)->ReleaseByteArrayElements(env, key, (jbyte*)(uintptr_t)key_bytes.data, JNI_ABORT);
    return;
  }
  status = rdb_merge(SHIM_HANDLE(rdb_table, table), key_bytes, operand_bytes, &op, &err);
  (*env)->ReleaseByteArrayElements(env, operand, (jbyte*)(uintptr_t)operand_bytes.data, JNI_ABORT);
  (*env)->ReleaseByteArrayElements(env, key, (jbyte*)(uintptr_t)key_bytes.data, JNI_ABORT);
  if (status < 0) rdb_java_throw(env, &err);
}

JNIEXPORT void JNICALL Java_rdb_raw_Merges_mergeBatch(JNIEnv* env, jclass self, jlong table,
                                                      jobject buffer, jlong at, jint size,
                                                      jint kind, jobject function) {
  rdb_error err;
  merge_context context;
  rdb_merge_operator op = operator_of(&context, env, kind, function);
  (void)self;
  if (rdb_merge_batch_packed(SHIM_HANDLE(rdb_table, table), shim_slice(env, buffer, at, size), &op,
                             NULL, &err) < 0) {
    rdb_java_throw(env, &err);
  }
}

/* ---- filters: class rdb.raw.Bulk ---- */

typedef struct filter_context {
  JNIEnv* env;
  jobject filter; /* of class rdb.FilterCall */
} filter_context;

static rdb_status on_filter(void* ctx, rdb_slice key, rdb_slice value) {
  const filter_context* context = ctx;
  JNIEnv* env = context->env;
  jboolean stays = JNI_TRUE;
  if ((*env)->PushLocalFrame(env, 4) != 0) return RDB_ERR_NO_MEMORY;
  const jbyteArray key_array = shim_to_array(env, key);
  const jbyteArray value_array = key_array == NULL ? NULL : shim_to_array(env, value);
  if (value_array != NULL) stays = shim_call_filter(env, context->filter, key_array, value_array);
  (*env)->PopLocalFrame(env, NULL);
  if ((*env)->ExceptionCheck(env)) return RDB_ERR_CALLBACK;
  return stays ? RDB_OK : RDB_NOT_FOUND;
}

/* An array's bytes, NULL for null; released by drop_bytes. */
static rdb_slice take_bytes(JNIEnv* env, jbyteArray array) {
  rdb_slice bytes = {NULL, 0};
  if (array == NULL) return bytes;
  bytes.data = (*env)->GetByteArrayElements(env, array, NULL);
  bytes.size = bytes.data == NULL ? 0 : (size_t)(*env)->GetArrayLength(env, array);
  return bytes;
}

static void drop_bytes(JNIEnv* env, jbyteArray array, rdb_slice bytes) {
  if (bytes.data == NULL) return;
  (*env)->ReleaseByteArrayElements(env, array, (jbyte*)(uintptr_t)bytes.data, JNI_ABORT);
}

JNIEXPORT jlong JNICALL Java_rdb_raw_Bulk_retain(JNIEnv* env, jclass self, jlong table,
                                                 jint lower_bound, jbyteArray lower,
                                                 jint upper_bound, jbyteArray upper,
                                                 jobject filter) {
  rdb_error err;
  uint64_t removed = 0;
  filter_context context = {env, filter};
  const rdb_filter judge = {on_filter, &context, NULL};
  rdb_range range = {take_bytes(env, lower), take_bytes(env, upper), (uint32_t)lower_bound,
                     (uint32_t)upper_bound};
  (void)self;
  if (rdb_retain(SHIM_HANDLE(rdb_table, table), &range, &judge, &removed, &err) < 0) {
    rdb_java_throw(env, &err);
  }
  drop_bytes(env, upper, range.upper);
  drop_bytes(env, lower, range.lower);
  return (jlong)removed;
}

JNIEXPORT jobject JNICALL Java_rdb_raw_Bulk_memory(JNIEnv* env, jclass self, jlong address,
                                                   jint size) {
  static char nothing;
  (void)self;
  return (*env)->NewDirectByteBuffer(env, size == 0 ? &nothing : (void*)(uintptr_t)address, size);
}
