package rdb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ArrayBlockingQueue;
import rdb.raw.Records;

/**
 * Memory that holds packed records: two sizes as u32, key, value, zeros up to a multiple of 4,
 * little-endian. Filled again and again; the generation tells entries of an earlier filling.
 */
final class Page {
  static final int BYTES = 64 << 10;
  static final int HEAD = 8;

  /** Direct memory is slow to get, and cursors are many and short. */
  private static final ArrayBlockingQueue<Page> SPARE = new ArrayBlockingQueue<>(64);

  final ByteBuffer memory;
  final long address; // 0 of an array
  int generation;

  private Page(ByteBuffer memory, long address) {
    this.memory = memory.order(ByteOrder.LITTLE_ENDIAN);
    this.address = address;
  }

  static Page direct(int bytes) {
    ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
    return new Page(memory, Records.address(memory));
  }

  static Page of(byte[] record) {
    return new Page(ByteBuffer.wrap(record), 0);
  }

  static Page take() {
    Page page = SPARE.poll();
    return page == null ? direct(BYTES) : page;
  }

  /** Invalidates the entries; a page of the usual size may come back from {@link #take}. */
  void giveBack() {
    generation++;
    if (memory.capacity() == BYTES && address != 0) SPARE.offer(this);
  }

  static int padded(int size) {
    return size + 3 & ~3;
  }
}
