import java.nio.file.Path;
import rdb.Codec;
import rdb.Database;
import rdb.ReadTxn;
import rdb.Table;
import rdb.Transaction;
import rdb.WriteTxn;

/** Opening a database; storing, reading, replacing and deleting records. */
public class Records {
  private static Table<String, String> people(Transaction txn) {
    return txn.table("people", Codec.STRING, Codec.STRING);
  }

  private static void show(Table<String, String> people, String name) {
    String born = people.get(name); // null when there is none
    System.out.println(name + ": " + (born == null ? "not found" : born));
  }

  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("people.rdb"))) {
      try (WriteTxn txn = db.write()) {
        Table<String, String> people = people(txn);
        people.put("ada", "1815");
        people.put("alan", "1912");
        txn.commit(); // durable once this returns; without it everything would be taken back
      }

      try (ReadTxn txn = db.read()) {
        Table<String, String> people = people(txn);
        show(people, "ada");
        show(people, "grace");
        System.out.println(people.size() + " people");
      }

      db.update(txn -> { // commits unless it throws
        Table<String, String> people = people(txn);
        people.put("ada", "10 December 1815");
        show(people, "ada");
        if (people.delete("alan")) System.out.println("alan was deleted");
        System.out.println(people.size() + " person");
      });
    }
  }
}
