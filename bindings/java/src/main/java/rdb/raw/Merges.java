package rdb.raw;

import java.nio.ByteBuffer;

/**
 * Merges ({@code native/merges.c}). A kind is RDB_MERGE_...; a function is an rdb.MergeCall, or null
 * unless the kind asks for one.
 */
public final class Merges {
  private Merges() {}

  public static native void merge(long table, byte[] key, byte[] operand, int kind, Object function);

  /** Bytes are a direct buffer with an offset into it, or null with an address. */
  public static native void mergeBatch(
      long table, ByteBuffer buffer, long at, int size, int kind, Object function);
}
