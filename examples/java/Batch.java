import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import rdb.Codec;
import rdb.Cursor;
import rdb.Database;
import rdb.Entry;
import rdb.Range;
import rdb.Table;

/** A table of numbers and texts; loading, reading and deleting many records at once. */
public class Batch {
  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("numbers.rdb"))) {
      db.update(txn -> {
        Table<Long, String> numbers = txn.table("numbers", Codec.U64, Codec.STRING);

        rdb.Batch<Long, String> batch = numbers.batch(); // putAll takes maps
        for (long i = 0; i < 100_000; i++) batch.add(i, "number " + i);
        System.out.println("loaded " + numbers.put(batch));

        List<Long> wanted = List.of(7L, 99_999L, 100_000L);
        List<String> found = numbers.getAll(wanted);
        for (int i = 0; i < wanted.size(); i++) {
          String value = found.get(i);
          System.out.println(wanted.get(i) + ": " + (value == null ? "not there" : value));
        }

        StringBuilder line = new StringBuilder("from 255 to 257:"); // in order of value
        try (Cursor<Long, String> rows = numbers.scan(Range.of(255L, 258L))) {
          while (rows.hasNext()) {
            Entry<Long, String> row = rows.next();
            line.append(' ').append(row.key());
          }
        }
        System.out.println(line);

        List<Long> even = LongStream.range(0, 50_000).map(i -> 2 * i).boxed().toList();
        System.out.println("deleted " + numbers.deleteAll(even));
        System.out.println("left " + numbers.size());
      });
    }
  }
}
