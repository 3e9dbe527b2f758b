import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import rdb.Codec;
import rdb.RdbException;

/** What a line says an operation must give; collects where it gave something else. */
final class Lookup {
  private static final Map<String, Integer> ERRNO = Map.of("ENOENT", 2, "EEXIST", 17, "EISDIR", 21);

  private final Map<?, ?> wanted;
  private final Set<Object> asked = new HashSet<>();
  private final List<String> differences = new ArrayList<>();
  private String detail = "";

  Lookup(Object gives) {
    wanted = gives == null ? Map.of() : (Map<?, ?>) gives;
  }

  boolean wants(String name) {
    asked.add(name);
    return wanted.containsKey(name);
  }

  private void differs(String name, Object got) {
    differences.add(name + " is " + Values.shown(got));
  }

  /** Numbers, booleans, texts: compared as they are. */
  void plain(String name, Object got) {
    if (!wants(name)) return;
    Object expected = wanted.get(name);
    if (expected instanceof Map<?, ?> form && form.containsKey("at_least")) {
      if ((Long) got < (Long) form.get("at_least")) differs(name, got);
    } else if (!Values.same(expected, got instanceof Integer number ? (Long) (long) number : got)) {
      differs(name, got);
    }
  }

  void part(String name, String got) {
    if (wants(name) && !got.contains((String) wanted.get(name))) differs(name, got);
  }

  void value(String name, Object got, Codec<?> codec) {
    if (!wants(name)) return;
    Object expected = wanted.get(name);
    if (!Values.same(expected == null ? null : Values.of(expected, codec), got)) differs(name, got);
  }

  void values(String name, List<?> got, Codec<?> codec) {
    if (!wants(name)) return;
    List<Object> expected = new ArrayList<>();
    for (Object each : (List<?>) wanted.get(name)) expected.add(each == null ? null : Values.of(each, codec));
    if (!Values.same(expected, got)) differs(name, got);
  }

  void rows(List<Values.Row> got, Codec<?> keys, Codec<?> values) {
    plain("count", (long) got.size());
    for (boolean whole : new boolean[] {true, false}) {
      String name = whole ? "rows" : "keys";
      if (!wants(name)) continue;
      List<Values.Row> expected = Values.rows(wanted.get(name), whole, keys, values);
      if (expected.size() != got.size()) differs(name, got.size() + " of them, not " + expected.size());
      for (int i = 0; i < Math.min(expected.size(), got.size()); i++) {
        if (!Values.same(expected.get(i).key(), got.get(i).key())
            || whole && !Values.same(expected.get(i).value(), got.get(i).value())) {
          differs(name + "[" + i + "]", Values.shown(got.get(i).key()) + ", " + Values.shown(got.get(i).value()));
        }
      }
    }
  }

  /** Every number of a record, by its name in rdb.h. */
  void numbers(Record record) {
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      if (component.getType() != long.class) continue;
      String name = component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
      try {
        if (wants(name)) plain(name, component.getAccessor().invoke(record));
      } catch (ReflectiveOperationException e) {
        throw new AssertionError(e);
      }
    }
  }

  void error(RdbException e) {
    note(e.getMessage());
    plain("position", e.position());
    part("message_contains", e.getMessage());
    if (wants("errno")) {
      Integer number = ERRNO.get(wanted.get("errno"));
      if (number == null || number != e.errno()) differs("errno", e.errno());
    }
  }

  void note(String text) {
    detail = ": " + text;
  }

  String detail() {
    return detail;
  }

  /** Null when all was as it must be. A member that no operation gives is a mistake of the replayer. */
  String difference() {
    for (Object name : wanted.keySet()) {
      if (!asked.contains(name)) differences.add(name + " was not given");
    }
    return differences.isEmpty() ? null : String.join("; ", differences);
  }
}
