#include "arrow_import.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow.hpp"
#include "arrow_abi.hpp"
#include "batch.hpp"
#include "errors.hpp"
#include "scan.hpp"

namespace rdb::python {
namespace {

using Kind = Codec::Kind;

// How the values of a column lie in its buffers.
enum class Form : uint8_t {
  fixed,      // one behind the other
  offsets32,  // ends as 32-bit numbers, and the bytes
  offsets64,
  view,  // 16 bytes that hold the value, or say where it is
  bits,
  list,     // of a fixed number of elements
  nothing,  // the type null
};

// What one column holds, and how to get at it.
struct Plan {
  const Codec& codec;
  const char* column;  // "key" or "value"
  Form form;
  std::vector<Plan> item;  // list: one
};

[[noreturn]] void refuse_format(const Codec& codec, const char* column, const ArrowSchema& schema) {
  throw LayoutError("the column '" + std::string(column) + "' has Arrow's type '" + schema.format +
                    (schema.dictionary != nullptr ? "' in a dictionary" : "'") + ", the table's " +
                    column + " type is " + codec.name());
}

[[noreturn]] void refuse_array(const Plan& plan) {
  throw LayoutError("the column '" + std::string(plan.column) +
                    "' holds an array that is not of its own type");
}

// Of the column that a scan makes of the type.
Form own_form(const Codec& codec) {
  switch (codec.kind()) {
    case Kind::text:
    case Kind::character:
      return Form::offsets32;
    case Kind::boolean:
      return Form::bits;
    case Kind::unit:
      return Form::nothing;
    case Kind::array:
      return Form::list;
    default:
      return codec.width() == 0 ? Form::offsets32 : Form::fixed;
  }
}

Plan make_plan(const Codec& codec, const char* column, const ArrowSchema& schema) {
  const std::string_view format = schema.format;
  if (schema.dictionary != nullptr) refuse_format(codec, column, schema);
  if (format == arrow_format(codec)) {
    Plan plan{codec, column, own_form(codec), {}};
    if (plan.form != Form::list) return plan;
    if (schema.n_children != 1) refuse_format(codec, column, schema);
    plan.item.push_back(make_plan(*codec.element(), column, *schema.children[0]));
    return plan;
  }
  const Kind kind = codec.kind();
  const bool text = kind == Kind::text || kind == Kind::character;
  if (text || kind == Kind::bytes || kind == Kind::u128 || kind == Kind::i128) {
    if (format == (text ? "u" : "z")) return {codec, column, Form::offsets32, {}};
    if (format == (text ? "U" : "Z")) return {codec, column, Form::offsets64, {}};
    if (format == (text ? "vu" : "vz")) return {codec, column, Form::view, {}};
  }
  refuse_format(codec, column, schema);
}

// ---- values

// Buffer i of an array, which has to be there when there are rows.
template <class T>
const T* buffer(const Plan& plan, const ArrowArray& array, int64_t i) {
  if (i >= array.n_buffers || array.buffers[i] == nullptr) refuse_array(plan);
  return static_cast<const T*>(array.buffers[i]);
}

template <class Offset>
rdb_slice between(const Plan& plan, const ArrowArray& array, int64_t at) {
  const Offset* ends = buffer<Offset>(plan, array, 1);
  const Offset begin = ends[at];
  const Offset end = ends[at + 1];
  if (begin < 0 || end < begin) refuse_array(plan);
  if (begin == end) return {};  // there may be no bytes at all
  return {buffer<char>(plan, array, 2) + begin, static_cast<size_t>(end - begin)};
}

// A view: u32 size; up to 12 bytes in place, else 4 bytes of the value, i32 buffer, i32 offset. The
// last buffer has the sizes of those between the views and it.
rdb_slice viewed(const Plan& plan, const ArrowArray& array, int64_t at) {
  constexpr int32_t kInPlace = 12;
  const char* view = buffer<char>(plan, array, 1) + at * 16;
  int32_t size, which, offset;
  std::memcpy(&size, view, sizeof size);
  if (size < 0) refuse_array(plan);
  if (size <= kInPlace) return {view + 4, static_cast<size_t>(size)};
  std::memcpy(&which, view + 8, sizeof which);
  std::memcpy(&offset, view + 12, sizeof offset);
  const int64_t buffers = array.n_buffers - 3;
  if (which < 0 || which >= buffers || offset < 0) refuse_array(plan);
  if (int64_t{offset} + size > buffer<int64_t>(plan, array, array.n_buffers - 1)[which]) {
    refuse_array(plan);
  }
  return {buffer<char>(plan, array, 2 + which) + offset, static_cast<size_t>(size)};
}

bool bit(const void* bits, int64_t at) noexcept {
  return (static_cast<const uint8_t*>(bits)[at / 8] >> (at % 8) & 1) != 0;
}

// Every place is counted from the start of the array's buffers, its own offset included.
rdb_slice value_at(const Plan& plan, const ArrowArray& array, int64_t at, Arena& arena);

// The bytes of value `at` of a column that has a width, copied to out.
void copy_value(const Plan& plan, const ArrowArray& array, int64_t at, std::byte* out,
                Arena& arena) {
  const rdb_slice value = value_at(plan, array, at, arena);
  if (value.size != plan.codec.width()) {
    throw LayoutError("the column '" + std::string(plan.column) + "' has a value of " +
                      std::to_string(value.size) + " bytes, a " + plan.codec.name() + " has " +
                      std::to_string(plan.codec.width()));
  }
  std::memcpy(out, value.data, value.size);
}

rdb_slice list_at(const Plan& plan, const ArrowArray& array, int64_t at, Arena& arena) {
  const Plan& item = plan.item.front();
  const ArrowArray& items = *array.children[0];
  const int64_t first = items.offset + at * plan.codec.count();
  const size_t width = item.codec.width();
  if (item.form == Form::fixed) {
    return {buffer<std::byte>(item, items, 1) + static_cast<size_t>(first) * width,
            plan.codec.width()};
  }
  std::byte* out = arena.room(plan.codec.width());
  for (uint32_t i = 0; i < plan.codec.count(); ++i) {
    copy_value(item, items, first + i, out + i * width, arena);
  }
  return {out, plan.codec.width()};
}

// The scalar value of a text of one character, by way of Python's decoder.
rdb_slice character_of(const Plan& plan, rdb_slice text, Arena& arena) {
  const py::object decoded = stolen(PyUnicode_DecodeUTF8(
      static_cast<const char*>(text.data), static_cast<Py_ssize_t>(text.size), nullptr));
  return plan.codec.encode(decoded.ptr(), arena);
}

rdb_slice value_at(const Plan& plan, const ArrowArray& array, int64_t at, Arena& arena) {
  const auto suited = [&](rdb_slice value) {
    return plan.codec.kind() == Kind::character ? character_of(plan, value, arena) : value;
  };
  switch (plan.form) {
    case Form::fixed:
      return {buffer<std::byte>(plan, array, 1) + static_cast<size_t>(at) * plan.codec.width(),
              plan.codec.width()};
    case Form::offsets32:
      return suited(between<int32_t>(plan, array, at));
    case Form::offsets64:
      return suited(between<int64_t>(plan, array, at));
    case Form::view:
      return suited(viewed(plan, array, at));
    case Form::bits: {
      std::byte* out = arena.room(1);
      *out = std::byte{bit(buffer<uint8_t>(plan, array, 1), at)};
      return {out, 1};
    }
    case Form::list:
      return list_at(plan, array, at, arena);
    case Form::nothing:
      break;
  }
  return {};
}

// Refuses nulls among the values [begin, end) of a column, whose first is row first_row.
void refuse_nulls(const Plan& plan, const ArrowArray& array, int64_t begin, int64_t end,
                  uint64_t first_row, int64_t values_per_row = 1) {
  if (plan.form == Form::nothing) return;
  if (array.null_count != 0 && array.n_buffers > 0 && array.buffers[0] != nullptr) {
    for (int64_t at = begin; at < end; ++at) {
      if (bit(array.buffers[0], at)) continue;
      throw LayoutError(
          "row " +
          std::to_string(first_row + static_cast<uint64_t>((at - begin) / values_per_row)) +
          " of the column '" + plan.column + "' is null or has a null in it");
    }
  }
  if (plan.form != Form::list) return;
  if (array.n_children != 1) refuse_array(plan);
  const ArrowArray& items = *array.children[0];
  const int64_t count = plan.codec.count();
  if (items.length < (end - array.offset) * count) refuse_array(plan);
  refuse_nulls(plan.item.front(), items, items.offset + begin * count, items.offset + end * count,
               first_row, values_per_row * count);
}

// ---- the stream

// A struct of the interface that is released at the end of its scope.
template <class T>
class Held {
 public:
  Held() = default;
  Held(Held&& other) noexcept : held_(std::exchange(other.held_, T{})) {}
  Held& operator=(Held&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Held() {
    if (held_.release != nullptr) held_.release(&held_);
  }
  T* get() noexcept { return &held_; }
  T* operator->() noexcept { return &held_; }
  T& operator*() noexcept { return held_; }

 private:
  T held_{};
};

// The producer's functions may want the interpreter lock themselves, in threads of their own.
class Source {
 public:
  explicit Source(const py::object& object) {
    const py::object capsule = object.attr("__arrow_c_stream__")();
    auto* offered =
        static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
    if (offered == nullptr) throw py::error_already_set();
    if (offered->release == nullptr) throw_invalid("the Arrow stream was consumed before");
    *stream_ = std::exchange(*offered, ArrowArrayStream{});
  }

