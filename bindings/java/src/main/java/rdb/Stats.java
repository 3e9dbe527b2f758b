package rdb;

/**
 * Figures of an open database. Those "since open" only grow. Pages are base pages.
 *
 * @param fileBytes size of the file
 * @param pageBytes size of a base page
 * @param allocatedPages in use, or held by readers; 0 when opened for reading
 * @param freePages free
 * @param pendingFreePages wait for readers, pins or a durable commit
 * @param residentBytes page memory in use, openedBytes included
 * @param pinnedBytes part of it that values and cursors hold
 * @param memoryBudgetBytes the limit of page memory
 * @param liveReaders open read transactions
 * @param lastTxnId newest commit
 * @param durableTxnId newest commit that survives a crash
 * @param commits since open
 * @param bytesWritten since open
 * @param writeCalls since open
 * @param bytesRead since open
 * @param readCalls since open
 * @param syncs since open
 * @param pagesAllocated since open, handed to transactions
 * @param pagesEvicted since open
 * @param openedBytes compressed values that are kept decompressed for the next scan
 */
public record Stats(
    long fileBytes,
    long pageBytes,
    long allocatedPages,
    long freePages,
    long pendingFreePages,
    long residentBytes,
    long pinnedBytes,
    long memoryBudgetBytes,
    long liveReaders,
    long lastTxnId,
    long durableTxnId,
    long commits,
    long bytesWritten,
    long writeCalls,
    long bytesRead,
    long readCalls,
    long syncs,
    long pagesAllocated,
    long pagesEvicted,
    long openedBytes) {

  static final int NUMBERS = 20;

  static Stats of(long[] n) {
    return new Stats(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9],
        n[10], n[11], n[12], n[13], n[14], n[15], n[16], n[17], n[18], n[19]);
  }
}
