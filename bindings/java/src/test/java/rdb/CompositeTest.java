package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CompositeTest {
  private static <T> void stored(Codec<T> codec, int typeClass, String name, T value, String hex) {
    assertEquals(name, codec.typeName());
    assertEquals(typeClass, codec.typeClass(), name);
    assertEquals(hex, HexFormat.of().formatHex(codec.encode(value)), name);
    assertEquals(value, codec.decode(HexFormat.of().parseHex(hex)), name);
  }

  private static void torn(Codec<?> codec, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThrows(CorruptionException.class, () -> codec.decode(bytes), codec.typeName() + " " + hex);
  }

  @Test
  void compositesWriteTheFormat() {
    int builtin = StoredType.BUILTIN;
    int tuple = StoredType.TUPLE;
    stored(Codec.option(Codec.U64), builtin, "Option<u64>", Optional.empty(), "000000000000000000");
    stored(Codec.option(Codec.U64), builtin, "Option<u64>", Optional.of(7L), "010700000000000000");
    stored(Codec.option(Codec.STRING), builtin, "Option<&str>", Optional.empty(), "00");
    stored(Codec.option(Codec.STRING), builtin, "Option<&str>", Optional.of("x"), "0178");
    stored(Codec.list(Codec.U16), builtin, "Vec<u16>", List.of(1, 2, 3), "03010002000300");
    stored(Codec.list(Codec.STRING), builtin, "Vec<&str>", List.of("a", "bcd", ""), "0301610362636400");
    stored(Codec.pair(Codec.U64, Codec.U32), builtin, "(u64,u32)", new Codec.Pair<>(1L, 2L),
        "010000000000000002000000");
    stored(Codec.pair(Codec.U64, Codec.STRING), tuple, "(u64,&str)", new Codec.Pair<>(1L, "hi"),
        "01000000000000006869");
    stored(Codec.pair(Codec.STRING, Codec.U8), tuple, "(&str,u8)", new Codec.Pair<>("hello", 1),
        "0568656c6c6f01");
    stored(Codec.legacyPair(Codec.U64, Codec.STRING), builtin, "(u64,&str)", new Codec.Pair<>(1L, "hi"),
        "0800000001000000000000006869");
    stored(Codec.tuple(Codec.STRING, Codec.U16, Codec.STRING), tuple, "(&str,u16,&str)",
        List.of("ab", 0x0102, "z"), "0261620201" + "7a");
    stored(Codec.legacyTuple(Codec.STRING, Codec.U16, Codec.STRING), builtin, "(&str,u16,&str)",
        List.of("ab", 0x0102, "z"), "020000000200000061620201" + "7a");
    Codec<Codec.Pair<Integer, String>> inner = Codec.pair(Codec.U8, Codec.STRING);
    stored(Codec.pair(inner, Codec.U8), tuple, "((u8,&str),u8)",
        new Codec.Pair<>(new Codec.Pair<>(1, "q"), 2), "02017102");
    stored(Codec.array(inner, 2), builtin, "[(u8,&str);2]",
        List.of(new Codec.Pair<>(1, "q"), new Codec.Pair<>(2, "rs")), "0a0000000d0000000171027273");
    stored(Codec.tuple(Codec.STRING), builtin, "(&str,)", List.of("a"), "61");
  }

  @Test
  void longMembersTakeLongerLengths() {
    Codec<Codec.Pair<String, Integer>> codec = Codec.pair(Codec.STRING, Codec.U8);
    for (int size : new int[] {253, 254, 65535, 65536, 70000}) {
      Codec.Pair<String, Integer> value = new Codec.Pair<>("x".repeat(size), 9);
      byte[] bytes = codec.encode(value);
      assertEquals((size < 254 ? 1 : size < 65536 ? 3 : 5) + size + 1, bytes.length);
      assertEquals(value, codec.decode(bytes));
    }
  }

  @Test
  void datesAndTimesWriteTheFormat() {
    int user = StoredType.USER_DEFINED;
    LocalDate leapDay = LocalDate.of(2024, 2, 29);
    stored(Codec.DATE, user, "chrono::NaiveDate", leapDay, "e8070000021d");
    stored(Codec.TIME, user, "chrono::NaiveTime", LocalTime.of(23, 59, 59, 5), "7f510105000000");
    stored(Codec.DATE_TIME, user, "chrono::NaiveDateTime", leapDay.atTime(1, 0),
        "e8070000021d100e0000000000");
    stored(Codec.ZONE_OFFSET, user, "chrono::FixedOffset", -3600, "f0f1ffff");
    stored(Codec.UUID, user, "uuid::Uuid", UUID.fromString("01000000-0000-0000-0000-000000000002"),
        "01000000000000000000000000000002");
    stored(Codec.ZONED_DATE_TIME, user, "chrono::DateTime<chrono::FixedOffset>",
        OffsetDateTime.of(LocalDateTime.of(2024, 2, 29, 1, 30), ZoneOffset.ofHours(2)),
        "e8070000021c" + "784a01" + "00000000" + "201c0000");
    stored(Codec.option(Codec.DATE), StoredType.BUILTIN, "Option<chrono::NaiveDate>",
        Optional.of(leapDay), "01e8070000021d");
    assertEquals(LocalTime.of(23, 59, 59, 999_999_999),
        Codec.TIME.decode(HexFormat.of().parseHex("7f510105ca9a3b")));
    assertThrows(UsageException.class, () -> Codec.DATE.encode(LocalDate.of(300000, 1, 1)));
    assertThrows(UsageException.class, () -> Codec.ZONE_OFFSET.encode(86400));
    torn(Codec.DATE, "e7070000021d");
    torn(Codec.DATE, "e80700000d01");
    torn(Codec.DATE, "ffff03000101");
    torn(Codec.TIME, "80510100000000");
    torn(Codec.TIME, "00000000ca9a3b");
    torn(Codec.TIME, "7f510100943577");
    torn(Codec.ZONE_OFFSET, "80510100");
  }

  @Test
  void malformedCompositesAreCorrupted() {
    Codec<?> textNumber = Codec.pair(Codec.STRING, Codec.U8);
    for (String hex : List.of("", "fe01", "ff010000", "056161", "ffffffffff61", "0161", "01610707")) {
      torn(textNumber, hex);
    }
    torn(Codec.legacyPair(Codec.STRING, Codec.U8), "0000");
    torn(Codec.legacyPair(Codec.STRING, Codec.U8), "ffffffff6107");
    for (String hex : List.of("", "020000", "00", "0107")) torn(Codec.option(Codec.U16), hex);
    for (String hex : List.of("ffffffffff", "01ffffffffff61", "01016100")) torn(Codec.list(Codec.STRING), hex);
    for (String hex : List.of("ff000000800100", "01000000")) torn(Codec.list(Codec.U16), hex);
    torn(Codec.list(Codec.UNIT), "fe0000ff");
    torn(Codec.list(Codec.UNIT), "ffffffff7f");
    torn(Codec.FLOATS, "0000000000");
    torn(Codec.floats(2), "00000000");
  }

  @Test
  void valuesThatSuitNoMemberAreRefused() {
    Codec<List<Object>> codec = Codec.tuple(Codec.STRING, Codec.U8);
    assertThrows(UsageException.class, () -> codec.encode(List.of("a", "b")));
    assertThrows(UsageException.class, () -> codec.encode(List.of("a")));
    assertThrows(UsageException.class, () -> codec.encode(List.of("a", 256)));
    assertThrows(UsageException.class, () -> Codec.tuple());
    assertThrows(UsageException.class, () -> Codec.floats(2).encode(new float[3]));
  }

  @Test
  void tablesOfCompositeKeysAreOrderedByTheirMembers() {
    Codec<Codec.Pair<String, String>> key = Codec.pair(Codec.STRING, Codec.STRING);
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      Table<Codec.Pair<String, String>, float[]> table = txn.table("t", key, Codec.floats(1));
      for (String name : List.of("net/b", "n/zz", "net/a", "admin/z")) {
        String[] parts = name.split("/");
        table.put(new Codec.Pair<>(parts[0], parts[1]), new float[] {1.5f});
      }
      assertEquals(List.of("admin/z", "n/zz", "net/a", "net/b"),
          table.stream().map(e -> e.key().first() + "/" + e.key().second()).toList());
      assertEquals(1.5f, table.get(new Codec.Pair<>("n", "zz"))[0]);
    }
  }
}
