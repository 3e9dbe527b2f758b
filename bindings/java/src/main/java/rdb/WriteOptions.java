package rdb;

import java.time.Duration;

/** How to begin a write transaction. Each method changes this object and returns it. */
public final class WriteOptions {
  private static final int WAIT_FOREVER = 0;
  private static final int WAIT_NOT = 1;
  private static final int WAIT_TIMEOUT = 2;

  private int wait = WAIT_FOREVER;
  private long timeoutMs;
  private Durability durability = Durability.IMMEDIATE;
  private boolean twoPhase;
  private boolean quickRepair;
  private Cancellation cancellation;

  /** The defaults: wait for ever, durable when the commit returns. */
  public WriteOptions() {}

  /**
   * Waits no longer than that for another writer, then throws {@link Status#ERR_LOCK_TIMEOUT}.
   *
   * @param timeout zero or less: does not wait; fractions of a millisecond count as one
   * @return this
   */
  public WriteOptions timeout(Duration timeout) {
    wait = timeout.isZero() || timeout.isNegative() ? WAIT_NOT : WAIT_TIMEOUT;
    // Beyond 290 million years toMillis would overflow.
    timeoutMs = timeout.compareTo(Duration.ofMillis(Long.MAX_VALUE - 1)) > 0
        ? Long.MAX_VALUE
        : timeout.plusNanos(999_999).toMillis();
    return this;
  }

  /**
   * Chooses when the commit survives a crash.
   *
   * @param durability as {@link WriteTxn#setDurability}
   * @return this
   */
  public WriteOptions durability(Durability durability) {
    this.durability = java.util.Objects.requireNonNull(durability);
    return this;
  }

  /**
   * Syncs twice.
   *
   * @param on as {@link WriteTxn#setTwoPhase}
   * @return this
   */
  public WriteOptions twoPhase(boolean on) {
    twoPhase = on;
    return this;
  }

  /**
   * Stores the allocator's state.
   *
   * @param on as {@link WriteTxn#setQuickRepair}
   * @return this
   */
  public WriteOptions quickRepair(boolean on) {
    quickRepair = on;
    return this;
  }

  /**
   * Lets the waiting be stopped from outside.
   *
   * @param cancellation may be null
   * @return this
   */
  public WriteOptions cancellation(Cancellation cancellation) {
    this.cancellation = cancellation;
    return this;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  long begin(long database, long cancel) {
    return rdb.raw.Flat.txnBegin(
        database, 1, wait, timeoutMs, durability.code, twoPhase ? 1 : 0, quickRepair ? 1 : 0, cancel);
  }
}
