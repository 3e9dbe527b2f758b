import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one JSON text: objects as Map, arrays as List, numbers as Long or Double, null as null. */
final class Json {
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  static Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value();
    json.blank();
    if (json.at != text.length()) throw json.wrong("text behind the value");
    return value;
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("JSON, column " + (at + 1) + ": " + what);
  }

  private void blank() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
  }

  private char peek() {
    blank();
    if (at == text.length()) throw wrong("the text ends here");
    return text.charAt(at);
  }

  private boolean skip(char c) {
    if (peek() != c) return false;
    at++;
    return true;
  }

  private void need(char c) {
    if (!skip(c)) throw wrong("'" + c + "' expected");
  }

  private Object value() {
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return array();
      case '"':
        return string();
      default:
        int from = at;
        while (at < text.length() && "+-.".indexOf(text.charAt(at)) + 1
            + (Character.isLetterOrDigit(text.charAt(at)) ? 1 : 0) > 0) at++;
        return word(text.substring(from, at));
    }
  }

  private Object word(String word) {
    switch (word) {
      case "null":
        return null;
      case "true":
        return true;
      case "false":
        return false;
      default:
        try {
          return word.matches("-?\\d+") ? (Object) Long.valueOf(word) : (Object) Double.valueOf(word);
        } catch (NumberFormatException e) {
          throw wrong("'" + word + "'");
        }
    }
  }

  private Map<String, Object> object() {
    Map<String, Object> members = new LinkedHashMap<>();
    need('{');
    if (skip('}')) return members;
    do {
      if (peek() != '"') throw wrong("a name expected");
      String name = string();
      need(':');
      members.put(name, value());
    } while (skip(','));
    need('}');
    return members;
  }

  private List<Object> array() {
    List<Object> elements = new ArrayList<>();
    need('[');
    if (skip(']')) return elements;
    do {
      elements.add(value());
    } while (skip(','));
    need(']');
    return elements;
  }

  private String string() {
    StringBuilder out = new StringBuilder();
    need('"');
    while (true) {
      if (at == text.length()) throw wrong("the string does not end");
      char c = text.charAt(at++);
      if (c == '"') return out.toString();
      out.append(c == '\\' ? escaped() : c);
    }
  }

  private char escaped() {
    char c = text.charAt(at++);
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'u':
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
      default:
        return c;
    }
  }
}
