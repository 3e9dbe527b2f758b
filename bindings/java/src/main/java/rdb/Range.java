package rdb;

import java.util.Objects;

/**
 * A part of a table's keys: {@code Range.of("a", "c")}, {@code Range.<String>all().from("a")}.
 *
 * @param <K> type of keys
 */
public final class Range<K> {
  static final int NONE = 0;
  static final int INCLUDED = 1;
  static final int EXCLUDED = 2;

  final K lower;
  final K upper;
  final int lowerBound;
  final int upperBound;

  private Range(K lower, int lowerBound, K upper, int upperBound) {
    this.lower = lower;
    this.lowerBound = lowerBound;
    this.upper = upper;
    this.upperBound = upperBound;
  }

  /**
   * Every key.
   *
   * @param <K> type of keys
   * @return the whole table
   */
  public static <K> Range<K> all() {
    return new Range<>(null, NONE, null, NONE);
  }

  /**
   * From one key up to another.
   *
   * @param <K> type of keys
   * @param lower belongs to the range
   * @param upper does not
   * @return the half-open range
   */
  public static <K> Range<K> of(K lower, K upper) {
    return Range.<K>all().from(lower).to(upper);
  }

  /**
   * The same range without what lies before key.
   *
   * @param key belongs to the range
   * @return a new range
   */
  public Range<K> from(K key) {
    return new Range<>(Objects.requireNonNull(key), INCLUDED, upper, upperBound);
  }

  /**
   * The same range without key and what lies before it.
   *
   * @param key does not belong to the range
   * @return a new range
   */
  public Range<K> after(K key) {
    return new Range<>(Objects.requireNonNull(key), EXCLUDED, upper, upperBound);
  }

  /**
   * The same range without key and what lies behind it.
   *
   * @param key does not belong to the range
   * @return a new range
   */
  public Range<K> to(K key) {
    return new Range<>(lower, lowerBound, Objects.requireNonNull(key), EXCLUDED);
  }

  /**
   * The same range without what lies behind key.
   *
   * @param key belongs to the range
   * @return a new range
   */
  public Range<K> through(K key) {
    return new Range<>(lower, lowerBound, Objects.requireNonNull(key), INCLUDED);
  }
}
