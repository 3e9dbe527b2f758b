package rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Multimaps: several values a key, both in order. */
class MultimapTest {
  private Database db;

  @BeforeEach
  void open() {
    db = Database.openMemory();
  }

  @AfterEach
  void close() {
    db.close();
  }

  private static Multimap<String, Long> tags(WriteTxn txn) {
    Multimap<String, Long> tags = txn.multimap("tags", Codec.STRING, Codec.I64);
    assertEquals(
        5,
        tags.putAll(
            List.of(
                Map.entry("b", 2L),
                Map.entry("a", 30L),
                Map.entry("b", -1L),
                Map.entry("c", 7L),
                Map.entry("b", 100L))));
    return tags;
  }

  private static <K, V> String text(Iterator<Entry<K, V>> pairs) {
    List<String> words = new ArrayList<>();
    while (pairs.hasNext()) words.add(text(pairs.next()));
    return String.join(" ", words);
  }

  private static <K, V> String text(Entry<K, V> pair) {
    return pair == null ? "" : pair.key() + "" + pair.value();
  }

  @Test
  void readsValuesInOrder() {
    try (WriteTxn txn = db.write()) {
      Multimap<String, Long> tags = tags(txn);
      assertEquals(List.of(-1L, 2L, 100L), tags.get("b"));
      assertEquals(List.of(), tags.get("x"));
      assertTrue(tags.contains("b"));
      assertFalse(tags.contains("x"));
      assertTrue(tags.contains("b", 2L));
      assertFalse(tags.contains("b", 3L));
      assertEquals(3, tags.count("b"));
      assertEquals(0, tags.count("x"));
      assertEquals(5, tags.size());
      assertEquals(3, tags.keyCount());
      assertEquals("a30 b-1 b2 b100 c7", text(tags.iterator()));
      assertEquals("b-1 b2 b100", text(tags.scan(Range.of("b", "c"))));
      assertEquals("b100 b2 b-1 a30", text(tags.scanDescending(Range.<String>all().to("c"))));
      assertEquals("b-1 b2 b100", text(tags.values("b")));
      assertEquals("c7", text(tags.prefix("c")));
      assertEquals(
          "a b b b c", tags.stream().map(Entry::key).collect(Collectors.joining(" ")));
    }
  }

  @Test
  void pairsAndKeysComeAndGo() {
    try (WriteTxn txn = db.write()) {
      Multimap<String, Long> tags = tags(txn);
      assertTrue(tags.put("b", 3L));
      assertFalse(tags.put("b", 3L));
      assertTrue(tags.delete("b", 2L));
      assertFalse(tags.delete("b", 2L));
      assertTrue(tags.deleteKey("a"));
      assertFalse(tags.deleteKey("a"));
      Batch<String, Long> batch = tags.batch().add("b", -1L).add("b", 5L).add("c", 7L);
      assertEquals(2, tags.delete(batch));
      assertEquals("b3 b100", text(tags.iterator()));
      assertEquals(3, tags.put(batch));
      assertEquals(0, tags.put(batch));
      assertEquals(1, tags.drain(Range.<String>all().to("c")));
      assertEquals(1, tags.deleteKeys(List.of("c", "x")));
      assertEquals(0, tags.size());
    }
  }

