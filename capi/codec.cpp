// codec.cpp: composite keys and values, item by item.
#include <string>
#include <utility>

#include "args.hpp"
#include "guard.hpp"
#include "handles.hpp"

namespace rdb::capi {
namespace {

constexpr uint32_t value_of(ItemKind kind) { return static_cast<uint32_t>(kind); }

static_assert(RDB_ITEM_STORED == value_of(ItemKind::stored));
static_assert(RDB_ITEM_UNIT == value_of(ItemKind::unit));
static_assert(RDB_ITEM_BOOL == value_of(ItemKind::boolean));
static_assert(RDB_ITEM_CHAR == value_of(ItemKind::character));
static_assert(RDB_ITEM_UNSIGNED == value_of(ItemKind::unsigned_integer));
static_assert(RDB_ITEM_SIGNED == value_of(ItemKind::signed_integer));
static_assert(RDB_ITEM_REAL == value_of(ItemKind::real));
static_assert(RDB_ITEM_TEXT == value_of(ItemKind::text));
static_assert(RDB_ITEM_BYTES == value_of(ItemKind::bytes));
static_assert(RDB_ITEM_UUID == value_of(ItemKind::uuid));
static_assert(RDB_ITEM_DATE == value_of(ItemKind::date));
static_assert(RDB_ITEM_TIME == value_of(ItemKind::time));
static_assert(RDB_ITEM_DATE_TIME == value_of(ItemKind::date_time));
static_assert(RDB_ITEM_ZONED == value_of(ItemKind::zoned_date_time));
static_assert(RDB_ITEM_OFFSET == value_of(ItemKind::offset));
static_assert(RDB_ITEM_NONE == value_of(ItemKind::none));
static_assert(RDB_ITEM_SOME == value_of(ItemKind::some));
static_assert(RDB_ITEM_TUPLE == value_of(ItemKind::tuple));
static_assert(RDB_ITEM_ARRAY == value_of(ItemKind::array));
static_assert(RDB_ITEM_LIST == value_of(ItemKind::list));

Item to_item(const rdb_item& given) {
  Item item;
  item.kind = to_enum(given.kind, ItemKind::list, "the item's kind is none of RDB_ITEM_...");
  item.count = given.count;
  item.low = given.low;
  item.high = given.high;
  item.number = given.real;
  item.year = given.year;
  item.month = given.month;
  item.day = given.day;
  item.seconds = given.seconds;
  item.nanoseconds = given.nanoseconds;
  item.offset = given.offset;
  item.bytes = to_bytes(given.bytes);
  return item;
}

rdb_item from_item(const Item& item) {
  rdb_item out{};
  out.kind = value_of(item.kind);
  out.count = item.count;
  out.low = item.low;
  out.high = item.high;
  out.real = item.number;
  out.bytes = to_slice(item.bytes);
  out.year = item.year;
  out.month = item.month;
  out.day = item.day;
  out.seconds = item.seconds;
  out.nanoseconds = item.nanoseconds;
  out.offset = item.offset;
  return out;
}

void put(rdb_codec* codec, const Item& item) {
  rdb_codec& known = live(codec);
  if (std::exchange(known.finished, false)) known.items.begin();
  known.items.put(item);
}

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

rdb_status rdb_codec_create(const rdb_type* type, rdb_codec** out, rdb_error* err) {
  return guard(err, [&] {
    rdb_codec*& handle = out_handle(out);
    handle = new rdb_codec(to_type(type));
  });
}

void rdb_codec_free(rdb_codec* codec) {
  guard_release([&] { take(codec); });
}

rdb_status rdb_codec_describe(const rdb_codec* codec, rdb_type_info* out, rdb_error* err) {
  return guard(err, [&] {
    const rdb::ItemTypeInfo known = live(codec).items.info();
    rdb_type_info info{};
    info.width = known.width.value_or(RDB_WIDTH_VARIABLE);
    info.ordered = known.ordered ? 1 : 0;
    info.ambiguous = known.ambiguous ? 1 : 0;
    write_struct(out, info, "out");
  });
}

rdb_status rdb_codec_compare(const rdb_codec* codec, rdb_slice a, rdb_slice b, int32_t* order,
                             rdb_error* err) {
  return guard(err, [&] {
    const rdb_codec& known = live(codec);
    require_not_null(order, "order");
    const int sign = known.items.compare(to_bytes(a), to_bytes(b));
    *order = (sign > 0) - (sign < 0);
  });
}

rdb_status rdb_codec_check(const rdb_codec* codec, rdb_slice value, rdb_error* err) {
  return guard(err, [&] {
    const std::string problem = live(codec).items.problem(to_bytes(value));
    if (!problem.empty()) throw_invalid(("the value is none of its type: " + problem).c_str());
  });
}

rdb_status rdb_codec_begin(rdb_codec* codec, rdb_error* err) {
  return guard(err, [&] {
    live(codec).items.begin();
    codec->finished = false;
  });
}

rdb_status rdb_codec_put(rdb_codec* codec, const rdb_item* item, rdb_error* err) {
  return guard(err, [&] {
    live(codec);
    require_not_null(item, "item");
    put(codec, to_item(read_struct(item, "item")));
  });
}

rdb_status rdb_codec_put_unsigned(rdb_codec* codec, uint64_t number, rdb_error* err) {
  return guard(err, [&] {
    rdb::Item item;
    item.kind = rdb::ItemKind::unsigned_integer;
    item.low = number;
    put(codec, item);
  });
}

rdb_status rdb_codec_put_signed(rdb_codec* codec, int64_t number, rdb_error* err) {
  return guard(err, [&] {
    rdb::Item item;
    item.kind = rdb::ItemKind::signed_integer;
    item.low = static_cast<uint64_t>(number);
    item.high = number < 0 ? ~uint64_t{0} : 0;
    put(codec, item);
  });
}

rdb_status rdb_codec_put_bytes(rdb_codec* codec, rdb_slice bytes, rdb_error* err) {
  return guard(err, [&] {
    rdb::Item item;
    item.kind = rdb::ItemKind::bytes;
    item.bytes = to_bytes(bytes);
    put(codec, item);
  });
}

rdb_status rdb_codec_finish(rdb_codec* codec, rdb_slice* out, rdb_error* err) {
  return guard(err, [&] {
    rdb_codec& known = live(codec);
    require_not_null(out, "out");
    if (known.finished) throw_misuse("items are missing: a value was begun and nothing written");
    *out = to_slice(known.items.finish());
    known.finished = true;
  });
}

rdb_status rdb_codec_read(rdb_codec* codec, rdb_slice value, rdb_error* err) {
  return guard(err, [&] { live(codec).items.start(to_bytes(value)); });
}

rdb_status rdb_codec_next(rdb_codec* codec, rdb_item* item, rdb_error* err) {
  return guard(err, [&]() -> rdb_status {
    rdb_codec& known = live(codec);
    struct_size_of(item, "item");  // before the item is taken
    rdb::Item read;
    if (!known.items.next(read)) return RDB_END;
    write_struct(item, from_item(read), "item");
    return RDB_OK;
  });
}
