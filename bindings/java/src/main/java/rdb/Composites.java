package rdb;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Encodings of what has members, and of the types of Rust's chrono and uuid crates. A length takes one
 * byte up to 253, else three or five; integers are little-endian.
 */
final class Composites {
  private static final int MAX_MEMBERS = 12;
  private static final int DAY = 24 * 60 * 60;
  private static final int SECOND = 1_000_000_000;
  private static final int MIN_YEAR = -262143;
  private static final int MAX_YEAR = 262142;

  /** Elements without bytes that a list may claim to have. */
  private static final int MAX_EMPTY_ELEMENTS = 1 << 20;

  private Composites() {}

  private static void putInt(ByteArrayOutputStream out, int number, int bytes) {
    for (int i = 0; i < bytes; i++) out.write(number >> 8 * i);
  }

  private static void putLength(ByteArrayOutputStream out, int length) {
    if (length < 254) {
      out.write(length);
    } else if (length < 1 << 16) {
      out.write(254);
      putInt(out, length, 2);
    } else {
      out.write(255);
      putInt(out, length, 4);
    }
  }

  /** Bytes from the front to the end, for a type that is named in what it throws. */
  private static final class Input {
    private final String typeName;
    private final ByteBuffer rest;

    Input(String typeName, byte[] bytes) {
      this.typeName = typeName;
      rest = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    CorruptionException corrupted(String what) {
      return Codecs.corrupted(typeName, what);
    }

    private void want(int bytes) {
      if (rest.remaining() < bytes) throw corrupted("a length that is cut off");
    }

    int fixedLength() {
      want(4);
      return checked(rest.getInt());
    }

    int length() {
      want(1);
      int first = rest.get() & 0xff;
      if (first < 254) return first;
      want(first == 254 ? 2 : 4);
      return first == 254 ? rest.getShort() & 0xffff : checked(rest.getInt());
    }

    /** Java's arrays end before the lengths of the format do. */
    private int checked(int length) {
      if (length < 0) throw corrupted("a member that runs past its end");
      return length;
    }

    byte[] take(int size) {
      if (size > rest.remaining()) throw corrupted("a member that runs past its end");
      byte[] taken = new byte[size];
      rest.get(taken);
      return taken;
    }

    int remaining() {
      return rest.remaining();
    }

    void finish() {
      if (rest.hasRemaining()) throw corrupted("bytes behind its end");
    }
  }

  /** 0 for absent, padded to the width of what is there; 1 and the value. */
  static final class Option<T> extends Codec<Optional<T>> {
    private final Codec<T> inner;

    Option(Codec<T> inner) {
      super("Option<" + inner.typeName() + ">", StoredType.BUILTIN);
      this.inner = inner;
    }

    @Override
    int width() {
      return inner.width() < 0 ? -1 : inner.width() + 1;
    }

    @Override
    public byte[] encode(Optional<T> value) {
      if (value.isEmpty()) return new byte[1 + Math.max(0, inner.width())];
      byte[] there = inner.encode(value.get());
      byte[] bytes = new byte[1 + there.length];
      bytes[0] = 1;
      System.arraycopy(there, 0, bytes, 1, there.length);
      return bytes;
    }

    @Override
    public Optional<T> decode(byte[] bytes) {
      Input in = new Input(typeName(), bytes);
      int kind = in.length();
      if (kind == 1) return Optional.of(inner.decode(in.take(in.remaining())));
      if (kind != 0) throw in.corrupted("neither none (0) nor some (1)");
      in.take(Math.max(0, inner.width()));
      in.finish();
      return Optional.empty();
    }
  }

  /** A count, then the elements, each behind its length where they have no width. */
  static final class Sequence<E> extends Codec<List<E>> {
    private final Codec<E> element;

    Sequence(Codec<E> element) {
      super("Vec<" + element.typeName() + ">", StoredType.BUILTIN);
      this.element = element;
    }

    @Override
    public byte[] encode(List<E> values) {
      if (element.width() == 0 && values.size() > MAX_EMPTY_ELEMENTS) {
        throw Codecs.outside(typeName(), values.size() + " elements");
      }
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      putLength(out, values.size());
      for (E value : values) {
        byte[] one = element.encode(value);
        if (element.width() < 0) putLength(out, one.length);
        out.writeBytes(one);
      }
      return out.toByteArray();
    }

    @Override
    public List<E> decode(byte[] bytes) {
      Input in = new Input(typeName(), bytes);
      int count = in.length();
      if (element.width() == 0 && count > MAX_EMPTY_ELEMENTS) throw in.corrupted(count + " elements");
      List<E> values = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int size = element.width() < 0 ? in.length() : element.width();
        values.add(element.decode(in.take(size)));
      }
      in.finish();
      return values;
    }
  }

  /**
   * Lengths, then the members; the last takes the rest. Legacy tuples have lengths of all members but
   * the last, others of those without a width; tuples of a fixed width have none.
   */
  static final class Tuple extends Codec<List<Object>> {
    private final List<Codec<?>> members;
    private final boolean legacy;
    private final int width;

