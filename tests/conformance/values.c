/* values.c: what the scripts write, as stored bytes, and the comparison with what came back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

__extension__ typedef unsigned __int128 wide;

const value_type type_bytes = {KIND_BYTES, 0, KIND_BYTES, 0, "", 0};

/* Scalars by name. Names the library does not know are KIND_BYTES: their values are given as
 * stored. */
static bool parse_scalar(const char* name, value_kind* kind, size_t* width) {
  static const struct {
    const char* name;
    value_kind kind;
    size_t width;
  } scalars[] = {
      {"u8", KIND_UNSIGNED, 1},    {"u16", KIND_UNSIGNED, 2}, {"u32", KIND_UNSIGNED, 4},
      {"u64", KIND_UNSIGNED, 8},   {"i8", KIND_SIGNED, 1},    {"i16", KIND_SIGNED, 2},
      {"i32", KIND_SIGNED, 4},     {"i64", KIND_SIGNED, 8},   {"i128", KIND_SIGNED, 16},
      {"u128", KIND_UNSIGNED, 16}, {"f32", KIND_FLOAT, 4},    {"f64", KIND_FLOAT, 8},
      {"bool", KIND_BOOL, 1},      {"char", KIND_CHAR, 3},    {"&str", KIND_TEXT, 0},
      {"String", KIND_TEXT, 0},    {"()", KIND_UNIT, 0},
  };
  for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; ++i) {
    if (strcmp(scalars[i].name, name) == 0) {
      *kind = scalars[i].kind;
      *width = scalars[i].width;
      return true;
    }
  }
  return false;
}

/* Byte strings of one length are given as bytes; so is what the library cannot take apart. */
static bool is_composite(const char* name, uint32_t type_class) {
  rdb_type type;
  rdb_codec* codec;
  memset(&type, 0, sizeof type);
  type.name.data = name;
  type.name.size = strlen(name);
  type.type_class = type_class;
  if (strncmp(name, "[u8;", 4) == 0 || strncmp(name, "redb::", 6) == 0 ||
      strcmp(name, "&[u8]") == 0) {
    return false;
  }
  if (rdb_codec_create(&type, &codec, NULL) != RDB_OK) return false;
  rdb_codec_free(codec);
  return true;
}

value_type parse_type(const char* name, uint32_t type_class) {
  value_type type = type_bytes;
  char element[32];
  unsigned count;
  int end = 0;
  if (type_class == RDB_TYPE_BUILTIN && parse_scalar(name, &type.kind, &type.width)) return type;
  if (type_class == RDB_TYPE_BUILTIN &&
      sscanf(name, "[%31[^];[];%u]%n", element, &count, &end) == 2 && end > 0 && name[end] == 0 &&
      strcmp(element, "u8") != 0 && parse_scalar(element, &type.element, &type.width) &&
      type.width != 0) {
    type.kind = KIND_ARRAY;
    type.count = count;
    return type;
  }
  type = type_bytes;
  if (strlen(name) < sizeof type.name && is_composite(name, type_class)) {
    type.kind = KIND_COMPOSITE;
    type.type_class = type_class;
    strcpy(type.name, name);
  }
  return type;
}

static rdb_slice slice_of(const void* data, size_t size) {
  rdb_slice slice;
  slice.data = data;
  slice.size = size;
  return slice;
}

