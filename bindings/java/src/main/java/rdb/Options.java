package rdb;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How to open a database. Each method changes this object and returns it. Options that have no
 * method of their own are set by name; {@link Database#options} lists them.
 */
public final class Options {
  private final Map<String, String> texts = new LinkedHashMap<>();
  private Progress progress;
  private Cancellation cancellation;

  /** The defaults. */
  public Options() {}

  /**
   * Sets an option by name; the opening checks both.
   *
   * @param name for instance {@code "read_verification"}
   * @param value for instance {@code "none"}
   * @return this
   */
  public Options set(String name, String value) {
    texts.put(Objects.requireNonNull(name), Objects.requireNonNull(value));
    return this;
  }

  /**
   * How the file is treated.
   *
   * @param mode create, open, or read only
   * @return this
   */
  public Options mode(OpenMode mode) {
    return set("mode", mode.text());
  }

  /**
   * Limits the memory for pages.
   *
   * @param bytes 0: a quarter of the machine's memory, at most 1 GiB
   * @return this
   */
  public Options memoryBudget(long bytes) {
    return set("memory_budget_bytes", Long.toUnsignedString(bytes));
  }

  /**
   * Listens to a repair, should one be needed; stopping it ends the opening.
   *
   * @param listener told the pages that are done; null: nobody
   * @return this
   */
  public Options progress(Progress listener) {
    this.progress = listener;
    return this;
  }

  /**
   * Lets the opening be stopped from outside.
   *
   * @param cancellation may be null
   * @return this
   */
  public Options cancellation(Cancellation cancellation) {
    this.cancellation = cancellation;
    return this;
  }

  Progress progress() {
    return progress;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  byte[][] encoded() {
    byte[][] out = new byte[2 * texts.size()][];
    int i = 0;
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      out[i++] = Native.utf8(entry.getKey());
      out[i++] = Native.utf8(entry.getValue());
    }
    return out;
  }
}