    Tuple(List<Codec<?>> members, boolean legacy) {
      super(name(members), typeClass(members, legacy));
      this.members = members;
      this.legacy = legacy;
      width = width(members);
    }

    private static String name(List<Codec<?>> members) {
      if (members.isEmpty() || members.size() > MAX_MEMBERS) {
        throw Native.invalid("a tuple has one to twelve members");
      }
      StringBuilder name = new StringBuilder("(");
      for (Codec<?> member : members) name.append(member.typeName()).append(',');
      if (members.size() > 1) name.setLength(name.length() - 1);
      return name.append(')').toString();
    }

    private static int typeClass(List<Codec<?>> members, boolean legacy) {
      boolean plain = legacy || members.size() == 1 || width(members) >= 0;
      return plain ? StoredType.BUILTIN : StoredType.TUPLE;
    }

    private static int width(List<Codec<?>> members) {
      int width = 0;
      for (Codec<?> member : members) {
        if (member.width() < 0) return -1;
        width = Math.addExact(width, member.width());
      }
      return width;
    }

    @Override
    int width() {
      return width;
    }

    private boolean hasLength(int member) {
      return width < 0 && member < members.size() - 1 && (legacy || members.get(member).width() < 0);
    }

    @SuppressWarnings("unchecked")
    private static byte[] encodeAny(Codec<?> codec, Object value) {
      try {
        return ((Codec<Object>) codec).encode(Objects.requireNonNull(value));
      } catch (ClassCastException e) {
        throw Codecs.outside(codec.typeName(), value);
      }
    }

    @Override
    public byte[] encode(List<Object> values) {
      if (values.size() != members.size()) throw Codecs.outside(typeName(), values.size() + " members");
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      List<byte[]> parts = new ArrayList<>();
      for (int i = 0; i < members.size(); i++) {
        byte[] part = encodeAny(members.get(i), values.get(i));
        parts.add(part);
        if (!hasLength(i)) continue;
        if (legacy) {
          putInt(out, part.length, 4);
        } else {
          putLength(out, part.length);
        }
      }
      for (byte[] part : parts) out.writeBytes(part);
      return out.toByteArray();
    }

    @Override
    public List<Object> decode(byte[] bytes) {
      Input in = new Input(typeName(), bytes);
      int[] sizes = new int[members.size()];
      for (int i = 0; i < sizes.length; i++) {
        sizes[i] = !hasLength(i) ? members.get(i).width() : legacy ? in.fixedLength() : in.length();
      }
      List<Object> values = new ArrayList<>();
      for (int i = 0; i < sizes.length; i++) {
        int size = i == sizes.length - 1 ? in.remaining() : sizes[i];
        values.add(members.get(i).decode(in.take(size)));
      }
      return values;
    }
  }

  static final class OfPair<A, B> extends Codec<Codec.Pair<A, B>> {
    private final Codec<List<Object>> tuple;

    OfPair(Codec<List<Object>> tuple) {
      super(tuple.typeName(), tuple.typeClass());
      this.tuple = tuple;
    }

    @Override
    int width() {
      return tuple.width();
    }

    @Override
    public byte[] encode(Codec.Pair<A, B> value) {
      List<Object> members = new ArrayList<>();
      members.add(value.first());
      members.add(value.second());
      return tuple.encode(members);
    }

    @Override
    @SuppressWarnings("unchecked") // the members' codecs are of these types
    public Codec.Pair<A, B> decode(byte[] bytes) {
      List<Object> members = tuple.decode(bytes);
      return new Codec.Pair<>((A) members.get(0), (B) members.get(1));
    }
  }

  static final class Floats extends Codecs.Builtin<float[]> {
    Floats(String typeName, int width) {
      super(typeName, width);
    }

    @Override
    public byte[] encode(float[] value) {
      if (width() >= 0 && value.length * 4L != width()) {
        throw Codecs.outside(typeName(), value.length + " floats");
      }
      ByteBuffer out =
          ByteBuffer.allocate(Math.multiplyExact(4, value.length)).order(ByteOrder.LITTLE_ENDIAN);
      out.asFloatBuffer().put(value);
      return out.array();
    }

    @Override
    public float[] decode(byte[] bytes) {
      check(bytes.length);
      if (bytes.length % 4 != 0) throw Codecs.corrupted(typeName(), bytes.length + " bytes");
      float[] value = new float[bytes.length / 4];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(value);
      return value;
    }
  }

  /** Types of the crates are of a class of their own. */
  private abstract static class User<T> extends Codecs.Builtin<T> {
    User(String typeName, int width) {
      super(typeName, StoredType.USER_DEFINED, width);
    }

    abstract void put(T value, ByteBuffer out);

    abstract T get(ByteBuffer in);

    @Override
    public final byte[] encode(T value) {
      ByteBuffer out = ByteBuffer.allocate(width()).order(ByteOrder.LITTLE_ENDIAN);
      put(value, out);
      return out.array();
    }

