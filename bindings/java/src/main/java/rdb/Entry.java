package rdb;

import java.nio.ByteBuffer;

/**
 * A record that a scan or a cursor hands out. It reads from the cursor's memory, and decodes no
 * sooner than asked: valid until the next call on the cursor. One that must live longer is {@link
 * #detach}ed; whoever reads one too late gets an {@link IllegalStateException}, never another
 * record's bytes.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class Entry<K, V> {
  private final Table<K, V> table;
  private final Page page;
  private final int generation;
  private final int at;
  private final int keySize;
  private final int valueSize;

  Entry(Table<K, V> table, Page page, int record) {
    this.table = table;
    this.page = page;
    generation = page.generation;
    long sizes = page.memory.getLong(record); // both at once: a scan does little else
    keySize = (int) sizes;
    valueSize = (int) (sizes >>> 32);
    at = record + Page.HEAD;
  }

  /** Offset of the record behind this one. */
  int end() {
    return at + Page.padded(keySize + valueSize);
  }

  private ByteBuffer memory() {
    if (page.generation != generation) {
      throw new IllegalStateException("the cursor has moved on; detach() entries that are to be kept");
    }
    return page.memory;
  }

  /**
   * The key.
   *
   * @return decoded anew by each call
   */
  public K key() {
    return table.keys().decodeAt(memory(), at, keySize);
  }

  /**
   * The value.
   *
   * @return decoded anew by each call
   */
  public V value() {
    return table.values().decodeAt(memory(), at + keySize, valueSize);
  }

  /**
   * Number of bytes of the encoded key.
   *
   * @return its size
   */
  public int keySize() {
    return keySize;
  }

  /**
   * Number of bytes of the encoded value.
   *
   * @return its size
   */
  public int valueSize() {
    return valueSize;
  }

  /**
   * The encoded key in place.
   *
   * @return a read-only buffer, to be used no longer than this entry
   */
  public ByteBuffer keyBuffer() {
    return memory().slice(at, keySize).asReadOnlyBuffer();
  }

  /**
   * The encoded value in place.
   *
   * @return a read-only buffer, to be used no longer than this entry
   */
  public ByteBuffer valueBuffer() {
    return memory().slice(at + keySize, valueSize).asReadOnlyBuffer();
  }

  /**
   * One byte of the encoded key.
   *
   * @param index from 0 up to and without {@link #keySize}
   * @return the byte
   */
  public byte keyByte(int index) {
    return memory().get(at + java.util.Objects.checkIndex(index, keySize));
  }

  /**
   * One byte of the encoded value.
   *
   * @param index from 0 up to and without {@link #valueSize}
   * @return the byte
   */
  public byte valueByte(int index) {
    return memory().get(at + keySize + java.util.Objects.checkIndex(index, valueSize));
  }

  /**
   * A copy that stays valid whatever the cursor does.
   *
   * @return a new entry
   */
  public Entry<K, V> detach() {
    return new Entry<>(table, Page.of(record()), 0);
  }

  byte[] encodedKey() {
    byte[] key = new byte[keySize];
    memory().get(at, key);
    return key;
  }

  byte[] encodedValue() {
    byte[] value = new byte[valueSize];
    memory().get(at + keySize, value);
    return value;
  }

  private byte[] record() {
    byte[] record = new byte[Page.HEAD + keySize + valueSize];
    memory().get(at - Page.HEAD, record);
    return record;
  }
}
