package rdb;

/** A mistake of the library's (-9xx); please report it. */
public final class InternalException extends RdbException {
  private static final long serialVersionUID = 1;

  InternalException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
