package rdb;

/** Somebody else is in the way (-3xx): open transactions, another process, a writer that stays. */
public class ConcurrencyException extends RdbException {
  private static final long serialVersionUID = 1;

  ConcurrencyException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
