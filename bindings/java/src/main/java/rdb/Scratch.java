package rdb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import rdb.raw.Records;

/**
 * Direct memory of one thread, in which keys and values are handed to native code: an address and
 * plain numbers cross the border faster than arrays do. Valid until the thread's next native call;
 * nothing that runs code of the user may come between filling and using it.
 */
final class Scratch {
  /** Larger values take another way, so that a thread does not keep much. */
  static final int MAX_BYTES = 1 << 20;

  private static final int FIRST_BYTES = 8 << 10;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private ByteBuffer memory;
  private long address;

  private Scratch() {
    allocate(FIRST_BYTES);
  }

  static Scratch get() {
    return OF_THREAD.get();
  }

  private void allocate(int bytes) {
    memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    address = Records.address(memory);
  }

  /** The memory, with room for at least so many bytes. */
  ByteBuffer buffer(int bytes) {
    if (bytes > memory.capacity()) allocate(Integer.highestOneBit(bytes - 1) << 1);
    return memory;
  }

  long address() {
    return address;
  }

  int capacity() {
    return memory.capacity();
  }

  /** Whether two arrays of these sizes may be staged here, one behind the other. */
  static boolean fits(int first, int second) {
    return (long) first + second <= MAX_BYTES;
  }
}
