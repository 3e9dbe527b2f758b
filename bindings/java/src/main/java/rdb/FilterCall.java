package rdb;

/** A {@link RecordFilter} over encoded keys and values: what native code calls. */
interface FilterCall {
  boolean keep(byte[] key, byte[] value);
}
