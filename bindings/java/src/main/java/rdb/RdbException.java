package rdb;

import java.nio.charset.StandardCharsets;

/**
 * What a database answered instead of doing what it was asked. Subclasses follow the hundreds of
 * {@link Status}.
 */
public class RdbException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The {@link #position} when there is none to give. */
  public static final long NO_POSITION = -1;

  /** @serial number from {@link Status} */
  private final int status;

  /** @serial number of the system's error, or 0 */
  private final int errno;

  /** @serial see {@link #position()} */
  private final long position;

  RdbException(int status, int errno, long position, String message) {
    super(message);
    this.status = status;
    this.errno = errno;
    this.position = position;
  }

  /**
   * The status.
   *
   * @return a negative number, mostly one of {@link Status}
   */
  public int status() {
    return status;
  }

  /**
   * The status's name.
   *
   * @return for instance {@code "RDB_ERR_TABLE_MISSING"}
   */
  public String statusName() {
    return Status.name(status);
  }

  /**
   * The system's error number.
   *
   * @return {@code errno} of the system call that failed, 0 when none did
   */
  public int errno() {
    return errno;
  }

  /**
   * Where it happened.
   *
   * @return a page number, a file offset or an index within a batch; {@link #NO_POSITION}
   */
  public long position() {
    return position;
  }

  /** Called by the native code, which throws what this returns. */
  static RuntimeException of(int status, int errno, long position, byte[] message) {
    return of(status, errno, position, new String(message, StandardCharsets.UTF_8));
  }

  static RuntimeException of(int status, int errno, long position, String text) {
    if (status == Status.ERR_CLOSED || status == Status.ERR_BAD_HANDLE) return new ClosedException(status, text);
    if (status == Status.ERR_CANCELLED) return new CancelledException(status, errno, position, text);
    return switch (status / 100) {
      case -1 -> new UsageException(status, errno, position, text);
      case -2 -> new TableException(status, errno, position, text);
      case -3 -> new ConcurrencyException(status, errno, position, text);
      case -4 -> new StorageException(status, errno, position, text);
      case -5 -> new CorruptionException(status, errno, position, text);
      case -6 -> new MemoryException(status, errno, position, text);
      case -9 -> new InternalException(status, errno, position, text);
      default -> new RdbException(status, errno, position, text);
    };
  }
}
