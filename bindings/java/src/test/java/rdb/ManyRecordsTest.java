package rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many records at once, and changes that look at what is there. */
class ManyRecordsTest {
  private Database db;
  private WriteTxn txn;
  private Table<String, Integer> table;

  @BeforeEach
  void open() {
    db = Database.openMemory();
    txn = db.write();
    table = txn.table("t", Codec.STRING, Codec.I32);
    Batch<String, Integer> batch = table.batch();
    for (int i = 0; i < 1000; i++) batch.add(String.format("k%04d", i), i);
    table.put(batch);
  }

  @AfterEach
  void close() {
    txn.close();
    db.close();
  }

  @Test
  void drainAndRetainDelete() {
    assertEquals(100, table.drain(Range.of("k0100", "k0200")));
    assertEquals(450, table.retain(Range.all(), (key, value) -> value % 2 == 0));
    RuntimeException own = new IllegalStateException("no");
    assertSame(own, assertThrows(IllegalStateException.class, () -> table.retain(Range.all(), (key, value) -> {
      throw own;
    })));
    assertEquals(1, table.retain(Range.<String>all().from("k0998"), (key, value) -> {
      assertThrows(UsageException.class, () -> table.get("k0000"));
      return false;
    }));
    assertEquals(449, table.size());
  }

  @Test
  void anExtractionTakesWhatItHandsOut() {
    try (Extraction<String, Integer> walk =
        table.extract(Range.all(), (key, value) -> value % 10 == 0, false)) {
      assertEquals("k0000", walk.next().key());
      assertTrue(walk.hasNext()); // found, not taken
      assertThrows(UsageException.class, () -> table.size());
    }
    assertEquals(999, table.size());
    assertEquals(10, table.get("k0010"));
    try (Extraction<String, Integer> walk = table.extract(Range.all(), null, true)) {
      Entry<String, Integer> last = walk.next();
      Entry<String, Integer> before = walk.next();
      assertEquals(999, last.value());
      assertEquals(998, before.value());
    }
    Extraction<String, Integer> open = table.extract(Range.all());
    open.next();
    txn.commit();
    assertThrows(ClosedException.class, open::next);
    open.close();
    long left = db.view(reader -> reader.table("t", Codec.STRING, Codec.I32).size());
    assertEquals(996, left);
  }

  @Test
  void singleChangesLookFirst() {
    assertEquals(7, table.exchange("k0007", 70));
    assertNull(table.exchange("new", 1));
    assertEquals(1, table.take("new"));
    assertNull(table.take("new"));
    assertEquals(Comparison.ABSENT, table.compareAndPut("new", 1, 2));
    assertEquals(Comparison.STORED, table.compareAndPut("new", null, 2));
    assertEquals(Comparison.PRESENT, table.compareAndPut("new", null, 2));
    assertEquals(Comparison.DIFFERENT, table.compareAndPut("new", 1, 3));
    assertEquals(Comparison.STORED, table.compareAndPut("new", 2, null));
    try (Reservation reservation = table.reserve("r", 4)) {
      reservation.buffer().put(0, (byte) 5);
      assertTrue(reservation.store());
    }
    assertEquals(5, table.get("r"));
    try (Reservation reservation = table.reserve("r", 4, PutFlag.INSERT_ONLY)) {
      assertFalse(reservation.store());
      assertThrows(ClosedException.class, reservation::buffer);
    }
    try (Cursor<String, Integer> cursor = table.cursor()) {
      cursor.first();
      cursor.put(-1);
      assertEquals(-1, cursor.current().value());
    }
    try (Database other = Database.openMemory(); WriteTxn target = other.write()) {
      assertEquals(1001, target.copyTable(table, "there", null));
      assertEquals(1001, txn.copyTable(table, "here", null));
    }
  }
}
