/* shim.c: exceptions, arrays and callbacks between the engine and the virtual machine. */
#include "shim.h"

#include <stdint.h>
#include <string.h>

static jclass exception_class;  /* rdb.RdbException */
static jmethodID exception_of;  /* static RuntimeException of(int, int, long, byte[]) */
static jmethodID progress_call; /* rdb.Progress.update(long, long) */
static jmethodID merge_call;    /* rdb.MergeCall.call(byte[], byte[], byte[]) */
static jmethodID filter_call;   /* rdb.FilterCall.keep(byte[], byte[]) */

static jclass find_class(JNIEnv* env, const char* name) {
  jclass found = NULL;
  jclass local = (*env)->FindClass(env, name);
  if (local != NULL) {
    found = (*env)->NewGlobalRef(env, local);
    (*env)->DeleteLocalRef(env, local);
  }
  return found;
}

/* Of an interface of rdb's. */
static jmethodID find_method(JNIEnv* env, const char* class_name, const char* name,
                             const char* signature) {
  jmethodID found;
  const jclass owner = (*env)->FindClass(env, class_name);
  if (owner == NULL) return NULL;
  found = (*env)->GetMethodID(env, owner, name, signature);
  (*env)->DeleteLocalRef(env, owner);
  return found;
}

/* FindClass looks with the loader of the class that loads the library, here and only here. */
JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void* reserved) {
  JNIEnv* env;
  (void)reserved;
  if ((*vm)->GetEnv(vm, (void**)&env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
  exception_class = find_class(env, "rdb/RdbException");
  if (exception_class == NULL) return JNI_ERR;
  exception_of =
      (*env)->GetStaticMethodID(env, exception_class, "of", "(IIJ[B)Ljava/lang/RuntimeException;");
  if (exception_of == NULL) return JNI_ERR;
  progress_call = find_method(env, "rdb/Progress", "update", "(JJ)Z");
  merge_call = find_method(env, "rdb/MergeCall", "call", "([B[B[B)[B");
  filter_call = find_method(env, "rdb/FilterCall", "keep", "([B[B)Z");
  return progress_call == NULL || merge_call == NULL || filter_call == NULL ? JNI_ERR
                                                                            : JNI_VERSION_1_8;
}

JNIEXPORT void JNICALL JNI_OnUnload(JavaVM* vm, void* reserved) {
  JNIEnv* env;
  (void)reserved;
  if ((*vm)->GetEnv(vm, (void**)&env, JNI_VERSION_1_8) != JNI_OK) return;
  (*env)->DeleteGlobalRef(env, exception_class);
}

void rdb_java_throw(JNIEnv* env, const rdb_error* err) {
  jbyteArray text;
  jobject thrown;
  if ((*env)->ExceptionCheck(env)) return;
  text = (*env)->NewByteArray(env, (jsize)err->message_size);
  if (text == NULL) return;
  (*env)->SetByteArrayRegion(env, text, 0, (jsize)err->message_size, (const jbyte*)err->message);
  thrown = (*env)->CallStaticObjectMethod(env, exception_class, exception_of, (jint)err->status,
                                          (jint)err->os_errno, (jlong)err->position, text);
  if ((*env)->ExceptionCheck(env) || thrown == NULL) return;
  (*env)->Throw(env, (jthrowable)thrown);
}

static void throw_plain(JNIEnv* env, const char* class_name, const char* message) {
  jclass thrown = (*env)->FindClass(env, class_name);
  if (thrown != NULL) (*env)->ThrowNew(env, thrown, message);
}

void rdb_java_throw_not_direct(JNIEnv* env) {
  throw_plain(env, "java/lang/IllegalArgumentException", "the buffer is not direct");
}

void shim_throw_no_memory(JNIEnv* env) {
  throw_plain(env, "java/lang/OutOfMemoryError", "no native memory");
}

jbyteArray shim_to_array(JNIEnv* env, rdb_slice bytes) {
  jbyteArray array;
  if (bytes.size > (size_t)INT32_MAX - 8) { /* what the virtual machine can allocate */
    rdb_error err;
    static const char text[] = "the value is larger than Java can hold";
    memset(&err, 0, sizeof err);
    err.status = RDB_ERR_TOO_LARGE;
    err.position = RDB_NO_POSITION;
    err.message_size = sizeof text - 1;
    memcpy(err.message, text, sizeof text);
    rdb_java_throw(env, &err);
    return NULL;
  }
  array = (*env)->NewByteArray(env, (jsize)bytes.size);
  if (array != NULL && bytes.size != 0) {
    (*env)->SetByteArrayRegion(env, array, 0, (jsize)bytes.size, (const jbyte*)bytes.data);
  }
  return array;
}

/* After the listener has thrown nothing more may be called on it; its exception stays pending
 * until the native returns. */
static rdb_status report_progress(void* ctx, uint64_t done, uint64_t total) {
  const shim_progress* progress = ctx;
  JNIEnv* env = progress->env;
  jboolean go_on;
  if ((*env)->ExceptionCheck(env)) return RDB_ERR_CALLBACK;
  go_on =
      (*env)->CallBooleanMethod(env, progress->listener, progress_call, (jlong)done, (jlong)total);
  if ((*env)->ExceptionCheck(env)) return RDB_ERR_CALLBACK;
  return go_on ? RDB_OK : RDB_STOPPED;
}

rdb_progress shim_progress_of(shim_progress* context, JNIEnv* env, jobject listener) {
  rdb_progress progress = {NULL, NULL, NULL};
  if (listener != NULL) {
    context->env = env;
    context->listener = listener;
    progress.fn = report_progress;
    progress.ctx = context;
  }
  return progress;
}

jbyteArray shim_call_merge(JNIEnv* env, jobject function, jbyteArray key, jbyteArray existing,
                           jbyteArray operand) {
  return (*env)->CallObjectMethod(env, function, merge_call, key, existing, operand);
}

jboolean shim_call_filter(JNIEnv* env, jobject filter, jbyteArray key, jbyteArray value) {
  return (*env)->CallBooleanMethod(env, filter, filter_call, key, value);
}
