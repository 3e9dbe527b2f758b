package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TableTest {
  private final Database db = Database.openMemory();
  private WriteTxn txn;
  private Table<String, String> table;

  @BeforeEach
  void begin() {
    txn = db.write();
    table = txn.table("t", Codec.STRING, Codec.STRING);
  }

  @AfterEach
  void end() {
    txn.close();
    db.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer direct(String text) {
    byte[] bytes = bytes(text);
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length + 8);
    buffer.position(5);
    buffer.put(bytes).flip().position(5);
    return buffer;
  }

  @Test
  void recordsAreStoredReplacedAndDeleted() {
    assertNull(table.get("ada"));
    assertFalse(table.contains("ada"));
    table.put("ada", "1815");
    assertEquals("1815", table.get("ada"));
    table.put("ada", "10 December 1815");
    assertEquals("10 December 1815", table.get("ada"));
    assertTrue(table.contains("ada"));
    assertEquals(1, table.size());
    assertTrue(table.delete("ada"));
    assertFalse(table.delete("ada"));
    assertEquals(0, table.size());
    assertEquals("t", table.name());
  }

  @Test
  void emptyKeysAndValuesAreOrdinary() {
    table.put("", "empty key");
    table.put("k", "");
    assertEquals("empty key", table.get(""));
    assertEquals("", table.get("k"));
    try (Value value = table.pin("k")) {
      assertEquals(0, value.buffer().remaining());
      assertEquals(0, value.toByteArray().length);
    }
  }

  @Test
  void flagsLetAPutOnlyInsertOrOnlyReplace() {
    assertFalse(table.put("k", "v", PutFlag.UPDATE_ONLY));
    assertTrue(table.put("k", "v", PutFlag.INSERT_ONLY));
    assertFalse(table.put("k", "w", PutFlag.INSERT_ONLY));
    assertEquals("v", table.get("k"));
    assertTrue(table.put("k", "w", PutFlag.UPDATE_ONLY));
    assertEquals("w", table.get("k"));
    assertEquals(Status.ERR_INVALID_ARGUMENT, assertThrows(UsageException.class,
        () -> table.put("k", "x", PutFlag.INSERT_ONLY, PutFlag.UPDATE_ONLY)).status());
  }

  @Test
  void valuesOfEverySizeComeBack() {
    Table<String, byte[]> binary = txn.table("binary", Codec.STRING, Codec.BYTES);
    Random random = new Random(7);
    // Around the limits of scratch memory and pages.
    for (int size : new int[] {0, 1, 150, 4096, 8191, 8192, 8193, 70_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000}) {
      byte[] value = new byte[size];
      random.nextBytes(value);
      binary.put("k", value);
      assertArrayEquals(value, binary.get("k"));
      assertArrayEquals(value, binary.get("k"));
      try (Value pin = binary.pin("k")) {
        assertEquals(size, pin.size());
        assertArrayEquals(value, pin.toByteArray());
      }
      try (Cursor<String, byte[]> cursor = binary.cursor()) {
        assertArrayEquals(value, cursor.next().value());
        assertFalse(cursor.hasNext());
        assertArrayEquals(value, cursor.first().value());
      }
      assertArrayEquals(value, binary.getAll(List.of("k", "none")).get(0));
      assertArrayEquals(value, binary.popFirst().value());
      assertTrue(binary.put("k", value, PutFlag.INSERT_ONLY));
    }
  }

  @Test
  void largeKeysWorkInEveryCall() {
    String key = "k".repeat((1 << 20) + 10);
    table.put(key, "v");
    assertEquals("v", table.get(key));
    assertTrue(table.contains(key));
    assertEquals("v", table.getAll(List.of(key)).get(0));
    try (Cursor<String, String> cursor = table.cursor()) {
      assertEquals(key, cursor.next().key());
      assertEquals(key, cursor.seekExact(key).key());
    }
    assertTrue(table.delete(key));
  }

  @Test
  void buffersAreReadFromPositionToLimit() {
    for (boolean isDirect : new boolean[] {true, false}) {
      ByteBuffer key = isDirect ? direct("key") : ByteBuffer.wrap(bytes("xxkeyxx"), 2, 3);
      ByteBuffer value = isDirect ? direct("value") : ByteBuffer.wrap(bytes("xvaluex"), 1, 5).asReadOnlyBuffer();
      assertTrue(table.put(key.duplicate(), value.duplicate()));
      ByteBuffer read = key.duplicate();
      assertTrue(table.contains(read));
      assertEquals(read.limit(), read.position());
      for (ByteBuffer into : List.of(ByteBuffer.allocateDirect(20), ByteBuffer.allocate(20))) {
        into.position(3);
        ByteBuffer again = key.duplicate();
        assertEquals(5, table.get(again, into));
        assertEquals(again.limit(), again.position());
        assertEquals(8, into.position());
        into.flip().position(3);
        assertEquals(ByteBuffer.wrap(bytes("value")), into);
        into.clear().limit(4);
        ByteBuffer kept = key.duplicate();
        assertEquals(5, table.get(kept, into)); // too small: nothing moves
        assertEquals(0, into.position());
        assertEquals(key.position(), kept.position());
        into.clear();
        assertEquals(-1, table.get(ByteBuffer.wrap(bytes("none")), into));
        assertEquals(0, into.position());
      }
      try (Value pin = table.pin(key.duplicate())) {
        assertEquals(ByteBuffer.wrap(bytes("value")), pin.buffer());
        assertTrue(pin.buffer().isReadOnly());
      }
      assertNull(table.pin(ByteBuffer.wrap(bytes("none"))));
      assertTrue(table.delete(key.duplicate()));
      assertFalse(table.delete(key.duplicate()));
    }
    assertThrows(ReadOnlyBufferException.class,
        () -> table.get(direct("key"), ByteBuffer.allocate(9).asReadOnlyBuffer()));
  }

  @Test
  void aFailedCallLeavesPositionsAlone() {
    ByteBuffer key = direct("key");
    ByteBuffer value = direct("value");
    int before = key.position();
    assertThrows(UsageException.class,
        () -> table.put(key, value, PutFlag.INSERT_ONLY, PutFlag.UPDATE_ONLY));
    assertEquals(before, key.position());
    assertEquals(before, value.position());
  }

  @Test
  void largeBuffersWorkToo() {
    byte[] big = new byte[3_000_000];
    new Random(1).nextBytes(big);
    Table<byte[], byte[]> binary = txn.table("binary");
    ByteBuffer key = ByteBuffer.wrap(bytes("key"));
    binary.put(key, ByteBuffer.wrap(big));
    ByteBuffer into = ByteBuffer.allocate(big.length);
    assertEquals(big.length, binary.get(key.rewind(), into));
    assertArrayEquals(big, into.array());
  }

  @Test
  void bothEndsCanBeTaken() {
    for (String key : List.of("a", "b", "c")) table.put(key, key + key);
    Entry<String, String> first = table.popFirst();
    Entry<String, String> last = table.popLast();
    assertEquals("a", first.key());
    assertEquals("aa", first.value());
    assertEquals("c", last.key());
    assertEquals("b", table.popFirst().key());
    assertNull(table.popFirst());
    assertNull(table.popLast());
    assertEquals("aa", first.value()); // stays valid
  }

  @Test
  void batchesStoreInOneCall() {
    Batch<String, String> batch = table.batch();
    assertEquals(0, table.put(batch));
    for (int i = 0; i < 1000; i++) batch.add("k" + i, "v" + i);
    batch.add(direct("extra"), ByteBuffer.wrap(bytes("e")));
    assertEquals(1001, batch.size());
    assertEquals(1001, table.put(batch));
    assertEquals(0, table.put(batch, PutFlag.INSERT_ONLY));
    batch.clear();
    assertEquals(0, batch.size());
    batch.add("k1", "changed").add("new", "n");
    assertEquals(1, table.put(batch, PutFlag.UPDATE_ONLY));
    assertEquals(Arrays.asList("v0", "changed", null, "e"), table.getAll(List.of("k0", "k1", "new", "extra")));
    assertEquals(2, table.deleteAll(List.of("k0", "none", "k1")));
    assertEquals(999, table.size());
    assertEquals(List.of(), table.getAll(List.of()));
    assertEquals(0, table.deleteAll(List.of()));
  }

  @Test
  void mapsAreStoredPieceByPiece() {
    Map<String, String> map = new TreeMap<>();
    for (int i = 0; i < 3000; i++) map.put("key" + i, "v".repeat(1000) + i);
    assertEquals(3000, table.putAll(map.entrySet()));
    assertEquals(map.get("key2999"), table.get("key2999"));
    assertEquals(0, table.putAll(map.entrySet(), PutFlag.INSERT_ONLY));
    assertEquals(0, table.putAll(Map.<String, String>of().entrySet()));
  }

  @Test
  void aBatchStopsAtItsFirstErrorAndNamesIt() {
    Table<byte[], byte[]> fixed = txn.table("fixed", Codec.BYTES, Codec.BYTES);
    fixed.close();
    Table<Long, byte[]> narrow = txn.table("narrow", Codec.U64, Codec.BYTES);
    narrow.close();
    Table<byte[], byte[]> raw = txn.rawTable("narrow");
    Batch<byte[], byte[]> batch = raw.batch();
    batch.add(new byte[8], new byte[1]).add(new byte[7], new byte[1]).add(new byte[8], new byte[2]);
    UsageException wrong = assertThrows(UsageException.class, () -> raw.put(batch));
    assertEquals(Status.ERR_INVALID_ARGUMENT, wrong.status());
    assertEquals(1, wrong.position());
    assertEquals(1, raw.size());
    // The same in the second piece of putAll: the position counts from the very first.
    Map<byte[], byte[]> many = new LinkedHashMap<>();
    for (int i = 0; i < 5; i++) many.put(new byte[] {(byte) i, 0, 0, 0, 0, 0, 0, 0}, new byte[600_000]);
    many.put(new byte[3], new byte[1]);
    UsageException later = assertThrows(UsageException.class, () -> raw.putAll(many.entrySet()));
    assertEquals(5, later.position());
    assertEquals(5, raw.size());
  }

  @Test
  void packedBytesAreChecked() {
    ByteBuffer packed = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    packed.putInt(1).putInt(2).put(bytes("kvv")).put((byte) 0).flip();
    assertEquals(1, table.putPacked(packed.duplicate()));
    assertEquals("vv", table.get("k"));
    assertThrows(UsageException.class, () -> table.putPacked(packed.duplicate().limit(11)));
    ByteBuffer lies = ByteBuffer.allocateDirect(16).order(ByteOrder.LITTLE_ENDIAN);
    lies.putInt(0x7fffffff).putInt(-1).putLong(0).flip();
    assertEquals(Status.ERR_INVALID_ARGUMENT,
        assertThrows(UsageException.class, () -> table.putPacked(lies)).status());
    assertEquals(0, lies.position());
    ByteBuffer keys = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(1).put(bytes("k"));
    assertEquals(1, table.deletePacked(keys.rewind()));
    assertEquals(8, keys.position());
    assertThrows(UsageException.class, () -> table.deletePacked(ByteBuffer.allocate(3)));
  }

  @Test
  void pinsOutliveTransactionAndDatabase() {
    table.put("k", "value");
    txn.commit();
    Value pin;
    try (ReadTxn reader = db.read()) {
      pin = reader.table("t", Codec.STRING, Codec.STRING).pin("k");
      assertTrue(db.stats().pinnedBytes() > 0);
    }
    db.close();
    ByteBuffer buffer = pin.buffer();
    assertEquals(ByteBuffer.wrap(bytes("value")), buffer);
    assertThrows(ReadOnlyBufferException.class, () -> buffer.put((byte) 0));
    pin.close();
    pin.close();
    assertThrows(ClosedException.class, pin::buffer);
    assertThrows(ClosedException.class, pin::toByteArray);
  }

  @Test
  void figuresOfATable() {
    for (int i = 0; i < 2000; i++) table.put("key" + i, "value" + i);
    TableStats stats = table.stats();
    assertEquals(2000, stats.entries());
    assertTrue(stats.leafPages() > 5);
    assertTrue(stats.treeHeight() >= 2);
    TableInfo info = table.describe();
    assertEquals("t", info.name());
    assertEquals(2000, info.entries());
    assertEquals("&str", info.keyType().name());
  }

  @Test
  void aCodecOfTheProgramsMayUseTheTableItself() {
    Table<String, String> names = table;
    names.put("1", "one");
    Codec<String> looked = new Codec<>("&str", StoredType.BUILTIN) {
      @Override
      public byte[] encode(String value) {
        return TableTest.bytes(value);
      }

      @Override
      public String decode(byte[] encoded) {
        return names.get(new String(encoded, StandardCharsets.UTF_8));
      }
    };
    Table<String, String> references = txn.table("references", Codec.STRING, looked);
    references.put("a", "1");
    assertEquals("one", references.get("a"));
    assertEquals(List.of("one"), references.getAll(List.of("a")));
    List<String> seen = new ArrayList<>();
    for (Entry<String, String> entry : references) seen.add(entry.value());
    assertEquals(List.of("one"), seen);
  }
}
