package rdb;

import static org.junit.jupiter.api.Assertions.*;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

class CodecTest {
  private static final BigInteger TWO_127 = BigInteger.ONE.shiftLeft(127);

  private static <T> void roundTrip(Codec<T> codec, List<T> values) {
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      Table<Long, T> table = txn.table("t", Codec.U64, codec);
      assertEquals(codec.typeName(), table.describe().valueType().name());
      for (int i = 0; i < values.size(); i++) {
        table.put((long) i, values.get(i));
        assertEquals(values.get(i), table.get((long) i), codec.typeName());
        assertEquals(values.get(i), codec.decode(codec.encode(values.get(i))));
      }
      int i = 0;
      for (Entry<Long, T> entry : table) assertEquals(values.get(i++), entry.value());
    }
  }

  /** Keys given in ascending order come back so. */
  private static <T> void ordered(Codec<T> codec, List<T> ascending) {
    try (Database db = Database.openMemory(); WriteTxn txn = db.write()) {
      Table<T, Codec.Unit> table = txn.table("t", codec, Codec.UNIT);
      for (int i = ascending.size() - 1; i >= 0; i--) table.put(ascending.get(i), Codec.Unit.UNIT);
      assertEquals(ascending, table.stream().map(Entry::key).toList(), codec.typeName());
      for (T key : ascending) assertEquals(Codec.Unit.UNIT, table.get(key));
    }
  }

  @Test
  void integers() {
    ordered(Codec.U8, List.of(0, 1, 127, 128, 255));
    ordered(Codec.I8, List.of(-128, -1, 0, 127));
    ordered(Codec.U16, List.of(0, 255, 256, 65535));
    ordered(Codec.I16, List.of(-32768, -1, 0, 32767));
    ordered(Codec.I32, List.of(Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE));
    ordered(Codec.U32, List.of(0L, 1L << 31, 0xffff_ffffL));
    ordered(Codec.I64, List.of(Long.MIN_VALUE, -1L, 0L, Long.MAX_VALUE));
    ordered(Codec.U64, List.of(0L, Long.MAX_VALUE, Long.MIN_VALUE, -1L));
    ordered(Codec.U128, List.of(BigInteger.ZERO, TWO_127, TWO_127.shiftLeft(1).subtract(BigInteger.ONE)));
    ordered(Codec.I128, List.of(TWO_127.negate(), BigInteger.ONE.negate(), BigInteger.ZERO, TWO_127.subtract(BigInteger.ONE)));
    roundTrip(Codec.U8, List.of(0, 255));
    roundTrip(Codec.I8, List.of(-128, 127));
    roundTrip(Codec.I128, List.of(TWO_127.negate(), BigInteger.TEN));
    roundTrip(Codec.U32, List.of(0L, 0xffff_ffffL));
  }

  @Test
  void numbersOutsideOfTheirTypeAreRefused() {
    assertThrows(UsageException.class, () -> Codec.U8.encode(256));
    assertThrows(UsageException.class, () -> Codec.U8.encode(-1));
    assertThrows(UsageException.class, () -> Codec.I16.encode(40000));
    assertThrows(UsageException.class, () -> Codec.U32.encode(1L << 32));
    assertThrows(UsageException.class, () -> Codec.U32.encode(-1L));
    assertThrows(UsageException.class, () -> Codec.U128.encode(BigInteger.ONE.negate()));
    assertThrows(UsageException.class, () -> Codec.U128.encode(BigInteger.ONE.shiftLeft(128)));
    assertThrows(UsageException.class, () -> Codec.I128.encode(TWO_127));
    assertThrows(UsageException.class, () -> Codec.CHAR.encode(0xd800));
    assertThrows(UsageException.class, () -> Codec.CHAR.encode(0x110000));
    assertThrows(UsageException.class, () -> Codec.bytes(3).encode(new byte[2]));
    assertThrows(UsageException.class, () -> Codec.array(Codec.U8, 2).encode(List.of(1)));
    assertThrows(UsageException.class, () -> Codec.bytes(-1));
    assertThrows(UsageException.class, () -> Codec.array(Codec.U8, -1));
  }

  @Test
  void otherScalars() {
    roundTrip(Codec.F32, List.of(0f, -0f, 1.5f, Float.NaN, Float.POSITIVE_INFINITY));
    roundTrip(Codec.F64, List.of(0d, 0.1, Double.NaN, Double.NEGATIVE_INFINITY, Double.MIN_VALUE));
    ordered(Codec.BOOL, List.of(false, true));
    ordered(Codec.CHAR, List.of((int) 'a', 0xe9, 0xffff, 0x10ffff));
    ordered(Codec.STRING, List.of("", "a", "ab", "b", "é", "\ud83d\ude00"));
    ordered(Codec.OWNED_STRING, List.of("x", "y"));
    ordered(Codec.UNIT, List.of(Codec.Unit.UNIT));
  }

  @Test
  void arrays() {
    ordered(Codec.array(Codec.U16, 2), List.of(List.of(1, 2), List.of(1, 300), List.of(2, 0)));
    Codec<List<List<String>>> nested = Codec.array(Codec.array(Codec.STRING, 2), 2);
    for (List<List<String>> value : List.of(
        List.of(List.of("a", "b"), List.of("", "dd")), List.of(List.of("", ""), List.of("", "é")))) {
      assertEquals(value, nested.decode(nested.encode(value)));
    }
    assertEquals(List.of(), Codec.array(Codec.STRING, 0).decode(new byte[0]));
    assertArrayEquals(new byte[] {8, 0, 0, 0, 10, 0, 0, 0, 'b', 'c'},
        Codec.array(Codec.STRING, 2).encode(List.of("", "bc")));
    assertEquals("[[&str;2];2]", Codec.array(Codec.array(Codec.STRING, 2), 2).typeName());
  }

  @Test
  void bytesThatAreNoEncodingAreCorruption() {
    assertThrows(CorruptionException.class, () -> Codec.U64.decode(new byte[7]));
    assertThrows(CorruptionException.class, () -> Codec.BOOL.decode(new byte[] {2}));
    assertThrows(CorruptionException.class, () -> Codec.CHAR.decode(new byte[] {0, (byte) 0xd8, 0}));
    assertThrows(CorruptionException.class, () -> Codec.STRING.decode(new byte[] {(byte) 0xff}));
    assertThrows(CorruptionException.class, () -> Codec.UNIT.decode(new byte[1]));
    assertThrows(CorruptionException.class, () -> Codec.bytes(2).decode(new byte[3]));
    Codec<List<String>> pairs = Codec.array(Codec.STRING, 2);
    assertThrows(CorruptionException.class, () -> pairs.decode(new byte[7]));
    assertThrows(CorruptionException.class, () -> pairs.decode(new byte[] {9, 0, 0, 0, 8, 0, 0, 0, 1}));
    assertThrows(CorruptionException.class, () -> pairs.decode(new byte[] {8, 0, 0, 0, 9, 0, 0, 0}));
    assertThrows(CorruptionException.class, () -> pairs.decode(new byte[] {8, 0, 0, 0, 8, 0, 0, 0, 1}));
    assertThrows(CorruptionException.class, () -> pairs.decode(new byte[] {0, 0, 0, -128, 8, 0, 0, 0}));
  }

  @Test
  void aStoredTypeNamesBytes() {
    Codec<byte[]> codec = Codec.stored(new StoredType("app::Key", StoredType.USER_DEFINED));
    assertEquals("app::Key", codec.typeName());
    assertEquals(StoredType.USER_DEFINED, codec.typeClass());
    assertArrayEquals(new byte[] {1}, codec.decode(codec.encode(new byte[] {1})));
    assertThrows(UsageException.class, () -> Codec.stored(new StoredType("u64", 0)));
  }
}
