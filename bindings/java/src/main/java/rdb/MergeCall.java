package rdb;

/** A {@link MergeFunction} over encoded keys and values: what native code calls. */
interface MergeCall {
  /** existing is null when the key is absent; null deletes it. */
  byte[] call(byte[] key, byte[] existing, byte[] operand);
}
