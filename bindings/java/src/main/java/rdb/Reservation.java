package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import rdb.raw.Bulk;
import rdb.raw.Flat;

/**
 * Memory for a value that is to be stored: fill {@link #buffer}, then {@link #store}. Ends with its
 * transaction. For one thread at a time.
 */
public final class Reservation implements AutoCloseable {
  private final Handle handle;
  private final Cleaner.Cleanable cleanable;
  private ByteBuffer buffer;

  Reservation(Handle handle, ByteBuffer buffer) {
    this.handle = handle;
    this.buffer = buffer;
    cleanable = Leaks.watch(this, handle);
  }

  /**
   * The memory: zeros at first.
   *
   * @return a direct buffer of the size asked for, which must not be used after {@link #store} or
   *     {@link #close}
   */
  public ByteBuffer buffer() {
    handle.enter();
    handle.leave();
    return buffer;
  }

  /**
   * Puts the value under its key. Once.
   *
   * @return whether it was stored: false when the flags of the reservation forbade it
   */
  public boolean store() {
    long reservation = handle.surrender();
    try {
      buffer = null;
      return Flat.reservationStore(reservation) == Status.OK;
    } finally {
      handle.surrendered(true);
      cleanable.clean();
      Reference.reachabilityFence(this);
    }
  }

  /** Gives the reservation up, unless its value was stored. */
  @Override
  public void close() {
    buffer = null;
    handle.close();
    cleanable.clean();
  }

  static ByteBuffer memory(long address, int size) {
    return Bulk.memory(address, size);
  }
}
