package rdb;

/**
 * Makes a value of a stored one and an operand, on the thread that called merge. It may not use the
 * transaction: that is refused with a {@link UsageException}. What it throws leaves the table as it
 * was, and is what merge throws.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
@FunctionalInterface
public interface MergeFunction<K, V> {
  /**
   * Decides about the new value.
   *
   * @param key whose value it is
   * @param existing what is stored; null when the key is absent
   * @param operand what merge was given
   * @return null deletes the key, or leaves it absent
   */
  V merge(K key, V existing, V operand);
}
