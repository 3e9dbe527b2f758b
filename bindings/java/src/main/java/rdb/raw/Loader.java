package rdb.raw;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Finds and loads the native library, once for each class loader.
 *
 * <p>In this order: the file that the property {@code rdb.lib.path} names; {@code
 * java.library.path}; the jar's {@code META-INF/native/OS-ARCH-LIBC/}. The last is unpacked to the
 * folder {@code rdb.tmpdir}, or the system's temporary one, under a name that carries the hash of
 * its content: an earlier copy is used again, two versions never meet, and a half-written file never
 * bears the final name.
 */
public final class Loader {
  private static final String NAME = "rdb_java";
  private static final String LOADED_ELSEWHERE = "already loaded in another classloader";

  private Loader() {}

  /** Where the library came from; the class's initialisation is what loads it. */
  private static final class Once {
    static final String ORIGIN = load();
  }

  /** Loads the library unless that was done; says where it came from. */
  public static String ensure() {
    return Once.ORIGIN;
  }

  private static String load() {
    String named = System.getProperty("rdb.lib.path");
    if (named != null) {
      return loadFile(Path.of(named).toAbsolutePath());
    }
    try {
      System.loadLibrary(NAME);
      return "java.library.path";
    } catch (UnsatisfiedLinkError absent) {
      String message = String.valueOf(absent.getMessage());
      // A library that is there but cannot be loaded must not be passed over in silence.
      if (!message.contains("java.library.path") && !message.contains(LOADED_ELSEWHERE)) throw absent;
    }
    return loadFromJar();
  }

  private static String loadFromJar() {
    String resource = "/META-INF/native/" + platform() + "/" + System.mapLibraryName(NAME);
    byte[] content;
    try (InputStream in = Loader.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new UnsatisfiedLinkError(
            "rdb: neither rdb.lib.path nor java.library.path has a native library, and there is no "
                + resource
                + " beside the classes");
      }
      content = in.readAllBytes();
    } catch (IOException e) {
      throw unsatisfied("rdb: " + resource + " cannot be read", e);
    }
    return loadFile(unpack(content, folder()));
  }

  /** Where libraries are unpacked. */
  static Path folder() {
    String named = System.getProperty("rdb.tmpdir", System.getProperty("java.io.tmpdir"));
    return Path.of(named).toAbsolutePath();
  }

  /** The file in folder that holds content; written when it is not there yet. */
  static Path unpack(byte[] content, Path folder) {
    String hash = sha256(content);
    Path file = folder.resolve("librdb_java-" + hash.substring(0, 32) + ".so");
    try {
      if (holds(file, content)) return file;
      Files.createDirectories(folder);
      Path partial = Files.createTempFile(folder, "librdb_java-", ".partial");
      try {
        Files.write(partial, content);
        moveInPlace(partial, file);
      } finally {
        Files.deleteIfExists(partial);
      }
      return file;
    } catch (IOException e) {
      throw unsatisfied(
          "rdb: the native library cannot be unpacked to " + folder + "; -Drdb.tmpdir names another folder", e);
    }
  }

  /** A copy of another length, or by another hand, is not trusted for its name alone. */
  private static boolean holds(Path file, byte[] content) throws IOException {
    return Files.isRegularFile(file)
        && Files.size(file) == content.length
        && MessageDigest.isEqual(Files.readAllBytes(file), content);
  }

  private static void moveInPlace(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static String loadFile(Path file) {
    try {
      System.load(file.toString());
      return file.toString();
    } catch (UnsatisfiedLinkError e) {
      String message = String.valueOf(e.getMessage());
      if (message.contains(LOADED_ELSEWHERE)) return loadCopy(file);
      if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
        throw unsatisfied(
            "rdb: " + file + " lies in a folder from which nothing may be executed (noexec);"
                + " -Drdb.tmpdir names another one", e);
      }
      throw e;
    }
  }

  /**
   * The virtual machine lets only one class loader have a file. A second one gets a copy of its own,
   * whose name is removed again as soon as it is loaded.
   */
  private static String loadCopy(Path file) {
    try {
      Path copy = Files.createTempFile(folder(), "librdb_java-", ".so");
      try {
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        System.load(copy.toString());
        return copy.toString();
      } finally {
        Files.deleteIfExists(copy);
      }
    } catch (IOException e) {
      throw unsatisfied(
          "rdb: " + file + " cannot be copied for a second class loader; -Drdb.tmpdir names another folder", e);
    }
  }

  /** For instance linux-x86_64-glibc. */
  static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    if (os.startsWith("mac")) os = "macos";
    if (os.startsWith("windows")) os = "windows";
    if (arch.equals("amd64") || arch.equals("x64")) arch = "x86_64";
    if (arch.equals("arm64")) arch = "aarch64";
    return os + "-" + arch + (os.equals("linux") ? "-" + libc(readMaps()) : "");
  }

  private static String readMaps() {
    try {
      return Files.readString(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** Which C library this very process has mapped; glibc when the map does not tell. */
  static String libc(String maps) {
    return maps.contains("/ld-musl-") || maps.contains("/libc.musl-") ? "musl" : "glibc";
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static UnsatisfiedLinkError unsatisfied(String message, Throwable cause) {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(message + " (" + cause.getMessage() + ")");
    error.initCause(cause);
    return error;
  }
}
