package rdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/**
 * Owns one native handle, apart from the object that users see, so that a {@link
 * java.lang.ref.Cleaner} can close it when that object is gone.
 *
 * <p>The state counts calls in flight and children, and knows whether the handle was closed. Closing
 * never waits: the native handle is released by whoever leaves last. So:
 *
 * <ul>
 *   <li>H1 no native call is made with a pointer that was released, whatever other threads do;
 *   <li>H2 the pointer is released exactly once;
 *   <li>H3 children are released before their parent;
 *   <li>H4 of an exclusive handle at most one call is in flight; a second one is refused.
 * </ul>
 */
final class Handle implements Runnable {
  private static final long CALL = 1;
  private static final long CHILD = 1L << 24;
  private static final long CALLS = CHILD - 1;
  private static final long CHILDREN = (1L << 48) - CHILD;
  private static final long CLOSING = 1L << 60;
  private static final long RELEASED = 1L << 61;
  private static final long CLOSED = 1L << 62;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Handle.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final LongAdder LIVE = new LongAdder();

  private final String noun;
  private final long pointer;
  private final boolean exclusive;
  private final LongConsumer release;
  private final Handle parent;

  /** In a write transaction a cursor and its table are one: no two threads in both of them. */
  private final Handle companion;

  private final Set<Handle> children = new HashSet<>(); // guarded by this
  private final Throwable origin = Leaks.origin();

  @SuppressWarnings("unused") // through STATE
  private volatile long state;

  /** parent and companion may be null. The parent must have a call in flight. */
  Handle(String noun, long pointer, boolean exclusive, LongConsumer release, Handle parent, Handle companion) {
    this.noun = noun;
    this.pointer = pointer;
    this.exclusive = exclusive;
    this.release = release;
    this.parent = parent;
    this.companion = companion;
    LIVE.increment();
    if (parent != null) parent.adopt(this);
  }

  /** How many native handles are not released yet: for the tests. */
  static long live() {
    return LIVE.sum();
  }

  boolean isExclusive() {
    return exclusive;
  }

  private void adopt(Handle child) {
    STATE.getAndAdd(this, CHILD);
    boolean late;
    synchronized (this) {
      late = isClosed();
      if (!late) children.add(child);
    }
    if (late) child.close();
  }

  private void orphan(Handle child) {
    synchronized (this) {
      children.remove(child);
    }
    leave(CHILD);
  }

  boolean isClosed() {
    return ((long) STATE.getVolatile(this) & CLOSED) != 0;
  }

  /** The pointer, for one call; leave() must follow. */
  long enter() {
    if (exclusive) {
      claim(false);
      if (companion != null) {
        try {
          companion.claim(true);
        } catch (RuntimeException e) {
          leave(CALL);
          throw e;
        }
      }
    } else {
      long before = (long) STATE.getAndAdd(this, CALL);
      if ((before & (CLOSED | CLOSING)) != 0) {
        leave(CALL);
        throw (before & CLOSED) != 0 ? closed() : busy();
      }
    }
    return pointer;
  }

  void leave() {
    if (companion != null) companion.leave(CALL);
    leave(CALL);
  }

  private void claim(boolean evenClosed) {
    long before;
    do {
      before = (long) STATE.getVolatile(this);
      if ((before & CLOSED) != 0 && !evenClosed) throw closed();
      if ((before & CALLS) != 0) {
        throw Native.misuse("the " + noun + " is in use by another thread, or from within a call on it");
      }
    } while (!STATE.compareAndSet(this, before, before + CALL));
  }

  private void leave(long what) {
    long now = (long) STATE.getAndAdd(this, -what) - what;
    if (now == CLOSED) releaseOnce();
  }

  private boolean releaseOnce() {
    if (!STATE.compareAndSet(this, CLOSED, CLOSED | RELEASED)) return false;
    LIVE.decrement();
    try {
      release.accept(pointer);
    } finally {
      if (parent != null) parent.orphan(this);
    }
    return true;
  }

  /**
   * Closes the children, then this; released at once when nobody is in a call. Idempotent.
   *
   * @return whether this call released the pointer
   */
  boolean close() {
    STATE.getAndBitwiseOr(this, CLOSED);
    for (Handle child : snapshot()) child.close();
    return (long) STATE.getVolatile(this) == CLOSED && releaseOnce();
  }

  private synchronized List<Handle> snapshot() {
    return new ArrayList<>(children);
  }

  /** What the Cleaner does. */
  @Override
  public void run() {
    if (!isClosed()) Leaks.report(noun, origin);
    close();
  }

  /**
   * Hands the pointer to the caller, who releases it by a call of its own. Possible only when
   * nobody is in a call on this or a child; the children are closed. {@link #surrendered} must follow.
   */
  long surrender() {
    if (exclusive) {
      claim(false);
    } else if (!STATE.compareAndSet(this, 0L, CLOSING | CALL)) {
      if (isClosed()) throw closed();
      throw busy();
    }
    List<Handle> claimed = new ArrayList<>();
    try {
      for (Handle child : snapshot()) {
        if (child.isClosed()) continue;
        child.claim(true);
        claimed.add(child);
      }
    } catch (RuntimeException e) {
      for (Handle child : claimed) child.leave(CALL);
      surrendered(false);
      throw e;
    }
    for (Handle child : claimed) {
      child.close();
      child.leave(CALL);
    }
    if (((long) STATE.getVolatile(this) & CHILDREN) != 0) {
      surrendered(false); // a child that was closed is still in a call
      throw busy();
    }
    return pointer;
  }

  /** After {@link #surrender}: gone says whether the pointer is no longer valid. */
  void surrendered(boolean gone) {
    if (gone) {
      LIVE.decrement();
      STATE.getAndBitwiseOr(this, CLOSED | RELEASED);
      if (parent != null) parent.orphan(this);
    }
    STATE.getAndBitwiseAnd(this, ~CLOSING);
    leave(CALL);
  }

  private ClosedException closed() {
    return new ClosedException(Status.ERR_CLOSED, "the " + noun + " is closed");
  }

  private ConcurrencyException busy() {
    return new ConcurrencyException(
        Status.ERR_BUSY, 0, RdbException.NO_POSITION, "another thread is in a call on the " + noun);
  }
}
