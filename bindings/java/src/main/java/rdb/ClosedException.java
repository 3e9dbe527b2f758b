package rdb;

/** The object was closed, or its transaction or database is over. */
public final class ClosedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** @serial number from {@link Status} */
  private final int status;

  ClosedException(int status, String message) {
    super(message);
    this.status = status;
  }

  /**
   * The status.
   *
   * @return {@link Status#ERR_CLOSED} or {@link Status#ERR_BAD_HANDLE}
   */
  public int status() {
    return status;
  }
}
