package rdb;

/**
 * A reader: sees the database as it was when it began, whatever is committed meanwhile. Any number of
 * threads may use it. It keeps the pages of its snapshot from being reused, so a long one lets the
 * file grow.
 */
public final class ReadTxn extends Transaction {
  ReadTxn(Database database, long txn) {
    super(database, txn, false);
  }
}
