package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import rdb.raw.Bulk;
import rdb.raw.Flat;
import rdb.raw.Merges;
import rdb.raw.Records;

/**
 * A table as one transaction sees it: values by key, in the order of the keys. It ends with its
 * transaction and need not be closed, except to open it anew in the same write transaction. Changing
 * it in a {@link ReadTxn} is a {@link UsageException}.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public sealed class Table<K, V> implements Iterable<Entry<K, V>>, AutoCloseable permits TtlTable {
  /** Bytes after which a bulk operation hands over what it has gathered. */
  private static final int BULK_BYTES = 1 << 20;

  private final Transaction txn; // kept alive by its tables
  private final Handle txnHandle;
  private final Handle handle;
  private final Cleaner.Cleanable cleanable;
  private final String name;
  private final Codec<K> keys;
  private final Codec<V> values;

  Table(Transaction txn, Handle txnHandle, Handle handle, String name, Codec<K> keys, Codec<V> values) {
    this.txn = txn;
    this.txnHandle = txnHandle;
    this.handle = handle;
    this.name = name;
    this.keys = keys;
    this.values = values;
    cleanable = Leaks.watch(this, handle);
  }

  /**
   * The name under which the table was opened.
   *
   * @return its name
   */
  public String name() {
    return name;
  }

  /**
   * The transaction that sees the table so.
   *
   * @return what opened it
   */
  public Transaction transaction() {
    return txn;
  }

  /**
   * The codec of keys.
   *
   * @return what the table was opened with
   */
  public Codec<K> keys() {
    return keys;
  }

  /**
   * The codec of values.
   *
   * @return what the table was opened with
   */
  public Codec<V> values() {
    return values;
  }

  private void leave() {
    handle.leave();
    Reference.reachabilityFence(this);
  }

  /** Makes a call with the pointer of this table. */
  <T> T during(java.util.function.LongFunction<T> call) {
    long table = handle.enter();
    try {
      return call.apply(table);
    } finally {
      leave();
    }
  }

  // ---- one record

  /**
   * The value of a key.
   *
   * @param key what to look up
   * @return null when the key is not there
   */
  public V get(K key) {
    byte[] keyBytes = keys.encode(key);
    if (values.isBuiltin()) return get(keyBytes, values);
    byte[] value = get(keyBytes, Codec.BYTES);
    return value == null ? null : values.decode(value); // code of the user's, outside of the call
  }

  private <T> T get(byte[] key, Codec<T> codec) {
    long table = handle.enter();
    try {
      if (key.length <= Scratch.MAX_BYTES) {
        Scratch scratch = Scratch.get();
        ByteBuffer memory = scratch.buffer(key.length);
        memory.put(0, key);
        long answer =
            Records.get(
                table, null, scratch.address(), key.length,
                null, scratch.address() + key.length, scratch.capacity() - key.length);
        if (answer >= 0) return codec.decodeAt(memory, key.length, (int) answer);
        if (answer == Records.ABSENT) return null;
        if (Records.needed(answer) + key.length <= Scratch.MAX_BYTES) {
          scratch.buffer((int) Records.needed(answer) + key.length); // for the next one of that size
        }
      }
      Operand operand = Operand.of(key);
      byte[] value = Records.getArray(table, operand.buffer, operand.at, operand.size);
      return value == null ? null : codec.decode(value);
    } finally {
      leave();
    }
  }

  /**
   * Copies the encoded value of an encoded key.
   *
   * @param key read from position to limit
   * @param into written from its position on
   * @return the value's size; -1 when the key is not there. When the size is more than {@code into}
   *     has room for, nothing was read or written
   */
  public int get(ByteBuffer key, ByteBuffer into) {
    if (into.isReadOnly()) throw new java.nio.ReadOnlyBufferException();
    boolean direct = into.isDirect();
    int room = into.remaining();
    long table = handle.enter();
    try {
      Operand operand = Operand.of(key);
      long answer;
      if (direct) {
        answer =
            Records.get(table, operand.buffer, operand.at, operand.size, into, into.position(), room);
        if (answer >= 0) into.position(into.position() + (int) answer);
      } else {
        answer = getIntoArray(table, operand, into, room);
      }
      if (answer < Records.ABSENT) return Native.javaSize(Records.needed(answer));
      key.position(key.limit());
      return (int) answer;
    } finally {
      leave();
    }
  }

  private static long getIntoArray(long table, Operand key, ByteBuffer into, int room) {
    long value = Records.pin(table, key.buffer, key.at, key.size);
    if (value == 0) return Records.ABSENT;
    try {
      long size = Records.valueSize(value);
      if (size > room) return -2 - size;
      into.put(Records.valueBuffer(value, 0, (int) size));
      return size;
    } finally {
      Records.freeValue(value);
    }
  }

  /**
   * The value of a key without copying it.
   *
   * @param key what to look up
   * @return null when the key is not there; else to be closed
   */
  public Value pin(K key) {
    byte[] keyBytes = keys.encode(key);
    long table = handle.enter();
    try {
      return pin(table, Operand.of(keyBytes));
    } finally {
      leave();
    }
  }

  /**
   * The value of an encoded key without copying it.
   *
   * @param key read from position to limit
   * @return null when the key is not there; else to be closed
   */
  public Value pin(ByteBuffer key) {
    long table = handle.enter();
    try {
      Value value = pin(table, Operand.of(key));
      key.position(key.limit());
      return value;
    } finally {
      leave();
    }
  }

  private static Value pin(long table, Operand key) {
    long value = Records.pin(table, key.buffer, key.at, key.size);
    return value == 0 ? null : new Value(value);
  }

  /**
   * Whether a key is there.
   *
   * @param key what to look up
   * @return true when it is
   */
  public boolean contains(K key) {
    byte[] keyBytes = keys.encode(key);
    long table = handle.enter();
    try {
      Operand operand = Operand.of(keyBytes);
      return Records.contains(table, operand.buffer, operand.at, operand.size) == Status.OK;
    } finally {
      leave();
    }
  }

  /**
   * Whether an encoded key is there.
   *
   * @param key read from position to limit
   * @return true when it is
   */
  public boolean contains(ByteBuffer key) {
    long table = handle.enter();
    try {
      Operand operand = Operand.of(key);
      boolean there = Records.contains(table, operand.buffer, operand.at, operand.size) == Status.OK;
      key.position(key.limit());
      return there;
    } finally {
      leave();
    }
  }

  /**
   * Stores a value, replacing what was there.
   *
   * @param key not null
   * @param value not null
   */
  public void put(K key, V value) {
    put(keys.encode(key), values.encode(value), 0);
  }

  /**
   * Stores a value if the flags allow it.
   *
   * @param key not null
   * @param value not null
   * @param flags what must be there, or must not be
   * @return whether it was stored
   */
  public boolean put(K key, V value, PutFlag... flags) {
    return put(keys.encode(key), values.encode(value), PutFlag.mask(flags)) == Status.OK;
  }

  private int put(byte[] key, byte[] value, long flags) {
    long table = handle.enter();
    try {
      if (!Scratch.fits(key.length, value.length)) {
        Operand operand = Operand.of(key);
        return Records.putArray(
            table, operand.buffer, operand.at, operand.size, value, 0, value.length, flags);
      }
      Scratch scratch = Scratch.get();
      ByteBuffer memory = scratch.buffer(key.length + value.length);
      memory.put(0, key);
      memory.put(key.length, value);
      return Records.put(
          table, null, scratch.address(), key.length,
          null, scratch.address() + key.length, value.length, flags);
    } finally {
      leave();
    }
  }

  /**
   * Stores an encoded value under an encoded key.
   *
   * @param key read from position to limit
   * @param value read from position to limit
   * @param flags what must be there, or must not be
   * @return whether it was stored
   */
  public boolean put(ByteBuffer key, ByteBuffer value, PutFlag... flags) {
    long table = handle.enter();
    try {
      int keyRoom = key.isDirect() ? 0 : key.remaining();
      int total = Math.addExact(keyRoom, value.isDirect() ? 0 : value.remaining());
      Operand k = Operand.of(key, 0, total);
      Operand v = Operand.of(value, keyRoom, total);
      int status =
          Records.put(table, k.buffer, k.at, k.size, v.buffer, v.at, v.size, PutFlag.mask(flags));
      key.position(key.limit());
      value.position(value.limit());
      return status == Status.OK;
    } finally {
      leave();
    }
  }

  /**
   * Deletes a record.
   *
   * @param key its key
   * @return whether it was there
   */
  public boolean delete(K key) {
    byte[] keyBytes = keys.encode(key);
    long table = handle.enter();
    try {
      Operand operand = Operand.of(keyBytes);
      return Records.delete(table, operand.buffer, operand.at, operand.size) == Status.OK;
    } finally {
      leave();
    }
  }

  /**
   * Deletes the record of an encoded key.
   *
   * @param key read from position to limit
   * @return whether it was there
   */
  public boolean delete(ByteBuffer key) {
    long table = handle.enter();
    try {
      Operand operand = Operand.of(key);
      boolean there = Records.delete(table, operand.buffer, operand.at, operand.size) == Status.OK;
      key.position(key.limit());
      return there;
    } finally {
      leave();
    }
  }

  /**
   * Takes the first record out of the table.
   *
   * @return null when the table is empty
   */
  public Entry<K, V> popFirst() {
    return pop(Flat::popFirst);
  }

  /**
   * Takes the last record out of the table.
   *
   * @return null when the table is empty
   */
  public Entry<K, V> popLast() {
    return pop(Flat::popLast);
  }

  private interface Pop {
    int from(long table, long[] values);
  }

  private Entry<K, V> pop(Pop pop) {
    long[] taken = new long[2];
    long table = handle.enter();
    try {
      if (pop.from(table, taken) != Status.OK) return null;
      int keySize = Native.javaSize(Records.valueSize(taken[0]));
      int valueSize = Native.javaSize(Records.valueSize(taken[1]));
      ByteBuffer record =
          ByteBuffer.allocate(Native.javaSize((long) Page.HEAD + keySize + valueSize))
              .order(ByteOrder.LITTLE_ENDIAN);
      record.putInt(keySize).putInt(valueSize);
      record.put(Records.valueBuffer(taken[0], 0, keySize));
      record.put(Records.valueBuffer(taken[1], 0, valueSize));
      return new Entry<>(this, Page.of(record.array()), 0);
    } finally {
      for (long value : taken) Records.freeValue(value);
      leave();
    }
  }

  // ---- what was there, and what to expect

  /**
   * Stores a value and gives the one that was there before.
   *
   * @param key not null
   * @param value not null
   * @return null when the key was not there
   */
  public V exchange(K key, V value) {
    byte[] keyBytes = keys.encode(key);
    byte[] valueBytes = values.encode(value);
    long[] old = new long[1];
    byte[] found;
    long table = handle.enter();
    try {
      Flat.exchange(table, keyBytes, valueBytes, 0, old);
      found = taken(old[0]);
    } finally {
      leave();
    }
    return found == null ? null : values.decode(found);
  }

  /**
   * Deletes a record and gives its value.
   *
   * @param key not null
   * @return null when it was not there
   */
  public V take(K key) {
    byte[] keyBytes = keys.encode(key);
    byte[] found;
    long table = handle.enter();
    try {
      found = taken(Flat.take(table, keyBytes));
    } finally {
      leave();
    }
    return found == null ? null : values.decode(found);
  }

  static byte[] taken(long value) {
    if (value == 0) return null;
    try {
      byte[] bytes = new byte[Native.javaSize(Records.valueSize(value))];
      Records.valueBuffer(value, 0, bytes.length).get(bytes);
      return bytes;
    } finally {
      Records.freeValue(value);
    }
  }

  /**
   * Stores a value if what is there is what is expected; otherwise nothing changes.
   *
   * @param key not null
   * @param expected null: the key is to be absent
   * @param value null: the record is deleted instead
   * @return what was found
   */
  public Comparison compareAndPut(K key, V expected, V value) {
    byte[] keyBytes = keys.encode(key);
    byte[] expectedBytes = expected == null ? null : values.encode(expected);
    byte[] valueBytes = value == null ? null : values.encode(value);
    long table = handle.enter();
    try {
      int status =
          Flat.compareAndPut(
              table, keyBytes, expected == null ? 0 : 1, expectedBytes, value == null ? 0 : 1, valueBytes);
      switch (status) {
        case Status.NOT_FOUND:
          return Comparison.ABSENT;
        case Status.EXISTS:
          return Comparison.PRESENT;
        case Status.DIFFERENT:
          return Comparison.DIFFERENT;
        default:
          return Comparison.STORED;
      }
    } finally {
      leave();
    }
  }

  /**
   * Memory in which a value is made before it is stored.
   *
   * @param key not null
   * @param size bytes of the encoded value
   * @param flags what must be there when it is stored, or must not be
   * @return to be stored or closed
   */
  public Reservation reserve(K key, int size, PutFlag... flags) {
    byte[] keyBytes = keys.encode(key);
    long[] made = new long[2];
    long table = handle.enter();
    try {
      Flat.reserve(table, keyBytes, size, PutFlag.mask(flags), made);
      Handle owned =
          new Handle("reservation", made[0], true, Flat::reservationFree, txnHandle, handle.isExclusive() ? handle : null);
      return new Reservation(owned, Reservation.memory(made[1], size));
    } finally {
      leave();
    }
  }

  // ---- many records out of the table

  /**
   * Deletes a range. Pages that lie in it whole are given up without a look at their records.
   *
   * @param range where to begin and end
   * @return how many records were deleted
   */
  public long drain(Range<K> range) {
    byte[] lower = bound(range.lower, range.lowerBound);
    byte[] upper = bound(range.upper, range.upperBound);
    long table = handle.enter();
    try {
      return Flat.drain(table, range.lowerBound, lower, range.upperBound, upper);
    } finally {
      leave();
    }
  }

  private byte[] bound(K key, int kind) {
    return kind == Range.NONE ? null : keys.encode(key);
  }

  /**
   * Deletes the records of a range that a filter does not keep.
   *
   * @param range where to begin and end
   * @param filter asked about each record in key order
   * @return how many records were deleted
   */
  public long retain(Range<K> range, RecordFilter<? super K, ? super V> filter) {
    Objects.requireNonNull(filter);
    FilterCall call = (key, value) -> filter.keep(keys.decode(key), values.decode(value));
    byte[] lower = bound(range.lower, range.lowerBound);
    byte[] upper = bound(range.upper, range.upperBound);
    long table = handle.enter();
    try {
      return Bulk.retain(table, range.lowerBound, lower, range.upperBound, upper, call);
    } finally {
      leave();
    }
  }

  /**
   * Takes the records of a range out of the table, one by one.
   *
   * @param range where to begin and end
   * @return to be closed
   */
  public Extraction<K, V> extract(Range<K> range) {
    return extract(range, null, false);
  }

  /**
   * Takes records of a range out of the table, one by one.
   *
   * @param range where to begin and end
   * @param pick tells which; null: all
   * @param descending from the last to the first
   * @return to be closed
   */
  public Extraction<K, V> extract(
      Range<K> range, RecordFilter<? super K, ? super V> pick, boolean descending) {
    byte[] lower = bound(range.lower, range.lowerBound);
    byte[] upper = bound(range.upper, range.upperBound);
    long table = handle.enter();
    try {
      long walk = Flat.extractOpen(table, range.lowerBound, lower, range.upperBound, upper);
      Handle owned = new Handle("extraction", walk, true, Flat::extractClose, txnHandle, handle);
      return new Extraction<>(this, owned, pick, descending);
    } finally {
      leave();
    }
  }

  // ---- merges

  /**
   * Makes the value of a key anew from what is stored and an operand. {@link Status#ERR_MERGE_WIDTH},
   * and no change, when the result has another length than values of the table's type.
   *
   * @param key not null
   * @param operand not null
   * @param operator how
   */
  public void merge(K key, V operand, MergeOperator operator) {
    merge(keys.encode(key), values.encode(operand), operator.code, null);
  }

  /**
   * Makes the value of a key anew by a function of the program's.
   *
   * @param key not null
   * @param operand not null
   * @param function decides about the new value
   */
  public void merge(K key, V operand, MergeFunction<K, V> function) {
    merge(keys.encode(key), values.encode(operand), MergeOperator.FUNCTION, call(function));
  }

  private void merge(byte[] key, byte[] operand, int kind, MergeCall function) {
    long table = handle.enter();
    try {
      Merges.merge(table, key, operand, kind, function);
    } finally {
      leave();
    }
  }

  private MergeCall call(MergeFunction<K, V> function) {
    Objects.requireNonNull(function);
    return (key, existing, operand) -> {
      V old = existing == null ? null : values.decode(existing);
      V made = function.merge(keys.decode(key), old, values.decode(operand));
      return made == null ? null : values.encode(made);
    };
  }

  /**
   * Merges the records of a batch, whose values are the operands, in the order in which they were added.
   * It stops at the first error, whose position is the record's index: those before it are merged, those
   * behind it are not.
   *
   * @param batch made by {@link #batch}
   * @param operator how
   */
  public void merge(Batch<K, V> batch, MergeOperator operator) {
    merge(batch, operator.code, null);
  }

  /**
   * Merges the records of a batch by a function of the program's.
   *
   * @param batch made by {@link #batch}
   * @param function decides about the new values
   */
  public void merge(Batch<K, V> batch, MergeFunction<K, V> function) {
    merge(batch, MergeOperator.FUNCTION, call(function));
  }

  private void merge(Batch<K, V> batch, int kind, MergeCall function) {
    long table = handle.enter();
    try {
      Merges.mergeBatch(table, batch.memory(), 0, batch.bytes(), kind, function);
    } finally {
      leave();
      Reference.reachabilityFence(batch);
    }
  }

  /**
   * Merges packed records, see {@link #putPacked}.
   *
   * @param packed read from position to limit
   * @param operator how
   */
  public void mergePacked(ByteBuffer packed, MergeOperator operator) {
    long table = handle.enter();
    try {
      Operand operand = Operand.of(packed);
      Merges.mergeBatch(table, operand.buffer, operand.at, operand.size, operator.code, null);
      packed.position(packed.limit());
    } finally {
      leave();
    }
  }

  // ---- many records

  /**
   * The values of many keys.
   *
   * @param wanted in any order
   * @return one element for each key in the same order, null where it is not there
   */
  public List<V> getAll(List<? extends K> wanted) {
    ByteBuffer packed = packedKeys(wanted);
    byte[] answers;
    long table = handle.enter();
    try {
      answers = Records.getBatch(table, packed, 0, packed.position());
    } finally {
      leave();
    }
    ByteBuffer memory = ByteBuffer.wrap(answers).order(ByteOrder.LITTLE_ENDIAN);
    List<V> found = new ArrayList<>(wanted.size());
    int at = 0;
    while (at < answers.length) {
      int size = memory.getInt(at);
      at += 4;
      boolean absent = size == -1;
      found.add(absent ? null : values.decodeAt(memory, at, size));
      if (!absent) at += Page.padded(size);
    }
    return found;
  }

  ByteBuffer packedKeys(Iterable<? extends K> wanted) {
    List<byte[]> encoded = new ArrayList<>();
    long size = 0;
    for (K key : wanted) {
      byte[] bytes = keys.encode(key);
      encoded.add(bytes);
      size += 4L + bytes.length + 3;
    }
    ByteBuffer packed =
        ByteBuffer.allocateDirect(Native.javaSize(size)).order(ByteOrder.LITTLE_ENDIAN);
    for (byte[] bytes : encoded) {
      packed.putInt(bytes.length).put(bytes);
      while ((packed.position() & 3) != 0) packed.put((byte) 0);
    }
    return packed;
  }

  /**
   * Makes an empty batch for tables of these types.
   *
   * @return a new batch
   */
  public Batch<K, V> batch() {
    return new Batch<>(keys, values);
  }

  /**
   * Stores the records of a batch in the order in which they were added, and keeps the batch as it
   * is. It stops at the first error, whose position is the record's index; those before it are stored.
   *
   * @param batch made by {@link #batch}
   * @param flags as for one record; one that they forbid is passed over
   * @return how many were stored
   */
  public long put(Batch<K, V> batch, PutFlag... flags) {
    long table = handle.enter();
    try {
      return Records.putBatch(table, batch.memory(), 0, batch.bytes(), PutFlag.mask(flags));
    } finally {
      leave();
      Reference.reachabilityFence(batch);
    }
  }

  /**
   * Stores many records, a megabyte or so at a time. An error's position is the record's index.
   *
   * @param records for instance the entry set of a map
   * @param flags as for one record; one that they forbid is passed over
   * @return how many were stored
   */
  public long putAll(
      Iterable<? extends Map.Entry<? extends K, ? extends V>> records, PutFlag... flags) {
    Batch<K, V> batch = batch();
    long stored = 0;
    long before = 0;
    Iterator<? extends Map.Entry<? extends K, ? extends V>> each = records.iterator();
    while (each.hasNext()) {
      Map.Entry<? extends K, ? extends V> record = each.next();
      batch.add(record.getKey(), record.getValue());
      if (batch.bytes() < BULK_BYTES && each.hasNext()) continue;
      try {
        stored += put(batch, flags);
      } catch (RdbException e) {
        throw before == 0 || e.position() < 0 ? e : moved(e, before);
      }
      before += batch.size();
      batch.clear();
    }
    return stored;
  }

  private static RuntimeException moved(RdbException e, long by) {
    RuntimeException moved = RdbException.of(e.status(), e.errno(), e.position() + by, e.getMessage());
    moved.initCause(e);
    return moved;
  }

  /**
   * Deletes many records.
   *
   * @param wanted their keys
   * @return how many were there
   */
  public long deleteAll(Iterable<? extends K> wanted) {
    ByteBuffer packed = packedKeys(wanted);
    long table = handle.enter();
    try {
      return Records.deleteBatch(table, packed, 0, packed.position());
    } finally {
      leave();
    }
  }

  /**
   * Stores packed records: two sizes as u32, key, value, zeros up to a multiple of 4, all
   * little-endian, one behind the other.
   *
   * @param packed read from position to limit
   * @param flags as for one record; one that they forbid is passed over
   * @return how many were stored
   */
  public long putPacked(ByteBuffer packed, PutFlag... flags) {
    long table = handle.enter();
    try {
      Operand operand = Operand.of(packed);
      long stored =
          Records.putBatch(table, operand.buffer, operand.at, operand.size, PutFlag.mask(flags));
      packed.position(packed.limit());
      return stored;
    } finally {
      leave();
    }
  }

  /**
   * Deletes packed keys: a size as u32, key, zeros up to a multiple of 4, all little-endian, one
   * behind the other.
   *
   * @param packed read from position to limit
   * @return how many were there
   */
  public long deletePacked(ByteBuffer packed) {
    long table = handle.enter();
    try {
      Operand operand = Operand.of(packed);
      long deleted = Records.deleteBatch(table, operand.buffer, operand.at, operand.size);
      packed.position(packed.limit());
      return deleted;
    } finally {
      leave();
    }
  }

  // ---- scans

  /**
   * A cursor over the whole table, before its first entry.
   *
   * @return to be closed
   */
  public Cursor<K, V> cursor() {
    return open(false, false);
  }

  private Cursor<K, V> open(boolean descending, boolean closesAtEnd) {
    return new Cursor<>(this, cursorHandle(), descending, closesAtEnd);
  }

  Handle cursorHandle() {
    long table = handle.enter();
    try {
      // Of a writer's table and its cursors only one may be in use at a time.
      Handle companion = handle.isExclusive() ? handle : null;
      return new Handle("cursor", Flat.cursorOpen(table), true, Flat::cursorClose, txnHandle, companion);
    } finally {
      leave();
    }
  }

  /** Makes a call with the handle; for {@link Multimap}. */
  long call(java.util.function.LongUnaryOperator function) {
    long table = handle.enter();
    try {
      return function.applyAsLong(table);
    } finally {
      leave();
    }
  }

  static <K, V, C extends Cursor<K, V>> C ranged(C cursor, Range<K> range) {
    try {
      cursor.setRange(range);
      return cursor;
    } catch (RuntimeException e) {
      cursor.close();
      throw e;
    }
  }

  /**
   * The records whose keys lie in a range, in order.
   *
   * @param range where to begin and end
   * @return to be closed
   */
  public Cursor<K, V> scan(Range<K> range) {
    return ranged(cursor(), range);
  }

  /**
   * The records whose keys lie in a range, last one first. Slower than {@link #scan}: each step is a
   * call of its own.
   *
   * @param range where to begin and end
   * @return an iterator from the last to the first, to be closed
   */
  public Cursor<K, V> scanDescending(Range<K> range) {
    return ranged(open(true, false), range);
  }

  /**
   * The records whose encoded keys begin with the encoded prefix: for keys that are bytes or text.
   *
   * @param prefix empty: the whole table
   * @return to be closed
   */
  public Cursor<K, V> prefix(K prefix) {
    return prefixed(prefix, false);
  }

  /**
   * The records whose encoded keys begin with the encoded prefix, last one first.
   *
   * @param prefix empty: the whole table
   * @return an iterator from the last to the first, to be closed
   */
  public Cursor<K, V> prefixDescending(K prefix) {
    return prefixed(prefix, true);
  }

  private Cursor<K, V> prefixed(K prefix, boolean descending) {
    return prefixed(open(descending, false), prefix);
  }

  /** Confines a cursor to the keys that begin with prefix; closes it when that fails. */
  <C extends Cursor<K, V>> C prefixed(C cursor, K prefix) {
    try {
      confine(cursor, prefix);
      return cursor;
    } catch (RuntimeException e) {
      cursor.close();
      throw e;
    }
  }

  private void confine(Cursor<K, V> cursor, K prefix) {
    if (keys.width() >= 0) throw Native.invalid("keys of type " + keys.typeName() + " have no prefixes");
    byte[] lower = keys.encode(prefix);
    byte[] upper = successor(lower);
    cursor.setRange(lower, Range.INCLUDED, upper, upper == null ? Range.NONE : Range.EXCLUDED);
  }

  /** The least key greater than all that begin with prefix; null when there is none. */
  private static byte[] successor(byte[] prefix) {
    int length = prefix.length;
    while (length > 0 && prefix[length - 1] == (byte) 0xff) length--;
    if (length == 0) return null;
    byte[] next = Arrays.copyOf(prefix, length);
    next[length - 1]++;
    return next;
  }

  /**
   * Every record in order. The iterator's memory is released when it comes to its end, else with the
   * transaction.
   */
  @Override
  public Iterator<Entry<K, V>> iterator() {
    return open(false, true);
  }

  /**
   * Every record in order, detached.
   *
   * @return to be closed unless it is read to the end
   */
  public Stream<Entry<K, V>> stream() {
    return open(false, true).stream();
  }

  /**
   * The records whose keys lie in a range, in order, detached.
   *
   * @param range where to begin and end
   * @return to be closed unless it is read to the end
   */
  public Stream<Entry<K, V>> stream(Range<K> range) {
    return ranged(open(false, true), range).stream();
  }

  // ---- about the table

  /**
   * Number of records.
   *
   * @return how many there are
   */
  public long size() {
    long table = handle.enter();
    try {
      return Flat.tableLen(table);
    } finally {
      leave();
    }
  }

  /**
   * What the catalog knows of the table.
   *
   * @return its description
   */
  public TableInfo describe() {
    long[] numbers = new long[TableInfo.NUMBERS];
    long table = handle.enter();
    try {
      Flat.tableDescribe(table, numbers);
      return TableInfo.of(
          numbers,
          Native.text(room -> Flat.tableDescribeText(table, 0, room)),
          Native.text(room -> Flat.tableDescribeText(table, 1, room)),
          Native.text(room -> Flat.tableDescribeText(table, 2, room)));
    } finally {
      leave();
    }
  }

  /**
   * Walks the whole table for its figures.
   *
   * @return the figures
   */
  public TableStats stats() {
    return stats(null);
  }

  /**
   * Walks the whole table for its figures.
   *
   * @param cancellation stops the walk; may be null
   * @return the figures
   */
  public TableStats stats(Cancellation cancellation) {
    long table = handle.enter();
    try {
      return Cancellation.during(
          cancellation,
          cancel -> {
            long[] numbers = new long[TableStats.NUMBERS];
            Flat.tableStats(table, cancel, numbers);
            return TableStats.of(numbers);
          });
    } finally {
      leave();
    }
  }

  /** Releases the table; its changes stay part of the transaction, its cursors go on. */
  @Override
  public void close() {
    handle.close();
    cleanable.clean();
  }
}
