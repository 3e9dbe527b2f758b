package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Neither handles nor memory grow with the number of calls. The property rdb.leak.factor makes the
 * loops longer: 100 are a million transactions and ten thousand openings, of which fifty lost bytes
 * each would be found; the short loops find a kilobyte or more each, and every lost handle.
 */
class LeakTest {
  private static final int FACTOR = Integer.getInteger("rdb.leak.factor", 1);
  private static final int TRANSACTIONS = 10_000 * FACTOR;
  private static final int OPENINGS = 100 * FACTOR;

  /** What allocators keep for themselves. Heap and direct memory are held small: pom.xml, rdb.jvm. */
  private static final long ALLOWED_BYTES = 48L << 20;

  /** The process's resident memory, once the collector has done what it can. */
  private static long residentBytes() throws Exception {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(30);
    }
    String statm = Files.readString(Path.of("/proc/self/statm"));
    return Long.parseLong(statm.split(" ")[1]) * 4096;
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private interface Step {
    void run(int i) throws Exception;
  }

  private static void steady(int steps, Step step) throws Exception {
    for (int i = 0; i < steps / 2; i++) step.run(i); // what is kept once, is kept now
    long resident = residentBytes();
    long direct = directBytes();
    long handles = Handle.live();
    for (int i = 0; i < steps; i++) step.run(i);
    long grown = residentBytes() - resident;
    assertTrue(grown < ALLOWED_BYTES, "grown by " + grown + " bytes in " + steps + " steps");
    assertTrue(directBytes() - direct < ALLOWED_BYTES / 4, "direct memory grew");
    for (int i = 0; i < 100 && Handle.live() > handles; i++) {
      System.gc(); // those that were abandoned take their time
      Thread.sleep(20);
    }
    assertTrue(Handle.live() <= handles, Handle.live() - handles + " handles were not released");
  }

  private static void fill(Database db) {
    db.update(txn -> {
      Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
      for (long i = 0; i < 1000; i++) table.put(i, new byte[500]);
    });
  }

  @Test
  void transactionsThatRead() throws Exception {
    try (Database db = Database.openMemory()) {
      fill(db);
      steady(TRANSACTIONS, i -> {
        try (ReadTxn txn = db.read()) {
          Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
          assertEquals(500, table.get((long) i % 1000).length);
          try (Value value = table.pin(1L)) {
            assertEquals(500, value.buffer().remaining());
          }
          int seen = 0;
          for (Entry<Long, byte[]> entry : table) {
            seen += entry.valueSize();
            if (seen >= 2000) break; // the iterator is left to the transaction's end
          }
          assertThrows(TableException.class, () -> txn.table("none"));
        }
      });
      assertEquals(0, db.stats().liveReaders());
      assertEquals(0, db.stats().pinnedBytes());
    }
  }

  @Test
  void transactionsThatWrite() throws Exception {
    try (Database db = Database.openMemory()) {
      fill(db);
      steady(TRANSACTIONS / 5, i -> {
        try (WriteTxn txn = db.write(new WriteOptions().durability(Durability.NONE))) {
          Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
          table.put((long) i % 1000, new byte[500]);
          table.put(table.batch().add(5L, new byte[10]));
          table.popFirst();
          table.put(0L, new byte[1]);
          if (i % 2 == 0) txn.commit();
        }
      });
    }
  }

  @Test
  void openingAndClosing() throws Exception {
    try (TempDatabase temp = new TempDatabase()) {
      fill(temp.db);
      temp.db.close();
      steady(OPENINGS, i -> {
        try (Database db = Database.open(temp.file, new Options().memoryBudget(4 << 20));
            ReadTxn txn = db.read()) {
          assertEquals(1000, txn.table("t", Codec.U64, Codec.BYTES).size());
        }
        assertThrows(CorruptionException.class, () -> {
          Path foreign = temp.folder.resolve("foreign");
          if (!Files.exists(foreign)) Files.write(foreign, new byte[8192]);
          byte[] content = Files.readAllBytes(foreign);
          content[0] = 1;
          Files.write(foreign, content);
          Database.open(foreign);
        });
      });
    }
  }

  @Test
  void abandonedObjectsAreCollected() throws Exception {
    try (Database db = Database.openMemory()) {
      fill(db);
      steady(TRANSACTIONS / 2, i -> {
        Table<Long, byte[]> table = db.read().table("t", Codec.U64, Codec.BYTES);
        table.iterator().next();
        table.pin(1L);
        new Cancellation();
        if (i % 1000 == 999) System.gc();
      });
      for (int i = 0; i < 100 && db.stats().liveReaders() + db.stats().pinnedBytes() > 0; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertEquals(0, db.stats().liveReaders());
      assertEquals(0, db.stats().pinnedBytes());
    }
  }

  @Test
  void anAbandonedDatabaseGivesItsFileBack() throws Exception {
    try (TempDatabase temp = new TempDatabase()) {
      temp.db.close();
      abandon(temp.file);
      Database again = null;
      for (int i = 0; i < 200 && again == null; i++) {
        System.gc();
        Thread.sleep(20);
        try {
          again = Database.open(temp.file);
        } catch (ConcurrencyException e) {
          assertEquals(Status.ERR_ALREADY_OPEN, e.status());
        }
      }
      assertNotNull(again, "the file was never closed");
      byte[] value = again.view(txn -> txn.table("t").get(new byte[] {1}));
      assertArrayEquals(new byte[] {2}, value);
      again.close();
    }
  }

  /** In a frame of its own, so that nothing keeps the object alive. */
  private static void abandon(Path file) {
    Database db = Database.open(file);
    db.update(txn -> txn.table("t").put(new byte[] {1}, new byte[] {2}));
    db.read().table("t").iterator().next();
    db.write().table("t").put(new byte[] {1}, new byte[] {3}); // never committed
  }

  @Test
  void aBuffersPinOutlivesItsValue() throws Exception {
    try (Database db = Database.openMemory()) {
      fill(db);
      java.nio.ByteBuffer slice = db.view(
          txn -> txn.table("t", Codec.U64, Codec.BYTES).pin(1L).buffer().slice(10, 100));
      for (int i = 0; i < 5; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertTrue(db.stats().pinnedBytes() > 0);
      assertEquals(0, slice.get(99));
      slice = null;
      for (int i = 0; i < 100 && db.stats().pinnedBytes() > 0; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertEquals(0, db.stats().pinnedBytes());
    }
  }
}
