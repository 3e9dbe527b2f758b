import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import rdb.Batch;
import rdb.Codec;
import rdb.Database;
import rdb.Entry;
import rdb.MergeOperator;
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

  private static void countPairs(Table<byte[], Long> table, byte[][] hits) {
    for (byte[] key : hits) {
      Long before = table.get(key);
      table.put(key, before == null ? 1 : before + 1);
    }
  }

  private static void countMerges(Table<byte[], Long> table, byte[][] hits) {
    for (byte[] key : hits) table.merge(key, 1L, MergeOperator.NUMERIC_ADD);
  }

  private static void countBatches(Table<byte[], Long> table, byte[][] hits, Batch<byte[], Long> batch) {
    for (int i = 0; i < hits.length; i++) {
      batch.add(hits[i], 1L);
      if (batch.size() < COUNT_BATCH && i + 1 < hits.length) continue;
      table.merge(batch, MergeOperator.NUMERIC_ADD);
      batch.clear();
    }
  }

  @Override
  void count(String workload, String file, byte[][] hits) {
    try (Database db = Database.open(Path.of(file), new Options().mode(OpenMode.CREATE_NEW));
        WriteTxn txn = db.write()) {
      Table<byte[], Long> table = txn.table("counters", Codec.BYTES, Codec.U64);
      Batch<byte[], Long> merges = table.batch();
      Pass pass = switch (workload) {
        case "count_pairs" -> () -> countPairs(table, hits);
        case "count_merges" -> () -> countMerges(table, hits);
        default -> () -> countBatches(table, hits, merges);
      };
      seconds = repeat(() -> {
        pass.run();
        records += hits.length;
      });
      long sum = 0;
      for (Entry<byte[], Long> entry : table) sum += entry.value();
      bytes = 8 * (sum - hits.length); // the warm pass
      txn.abort();
    }
    try {
      Files.delete(Path.of(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
