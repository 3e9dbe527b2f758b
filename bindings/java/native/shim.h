/* shim.h: what the hand-written natives and the generated ones share.
 *
 * Rules of this folder. A native that throws returns at once. Bytes come in as a direct buffer with
 * an offset, or as NULL with an address that the Java side owns for the length of the call; Java
 * has checked offset and size. No native holds a critical section, because any call of the
 * engine may wait for the disk. */
#ifndef RDB_JAVA_SHIM_H
#define RDB_JAVA_SHIM_H

#include <jni.h>
#include <rdb.h>

/* What natives that look something up answer in place of a size; sizes are never negative. */
#define SHIM_ABSENT ((jlong)-1)
#define SHIM_MORE(size) (-2 - (jlong)(size)) /* the buffer is too small for that many bytes */

/* Throws the exception of err's status. Does nothing when one is pending already: a callback's own
 * exception wins over the status that stopped the call. */
void rdb_java_throw(JNIEnv* env, const rdb_error* err);

/* Throws IllegalArgumentException: a packed batch must be a direct buffer. */
void rdb_java_throw_not_direct(JNIEnv* env);

/* Throws java.lang.OutOfMemoryError. */
void shim_throw_no_memory(JNIEnv* env);

/* The bytes at offset `at` of a direct buffer, or at address `at` when there is no buffer. */
static inline void* shim_address(JNIEnv* env, jobject buffer, jlong at) {
  char* base = buffer == NULL ? NULL : (char*)(*env)->GetDirectBufferAddress(env, buffer);
  return (void*)((uintptr_t)base + (uintptr_t)at);
}

static inline rdb_slice shim_slice(JNIEnv* env, jobject buffer, jlong at, jint size) {
  rdb_slice slice = {shim_address(env, buffer, at), (size_t)size};
  return slice;
}

/* A copy of bytes as a new byte[]; NULL with an exception pending when that is impossible, also
 * because Java's arrays end at 2^31-1 bytes. */
jbyteArray shim_to_array(JNIEnv* env, rdb_slice bytes);

/* rdb_progress over an object of class rdb.Progress; NULL gives no callback. */
typedef struct shim_progress {
  JNIEnv* env;
  jobject listener;
} shim_progress;
rdb_progress shim_progress_of(shim_progress* context, JNIEnv* env, jobject listener);

/* Calls an rdb.MergeCall; look for an exception. */
jbyteArray shim_call_merge(JNIEnv* env, jobject function, jbyteArray key, jbyteArray existing,
                           jbyteArray operand);

/* Calls an rdb.FilterCall; look for an exception. */
jboolean shim_call_filter(JNIEnv* env, jobject filter, jbyteArray key, jbyteArray value);

/* Handles travel as jlong. */
#define SHIM_HANDLE(type, handle) ((type*)(uintptr_t)(handle))
#define SHIM_JLONG(pointer) ((jlong)(uintptr_t)(pointer))

#endif /* RDB_JAVA_SHIM_H */
