import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import rdb.Cancellation;
import rdb.Codec;
import rdb.Cursor;
import rdb.Database;
import rdb.Durability;
import rdb.Entry;
import rdb.Multimap;
import rdb.MultimapCursor;
import rdb.OptionInfo;
import rdb.Options;
import rdb.Problem;
import rdb.Progress;
import rdb.PutFlag;
import rdb.Range;
import rdb.Recovery;
import rdb.Report;
import rdb.Status;
import rdb.StoredType;
import rdb.Table;
import rdb.TableInfo;
import rdb.Transaction;
import rdb.TtlTable;
import rdb.Value;
import rdb.VerifyLevel;
import rdb.WriteOptions;
import rdb.WriteTxn;

/** The operations of the scripts, each answering the name of its status. */
final class Operations implements AutoCloseable {
  /** The answer when Java has no way to say it. */
  static final String NOT_FOR_JAVA = "not for Java";

  private static final List<String> KINDS =
      List.of("db", "txn", "table", "cursor", "pin", "cancel", "report", "listing", "result");
  /** For each operation that makes a handle, its kind. Others may keep one under a name. */
  private static final Map<String, String> MAKES =
      Map.ofEntries(
          Map.entry("open", "db"), Map.entry("open_memory", "db"), Map.entry("begin", "txn"),
          Map.entry("table_open", "table"), Map.entry("table_open_raw", "table"),
          Map.entry("ttl_open", "table"), Map.entry("ttl_open_raw", "table"),
          Map.entry("multimap_open", "table"), Map.entry("multimap_open_raw", "table"),
          Map.entry("cursor_open", "cursor"), Map.entry("get_pin", "pin"),
          Map.entry("cancel_create", "cancel"));

  private final Path folder;
  private final Path scripts;
  private final Map<String, Object> handles = new HashMap<>();
  private final Set<String> skipped = new HashSet<>();
  private final Map<Cursor<Object, Object>, Types> types = new HashMap<>();
  private final Map<String, Long> ids = new HashMap<>();

  // Of the line that is run.
  private Map<String, Object> line;
  private Lookup gives;
  private boolean[] calls = new boolean[1];

  /** The codecs of a table, of a multimap and of their cursors. */
  private record Types(Codec<Object> keys, Codec<Object> values) {}

  Operations(Path folder, Path scripts) {
    this.folder = folder;
    this.scripts = scripts;
  }

  // ---- handles

  private static String slot(String kind, Object name) {
    return kind + " " + name;
  }

  private static boolean makes(Map<String, Object> line, String kind) {
    return kind.equals(MAKES.get((String) line.get("op")))
        || List.of("report", "listing", "result").contains(kind)
            && List.of("verify", "table_list", "table_find", "get_batch", "get_batch_packed").contains(line.get("op"));
  }

  boolean needsMissingHandle(Map<String, Object> line) {
    for (String kind : KINDS) {
      String slot = slot(kind, line.get(kind));
      if (line.containsKey(kind) && !makes(line, kind) && !handles.containsKey(slot) && skipped.contains(slot)) {
        return true;
      }
    }
    return false;
  }

  void skip(Map<String, Object> line) {
    for (String kind : KINDS) {
      if (line.containsKey(kind) && makes(line, kind)) skipped.add(slot(kind, line.get(kind)));
    }
  }

  void dropMade(Map<String, Object> line) {
    String kind = MAKES.get((String) line.get("op"));
    if (kind != null) handles.remove(slot(kind, line.get(kind)));
  }

  private <T> T handle(String kind, Class<T> type) {
    Object found = handles.get(slot(kind, line.get(kind)));
    if (found == null) throw new IllegalArgumentException("no " + kind + " of that name");
    return type.cast(found);
  }

  private void make(String kind, Object handle) {
    handles.put(slot(kind, line.get(kind)), handle);
  }

  private Database db() {
    return handle("db", Database.class);
  }

  private Transaction txn() {
    return handle("txn", Transaction.class);
  }

  @SuppressWarnings("unchecked")
  private Table<Object, Object> table() {
    return (Table<Object, Object>) handle("table", Table.class);
  }

  @SuppressWarnings("unchecked")
  private Cursor<Object, Object> cursor() {
    return (Cursor<Object, Object>) handle("cursor", Cursor.class);
  }

