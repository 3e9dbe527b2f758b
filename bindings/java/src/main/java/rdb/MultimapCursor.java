package rdb;

import java.lang.ref.Reference;
import rdb.raw.Flat;

/**
 * A position among the pairs of a multimap. {@link #moveOn} and {@link #moveBack} go from value to
 * value and on to the next key; {@link #seek} and {@link #seekExact} go to the first value of a key,
 * {@link #seekFloor} to the last.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class MultimapCursor<K, V> extends Cursor<K, V> {
  MultimapCursor(Table<K, V> pairs, boolean descending, boolean closesAtEnd) {
    super(pairs, pairs.cursorHandle(), descending, closesAtEnd);
  }

  /**
   * Goes to the first value of the next key.
   *
   * @return null when there is none
   */
  public Entry<K, V> nextKey() {
    settle();
    return go(Flat::cursorNextKey);
  }

  /**
   * Goes to the last value of the key before.
   *
   * @return null when there is none
   */
  public Entry<K, V> previousKey() {
    settle();
    return go(Flat::cursorPrevKey);
  }

  /**
   * Goes to the next value of the same key.
   *
   * @return null when there is none; the cursor then stays where it is, see {@link #current}
   */
  public Entry<K, V> nextValue() {
    settle();
    return go(Flat::cursorNextValue);
  }

  /**
   * Goes to the value before, of the same key.
   *
   * @return null when there is none; the cursor then stays where it is, see {@link #current}
   */
  public Entry<K, V> previousValue() {
    settle();
    return go(Flat::cursorPrevValue);
  }

  /**
   * Goes to the first value of the same key.
   *
   * @return never null: standing on no pair is a {@link UsageException}
   */
  public Entry<K, V> firstValue() {
    settle();
    return go(Flat::cursorFirstValue);
  }

  /**
   * Goes to the last value of the same key.
   *
   * @return never null: standing on no pair is a {@link UsageException}
   */
  public Entry<K, V> lastValue() {
    settle();
    return go(Flat::cursorLastValue);
  }

  /**
   * Goes to the first pair that does not come before another one.
   *
   * @param key of that
   * @param value of that
   * @return null when there is none
   */
  public Entry<K, V> seekPair(K key, V value) {
    byte[] keyBytes = table.keys().encode(key);
    byte[] valueBytes = table.values().encode(value);
    return go((cursor, room, out) -> Flat.cursorSeekPair(cursor, keyBytes, valueBytes, room, out));
  }

  /**
   * Number of values of the key that the cursor stands on.
   *
   * @return 0 when it stands on no pair
   */
  public long valueCount() {
    settle();
    long cursor = handle.enter();
    try {
      return Flat.cursorValueCount(cursor);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }
}
