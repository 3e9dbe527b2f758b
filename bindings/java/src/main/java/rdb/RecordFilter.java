package rdb;

/**
 * Decides whether a record stays, on the thread that called retain. It may not use the transaction: that
 * is refused with a {@link UsageException}. What it throws leaves the table as it was, and is what
 * retain throws.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
@FunctionalInterface
public interface RecordFilter<K, V> {
  /**
   * Decides about one record.
   *
   * @param key its key
   * @param value its value
   * @return true when the record stays
   */
  boolean keep(K key, V value);
}