    @Override
    public final T decode(byte[] bytes) {
      check(bytes.length);
      try {
        return get(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
      } catch (DateTimeException e) {
        throw Codecs.corrupted(typeName(), e.getMessage());
      }
    }

    final void putDate(LocalDate date, ByteBuffer out) {
      if (date.getYear() < MIN_YEAR || date.getYear() > MAX_YEAR) throw Codecs.outside(typeName(), date);
      out.putInt(date.getYear()).put((byte) date.getMonthValue()).put((byte) date.getDayOfMonth());
    }

    final LocalDate getDate(ByteBuffer in) {
      int year = in.getInt();
      if (year < MIN_YEAR || year > MAX_YEAR) throw Codecs.corrupted(typeName(), "the year " + year);
      return LocalDate.of(year, in.get() & 0xff, in.get() & 0xff);
    }

    static void putTime(LocalTime time, ByteBuffer out) {
      int seconds = time.toSecondOfDay();
      out.put((byte) seconds).put((byte) (seconds >> 8)).put((byte) (seconds >> 16));
      out.putInt(time.getNano());
    }

    final LocalTime getTime(ByteBuffer in) {
      int seconds = in.get() & 0xff | (in.get() & 0xff) << 8 | (in.get() & 0xff) << 16;
      int nanoseconds = in.getInt();
      boolean leap = nanoseconds >= SECOND && nanoseconds < 2 * SECOND && seconds % 60 == 59;
      if (nanoseconds < 0 || nanoseconds >= SECOND && !leap) {
        throw Codecs.corrupted(typeName(), nanoseconds + " nanoseconds");
      }
      return LocalTime.ofSecondOfDay(seconds).withNano(leap ? SECOND - 1 : nanoseconds);
    }

    final int getOffset(ByteBuffer in) {
      int seconds = in.getInt();
      if (seconds <= -DAY || seconds >= DAY) throw Codecs.corrupted(typeName(), "an offset of a day or more");
      return seconds;
    }
  }

  static final class OfUuid extends User<UUID> {
    OfUuid() {
      super("uuid::Uuid", 16);
    }

    @Override
    void put(UUID value, ByteBuffer out) {
      out.order(ByteOrder.BIG_ENDIAN);
      out.putLong(value.getMostSignificantBits()).putLong(value.getLeastSignificantBits());
    }

    @Override
    UUID get(ByteBuffer in) {
      in.order(ByteOrder.BIG_ENDIAN);
      return new UUID(in.getLong(), in.getLong());
    }
  }

  static final class OfDate extends User<LocalDate> {
    OfDate() {
      super("chrono::NaiveDate", 6);
    }

    @Override
    void put(LocalDate value, ByteBuffer out) {
      putDate(value, out);
    }

    @Override
    LocalDate get(ByteBuffer in) {
      return getDate(in);
    }
  }

  static final class OfTime extends User<LocalTime> {
    OfTime() {
      super("chrono::NaiveTime", 7);
    }

    @Override
    void put(LocalTime value, ByteBuffer out) {
      putTime(value, out);
    }

    @Override
    LocalTime get(ByteBuffer in) {
      return getTime(in);
    }
  }

  static final class OfDateTime extends User<LocalDateTime> {
    OfDateTime() {
      super("chrono::NaiveDateTime", 13);
    }

    @Override
    void put(LocalDateTime value, ByteBuffer out) {
      putDate(value.toLocalDate(), out);
      putTime(value.toLocalTime(), out);
    }

    @Override
    LocalDateTime get(ByteBuffer in) {
      return LocalDateTime.of(getDate(in), getTime(in));
    }
  }

  /** The moment in UTC, then the offset. */
  static final class OfZoned extends User<OffsetDateTime> {
    OfZoned() {
      super("chrono::DateTime<chrono::FixedOffset>", 17);
    }

    @Override
    void put(OffsetDateTime value, ByteBuffer out) {
      OffsetDateTime moment = value.withOffsetSameInstant(ZoneOffset.UTC);
      putDate(moment.toLocalDate(), out);
      putTime(moment.toLocalTime(), out);
      out.putInt(value.getOffset().getTotalSeconds());
    }

    @Override
    OffsetDateTime get(ByteBuffer in) {
      OffsetDateTime moment = LocalDateTime.of(getDate(in), getTime(in)).atOffset(ZoneOffset.UTC);
      int offset = getOffset(in);
      boolean known = Math.abs(offset) <= ZoneOffset.MAX.getTotalSeconds();
      return known ? moment.withOffsetSameInstant(ZoneOffset.ofTotalSeconds(offset)) : moment;
    }
  }

  static final class OfOffset extends User<Integer> {
    OfOffset() {
      super("chrono::FixedOffset", 4);
    }

    @Override
    void put(Integer value, ByteBuffer out) {
      if (value <= -DAY || value >= DAY) throw Codecs.outside(typeName(), value);
      out.putInt(value);
    }

    @Override
    Integer get(ByteBuffer in) {
      return getOffset(in);
    }
  }
}
