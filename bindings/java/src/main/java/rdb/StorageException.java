package rdb;

/** The device (-4xx): {@link #errno()} says what the system refused. */
public final class StorageException extends RdbException {
  private static final long serialVersionUID = 1;

  StorageException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
