package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ThreadsTest {
  private static final int COUNT = 20_000;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Database db = Database.openMemory();

  @BeforeEach
  void fill() {
    db.update(txn -> {
      Table<Long, Long> table = txn.table("t", Codec.U64, Codec.U64);
      Batch<Long, Long> batch = table.batch();
      for (long i = 0; i < COUNT; i++) batch.add(i, i);
      table.put(batch);
    });
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    db.closeDeferred();
  }

  private static Table<Long, Long> table(Transaction txn) {
    return txn.table("t", Codec.U64, Codec.U64);
  }

  @Test
  void manyThreadsReadOneTable() throws Exception {
    try (ReadTxn txn = db.read()) {
      Table<Long, Long> table = table(txn);
      List<Future<Long>> sums = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        sums.add(threads.submit(() -> {
          Random random = new Random(seed);
          long sum = 0;
          for (int i = 0; i < 20_000; i++) {
            long key = random.nextInt(COUNT);
            assertEquals(key, table.get(key));
          }
          for (Entry<Long, Long> entry : table) sum += entry.value();
          return sum;
        }));
      }
      for (Future<Long> sum : sums) assertEquals((long) COUNT * (COUNT - 1) / 2, sum.get());
    }
  }

  /** Runs call on some threads until all of them met a closed object. */
  private void untilClosed(Callable<?> call, Runnable close) throws Exception {
    CountDownLatch under = new CountDownLatch(3 * 50);
    List<Future<?>> running = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      running.add(threads.submit(() -> {
        while (true) {
          try {
            call.call();
          } catch (ClosedException e) {
            while (under.getCount() > 0) under.countDown();
            return null;
          } catch (UsageException | ConcurrencyException e) {
            // Two threads in what belongs to one, or a close that is under way.
          }
          under.countDown();
        }
      }));
    }
    under.await();
    close.run();
    for (Future<?> each : running) each.get();
  }

  @Test
  void readersAreClosedUnderRunningCalls() throws Exception {
    for (int round = 0; round < 8; round++) {
      ReadTxn txn = db.read();
      Table<Long, Long> table = table(txn);
      untilClosed(() -> table.get(7L), round % 2 == 0 ? txn::close : table::close);
      txn.close();
      ReadTxn other = db.read();
      Table<Long, Long> scanned = table(other);
      untilClosed(() -> {
        long sum = 0;
        try (Cursor<Long, Long> cursor = scanned.cursor()) {
          while (cursor.hasNext()) sum += cursor.next().value();
        }
        return sum;
      }, other::close);
    }
    assertEquals(0, db.stats().liveReaders());
  }

  @Test
  void aSharedCursorNeverCrashes() throws Exception {
    for (int round = 0; round < 8; round++) {
      ReadTxn txn = db.read();
      Cursor<Long, Long> cursor = table(txn).cursor();
      Random random = new Random(round);
      untilClosed(() -> {
        try {
          switch (random.nextInt(3)) {
            case 0 -> cursor.seek((long) random.nextInt(COUNT));
            case 1 -> cursor.moveOn();
            default -> {
              for (int i = 0; i < 40 && cursor.hasNext(); i++) cursor.next();
            }
          }
        } catch (IllegalStateException | IndexOutOfBoundsException | NullPointerException
            | java.util.NoSuchElementException e) {
          // What two threads make of one iterator is their own affair, as long as nothing breaks.
          if (e instanceof ClosedException) throw e;
        }
        return null;
      }, round % 2 == 0 ? cursor::close : txn::close);
      txn.close();
    }
  }

  @Test
  void writersAreClosedUnderRunningCalls() throws Exception {
    for (int round = 0; round < 8; round++) {
      WriteTxn txn = db.write();
      Table<Long, Long> table = table(txn);
      AtomicLong next = new AtomicLong(1_000_000);
      untilClosed(() -> {
        table.put(next.incrementAndGet(), 1L);
        return null;
      }, txn::close);
      long size = db.view(reader -> table(reader).size());
      assertEquals(COUNT, size);
    }
  }

  @Test
  void aWriterCommitsOnlyWhenNobodyIsInACall() throws Exception {
    AtomicBoolean committed = new AtomicBoolean();
    WriteTxn txn = db.write();
    Table<Long, Long> table = table(txn);
    AtomicLong stored = new AtomicLong();
    untilClosed(() -> {
      table.put(1_000_000 + stored.get(), 1L);
      stored.incrementAndGet();
      return null;
    }, () -> {
      while (!committed.get()) {
        try {
          txn.commit();
          committed.set(true);
        } catch (UsageException | ConcurrencyException e) {
          Thread.onSpinWait();
        }
      }
    });
    assertTrue(stored.get() > 0);
    long size = db.view(reader -> table(reader).size());
    assertTrue(size > COUNT && size <= COUNT + stored.get() + 1);
  }

  @Test
  void twoTablesOfAWriterAreFilledAtOnce() throws Exception {
    try (WriteTxn txn = db.write()) {
      List<Future<?>> running = new ArrayList<>();
      for (String name : List.of("left", "right")) {
        Table<Long, Long> table = txn.table(name, Codec.U64, Codec.U64);
        running.add(threads.submit(() -> {
          for (long i = 0; i < 20_000; i++) table.put(i, i);
        }));
      }
      for (Future<?> each : running) each.get();
      txn.commit();
    }
    for (String name : List.of("left", "right")) {
      long size = db.view(txn -> txn.table(name, Codec.U64, Codec.U64).size());
      assertEquals(20_000, size);
    }
  }

  @Test
  void aWriterMovesBetweenThreads() throws Exception {
    WriteTxn txn = threads.submit(() -> db.write()).get();
    Table<Long, Long> table = threads.submit(() -> table(txn)).get();
    threads.submit(() -> table.put(-1L, 1L)).get();
    threads.submit(txn::commit).get();
    long value = db.view(reader -> table(reader).get(-1L));
    assertEquals(1, value);
  }

  @Test
  void aDatabaseIsClosedWhileOthersBegin() throws Exception {
    for (int round = 0; round < 8; round++) {
      Database other = Database.openMemory();
      untilClosed(() -> {
        try (ReadTxn txn = other.read()) {
          return txn.tables();
        }
      }, other::closeDeferred);
      Database third = Database.openMemory();
      untilClosed(() -> {
        try (ReadTxn txn = third.read()) {
          return txn.tables();
        }
      }, () -> {
        while (true) {
          try {
            third.close();
            return;
          } catch (ConcurrencyException e) {
            assertEquals(Status.ERR_BUSY, e.status());
          }
        }
      });
    }
  }

  @Test
  void cancellationEndsTheWaitForTheWriter() throws Exception {
    try (WriteTxn writer = db.write(); Cancellation cancellation = new Cancellation()) {
      WriteOptions options = new WriteOptions().cancellation(cancellation);
      Future<?> waiting = threads.submit(() -> db.write(options));
      cancellation.trigger();
      Exception failed = assertThrows(java.util.concurrent.ExecutionException.class, waiting::get);
      CancelledException cancelled = assertInstanceOf(CancelledException.class, failed.getCause());
      assertEquals(Status.ERR_CANCELLED, cancelled.status());
      assertThrows(CancelledException.class, () -> db.write(options));
      cancellation.reset();
      writer.close();
      db.write(options).close();
    }
  }

  @Test
  void otherLongCallsAreCancelledToo() {
    try (Cancellation cancellation = new Cancellation(); ReadTxn txn = db.read()) {
      Table<Long, Long> table = table(txn);
      assertEquals(COUNT, table.stats(cancellation).entries());
      cancellation.trigger();
      assertThrows(CancelledException.class, () -> table.stats(cancellation));
      assertThrows(CancelledException.class, () -> db.verify(VerifyLevel.FULL, null, cancellation));
      cancellation.reset();
      assertTrue(db.verify(VerifyLevel.FULL, null, cancellation).isClean());
    }
  }

  @Test
  void aCancellationIsTriggeredFromWithinACallback() {
    try (Cancellation cancellation = new Cancellation()) {
      assertThrows(CancelledException.class, () -> db.verify(VerifyLevel.FULL, (done, total) -> {
        cancellation.trigger();
        return true;
      }, cancellation));
    }
  }

  @Test
  void interruptsEndACallOnRequestOnly() throws Exception {
    try (WriteTxn writer = db.write(); Cancellation onInterrupt = Cancellation.onInterrupt()) {
      CountDownLatch begun = new CountDownLatch(1);
      AtomicBoolean still = new AtomicBoolean();
      Thread waiting = new Thread(() -> {
        begun.countDown();
        assertThrows(CancelledException.class,
            () -> db.write(new WriteOptions().cancellation(onInterrupt)));
        still.set(Thread.currentThread().isInterrupted());
      });
      waiting.start();
      begun.await();
      waiting.interrupt(); // before or meanwhile
      waiting.join();
      assertTrue(still.get());

      Thread.currentThread().interrupt();
      assertThrows(CancelledException.class,
          () -> db.write(new WriteOptions().cancellation(onInterrupt)));
      assertTrue(Thread.interrupted());
      // The same object serves on, and an interrupt without one does nothing.
      assertEquals(Status.ERR_LOCK_TIMEOUT, assertThrows(ConcurrencyException.class,
          () -> db.write(new WriteOptions().cancellation(onInterrupt).timeout(Duration.ofMillis(5)))).status());
      Thread.currentThread().interrupt();
      assertEquals(Status.ERR_LOCK_TIMEOUT, assertThrows(ConcurrencyException.class,
          () -> db.write(new WriteOptions().timeout(Duration.ofMillis(5)))).status());
      db.read().close();
      assertTrue(Thread.interrupted());
      onInterrupt.trigger();
      assertThrows(CancelledException.class,
          () -> db.write(new WriteOptions().cancellation(onInterrupt)));
    }
  }

  @Test
  void aListenerThatClosesTheDatabaseIsRefusedAndHarmless() {
    Database other = Database.openMemory();
    other.update(txn -> table(txn).put(1L, 1L));
    ConcurrencyException busy = assertThrows(ConcurrencyException.class,
        () -> other.verify(VerifyLevel.FULL, (done, total) -> {
          other.close();
          return true;
        }, null));
    assertEquals(Status.ERR_BUSY, busy.status());
    // The deferred form waits for the call that it is made from.
    assertTrue(other.verify(VerifyLevel.FULL, (done, total) -> {
      other.closeDeferred();
      return true;
    }, null).isClean());
    assertThrows(ClosedException.class, other::read);
  }

  @Test
  void anotherThreadInTheSameTableIsRefused() {
    Database other = Database.openMemory();
    try (WriteTxn txn = other.write()) {
      Table<Long, Long> table = table(txn);
      table.put(1L, 1L);
      // From within a call: an iterable whose element is asked for while nothing is in flight works.
      table.deleteAll(() -> {
        table.put(2L, 2L);
        return List.of(1L).iterator();
      });
      assertEquals(1, table.size());
    }
    other.close();
  }
}
