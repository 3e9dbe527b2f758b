import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import rdb.Codec;
import rdb.Database;
import rdb.Entry;
import rdb.MergeOperator;
import rdb.Table;
import rdb.Transaction;
import rdb.TtlTable;

/** Values that expire, and counters kept by merges. */
public class Sessions {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static TtlTable<String, String> sessions(Transaction txn) {
    return txn.ttlTable("sessions", Codec.STRING, Codec.STRING);
  }

  private static void visit(Database db, String user, String page) {
    db.update(txn -> {
      sessions(txn).putFor(user, page, Duration.ofMinutes(10));
      txn.table("visits", Codec.STRING, Codec.U64).merge(user, 1L, MergeOperator.NUMERIC_ADD);
    });
  }

  private static String line(Stream<? extends Entry<String, ?>> entries) {
    try (entries) {
      return entries.map(e -> e.key() + " " + e.value()).collect(Collectors.joining(", "));
    }
  }

  private static void show(Database db, int minutes) {
    String line = db.view(txn -> line(sessions(txn).stream()));
    System.out.println("after " + minutes + " minutes: " + line);
  }

  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("sessions.rdb"))) {
      db.setClock(START); // the system's, unless a program brings its own
      visit(db, "ada", "home");
      visit(db, "bob", "news");
      show(db, 0);
      db.setClock(START.plus(Duration.ofMinutes(6)));
      visit(db, "ada", "mail");
      show(db, 6);
      db.setClock(START.plus(Duration.ofMinutes(12)));
      show(db, 12);

      db.update(txn -> {
        TtlTable<String, String> sessions = sessions(txn);
        System.out.println("stored " + sessions.size() + ", live " + sessions.liveCount());
        long removed = sessions.purge(null, 0, null).removed();
        System.out.println("purged " + removed + ", stored " + sessions.size());
        Table<String, Long> visits = txn.table("visits", Codec.STRING, Codec.U64);
        System.out.println("visits: " + line(visits.stream()));
      });
    }
  }
}
