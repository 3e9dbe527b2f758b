package rdb;

/** The file's content (-5xx): damage, a foreign format, an unfinished commit. */
public final class CorruptionException extends RdbException {
  private static final long serialVersionUID = 1;

  CorruptionException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
