package rdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Merges by operators and by functions. */
class MergeTest {
  private Database db;
  private WriteTxn txn;
  private Table<String, Long> numbers;

  @BeforeEach
  void open() {
    db = Database.openMemory();
    txn = db.write();
    numbers = txn.table("numbers", Codec.STRING, Codec.U64);
  }

  @AfterEach
  void close() {
    txn.close();
    db.close();
  }

  @Test
  void anOperatorJoinsStoredValueAndOperand() {
    numbers.merge("a", 2L, MergeOperator.NUMERIC_ADD);
    numbers.merge("a", 40L, MergeOperator.NUMERIC_ADD);
    assertEquals(42L, numbers.get("a"));
    Batch<String, Long> batch = numbers.batch();
    for (int i = 0; i < 1000; i++) batch.add("a", 1L);
    numbers.merge(batch, MergeOperator.NUMERIC_ADD);
    assertEquals(1042L, numbers.get("a"));
    Table<String, byte[]> narrow = txn.table("narrow", Codec.STRING, Codec.bytes(2));
    narrow.merge("a", new byte[2], MergeOperator.BYTES_APPEND);
    TableException e =
        assertThrows(TableException.class, () -> narrow.merge("a", new byte[2], MergeOperator.BYTES_APPEND));
    assertEquals(Status.ERR_MERGE_WIDTH, e.status());
  }

  @Test
  void aFunctionDecidesAboutValueAndDeletion() {
    MergeFunction<String, Long> halve = (key, existing, by) -> existing == null ? by : existing < by ? null : existing / by;
    numbers.merge("a", 8L, halve);
    numbers.merge("a", 2L, halve);
    assertEquals(4L, numbers.get("a"));
    numbers.merge("a", 5L, halve);
    assertNull(numbers.get("a"));
    Table<byte[], byte[]> bytes = txn.table("bytes");
    bytes.merge(new byte[] {1}, new byte[0], (key, existing, operand) -> new byte[0]);
    assertArrayEquals(new byte[0], bytes.get(new byte[] {1}));
  }

  @Test
  void anExceptionOfTheFunctionPassesThroughAndChangesNothing() {
    numbers.put("a", 1L);
    RuntimeException own = new IllegalStateException("no");
    MergeFunction<String, Long> failing = (key, existing, operand) -> {
      throw own;
    };
    assertSame(own, assertThrows(IllegalStateException.class, () -> numbers.merge("a", 2L, failing)));
    Batch<String, Long> batch = numbers.batch().add("b", 1L).add("a", 2L).add("c", 3L);
    Error fatal = new AssertionError("fatal");
    assertSame(fatal, assertThrows(AssertionError.class, () -> numbers.merge(batch, (key, existing, operand) -> {
      if (key.equals("a")) throw fatal;
      return operand;
    })));
    assertEquals(1L, numbers.get("a"));
    assertEquals(1L, numbers.get("b"));
    assertNull(numbers.get("c"));
    txn.commit();
  }

  @Test
  void aFunctionMayNotUseItsTable() {
    numbers.put("a", 1L);
    numbers.merge("a", 2L, (key, existing, operand) -> {
      assertThrows(UsageException.class, () -> numbers.get("a"));
      assertThrows(UsageException.class, () -> numbers.put("a", 9L));
      assertThrows(UsageException.class, () -> numbers.merge("a", 9L, MergeOperator.NUMERIC_ADD));
      assertThrows(UsageException.class, () -> txn.commit());
      return existing + operand;
    });
    assertEquals(3L, numbers.get("a"));
    txn.commit();
  }

  @Test
  void aFunctionThatClosesItsTransactionTakesEverythingBack() {
    numbers.put("a", 1L);
    numbers.merge("a", 2L, (key, existing, operand) -> {
      txn.close();
      return 7L;
    });
    assertThrows(ClosedException.class, () -> numbers.get("a"));
    try (ReadTxn reader = db.read()) {
      assertFalse(reader.tables().stream().anyMatch(table -> table.name().equals("numbers")));
    }
  }

  @Test
  void manyCallsOfAFunctionKeepNoReferences() {
    Batch<String, Long> batch = numbers.batch();
    for (int i = 0; i < 100_000; i++) batch.add("k" + i % 100, 1L);
    numbers.merge(batch, (key, existing, operand) -> existing == null ? operand : existing + operand);
    assertEquals(1000L, numbers.get("k7"));
  }
}
