package rdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The encodings of the file format, little-endian. Memory that {@code decodeAt} is lent has that
 * order too.
 */
final class Codecs {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Codecs() {}

  static CorruptionException corrupted(String typeName, String what) {
    return new CorruptionException(
        Status.ERR_CORRUPTED, 0, RdbException.NO_POSITION, "not a " + typeName + ": " + what);
  }

  static UsageException outside(String typeName, Object value) {
    return Native.invalid(value + " is no " + typeName);
  }

  abstract static class Builtin<T> extends Codec<T> {
    private final int width;

    Builtin(String typeName, int typeClass, int width) {
      super(typeName, typeClass);
      this.width = width;
    }

    Builtin(String typeName, int width) {
      this(typeName, StoredType.BUILTIN, width);
    }

    @Override
    final int width() {
      return width;
    }

    @Override
    boolean isBuiltin() {
      return true;
    }

    void check(int size) {
      if (width >= 0 && size != width) throw corrupted(typeName(), size + " bytes");
    }
  }

  static final class Bytes extends Builtin<byte[]> {
    Bytes(String typeName, int width) {
      super(typeName, width);
    }

    Bytes(String typeName, int typeClass, int width) {
      super(typeName, typeClass, width);
    }

    @Override
    public byte[] encode(byte[] value) {
      Objects.requireNonNull(value);
      if (width() >= 0 && value.length != width()) throw outside(typeName(), value.length + " bytes");
      return value;
    }

    @Override
    public byte[] decode(byte[] bytes) {
      check(bytes.length);
      return bytes;
    }
  }

  static final class Text extends Builtin<String> {
    Text(String typeName) {
      super(typeName, -1);
    }

    @Override
    public byte[] encode(String value) {
      return Native.utf8(value);
    }

    @Override
    public String decode(byte[] bytes) {
      for (byte b : bytes) {
        if (b < 0) return decodeStrictly(bytes);
      }
      return new String(bytes, StandardCharsets.ISO_8859_1); // ASCII
    }

    private String decodeStrictly(byte[] bytes) {
      try {
        return StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .decode(ByteBuffer.wrap(bytes))
            .toString();
      } catch (CharacterCodingException e) {
        throw corrupted(typeName(), "no UTF-8");
      }
    }
  }

  static final class OfUnit extends Builtin<Codec.Unit> {
    private static final byte[] NOTHING = {};

    OfUnit() {
      super("()", 0);
    }

    @Override
    public byte[] encode(Codec.Unit value) {
      return NOTHING;
    }

    @Override
    public Codec.Unit decode(byte[] bytes) {
      check(bytes.length);
      return Codec.Unit.UNIT;
    }
  }

  static final class OfBoolean extends Builtin<Boolean> {
    OfBoolean() {
      super("bool", 1);
    }

    @Override
    public byte[] encode(Boolean value) {
      return new byte[] {(byte) (value ? 1 : 0)};
    }

    @Override
    public Boolean decode(byte[] bytes) {
      check(bytes.length);
      if (bytes[0] != 0 && bytes[0] != 1) throw corrupted("bool", "the byte " + bytes[0]);
      return bytes[0] == 1;
    }
  }

  static final class CodePoint extends Builtin<Integer> {
    CodePoint() {
      super("char", 3);
    }

    private static boolean isScalar(int value) {
      return Character.isValidCodePoint(value)
          && (value < Character.MIN_SURROGATE || value > Character.MAX_SURROGATE);
    }

    @Override
    public byte[] encode(Integer value) {
      int point = value;
      if (!isScalar(point)) throw outside("char", value);
      return new byte[] {(byte) point, (byte) (point >> 8), (byte) (point >> 16)};
    }

    @Override
    public Integer decode(byte[] bytes) {
      check(bytes.length);
      int point = bytes[0] & 0xff | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16;
      if (!isScalar(point)) throw corrupted("char", Integer.toString(point));
      return point;
    }
  }

  /** Integers whose type in Java is int. */
  static final class Small extends Builtin<Integer> {
    private final int least;
    private final int greatest;

    Small(String typeName, int width, int least, int greatest) {
      super(typeName, width);
      this.least = least;
      this.greatest = greatest;
    }

    @Override
    public byte[] encode(Integer value) {
      int number = value;
      if (number < least || number > greatest) throw outside(typeName(), value);
      byte[] bytes = new byte[width()];
      for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (number >> 8 * i);
      return bytes;
    }

    @Override
    public Integer decode(byte[] bytes) {
      check(bytes.length);
      int number = 0;
      for (int i = 0; i < bytes.length; i++) number |= (bytes[i] & 0xff) << 8 * i;
      if (least < 0) number = number << 32 - 8 * bytes.length >> 32 - 8 * bytes.length;
      return number;
    }
  }

  /** Integers whose type in Java is long. */
  static final class Wide extends Builtin<Long> {
    private final long least;
    private final long greatest;