  @Test
  void aCursorWalksOverKeysAndOverValues() {
    try (WriteTxn txn = db.write()) {
      Multimap<String, Long> tags = tags(txn);
      try (MultimapCursor<String, Long> cursor = tags.cursor()) {
        // Each step, and where it leads; "" is nowhere.
        List<Map.Entry<Supplier<Entry<String, Long>>, String>> steps =
            List.of(
                Map.entry(cursor::moveOn, "a30"),
                Map.entry(cursor::nextValue, ""),
                Map.entry(cursor::current, "a30"),
                Map.entry(cursor::nextKey, "b-1"),
                Map.entry(cursor::previousValue, ""),
                Map.entry(cursor::lastValue, "b100"),
                Map.entry(cursor::previousValue, "b2"),
                Map.entry(cursor::firstValue, "b-1"),
                Map.entry(cursor::nextValue, "b2"),
                Map.entry(cursor::nextKey, "c7"),
                Map.entry(cursor::previousKey, "b100"),
                Map.entry(() -> cursor.seekPair("b", 3L), "b100"),
                Map.entry(() -> cursor.seekPair("b", 101L), "c7"),
                Map.entry(() -> cursor.seekPair("c", 8L), ""),
                Map.entry(() -> cursor.seek("b"), "b-1"),
                Map.entry(() -> cursor.seekExact("bb"), ""),
                Map.entry(() -> cursor.seekFloor("bb"), "b100"));
        for (int i = 0; i < steps.size(); i++) {
          assertEquals(steps.get(i).getValue(), text(steps.get(i).getKey().get()), "step " + i);
        }
        assertEquals(3, cursor.valueCount());
        cursor.remove();
        assertEquals("c7", text(cursor.moveOn()));
        assertNull(cursor.moveOn());
      }
      assertEquals("a30 b-1 b2 c7", text(tags.iterator()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 256, 5000})
  void valuesOfAKeyAreManyOrFew(int count) {
    try (WriteTxn txn = db.write()) {
      Multimap<String, Long> numbers = txn.multimap("n", Codec.STRING, Codec.I64);
      Batch<String, Long> batch = numbers.batch();
      for (long value = count - 1; value >= 0; value--) batch.add("k", value);
      assertEquals(count, numbers.put(batch));
      txn.commit();
    }
    try (ReadTxn txn = db.read()) {
      Multimap<String, Long> numbers = txn.multimap("n", Codec.STRING, Codec.I64);
      assertEquals(LongStream.range(0, count).boxed().toList(), numbers.get("k"));
      assertEquals(count, numbers.count("k"));
      assertEquals(count, numbers.stats().entries());
    }
    try (WriteTxn txn = db.write()) { // and few again
      Multimap<String, Long> numbers = txn.multimap("n", Codec.STRING, Codec.I64);
      for (long value = 1; value < count; value++) assertTrue(numbers.delete("k", value));
      assertEquals(List.of(0L), numbers.get("k"));
      txn.commit();
    }
    assertEquals(List.of(), db.verify(VerifyLevel.FULL).problems());
  }

  @Test
  void tablesAndMultimapsAreNotTakenForEachOther() {
    try (WriteTxn txn = db.write()) {
      tags(txn);
      txn.table("t", Codec.STRING, Codec.I64).put("a", 1L);
      txn.commit();
    }
    try (WriteTxn txn = db.write()) {
      assertThrows(TableException.class, () -> txn.table("tags", Codec.STRING, Codec.I64));
      assertThrows(TableException.class, () -> txn.multimap("t", Codec.STRING, Codec.I64));
      assertThrows(TableException.class, () -> txn.multimap("tags", Codec.STRING, Codec.STRING));
    }
  }

  @Test
  void whatIsOverOrOnlyReadRefusesChanges() {
    Multimap<String, Long> old;
    try (WriteTxn txn = db.write()) {
      old = tags(txn);
      txn.commit();
    }
    assertThrows(ClosedException.class, () -> old.get("b"));
    assertThrows(ClosedException.class, () -> old.put("b", 1L));
    assertThrows(ClosedException.class, old::cursor);
    try (ReadTxn txn = db.read()) {
      Multimap<String, Long> tags = txn.multimap("tags", Codec.STRING, Codec.I64);
      assertThrows(UsageException.class, () -> tags.put("b", 1L));
      assertThrows(UsageException.class, () -> tags.drain(Range.all()));
      assertThrows(NullPointerException.class, () -> tags.get(null));
      assertThrows(TableException.class, () -> txn.multimap("none", Codec.STRING, Codec.I64));
    }
  }
}
