package rdb;

/**
 * Figures of one table.
 *
 * @param entries records
 * @param leafPages pages that hold records
 * @param branchPages pages above them
 * @param storedLeafBytes keys and values
 * @param metadataBytes what the tree adds to them
 * @param fragmentedBytes unused parts of its pages
 * @param treeHeight 0: empty
 */
public record TableStats(
    long entries,
    long leafPages,
    long branchPages,
    long storedLeafBytes,
    long metadataBytes,
    long fragmentedBytes,
    long treeHeight) {

  static final int NUMBERS = 7;

  static TableStats of(long[] n) {
    return new TableStats(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
  }
}
