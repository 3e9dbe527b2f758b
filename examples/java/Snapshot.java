import java.nio.file.Path;
import rdb.Codec;
import rdb.Database;
import rdb.ReadTxn;
import rdb.Table;
import rdb.Transaction;
import rdb.WriteTxn;

/** A reader keeps what it saw while a writer goes on; an abort. */
public class Snapshot {
  private static Table<String, String> accounts(Transaction txn) {
    return txn.table("accounts", Codec.STRING, Codec.STRING);
  }

  private static void show(String who, Table<String, String> accounts) {
    System.out.println(who + ": " + accounts.get("ada"));
  }

  private static void showNow(String who, Database db) {
    try (ReadTxn txn = db.read()) {
      show(who, accounts(txn));
    }
  }

  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("accounts.rdb"))) {
      db.update(txn -> accounts(txn).put("ada", "100"));

      try (ReadTxn reader = db.read()) {
        Table<String, String> seen = accounts(reader);
        show("balance before", seen);
        try (WriteTxn writer = db.write()) { // the reader is in nobody's way
          Table<String, String> written = accounts(writer);
          written.put("ada", "70");
          show("the writer sees", written);
          writer.commit();
        }
        show("the reader still sees", seen);
      } // ends it, so that its pages can be used again
      showNow("a new reader sees", db);

      try (WriteTxn doubtful = db.write()) {
        accounts(doubtful).put("ada", "0");
      } // not committed, so it is as if it had never been
      showNow("after an abort", db);
    }
  }
}
