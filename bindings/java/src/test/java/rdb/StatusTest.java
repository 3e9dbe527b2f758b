package rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class StatusTest {
  private static Map<String, Integer> constants() throws IllegalAccessException {
    Map<String, Integer> constants = new TreeMap<>();
    for (Field field : Status.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers())) constants.put("RDB_" + field.getName(), field.getInt(null));
    }
    return constants;
  }

  @Test
  void constantsAreThoseOfTheLibrary() throws Exception {
    constants().forEach((name, number) -> assertEquals(name, Status.name(number)));
  }

  @Test
  void everyStatusOfTheHeaderIsHere() throws Exception {
    String header = Files.readString(Path.of("../../capi/include/rdb.h"));
    Pattern define = Pattern.compile(
        "^#define (RDB_(?:ERR_\\w+|OK|NOT_FOUND|END|EXISTS|MORE|STOPPED|DIFFERENT)) \\(?(-?\\d+)\\)?", Pattern.MULTILINE);
    Map<String, Integer> expected = new TreeMap<>();
    Matcher found = define.matcher(header);
    while (found.find()) expected.put(found.group(1), Integer.valueOf(found.group(2)));
    assertTrue(expected.size() > 40);
    assertEquals(expected, constants());
  }

  @Test
  void unknownNumbersHaveNames() {
    assertEquals("RDB_UNKNOWN", Status.name(99));
    assertEquals("RDB_ERR_UNKNOWN", Status.name(-899));
  }

  @Test
  void errorsGoByTheirHundred() {
    Map<Integer, Class<?>> classes =
        Map.of(
            -199, UsageException.class,
            -299, TableException.class,
            -399, ConcurrencyException.class,
            -499, StorageException.class,
            -599, CorruptionException.class,
            -699, MemoryException.class,
            -799, RdbException.class,
            -999, InternalException.class,
            Status.ERR_CANCELLED, CancelledException.class,
            Status.ERR_CLOSED, ClosedException.class);
    classes.forEach(
        (status, expected) ->
            assertEquals(expected, RdbException.of(status, 2, 3, "text").getClass(), "status " + status));
    RdbException error = (RdbException) RdbException.of(-499, 2, 3, "text");
    assertEquals(-499, error.status());
    assertEquals(2, error.errno());
    assertEquals(3, error.position());
    assertEquals("text", error.getMessage());
  }
}
