import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import rdb.Cancellation;
import rdb.Comparison;
import rdb.Entry;
import rdb.Extraction;
import rdb.PutFlag;
import rdb.Range;
import rdb.RecordFilter;
import rdb.Reservation;
import rdb.Status;
import rdb.Table;
import rdb.UsageException;
import rdb.WriteTxn;

/** Changes that look first, and changes of many records at once. */
final class ManyRecords {
  /** What a filter fails with; it must come out of the call as it is. */
  private static final class Raised extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final Table<Object, Object> table;
  private final Map<String, Object> line;
  private final Lookup gives;
  private int calls;

  ManyRecords(Table<Object, Object> table, Map<String, Object> line, Lookup gives) {
    this.table = table;
    this.line = line;
    this.gives = gives;
  }

  private Object value(String name) {
    return line.containsKey(name) ? Values.of(line.get(name), table.values()) : null;
  }

  private Object key() {
    return Values.of(line.get("key"), table.keys());
  }

  private void old(Object value) {
    if (value == null) {
      gives.plain("old", null);
    } else {
      gives.value("old", value, table.values());
    }
  }

  String exchange() {
    old(table.exchange(key(), value("value")));
    return "OK";
  }

  String take() {
    Object taken = table.take(key());
    if (taken == null) return "NOT_FOUND";
    old(taken);
    return "OK";
  }

  String compareAndPut() {
    Comparison found = table.compareAndPut(key(), value("expected"), value("value"));
    return switch (found) {
      case STORED -> "OK";
      case ABSENT -> "NOT_FOUND";
      case PRESENT -> "EXISTS";
      case DIFFERENT -> "DIFFERENT";
    };
  }

  String reserve(PutFlag[] flags) {
    byte[] bytes = table.values().encode(value("value"));
    try (Reservation reservation = table.reserve(key(), bytes.length, flags)) {
      for (int i = 0; i < bytes.length; i++) {
        if (reservation.buffer().get(i) != 0) return "memory that is not zero";
      }
      reservation.buffer().put(0, bytes);
      if (Boolean.TRUE.equals(line.get("give_up")) || reservation.store()) return "OK";
      return flags[0] == PutFlag.INSERT_ONLY ? "EXISTS" : "NOT_FOUND";
    }
  }

  String drain(Range<Object> range) {
    gives.plain("count", table.drain(range));
    return "OK";
  }

  private RecordFilter<Object, Object> filter(String name) {
    return (key, value) -> {
      calls++;
      byte[] bytes = (byte[]) key;
      switch (name) {
        case "even":
          return bytes[bytes.length - 1] % 2 == 0;
        case "raise":
          if (calls == 3) throw new Raised();
          return false;
        case "reenter":
          try {
            table.size();
          } catch (UsageException e) {
            if (e.status() == Status.ERR_MISUSE) return true;
          }
          throw new IllegalStateException("the call on the table was not refused");
        default:
          return false;
      }
    };
  }

  String retain(Range<Object> range) {
    try {
      gives.plain("count", table.retain(range, filter((String) line.get("function"))));
      return "OK";
    } catch (Raised e) {
      return "ERR_CALLBACK";
    } finally {
      gives.plain("calls", calls);
    }
  }

  String extract(Range<Object> range, boolean descending, long limit) {
    RecordFilter<Object, Object> stays = filter((String) line.getOrDefault("function", "none"));
    List<Values.Row> rows = new ArrayList<>();
    try (Extraction<Object, Object> walk =
        table.extract(range, (key, value) -> !stays.keep(key, value), descending)) {
      while (rows.size() != limit && walk.hasNext()) {
        Entry<Object, Object> entry = walk.next();
        rows.add(new Values.Row(entry.key(), entry.value()));
      }
    }
    gives.rows(rows, table.keys(), table.values());
    return "OK";
  }

  String copy(WriteTxn txn, String name, Cancellation cancellation) {
    gives.plain("count", txn.copyTable(table, name, cancellation));
    return "OK";
  }
}
