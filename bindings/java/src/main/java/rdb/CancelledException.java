package rdb;

/** A {@link Cancellation} ended the call. */
public final class CancelledException extends ConcurrencyException {
  private static final long serialVersionUID = 1;

  CancelledException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
