package rdb;

import java.time.Duration;
import java.time.Instant;
import rdb.raw.Flat;

/**
 * A table whose values expire. A record that has expired is not there for anything that reads or writes
 * records; {@link #size} and {@link #stats} go on counting it until it is overwritten, deleted or
 * purged, and nothing is purged by itself. Moments are of the database's clock ({@link
 * Database#setClock}), which is read for each call, not for each transaction.
 *
 * <p>A lifetime is null, for values that do not expire, or not negative; what is less than a
 * millisecond counts as a whole one. A moment beyond the last one that can be stored becomes that.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class TtlTable<K, V> extends Table<K, V> {
  private static final long FOREVER = -1; // all bits set

  TtlTable(Transaction txn, Handle txnHandle, Handle handle, String name, Codec<K> keys, Codec<V> values) {
    super(txn, txnHandle, handle, name, keys, values);
  }

  private static long milliseconds(Duration ttl) {
    if (ttl == null) return FOREVER;
    if (ttl.isNegative()) throw Native.invalid("a lifetime is negative");
    try {
      return ttl.plusNanos(999_999).toMillis();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Of milliseconds since 1970 began, unsigned; 0: never. */
  static Instant moment(long milliseconds) {
    if (milliseconds == 0) return Instant.MAX;
    return Instant.ofEpochMilli(milliseconds < 0 ? Long.MAX_VALUE : milliseconds);
  }

  /**
   * How long values live that calls without a lifetime write from now on, batches among them. Of this
   * object; not stored.
   *
   * @param ttl null, as at first: for ever
   */
  public void setDefaultTtl(Duration ttl) {
    long milliseconds = milliseconds(ttl);
    call(table -> Flat.ttlSetDefault(table, milliseconds));
  }

  /**
   * What {@link #setDefaultTtl} set.
   *
   * @return null: for ever
   */
  public Duration defaultTtl() {
    long[] out = new long[1];
    call(table -> Flat.ttlDefault(table, out));
    return out[0] == FOREVER ? null : Duration.ofMillis(out[0]);
  }

  /**
   * Stores a value for a time.
   *
   * @param key not null
   * @param value not null
   * @param ttl its lifetime; null: for ever
   * @param flags as for {@link Table#put(Object, Object, PutFlag...)}
   * @return false when a flag forbade it
   */
  public boolean putFor(K key, V value, Duration ttl, PutFlag... flags) {
    byte[] keyBytes = keys().encode(key);
    byte[] valueBytes = values().encode(value);
    long milliseconds = milliseconds(ttl);
    long bits = PutFlag.mask(flags);
    return call(table -> Flat.ttlPut(table, keyBytes, valueBytes, milliseconds, bits)) == Status.OK;
  }

  /**
   * Lets the value of a key live for a time from now.
   *
   * @param key not null
   * @param ttl its lifetime; null: for ever
   * @return false when it is not there, or has expired
   */
  public boolean touch(K key, Duration ttl) {
    byte[] keyBytes = keys().encode(key);
    long milliseconds = milliseconds(ttl);
    return call(table -> Flat.ttlTouch(table, keyBytes, milliseconds)) == Status.OK;
  }

  /**
   * When the value of a key expires.
   *
   * @param key not null
   * @return {@link Instant#MAX} for never; null when it is not there, or has expired
   */
  public Instant expiry(K key) {
    byte[] keyBytes = keys().encode(key);
    long[] out = new long[1];
    if (call(table -> Flat.ttlExpiry(table, keyBytes, out)) == Status.NOT_FOUND) return null;
    return moment(out[0]);
  }

  /**
   * Counts the records that have not expired, reading the whole table.
   *
   * @return their number
   */
  public long liveCount() {
    return liveCount(null);
  }

  /**
   * Counts the records that have not expired, reading the whole table.
   *
   * @param cancellation stops it; may be null
   * @return their number
   */
  public long liveCount(Cancellation cancellation) {
    return during(
        table -> Cancellation.during(cancellation, cancel -> Flat.ttlLiveCount(table, cancel)));
  }

  /**
   * One step of a purge: looks at records in key order and removes those that have expired. A purge in
   * small steps, each in a transaction of its own, holds up nobody.
   *
   * @param after looks at records behind this key only; null: from the first
   * @param max looks at so many and no more; 0: no limit
   * @param cancellation stops it, with nothing removed; may be null
   * @return what it did, and where the next step goes on
   */
  public PurgeStep<K> purge(K after, long max, Cancellation cancellation) {
    byte[] behind = after == null ? new byte[0] : keys().encode(after);
    long[] out = new long[3];
    byte[] position =
        during(
            table ->
                Cancellation.during(
                    cancellation,
                    cancel -> {
                      Flat.ttlPurge(table, after == null ? 0 : 1, behind, max, cancel, out);
                      return taken(out[0]);
                    }));
    return new PurgeStep<>(out[1], out[2], position == null ? null : keys().decode(position));
  }
}
