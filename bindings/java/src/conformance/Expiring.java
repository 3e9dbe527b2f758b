import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import rdb.Cancellation;
import rdb.PurgeStep;
import rdb.PutFlag;
import rdb.TtlTable;

/** Tables whose values expire. */
final class Expiring {
  private final TtlTable<Object, Object> table;
  private final Map<String, Object> line;
  private final Lookup gives;

  Expiring(TtlTable<Object, Object> table, Map<String, Object> line, Lookup gives) {
    this.table = table;
    this.line = line;
    this.gives = gives;
  }

  String run(String op, PutFlag[] flags, Cancellation cancellation) {
    switch (op) {
      case "ttl_set_default":
        table.setDefaultTtl(lifetime());
        return "OK";
      case "ttl_default":
        Duration ttl = table.defaultTtl();
        gives.plain("ttl", ttl == null ? "ever" : ttl.toMillis());
        return "OK";
      case "ttl_put":
        Object value = Values.of(line.get("value"), table.values());
        if (table.putFor(key("key"), value, lifetime(), flags)) return "OK";
        return flags[0] == PutFlag.INSERT_ONLY ? "EXISTS" : "NOT_FOUND";
      case "ttl_touch":
        return table.touch(key("key"), lifetime()) ? "OK" : "NOT_FOUND";
      case "ttl_expiry":
        Instant expiry = table.expiry(key("key"));
        if (expiry == null) return "NOT_FOUND";
        gives.plain("expiry", milliseconds(expiry));
        return "OK";
      case "ttl_live_count":
        gives.plain("count", table.liveCount(cancellation));
        return "OK";
      case "ttl_purge":
        return purge(cancellation);
      default:
        throw new IllegalArgumentException(op);
    }
  }

  private String purge(Cancellation cancellation) {
    Object after = line.containsKey("after") ? key("after") : null;
    long max = line.containsKey("max") ? ((Number) line.get("max")).longValue() : 0;
    PurgeStep<Object> step = table.purge(after, max, cancellation);
    gives.plain("examined", step.examined());
    gives.plain("removed", step.removed());
    if (step.position() == null) {
      gives.plain("last", null);
      return "END";
    }
    gives.value("last", step.position(), table.keys());
    return "OK";
  }

  /** As the scripts count them: 0 for never. */
  static long milliseconds(Instant moment) {
    return moment.equals(Instant.MAX) ? 0 : moment.toEpochMilli();
  }

  private Object key(String name) {
    return Values.of(line.get(name), table.keys());
  }

  private Duration lifetime() {
    Object ttl = line.get("ttl");
    return ttl instanceof Number n ? Duration.ofMillis(n.longValue()) : null;
  }
}
