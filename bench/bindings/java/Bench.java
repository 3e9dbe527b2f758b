import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/** What both engines' programs share: records, clock, the line that is printed. */
abstract class Bench {
  static final int KEY_BYTES = 16;
  static final int VALUE_BYTES = 150;
  static final int GETS = 200_000;
  static final int PUT_PASSES = 3;
  static final int COUNTERS = 10_000;
  static final int COUNT_BATCH = 1_000;
  private static final long LEAST_NANOSECONDS = 300_000_000;

  /** Sums of passes. */
  long records;
  long bytes;
  /** Read from every value and used, so that no compiler leaves the reading out. */
  long mixed;

  static long mix(long i) {
    long x = i + 0x9e3779b97f4a7c15L;
    x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
    x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
    return x ^ x >>> 31;
  }

  static byte[] key(long i) {
    return HexFormat.of().toHexDigits(mix(i)).getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] value(byte[] key) {
    byte[] value = new byte[VALUE_BYTES];
    for (int i = 0; i < VALUE_BYTES; i++) value[i] = key[i % KEY_BYTES];
    return value;
  }

  /** The keys that every pass of "get" asks for. */
  static byte[][] wanted(long count) {
    byte[][] keys = new byte[GETS][];
    for (int j = 0; j < GETS; j++) keys[j] = key(Long.remainderUnsigned(mix(count + j), count));
    return keys;
  }

  /** The key of the counter that each hit goes to. */
  static byte[][] hits(int count) {
    byte[][] keys = new byte[count][];
    for (int j = 0; j < count; j++) keys[j] = key(Long.remainderUnsigned(mix(j), COUNTERS));
    return keys;
  }

  interface Pass {
    void run();
  }

  /** A pass to get warm, then passes until the time is up; the seconds they took. */
  double repeat(Pass pass) {
    pass.run();
    records = bytes = 0;
    long begun = System.nanoTime();
    long now;
    do {
      pass.run();
      now = System.nanoTime();
    } while (now - begun < LEAST_NANOSECONDS);
    return (now - begun) / 1e9;
  }

  void seen(int valueBytes, byte first) {
    records++;
    bytes += valueBytes;
    mixed += first;
  }

  abstract void scan(String file);

  abstract void get(String file, byte[][] keys);

  /** Seconds from the beginning of the transaction to the end of its commit. */
  abstract double putPass(String file, byte[][] keys, byte[][] values);

  void count(String workload, String file, byte[][] hits) {
    throw new IllegalArgumentException(workload);
  }

  double seconds;

  void run(String engine, String[] arguments) throws IOException {
    String workload = arguments[0].replace("lmdb-", "");
    String file = arguments[1];
    long count = Long.parseLong(arguments[2]);
    switch (workload) {
      case "scan" -> scan(file);
      case "get" -> get(file, wanted(count));
      case "put_batch" -> put(file, (int) count);
      case "count_pairs", "count_merges", "count_batches" -> count(workload, file, hits((int) count));
      default -> throw new IllegalArgumentException(workload);
    }
    if (mixed == 42) System.err.print(" ");
    System.out.printf(Locale.ROOT,
        "{\"engine\": \"%s\", \"language\": \"java\", \"workload\": \"%s\", \"records\": %d, \"seconds\": %.9f,"
            + " \"bytes\": %d}%n",
        engine, workload, records, seconds, bytes);
  }

  private void put(String file, int count) {
    byte[][] keys = new byte[count][];
    byte[][] values = new byte[count][];
    for (int i = 0; i < count; i++) {
      keys[i] = key(i);
      values[i] = value(keys[i]);
    }
    for (int pass = 0; pass <= PUT_PASSES; pass++) {
      double took = putPass(file + "." + pass, keys, values);
      if (pass == 0) continue; // to get warm
      seconds += took;
      records += count;
      bytes += (long) count * VALUE_BYTES;
    }
  }
}