  Held<ArrowSchema> schema() {
    Held<ArrowSchema> schema;
    call([&] { return stream_->get_schema(stream_.get(), schema.get()); });
    return schema;
  }
  // A released array is the end.
  Held<ArrowArray> next() {
    Held<ArrowArray> array;
    call([&] { return stream_->get_next(stream_.get(), array.get()); });
    return array;
  }

 private:
  template <class Body>
  void call(Body&& body) {
    int code = 0;
    {
      const WithoutLock unlocked;
      code = body();
    }
    if (code == 0) return;
    const char* why = stream_->get_last_error(stream_.get());
    py::set_error(PyExc_OSError,
                  py::make_tuple(code, why == nullptr ? "the Arrow stream failed" : why));
    throw py::error_already_set();
  }

  Held<ArrowArrayStream> stream_;
};

// Gathers rows of several arrays, since the library writes what one call brings in key order.
class Importer {
 public:
  Importer(const Table& table, const ArrowSchema& schema, uint64_t flags)
      : table_(table),
        flags_(flags),
        key_column_(column(schema, "key")),
        value_column_(column(schema, "value")),
        key_(make_plan(*table.key, "key", *schema.children[key_column_])),
        value_(make_plan(*table.value, "value", *schema.children[value_column_])),
        arena_(false) {}

