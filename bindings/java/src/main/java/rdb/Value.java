package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import rdb.raw.Records;

/**
 * Bytes of a record, read in place: the page they lie on stays in memory until {@link #close}, also
 * when transaction and database are closed before. In a write transaction the object holds a copy.
 *
 * <p>A pin counts against the database's memory budget. Abandoned ones are released when neither the
 * object nor any buffer made from it can be reached.
 */
public final class Value implements AutoCloseable {
  private static final boolean COPIES = Boolean.getBoolean("rdb.debug.copy");

  private final Handle handle;
  private final ByteBuffer root;
  private final Cleaner.Cleanable cleanable;

  Value(long value) {
    handle = new Handle("value", value, false, Records::freeValue, null, null);
    ByteBuffer pinned;
    try {
      long size = Records.valueSize(value);
      if (size > Integer.MAX_VALUE) {
        throw new TableException(
            Status.ERR_TOO_LARGE, 0, RdbException.NO_POSITION, "the value is larger than Java can hold");
      }
      pinned = Records.valueBuffer(value, 0, (int) size);
    } catch (RuntimeException | Error e) {
      handle.close();
      throw e;
    }
    root = COPIES ? ByteBuffer.allocate(pinned.capacity()).put(pinned).flip() : pinned;
    // Slices and duplicates of a direct buffer keep it reachable, and so the pin.
    cleanable = Leaks.watch(root, handle);
  }

  /**
   * The bytes, without copying them. The buffer must not be used after {@link #close}: it then shows
   * foreign bytes, and once the database is closed as well its memory may be gone. With the system
   * property {@code rdb.debug.copy} set to {@code true} it is a copy and harmless.
   *
   * @return a new read-only buffer, from the value's first byte to its last
   */
  public ByteBuffer buffer() {
    if (handle.isClosed()) throw new ClosedException(Status.ERR_CLOSED, "the value is closed");
    return root.asReadOnlyBuffer();
  }

  /**
   * The number of bytes.
   *
   * @return the value's size
   */
  public int size() {
    return root.capacity();
  }

  /**
   * A copy of the bytes.
   *
   * @return a new array
   */
  public byte[] toByteArray() {
    handle.enter();
    try {
      byte[] bytes = new byte[root.capacity()];
      root.get(0, bytes);
      return bytes;
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  /** Lets the page go. */
  @Override
  public void close() {
    handle.close();
    cleanable.clean();
  }
}
