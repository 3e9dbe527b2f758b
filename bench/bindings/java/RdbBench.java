import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import rdb.Batch;
import rdb.Database;
import rdb.Entry;
import rdb.OpenMode;
import rdb.Options;
import rdb.ReadTxn;
import rdb.Table;
import rdb.WriteTxn;

/** The workloads over rdb. */
public final class RdbBench extends Bench {
  private static final int BATCH = 100_000;

  /** Of all passes, as a program that writes again and again has one. */
  private Batch<byte[], byte[]> batch;

  public static void main(String[] arguments) throws IOException {
    new RdbBench().run("rdb", arguments);
  }

  private static Database reading(String file) {
    return Database.open(Path.of(file), new Options().mode(OpenMode.READ_ONLY));
  }

  /** Reads entries where they lie, as C reads slices; key() and value() would make arrays of them. */
  private void scanOnce(Table<byte[], byte[]> table) {
    for (Entry<byte[], byte[]> entry : table) {
      seen(entry.valueSize(), entry.valueByte(0));
      mixed += entry.keySize();
    }
  }

  @Override
  void scan(String file) {
    try (Database db = reading(file); ReadTxn txn = db.read()) {
      Table<byte[], byte[]> table = txn.table("bench");
      seconds = repeat(() -> scanOnce(table));
    }
  }

  private void getAll(Table<byte[], byte[]> table, byte[][] keys) {
    for (byte[] key : keys) {
      byte[] value = table.get(key);
      seen(value.length, value[0]);
    }
  }

  @Override
  void get(String file, byte[][] keys) {
    try (Database db = reading(file); ReadTxn txn = db.read()) {
      Table<byte[], byte[]> table = txn.table("bench");
      seconds = repeat(() -> getAll(table, keys));
    }
  }

  @Override
  double putPass(String file, byte[][] keys, byte[][] values) {
    double took;
    try (Database db = Database.open(Path.of(file))) {
      long begun = System.nanoTime();
      try (WriteTxn txn = db.write()) {
        Table<byte[], byte[]> table = txn.table("bench");
        if (batch == null) batch = table.batch();
        for (int i = 0; i < keys.length; i++) {
          batch.add(keys[i], values[i]);
          if (batch.size() < BATCH && i + 1 < keys.length) continue;
          table.put(batch);
          batch.clear();
        }
        txn.commit();
      }
      took = (System.nanoTime() - begun) / 1e9;
    }
    try {
      Files.delete(Path.of(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return took;
  }
}