    Wide(String typeName, int width, long least, long greatest) {
      super(typeName, width);
      this.least = least;
      this.greatest = greatest;
    }

    @Override
    public byte[] encode(Long value) {
      long number = value;
      if (number < least || number > greatest) throw outside(typeName(), value);
      byte[] bytes = new byte[width()];
      if (bytes.length == Long.BYTES) {
        LONG.set(bytes, 0, number);
      } else {
        INT.set(bytes, 0, (int) number);
      }
      return bytes;
    }

    @Override
    public Long decode(byte[] bytes) {
      check(bytes.length);
      return bytes.length == Long.BYTES
          ? (long) LONG.get(bytes, 0)
          : Integer.toUnsignedLong((int) INT.get(bytes, 0));
    }

    @Override
    Long decodeAt(ByteBuffer memory, int at, int size) {
      check(size);
      return size == Long.BYTES ? memory.getLong(at) : Integer.toUnsignedLong(memory.getInt(at));
    }
  }

  static final class Big extends Builtin<BigInteger> {
    private static final int BYTES = 16;

    private final boolean signed;

    Big(String typeName, boolean signed) {
      super(typeName, BYTES);
      this.signed = signed;
    }

    @Override
    public byte[] encode(BigInteger value) {
      boolean fits = signed ? value.bitLength() < 128 : value.signum() >= 0 && value.bitLength() <= 128;
      if (!fits) throw outside(typeName(), value);
      byte[] bytes = new byte[BYTES];
      for (int i = 0; i < BYTES; i++) bytes[i] = value.shiftRight(8 * i).byteValue();
      return bytes;
    }

    @Override
    public BigInteger decode(byte[] bytes) {
      check(bytes.length);
      byte[] turned = new byte[BYTES];
      for (int i = 0; i < BYTES; i++) turned[i] = bytes[BYTES - 1 - i];
      return signed ? new BigInteger(turned) : new BigInteger(1, turned);
    }
  }

  static final class OfFloat extends Builtin<Float> {
    OfFloat() {
      super("f32", 4);
    }

    @Override
    public byte[] encode(Float value) {
      byte[] bytes = new byte[4];
      INT.set(bytes, 0, Float.floatToRawIntBits(value));
      return bytes;
    }

    @Override
    public Float decode(byte[] bytes) {
      check(bytes.length);
      return Float.intBitsToFloat((int) INT.get(bytes, 0));
    }
  }

  static final class OfDouble extends Builtin<Double> {
    OfDouble() {
      super("f64", 8);
    }

    @Override
    public byte[] encode(Double value) {
      byte[] bytes = new byte[8];
      LONG.set(bytes, 0, Double.doubleToRawLongBits(value));
      return bytes;
    }

    @Override
    public Double decode(byte[] bytes) {
      check(bytes.length);
      return Double.longBitsToDouble((long) LONG.get(bytes, 0));
    }
  }

  /**
   * Elements one behind the other; where their width varies, in front of them one u32 each with the
   * element's end, counted from the first byte of all.
   */
  static final class Array<E> extends Codec<List<E>> {
    private final Codec<E> element;
    private final int length;
    private final int width;

    Array(Codec<E> element, int length) {
      super("[" + element.typeName() + ";" + length + "]", StoredType.BUILTIN);
      this.element = element;
      this.length = length;
      width = element.width() < 0 ? -1 : Math.multiplyExact(element.width(), length);
    }

    @Override
    int width() {
      return width;
    }

    @Override
    public byte[] encode(List<E> values) {
      if (values.size() != length) throw outside(typeName(), values.size() + " elements");
      List<byte[]> parts = new ArrayList<>(length);
      long size = width < 0 ? 4L * length : 0;
      long at = size;
      for (E value : values) {
        byte[] part = element.encode(value);
        parts.add(part);
        size += part.length;
      }
      if (size > Integer.MAX_VALUE) throw outside(typeName(), size + " bytes");
      ByteBuffer out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
      if (width < 0) {
        for (byte[] part : parts) {
          at += part.length;
          out.putInt((int) at);
        }
      }
      for (byte[] part : parts) out.put(part);
      return out.array();
    }

    @Override
    public List<E> decode(byte[] bytes) {
      if (width >= 0 && bytes.length != width) throw corrupted(typeName(), bytes.length + " bytes");
      int head = width < 0 ? Math.multiplyExact(4, length) : 0;
      if (head > bytes.length) throw corrupted(typeName(), bytes.length + " bytes");
      List<E> values = new ArrayList<>(length);
      int from = head;
      for (int i = 0; i < length; i++) {
        int to = width < 0 ? (int) INT.get(bytes, 4 * i) : from + element.width();
        if (to < from || to > bytes.length) throw corrupted(typeName(), "an end outside of it");
        values.add(element.decode(java.util.Arrays.copyOfRange(bytes, from, to)));
        from = to;
      }
      if (from != bytes.length) throw corrupted(typeName(), "bytes behind the last element");
      return values;
    }
  }
}
