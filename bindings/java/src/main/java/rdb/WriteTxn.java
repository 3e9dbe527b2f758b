package rdb;

import rdb.raw.Flat;

/**
 * The writer: sees the database as it was when it began, and its own changes. There is one at a
 * time. It belongs to one thread at a time, and different tables of it may be changed at once.
 */
public final class WriteTxn extends Transaction {
  WriteTxn(Database database, long txn) {
    super(database, txn, true);
  }

  /**
   * Makes every change visible to later transactions, and durable as far as the chosen durability
   * promises; ends the transaction whatever the outcome. After {@link
   * Status#ERR_RECOVERY_REQUIRED} the next open decides between the old and the new state; after any
   * other error nothing changed. Only when another thread is in a call on a table or cursor of this
   * transaction does it go on: that is a {@link UsageException} or {@link ConcurrencyException}.
   */
  public void commit() {
    long txn = handle.surrender();
    try {
      Flat.txnCommit(txn);
    } finally {
      handle.surrendered(true);
      cleanable.clean();
    }
  }

  /** Takes back everything: {@link #close} by another name. */
  public void abort() {
    close();
  }

  /**
   * Chooses when the commit survives a crash.
   *
   * @param durability at once or later
   */
  public void setDurability(Durability durability) {
    long txn = handle.enter();
    try {
      Flat.txnSetDurability(txn, durability.code);
    } finally {
      leave();
    }
  }

  /**
   * Lets the commit sync twice, so that recovery need not rely on checksums to tell whether it was
   * whole.
   *
   * @param on yes or no
   */
  public void setTwoPhase(boolean on) {
    long txn = handle.enter();
    try {
      Flat.txnSetTwoPhase(txn, on ? 1 : 0);
    } finally {
      leave();
    }
  }

  /**
   * Two-phase, and the state of the page allocator is stored with the commit, so that opening after a
   * crash reads no pages.
   *
   * @param on yes or no
   */
  public void setQuickRepair(boolean on) {
    long txn = handle.enter();
    try {
      Flat.txnSetQuickRepair(txn, on ? 1 : 0);
    } finally {
      leave();
    }
  }

  /**
   * Gives a table another name; it must not be open.
   *
   * @param from its name
   * @param to its new name, which must be free
   */
  public void rename(String from, String to) {
    byte[] old = Native.utf8(from);
    byte[] fresh = Native.utf8(to);
    long txn = handle.enter();
    try {
      Flat.tableRename(txn, old, fresh);
    } finally {
      leave();
    }
  }

  /**
   * Deletes a table and all it holds; it must not be open.
   *
   * @param name its name
   * @return whether there was one
   */
  public boolean delete(String name) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      return Flat.tableDelete(txn, encoded) == Status.OK;
    } finally {
      leave();
    }
  }

  /**
   * Copies the records of a table, as they are stored, into the table of a name, which is created with
   * the same types when it is missing; else the types must be the same, and records replace those of
   * their keys.
   *
   * @param source a table of any transaction
   * @param name of the table to copy into
   * @param cancellation stops it; may be null
   * @return how many records were copied
   */
  public long copyTable(Table<?, ?> source, String name, Cancellation cancellation) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      return source.during(
          table ->
              Cancellation.during(cancellation, cancel -> Flat.tableCopy(table, txn, encoded, cancel)));
    } finally {
      leave();
    }
  }
}
