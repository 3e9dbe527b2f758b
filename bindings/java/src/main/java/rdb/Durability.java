package rdb;

/** When a commit survives a crash. It is visible at once either way. */
public enum Durability {
  /** When {@link WriteTxn#commit} returns. */
  IMMEDIATE(0),

  /** With the next immediate commit or clean close. */
  NONE(1);

  final int code;

  Durability(int code) {
    this.code = code;
  }
}
