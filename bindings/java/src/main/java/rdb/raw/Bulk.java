package rdb.raw;

import java.nio.ByteBuffer;

/** Filters and memory ({@code native/merges.c}). A filter is an rdb.FilterCall. */
public final class Bulk {
  private Bulk() {}

  /** Bounds are RDB_BOUND_...; null arrays where there is none. */
  public static native long retain(
      long table, int lowerBound, byte[] lower, int upperBound, byte[] upper, Object filter);

  public static native ByteBuffer memory(long address, int size);
}
