package rdb;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Turns keys or values of one type into bytes and back, and names the type as files do. The
 * constants and methods here cover the types the library knows; a program's own types derive from
 * this class.
 *
 * <p>{@code encode} throws {@link UsageException} for a value outside of the type; {@code decode}
 * throws {@link CorruptionException} for bytes that are none of its encodings.
 *
 * @param <T> the type in Java
 */
public abstract class Codec<T> {
  /** Byte strings in byte order: {@code &[u8]}. */
  public static final Codec<byte[]> BYTES = new Codecs.Bytes("&[u8]", -1);

  /** Text in the order of its UTF-8: {@code &str}. */
  public static final Codec<String> STRING = new Codecs.Text("&str");

  /** Text under the type name {@code String}. */
  public static final Codec<String> OWNED_STRING = new Codecs.Text("String");

  /** No content at all: {@code ()}. */
  public static final Codec<Unit> UNIT = new Codecs.OfUnit();

  /** {@code bool}. */
  public static final Codec<Boolean> BOOL = new Codecs.OfBoolean();

  /** A code point that is no surrogate: {@code char}. */
  public static final Codec<Integer> CHAR = new Codecs.CodePoint();

  /** {@code u8}: 0 to 255. */
  public static final Codec<Integer> U8 = new Codecs.Small("u8", 1, 0, 0xff);

  /** {@code i8}: -128 to 127. */
  public static final Codec<Integer> I8 = new Codecs.Small("i8", 1, Byte.MIN_VALUE, Byte.MAX_VALUE);

  /** {@code u16}: 0 to 65535. */
  public static final Codec<Integer> U16 = new Codecs.Small("u16", 2, 0, 0xffff);

  /** {@code i16}: -32768 to 32767. */
  public static final Codec<Integer> I16 = new Codecs.Small("i16", 2, Short.MIN_VALUE, Short.MAX_VALUE);

  /** {@code i32}. */
  public static final Codec<Integer> I32 =
      new Codecs.Small("i32", 4, Integer.MIN_VALUE, Integer.MAX_VALUE);

  /** {@code u32}: 0 to 4294967295. */
  public static final Codec<Long> U32 = new Codecs.Wide("u32", 4, 0, 0xffff_ffffL);

  /** {@code i64}. */
  public static final Codec<Long> I64 = new Codecs.Wide("i64", 8, Long.MIN_VALUE, Long.MAX_VALUE);

  /**
   * {@code u64}: the 64 bits of a long, ordered as {@link Long#compareUnsigned} does; numbers from
   * 2^63 up are negative here.
   */
  public static final Codec<Long> U64 = new Codecs.Wide("u64", 8, Long.MIN_VALUE, Long.MAX_VALUE);

  /** {@code u128}. */
  public static final Codec<BigInteger> U128 = new Codecs.Big("u128", false);

  /** {@code i128}. */
  public static final Codec<BigInteger> I128 = new Codecs.Big("i128", true);

  /** {@code f32}; not for keys. */
  public static final Codec<Float> F32 = new Codecs.OfFloat();

  /** {@code f64}; not for keys. */
  public static final Codec<Double> F64 = new Codecs.OfDouble();

  /** {@code uuid::Uuid}, in the order of its digits. */
  public static final Codec<UUID> UUID = new Composites.OfUuid();

  /** {@code chrono::NaiveDate}: years -262143 to 262142. */
  public static final Codec<LocalDate> DATE = new Composites.OfDate();

  /** {@code chrono::NaiveTime}. A leap second is read as the last nanosecond before it. */
  public static final Codec<LocalTime> TIME = new Composites.OfTime();

  /** {@code chrono::NaiveDateTime}; as {@link #DATE} and {@link #TIME}. */
  public static final Codec<LocalDateTime> DATE_TIME = new Composites.OfDateTime();

  /**
   * {@code chrono::DateTime<chrono::FixedOffset>}, ordered by the moment: two keys that differ in
   * their offsets alone are one. An offset beyond 18 hours, which Java does not have, is read as UTC.
   */
  public static final Codec<OffsetDateTime> ZONED_DATE_TIME = new Composites.OfZoned();

  /** {@code chrono::FixedOffset}: seconds east of UTC, less than a day. */
  public static final Codec<Integer> ZONE_OFFSET = new Composites.OfOffset();

  /** {@code redb::vec::DynVec}: any number of floats; not for keys. */
  public static final Codec<float[]> FLOATS = new Composites.Floats("redb::vec::DynVec", -1);

  /**
   * A tuple of two.
   *
   * @param <A> type of the first member
   * @param <B> type of the second member
   * @param first the first member
   * @param second the second member
   */
  public record Pair<A, B>(A first, B second) {}

  /** The one value of type {@code ()}. */
  public enum Unit {
    /** Nothing. */
    UNIT
  }

  private final String typeName;
  private final int typeClass;
  private final byte[] typeNameBytes;

