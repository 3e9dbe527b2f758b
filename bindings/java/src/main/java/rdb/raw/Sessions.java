package rdb.raw;

/** The calls that report progress ({@code native/sessions.c}). Listeners are rdb.Progress. */
public final class Sessions {
  private Sessions() {}

  public static native long open(byte[] path, byte[][] options, long cancel, Object listener);

  public static native long verify(long database, int level, long cancel, Object listener);
}
