import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import rdb.ClosedException;
import rdb.Database;
import rdb.RdbException;
import rdb.Status;

/**
 * Replays the scripts of tests/conformance, whose README.md says what they mean.
 *
 * <p>usage: java Conformance SCRIPT...
 */
public class Conformance {
  private static int passed;
  private static int failed;
  private static int foreign;

  public static void main(String[] scripts) throws Exception {
    for (String script : scripts) replay(Path.of(script));
    System.out.printf(
        "conformance: java: %d lines passed, %d failed, %d not for this face%n", passed, failed, foreign);
    System.exit(failed == 0 && passed > 0 ? 0 : 1);
  }

  private static void replay(Path script) throws Exception {
    Path folder = Files.createTempDirectory("rdb-conformance");
    int number = 0;
    try (Operations operations = new Operations(folder, script.toAbsolutePath().getParent())) {
      for (String text : Files.readAllLines(script, StandardCharsets.UTF_8)) {
        number++;
        if (text.isBlank()) continue;
        @SuppressWarnings("unchecked")
        Map<String, Object> line = (Map<String, Object>) Json.parse(text);
        if (!line.containsKey("op")) continue;
        String what = outcome(operations, line);
        if (what == null) continue;
        failed++;
        System.out.printf("%s:%d: %s%n  %s%n", script.getFileName(), number, text, what);
      }
    } finally {
      try (Stream<Path> inside = Files.walk(folder)) {
        inside.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
      }
    }
  }

  /** Counts the line unless it failed: then says why. */
  private static String outcome(Operations operations, Map<String, Object> line) {
    if (!isForJava(line) || operations.needsMissingHandle(line)) {
      operations.skip(line);
      foreign++;
      return null;
    }
    Lookup gives = new Lookup(line.get("gives"));
    String expected = (String) line.getOrDefault("expect", "OK");
    String status = run(operations, line, gives);
    if (status.equals(Operations.NOT_FOR_JAVA)) {
      operations.skip(line);
      foreign++;
      return null;
    }
    if (!status.equals(expected)) return "answered " + status + gives.detail();
    String difference = gives.difference();
    if (difference == null) passed++;
    return difference;
  }

  private static boolean isForJava(Map<String, Object> line) {
    List<?> faces = (List<?>) line.get("faces");
    if (faces != null && !faces.contains("java")) return false;
    if (line.get("except") instanceof Map<?, ?> except && except.containsKey("java")) return false;
    List<?> needs = (List<?>) line.get("needs");
    return needs == null || needs.stream().allMatch(name -> Database.hasFeature((String) name));
  }

  /** The status's name without its beginning. */
  private static String run(Operations operations, Map<String, Object> line, Lookup gives) {
    try {
      return operations.run(line, gives);
    } catch (RdbException e) {
      gives.error(e);
      operations.dropMade(line);
      return e.statusName().substring("RDB_".length());
    } catch (ClosedException e) {
      gives.note(e.getMessage());
      operations.dropMade(line);
      return Status.name(e.status()).substring("RDB_".length());
    } catch (Values.Refused e) {
      gives.note(e.getMessage());
      operations.dropMade(line);
      return "ERR_INVALID_ARGUMENT";
    } catch (Exception e) {
      gives.note(e.toString());
      return "an exception of its own";
    }
  }
}