bool slices_equal(rdb_slice a, rdb_slice b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

rdb_slice copy_slice(line* l, rdb_slice slice) {
  void* data = keep(l, slice.size + 1);
  if (slice.size != 0) memcpy(data, slice.data, slice.size);
  return slice_of(data, slice.size);
}

/* ---- encoding ---- */

static rdb_slice decode_hex(line* l, const char* text) {
  const size_t size = strlen(text) / 2;
  unsigned char* data = keep(l, size + 1);
  for (size_t i = 0; i < size; ++i) {
    const char pair[3] = {text[2 * i], text[2 * i + 1], 0};
    char* end;
    data[i] = (unsigned char)strtoul(pair, &end, 16);
    if (*end != 0) fail(l, "bad hex: %s", text);
  }
  if (strlen(text) % 2 != 0) fail(l, "bad hex: %s", text);
  return slice_of(data, size);
}

static rdb_slice repeat(line* l, const json_t* value) {
  const json_t* text = json_object_get(value, "fill");
  const size_t one = json_string_length(text);
  const size_t count = (size_t)json_integer_value(json_object_get(value, "count"));
  char* data = keep(l, one * count + 1);
  for (size_t i = 0; i < count; ++i) memcpy(data + i * one, json_string_value(text), one);
  return slice_of(data, one * count);
}

/* That many bytes that must never be looked at: one byte, and nothing behind it. */
static rdb_slice huge(const json_t* value) {
  static char nothing;
  return slice_of(&nothing, (size_t)json_integer_value(value));
}

/* Little-endian two's complement of decimal text. */
static void encode_int(line* l, const char* text, size_t width, bool is_signed, unsigned char* to) {
  const bool negative = *text == '-';
  const wide half = (wide)1 << (8 * width - 1);
  const wide largest = is_signed ? (negative ? half : half - 1) : half - 1 + half;
  wide number = 0;
  const char* at = text + negative;
  if (*at == 0 || (negative && !is_signed)) fail(l, "no number of its type: %s", text);
  for (; *at != 0; ++at) {
    if (*at < '0' || *at > '9') fail(l, "no number: %s", text);
    const unsigned digit = (unsigned char)*at - (unsigned)'0';
    if (number > largest / 10 || number * 10 > largest - digit) {
      fail(l, "too large for its type: %s", text);
    }
    number = number * 10 + digit;
  }
  if (negative) number = ~number + 1;
  for (size_t i = 0; i < width; ++i) to[i] = (unsigned char)(number >> 8 * i & 0xff);
}

static void encode_float(line* l, const char* text, size_t width, unsigned char* to) {
  char* end;
  uint64_t bits = 0;
  if (width == 4) {
    const float number = strtof(text, &end);
    uint32_t half;
    memcpy(&half, &number, sizeof half);
    bits = half;
  } else {
    const double number = strtod(text, &end);
    memcpy(&bits, &number, sizeof bits);
  }
  if (*end != 0 || end == text) fail(l, "no number: %s", text);
  for (size_t i = 0; i < width; ++i) to[i] = (unsigned char)(bits >> 8 * i & 0xff);
}

/* The one character of a text in UTF-8, which the JSON reader has checked. */
static void encode_char(line* l, const json_t* value, unsigned char* to) {
  const unsigned char* at = (const unsigned char*)json_string_value(value);
  const int more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
  uint32_t code = more == 0 ? *at : *at & (0x3fu >> more);
  for (int i = 0; i < more; ++i) code = code << 6 | (at[i + 1] & 0x3fu);
  if (json_string_length(value) != (size_t)more + 1) fail(l, "not one character: %s", at);
  for (int i = 0; i < 3; ++i) to[i] = (unsigned char)(code >> 8 * i & 0xff);
}

static const json_t* form(line* l, const json_t* value, const char* name, bool fits) {
  const json_t* found = json_object_get(value, name);
  if (found != NULL && !fits) fail(l, "{\"%s\": ...} is no value of the table's type", name);
  return found;
}

/* A scalar given by its meaning; NULL when value is none of the forms. */
static const unsigned char* encode_scalar(line* l, const json_t* value, value_kind kind,
                                          size_t width) {
  unsigned char* to = keep(l, width + 1);
  const json_t* found;
  if ((found = form(l, value, "int", kind == KIND_SIGNED || kind == KIND_UNSIGNED))) {
    encode_int(l, json_string_value(found), width, kind == KIND_SIGNED, to);
  } else if ((found = form(l, value, "float", kind == KIND_FLOAT))) {
    encode_float(l, json_string_value(found), width, to);
  } else if ((found = form(l, value, "bool", kind == KIND_BOOL))) {
    to[0] = json_is_true(found);
  } else if ((found = form(l, value, "char", kind == KIND_CHAR))) {
    encode_char(l, found, to);
  } else if (form(l, value, "unit", kind == KIND_UNIT) == NULL) {
    return NULL;
  }
  return to;
}

static rdb_slice encode_list(line* l, const json_t* list, const value_type* type) {
  unsigned char* data = keep(l, type->count * type->width + 1);
  if (json_array_size(list) != type->count) fail(l, "the list has another length than the type");
  for (size_t i = 0; i < type->count; ++i) {
    const unsigned char* one =
        encode_scalar(l, json_array_get(list, i), type->element, type->width);
    if (one == NULL) fail(l, "an element is no value of the array's type");
    memcpy(data + i * type->width, one, type->width);
  }
  return slice_of(data, type->count * type->width);
}

/* Numbers of an item that has several: dates, times. */
static void want_numbers(line* l, const json_t* list, int64_t* numbers, size_t count) {
  if (json_array_size(list) != count) fail(l, "a date or time has another number of numbers");
  for (size_t i = 0; i < count; ++i) numbers[i] = json_integer_value(json_array_get(list, i));
}

static void put_item(line* l, rdb_codec* codec, const rdb_item* item) {
  const rdb_status status = rdb_codec_put(codec, item, &l->err);
  if (status < 0) fail(l, "rdb_codec_put: %s", l->err.message);
}

static void put_value(line* l, rdb_codec* codec, const json_t* value);

static void put_members(line* l, rdb_codec* codec, uint32_t kind, const json_t* members) {
  rdb_item item = RDB_ITEM_INIT;
  item.kind = kind;
  item.count = (uint32_t)json_array_size(members);
  put_item(l, codec, &item);
  for (size_t i = 0; i < item.count; ++i) put_value(l, codec, json_array_get(members, i));
}

static void put_moment(line* l, rdb_codec* codec, uint32_t kind, const json_t* list) {
  int64_t numbers[6] = {0};
  rdb_item item = RDB_ITEM_INIT;
  const bool dated = kind != RDB_ITEM_TIME;
  const size_t count = kind == RDB_ITEM_DATE        ? 3
                       : kind == RDB_ITEM_TIME      ? 2
                       : kind == RDB_ITEM_DATE_TIME ? 5
                                                    : 6;
  const int64_t* at = numbers;
  want_numbers(l, list, numbers, count);
  item.kind = kind;
  if (dated) {
    item.year = (int32_t)at[0];
    item.month = (uint32_t)at[1];
    item.day = (uint32_t)at[2];
    at += 3;
  }
  item.seconds = (uint32_t)at[0];
  item.nanoseconds = (uint32_t)at[1];
  item.offset = (int32_t)at[2];
  put_item(l, codec, &item);
}

static void put_number(line* l, rdb_codec* codec, const char* text) {
  rdb_status status;
  unsigned char bytes[16];
  rdb_item item = RDB_ITEM_INIT;
  const bool negative = *text == '-';
  encode_int(l, text, 16, negative, bytes);
  item.kind = negative ? RDB_ITEM_SIGNED : RDB_ITEM_UNSIGNED;
  memcpy(&item.low, bytes, 8);
  memcpy(&item.high, bytes + 8, 8);
  if (item.high == 0 && !negative) {
    status = rdb_codec_put_unsigned(codec, item.low, &l->err);
  } else if (negative && item.high == UINT64_MAX && item.low >> 63 != 0) {
    status = rdb_codec_put_signed(codec, (int64_t)item.low, &l->err);
  } else {
    status = rdb_codec_put(codec, &item, &l->err);
  }
  if (status < 0) fail(l, "rdb_codec_put: %s", l->err.message);
}

/* One value, whatever its type: the form says which items it is. */
static void put_value(line* l, rdb_codec* codec, const json_t* value) {
  static const struct {
    const char* name;
    uint32_t kind;
  } members[] = {{"tuple", RDB_ITEM_TUPLE}, {"list", RDB_ITEM_ARRAY}, {"vec", RDB_ITEM_LIST}},
    moments[] = {{"date", RDB_ITEM_DATE},
                 {"time", RDB_ITEM_TIME},
                 {"datetime", RDB_ITEM_DATE_TIME},
                 {"zoned", RDB_ITEM_ZONED}};
  rdb_item item = RDB_ITEM_INIT;
  const json_t* found;
  for (size_t i = 0; i < sizeof members / sizeof members[0]; ++i) {
    if ((found = json_object_get(value, members[i].name))) {
      put_members(l, codec, members[i].kind, found);
      return;
    }
  }
  for (size_t i = 0; i < sizeof moments / sizeof moments[0]; ++i) {
    if ((found = json_object_get(value, moments[i].name))) {
      put_moment(l, codec, moments[i].kind, found);
      return;
    }
  }
  if ((found = json_object_get(value, "int"))) {
    put_number(l, codec, json_string_value(found));
    return;
  }
  if ((found = json_object_get(value, "some"))) {
    item.kind = RDB_ITEM_SOME;
    put_item(l, codec, &item);
    put_value(l, codec, found);
    return;
  }
  if (json_object_get(value, "none") != NULL) {
    item.kind = RDB_ITEM_NONE;
  } else if ((found = json_object_get(value, "float"))) {
    item.kind = RDB_ITEM_REAL;
    item.real = strtod(json_string_value(found), NULL);
  } else if ((found = json_object_get(value, "bool"))) {
    item.kind = RDB_ITEM_BOOL;
    item.low = json_is_true(found);
  } else if ((found = json_object_get(value, "char"))) {
    unsigned char bytes[3];
    encode_char(l, found, bytes);
    item.kind = RDB_ITEM_CHAR;
    item.low = bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16;
  } else if ((found = json_object_get(value, "unit"))) {
    item.kind = RDB_ITEM_UNIT;
  } else if ((found = json_object_get(value, "offset"))) {
    item.kind = RDB_ITEM_OFFSET;
    item.offset = (int32_t)json_integer_value(found);
  } else {
    rdb_status status;
    rdb_slice bytes;
    if ((found = json_object_get(value, "str"))) {
      bytes = slice_of(json_string_value(found), json_string_length(found));
    } else if ((found = json_object_get(value, "uuid"))) {
      bytes = decode_hex(l, json_string_value(found));
    } else {
      bytes = encode(l, value, &type_bytes);
    }
    status = rdb_codec_put_bytes(codec, bytes, &l->err);
    if (status < 0) fail(l, "rdb_codec_put_bytes: %s", l->err.message);
    return;
  }
  put_item(l, codec, &item);
}

static rdb_slice encode_composite(line* l, const json_t* value, const value_type* type) {
  rdb_type named;
  rdb_codec* codec;
  rdb_slice bytes;
  memset(&named, 0, sizeof named);
  named.name = slice_of(type->name, strlen(type->name));
  named.type_class = type->type_class;
  if (rdb_codec_create(&named, &codec, &l->err) < 0) fail(l, "%s", l->err.message);
  /* A line that fails leaves the codec to the end of the program. */
  if (rdb_codec_begin(codec, &l->err) < 0) fail(l, "%s", l->err.message);
  put_value(l, codec, value);
  if (rdb_codec_finish(codec, &bytes, &l->err) < 0) fail(l, "%s", l->err.message);
  bytes = copy_slice(l, bytes);
  rdb_codec_free(codec);
  return bytes;
}

rdb_slice encode(line* l, const json_t* value, const value_type* type) {
  const json_t* found;
  const unsigned char* scalar;
  if (json_is_string(value)) return slice_of(json_string_value(value), json_string_length(value));
  if (!json_is_object(value)) fail(l, "a value is neither text nor an object");
  if ((found = json_object_get(value, "hex"))) return decode_hex(l, json_string_value(found));
  if (json_object_get(value, "fill") != NULL) return repeat(l, value);
  if ((found = json_object_get(value, "huge"))) return huge(found);
  if (type->kind == KIND_COMPOSITE) return encode_composite(l, value, type);
  if ((found = form(l, value, "str", type->kind == KIND_TEXT))) {
    return slice_of(json_string_value(found), json_string_length(found));
  }
  if ((found = form(l, value, "list", type->kind == KIND_ARRAY)))
    return encode_list(l, found, type);
  scalar = encode_scalar(l, value, type->kind, type->width);
  if (scalar == NULL) fail(l, "a value has none of the forms that exist");
  return slice_of(scalar, type->width);
}

rdb_slice want_bytes(line* l, const char* name, const value_type* type) {
  return encode(l, want_member(l, name), type);
}

rdb_slice want_name(line* l, const char* name) { return want_bytes(l, name, &type_bytes); }

/* ---- rows ---- */

/* Each run of # becomes the number, with zeros in front up to the run's length. */
static json_t* count_text(const json_t* text, long long number) {
  const char* from = json_string_value(text);
  char* to = malloc(strlen(from) + 24 * (strlen(from) + 1));
  size_t size = 0;
  json_t* counted;
  while (*from != 0) {
    const size_t run = strspn(from, "#");
    if (run == 0) {
      to[size++] = *from++;
      continue;
    }
    size += (size_t)sprintf(to + size, "%0*lld", (int)run, number);
    from += run;
  }
  counted = json_stringn(to, size);
  free(to);
  return counted;
}

/* A copy of a template for one number. */
static json_t* count_value(const json_t* value, long long number) {
  if (json_is_string(value)) return count_text(value, number);
  json_t* copy = json_copy((json_t*)(uintptr_t)value); /* only read */
  if (json_is_object(copy)) {
    const char* key;
    json_t* member;
    json_object_foreach(copy, key, member) {
      json_object_set_new(copy, key, count_value(member, number));
    }
  } else if (json_is_array(copy)) {
    for (size_t i = 0; i < json_array_size(copy); ++i) {
      json_array_set_new(copy, i, count_value(json_array_get(copy, i), number));
    }
  }
  return copy;
}

/* Encodes one counted value into memory of the line. */
static rdb_slice encode_counted(line* l, const json_t* form_of, long long number,
                                const value_type* type) {
  json_t* value = count_value(form_of, number);
  const rdb_slice bytes = copy_slice(l, encode(l, value, type));
  json_decref(value);
  return bytes;
}

static rows counted_rows(line* l, const json_t* json, const value_type* key,
                         const value_type* value) {
  const json_t* each = json_object_get(json, "each");
  const long long from = json_integer_value(json_array_get(each, 0));
  const long long to = json_integer_value(json_array_get(each, 1));
  const long long step =
      json_array_size(each) > 2 ? json_integer_value(json_array_get(each, 2)) : 1;
  rows made = {NULL, NULL, 0};
  if (step == 0 || !json_is_array(each)) fail(l, "rows that cannot be counted");
  for (long long i = from; step > 0 ? i < to : i > to; i += step) ++made.count;
  made.keys = keep(l, (made.count + 1) * sizeof *made.keys);
  if (value != NULL) made.values = keep(l, (made.count + 1) * sizeof *made.values);
  for (size_t i = 0; i < made.count; ++i) {
    const long long number = from + (long long)i * step;
    made.keys[i] = encode_counted(l, json_object_get(json, "key"), number, key);
    if (value != NULL) {
      made.values[i] = encode_counted(l, json_object_get(json, "value"), number, value);
    }
  }
  return made;
}

rows want_rows(line* l, const json_t* json, const value_type* key, const value_type* value) {
  rows made = {NULL, NULL, json_array_size(json)};
  if (json_is_object(json)) return counted_rows(l, json, key, value);
  if (!json_is_array(json)) fail(l, "rows are neither listed nor counted");
  made.keys = keep(l, (made.count + 1) * sizeof *made.keys);
  made.values = keep(l, (made.count + 1) * sizeof *made.values);
  for (size_t i = 0; i < made.count; ++i) {
    const json_t* row = json_array_get(json, i);
    made.keys[i] = encode(l, json_array_get(row, 0), key);
    made.values[i] = encode(l, json_array_get(row, 1), value);
  }
  return made;
}

rows want_keys(line* l, const json_t* json, const value_type* key) {
  rows made = {NULL, NULL, json_array_size(json)};
  if (json_is_object(json)) return counted_rows(l, json, key, NULL);
  if (!json_is_array(json)) fail(l, "keys are neither listed nor counted");
  made.keys = keep(l, (made.count + 1) * sizeof *made.keys);
  for (size_t i = 0; i < made.count; ++i) made.keys[i] = encode(l, json_array_get(json, i), key);
  return made;
}

/* ---- comparison ---- */

/* Bytes for a message: text where it is printable, at most some of it. */
static const char* show(line* l, rdb_slice bytes) {
  const unsigned char* data = bytes.data;
  const size_t shown = bytes.size < 40 ? bytes.size : 40;
  char* text = keep(l, 4 * shown + 48);
  size_t size = 0;
  for (size_t i = 0; i < shown; ++i) {
    size +=
        (size_t)sprintf(text + size, data[i] >= ' ' && data[i] < 127 ? "%c" : "\\x%02x", data[i]);
  }
  sprintf(text + size, "%s (%zu bytes)", shown < bytes.size ? "..." : "", bytes.size);
  return text;
}

static bool is_nan(rdb_slice bytes, const value_type* type) {
  if (type->kind != KIND_FLOAT || bytes.size != type->width) return false;
  if (type->width == 4) {
    float number;
    memcpy(&number, bytes.data, sizeof number);
    return isnan(number);
  }
  double number;
  memcpy(&number, bytes.data, sizeof number);
  return isnan(number);
}

static bool same_value(rdb_slice a, rdb_slice b, const value_type* type) {
  return slices_equal(a, b) || (is_nan(a, type) && is_nan(b, type));
}

json_t* asked(line* l, const char* name) {
  json_t* member = json_object_get(l->gives, name);
  if (member != NULL) json_object_set_new(l->seen, name, json_true());
  return member;
}

void give_number(line* l, const char* name, uint64_t value) {
  const json_t* expected = asked(l, name);
  if (expected == NULL) return;
  const json_t* least = json_object_get(expected, "at_least");
  const uint64_t wanted = (uint64_t)json_integer_value(least != NULL ? least : expected);
  if (!json_is_integer(least != NULL ? least : expected) ||
      (least != NULL ? value < wanted : value != wanted)) {
    fail(l, "%s is %llu", name, (unsigned long long)value);
  }
}

void give_bool(line* l, const char* name, bool value) {
  const json_t* expected = asked(l, name);
  if (expected == NULL) return;
  if (!json_is_boolean(expected) || json_is_true(expected) != value) {
    fail(l, "%s is %s", name, value ? "true" : "false");
  }
}

void give_text(line* l, const char* name, rdb_slice text) {
  give_value(l, name, text, &type_bytes);
}

void give_part(line* l, const char* name, rdb_slice text) {
  const json_t* expected = asked(l, name);
  if (expected == NULL) return;
  const char* whole = copy_slice(l, text).data;
  if (!json_is_string(expected) || strstr(whole, json_string_value(expected)) == NULL) {
    fail(l, "%s is %s", name, whole);
  }
}

void give_value(line* l, const char* name, rdb_slice bytes, const value_type* type) {
  const json_t* expected = asked(l, name);
  if (expected == NULL) return;
  if (json_is_null(expected) || !same_value(encode(l, expected, type), bytes, type)) {
    fail(l, "%s is %s", name, show(l, bytes));
  }
}

void give_null(line* l, const char* name) {
  const json_t* expected = asked(l, name);
  if (expected != NULL && !json_is_null(expected)) fail(l, "%s is null", name);
}

void give_rows(line* l, const rows* got, const value_type* key, const value_type* value) {
  const json_t* listed = asked(l, "rows");
  const json_t* keys = asked(l, "keys");
  give_number(l, "count", got->count);
  if (listed == NULL && keys == NULL) return;
  const rows expected = listed != NULL ? want_rows(l, listed, key, value) : want_keys(l, keys, key);
  for (size_t i = 0; i < got->count && i < expected.count; ++i) {
    if (!same_value(got->keys[i], expected.keys[i], key)) {
      fail(l, "key %zu is %s", i, show(l, got->keys[i]));
    }
    if (expected.values != NULL && !same_value(got->values[i], expected.values[i], value)) {
      fail(l, "value %zu is %s", i, show(l, got->values[i]));
    }
  }
  if (got->count != expected.count) fail(l, "%zu rows, not %zu", got->count, expected.count);
}

void give_numbers(line* l, const void* from, const number_member* members, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const char* place = (const char*)from + members[i].offset;
    uint64_t value = 0;
    if (members[i].size == sizeof(uint32_t)) {
      uint32_t narrow;
      memcpy(&narrow, place, sizeof narrow);
      value = narrow;
    } else {
      memcpy(&value, place, sizeof value);
    }
    give_number(l, members[i].name, value);
  }
}
