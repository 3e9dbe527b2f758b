package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
  private static final int ENOENT = 2;
  private static final int EEXIST = 17;

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("a.rdb");
  }

  @Test
  void committedRecordsSurviveReopening() {
    try (Database db = Database.open(file())) {
      db.update(txn -> txn.table("t", Codec.STRING, Codec.U64).put("a", 1L));
    }
    try (Database db = Database.open(file())) {
      assertTrue(db.recovery().clean());
      long got = db.view(txn -> txn.table("t", Codec.STRING, Codec.U64).get("a"));
      assertEquals(1, got);
    }
  }

  @Test
  void anExceptionTakesTheTransactionBack() {
    try (Database db = Database.openMemory()) {
      IllegalArgumentException thrown = new IllegalArgumentException("stop");
      assertSame(thrown, assertThrows(IllegalArgumentException.class, () -> db.update(txn -> {
        txn.table("t").put(new byte[] {1}, new byte[] {2});
        throw thrown;
      })));
      assertTrue(db.view(Transaction::tables).isEmpty());
    }
  }

  @Test
  void modesDecideWhatMustBeThere() {
    StorageException missing = assertThrows(StorageException.class,
        () -> Database.open(file(), new Options().mode(OpenMode.EXISTING)));
    assertEquals(Status.ERR_IO, missing.status());
    assertEquals(ENOENT, missing.errno());
    Database.open(file(), new Options().mode(OpenMode.CREATE_NEW)).close();
    StorageException there = assertThrows(StorageException.class,
        () -> Database.open(file(), new Options().mode(OpenMode.CREATE_NEW)));
    assertEquals(EEXIST, there.errno());
    try (Database db = Database.open(file(), new Options().mode(OpenMode.READ_ONLY))) {
      StorageException readOnly = assertThrows(StorageException.class, db::write);
      assertEquals(Status.ERR_READ_ONLY, readOnly.status());
    }
  }

  @Test
  void aFileIsOpenedForWritingOnce() {
    try (Database db = Database.open(file())) {
      ConcurrencyException refused = assertThrows(ConcurrencyException.class, () -> Database.open(file()));
      assertEquals(Status.ERR_ALREADY_OPEN, refused.status());
      assertEquals("RDB_ERR_ALREADY_OPEN", refused.statusName());
    }
  }

  @Test
  void foreignContentIsRefused() throws Exception {
    Files.write(file(), "this is no database, but long enough to have a header".repeat(20).getBytes());
    CorruptionException refused = assertThrows(CorruptionException.class, () -> Database.open(file()));
    assertEquals(Status.ERR_FORMAT, refused.status());
  }

  @Test
  void optionsAreCheckedByTheLibrary() {
    assertEquals(Status.ERR_UNKNOWN_OPTION, assertThrows(UsageException.class,
        () -> Database.openMemory(new Options().set("colour", "red"))).status());
    assertEquals(Status.ERR_INVALID_ARGUMENT, assertThrows(UsageException.class,
        () -> Database.openMemory(new Options().set("read_verification", "now and then"))).status());
    List<OptionInfo> options = Database.options();
    OptionInfo mode = options.get(0);
    assertEquals("mode", mode.name());
    assertEquals(OptionInfo.Type.CHOICE, mode.type());
    assertEquals(List.of("create", "existing", "read_only", "create_new"), mode.choices());
    for (OptionInfo option : options) {
      String value = option.choices().isEmpty() ? option.initial() : option.choices().get(0);
      Database.openMemory(new Options().set(option.name(), value)).close();
    }
  }

  @Test
  void theMemoryBudgetArrives() {
    try (Database db = Database.openMemory(new Options().memoryBudget(8 << 20))) {
      assertEquals(8 << 20, db.stats().memoryBudgetBytes());
    }
  }

  @Test
  void closeRefusesWhileTransactionsAreOpen() {
    Database db = Database.openMemory();
    try (ReadTxn txn = db.read()) {
      ConcurrencyException busy = assertThrows(ConcurrencyException.class, db::close);
      assertEquals(Status.ERR_BUSY, busy.status());
      assertEquals(1, db.stats().liveReaders());
    }
    db.close();
    db.close();
    assertThrows(ClosedException.class, db::read);
    assertThrows(IllegalStateException.class, db::stats);
  }

  @Test
  void aDeferredCloseLetsTransactionsEnd() {
    Database db = Database.open(file());
    ReadTxn txn = db.read();
    db.closeDeferred();
    ClosedException closed = assertThrows(ClosedException.class, txn::tables);
    assertEquals(Status.ERR_CLOSED, closed.status());
    txn.close();
    Database.open(file()).close(); // the lock is gone with the last transaction
    db.close();
  }

  @Test
  void verificationReports() {
    try (TempDatabase temp = new TempDatabase()) {
      temp.db.update(txn -> {
        Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
        for (long i = 0; i < 5000; i++) table.put(i, new byte[100]);
      });
      List<Long> seen = new ArrayList<>();
      Report report = temp.db.verify(VerifyLevel.FULL, (done, total) -> seen.add(done), null);
      assertTrue(report.isClean());
      assertTrue(report.pagesChecked() > 100);
      assertTrue(report.entriesChecked() >= 5000);
      assertFalse(seen.isEmpty());
      assertNull(temp.db.verify(VerifyLevel.FULL, (done, total) -> false, null));
      IllegalStateException own = new IllegalStateException("from the listener");
      assertSame(own, assertThrows(IllegalStateException.class,
          () -> temp.db.verify(VerifyLevel.FULL, (done, total) -> { throw own; }, null)));
      assertThrows(StackOverflowError.class, // an Error passes too
          () -> temp.db.verify(VerifyLevel.FULL, (done, total) -> { throw new StackOverflowError(); }, null));
      assertTrue(temp.db.verify(VerifyLevel.FULL).isClean());
    }
  }

  @Test
  void damageIsFoundAndNamed() throws Exception {
    try (Database db = Database.open(file())) {
      db.update(txn -> {
        Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
        for (long i = 0; i < 5000; i++) table.put(i, new byte[100]);
      });
    }
    byte[] bytes = Files.readAllBytes(file());
    int pages = bytes.length / 4096; // leaves fill the second half of the file
    for (int page = pages / 2; page < pages * 3 / 4; page++) bytes[page * 4096 + 2000] ^= 0x55;
    Files.write(file(), bytes);
    try (Database db = Database.open(file(), new Options().mode(OpenMode.READ_ONLY))) {
      Report report = db.verify(VerifyLevel.CHECKSUMS);
      assertFalse(report.isClean());
      Problem problem = report.problems().get(0);
      assertFalse(problem.object().isEmpty());
      assertFalse(problem.what().isEmpty());
      assertFalse(problem.meaning().isEmpty());
      CorruptionException damaged = assertThrows(CorruptionException.class, () -> db.view(txn -> {
        long sum = 0;
        for (Entry<Long, byte[]> entry : txn.table("t", Codec.U64, Codec.BYTES)) sum += entry.key();
        return sum;
      }));
      assertEquals(Status.ERR_PAGE_CORRUPTED, damaged.status());
      assertNotEquals(RdbException.NO_POSITION, damaged.position());
    }
  }

  @Test
  void aFileThatWasNotClosedIsRepairedAndTheListenerTold() throws Exception {
    Path copy = folder.resolve("copy.rdb");
    try (Database db = Database.open(file())) {
      db.update(txn -> {
        Table<Long, byte[]> table = txn.table("t", Codec.U64, Codec.BYTES);
        for (long i = 0; i < 5000; i++) table.put(i, new byte[100]);
      });
      Files.copy(file(), copy);
    }
    assertEquals(Status.ERR_REPAIR_ABORTED, assertThrows(CorruptionException.class,
        () -> Database.open(copy, new Options().progress((done, total) -> false))).status());
    IllegalStateException own = new IllegalStateException("from the listener");
    assertSame(own, assertThrows(IllegalStateException.class,
        () -> Database.open(copy, new Options().progress((done, total) -> { throw own; }))));
    List<Long> seen = new ArrayList<>();
    try (Database db = Database.open(copy, new Options().progress((done, total) -> seen.add(total)))) {
      assertFalse(seen.isEmpty());
      Recovery recovery = db.recovery();
      assertFalse(recovery.clean());
      assertTrue(recovery.fullRepair());
      long size = db.view(txn -> txn.table("t", Codec.U64, Codec.BYTES).size());
      assertEquals(5000, size);
    }
  }

  @Test
  void theLibraryDescribesItself() {
    assertTrue(Database.version().matches("\\d+\\.\\d+\\.\\d+"));
    assertEquals(Native.ABI_VERSION, Database.abiVersion());
    assertFalse(Database.buildInfo().isEmpty());
    assertTrue(Database.hasFeature("tables"));
    assertFalse(Database.hasFeature("teleportation"));
    assertTrue(Database.libraryOrigin().endsWith(".so"));
  }

  @Test
  void pathsOfOtherFileSystemsAreRefused() throws Exception {
    Path zip = folder.resolve("a.zip");
    try (var system = java.nio.file.FileSystems.newFileSystem(zip, java.util.Map.of("create", "true"))) {
      assertThrows(UnsupportedOperationException.class, () -> Database.open(system.getPath("/a.rdb")));
    }
  }

  @Test
  void statsCount() {
    try (Database db = Database.openMemory()) {
      Stats before = db.stats();
      db.update(txn -> txn.table("t").put(new byte[1], new byte[1]));
      Stats after = db.stats();
      assertEquals(before.commits() + 1, after.commits());
      assertEquals(4096, after.pageBytes());
      assertTrue(after.bytesWritten() > before.bytesWritten());
    }
  }
}
