package rdb;

/**
 * The caller's mistake (-1xx): misuse, unknown options, values out of their domain. A closed object
 * is a {@link ClosedException} instead.
 */
public final class UsageException extends RdbException {
  private static final long serialVersionUID = 1;

  UsageException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
