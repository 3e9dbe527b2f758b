package rdb;

/** How much a verification looks at; each includes the ones before. */
public enum VerifyLevel {
  /** Header and commit slots. */
  HEADER(0),

  /** Checksum of every page in use. */
  CHECKSUMS(1),

  /** Structure of every tree, order of keys, counts, page accounting. */
  FULL(2);

  final int code;

  VerifyLevel(int code) {
    this.code = code;
  }
}
