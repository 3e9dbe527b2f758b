/* java.i: byte strings and rooms are byte[], packed records a direct ByteBuffer of which all bytes
 * count, numbers long[]. Null stands for NULL with size 0. Error detail is a local variable: when a
 * call fails, rdb_java_throw makes it a pending exception. It does so behind the last release of
 * arrays, since nothing else may be called with an exception pending; the value returned does not
 * matter then. Outcomes are not exceptions. */
%header %{
/* Defined by the hand-written part of the library. */
extern void rdb_java_throw(JNIEnv* env, const rdb_error* detail);
extern void rdb_java_throw_not_direct(JNIEnv* env);
%}

%define RDB_JAVA_TYPES(PARAMETERS, JNI, JAVA)
%typemap(jni) PARAMETERS "JNI"
%typemap(jtype) PARAMETERS "JAVA"
%typemap(jstype) PARAMETERS "JAVA"
%typemap(javain) PARAMETERS "$javainput"
%enddef

RDB_JAVA_TYPES((const uint8_t* BYTES, int64_t BYTES_size), jbyteArray, byte[])
RDB_JAVA_TYPES((uint8_t* BUFFER, int64_t CAPACITY), jbyteArray, byte[])
RDB_JAVA_TYPES((const uint8_t* PACKED, int64_t PACKED_size), jobject, java.nio.ByteBuffer)
RDB_JAVA_TYPES((int64_t* OUT, int64_t OUT_size), jlongArray, long[])

/* A NULL where an array was given: out of memory, and the exception is pending. Arrays that were
 * taken before stay taken; there is no memory to go on with anyway. */
%define RDB_JAVA_ARRAY(PARAMETERS, KIND, ELEMENT, RELEASE_MODE)
%typemap(in) PARAMETERS (ELEMENT* elements = NULL) %{
  $1 = NULL;
  $2 = 0;
  if ($input != NULL) {
    elements = (*jenv)->Get##KIND##ArrayElements(jenv, $input, NULL);
    if (elements == NULL) return $null;
    $1 = ($1_ltype)elements;
    $2 = (*jenv)->GetArrayLength(jenv, $input);
  }
%}
%typemap(freearg) PARAMETERS %{
  if (elements$argnum != NULL) {
    (*jenv)->Release##KIND##ArrayElements(jenv, $input, elements$argnum, RELEASE_MODE);
  }
%}
%typemap(argout) PARAMETERS ""
%enddef

RDB_JAVA_ARRAY((const uint8_t* BYTES, int64_t BYTES_size), Byte, jbyte, JNI_ABORT)
RDB_JAVA_ARRAY((uint8_t* BUFFER, int64_t CAPACITY), Byte, jbyte, 0)
RDB_JAVA_ARRAY((int64_t* OUT, int64_t OUT_size), Long, jlong, 0)

%typemap(in) (const uint8_t* PACKED, int64_t PACKED_size) %{
  $1 = NULL;
  $2 = 0;
  if ($input != NULL) {
    $1 = ($1_ltype)(*jenv)->GetDirectBufferAddress(jenv, $input);
    $2 = (*jenv)->GetDirectBufferCapacity(jenv, $input);
    if ($2 < 0) {
      rdb_java_throw_not_direct(jenv);
      return $null;
    }
  }
%}
%typemap(freearg) (const uint8_t* PACKED, int64_t PACKED_size) ""
%typemap(argout) (const uint8_t* PACKED, int64_t PACKED_size) ""

%typemap(in, numinputs=0) rdb_error* DETAIL (rdb_error detail) "$1 = &detail;"
%typemap(argout) rdb_error* DETAIL ""
%typemap(freearg) rdb_error* DETAIL %{
  if ($1->status < 0) rdb_java_throw(jenv, $1);
%}
