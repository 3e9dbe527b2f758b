package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CursorTest {
  private static final int COUNT = 5000;

  private final Database db = Database.openMemory();
  private WriteTxn txn;
  private Table<String, Integer> table;

  @BeforeEach
  void fill() {
    txn = db.write();
    table = txn.table("t", Codec.STRING, Codec.I32);
    Batch<String, Integer> batch = table.batch();
    for (int i = 0; i < COUNT; i++) batch.add(key(i), i);
    table.put(batch);
  }

  @AfterEach
  void close() {
    txn.close();
    db.close();
  }

  private static String key(int i) {
    return String.format("k%05d", i);
  }

  private static List<Integer> values(Iterator<Entry<String, Integer>> entries) {
    List<Integer> values = new ArrayList<>();
    entries.forEachRemaining(entry -> values.add(entry.value()));
    return values;
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  @Test
  void iterationGivesEveryRecordInOrder() {
    assertEquals(numbers(0, COUNT), values(table.iterator()));
    int i = 0;
    for (Entry<String, Integer> entry : table) {
      assertEquals(key(i), entry.key());
      assertEquals(i++, entry.value());
    }
    assertEquals(COUNT, i);
  }

  @Test
  void rangesHaveTheirBounds() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      cursor.setRange(Range.of(key(10), key(13)));
      assertEquals(List.of(10, 11, 12), values(cursor));
      cursor.setRange(Range.<String>all().after(key(10)).through(key(13)));
      assertEquals(List.of(11, 12, 13), values(cursor));
      cursor.setRange(Range.<String>all().from(key(COUNT - 2)));
      assertEquals(List.of(COUNT - 2, COUNT - 1), values(cursor));
      cursor.setRange(Range.<String>all().to(key(2)));
      assertEquals(List.of(0, 1), values(cursor));
      assertNull(cursor.seek(key(2)));
      cursor.setRange(Range.of("x", "y"));
      assertEquals(List.of(), values(cursor));
      cursor.setRange(Range.all());
      assertEquals(COUNT, values(cursor).size());
    }
  }

  @Test
  void prefixesAndTheirEnd() {
    try (Cursor<String, Integer> cursor = table.prefix("k0012")) {
      assertEquals(numbers(120, 130), values(cursor));
    }
    try (Cursor<String, Integer> cursor = table.prefixDescending("k0012")) {
      assertEquals(129, cursor.next().value());
      assertEquals(9, values(cursor).size());
    }
    try (Cursor<String, Integer> cursor = table.prefix("")) {
      assertEquals(COUNT, values(cursor).size());
    }
    Table<byte[], byte[]> binary = txn.table("binary");
    for (int i = 0; i < 3; i++) binary.put(new byte[] {(byte) 0xff, (byte) 0xff, (byte) i}, new byte[0]);
    binary.put(new byte[] {1}, new byte[0]);
    try (Cursor<byte[], byte[]> cursor = binary.prefix(new byte[] {(byte) 0xff, (byte) 0xff})) {
      int count = 0;
      for (; cursor.hasNext(); cursor.next()) count++;
      assertEquals(3, count);
    }
    Table<Long, byte[]> numbers = txn.table("numbers", Codec.U64, Codec.BYTES);
    assertThrows(UsageException.class, () -> numbers.prefix(1L));
  }

  @Test
  void descendingScansEndWhereTheyShould() {
    try (Cursor<String, Integer> cursor = table.scanDescending(Range.of(key(5), key(9)))) {
      assertEquals(List.of(8, 7, 6, 5), values(cursor));
      assertFalse(cursor.hasNext());
      assertThrows(NoSuchElementException.class, cursor::next);
    }
    try (Cursor<String, Integer> cursor = table.scanDescending(Range.all())) {
      List<Integer> down = values(cursor);
      assertEquals(COUNT, down.size());
      assertEquals(COUNT - 1, down.get(0));
    }
  }

  @Test
  void movesGoToOneEntry() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      assertNull(cursor.current());
      assertEquals(COUNT - 1, cursor.moveBack().value());
      assertNull(cursor.moveOn());
      assertEquals(COUNT - 1, cursor.moveBack().value());
      assertEquals(0, cursor.first().value());
      assertEquals(1, cursor.moveOn().value());
      assertEquals(1, cursor.current().value());
      assertEquals(COUNT - 1, cursor.last().value());
      assertEquals(11, cursor.seek("k000105").value());
      assertEquals(10, cursor.seekFloor("k000105").value());
      assertNull(cursor.seekExact("k000105"));
      assertEquals(12, cursor.seekExact(key(12)).value());
      assertNull(cursor.seek("z"));
      assertNull(cursor.seekFloor("a"));
    }
  }

  @Test
  void movesAndIterationStandOnTheSameEntry() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      cursor.hasNext(); // reads ahead, and stands before the first all the same
      assertNull(cursor.current());
      assertEquals(0, cursor.next().value());
      assertEquals(1, cursor.next().value());
      assertEquals(1, cursor.current().value());
      assertEquals(2, cursor.next().value());
      assertEquals(3, cursor.moveOn().value());
      assertEquals(2, cursor.moveBack().value());
      assertEquals(3, cursor.next().value());
      cursor.seek(key(100));
      assertEquals(101, cursor.next().value());
      for (int i = 102; i < 2000; i++) assertEquals(i, cursor.next().value());
      assertTrue(cursor.hasNext());
      assertEquals(1998, cursor.moveBack().value());
      cursor.last();
      assertFalse(cursor.hasNext());
      assertEquals(COUNT - 1, cursor.moveBack().value());
    }
    try (Cursor<String, Integer> cursor = table.scanDescending(Range.all())) {
      assertEquals(COUNT - 1, cursor.next().value());
      assertTrue(cursor.hasNext());
      assertEquals(COUNT - 1, cursor.current().value());
      assertEquals(COUNT - 2, cursor.next().value());
      assertEquals(COUNT - 1, cursor.moveOn().value());
    }
  }

  @Test
  void removeDeletesTheEntryHandedOutLast() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      assertThrows(IllegalStateException.class, cursor::remove);
      for (int i = 0; i < COUNT; i++) {
        Entry<String, Integer> entry = cursor.next();
        if (entry.value() % 2 == 1) cursor.remove();
      }
      assertFalse(cursor.hasNext());
      assertEquals(COUNT / 2, table.size());
      cursor.first();
      cursor.remove();
      assertThrows(IllegalStateException.class, cursor::remove);
      assertEquals(2, cursor.next().value());
    }
    assertEquals(COUNT / 2 - 1, table.stream().filter(entry -> entry.value() % 2 == 0).count());
  }

  @Test
  void changingTheTableBesidesTheCursorIsFound() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      cursor.first();
      table.delete(key(7));
      assertEquals(Status.ERR_MISUSE, assertThrows(UsageException.class, cursor::moveOn).status());
      assertThrows(UsageException.class, cursor::hasNext);
      assertEquals(6, cursor.seek(key(6)).value());
      assertEquals(8, cursor.next().value());
    }
  }

  @Test
  void anEntryReadTooLateSaysSo() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      Entry<String, Integer> first = cursor.next();
      Entry<String, Integer> kept = first.detach();
      for (int i = 1; i < 100; i++) cursor.next();
      assertThrows(IllegalStateException.class, first::key);
      assertThrows(IllegalStateException.class, first::valueBuffer);
      assertThrows(IllegalStateException.class, first::detach);
      assertEquals(0, kept.value());
      Entry<String, Integer> current = cursor.current();
      cursor.moveOn();
      assertThrows(IllegalStateException.class, current::value);
      Entry<String, Integer> last = cursor.next();
      cursor.close();
      assertThrows(IllegalStateException.class, last::value);
    }
  }

  @Test
  void entriesShowTheirBytes() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      Entry<String, Integer> entry = cursor.seek(key(258));
      assertEquals(6, entry.keySize());
      assertEquals(4, entry.valueSize());
      assertEquals('k', entry.keyByte(0));
      assertEquals(2, entry.valueByte(0));
      assertEquals(1, entry.valueByte(1));
      assertThrows(IndexOutOfBoundsException.class, () -> entry.keyByte(6));
      assertThrows(IndexOutOfBoundsException.class, () -> entry.valueByte(-1));
      assertEquals(6, entry.keyBuffer().remaining());
      ByteBuffer value = entry.valueBuffer();
      assertTrue(value.isReadOnly());
      assertEquals(258, value.order(ByteOrder.LITTLE_ENDIAN).getInt());
    }
  }

  @Test
  void packedBatchesFillABuffer() {
    for (ByteBuffer buffer : List.of(ByteBuffer.allocateDirect(200), ByteBuffer.allocate(200))) {
      buffer.order(ByteOrder.LITTLE_ENDIAN);
      try (Cursor<String, Integer> cursor = table.scan(Range.<String>all().to(key(20)))) {
        buffer.position(4);
        int count = cursor.nextBatch(buffer, 3);
        assertEquals(3, count);
        assertEquals(4 + 3 * 20, buffer.position());
        assertEquals(6, buffer.getInt(4));
        assertEquals(4, buffer.getInt(8));
        assertEquals(2, cursor.current().value());
        assertEquals(3, cursor.next().value());
        buffer.clear();
        int total = 4;
        for (int got; (got = cursor.nextBatch(buffer.clear(), 0)) > 0; ) total += got;
        assertEquals(20, total);
        assertEquals(0, buffer.position());
        assertFalse(cursor.hasNext());
        cursor.first();
        assertEquals(-20, cursor.nextBatch(buffer.clear().limit(19), 0));
        assertEquals(1, cursor.next().value());
        assertThrows(UsageException.class, () -> cursor.nextBatch(buffer, -1));
      }
    }
    try (Cursor<String, Integer> cursor = table.cursor()) {
      assertThrows(java.nio.ReadOnlyBufferException.class,
          () -> cursor.nextBatch(ByteBuffer.allocate(100).asReadOnlyBuffer(), 0));
      assertEquals(-20, cursor.nextBatch(ByteBuffer.allocateDirect(0), 0));
      assertEquals(-20, cursor.nextBatch(ByteBuffer.allocate(0), 0));
    }
  }

  @Test
  void streamsKeepTheirEntriesAndCloseTheirCursor() {
    List<Entry<String, Integer>> all;
    try (Stream<Entry<String, Integer>> stream = table.stream()) {
      all = stream.toList();
    }
    assertEquals(COUNT, all.size());
    assertEquals(17, all.get(17).value());
    try (Stream<Entry<String, Integer>> stream = table.stream(Range.of(key(3), key(600)))) {
      assertEquals(List.of(3, 4), stream.limit(2).map(Entry::value).toList());
    }
    Cursor<String, Integer> cursor = table.cursor();
    cursor.stream().close();
    assertThrows(ClosedException.class, cursor::first);
  }

  @Test
  void anAbandonedIteratorDoesNotHinderTheCommit() {
    Iterator<Entry<String, Integer>> iterator = table.iterator();
    iterator.next();
    txn.commit();
    assertThrows(ClosedException.class, () -> {
      while (iterator.hasNext()) iterator.next();
    });
  }

  @Test
  void cursorsGoOnWhenTheirTableIsClosed() {
    try (Cursor<String, Integer> cursor = table.cursor()) {
      table.close();
      assertEquals(0, cursor.next().value());
      assertThrows(ClosedException.class, table::size);
    }
  }
}
