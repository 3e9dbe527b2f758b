package rdb;

/**
 * The library's ways to make a value of a stored one and an operand. Numbers are little-endian, as the
 * codecs write them. Where the key is absent the operand is stored as it is. Where both have not the
 * same length, or one that the operator does not know, the stored value stays.
 */
public enum MergeOperator {
  /** Numbers of 1, 2, 4 or 8 bytes: the sum modulo 2^bits, signed or unsigned. */
  NUMERIC_ADD(0),
  /** Numbers of 1, 2, 4 or 8 bytes: the unsigned sum, at most the largest number. */
  SATURATING_ADD(1),
  /** Floats of 4 or 8 bytes: the sum. */
  FLOAT_ADD(2),
  /** Numbers of 1, 2, 4 or 8 bytes: the larger unsigned one. */
  NUMERIC_MAX(3),
  /** Numbers of 1, 2, 4 or 8 bytes: the smaller unsigned one. */
  NUMERIC_MIN(4),
  /** Any length: or of the bits. */
  BITWISE_OR(5),
  /** Any lengths: the stored bytes, then the operand. */
  BYTES_APPEND(6);

  /** What stands for a function of the program's. */
  static final int FUNCTION = 7;

  final int code;

  MergeOperator(int code) {
    this.code = code;
  }
}
