package rdb;

/**
 * A key or value type as a file names it. Two types are the same when name and class are.
 *
 * @param name for instance {@code "u64"} or {@code "&amp;str"}
 * @param typeClass one of the constants below
 */
public record StoredType(
    String name,
    int typeClass) {
  /** The library's own types. */
  public static final int BUILTIN = 1;

  /** A name of an application's, or of its chrono and uuid crates. */
  public static final int USER_DEFINED = 2;

  /** Tuples with parts of variable width. */
  public static final int TUPLE = 3;
}
