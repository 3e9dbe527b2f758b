package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BadInputTest {
  private static final String LONE_SURROGATE = "a\ud800b";

  private static void refused(int status, Executable call) {
    assertEquals(status, assertThrows(RdbException.class, call).status());
  }

  @Test
  void halfASurrogatePairIsNoText() {
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      Table<String, String> table = txn.table("t", Codec.STRING, Codec.STRING);
      for (Executable call : List.<Executable>of(
          () -> txn.table(LONE_SURROGATE),
          () -> txn.rawTable(LONE_SURROGATE),
          () -> txn.find(LONE_SURROGATE),
          () -> txn.rename("t", LONE_SURROGATE),
          () -> txn.delete(LONE_SURROGATE),
          () -> table.put(LONE_SURROGATE, "v"),
          () -> table.put("k", LONE_SURROGATE),
          () -> table.get(LONE_SURROGATE),
          () -> table.prefix(LONE_SURROGATE),
          () -> table.batch().add("k", LONE_SURROGATE),
          () -> Database.hasFeature(LONE_SURROGATE),
          () -> Database.openMemory(new Options().set("mode", LONE_SURROGATE)),
          () -> new Codec<byte[]>(LONE_SURROGATE, StoredType.BUILTIN) {
            @Override
            public byte[] encode(byte[] value) {
              return value;
            }

            @Override
            public byte[] decode(byte[] bytes) {
              return bytes;
            }
          })) {
        refused(Status.ERR_INVALID_ARGUMENT, call);
      }
      assertEquals(0, table.size());
    }
  }

  @Test
  void bytesThatAreNoTextAreNotStoredAsSuch() {
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      txn.table("t", Codec.STRING, Codec.STRING).close();
      Table<byte[], byte[]> raw = txn.rawTable("t");
      refused(Status.ERR_INVALID_ARGUMENT, () -> raw.put(new byte[] {'k'}, new byte[] {(byte) 0xc3}));
      refused(Status.ERR_INVALID_ARGUMENT, () -> raw.put(new byte[] {(byte) 0xc3}, new byte[0]));
      assertEquals(0, raw.size());
    }
  }

  @Test
  void nullIsAMistakeOfTheCallers() {
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      Table<byte[], byte[]> table = txn.table("t");
      for (Executable call : List.<Executable>of(
          () -> Database.open(null),
          () -> Database.openMemory(null),
          () -> Database.hasFeature(null),
          () -> db.write(null),
          () -> db.view(null),
          () -> db.update(null),
          () -> db.verify(null),
          () -> txn.table(null),
          () -> txn.table("u", null, Codec.BYTES),
          () -> txn.rename("t", null),
          () -> txn.setDurability(null),
          () -> table.get((byte[]) null),
          () -> table.get(null, ByteBuffer.allocate(1)),
          () -> table.get(ByteBuffer.allocate(1), null),
          () -> table.put((byte[]) null, new byte[0]),
          () -> table.put(new byte[0], (byte[]) null),
          () -> table.put(new byte[0], new byte[0], (PutFlag) null),
          () -> table.put((Batch<byte[], byte[]>) null),
          () -> table.delete((ByteBuffer) null),
          () -> table.contains((byte[]) null),
          () -> table.pin((byte[]) null),
          () -> table.getAll(null),
          () -> table.getAll(java.util.Arrays.asList(new byte[1], null)),
          () -> table.deleteAll(null),
          () -> table.putPacked(null),
          () -> table.scan(null),
          () -> table.prefix(null),
          () -> table.cursor().seek(null),
          () -> table.cursor().setRange(null),
          () -> table.cursor().nextBatch(null, 1),
          () -> table.batch().add(new byte[0], null),
          () -> Range.of(new byte[0], null),
          () -> new Options().set("mode", null),
          () -> new Options().mode(null),
          () -> new WriteOptions().timeout(null),
          () -> new WriteOptions().durability(null))) {
        assertThrows(NullPointerException.class, call);
      }
      table.put(new byte[] {1}, new byte[] {2}); // all of it still works
      assertEquals(1, table.size());
    }
  }

  @Test
  void closedObjectsAnswerEveryCallWithAnException() {
    Database db = Database.openMemory();
    db.update(txn -> txn.table("t").put(new byte[] {1}, new byte[] {2}));
    Cancellation cancellation = new Cancellation();
    WriteTxn txn = db.write();
    Table<byte[], byte[]> table = txn.table("t");
    Cursor<byte[], byte[]> cursor = table.cursor();
    Value value = table.pin(new byte[] {1});
    List<AutoCloseable> objects = List.of(value, cursor, table, txn, cancellation, db);
    for (int round = 0; round < 2; round++) {
      for (AutoCloseable object : objects) assertDoesNotThrow(object::close);
    }
    byte[] key = {1};
    ByteBuffer buffer = ByteBuffer.wrap(key);
    Map<String, Executable> calls = new LinkedHashMap<>();
    calls.put("buffer", value::buffer);
    calls.put("toByteArray", value::toByteArray);
    calls.put("hasNext then next", () -> {
      if (!cursor.hasNext()) cursor.first();
    });
    calls.put("first", cursor::first);
    calls.put("last", cursor::last);
    calls.put("moveOn", cursor::moveOn);
    calls.put("moveBack", cursor::moveBack);
    calls.put("current", cursor::current);
    calls.put("seek", () -> cursor.seek(key));
    calls.put("seekExact", () -> cursor.seekExact(key));
    calls.put("seekFloor", () -> cursor.seekFloor(key));
    calls.put("setRange", () -> cursor.setRange(Range.all()));
    calls.put("nextBatch", () -> cursor.nextBatch(ByteBuffer.allocate(9), 0));
    calls.put("remove", cursor::remove);
    calls.put("get", () -> table.get(key));
    calls.put("get buffer", () -> table.get(buffer, ByteBuffer.allocate(1)));
    calls.put("pin", () -> table.pin(key));
    calls.put("pin buffer", () -> table.pin(buffer));
    calls.put("contains", () -> table.contains(key));
    calls.put("contains buffer", () -> table.contains(buffer));
    calls.put("put", () -> table.put(key, key));
    calls.put("put flags", () -> table.put(key, key, PutFlag.INSERT_ONLY));
    calls.put("put buffer", () -> table.put(buffer, buffer));
    calls.put("delete", () -> table.delete(key));
    calls.put("delete buffer", () -> table.delete(buffer));
    calls.put("popFirst", table::popFirst);
    calls.put("popLast", table::popLast);
    calls.put("getAll", () -> table.getAll(List.of(key)));
    calls.put("put batch", () -> table.put(table.batch().add(key, key)));
    calls.put("putAll", () -> table.putAll(Map.of(key, key).entrySet()));
    calls.put("deleteAll", () -> table.deleteAll(List.of(key)));
    calls.put("putPacked", () -> table.putPacked(buffer));
    calls.put("deletePacked", () -> table.deletePacked(buffer));
    calls.put("cursor", table::cursor);
    calls.put("scan", () -> table.scan(Range.all()));
    calls.put("scanDescending", () -> table.scanDescending(Range.all()));
    calls.put("prefix", () -> table.prefix(key));
    calls.put("iterator", table::iterator);
    calls.put("stream", table::stream);
    calls.put("size", table::size);
    calls.put("describe", table::describe);
    calls.put("table stats", table::stats);
    calls.put("id", txn::id);
    calls.put("table", () -> txn.table("t"));
    calls.put("rawTable", () -> txn.rawTable("t"));
    calls.put("tables", txn::tables);
    calls.put("find", () -> txn.find("t"));
    calls.put("rename", () -> txn.rename("t", "u"));
    calls.put("delete table", () -> txn.delete("t"));
    calls.put("setDurability", () -> txn.setDurability(Durability.NONE));
    calls.put("setTwoPhase", () -> txn.setTwoPhase(true));
    calls.put("setQuickRepair", () -> txn.setQuickRepair(true));
    calls.put("commit", txn::commit);
    calls.put("read", db::read);
    calls.put("write", db::write);
    calls.put("recovery", db::recovery);
    calls.put("stats", db::stats);
    calls.put("verify", () -> db.verify(VerifyLevel.HEADER));
    calls.put("trigger", cancellation::trigger);
    calls.put("reset", cancellation::reset);
    calls.put("use", () -> Database.openMemory(new Options().cancellation(cancellation)));
    calls.forEach((name, call) -> {
      ClosedException closed = assertThrows(ClosedException.class, call, name);
      assertEquals(Status.ERR_CLOSED, closed.status(), name);
      assertTrue(closed.getMessage().endsWith("is closed"), closed.getMessage());
    });
  }

  @Test
  void sizesBeyondTheFormatAreRefused() {
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
      table.close();
      Table<byte[], byte[]> raw = txn.rawTable("t");
      refused(Status.ERR_INVALID_ARGUMENT, () -> raw.put(new byte[7], new byte[0]));
      refused(Status.ERR_INVALID_ARGUMENT, () -> raw.get(new byte[9]));
      refused(Status.ERR_INVALID_ARGUMENT, () -> raw.put(new byte[2 << 20], new byte[2 << 20]));
      refused(Status.ERR_TOO_LARGE, () -> Native.javaSize(Integer.MAX_VALUE));
      refused(Status.ERR_TOO_LARGE, () -> Native.javaSize(1L << 40));
    }
  }

  @Test
  void abandonedObjectsDoNotHinderOthers() {
    List<Object> kept = new ArrayList<>();
    try (Database db = Database.openMemory()) {
      db.update(txn -> {
        Table<byte[], byte[]> table = txn.table("t");
        for (int i = 0; i < 100; i++) table.put(new byte[] {(byte) i}, new byte[100]);
      });
      try (ReadTxn txn = db.read()) {
        for (int i = 0; i < 100; i++) {
          Table<byte[], byte[]> table = txn.table("t");
          kept.add(table.iterator());
          table.iterator().next();
          kept.add(table.stream());
          kept.add(table.pin(new byte[] {1}));
        }
      }
      assertEquals(0, db.stats().liveReaders());
    }
    assertEquals(300, kept.size());
  }
}
