package rdb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.CharBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import rdb.raw.Flat;
import rdb.raw.Sessions;

/**
 * An open database. Any number of threads may use it.
 *
 * <pre>{@code
 * try (Database db = Database.open(Path.of("people.rdb"))) {
 *   db.update(txn -> txn.table("born", Codec.STRING, Codec.U32).put("ada", 1815L));
 *   long year = db.view(txn -> txn.table("born", Codec.STRING, Codec.U32).get("ada"));
 * }
 * }</pre>
 */
public final class Database implements AutoCloseable {
  private static final int READ = 0;
  private static final int RECOVERY_CLEAN = 1;
  private static final int RECOVERY_FULL_REPAIR = 2;
  private static final int RECOVERY_OLDER_COMMIT = 4;
  private static final int RECOVERY_MIRROR = 8;

  private final Handle handle;
  private final Cleaner.Cleanable cleanable;

  private Database(long db) {
    handle = new Handle("database", db, false, Flat::closeDeferred, null, null);
    cleanable = Leaks.watch(this, handle);
  }

  private void leave() {
    handle.leave();
    Reference.reachabilityFence(this);
  }

  // ---- opening and closing

  /**
   * Opens the database in a file, or creates one. A file that was not closed cleanly is repaired
   * first. While it is open for writing it cannot be opened again, in this process or another.
   *
   * @param file a file of the default file system
   * @return to be closed
   */
  public static Database open(Path file) {
    return open(file, new Options());
  }

  /**
   * Opens the database in a file, or creates one.
   *
   * @param file a file of the default file system
   * @param options how to open it
   * @return to be closed
   */
  public static Database open(Path file, Options options) {
    return opened(systemBytes(file), options);
  }

  /**
   * Makes a database in memory, gone when it is closed.
   *
   * @return to be closed
   */
  public static Database openMemory() {
    return openMemory(new Options());
  }

  /**
   * Makes a database in memory, gone when it is closed.
   *
   * @param options those about files do nothing
   * @return to be closed
   */
  public static Database openMemory(Options options) {
    return opened(null, options);
  }

  private static Database opened(byte[] path, Options options) {
    Native.load();
    byte[][] texts = options.encoded();
    return Cancellation.during(
        options.cancellation(),
        cancel -> new Database(Sessions.open(path, texts, cancel, options.progress())));
  }

  /** The file's name as the system spells it; one that it cannot spell is refused. */
  private static byte[] systemBytes(Path file) {
    String name = file.toFile().getPath(); // refuses paths of other file systems
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    try {
      ByteBuffer bytes =
          Charset.forName(encoding)
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .encode(CharBuffer.wrap(name));
      byte[] path = new byte[bytes.remaining()];
      bytes.get(path);
      return path;
    } catch (CharacterCodingException e) {
      throw Native.invalid("the path cannot be spelled in the system's encoding, " + encoding);
    }
  }

  /**
   * Makes the last commits durable and leaves a file that opens without repair. While transactions
   * are open, or other threads are in calls on the database, it throws {@link ConcurrencyException}
   * with {@link Status#ERR_BUSY}, and the database stays open. After any other error it is closed all
   * the same.
   */
  @Override
  public void close() {
    if (handle.isClosed()) return;
    boolean gone = true;
    long db = handle.surrender();
    try {
      Flat.close(db);
    } catch (ConcurrencyException e) {
      gone = e.status() != Status.ERR_BUSY;
      throw e;
    } finally {
      handle.surrendered(gone);
      if (gone) cleanable.clean();
    }
  }

  /**
   * Closes without waiting for anybody: open transactions throw {@link ClosedException} from now on,
   * and the file is closed when the last of them is. What fails then cannot be reported.
   */
  public void closeDeferred() {
    handle.close();
    cleanable.clean();
  }

  // ---- transactions

  /**
   * Begins to read.
   *
   * @return to be closed
   */
  public ReadTxn read() {
    long db = handle.enter();
    try {
      return new ReadTxn(this, Flat.txnBegin(db, READ, 0, 0, 0, 0, 0, 0));
    } finally {
      leave();
    }
  }

  /**
   * Begins to write; waits for the writer before. A thread that waits here for a writer of its own
   * waits for ever.
   *
   * @return to be committed and closed
   */
  public WriteTxn write() {
    return write(new WriteOptions());
  }

  /**
   * Begins to write.
   *
   * @param options how long to wait, and how to commit
   * @return to be committed and closed
   */
  public WriteTxn write(WriteOptions options) {
    long db = handle.enter();
    try {
      return Cancellation.during(
          options.cancellation(), cancel -> new WriteTxn(this, options.begin(db, cancel)));
    } finally {
      leave();
    }
  }

  /**
   * Reads within a transaction of its own.
   *
   * @param <R> type of the result
   * @param body what to do
   * @return what body returned
   */
  public <R> R view(Function<? super ReadTxn, ? extends R> body) {
    Objects.requireNonNull(body);
    try (ReadTxn txn = read()) {
      return body.apply(txn);
    }
  }

  /**
   * Writes within a transaction of its own, which is committed unless body throws.
   *
   * @param body what to do
   */
  public void update(Consumer<? super WriteTxn> body) {
    Objects.requireNonNull(body);
    try (WriteTxn txn = write()) {
      body.accept(txn);
      txn.commit();
    }
  }

  // ---- about the database

