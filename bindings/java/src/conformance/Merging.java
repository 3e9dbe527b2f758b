import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import rdb.MergeFunction;
import rdb.MergeOperator;
import rdb.Status;
import rdb.Table;
import rdb.UsageException;

/** Merges, with the library's operators and with functions that a line names. */
final class Merging {
  /** What a function fails with; it must come out of the call as it is. */
  private static final class Raised extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final Table<Object, Object> table;
  private final Map<String, Object> line;
  private int calls;

  Merging(Table<Object, Object> table, Map<String, Object> line) {
    this.table = table;
    this.line = line;
  }

  /** rows: of a batch. */
  String run(String op, List<Values.Row> rows, Lookup gives) {
    try {
      if (op.equals("merge")) {
        one();
      } else {
        batch(rows);
      }
      return "OK";
    } catch (Raised e) {
      return "ERR_CALLBACK";
    } finally {
      gives.plain("calls", calls);
    }
  }

  private void one() {
    Object key = Values.of(line.get("key"), table.keys());
    Object operand = Values.of(line.get("operand"), table.values());
    if (line.containsKey("operator")) {
      table.merge(key, operand, operator());
    } else {
      table.merge(key, operand, function());
    }
  }

  private void batch(List<Values.Row> rows) {
    if (line.containsKey("packed")) {
      table.mergePacked(ByteBuffer.wrap(Values.bytes(line.get("packed"))), operator());
      return;
    }
    rdb.Batch<Object, Object> batch = table.batch();
    for (Values.Row row : rows) batch.add(row.key(), row.value());
    if (line.containsKey("operator")) {
      table.merge(batch, operator());
    } else {
      table.merge(batch, function());
    }
  }

  private MergeOperator operator() {
    return MergeOperator.valueOf(((String) line.get("operator")).toUpperCase(Locale.ROOT));
  }

  private MergeFunction<Object, Object> function() {
    String name = (String) line.get("function");
    return (key, existing, operand) -> {
      calls++;
      switch (name) {
        case "drop":
          return null;
        case "raise":
          throw new Raised();
        case "reenter":
          requireRefusal();
          return operand;
        case "join":
          return existing == null ? operand : joined((byte[]) existing, (byte[]) operand);
        default:
          throw new IllegalArgumentException("no function of Java's: " + name);
      }
    };
  }

  private void requireRefusal() {
    try {
      table.size();
    } catch (UsageException e) {
      if (e.status() == Status.ERR_MISUSE) return;
    }
    throw new IllegalStateException("the call on the table was not refused");
  }

  private static Object joined(byte[] existing, byte[] operand) {
    return ByteBuffer.allocate(existing.length + 1 + operand.length)
        .put(existing).put((byte) ',').put(operand).array();
  }
}
