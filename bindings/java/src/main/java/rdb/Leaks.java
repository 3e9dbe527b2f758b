package rdb;

import java.lang.ref.Cleaner;

/** The one Cleaner, and what it says about objects that were abandoned. */
final class Leaks {
  private static final boolean WATCHED = Boolean.getBoolean("rdb.debug.leaks");
  private static final Cleaner CLEANER = Cleaner.create();

  private Leaks() {}

  /** Closes handle some time after the collector found face to be unreachable. */
  static Cleaner.Cleanable watch(Object face, Handle handle) {
    return CLEANER.register(face, handle);
  }

  static Throwable origin() {
    return WATCHED ? new Throwable("made here") : null;
  }

  static void report(String noun, Throwable origin) {
    if (!WATCHED) return;
    System.getLogger("rdb").log(System.Logger.Level.WARNING, "a " + noun + " was abandoned without close()", origin);
  }
}