  private Cancellation cancellation() {
    return line.containsKey("cancel") ? handle("cancel", Cancellation.class) : null;
  }

  @Override
  public void close() {
    for (String kind : List.of("pin ", "cursor ", "table ", "txn ", "cancel ")) {
      handles.forEach((slot, handle) -> {
        if (slot.startsWith(kind)) closeQuietly((AutoCloseable) handle);
      });
    }
    handles.forEach((slot, handle) -> {
      if (handle instanceof Database database) database.closeDeferred();
    });
  }

  private static void closeQuietly(AutoCloseable handle) {
    try {
      handle.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  // ---- arguments

  private String text(String name) {
    return (String) line.get(name);
  }

  private int number(String name) {
    return ((Long) line.get(name)).intValue();
  }

  private Path path(String name) {
    String text = new String(Values.bytes(line.get(name)), java.nio.charset.StandardCharsets.UTF_8);
    try {
      return text.isEmpty() ? Path.of(text) : folder.resolve(text);
    } catch (java.nio.file.InvalidPathException e) {
      throw new Values.Refused(e.getMessage());
    }
  }

  /** A name of a table; one that is no text cannot be said in Java. */
  private String name(String member) {
    Object json = line.get(member);
    if (json instanceof String name) return name;
    byte[] bytes = Values.bytes(json);
    String decoded = new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    if (!java.util.Arrays.equals(bytes, decoded.getBytes(java.nio.charset.StandardCharsets.UTF_8))) {
      throw new Values.Refused("not UTF-8");
    }
    return decoded;
  }

  private Object key(Table<Object, Object> table) {
    return Values.of(line.get("key"), table.keys());
  }

  private Object key(Types types) {
    return Values.of(line.get("key"), types.keys());
  }

  private Object value(Types types) {
    return Values.of(line.get("value"), types.values());
  }

  private PutFlag[] flags() {
    List<PutFlag> flags = new ArrayList<>();
    if (line.get("flags") instanceof List<?> names) {
      for (Object name : names) flags.add(PutFlag.valueOf(((String) name).toUpperCase(java.util.Locale.ROOT)));
    }
    return flags.toArray(new PutFlag[0]);
  }

  private Options options() {
    Options options = new Options().cancellation(cancellation());
    if (line.get("options") instanceof Map<?, ?> texts) {
      texts.forEach((name, value) -> options.set((String) name, (String) value));
    }
    return options;
  }

  /** A listener that answers what the line says; errors it can only throw in Java. */
  private Progress progress() {
    calls = new boolean[1];
    boolean[] called = calls;
    String answer = text("progress");
    if (answer == null) return null;
    return (done, total) -> {
      called[0] = true;
      return answer.equals("continue");
    };
  }

  private boolean progressIsForJava() {
    return !line.containsKey("progress") || List.of("continue", "stop").contains(text("progress"));
  }

  private Range<Object> range(Codec<Object> keys) {
    Range<Object> range = Range.all();
    if (line.containsKey("lower")) {
      Object lower = Values.of(line.get("lower"), keys);
      range = "excluded".equals(text("lower_bound")) ? range.after(lower) : range.from(lower);
    }
    if (line.containsKey("upper")) {
      Object upper = Values.of(line.get("upper"), keys);
      range = "excluded".equals(text("upper_bound")) ? range.to(upper) : range.through(upper);
    }
    return range;
  }

  private static String found(boolean there) {
    return there ? "OK" : "NOT_FOUND";
  }

  // ---- operations

  String run(Map<String, Object> line, Lookup gives) throws IOException {
    this.line = line;
    this.gives = gives;
    String op = text("op");
    switch (op) {
      case "version":
        String[] parts = Database.version().split("\\.");
        return parts.length == 3 && Database.abiVersion() >> 16 == 1 && !Database.buildInfo().isEmpty()
            ? "OK" : "a version of another form";
      case "encode":
        Codec<Object> encoder = Values.codec(line.get("type"));
        gives.value("bytes", encoder.encode(Values.of(line.get("value"), encoder)), Codec.BYTES);
        return "OK";
      case "decode":
        Codec<Object> decoder = Values.codec(line.get("type"));
        gives.value("value", decoder.decode(Values.bytes(line.get("bytes"))), decoder);
        return "OK";
      case "status_name":
        gives.plain("name", Status.name(number("status")));
        return "OK";
      case "has_feature":
        gives.plain("has", Database.hasFeature(name("name")));
        return "OK";
      case "options":
        gives.plain("names", Database.options().stream().map(OptionInfo::name).toList());
        return "OK";
      case "option":
        return option();
      case "cancel_create":
        make("cancel", new Cancellation());
        return "OK";
      case "cancel_trigger":
        cancellation().trigger();
        return "OK";
      case "cancel_reset":
        cancellation().reset();
        return "OK";
      case "cancel_free":
        cancellation().close();
        return "OK";
      default:
        if (op.endsWith("_file")) return file(op);
        if (line.containsKey("cursor")) return onCursor(op);
        if (line.containsKey("table")) return onTable(op);
        if (line.containsKey("db")) return onDatabase(op);
        if (line.containsKey("txn")) return onTransaction(op);
        return onObject(op);
    }
  }

  private String option() {
    if (number("index") >= Database.options().size()) return "NOT_FOUND";
    OptionInfo option = Database.options().get(number("index"));
    gives.plain("name", option.name());
    gives.plain("type", option.type().name().toLowerCase(java.util.Locale.ROOT));
    gives.plain("choices", String.join("|", option.choices()));
    gives.plain("initial", option.initial());
    return "OK";
  }

  private String file(String op) throws IOException {
    switch (op) {
      case "write_file":
        Files.write(path("path"), Values.bytes(line.get("bytes")));
        return "OK";
      case "copy_file":
        byte[] content = Files.readAllBytes(path("from"));
        int size = line.containsKey("size") ? number("size") : content.length;
        Files.write(path("to"), java.util.Arrays.copyOf(content, size));
        return "OK";
      case "unpack_file":
        try (InputStream in = new GZIPInputStream(Files.newInputStream(scripts.resolve(text("file"))))) {
          Files.write(path("path"), in.readAllBytes());
        }
        return "OK";
      case "patch_file":
        byte[] patched = Files.readAllBytes(path("path"));
        byte[] patch = Values.bytes(line.get("bytes"));
        System.arraycopy(patch, 0, patched, number("offset"), patch.length);
        Files.write(path("path"), patched);
        return "OK";
      case "xor_file":
        return xorFile();
      default:
        return "no operation of Java's";
    }
  }

  private String xorFile() throws IOException {
    byte[] content = Files.readAllBytes(path("path"));
    byte[] find = Values.bytes(line.get("find"));
    boolean changed = false;
    byte[] before = content.clone();
    for (int at = 0; at + find.length <= before.length; at++) {
      if (!java.util.Arrays.equals(before, at, at + find.length, find, 0, find.length)) continue;
      content[at] ^= (byte) number("with");
      changed = true;
    }
    Files.write(path("path"), content);
    return changed ? "OK" : "no such bytes in the file";
  }

  private String onDatabase(String op) {
    switch (op) {
      case "open":
        if (!progressIsForJava()) return NOT_FOR_JAVA;
        try {
          make("db", Database.open(path("path"), options().progress(progress())));
        } finally {
          gives.plain("progress_calls", calls[0]);
        }
        return "OK";
      case "open_memory":
        make("db", Database.openMemory(options()));
        return "OK";
      case "close":
        db().close();
        return "OK";
      case "close_deferred":
        db().closeDeferred();
        return "OK";
      case "recovery":
        Recovery recovery = db().recovery();
        List<String> flags = new ArrayList<>();
        if (recovery.clean()) flags.add("CLEAN");
        if (recovery.fullRepair()) flags.add("FULL_REPAIR");
        if (recovery.olderCommit()) flags.add("OLDER_COMMIT");
        if (recovery.mirror()) flags.add("MIRROR");
        gives.plain("flags", flags);
        gives.plain("notes", recovery.notes().size());
        return "OK";
      case "clock_set":
        db().setClock(line.containsKey("now") ? Instant.ofEpochMilli(number("now")) : null);
        return "OK";
      case "clock_now":
        long now = db().now().toEpochMilli();
        if (line.containsKey("above") && now < ((Number) line.get("above")).longValue()) {
          throw new IllegalStateException("the clock says " + now);
        }
        gives.plain("now", now);
        return "OK";
      case "stats":
        gives.numbers(db().stats());
        return "OK";
      case "verify":
        return verify();
      case "begin":
        return begin();
      default:
        return "no operation of Java's";
    }
  }

  private String verify() {
    if (!progressIsForJava()) return NOT_FOR_JAVA;
    String level = text("level");
    VerifyLevel wanted =
        level == null ? VerifyLevel.HEADER : VerifyLevel.valueOf(level.toUpperCase(java.util.Locale.ROOT));
    Report report;
    try {
      report = db().verify(wanted, progress(), cancellation());
    } finally {
      gives.plain("progress_calls", calls[0]);
    }
    if (report == null) return "STOPPED";
    gives.numbers(report);
    gives.plain("problem_count", (long) report.problems().size());
    gives.plain("pages",
        report.problems().stream().map(Problem::page).filter(page -> page >= 0).toList());
    if (line.containsKey("report")) make("report", report);
    return "OK";
  }

  private String begin() {
    if ("read".equals(text("kind"))) {
      make("txn", db().read());
      return "OK";
    }
    WriteOptions options = new WriteOptions().cancellation(cancellation());
    if ("not".equals(text("wait"))) options.timeout(Duration.ZERO);
    if ("timeout".equals(text("wait"))) options.timeout(Duration.ofMillis((Long) line.get("timeout_ms")));
    if ("none".equals(text("durability"))) options.durability(Durability.NONE);
    if (line.get("two_phase") != null) options.twoPhase((Boolean) line.get("two_phase"));
    if (line.get("quick_repair") != null) options.quickRepair((Boolean) line.get("quick_repair"));
    make("txn", db().write(options));
    return "OK";
  }

  private String onTransaction(String op) {
    Transaction txn = txn();
    switch (op) {
      case "abort":
        txn.close();
        return "OK";
      case "txn_id":
        ids.put(text("txn"), txn.id());
        return compareIds(txn.id());
      case "table_list":
        List<TableInfo> tables = txn.tables();
        gives.plain("names", tables.stream().map(TableInfo::name).toList());
        if (line.containsKey("listing")) make("listing", tables);
        return "OK";
      case "table_find":
        TableInfo info = txn.find(name("name"));
        if (info == null) return "NOT_FOUND";
        describe(info);
        if (line.containsKey("listing")) make("listing", List.of(info));
        return "OK";
      default:
        return txn instanceof WriteTxn writer ? onWriter(writer, op) : NOT_FOR_JAVA;
    }
  }

  private String compareIds(long id) {
    @SuppressWarnings("unchecked")
    Map<String, Object> wanted = (Map<String, Object>) line.getOrDefault("gives", Map.of());
    boolean agrees = true;
    if (gives.wants("same_as")) agrees &= id == ids.get((String) wanted.get("same_as"));
    if (gives.wants("above")) agrees &= id > ids.get((String) wanted.get("above"));
    return agrees ? "OK" : "the number " + id;
  }

  private String onWriter(WriteTxn txn, String op) {
    switch (op) {
      case "commit":
        txn.commit();
        return "OK";
      case "set_durability":
        txn.setDurability(Durability.valueOf(text("durability").toUpperCase(java.util.Locale.ROOT)));
        return "OK";
      case "set_two_phase":
        txn.setTwoPhase((Boolean) line.get("on"));
        return "OK";
      case "set_quick_repair":
        txn.setQuickRepair((Boolean) line.get("on"));
        return "OK";
      case "table_rename":
        txn.rename(name("from"), name("to"));
        return "OK";
      case "table_delete":
        return found(txn.delete(name("name")));
      default:
        return "no operation of Java's";
    }
  }

  private void describe(TableInfo info) {
    gives.plain("name", info.name());
    type("key_type", info.keyType());
    type("value_type", info.valueType());
    gives.plain("entries", info.entries());
    gives.plain("kind", info.kind().name().toLowerCase(java.util.Locale.ROOT));
    gives.plain("key_width", info.keyWidth() == TableInfo.VARIABLE ? null : (Long) (long) info.keyWidth());
    gives.plain("value_width", info.valueWidth() == TableInfo.VARIABLE ? null : (Long) (long) info.valueWidth());
    gives.plain("key_order_known", info.keyOrderKnown());
  }

  private void type(String name, StoredType type) {
    gives.plain(name,
        type.typeClass() == StoredType.BUILTIN
            ? type.name()
            : Map.of("name", type.name(), "class", (long) type.typeClass()));
  }

  private String onObject(String op) {
    int index = line.containsKey("index") ? number("index") : 0;
    switch (op) {
      case "pin_data":
        gives.value("value", handle("pin", Value.class).toByteArray(), Codec.BYTES);
        return "OK";
      case "pin_free":
        handle("pin", Value.class).close();
        return "OK";
      case "report_problem":
        List<Problem> problems = handle("report", Report.class).problems();
        if (index >= problems.size()) return "NOT_FOUND";
        gives.part("object", problems.get(index).object());
        gives.part("what", problems.get(index).what());
        gives.part("meaning", problems.get(index).meaning());
        return "OK";
      case "listing_at":
        List<?> listing = handle("listing", List.class);
        if (index >= listing.size()) return "NOT_FOUND";
        describe((TableInfo) listing.get(index));
        return "OK";
      case "listing_count":
        gives.plain("count", handle("listing", List.class).size());
        return "OK";
      case "report_free", "listing_free", "result_free":
        return "OK"; // garbage, as everything that holds no memory of the library's
      case "result_at":
        List<?> result = handle("result", List.class);
        if (index >= result.size()) return "ERR_INVALID_ARGUMENT";
        gives.value("value", result.get(index), Codec.BYTES);
        return found(result.get(index) != null);
      default:
        return "no operation of Java's";
    }
  }

  // ---- tables

  private String onTable(String op) {
    if (op.equals("table_open")) {
      make("table",
          txn().table(name("name"), Values.codec(line.get("key_type")), Values.codec(line.get("value_type"))));
      return "OK";
    }
    if (op.equals("table_open_raw")) {
      make("table", txn().rawTable(name("name")));
      return "OK";
    }
    if (op.equals("ttl_open")) {
      make("table",
          txn().ttlTable(name("name"), Values.codec(line.get("key_type")), Values.codec(line.get("value_type"))));
      return "OK";
    }
    if (op.equals("ttl_open_raw")) {
      make("table", txn().rawTtlTable(name("name")));
      return "OK";
    }
    if (op.equals("multimap_open")) {
      make("table",
          txn().multimap(name("name"), Values.codec(line.get("key_type")), Values.codec(line.get("value_type"))));
      return "OK";
    }
    if (op.equals("multimap_open_raw")) {
      make("table", txn().rawMultimap(name("name")));
      return "OK";
    }
    if (handle("table", Object.class) instanceof Multimap<?, ?>) return onMultimap(multimap(), op);
    Table<Object, Object> table = table();
    if (op.startsWith("ttl_")) {
      return new Expiring((TtlTable<Object, Object>) table, line, gives).run(op, flags(), cancellation());
    }
    switch (op) {
      case "table_close":
        table.close();
        return "OK";
      case "table_describe":
        describe(table.describe());
        return "OK";
      case "table_len":
        gives.plain("count", table.size());
        return "OK";
      case "table_stats":
        gives.numbers(table.stats(cancellation()));
        return "OK";
      case "get":
        Object value = table.get(key(table));
        if (value != null) gives.value("value", value, table.values());
        return found(value != null);
      case "get_into":
        return getInto(table);
      case "get_pin":
        Value pin = table.pin(key(table));
        if (pin != null) make("pin", pin);
        return found(pin != null);
      case "contains":
        return found(table.contains(key(table)));
      case "put":
        return put(table);
      case "delete":
        return found(table.delete(key(table)));
      case "pop_first":
        return entry(table.popFirst(), types(table), "NOT_FOUND");
      case "pop_last":
        return entry(table.popLast(), types(table), "NOT_FOUND");
      case "exchange":
        return new ManyRecords(table, line, gives).exchange();
      case "take":
        return new ManyRecords(table, line, gives).take();
      case "compare_and_put":
        return new ManyRecords(table, line, gives).compareAndPut();
      case "reserve":
        return new ManyRecords(table, line, gives).reserve(flags());
      case "drain":
        return new ManyRecords(table, line, gives).drain(range(table.keys()));
      case "retain":
        return new ManyRecords(table, line, gives).retain(range(table.keys()));
      case "extract":
        return new ManyRecords(table, line, gives)
            .extract(
                range(table.keys()),
                Boolean.TRUE.equals(line.get("reverse")),
                line.containsKey("limit") ? (Long) line.get("limit") : Long.MAX_VALUE);
      case "table_copy":
        return txn() instanceof WriteTxn txn
            ? new ManyRecords(table, line, gives).copy(txn, name("name"), cancellation())
            : "ERR_MISUSE";
      case "scan":
        return scan(table);
      default:
        return batch(table, op);
    }
  }

  private String getInto(Table<Object, Object> table) {
    ByteBuffer into = ByteBuffer.allocateDirect(number("capacity"));
    int size = table.get(ByteBuffer.wrap(table.keys().encode(key(table))), into);
    if (size < 0) return "NOT_FOUND";
    gives.plain("size", size);
    if (size > into.capacity()) return "MORE";
    byte[] bytes = new byte[size];
    into.get(0, bytes);
    gives.value("value", table.values().decode(bytes), table.values());
    return "OK";
  }

  private String put(Table<Object, Object> table) {
    PutFlag[] flags = flags();
    Object value = Values.of(line.get("value"), table.values());
    if (table.put(key(table), value, flags)) return "OK";
    return flags[0] == PutFlag.INSERT_ONLY ? "EXISTS" : "NOT_FOUND";
  }

  private static Types types(Table<Object, Object> table) {
    return new Types(table.keys(), table.values());
  }

  private String entry(Entry<Object, Object> entry, Types types, String absent) {
    if (entry == null) return absent;
    gives.value("key", entry.key(), types.keys());
    gives.value("value", entry.value(), types.values());
    return "OK";
  }

  @SuppressWarnings("unchecked")
  private Multimap<Object, Object> multimap() {
    return (Multimap<Object, Object>) handle("table", Multimap.class);
  }

  private String onMultimap(Multimap<Object, Object> multimap, String op) {
    Types types = new Types(multimap.keys(), multimap.values());
    switch (op) {
      case "table_close":
        multimap.close();
        return "OK";
      case "table_describe":
        describe(multimap.describe());
        return "OK";
      case "table_len":
        gives.plain("count", multimap.size());
        return "OK";
      case "table_stats":
        gives.numbers(multimap.stats(cancellation()));
        return "OK";
      case "contains":
        return found(multimap.contains(key(types)));
      case "put":
        return multimap.put(key(types), value(types)) ? "OK" : "EXISTS";
      case "delete":
        return found(multimap.deleteKey(key(types)));
      case "scan":
        return scanPairs(multimap, types);
      case "multimap_key_count":
        gives.plain("count", multimap.keyCount());
        return "OK";
      case "multimap_value_count":
        long count = multimap.count(key(types));
        gives.plain("count", count);
        return found(count > 0);
      case "multimap_get":
        List<Object> values = multimap.get(key(types));
        if (!values.isEmpty()) gives.values("values", values, types.values());
        return found(!values.isEmpty());
      case "multimap_contains":
        return found(multimap.contains(key(types), value(types)));
      case "multimap_delete":
        return found(multimap.delete(key(types), value(types)));
      case "multimap_drain":
        gives.plain("count", multimap.drain(range(types.keys())));
        return "OK";
      default:
        return pairBatch(multimap, types, op);
    }
  }

  private String pairBatch(Multimap<Object, Object> multimap, Types types, String op) {
    boolean pairs = line.containsKey("rows");
    List<Values.Row> rows =
        Values.rows(line.get(pairs ? "rows" : "keys"), pairs, types.keys(), types.values());
    rdb.Batch<Object, Object> batch = multimap.batch();
    if (pairs) rows.forEach(row -> batch.add(row.key(), row.value()));
    switch (op) {
      case "put_batch":
        gives.plain("count",
            multimap.putAll(
                rows.stream().map(row -> new AbstractMap.SimpleEntry<>(row.key(), row.value())).toList()));
        return "OK";
      case "put_batch_packed":
        gives.plain("count", multimap.put(batch));
        return "OK";
      case "delete_batch", "delete_batch_packed":
        gives.plain("count", multimap.deleteKeys(rows.stream().map(Values.Row::key).toList()));
        return "OK";
      case "multimap_delete_batch", "multimap_delete_batch_packed":
        gives.plain("count", multimap.delete(batch));
        return "OK";
      default:
        return "no operation of Java's";
    }
  }

  private String scanPairs(Multimap<Object, Object> multimap, Types types) {
    long limit = line.containsKey("limit") ? (Long) line.get("limit") : Long.MAX_VALUE;
    List<Values.Row> rows = new ArrayList<>();
    Range<Object> range = range(types.keys());
    try (Cursor<Object, Object> cursor =
        Boolean.TRUE.equals(line.get("reverse")) ? multimap.scanDescending(range) : multimap.scan(range)) {
      collect(cursor, rows, limit);
    }
    gives.rows(rows, types.keys(), types.values());
    return "OK";
  }

  private String batch(Table<Object, Object> table, String op) {
    boolean packed = line.containsKey("packed");
    List<Values.Row> rows = List.of();
    for (String name : List.of("rows", "keys")) {
      if (line.containsKey(name)) {
        rows = Values.rows(line.get(name), name.equals("rows"), table.keys(), table.values());
      }
    }
    List<Object> keys = rows.stream().map(Values.Row::key).toList();
    switch (op) {
      case "get_batch", "get_batch_packed":
        if (packed) return NOT_FOR_JAVA; // keys are packed by the package
        List<Object> found = table.getAll(keys);
        gives.values("values", found, table.values());
        if (line.containsKey("result")) make("result", found);
        return "OK";
      case "put_batch":
        gives.plain("count",
            table.putAll(rows.stream().map(row -> new AbstractMap.SimpleEntry<>(row.key(), row.value())).toList(),
                flags()));
        return "OK";
      case "put_batch_packed":
        if (packed) {
          gives.plain("count", table.putPacked(ByteBuffer.wrap(Values.bytes(line.get("packed"))), flags()));
          return "OK";
        }
        rdb.Batch<Object, Object> batch = table.batch();
        for (Values.Row row : rows) batch.add(row.key(), row.value());
        gives.plain("count", table.put(batch, flags()));
        return "OK";
      case "delete_batch", "delete_batch_packed":
        gives.plain("count",
            packed
                ? table.deletePacked(ByteBuffer.wrap(Values.bytes(line.get("packed"))))
                : table.deleteAll(keys));
        return "OK";
      case "merge", "merge_batch", "merge_batch_packed":
        return new Merging(table, line).run(op, rows, gives);
      default:
        return "no operation of Java's";
    }
  }

  // ---- scans and cursors

  private String scan(Table<Object, Object> table) {
    boolean reverse = Boolean.TRUE.equals(line.get("reverse"));
    long limit = line.containsKey("limit") ? (Long) line.get("limit") : Long.MAX_VALUE;
    List<Values.Row> rows = new ArrayList<>();
    if (line.containsKey("prefix")) {
      Object prefix = Values.of(line.get("prefix"), table.keys());
      try (Cursor<Object, Object> cursor = reverse ? table.prefixDescending(prefix) : table.prefix(prefix)) {
        collect(cursor, rows, limit);
      }
    } else if (reverse || line.containsKey("lower") || line.containsKey("upper")) {
      Range<Object> range = range(table.keys());
      try (Cursor<Object, Object> cursor = reverse ? table.scanDescending(range) : table.scan(range)) {
        collect(cursor, rows, limit);
      }
    } else {
      collect(table.iterator(), rows, limit); // when it is left early, the transaction takes care of it
      List<Values.Row> streamed = new ArrayList<>();
      try (var stream = table.stream()) {
        collect(stream.iterator(), streamed, limit);
      }
      if (!Values.same(keysOf(rows), keysOf(streamed))) return "a stream of other rows";
    }
    gives.rows(rows, table.keys(), table.values());
    return "OK";
  }

  private static List<Object> keysOf(List<Values.Row> rows) {
    return rows.stream().map(Values.Row::key).toList();
  }

  private static void collect(Iterator<Entry<Object, Object>> from, List<Values.Row> rows, long limit) {
    while (rows.size() < limit && from.hasNext()) {
      Entry<Object, Object> entry = from.next();
      rows.add(new Values.Row(entry.key(), entry.value()));
    }
  }

  private String onCursor(String op) {
    if (op.equals("cursor_open")) {
      if (handle("table", Object.class) instanceof Multimap<?, ?>) {
        make("cursor", multimap().cursor());
        types.put(cursor(), new Types(multimap().keys(), multimap().values()));
      } else {
        make("cursor", table().cursor());
        types.put(cursor(), types(table()));
      }
      return "OK";
    }
    Cursor<Object, Object> cursor = cursor();
    Types of = types.get(cursor);
    switch (op) {
      case "cursor_close":
        cursor.close();
        return "OK";
      case "cursor_first":
        return entry(cursor.first(), of, "END");
      case "cursor_last":
        return entry(cursor.last(), of, "END");
      case "cursor_next":
        return entry(cursor.moveOn(), of, "END");
      case "cursor_prev":
        return entry(cursor.moveBack(), of, "END");
      case "cursor_get":
        return entry(cursor.current(), of, "NOT_FOUND");
      case "cursor_seek":
        return entry(cursor.seek(key(of)), of, "NOT_FOUND");
      case "cursor_seek_exact":
        return entry(cursor.seekExact(key(of)), of, "NOT_FOUND");
      case "cursor_seek_le":
        return entry(cursor.seekFloor(key(of)), of, "NOT_FOUND");
      case "cursor_set_range":
        cursor.setRange(range(of.keys()));
        return "OK";
      case "cursor_next_batch":
        List<Values.Row> rows = new ArrayList<>();
        collect(cursor, rows, number("count"));
        gives.rows(rows, of.keys(), of.values());
        return rows.isEmpty() ? "END" : "OK";
      case "cursor_next_batch_packed":
        return nextPacked(cursor, of);
      case "cursor_expiry":
        gives.plain("expiry", Expiring.milliseconds(cursor.expiry()));
        return "OK";
      case "cursor_put":
        try {
          cursor.put(value(of));
          return "OK";
        } catch (IllegalStateException e) {
          if (e instanceof rdb.ClosedException) throw e;
          return "NOT_FOUND";
        }
      case "cursor_delete":
        try {
          cursor.remove();
          return "OK";
        } catch (IllegalStateException e) {
          if (e instanceof rdb.ClosedException) throw e;
          return "NOT_FOUND"; // how Iterator.remove says it
        }
      default:
        return cursor instanceof MultimapCursor<Object, Object> pairs ? onPairs(pairs, of, op) : "no operation of Java's";
    }
  }

  private String onPairs(MultimapCursor<Object, Object> cursor, Types of, String op) {
    switch (op) {
      case "cursor_next_key":
        return entry(cursor.nextKey(), of, "END");
      case "cursor_prev_key":
        return entry(cursor.previousKey(), of, "END");
      case "cursor_next_value":
        return entry(cursor.nextValue(), of, "END");
      case "cursor_prev_value":
        return entry(cursor.previousValue(), of, "END");
      case "cursor_first_value":
        return entry(cursor.firstValue(), of, "END");
      case "cursor_last_value":
        return entry(cursor.lastValue(), of, "END");
      case "cursor_seek_pair":
        return entry(cursor.seekPair(key(of), value(of)), of, "NOT_FOUND");
      case "cursor_value_count":
        long count = cursor.valueCount();
        gives.plain("count", count);
        return found(count > 0);
      default:
        return "no operation of Java's";
    }
  }

  private String nextPacked(Cursor<Object, Object> cursor, Types of) {
    int bytes = line.containsKey("buffer") ? number("buffer") : 65536;
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<Values.Row> rows = new ArrayList<>();
    int count = 1;
    while (rows.size() < number("count")
        && (count = cursor.nextBatch(buffer.clear(), number("count") - rows.size())) > 0) {
      int at = 0;
      for (int i = 0; i < count; i++) {
        byte[] key = new byte[buffer.getInt(at)];
        byte[] value = new byte[buffer.getInt(at + 4)];
        buffer.get(at + 8, key).get(at + 8 + key.length, value);
        at += 8 + (key.length + value.length + 3 & ~3);
        rows.add(new Values.Row(of.keys().decode(key), of.values().decode(value)));
      }
      if (at != buffer.position()) return "a batch of another size";
    }
    if (count < 0 && rows.isEmpty()) {
      gives.plain("size", -count);
      return "MORE";
    }
    gives.rows(rows, of.keys(), of.values());
    return rows.isEmpty() ? "END" : "OK";
  }
}
