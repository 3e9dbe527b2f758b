package rdb;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.ToLongFunction;
import rdb.raw.Flat;
import rdb.raw.Loader;

/** What the classes share to speak with the native library: loading, text. */
final class Native {
  /** Of the header this package was made for: RDB_ABI_VERSION. */
  static final long ABI_VERSION = 1L << 16;

  private Native() {}

  private static final class Once {
    static final String ORIGIN = checked();

    private static String checked() {
      String origin = Loader.ensure();
      Flat.checkAbi(ABI_VERSION);
      return origin;
    }
  }

  /** Called before the first native call of whatever needs no open database. */
  static String load() {
    return Once.ORIGIN;
  }

  /** Text that a function copies into the room it is given, answering the size it needs. */
  static String text(ToLongFunction<byte[]> read) {
    byte[] room = new byte[256];
    long size = read.applyAsLong(room);
    while (size > room.length) {
      room = new byte[javaSize(size)];
      size = read.applyAsLong(room);
    }
    return new String(room, 0, (int) size, StandardCharsets.UTF_8);
  }

  /** UTF-8, refusing what is none: half a surrogate pair has no encoding. */
  static byte[] utf8(String text) {
    try {
      ByteBuffer encoded =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw invalid("the text holds half a surrogate pair and cannot be encoded");
    }
  }

  /** A size of native memory as an int; what is larger cannot be an array or buffer. */
  static int javaSize(long size) {
    if (size > Integer.MAX_VALUE - 8) {
      throw new TableException(
          Status.ERR_TOO_LARGE, 0, RdbException.NO_POSITION, size + " bytes are more than Java can hold");
    }
    return (int) size;
  }

  /** A refusal of this package, in the form the library's own have. */
  static UsageException invalid(String message) {
    return new UsageException(Status.ERR_INVALID_ARGUMENT, 0, RdbException.NO_POSITION, message);
  }

  static UsageException misuse(String message) {
    return new UsageException(Status.ERR_MISUSE, 0, RdbException.NO_POSITION, message);
  }
}
