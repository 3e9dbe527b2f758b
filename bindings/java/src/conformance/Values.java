import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
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
        Codec.F64, Codec.UUID, Codec.DATE, Codec.TIME, Codec.DATE_TIME, Codec.ZONED_DATE_TIME,
        Codec.ZONE_OFFSET)) {
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
      Codec<?> codec = part(stored.name(), stored.typeClass() == StoredType.BUILTIN);
      boolean known = codec != null && codec.typeClass() == stored.typeClass();
      return (Codec<Object>) (known ? codec : (Codec<?>) Codec.stored(stored));
    }
    return (Codec<Object>) named(type == null ? "&[u8]" : (String) type);
  }

  /**
   * The codec of a part of a type; null when it is none that the scripts write by meaning.
   *
   * @param legacy whether a tuple there is as redb 2 wrote it
   */
  private static Codec<?> part(String name, boolean legacy) {
    Codec<?> known = CODECS.get(name);
    if (known != null) return known;
    String inner = inside(name, "Option<", ">");
    if (inner != null) {
      Codec<?> codec = part(inner, false);
      return codec == null ? null : Codec.option(codec);
    }
    inner = inside(name, "Vec<", ">");
    if (inner != null) {
      Codec<?> codec = part(inner, false);
      return codec == null ? null : Codec.list(codec);
    }
    Matcher array = ARRAY.matcher(name);
    if (array.matches()) {
      int length = Integer.parseInt(array.group(2));
      if (array.group(1).equals("u8")) return Codec.bytes(length);
      Codec<?> codec = part(array.group(1), false);
      return codec == null ? null : Codec.array(codec, length);
    }
    List<String> members = members(name);
    if (members == null) return null;
    List<Codec<?>> codecs = new ArrayList<>();
    for (String member : members) {
      Codec<?> codec = part(member, legacy && members.size() > 1);
      if (codec == null) return null;
      codecs.add(codec);
    }
    Codec<?>[] all = codecs.toArray(new Codec<?>[0]);
    return legacy && members.size() > 1 ? Codec.legacyTuple(all) : Codec.tuple(all);
  }

  private static String inside(String name, String prefix, String suffix) {
    boolean fits = name.startsWith(prefix) && name.endsWith(suffix);
    return fits ? name.substring(prefix.length(), name.length() - suffix.length()) : null;
  }

  /** The names of a tuple's members; null when it is none. */
  private static List<String> members(String name) {
    String body = inside(name, "(", ")");
    if (body == null || body.isEmpty()) return null;
    List<String> members = new ArrayList<>();
    int depth = 0;
    int begin = 0;
    for (int i = 0; i <= body.length(); i++) {
      char c = i < body.length() ? body.charAt(i) : ',';
      if ("([<".indexOf(c) >= 0) depth++;
      if (")]>".indexOf(c) >= 0) depth--;
      if (c != ',' || depth != 0) continue;
      if (i > begin) members.add(body.substring(begin, i));
      begin = i + 1;
    }
    return members.size() > 12 ? null : members;
  }

  /** The types that the classes of java.time stand for, and members of composites. */
  private static Object composite(String form, Object content, String type) {
    List<?> list = content instanceof List<?> many ? many : List.of();
    switch (form) {
      case "none":
        return Optional.empty();
      case "some":
        return Optional.of(of(content, part(inside(type, "Option<", ">"), false)));
      case "vec":
        List<Object> elements = new ArrayList<>();
        for (Object element : list) elements.add(of(element, part(inside(type, "Vec<", ">"), false)));
        return elements;
      case "tuple":
        List<Object> values = new ArrayList<>();
        List<String> names = members(type);
        for (int i = 0; i < list.size(); i++) values.add(of(list.get(i), part(names.get(i), false)));
        return values;
      case "uuid":
        ByteBuffer digits = ByteBuffer.wrap(HexFormat.of().parseHex((String) content));
        return new UUID(digits.getLong(), digits.getLong());
      case "date":
        return date(list);
      case "time":
        return time(list, 0);
      case "datetime":
        return date(list).atTime(time(list, 3));
      case "zoned":
        ZoneOffset offset = ZoneOffset.ofTotalSeconds(number(list, 5));
        return date(list).atTime(time(list, 3)).atOffset(ZoneOffset.UTC).withOffsetSameInstant(offset);
      case "offset":
        return ((Long) content).intValue();
      default:
        return null;
    }
  }

  private static int number(List<?> list, int at) {
    return ((Long) list.get(at)).intValue();
  }

  private static LocalDate date(List<?> list) {
    return LocalDate.of(number(list, 0), number(list, 1), number(list, 2));
  }

  private static LocalTime time(List<?> list, int from) {
    return LocalTime.ofSecondOfDay(number(list, from)).withNano(number(list, from + 1));
  }

  private static Codec<?> named(String name) {
    Codec<?> codec = part(name, true);
    if (codec != null && codec.typeClass() == StoredType.BUILTIN) return codec;
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
    Object member = composite(form.keySet().iterator().next().toString(), content, type);
    if (member != null) return member;
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
