package rdb.raw;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts of the loader; suite.py tries the whole of it from a jar. */
class LoaderTest {
  @TempDir Path folder;

  private List<Path> inside() throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void contentIsUnpackedOnceUnderItsHash() throws Exception {
    byte[] content = "pretend this is a library".getBytes();
    Path file = Loader.unpack(content, folder);
    assertArrayEquals(content, Files.readAllBytes(file));
    Object identity = Files.getAttribute(file, "unix:ino");
    assertEquals(file, Loader.unpack(content, folder));
    assertEquals(identity, Files.getAttribute(file, "unix:ino"));
    assertNotEquals(file, Loader.unpack("another one".getBytes(), folder));
    assertEquals(2, inside().size()); // no temporary file is left
  }

  @Test
  void aCopyWithOtherContentIsReplaced() throws Exception {
    byte[] content = "pretend this is a library".getBytes();
    Path file = Loader.unpack(content, folder);
    Files.write(file, "pretend this is a LIBRARY".getBytes());
    assertEquals(file, Loader.unpack(content, folder));
    assertArrayEquals(content, Files.readAllBytes(file));
    Files.write(file, new byte[3]);
    assertArrayEquals(content, Files.readAllBytes(Loader.unpack(content, folder)));
  }

  @Test
  void missingFoldersAreMade() {
    assertTrue(Files.isRegularFile(Loader.unpack(new byte[5], folder.resolve("a/b"))));
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamedWithTheProperty() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    UnsatisfiedLinkError error =
        assertThrows(UnsatisfiedLinkError.class, () -> Loader.unpack(new byte[5], file));
    assertTrue(error.getMessage().contains("rdb.tmpdir"), error.getMessage());
    assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
    assertNotNull(error.getCause());
  }

  @Test
  void theMemoryMapTellsTheCLibrary() {
    assertEquals("musl", Loader.libc("7f00-7f01 r-xp 0 08:01 1 /lib/ld-musl-x86_64.so.1\n"));
    assertEquals("glibc", Loader.libc("7f00-7f01 r-xp 0 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6\n"));
    assertEquals("glibc", Loader.libc(""));
    assertTrue(Loader.platform().matches("linux-[a-z0-9_]+-(glibc|musl)"), Loader.platform());
  }
}
