package rdb;

import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.function.LongFunction;
import rdb.raw.Flat;

/**
 * Stops long calls from outside: those it was given to throw {@link CancelledException} soon after
 * {@link #trigger}, and later ones at once, until {@link #reset}. One may serve several calls, and
 * all threads may use it.
 */
public final class Cancellation implements AutoCloseable {
  private final Handle handle;
  private final Cleaner.Cleanable cleanable;
  private final boolean interruptible;
  private volatile boolean triggered;

  /** Makes one that only {@link #trigger} triggers. */
  public Cancellation() {
    this(false);
  }

  private Cancellation(boolean interruptible) {
    Native.load();
    this.interruptible = interruptible;
    handle = new Handle("cancellation", Flat.cancelCreate(), false, Flat::cancelFree, null, null);
    cleanable = Leaks.watch(this, handle);
  }

  /**
   * Makes one that {@link Thread#interrupt} triggers too: the calls it is given to throw {@link
   * CancelledException} when the thread that makes them is interrupted, before or meanwhile. The
   * thread's interrupt status stays set. Without such an object interrupts do nothing.
   *
   * @return a new object
   */
  public static Cancellation onInterrupt() {
    return new Cancellation(true);
  }

  /** Stops the calls. */
  public void trigger() {
    long cancel = handle.enter();
    try {
      triggered = true;
      Flat.cancelTrigger(cancel);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  /** Takes the trigger back. */
  public void reset() {
    long cancel = handle.enter();
    try {
      triggered = false;
      Flat.cancelReset(cancel);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  /** Releases this object; calls that use it go on and can no longer be stopped. */
  @Override
  public void close() {
    handle.close();
    cleanable.clean();
  }

  /** Runs call with the native handle of cancellation, which may be null. */
  static <T> T during(Cancellation cancellation, LongFunction<T> call) {
    return cancellation == null ? call.apply(0) : cancellation.run(call);
  }

  private <T> T run(LongFunction<T> call) {
    long cancel = handle.enter();
    try {
      return interruptible ? new Interruption(cancel).run(call) : call.apply(cancel);
    } finally {
      handle.leave();
      Reference.reachabilityFence(this);
    }
  }

  /** A channel is what Java closes from outside when the thread that is in it is interrupted. */
  private final class Interruption extends AbstractInterruptibleChannel {
    private final long cancel;
    private volatile boolean interrupted;

    Interruption(long cancel) {
      this.cancel = cancel;
    }

    @Override
    protected void implCloseChannel() {
      interrupted = true;
      Flat.cancelTrigger(cancel);
    }

    <T> T run(LongFunction<T> call) {
      begin();
      try {
        return call.apply(cancel);
      } finally {
        try {
          end(true);
        } catch (IOException e) {
          // Says that the thread was interrupted: the call has said so by its own exception, or was
          // done already.
        }
        if (interrupted && !triggered) Flat.cancelReset(cancel);
      }
    }
  }
}
