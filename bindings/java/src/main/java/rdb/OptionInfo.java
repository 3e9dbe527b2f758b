package rdb;

import java.util.List;

/**
 * One option that {@link Options#set} knows.
 *
 * @param name its name
 * @param type what it takes
 * @param choices the words it accepts; empty unless {@link Type#CHOICE}
 * @param initial the default, as text
 * @param help one sentence
 */
public record OptionInfo(
    String name,
    Type type,
    List<String> choices,
    String initial,
    String help) {
  /** What an option takes. */
  public enum Type {
    /** true, false, on, off, yes, no, 1, 0. */
    BOOL,

    /** Decimal digits. */
    UINT,

    /** Decimal digits, then K, M or G for powers of 1024. */
    BYTES,

    /** One of the words in {@link OptionInfo#choices}. */
    CHOICE
  }
}
