package rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tables whose values expire. */
class TtlTest {
  private Database db;

  @BeforeEach
  void open() {
    db = Database.openMemory();
    at(1000);
  }

  @AfterEach
  void close() {
    db.close();
  }

  private void at(long milliseconds) {
    db.setClock(Instant.ofEpochMilli(milliseconds));
  }

  @Test
  void valuesGoWhenTheirTimeComes() {
    try (WriteTxn txn = db.write()) {
      TtlTable<String, Integer> cache = txn.ttlTable("cache", Codec.STRING, Codec.I32);
      assertTrue(cache.putFor("soon", 1, Duration.ofMillis(500)));
      assertTrue(cache.putFor("ever", 2, null));
      cache.setDefaultTtl(Duration.ofMillis(1500).plusNanos(1));
      assertEquals(Duration.ofMillis(1501), cache.defaultTtl());
      cache.put("later", 3);
      assertFalse(cache.putFor("soon", 4, Duration.ZERO, PutFlag.INSERT_ONLY));
      assertEquals(Instant.ofEpochMilli(2501), cache.expiry("later"));
      assertEquals(Instant.MAX, cache.expiry("ever"));
      cache.setDefaultTtl(null);
      assertNull(cache.defaultTtl());
      txn.commit();
    }
    at(1500);
    try (ReadTxn txn = db.read()) {
      TtlTable<String, Integer> cache = txn.ttlTable("cache", Codec.STRING, Codec.I32);
      assertNull(cache.get("soon"));
      assertNull(cache.expiry("soon"));
      assertEquals(2, cache.stream().count());
      assertEquals(3, cache.size());
      assertEquals(2, cache.liveCount());
      try (Cursor<String, Integer> cursor = cache.cursor()) {
        assertThrows(IllegalStateException.class, cursor::expiry);
        assertTrue(cursor.seek("later") != null);
        assertEquals(Instant.ofEpochMilli(2501), cursor.expiry());
      }
      try (Cancellation cancellation = new Cancellation()) {
        cancellation.trigger();
        assertThrows(CancelledException.class, () -> cache.liveCount(cancellation));
      }
      assertThrows(UsageException.class, () -> cache.purge(null, 0, null));
    }
  }

  @Test
  void aPurgeGoesStepByStep() {
    try (WriteTxn txn = db.write()) {
      TtlTable<Integer, String> cache = txn.ttlTable("cache", Codec.I32, Codec.STRING);
      for (int key = 0; key < 10; key++) cache.putFor(key, "x", Duration.ofSeconds(key % 2 + 1));
      txn.commit();
    }
    at(2000);
    Integer after = null;
    long removed = 0;
    int steps = 0;
    do {
      try (WriteTxn txn = db.write()) {
        PurgeStep<Integer> step =
            txn.ttlTable("cache", Codec.I32, Codec.STRING).purge(after, 4, null);
        removed += step.removed();
        after = step.position();
        steps++;
        txn.commit();
      }
    } while (after != null);
    assertEquals(5, removed);
    assertEquals(3, steps);
  }

  @Test
  void touchRenewsWhatIsThere() {
    try (WriteTxn txn = db.write()) {
      TtlTable<byte[], byte[]> cache = txn.ttlTable("cache");
      byte[] key = {1};
      cache.putFor(key, key, Duration.ofSeconds(1));
      assertTrue(cache.touch(key, Duration.ofDays(1)));
      at(1500);
      assertTrue(cache.touch(key, Duration.ZERO));
      assertFalse(cache.touch(key, Duration.ofDays(1)));
      cache.putFor(key, key, Duration.ofSeconds(Long.MAX_VALUE));
      assertTrue(cache.expiry(key).isAfter(Instant.parse("9999-01-01T00:00:00Z")));
      assertThrows(UsageException.class, () -> cache.touch(key, Duration.ofMillis(-1)));
    }
  }

  @Test
  void tablesAreToldApart() {
    try (WriteTxn txn = db.write()) {
      txn.table("plain").put(new byte[] {1}, new byte[] {2});
      txn.ttlTable("ttl", Codec.STRING, Codec.U64);
      txn.commit();
    }
    try (ReadTxn txn = db.read()) {
      assertThrows(TableException.class, () -> txn.rawTtlTable("plain"));
      assertThrows(TableException.class, () -> txn.ttlTable("ttl", Codec.STRING, Codec.STRING));
      assertEquals("ttl::u64", txn.find("ttl").valueType().name());
      assertEquals(0, txn.rawTtlTable("ttl").liveCount());
    }
    db.setClock(null);
    assertTrue(Duration.between(db.now(), Instant.now()).abs().compareTo(Duration.ofHours(1)) < 0);
    assertThrows(UsageException.class, () -> at(-1));
  }
}