  /**
   * For types of a program's own.
   *
   * @param typeName as stored in the file; a table opened under another name is refused
   * @param typeClass one of the constants of {@link StoredType}
   */
  protected Codec(String typeName, int typeClass) {
    if (typeClass == 0) throw Native.invalid("0 is no class of types"); // the library's "default type"
    this.typeName = Objects.requireNonNull(typeName);
    this.typeClass = typeClass;
    typeNameBytes = Native.utf8(typeName);
  }

  /**
   * The type's name in files.
   *
   * @return for instance {@code "u64"}
   */
  public final String typeName() {
    return typeName;
  }

  /**
   * The type's class in files.
   *
   * @return one of the constants of {@link StoredType}
   */
  public final int typeClass() {
    return typeClass;
  }

  /**
   * Encodes one value.
   *
   * @param value not null
   * @return its bytes, which the caller only reads
   */
  public abstract byte[] encode(T value);

  /**
   * Decodes one value.
   *
   * @param bytes an array that belongs to the callee from now on
   * @return the value
   */
  public abstract T decode(byte[] bytes);

  /**
   * Byte strings of one size: {@code [u8;N]}.
   *
   * @param size how many bytes each has
   * @return a codec that refuses other sizes
   */
  public static Codec<byte[]> bytes(int size) {
    if (size < 0) throw Native.invalid("a negative size");
    return new Codecs.Bytes("[u8;" + size + "]", size);
  }

  /**
   * Lists of one length: {@code [T;N]}.
   *
   * @param <E> type of the elements
   * @param element their codec
   * @param length how many there are
   * @return a codec that refuses other lengths
   */
  public static <E> Codec<List<E>> array(Codec<E> element, int length) {
    if (length < 0) throw Native.invalid("a negative length");
    return new Codecs.Array<>(element, length);
  }

  /**
   * Values that may be absent: {@code Option<T>}. The absent one comes first.
   *
   * @param <T> type of what is there
   * @param inner its codec
   * @return a codec of empty and filled optionals
   */
  public static <T> Codec<Optional<T>> option(Codec<T> inner) {
    return new Composites.Option<>(inner);
  }

  /**
   * Lists of any length: {@code Vec<T>}; not for keys.
   *
   * @param <E> type of the elements
   * @param element their codec
   * @return a codec of lists
   */
  public static <E> Codec<List<E>> list(Codec<E> element) {
    return new Composites.Sequence<>(element);
  }

  /**
   * Tuples of two, as redb 3 and shodh-redb write them: {@code (A,B)}, ordered by the first member,
   * then the second.
   *
   * @param <A> type of the first member
   * @param <B> type of the second member
   * @param first codec of the first member
   * @param second codec of the second member
   * @return a codec of pairs
   */
  public static <A, B> Codec<Pair<A, B>> pair(Codec<A> first, Codec<B> second) {
    return new Composites.OfPair<>(tuple(first, second));
  }

  /**
   * Tuples of two, as redb up to version 2 wrote them.
   *
   * @param <A> type of the first member
   * @param <B> type of the second member
   * @param first codec of the first member
   * @param second codec of the second member
   * @return a codec of pairs
   */
  public static <A, B> Codec<Pair<A, B>> legacyPair(Codec<A> first, Codec<B> second) {
    return new Composites.OfPair<>(legacyTuple(first, second));
  }

  /**
   * Tuples of one to twelve members, as redb 3 and shodh-redb write them, as lists of as many values.
   *
   * @param members the members' codecs
   * @return a codec that refuses other lengths, and values that are none of a member's
   */
  public static Codec<List<Object>> tuple(Codec<?>... members) {
    return new Composites.Tuple(List.of(members), false);
  }

  /**
   * Tuples of one to twelve members, as redb up to version 2 wrote them.
   *
   * @param members the members' codecs
   * @return a codec that refuses other lengths, and values that are none of a member's
   */
  public static Codec<List<Object>> legacyTuple(Codec<?>... members) {
    return new Composites.Tuple(List.of(members), true);
  }

  /**
   * Vectors of one length: {@code redb::vec::FixedVec<N>}; not for keys.
   *
   * @param size how many floats each has
   * @return a codec that refuses other sizes
   */
  public static Codec<float[]> floats(int size) {
    if (size < 0) throw Native.invalid("a negative size");
    return new Composites.Floats("redb::vec::FixedVec<" + size + ">", Math.multiplyExact(4, size));
  }

  /**
   * Bytes as they are, under a type's name.
   *
   * @param type any type
   * @return a codec that changes nothing
   */
  public static Codec<byte[]> stored(StoredType type) {
    return new Codecs.Bytes(type.name(), type.typeClass(), -1);
  }

  final byte[] typeNameBytes() {
    return typeNameBytes;
  }

  /** Bytes of each value, or -1 where they differ or are not known. */
  int width() {
    return -1;
  }

  /**
   * Decodes from memory that is only lent. Overridden where no array is needed; those never run code
   * of the user's.
   */
  T decodeAt(ByteBuffer memory, int at, int size) {
    byte[] bytes = new byte[size];
    memory.get(at, bytes);
    return decode(bytes);
  }

  /** Whether {@link #decodeAt} runs no code of the user's. */
  boolean isBuiltin() {
    return false;
  }
}