  /**
   * How the opening went.
   *
   * @return what was found and done
   */
  public Recovery recovery() {
    long[] numbers = new long[3];
    long db = handle.enter();
    try {
      Flat.recovery(db, numbers);
      List<String> notes = new ArrayList<>();
      for (long i = 0; i < numbers[2]; i++) {
        long index = i;
        notes.add(Native.text(room -> Flat.recoveryNoteText(db, index, room)));
      }
      return new Recovery(
          (numbers[0] & RECOVERY_CLEAN) != 0,
          (numbers[0] & RECOVERY_FULL_REPAIR) != 0,
          (numbers[0] & RECOVERY_OLDER_COMMIT) != 0,
          (numbers[0] & RECOVERY_MIRROR) != 0,
          numbers[1],
          List.copyOf(notes));
    } finally {
      leave();
    }
  }

  /**
   * The time by which TTL tables go.
   *
   * @return what the database's clock says
   */
  public java.time.Instant now() {
    long[] out = new long[1];
    long db = handle.enter();
    try {
      Flat.clockNow(db, out);
      return java.time.Instant.ofEpochMilli(out[0]);
    } finally {
      leave();
    }
  }

  /**
   * Stops that time at a moment, for tests and for programs that bring a time of their own, or lets it
   * run again. At once and for every transaction; not stored.
   *
   * @param moment not before 1970; null: it runs
   */
  public void setClock(java.time.Instant moment) {
    long now = moment == null ? -1 : moment.toEpochMilli();
    if (moment != null && now < 0) throw Native.invalid("a moment before 1970");
    long db = handle.enter();
    try {
      Flat.clockSet(db, now);
    } finally {
      leave();
    }
  }

  /**
   * Figures of the database.
   *
   * @return a moment's view
   */
  public Stats stats() {
    long[] numbers = new long[Stats.NUMBERS];
    long db = handle.enter();
    try {
      Flat.stats(db, numbers);
      return Stats.of(numbers);
    } finally {
      leave();
    }
  }

  /**
   * Checks the last durable state, while readers and the writer go on.
   *
   * @param level how much to look at
   * @return what was found, damage included
   */
  public Report verify(VerifyLevel level) {
    return verify(level, null, null);
  }

  /**
   * Checks the last durable state, while readers and the writer go on.
   *
   * @param level how much to look at
   * @param progress told the pages that are done; may be null
   * @param cancellation stops the check; may be null
   * @return what was found, damage included; null when progress asked to stop
   */
  public Report verify(VerifyLevel level, Progress progress, Cancellation cancellation) {
    long report;
    long db = handle.enter();
    try {
      report =
          Cancellation.during(
              cancellation, cancel -> Sessions.verify(db, level.code, cancel, progress));
    } finally {
      leave();
    }
    if (report == 0) return null;
    try {
      return read(report);
    } finally {
      Flat.reportFree(report);
    }
  }

  private static Report read(long report) {
    long[] numbers = new long[Report.NUMBERS];
    Flat.reportDescribe(report, numbers);
    List<Problem> problems = new ArrayList<>();
    long[] page = new long[1];
    for (long i = 0; i < numbers[4]; i++) {
      long index = i;
      Flat.reportProblem(report, index, page);
      problems.add(
          new Problem(
              Native.text(room -> Flat.reportProblemText(report, index, 0, room)),
              Native.text(room -> Flat.reportProblemText(report, index, 1, room)),
              Native.text(room -> Flat.reportProblemText(report, index, 2, room)),
              page[0]));
    }
    return new Report(numbers[0], numbers[1], numbers[2], numbers[3], List.copyOf(problems));
  }

  // ---- about the library

  /**
   * Version of the native library.
   *
   * @return for instance {@code "0.1.0"}
   */
  public static String version() {
    Native.load();
    return Native.text(room -> Flat.versionText(0, room));
  }

  /**
   * Version of the native library's interface.
   *
   * @return major version in the upper 16 bits, minor in the lower
   */
  public static int abiVersion() {
    Native.load();
    return (int) Flat.abiVersion();
  }

  /**
   * How the native library was built.
   *
   * @return one line: compiler, target, kind of build
   */
  public static String buildInfo() {
    Native.load();
    return Native.text(room -> Flat.versionText(1, room));
  }

  /**
   * Where the native library was loaded from.
   *
   * @return a file, or {@code "java.library.path"}
   */
  public static String libraryOrigin() {
    return Native.load();
  }

  /**
   * Whether the native library has a feature.
   *
   * @param name for instance {@code "verify"}
   * @return false also for names it never heard of
   */
  public static boolean hasFeature(String name) {
    Native.load();
    return Flat.hasFeature(Native.utf8(name)) != 0;
  }

  /**
   * The options that {@link Options#set} knows.
   *
   * @return in a fixed order
   */
  public static List<OptionInfo> options() {
    Native.load();
    List<OptionInfo> options = new ArrayList<>();
    OptionInfo.Type[] types = OptionInfo.Type.values();
    for (long i = 0; i < Flat.optionCount(); i++) {
      long index = i;
      String choices = Native.text(room -> Flat.optionText(index, 1, room));
      options.add(
          new OptionInfo(
              Native.text(room -> Flat.optionText(index, 0, room)),
              types[(int) Flat.optionType(index)],
              choices.isEmpty() ? List.of() : List.of(choices.split("\\|")),
              Native.text(room -> Flat.optionText(index, 2, room)),
              Native.text(room -> Flat.optionText(index, 3, room))));
    }
    return List.copyOf(options);
  }
}
