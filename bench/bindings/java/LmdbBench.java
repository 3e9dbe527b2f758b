import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lmdbjava.CursorIterable;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/** The same over LMDB, by lmdbjava with its default buffers. */
public final class LmdbBench extends Bench {
  private static final long MAP_BYTES = 16L << 30;

  public static void main(String[] arguments) throws IOException {
    new LmdbBench().run("lmdb", arguments);
  }

  private static Env<ByteBuffer> reading(String file) {
    return Env.create().setMapSize(MAP_BYTES).open(new File(file), EnvFlags.MDB_NOSUBDIR, EnvFlags.MDB_RDONLY_ENV);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private void scanOnce(Dbi<ByteBuffer> dbi, Txn<ByteBuffer> txn) {
    try (CursorIterable<ByteBuffer> entries = dbi.iterate(txn)) {
      for (CursorIterable.KeyVal<ByteBuffer> entry : entries) {
        ByteBuffer value = entry.val();
        seen(value.remaining(), value.get(value.position()));
        mixed += entry.key().remaining();
      }
    }
  }

  @Override
  void scan(String file) {
    try (Env<ByteBuffer> env = reading(file); Txn<ByteBuffer> txn = env.txnRead()) {
      Dbi<ByteBuffer> dbi = env.openDbi(txn, null, null, false);
      seconds = repeat(() -> scanOnce(dbi, txn));
    }
  }

  private void getAll(Dbi<ByteBuffer> dbi, Txn<ByteBuffer> txn, ByteBuffer room, byte[][] keys) {
    for (byte[] key : keys) {
      room.clear().put(key).flip();
      byte[] value = bytes(dbi.get(txn, room));
      seen(value.length, value[0]);
    }
  }

  @Override
  void get(String file, byte[][] keys) {
    ByteBuffer room = ByteBuffer.allocateDirect(KEY_BYTES);
    try (Env<ByteBuffer> env = reading(file); Txn<ByteBuffer> txn = env.txnRead()) {
      Dbi<ByteBuffer> dbi = env.openDbi(txn, null, null, false);
      seconds = repeat(() -> getAll(dbi, txn, room, keys));
    }
  }

  @Override
  double putPass(String file, byte[][] keys, byte[][] values) {
    ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES);
    ByteBuffer value = ByteBuffer.allocateDirect(VALUE_BYTES);
    double took;
    try (Env<ByteBuffer> env = Env.create().setMapSize(MAP_BYTES).open(new File(file), EnvFlags.MDB_NOSUBDIR)) {
      Dbi<ByteBuffer> dbi = env.openDbi((byte[]) null, DbiFlags.MDB_CREATE);
      long begun = System.nanoTime();
      try (Txn<ByteBuffer> txn = env.txnWrite()) {
        for (int i = 0; i < keys.length; i++) {
          key.clear().put(keys[i]).flip();
          value.clear().put(values[i]).flip();
          dbi.put(txn, key, value);
        }
        txn.commit();
      }
      took = (System.nanoTime() - begun) / 1e9;
    }
    try {
      Files.delete(Path.of(file));
      Files.deleteIfExists(Path.of(file + "-lock"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return took;
  }
}
