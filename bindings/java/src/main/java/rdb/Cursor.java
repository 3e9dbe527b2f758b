package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import rdb.raw.Flat;
import rdb.raw.Records;

/**
 * A position in a table. As an {@link Iterator} it reads many records at a time; the other moves go
 * to one entry and answer null when there is none. It stands on the entry that was handed out last,
 * and both ways may be mixed.
 *
 * <p>In a write transaction a cursor sees the transaction's changes. When its table is changed other
 * than by {@link #remove}, moves throw {@link UsageException} until the cursor is placed anew with
 * {@link #first}, {@link #last} or a search. After a move that could not read a page it stands before
 * the first entry, as a fresh one.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public sealed class Cursor<K, V> implements Iterator<Entry<K, V>>, AutoCloseable permits MultimapCursor {
  /** Few programs read more; the batches grow for those that do. */
  private static final int FIRST_BATCH = 16;

  /** Behind it a batch is what a page holds. */
  private static final int LAST_LIMITED_BATCH = 1024;

  private static final int ROOM_BYTES = 512;

  final Table<K, V> table;
  final Handle handle;
  private final Cleaner.Cleanable cleanable;
  private final boolean descending;
  private final boolean closesAtEnd;

  // Records read ahead. The native cursor stands on the last of them.
  private Page page;
  private int unread;
  private int at;
  private int batch = FIRST_BATCH;
  private boolean ended;

  // The entry handed out last: where in page, or the one in spot; its key once that was filled again.
  // Iteration keeps a number and no object, so that a loop's entries need not be allocated.
  private int standAt = -1;
  private Entry<K, V> stand;
  private byte[] standKey;
  private byte[] standValue; // of a multimap, where a key does not tell one entry

  // Range as it was set, to go back before the first entry.
  private byte[] lower;
  private byte[] upper;
  private int lowerBound;
  private int upperBound;

  private byte[] room;
  private Page spot;
  private final long[] numbers = new long[2];

  Cursor(Table<K, V> table, Handle handle, boolean descending, boolean closesAtEnd) {
    this.table = table;
    this.handle = handle;
    this.descending = descending;
    this.closesAtEnd = closesAtEnd;
    cleanable = Leaks.watch(this, handle);
  }

  // ---- iteration

  @Override
  public boolean hasNext() {
    if (unread > 0) return true;
    if (ended) return false;
    return descending ? fillBackwards() : fill();
  }

  @Override
  public Entry<K, V> next() {
    if (unread == 0 && !hasNext()) throw new NoSuchElementException();
    unread--;
    Entry<K, V> entry = new Entry<>(table, page, at);
    standAt = at;
    at = entry.end();
    return entry;
  }

  private void rememberStand() {
    Entry<K, V> last = standAt >= 0 ? new Entry<>(table, page, standAt) : stand;
    if (last != null) {
      standKey = last.encodedKey();
      if (this instanceof MultimapCursor) standValue = last.encodedValue();
    }
    standAt = -1;
    stand = null;
  }

  private boolean fill() {
    long cursor = handle.enter();
    Page filled = page == null ? Page.take() : page; // kept by this frame: close() forgets the field
    long answer;
    try {
      rememberStand();
      filled.generation++;
      answer = Records.nextBatch(cursor, filled.address, filled.memory.capacity(), batch);
      if (answer < Records.ABSENT) {
        filled.giveBack();
        filled = Page.direct(Native.javaSize(Records.needed(answer)));
        answer = Records.nextBatch(cursor, filled.address, filled.memory.capacity(), 1);
      }
      page = filled;
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
      Reference.reachabilityFence(filled);
    }
    at = 0;
    unread = (int) (answer >>> 32);
    batch = batch == 0 || batch > LAST_LIMITED_BATCH ? 0 : batch * 4;
    if (unread == 0) end();
    return unread > 0;
  }

  private boolean fillBackwards() {
    Page moved = move(Flat::cursorPrev);
    if (moved == null) {
      end();
      return false;
    }
    page = moved;
    at = 0;
    unread = 1;
    return true;
  }

  private void end() {
    ended = true;
    if (closesAtEnd) close();
  }

  /**
   * Closes the cursor when its stream is closed or read to the end. The entries are detached.
   *
   * @return the entries that iteration would give
   */
  public Stream<Entry<K, V>> stream() {
    Spliterator<Entry<K, V>> entries =
        Spliterators.spliteratorUnknownSize(
            this, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.DISTINCT);
    return StreamSupport.stream(entries, false).map(Entry::detach).onClose(this::close);
  }

  // ---- moves

  interface Move {
    int to(long cursor, byte[] room, long[] numbers);
  }

  /** Makes a native move and takes the entry it arrives at; null when there is none. */
  private Page move(Move move) {
    long cursor = handle.enter();
    try {
      rememberStand();
      forget();
      if (room == null) room = new byte[ROOM_BYTES];
      int status = move.to(cursor, room, numbers);
      while (status == Status.MORE) {
        room = new byte[Native.javaSize(numbers[0])];
        status = Flat.cursorGet(cursor, room, numbers);
      }
      if (status != Status.OK) return null;
      if (spot == null || spot.memory.array() != room) spot = Page.of(room);
      return spot;
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  /** What was handed out or read ahead is no longer valid. */
  private void forget() {
    unread = 0;
    ended = false;
    if (spot != null) spot.generation++;
    if (page != null) page.generation++;
  }

  final Entry<K, V> go(Move move) {
    Page arrived = move(move);
    standKey = null;
    stand = arrived == null ? null : new Entry<>(table, arrived, 0);
    return stand;
  }

  /** Puts the native cursor where this object says it stands. */
  final void settle() {
    if (unread == 0) return;
    batch = FIRST_BATCH;
    rememberStand();
    byte[] key = standKey;
    if (key == null) {
      placeInRange();
      forget();
      return;
    }
    byte[] value = standValue;
    Move back =
        value == null
            ? (cursor, room, out) -> Flat.cursorSeekExact(cursor, key, room, out)
            : (cursor, room, out) -> Flat.cursorSeekPair(cursor, key, value, room, out);
    if (move(back) == null) {
      throw Native.misuse("the entry that the cursor stood on was deleted");
    }
    standKey = key;
  }

  /**
   * Goes to the first entry.
   *
   * @return null when there is none
   */
  public Entry<K, V> first() {
    return go(Flat::cursorFirst);
  }

  /**
   * Goes to the last entry.
   *
   * @return null when there is none
   */
  public Entry<K, V> last() {
    return go(Flat::cursorLast);
  }

  /**
   * Goes to the next entry; from before the first one to that.
   *
   * @return null past the last, from where {@link #moveBack} goes back to it
   */
  public Entry<K, V> moveOn() {
    settle();
    return go(Flat::cursorNext);
  }

  /**
   * Goes to the entry before; of a fresh cursor to the last.
   *
   * @return null before the first, from where {@link #moveOn} goes back to it
   */
  public Entry<K, V> moveBack() {
    settle();
    return go(Flat::cursorPrev);
  }

  /**
   * The entry that the cursor stands on.
   *
   * @return null when it stands on none
   */
  public Entry<K, V> current() {
    settle();
    return go(Flat::cursorGet);
  }

  /**
   * Goes to the first entry whose key is that or greater.
   *
   * @param key where to search
   * @return null when there is none
   */
  public Entry<K, V> seek(K key) {
    byte[] target = table.keys().encode(key);
    return go((cursor, room, out) -> Flat.cursorSeek(cursor, target, room, out));
  }

  /**
   * Goes to the entry with that key.
   *
   * @param key what to search
   * @return null when there is none; the cursor then stands where {@link #seek} would have put it
   */
  public Entry<K, V> seekExact(K key) {
    byte[] target = table.keys().encode(key);
    return go((cursor, room, out) -> Flat.cursorSeekExact(cursor, target, room, out));
  }

  /**
   * Goes to the last entry whose key is that or smaller.
   *
   * @param key where to search
   * @return null when there is none
   */
  public Entry<K, V> seekFloor(K key) {
    byte[] target = table.keys().encode(key);
    return go((cursor, room, out) -> Flat.cursorSeekLe(cursor, target, room, out));
  }

  /**
   * Confines the cursor to a range and puts it before the first entry in there. Every later move and
   * search stays inside.
   *
   * @param range the whole table: {@link Range#all}
   */
  public void setRange(Range<K> range) {
    setRange(
        range.lowerBound == Range.NONE ? null : table.keys().encode(range.lower),
        range.lowerBound,
        range.upperBound == Range.NONE ? null : table.keys().encode(range.upper),
        range.upperBound);
  }

  void setRange(byte[] newLower, int newLowerBound, byte[] newUpper, int newUpperBound) {
    lower = newLower;
    lowerBound = newLowerBound;
    upper = newUpper;
    upperBound = newUpperBound;
    placeInRange();
    forget();
    standAt = -1;
    stand = null;
    standKey = null;
  }

  private void placeInRange() {
    long cursor = handle.enter();
    try {
      Flat.cursorSetRange(cursor, lowerBound, lower, upperBound, upper);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Moves over following entries and copies them as packed records, as many as fit: two sizes as u32,
   * key, value, zeros up to a multiple of 4, all little-endian. The cursor then stands on the last.
   * A batch ends before a value that does not decode; the next one throws there, and the one after it
   * goes on behind it.
   *
   * @param into written from its position, which moves on; direct without a copy
   * @param maxRecords 0: no limit
   * @return how many records; 0 at the end; when not even one fits, its size as a negative number,
   *     and nothing has moved
   */
  public int nextBatch(ByteBuffer into, int maxRecords) {
    if (maxRecords < 0) throw Native.invalid("a negative number of records");
    if (into.isReadOnly()) throw new java.nio.ReadOnlyBufferException();
    settle();
    Page direct = into.isDirect() ? null : Page.direct(into.remaining());
    long cursor = handle.enter();
    long answer;
    try {
      rememberStand();
      forget();
      long address = direct == null ? Records.address(into) + into.position() : direct.address;
      answer = Records.nextBatch(cursor, address, into.remaining(), maxRecords);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
      Reference.reachabilityFence(into);
    }
    if (answer == 0) ended = true;
    if (answer < Records.ABSENT) return -Native.javaSize(Records.needed(answer));
    int size = (int) answer;
    if (direct != null) {
      into.put(direct.memory.limit(size));
    } else {
      into.position(into.position() + size);
    }
    if (answer != 0) standKey = null;
    return (int) (answer >>> 32);
  }

  /** Deletes the entry that the cursor stands on; the next move goes to one of its neighbours. */
  @Override
  public void remove() {
    settle();
    long cursor = handle.enter();
    int status;
    try {
      status = Flat.cursorDelete(cursor);
      forget();
      standAt = -1;
      stand = null;
      standKey = null;
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
    if (status == Status.NOT_FOUND) throw new IllegalStateException("the cursor stands on no entry");
  }

  /**
   * Replaces the value of the entry that the cursor stands on, and stays there.
   *
   * @param value not null
   */
  public void put(V value) {
    byte[] bytes = table.values().encode(value);
    settle();
    long cursor = handle.enter();
    int status;
    try {
      status = Flat.cursorPut(cursor, bytes);
      forget();
      standAt = -1;
      stand = null;
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
    if (status == Status.NOT_FOUND) throw new IllegalStateException("the cursor stands on no entry");
  }

  /**
   * When the value of the entry that the cursor stands on expires; the cursor is over a {@link
   * TtlTable}.
   *
   * @return {@link java.time.Instant#MAX} for never
   */
  public java.time.Instant expiry() {
    settle();
    long[] out = new long[1];
    long cursor = handle.enter();
    int status;
    try {
      status = Flat.cursorExpiry(cursor, out);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
    if (status == Status.NOT_FOUND) throw new IllegalStateException("the cursor stands on no entry");
    return TtlTable.moment(out[0]);
  }

  /** Releases the cursor; its entries are no longer valid. */
  @Override
  public void close() {
    boolean idle = handle.close();
    cleanable.clean();
    Page released = page;
    page = null;
    unread = 0;
    ended = true;
    if (spot != null) spot.generation++;
    if (released == null || released == spot) return;
    if (idle) {
      released.giveBack();
    } else {
      released.generation++; // another thread may still be filling it
    }
  }
}
