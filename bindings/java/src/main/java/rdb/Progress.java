package rdb;

/** Told now and then how far a long call has come, on the thread that made the call. */
@FunctionalInterface
public interface Progress {
  /**
   * Reports progress. An exception ends the call and is what the call throws. The listener may not
   * change, close or open anything.
   *
   * @param done how much is done, in the call's own unit
   * @param total how much there is to do; 0 when that is not known
   * @return false to stop the call
   */
  boolean update(long done, long total);
}
