package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import rdb.raw.Flat;

/**
 * A snapshot of the database, and the tables in it. Ends with {@link #close}, which closes its tables
 * and cursors too.
 */
public abstract sealed class Transaction implements AutoCloseable permits ReadTxn, WriteTxn {
  private final Database database; // kept alive by its transactions
  final Handle handle;
  final Cleaner.Cleanable cleanable;

  Transaction(Database database, long txn, boolean exclusive) {
    this.database = database;
    handle = new Handle("transaction", txn, exclusive, Flat::txnAbort, null, null);
    cleanable = Leaks.watch(this, handle);
  }

  /**
   * The database it belongs to.
   *
   * @return what began it
   */
  public final Database database() {
    return database;
  }

  void leave() {
    handle.leave();
    Reference.reachabilityFence(this);
  }

  /**
   * Its number.
   *
   * @return of a reader, the commit it sees; of a writer, its commit to be
   */
  public final long id() {
    long txn = handle.enter();
    try {
      return Flat.txnId(txn);
    } finally {
      leave();
    }
  }

  /**
   * Opens a table of byte strings. A writer creates it when it is missing.
   *
   * @param name its name
   * @return the table
   */
  public final Table<byte[], byte[]> table(String name) {
    return table(name, Codec.BYTES, Codec.BYTES);
  }

  /**
   * Opens a table. A writer creates it when it is missing; in a writer it can be open once at a time.
   *
   * @param <K> type of keys
   * @param <V> type of values
   * @param name its name
   * @param keys codec whose type the keys were stored with
   * @param values codec whose type the values were stored with
   * @return the table
   */
  public final <K, V> Table<K, V> table(String name, Codec<K> keys, Codec<V> values) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      long table =
          Flat.tableOpen(
              txn, encoded, keys.typeClass(), keys.typeNameBytes(), values.typeClass(), values.typeNameBytes());
      return made(table, name, keys, values);
    } finally {
      leave();
    }
  }

  /**
   * Opens a table whatever its types are, with keys and values as they are stored; never creates one.
   *
   * @param name its name
   * @return the table
   */
  public final Table<byte[], byte[]> rawTable(String name) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      return made(Flat.tableOpenRaw(txn, encoded), name, Codec.BYTES, Codec.BYTES);
    } finally {
      leave();
    }
  }

  /**
   * Opens a multimap of byte strings, which has one value or more for each key. A writer creates it
   * when it is missing.
   *
   * @param name its name
   * @return the multimap
   */
  public final Multimap<byte[], byte[]> multimap(String name) {
    return multimap(name, Codec.BYTES, Codec.BYTES);
  }

  /**
   * Opens a multimap. A writer creates it when it is missing; in a writer it can be open once at a
   * time.
   *
   * @param <K> type of keys
   * @param <V> type of values
   * @param name its name
   * @param keys codec whose type the keys were stored with
   * @param values codec whose type the values were stored with; one that keys could have
   * @return the multimap
   */
  public final <K, V> Multimap<K, V> multimap(String name, Codec<K> keys, Codec<V> values) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      long table =
          Flat.multimapOpen(
              txn, encoded, keys.typeClass(), keys.typeNameBytes(), values.typeClass(), values.typeNameBytes());
      return new Multimap<>(made(table, name, keys, values));
    } finally {
      leave();
    }
  }

  /**
   * Opens a multimap whatever its types are, with keys and values as they are stored; never creates
   * one.
   *
   * @param name its name
   * @return the multimap
   */
  public final Multimap<byte[], byte[]> rawMultimap(String name) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      return new Multimap<>(made(Flat.multimapOpenRaw(txn, encoded), name, Codec.BYTES, Codec.BYTES));
    } finally {
      leave();
    }
  }

  /**
   * Opens a table of byte strings that expire. A writer creates it when it is missing.
   *
   * @param name its name
   * @return the table
   */
  public final TtlTable<byte[], byte[]> ttlTable(String name) {
    return ttlTable(name, Codec.BYTES, Codec.BYTES);
  }

  /**
   * Opens a table whose values expire. A writer creates it when it is missing; in a writer it can be
   * open once at a time.
   *
   * @param <K> type of keys
   * @param <V> type of values
   * @param name its name
   * @param keys codec whose type the keys were stored with
   * @param values codec whose type the values were stored with, apart from their expiry
   * @return the table
   */
  public final <K, V> TtlTable<K, V> ttlTable(String name, Codec<K> keys, Codec<V> values) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      long table =
          Flat.ttlOpen(
              txn, encoded, keys.typeClass(), keys.typeNameBytes(), values.typeClass(), values.typeNameBytes());
      return new TtlTable<>(this, handle, owned(table), name, keys, values);
    } finally {
      leave();
    }
  }

  /**
   * Opens a table whose values expire whatever its types are, with keys and values as they are stored,
   * apart from the expiry; never creates one.
   *
   * @param name its name
   * @return the table
   */
  public final TtlTable<byte[], byte[]> rawTtlTable(String name) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      return new TtlTable<>(
          this, handle, owned(Flat.ttlOpenRaw(txn, encoded)), name, Codec.BYTES, Codec.BYTES);
    } finally {
      leave();
    }
  }

  private Handle owned(long table) {
    return new Handle("table", table, handle.isExclusive(), Flat::tableClose, handle, null);
  }

  private <K, V> Table<K, V> made(long table, String name, Codec<K> keys, Codec<V> values) {
    return new Table<>(this, handle, owned(table), name, keys, values);
  }

  /**
   * The tables of both kinds, ordered by name; those the library keeps for itself are left out.
   *
   * @return their descriptions
   */
  public final List<TableInfo> tables() {
    long txn = handle.enter();
    try {
      return described(Flat.tableList(txn));
    } finally {
      leave();
    }
  }

  /**
   * The description of one table.
   *
   * @param name its name
   * @return null when there is none
   */
  public final TableInfo find(String name) {
    byte[] encoded = Native.utf8(name);
    long txn = handle.enter();
    try {
      long listing = Flat.tableFind(txn, encoded);
      return listing == 0 ? null : described(listing).get(0);
    } finally {
      leave();
    }
  }

  private static List<TableInfo> described(long listing) {
    try {
      int count = (int) Flat.listingCount(listing);
      List<TableInfo> tables = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        int index = i;
        long[] numbers = new long[TableInfo.NUMBERS];
        Flat.listingAt(listing, index, numbers);
        tables.add(
            TableInfo.of(
                numbers,
                Native.text(room -> Flat.listingAtText(listing, index, 0, room)),
                Native.text(room -> Flat.listingAtText(listing, index, 1, room)),
                Native.text(room -> Flat.listingAtText(listing, index, 2, room))));
      }
      return List.copyOf(tables);
    } finally {
      Flat.listingFree(listing);
    }
  }

  /** Ends the transaction. A writer that was not committed takes back everything it did. */
  @Override
  public final void close() {
    handle.close();
    cleanable.clean();
  }
}
