package rdb;

/** What {@link Table#compareAndPut} found. */
public enum Comparison {
  /** What was expected: the value was stored, or the record deleted. */
  STORED,
  /** A value was expected, and the key is absent. */
  ABSENT,
  /** Nothing was expected, and the key is there. */
  PRESENT,
  /** The stored value is another. */
  DIFFERENT
}
