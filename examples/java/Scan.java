import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.Stream;
import rdb.Codec;
import rdb.Cursor;
import rdb.Database;
import rdb.Entry;
import rdb.Range;
import rdb.Table;

/** All keys in order, a range, a prefix, backwards. */
public class Scan {
  private static void print(String title, Iterator<Entry<String, String>> rows) {
    System.out.println(title + ":");
    rows.forEachRemaining(row -> System.out.println("  " + row.key() + " " + row.value()));
  }

  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("stations.rdb"))) {
      db.update(txn -> {
        Table<String, String> stations = txn.table("stations", Codec.STRING, Codec.STRING);
        stations.put("hamburg/altona", "S1 S2 S3");
        stations.put("berlin/zoo", "U2 U9");
        stations.put("bern/bahnhof", "S1 S2");
        stations.put("berlin/alexanderplatz", "U2 U5 U8");
        stations.put("hamburg/sternschanze", "U3");
        stations.put("berlin/mehringdamm", "U6 U7");

        print("all", stations.iterator()); // or: for (Entry<String, String> row : stations)
        try (Cursor<String, String> rows = stations.scan(Range.of("berlin/m", "bern/z"))) {
          print("from berlin/m to bern/z", rows);
        }
        try (Stream<Entry<String, String>> rows = stations.prefix("berlin/").stream()) {
          print("in berlin/", rows.iterator());
        }
        try (Stream<Entry<String, String>> rows = stations.scanDescending(Range.all()).stream()) {
          print("the last two, backwards", rows.limit(2).iterator());
        }
      });
    }
  }
}
