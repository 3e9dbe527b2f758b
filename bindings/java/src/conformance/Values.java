import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import rdb.Codec;
import rdb.StoredType;

/** Values as the scripts write them, and what Java makes of them. */
final class Values {
  /** The language cannot say it: README.md's "refusal that the language gives by itself". */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  private static final Map<String, Codec<?>> CODECS = new LinkedHashMap<>();
  private static final Pattern ARRAY = Pattern.compile("\\[(.+);(\\d+)\\]");
  private static final Pattern DIGITS = Pattern.compile("#+");
  private static final BigInteger TWO_64 = BigInteger.ONE.shiftLeft(64);

  static {
    for (Codec<?> codec : List.<Codec<?>>of(
        Codec.BYTES, Codec.STRING, Codec.OWNED_STRING, Codec.UNIT, Codec.BOOL, Codec.CHAR, Codec.U8, Codec.I8,
        Codec.U16, Codec.I16, Codec.I32, Codec.U32, Codec.I64, Codec.U64, Codec.U128, Codec.I128, Codec.F32,
        Codec.F64)) {
      CODECS.put(codec.typeName(), codec);
    }
  }

  private Values() {}

  /** The codec of a type as a script names it; null is byte strings. */
  @SuppressWarnings("unchecked")
  static Codec<Object> codec(Object type) {
    if (type instanceof Map) {
      Map<String, Object> parts = (Map<String, Object>) type;
      StoredType stored = new StoredType((String) parts.get("name"), ((Long) parts.get("class")).intValue());
      return (Codec<Object>) (Codec<?>) Codec.stored(stored);
    }
    return (Codec<Object>) named(type == null ? "&[u8]" : (String) type);
  }

  private static Codec<?> named(String name) {
    Codec<?> known = CODECS.get(name);
    if (known != null) return known;
    Matcher array = ARRAY.matcher(name);
    if (array.matches()) {
      int length = Integer.parseInt(array.group(2));
      return array.group(1).equals("u8") ? Codec.bytes(length) : Codec.array(named(array.group(1)), length);
    }
    return Codec.stored(new StoredType(name, StoredType.BUILTIN));
  }

  /** Byte strings: text, hex, or a text repeated. Null when the form is another one. */
  static byte[] bytes(Object json) {
    if (json instanceof String text) return text.getBytes(StandardCharsets.UTF_8);
    if (!(json instanceof Map<?, ?> form)) return null;
    if (form.containsKey("hex")) return HexFormat.of().parseHex((String) form.get("hex"));
    if (!form.containsKey("fill")) return null;
    byte[] piece = bytes(form.get("fill"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (long i = (Long) form.get("count"); i > 0; i--) out.writeBytes(piece);
    return out.toByteArray();
  }

  /** The value of a table of that codec that a script means. */
  static Object of(Object json, Codec<?> codec) {
    byte[] bytes = bytes(json);
    if (bytes != null) {
      try {
        return codec.decode(bytes);
      } catch (rdb.CorruptionException e) {
        throw new Refused(e.getMessage()); // no object of Java's has these bytes
      }
    }
    if (!(json instanceof Map<?, ?> form)) throw new Refused("no value: " + json);
    String type = codec.typeName();
    Matcher array = ARRAY.matcher(type);
    Object content = form.values().iterator().next();
    switch (form.keySet().iterator().next().toString()) {
      case "int":
        return integer(new BigInteger((String) content), type);
      case "float":
        String text = ((String) content).replace("inf", "Infinity").replace("nan", "NaN");
        if (type.equals("f32")) return Float.valueOf(text);
        if (type.equals("f64")) return Double.valueOf(text);
        break;
      case "bool":
        if (type.equals("bool")) return content;
        break;
      case "char":
        if (type.equals("char")) return ((String) content).codePointAt(0);
        break;
      case "str":
        if (type.equals("&str") || type.equals("String")) return content;
        break;
      case "unit":
        if (type.equals("()")) return Codec.Unit.UNIT;
        break;
      case "list":
        if (!array.matches()) break;
        List<Object> elements = new ArrayList<>();
        for (Object element : (List<?>) content) elements.add(of(element, named(array.group(1))));
        return elements;
      default:
        break;
    }
    throw new Refused(json + " is no " + type);
  }

  private static Object integer(BigInteger number, String type) {
    try {
      switch (type) {
        case "u8", "i8", "u16", "i16", "i32":
          return number.intValueExact();
        case "u32", "i64":
          return number.longValueExact();
        case "u64":
          if (number.signum() < 0 || number.compareTo(TWO_64) >= 0) throw new Refused(number + " is no u64");
          return number.longValue();
        case "u128", "i128":
          return number;
        default:
          throw new Refused(number + " is no " + type);
      }
    } catch (ArithmeticException e) {
      throw new Refused(number + " is no " + type);
    }
  }

  /** Arrays do not compare by content, buffers do. */
  static Object comparable(Object value) {
    if (value instanceof byte[] bytes) return ByteBuffer.wrap(bytes);
    if (value instanceof List<?> list) {
      List<Object> turned = new ArrayList<>();
      for (Object element : list) turned.add(comparable(element));
      return turned;
    }
    return value;
  }

  /** For a reader of the report. */
  static String shown(Object value) {
    return value instanceof byte[] bytes
        ? '"' + new String(bytes, StandardCharsets.ISO_8859_1) + '"'
        : String.valueOf(value);
  }

  static boolean same(Object left, Object right) {
    return java.util.Objects.equals(comparable(left), comparable(right));
  }

  /** One row: the key, and the value where the script has one. */
  record Row(Object key, Object value) {}

  /** Rows, or keys alone: listed, or counted by "each". */
  static List<Row> rows(Object json, boolean withValues, Codec<?> keys, Codec<?> values) {
    List<Row> rows = new ArrayList<>();
    if (json instanceof Map<?, ?> form) {
      List<?> each = (List<?>) form.get("each");
      long step = each.size() > 2 ? (Long) each.get(2) : 1;
      long end = (Long) each.get(1);
      for (long i = (Long) each.get(0); step > 0 ? i < end : i > end; i += step) {
        Object key = of(counted(form.get("key"), i), keys);
        rows.add(new Row(key, withValues ? of(counted(form.get("value"), i), values) : null));
      }
      return rows;
    }
    for (Object element : (List<?>) json) {
      if (withValues) {
        List<?> pair = (List<?>) element;
        rows.add(new Row(of(pair.get(0), keys), of(pair.get(1), values)));
      } else {
        rows.add(new Row(of(element, keys), null));
      }
    }
    return rows;
  }

  private static Object counted(Object json, long number) {
    if (json instanceof String text) {
      return DIGITS.matcher(text).replaceAll(run -> String.format("%0" + run.group().length() + "d", number));
    }
    if (json instanceof Map<?, ?> form) {
      Map<Object, Object> turned = new LinkedHashMap<>();
      form.forEach((name, value) -> turned.put(name, counted(value, number)));
      return turned;
    }
    if (json instanceof List<?> list) {
      List<Object> turned = new ArrayList<>();
      for (Object element : list) turned.add(counted(element, number));
      return turned;
    }
    return json;
  }
}
