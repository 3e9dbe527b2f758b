package rdb.raw;

import java.nio.ByteBuffer;

/**
 * The calls made once a record, written by hand ({@code native/records.c}). Bytes are a direct
 * buffer with an offset into it, or null with an address; sizes were checked by the caller.
 */
public final class Records {
  /** What {@link #get} answers when the key is not there. */
  public static final long ABSENT = -1;

  private Records() {}

  /** From an answer below {@link #ABSENT}: the size that would have been needed. */
  public static long needed(long answer) {
    return -2 - answer;
  }

  public static native long get(
      long table, ByteBuffer keyBuffer, long key, int keySize, ByteBuffer outBuffer, long out, int capacity);

  public static native byte[] getArray(long table, ByteBuffer keyBuffer, long key, int keySize);

  public static native long pin(long table, ByteBuffer keyBuffer, long key, int keySize);

  public static native ByteBuffer valueBuffer(long value, long offset, int size);

  public static native long valueSize(long value);

  public static native void freeValue(long value);

  public static native int put(
      long table,
      ByteBuffer keyBuffer,
      long key,
      int keySize,
      ByteBuffer valueBuffer,
      long value,
      int valueSize,
      long flags);

  public static native int putArray(
      long table, ByteBuffer keyBuffer, long key, int keySize, byte[] value, int offset, int size, long flags);

  public static native int delete(long table, ByteBuffer keyBuffer, long key, int keySize);

  public static native int contains(long table, ByteBuffer keyBuffer, long key, int keySize);

  /** Count in the upper half, size in the lower; 0 at the end; below {@link #ABSENT}: see there. */
  public static native long nextBatch(long cursor, long page, int capacity, int maxRecords);

  public static native long putBatch(long table, ByteBuffer buffer, long at, int size, long flags);

  public static native long deleteBatch(long table, ByteBuffer buffer, long at, int size);

  public static native byte[] getBatch(long table, ByteBuffer buffer, long at, int size);

  public static native long address(ByteBuffer direct);
}
