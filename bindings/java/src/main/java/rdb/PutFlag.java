package rdb;

/** What a put must find. Both together are refused. */
public enum PutFlag {
  /** Stores only when the key is not there. */
  INSERT_ONLY(1),

  /** Stores only when the key is there. */
  UPDATE_ONLY(2);

  final long code;

  PutFlag(long code) {
    this.code = code;
  }

  static long mask(PutFlag... flags) {
    long mask = 0;
    for (PutFlag flag : flags) mask |= flag.code;
    return mask;
  }
}
