/* sessions.c: the calls that report progress to an object of Java's: class rdb.raw.Sessions. */
#include "shim.h"

/* One text of an array: false with an exception pending. Released by drop_text. */
static jboolean take_text(JNIEnv* env, jobjectArray texts, jsize index, jbyteArray* array,
                          rdb_slice* text) {
  *array = (*env)->GetObjectArrayElement(env, texts, index);
  if (*array == NULL) return JNI_FALSE;
  text->data = (*env)->GetByteArrayElements(env, *array, NULL);
  if (text->data == NULL) return JNI_FALSE;
  text->size = (size_t)(*env)->GetArrayLength(env, *array);
  return JNI_TRUE;
}

static void drop_text(JNIEnv* env, jbyteArray array, rdb_slice text) {
  (*env)->ReleaseByteArrayElements(env, array, (jbyte*)(uintptr_t)text.data, JNI_ABORT);
  (*env)->DeleteLocalRef(env, array);
}

/* texts: name, value, name, value ... */
static jboolean set_options(JNIEnv* env, jobjectArray texts, rdb_options* options) {
  const jsize count = (*env)->GetArrayLength(env, texts);
  jsize i;
  for (i = 0; i + 1 < count; i += 2) {
    rdb_error err;
    jbyteArray name_array;
    jbyteArray value_array;
    rdb_slice name;
    rdb_slice value;
    rdb_status status;
    if (!take_text(env, texts, i, &name_array, &name)) return JNI_FALSE;
    if (!take_text(env, texts, i + 1, &value_array, &value)) {
      drop_text(env, name_array, name);
      return JNI_FALSE;
    }
    status = rdb_options_set(options, name, value, &err);
    drop_text(env, value_array, value);
    drop_text(env, name_array, name);
    if (status < 0) {
      rdb_java_throw(env, &err);
      return JNI_FALSE;
    }
  }
  return JNI_TRUE;
}

/* path NULL: a database in memory. */
JNIEXPORT jlong JNICALL Java_rdb_raw_Sessions_open(JNIEnv* env, jclass self, jbyteArray path,
                                                   jobjectArray texts, jlong cancel,
                                                   jobject listener) {
  rdb_error err;
  shim_progress context;
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_db* db = NULL;
  rdb_status status;
  (void)self;
  if (!set_options(env, texts, &options)) return 0;
  options.repair_progress = shim_progress_of(&context, env, listener);
  options.cancel = SHIM_HANDLE(rdb_cancel, cancel);
  if (path == NULL) {
    status = rdb_open_memory(&options, &db, &err);
  } else {
    rdb_slice bytes = {(*env)->GetByteArrayElements(env, path, NULL),
                       (size_t)(*env)->GetArrayLength(env, path)};
    if (bytes.data == NULL) return 0;
    status = rdb_open(bytes, &options, &db, &err);
    (*env)->ReleaseByteArrayElements(env, path, (jbyte*)(uintptr_t)bytes.data, JNI_ABORT);
  }
  if (status < 0) rdb_java_throw(env, &err);
  return SHIM_JLONG(db);
}

/* 0 without an exception: the listener asked to stop. */
JNIEXPORT jlong JNICALL Java_rdb_raw_Sessions_verify(JNIEnv* env, jclass self, jlong db, jint level,
                                                     jlong cancel, jobject listener) {
  rdb_error err;
  shim_progress context;
  rdb_verify_options options = RDB_VERIFY_OPTIONS_INIT;
  rdb_report* report = NULL;
  (void)self;
  options.level = (uint32_t)level;
  options.progress = shim_progress_of(&context, env, listener);
  options.cancel = SHIM_HANDLE(rdb_cancel, cancel);
  if (rdb_verify(SHIM_HANDLE(rdb_db, db), &options, &report, &err) < 0) rdb_java_throw(env, &err);
  return SHIM_JLONG(report);
}
