package rdb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import rdb.raw.Flat;

/**
 * A multimap as one transaction sees it: each key has one value or more, in the order of their type.
 * A pair is a key with one of its values; pairs are in the order of their keys, then of their values.
 * It ends with its transaction and need not be closed, except to open it anew in the same write
 * transaction. Changing it in a {@link ReadTxn} is a {@link UsageException}.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class Multimap<K, V> implements Iterable<Entry<K, V>>, AutoCloseable {
  private final Table<K, V> pairs;

  Multimap(Table<K, V> pairs) {
    this.pairs = pairs;
  }

  /**
   * The name under which the multimap was opened.
   *
   * @return its name
   */
  public String name() {
    return pairs.name();
  }

  /**
   * The transaction that sees the multimap so.
   *
   * @return what opened it
   */
  public Transaction transaction() {
    return pairs.transaction();
  }

  /**
   * The codec of keys.
   *
   * @return what the multimap was opened with
   */
  public Codec<K> keys() {
    return pairs.keys();
  }

  /**
   * The codec of values.
   *
   * @return what the multimap was opened with
   */
  public Codec<V> values() {
    return pairs.values();
  }

  // ---- one key

  /**
   * All values of a key. {@link #values(Object)} reads sets that do not fit memory.
   *
   * @param key what to look up
   * @return in order; empty when the key has none
   */
  public List<V> get(K key) {
    byte[] keyBytes = keys().encode(key);
    byte[][] answers = new byte[1][];
    pairs.call(
        table -> {
          long result = Flat.resultCreate();
          try {
            if (Flat.multimapGet(table, keyBytes, result) != Status.OK) return 0;
            byte[] room = new byte[256];
            long size = Flat.resultPack(result, room);
            if (size > room.length) {
              room = new byte[Native.javaSize(size)];
              Flat.resultPack(result, room);
            }
            answers[0] = java.util.Arrays.copyOf(room, (int) size);
            return 0;
          } finally {
            Flat.resultFree(result);
          }
        });
    List<V> found = new ArrayList<>();
    if (answers[0] == null) return found;
    ByteBuffer memory = ByteBuffer.wrap(answers[0]).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < memory.capacity(); ) {
      int size = memory.getInt(at);
      found.add(values().decodeAt(memory, at + 4, size));
      at += 4 + Page.padded(size);
    }
    return found;
  }

  /**
   * Whether a key has a value.
   *
   * @param key what to look up
   * @return true when it has
   */
  public boolean contains(K key) {
    return pairs.contains(key);
  }

  /**
   * Whether a value is one of a key's.
   *
   * @param key what to look up
   * @param value what to look for
   * @return true when it is
   */
  public boolean contains(K key, V value) {
    byte[] keyBytes = keys().encode(key);
    byte[] valueBytes = values().encode(value);
    return pairs.call(table -> Flat.multimapContains(table, keyBytes, valueBytes)) == Status.OK;
  }

  /**
   * Number of values of a key, which are not read.
   *
   * @param key what to look up
   * @return 0 when there are none
   */
  public long count(K key) {
    byte[] keyBytes = keys().encode(key);
    return pairs.call(table -> Flat.multimapValueCount(table, keyBytes));
  }

  /**
   * Adds a value to those of a key.
   *
   * @param key not null
   * @param value not null
   * @return whether it was new
   */
  public boolean put(K key, V value) {
    return pairs.put(key, value, new PutFlag[0]);
  }

  /**
   * Takes a value from those of a key.
   *
   * @param key not null
   * @param value not null
   * @return whether it was there
   */
  public boolean delete(K key, V value) {
    byte[] keyBytes = keys().encode(key);
    byte[] valueBytes = values().encode(value);
    return pairs.call(table -> Flat.multimapDelete(table, keyBytes, valueBytes)) == Status.OK;
  }

  /**
   * Deletes a key with all its values.
   *
   * @param key not null
   * @return whether it had one
   */
  public boolean deleteKey(K key) {
    return pairs.delete(key);
  }

  // ---- many pairs

  /**
   * Makes an empty batch for multimaps of these types.
   *
   * @return a new batch
   */
  public Batch<K, V> batch() {
    return pairs.batch();
  }

  /**
   * Adds the pairs of a batch, and keeps the batch as it is. It stops at the first error, whose
   * position is the pair's index; those before it are added.
   *
   * @param batch made by {@link #batch}
   * @return how many were new
   */
  public long put(Batch<K, V> batch) {
    return pairs.put(batch);
  }

  /**
   * Adds many pairs, a megabyte or so at a time. An error's position is the pair's index.
   *
   * @param records pairs of key and value
   * @return how many were new
   */
  public long putAll(Iterable<? extends Map.Entry<? extends K, ? extends V>> records) {
    return pairs.putAll(records);
  }

  /**
   * Takes the pairs of a batch out. It stops at the first error, whose position is the pair's index.
   *
   * @param batch made by {@link #batch}
   * @return how many were there
   */
  public long delete(Batch<K, V> batch) {
    ByteBuffer packed = batch.memory().duplicate().position(0).limit(batch.bytes()).slice();
    return pairs.call(table -> Flat.multimapDeleteBatchPacked(table, packed));
  }

  /**
   * Deletes many keys with all their values.
   *
   * @param wanted the keys
   * @return how many had one
   */
  public long deleteKeys(Iterable<? extends K> wanted) {
    return pairs.deleteAll(wanted);
  }

  /**
   * Deletes all keys of a range with their values, one after the other: after an error those before
   * the one at fault are gone.
   *
   * @param range {@link Range#all}: everything
   * @return number of keys
   */
  public long drain(Range<K> range) {
    byte[] lower = range.lowerBound == Range.NONE ? null : keys().encode(range.lower);
    byte[] upper = range.upperBound == Range.NONE ? null : keys().encode(range.upper);
    return pairs.call(
        table -> Flat.multimapDrain(table, range.lowerBound, lower, range.upperBound, upper));
  }

  // ---- scans

  /**
   * A cursor over all pairs, before the first.
   *
   * @return to be closed
   */
  public MultimapCursor<K, V> cursor() {
    return new MultimapCursor<>(pairs, false, false);
  }

  /**
   * The pairs whose keys lie in a range, in order.
   *
   * @param range where to begin and end
   * @return to be closed
   */
  public MultimapCursor<K, V> scan(Range<K> range) {
    return Table.ranged(cursor(), range);
  }

  /**
   * The pairs whose keys lie in a range, last one first. Slower than {@link #scan}: each step is a
   * call of its own.
   *
   * @param range where to begin and end
   * @return an iterator from the last to the first, to be closed
   */
  public MultimapCursor<K, V> scanDescending(Range<K> range) {
    return Table.ranged(new MultimapCursor<>(pairs, true, false), range);
  }

  /**
   * The pairs of one key, in order.
   *
   * @param key whose values to read
   * @return to be closed
   */
  public MultimapCursor<K, V> values(K key) {
    return scan(Range.<K>all().from(key).through(key));
  }

  /**
   * The pairs whose encoded keys begin with the encoded prefix: for keys that are bytes or text.
   *
   * @param prefix empty: everything
   * @return to be closed
   */
  public MultimapCursor<K, V> prefix(K prefix) {
    return pairs.prefixed(cursor(), prefix);
  }

  /**
   * Every pair in order. The iterator's memory is released when it comes to its end, else with the
   * transaction.
   */
  @Override
  public Iterator<Entry<K, V>> iterator() {
    return new MultimapCursor<>(pairs, false, true);
  }

  /**
   * Every pair in order, detached.
   *
   * @return to be closed unless it is read to the end
   */
  public Stream<Entry<K, V>> stream() {
    return new MultimapCursor<>(pairs, false, true).stream();
  }

  // ---- about the multimap

  /**
   * Number of pairs.
   *
   * @return how many there are
   */
  public long size() {
    return pairs.size();
  }

  /**
   * Number of keys.
   *
   * @return how many there are
   */
  public long keyCount() {
    return pairs.call(Flat::multimapKeyCount);
  }

  /**
   * What the catalog knows of the multimap.
   *
   * @return its description
   */
  public TableInfo describe() {
    return pairs.describe();
  }

  /**
   * Walks the whole multimap for its figures.
   *
   * @return the figures
   */
  public TableStats stats() {
    return pairs.stats();
  }

  /**
   * Walks the whole multimap for its figures.
   *
   * @param cancellation stops the walk; may be null
   * @return the figures
   */
  public TableStats stats(Cancellation cancellation) {
    return pairs.stats(cancellation);
  }

  /** Releases the multimap; its changes stay part of the transaction, its cursors go on. */
  @Override
  public void close() {
    pairs.close();
  }
}
