package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TransactionTest {
  private final Database db = Database.openMemory();

  @AfterEach
  void close() {
    db.closeDeferred();
  }

  @Test
  void aReaderKeepsItsSnapshot() {
    db.update(txn -> txn.table("t", Codec.STRING, Codec.STRING).put("k", "old"));
    try (ReadTxn reader = db.read()) {
      Table<String, String> table = reader.table("t", Codec.STRING, Codec.STRING);
      db.update(txn -> txn.table("t", Codec.STRING, Codec.STRING).put("k", "new"));
      assertEquals("old", table.get("k"));
      assertEquals("new", db.view(txn -> txn.table("t", Codec.STRING, Codec.STRING).get("k")));
    }
  }

  @Test
  void closeWithoutCommitTakesEverythingBack() {
    try (WriteTxn txn = db.write()) {
      txn.table("t", Codec.STRING, Codec.STRING).put("k", "v");
    }
    WriteTxn aborted = db.write();
    aborted.table("u");
    aborted.abort();
    assertEquals(List.of(), db.view(Transaction::tables));
  }

  @Test
  void theEndOfATransactionEndsItsTablesAndCursors() {
    WriteTxn txn = db.write();
    Table<byte[], byte[]> table = txn.table("t");
    table.put(new byte[] {1}, new byte[] {1});
    Cursor<byte[], byte[]> cursor = table.cursor();
    txn.commit();
    assertThrows(ClosedException.class, () -> table.get(new byte[] {1}));
    assertThrows(ClosedException.class, cursor::hasNext);
    assertThrows(ClosedException.class, txn::commit);
    assertThrows(ClosedException.class, () -> txn.table("u"));
    txn.close();
    table.close();
    cursor.close();
    db.close(); // nothing is left open
  }

  @Test
  void tablesAreListedFoundRenamedAndDeleted() {
    try (WriteTxn txn = db.write()) {
      txn.table("b", Codec.U64, Codec.STRING).close();
      txn.table("a").close();
      assertEquals(List.of("a", "b"), txn.tables().stream().map(TableInfo::name).toList());
      TableInfo b = txn.find("b");
      assertEquals(new StoredType("u64", StoredType.BUILTIN), b.keyType());
      assertEquals(8, b.keyWidth());
      assertEquals(TableInfo.VARIABLE, b.valueWidth());
      assertEquals(TableInfo.Kind.NORMAL, b.kind());
      assertTrue(b.keyOrderKnown());
      assertNull(txn.find("c"));
      txn.rename("b", "c");
      assertEquals(Status.ERR_TABLE_MISSING,
          assertThrows(TableException.class, () -> txn.rename("b", "d")).status());
      assertEquals(Status.ERR_TABLE_EXISTS,
          assertThrows(TableException.class, () -> txn.rename("c", "a")).status());
      assertTrue(txn.delete("a"));
      assertFalse(txn.delete("a"));
      assertEquals(List.of("c"), txn.tables().stream().map(TableInfo::name).toList());
    }
  }

  @Test
  void aWriterOpensATableOnce() {
    try (WriteTxn txn = db.write()) {
      Table<byte[], byte[]> first = txn.table("t");
      assertEquals(Status.ERR_TABLE_OPEN, assertThrows(TableException.class, () -> txn.table("t")).status());
      first.close();
      txn.table("t").close();
    }
  }

  @Test
  void otherTypesAreRefusedAndRawReadsThemAll() {
    db.update(txn -> txn.table("t", Codec.U64, Codec.STRING).put(1L, "one"));
    try (ReadTxn txn = db.read()) {
      assertEquals(Status.ERR_TABLE_TYPE, assertThrows(TableException.class, () -> txn.table("t")).status());
      assertEquals(Status.ERR_TABLE_MISSING, assertThrows(TableException.class, () -> txn.table("u")).status());
      Table<byte[], byte[]> raw = txn.rawTable("t");
      assertArrayEquals(new byte[] {'o', 'n', 'e'}, raw.get(new byte[] {1, 0, 0, 0, 0, 0, 0, 0}));
      assertEquals("u64", raw.describe().keyType().name());
    }
  }

  @Test
  void aSecondWriterWaitsNoLongerThanItIsTold() {
    try (WriteTxn writer = db.write()) {
      for (Duration wait : List.of(Duration.ZERO, Duration.ofMillis(-5), Duration.ofNanos(1), Duration.ofMillis(20))) {
        ConcurrencyException late =
            assertThrows(ConcurrencyException.class, () -> db.write(new WriteOptions().timeout(wait)));
        assertEquals(Status.ERR_LOCK_TIMEOUT, late.status());
      }
    }
    db.write(new WriteOptions().timeout(Duration.ofSeconds(Long.MAX_VALUE))).close();
  }

  @Test
  void durabilityIsChosenBeforeOrMeanwhile() {
    try (TempDatabase temp = new TempDatabase()) {
      long durable = temp.db.stats().durableTxnId();
      try (WriteTxn txn = temp.db.write(new WriteOptions().durability(Durability.NONE))) {
        txn.table("t").put(new byte[1], new byte[1]);
        txn.commit();
      }
      assertEquals(durable, temp.db.stats().durableTxnId());
      assertTrue(temp.db.stats().lastTxnId() > durable);
      try (WriteTxn txn = temp.db.write(new WriteOptions().twoPhase(true).quickRepair(true))) {
        txn.setDurability(Durability.NONE);
        txn.setTwoPhase(false);
        txn.setQuickRepair(false);
        txn.setDurability(Durability.IMMEDIATE);
        txn.setTwoPhase(true);
        long id = txn.id();
        txn.table("t").put(new byte[1], new byte[2]);
        txn.commit();
        assertEquals(id, temp.db.stats().durableTxnId());
      }
    }
  }

  @Test
  void aReaderChangesNothing() {
    db.update(txn -> txn.table("t").put(new byte[1], new byte[1]));
    try (ReadTxn txn = db.read()) {
      Table<byte[], byte[]> table = txn.table("t");
      for (org.junit.jupiter.api.function.Executable change : List.<org.junit.jupiter.api.function.Executable>of(
          () -> table.put(new byte[2], new byte[1]),
          () -> table.delete(new byte[1]),
          () -> table.put(table.batch().add(new byte[2], new byte[1])),
          () -> table.deleteAll(List.of(new byte[1])),
          table::popFirst,
          table::popLast,
          () -> { try (Cursor<byte[], byte[]> cursor = table.cursor()) { cursor.next(); cursor.remove(); } })) {
        assertEquals(Status.ERR_MISUSE, assertThrows(UsageException.class, change).status());
      }
      assertEquals(1, table.size());
      assertSame(db, txn.database());
      assertSame(txn, table.transaction());
    }
  }

  @Test
  void namesAreReservedForTheLibrary() {
    try (WriteTxn txn = db.write()) {
      assertEquals(Status.ERR_RESERVED_NAME,
          assertThrows(UsageException.class, () -> txn.table("__rdb:meta")).status());
    }
  }
}
