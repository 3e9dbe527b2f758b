import java.nio.file.Path;
import java.time.Duration;
import rdb.ClosedException;
import rdb.Codec;
import rdb.Database;
import rdb.OpenMode;
import rdb.Options;
import rdb.RdbException;
import rdb.Status;
import rdb.Table;
import rdb.WriteOptions;
import rdb.WriteTxn;

/**
 * What is no error (absence), and how errors tell what they are. They are caught as RdbException or
 * by their class: TableException, ConcurrencyException and so on; getMessage() says it in a
 * sentence, errno() why the system refused. A closed object is an IllegalStateException.
 */
public class Errors {
  private static void show(String what, Runnable call) {
    try {
      call.run();
      System.out.println(what + ": no error");
    } catch (RdbException e) {
      System.out.println(what + ": " + e.statusName());
    } catch (ClosedException e) {
      System.out.println(what + ": " + Status.name(e.status()));
    }
  }

  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("errors.rdb"))) {
      try (WriteTxn txn = db.write()) {
        Table<String, String> table = txn.table("table", Codec.STRING, Codec.STRING);
        show("an absent key", () -> table.get("nobody")); // null
        show("a missing file",
            () -> Database.open(Path.of("missing.rdb"), new Options().mode(OpenMode.EXISTING)));

        table.close();
        show("another type", () -> txn.table("table", Codec.U64, Codec.BYTES));
        show("a reserved name", () -> txn.table("__rdb:mine"));
        show("a second writer", () -> db.write(new WriteOptions().timeout(Duration.ZERO)));
        show("closing too early", db::close); // it stays open

        Table<String, String> again = txn.table("table", Codec.STRING, Codec.STRING);
        again.put("key", "value");
        txn.commit();
        show("a table after its transaction", () -> again.contains("key"));
      }
      boolean works = db.view(txn -> txn.table("table", Codec.STRING, Codec.STRING).contains("key"));
      if (works) System.out.println("the database still works");
    }
  }
}
