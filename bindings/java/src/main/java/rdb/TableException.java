package rdb;

/** About tables (-2xx): missing, of other types, already open, a key or value that is too large. */
public final class TableException extends RdbException {
  private static final long serialVersionUID = 1;

  TableException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
