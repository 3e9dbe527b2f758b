package rdb;

/**
 * What the catalog knows of a table.
 *
 * @param name its name
 * @param keyType type of its keys
 * @param valueType type of its values
 * @param entries records; of a multimap: pairs
 * @param kind plain or multimap
 * @param keyWidth bytes of each key, or {@link #VARIABLE}
 * @param valueWidth bytes of each value, or {@link #VARIABLE}
 * @param keyOrderKnown false: rows can only be read, in stored order
 */
public record TableInfo(
    String name,
    StoredType keyType,
    StoredType valueType,
    long entries,
    Kind kind,
    int keyWidth,
    int valueWidth,
    boolean keyOrderKnown) {
  /** A width that differs from record to record. */
  public static final int VARIABLE = -1;

  static final int NUMBERS = 7;
  private static final int MULTIMAP_CODE = 4;

  /** Kinds of tables. */
  public enum Kind {
    /** One value a key. */
    NORMAL,

    /** Several values a key; listed, renamed and deleted, not opened. */
    MULTIMAP
  }

  static TableInfo of(long[] n, String name, String keyType, String valueType) {
    return new TableInfo(
        name,
        new StoredType(keyType, (int) n[2]),
        new StoredType(valueType, (int) n[3]),
        n[0],
        n[1] == MULTIMAP_CODE ? Kind.MULTIMAP : Kind.NORMAL,
        (int) n[4],
        (int) n[5],
        n[6] != 0);
  }
}
