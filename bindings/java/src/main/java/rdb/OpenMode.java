package rdb;

import java.util.Locale;

/** How {@link Database#open} treats the file. */
public enum OpenMode {
  /** Open; create when the file is missing or empty. */
  CREATE,

  /** Open; a missing file is an error. */
  EXISTING,

  /** Open for reading; the file is never written. */
  READ_ONLY,

  /** Create; a file with content is an error. */
  CREATE_NEW;

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
