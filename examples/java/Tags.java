import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import rdb.Codec;
import rdb.Database;
import rdb.Entry;
import rdb.Multimap;
import rdb.MultimapCursor;

/** A multimap: several values a key, both in order. */
public class Tags {
  private static final List<Map.Entry<String, String>> PAIRS =
      List.of(
          Map.entry("sf", "dune"),
          Map.entry("desert", "dune"),
          Map.entry("england", "emma"),
          Map.entry("sf", "solaris"),
          Map.entry("ocean", "solaris"));

  private static String counts(Multimap<String, String> tags) {
    return "tags " + tags.keyCount() + ", pairs " + tags.size();
  }

  public static void main(String[] arguments) {
    try (Database db = Database.open(Path.of("tags.rdb"))) {
      db.update(txn -> {
        Multimap<String, String> tags = txn.multimap("tags", Codec.STRING, Codec.STRING);
        tags.putAll(PAIRS);
        System.out.println(counts(tags));
        System.out.println(
            "sf and dune again: " + (tags.put("sf", "dune") ? "new" : "nothing new"));

        // From tag to tag, and over the books of each.
        try (MultimapCursor<String, String> cursor = tags.cursor()) {
          for (Entry<String, String> pair; (pair = cursor.nextKey()) != null; ) {
            StringBuilder line = new StringBuilder(pair.key() + ": " + pair.value());
            while ((pair = cursor.nextValue()) != null) line.append(", ").append(pair.value());
            System.out.println(line);
          }
        }

        tags.delete("sf", "dune");
        System.out.println("sf without dune: " + String.join(" ", tags.get("sf")));
        tags.deleteKey("sf");
        System.out.println("without sf: " + counts(tags));
      });
    }
  }
}
