package rdb;

/** Memory (-6xx): the allocator or the database's own budget. */
public final class MemoryException extends RdbException {
  private static final long serialVersionUID = 1;

  MemoryException(int status, int errno, long position, String message) {
    super(status, errno, position, message);
  }
}
