package rdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder and a database file in it, removed at the end. */
final class TempDatabase implements AutoCloseable {
  final Path folder;
  final Path file;
  final Database db;

  TempDatabase() {
    this(new Options());
  }

  TempDatabase(Options options) {
    try {
      folder = Files.createTempDirectory("rdb-test");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    file = folder.resolve("test.rdb");
    db = Database.open(file, options);
  }

  @Override
  public void close() {
    db.closeDeferred();
    try (Stream<Path> inside = Files.walk(folder)) {
      inside.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
