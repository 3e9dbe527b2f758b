package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.NoSuchElementException;
import rdb.raw.Flat;

/**
 * A walk over a range that takes records out of the table: each is gone exactly when {@link #next} handed
 * it out, and what the walk was not asked for stays. The table belongs to the walk until it is closed or
 * its transaction committed: other calls on it are {@link UsageException}s. For one thread at a time.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class Extraction<K, V> implements Iterator<Entry<K, V>>, AutoCloseable {
  private final Table<K, V> table;
  private final Handle handle;
  private final Cleaner.Cleanable cleanable;
  private final RecordFilter<? super K, ? super V> pick;
  private final boolean descending;
  private final long[] size = new long[1];
  private byte[] room = new byte[256];
  private Entry<K, V> ahead; // found, not taken

  Extraction(Table<K, V> table, Handle handle, RecordFilter<? super K, ? super V> pick, boolean descending) {
    this.table = table;
    this.handle = handle;
    this.pick = pick;
    this.descending = descending;
    cleanable = Leaks.watch(this, handle);
  }

  private Entry<K, V> step() {
    long walk = handle.enter();
    try {
      int status =
          descending ? Flat.extractPrev(walk, room, size) : Flat.extractNext(walk, room, size);
      if (status == Status.MORE) {
        room = new byte[Native.javaSize(size[0])];
        status = Flat.extractGet(walk, room, size);
      }
      if (status != Status.OK) return null;
      ByteBuffer record = ByteBuffer.wrap(room.clone()).order(ByteOrder.LITTLE_ENDIAN);
      return new Entry<>(table, Page.of(record.array()), 0);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public boolean hasNext() {
    while (ahead == null) {
      Entry<K, V> found = step();
      if (found == null) return false;
      if (pick == null || pick.keep(found.key(), found.value())) ahead = found;
    }
    return true;
  }

  /** Takes the next record out of the table. */
  @Override
  public Entry<K, V> next() {
    if (!hasNext()) throw new NoSuchElementException();
    long walk = handle.enter();
    try {
      Flat.extractTake(walk);
    } finally {
      handle.leave();
    }
    Entry<K, V> taken = ahead;
    ahead = null;
    return taken;
  }

  /** Ends the walk; the records it handed out are gone. Closing twice does nothing. */
  @Override
  public void close() {
    if (handle.isClosed()) return;
    long walk = handle.surrender();
    try {
      Flat.extractClose(walk);
    } finally {
      handle.surrendered(true);
      cleanable.clean();
      Reference.reachabilityFence(this);
    }
  }
}
