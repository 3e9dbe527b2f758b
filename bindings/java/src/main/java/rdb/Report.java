package rdb;

import java.util.List;

/**
 * What a verification saw.
 *
 * @param pagesChecked pages
 * @param tablesChecked tables
 * @param entriesChecked records
 * @param leakedPages taken, but reachable from nothing and held by nothing: harmless
 * @param problems what is wrong
 */
public record Report(
    long pagesChecked,
    long tablesChecked,
    long entriesChecked,
    long leakedPages,
    List<Problem> problems) {

  static final int NUMBERS = 5;

  /**
   * Whether all is well.
   *
   * @return true when nothing was found
   */
  public boolean isClean() {
    return problems.isEmpty();
  }
}
