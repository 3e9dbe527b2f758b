package rdb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Records that {@link Table#put(Batch, PutFlag...)} stores by one call. For one thread at a time, and
 * for any transaction: one batch that is cleared and filled again is faster than a new one for each,
 * whose memory would have to be touched first. Sorted keys are stored fastest.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class Batch<K, V> {
  private static final int FIRST_BYTES = 4 << 10;

  private final Codec<K> keys;
  private final Codec<V> values;
  private ByteBuffer memory = direct(FIRST_BYTES);
  private int count;

  Batch(Codec<K> keys, Codec<V> values) {
    this.keys = keys;
    this.values = values;
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Adds a record.
   *
   * @param key not null
   * @param value not null
   * @return this
   */
  public Batch<K, V> add(K key, V value) {
    byte[] keyBytes = keys.encode(key);
    byte[] valueBytes = values.encode(value);
    begin(keyBytes.length, valueBytes.length);
    memory.put(keyBytes).put(valueBytes);
    finish();
    return this;
  }

  /**
   * Adds an encoded record.
   *
   * @param key its bytes are read
   * @param value its bytes are read
   * @return this
   */
  public Batch<K, V> add(ByteBuffer key, ByteBuffer value) {
    begin(key.remaining(), value.remaining());
    memory.put(key).put(value);
    finish();
    return this;
  }

  private void begin(int keySize, int valueSize) {
    long end = memory.position() + (long) Page.HEAD + keySize + valueSize + 3;
    if (end > memory.capacity()) grow(end);
    memory.putInt(keySize).putInt(valueSize);
  }

  private void grow(long end) {
    if (end > Integer.MAX_VALUE - 8) throw new IllegalStateException("the batch is full: store it first");
    long twice = Math.min(2L * memory.capacity(), Integer.MAX_VALUE - 8);
    memory = direct((int) Math.max(twice, end)).put(memory.flip());
  }

  private void finish() {
    while ((memory.position() & 3) != 0) memory.put((byte) 0);
    count++;
  }

  /**
   * Number of records.
   *
   * @return how many were added
   */
  public int size() {
    return count;
  }

  /** Forgets the records and keeps the memory. */
  public void clear() {
    memory.clear();
    count = 0;
  }

  ByteBuffer memory() {
    return memory;
  }

  int bytes() {
    return memory.position();
  }
}