  void add(Held<ArrowArray> held) {
    const ArrowArray rows = *held;  // the struct itself moves
    if (rows.n_children != 2 || rows.offset < 0) refuse_array(key_);
    const ArrowArray& keys = *rows.children[key_column_];
    const ArrowArray& values = *rows.children[value_column_];
    if (rows.null_count != 0 && rows.n_buffers > 0 && rows.buffers[0] != nullptr) {
      for (int64_t i = 0; i < rows.length; ++i) {
        if (!bit(rows.buffers[0], rows.offset + i)) {
          throw LayoutError("row " + std::to_string(taken_ + static_cast<uint64_t>(i)) +
                            " is null");
        }
      }
    }
    const auto check = [&](const Plan& plan, const ArrowArray& array) {
      if (array.length < rows.offset + rows.length) refuse_array(plan);
      const int64_t begin = array.offset + rows.offset;
      refuse_nulls(plan, array, begin, begin + rows.length, taken_);
    };
    check(key_, keys);
    check(value_, values);
    arrays_.push_back(std::move(held));
    for (int64_t i = rows.offset; i < rows.offset + rows.length; ++i) {
      // value_at may throw: nothing is half added.
      const rdb_slice key = value_at(key_, keys, keys.offset + i, arena_);
      const rdb_slice value = value_at(value_, values, values.offset + i, arena_);
      key_slices_.push_back(key);
      value_slices_.push_back(value);
      bytes_ += key.size + value.size;
      ++taken_;
      if (key_slices_.size() == kPutRecords || bytes_ >= kChunkBytes) flush();
    }
  }

  uint64_t finish() {
    flush();
    return written_;
  }

 private:
  static size_t column(const ArrowSchema& schema, std::string_view name) {
    std::string found;
    if (std::string_view(schema.format) == "+s") {
      for (int64_t i = 0; schema.n_children == 2 && i < 2; ++i) {
        if (schema.children[i]->name != nullptr && name == schema.children[i]->name) {
          return static_cast<size_t>(i);
        }
      }
      for (int64_t i = 0; i < schema.n_children; ++i) {
        const char* other = schema.children[i]->name;
        found += (i == 0 ? "'" : ", '") + std::string(other == nullptr ? "" : other) + "'";
      }
    }
    throw LayoutError("records are two columns, 'key' and 'value'; the Arrow stream has " +
                      (found.empty() ? "no columns" : found));
  }

  void flush() {
    written_ += put_chunk(table_, key_slices_.data(), value_slices_.data(), key_slices_.size(),
                          flags_, taken_ - key_slices_.size());
    key_slices_.clear();
    value_slices_.clear();
    bytes_ = 0;
    arena_.clear();
    // Of the last one there may be more to come.
    if (arrays_.size() > 1) arrays_.erase(arrays_.begin(), arrays_.end() - 1);
  }

  const Table& table_;
  const uint64_t flags_;
  const size_t key_column_;
  const size_t value_column_;
  const Plan key_;
  const Plan value_;
  std::vector<Held<ArrowArray>> arrays_;
  Arena arena_;
  std::vector<rdb_slice> key_slices_;
  std::vector<rdb_slice> value_slices_;
  size_t bytes_ = 0;
  uint64_t taken_ = 0;
  uint64_t written_ = 0;
};

}  // namespace

bool offers_arrow(const py::object& object) {
  return !py::isinstance<Table>(object) && !py::isinstance<Scan>(object) &&
         py::hasattr(object, "__arrow_c_stream__");
}

uint64_t put_arrow(const Table& table, const py::object& source, uint64_t flags) {
  Source stream(source);
  Held<ArrowSchema> schema = stream.schema();
  Importer importer(table, *schema, flags);
  for (;;) {
    Held<ArrowArray> rows = stream.next();
    if (rows->release == nullptr) return importer.finish();
    importer.add(std::move(rows));
  }
}

}  // namespace rdb::python
