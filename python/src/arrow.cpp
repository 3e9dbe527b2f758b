#include "arrow.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrow_abi.hpp"
#include "errors.hpp"
#include "scan.hpp"

namespace rdb::python {
namespace {

using Kind = Codec::Kind;

constexpr int64_t kNullable = 2;  // ARROW_FLAG_NULLABLE
constexpr size_t kBatchRows = 65536;
constexpr size_t kBatchBytes = 16 << 20;  // far below the 2 GiB that 32-bit offsets reach

// ---- schemas

struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
};

void release_schema(ArrowSchema* schema) {
  const std::unique_ptr<SchemaNode> node(static_cast<SchemaNode*>(schema->private_data));
  // A consumer may have moved a child out, whose release is then NULL.
  for (ArrowSchema& child : node->children) {
    if (child.release != nullptr) child.release(&child);
  }
  schema->release = nullptr;
}

ArrowSchema make_schema(std::string format, std::string name, std::vector<ArrowSchema> children) {
  auto node = std::make_unique<SchemaNode>();
  node->format = std::move(format);
  node->name = std::move(name);
  node->children = std::move(children);
  for (ArrowSchema& child : node->children) node->child_pointers.push_back(&child);
  ArrowSchema schema{};
  schema.format = node->format.c_str();
  schema.name = node->name.c_str();
  schema.n_children = static_cast<int64_t>(node->children.size());
  schema.children = node->child_pointers.data();
  schema.release = release_schema;
  schema.private_data = node.release();
  return schema;
}

ArrowSchema column_schema(const Codec& codec, std::string name) {
  std::vector<ArrowSchema> children;
  if (codec.kind() == Kind::array) children.push_back(column_schema(*codec.element(), "item"));
  ArrowSchema schema = make_schema(arrow_format(codec), std::move(name), std::move(children));
  if (codec.kind() == Kind::unit) schema.flags = kNullable;  // all that the type null can hold
  return schema;
}

ArrowSchema record_schema(const Scan& scan) {
  std::vector<ArrowSchema> columns;
  if (scan.part != Part::values) columns.push_back(column_schema(*scan.table.key, "key"));
  if (scan.part != Part::keys) columns.push_back(column_schema(*scan.table.value, "value"));
  return make_schema("+s", "", std::move(columns));
}

// ---- columns

// One column while it is filled, and the owner of its memory afterwards.
class Column {
 public:
  explicit Column(const Codec& codec) : codec_(codec) {
    data_.reserve(64);  // consumers may dislike NULL even where there are no bytes
    if (variable()) offsets_.push_back(0);
    if (codec.kind() == Kind::array) child_ = std::make_unique<Column>(*codec.element());
  }

  void add(rdb_slice stored) {
    ++length_;
    if (codec_.kind() == Kind::text) {
      add_variable(stored.data, stored.size);
      return;
    }
    if (codec_.is_opaque() && codec_.width() == 0) {
      add_variable(stored.data, stored.size);
      return;
    }
    if (stored.size != codec_.width()) {
      throw std::runtime_error("stored bytes have not the width of their type " + codec_.name());
    }
    add_fixed(static_cast<const std::byte*>(stored.data));
  }

  size_t bytes() const noexcept { return data_.size() + (child_ ? child_->bytes() : 0); }

  static ArrowArray take(std::unique_ptr<Column> column);

 private:
  bool variable() const noexcept {
    return codec_.kind() == Kind::text || codec_.kind() == Kind::character ||
           (codec_.is_opaque() && codec_.width() == 0);
  }

  void add_variable(const void* start, size_t size) {
    const size_t end = data_.size() + size;
    if (end > INT32_MAX) throw std::runtime_error("a batch of values exceeds 2 GiB");
    const auto* first = static_cast<const std::byte*>(start);
    data_.insert(data_.end(), first, first + size);
    offsets_.push_back(static_cast<int32_t>(end));
  }

  void add_fixed(const std::byte* in) {
    switch (codec_.kind()) {
      case Kind::boolean: {
        const size_t bit = static_cast<size_t>(length_ - 1);
        if (bit % 8 == 0) data_.push_back(std::byte{0});
        if (*in != std::byte{0}) data_.back() |= static_cast<std::byte>(1u << bit % 8);
        return;
      }
      case Kind::character:
        add_scalar(std::to_integer<uint32_t>(in[0]) | std::to_integer<uint32_t>(in[1]) << 8 |
                   std::to_integer<uint32_t>(in[2]) << 16);
        return;
      case Kind::array:
        for (uint32_t i = 0; i < codec_.count(); ++i) {
          child_->add({in + i * codec_.element()->width(), codec_.element()->width()});
        }
        return;
      default:
        data_.insert(data_.end(), in, in + codec_.width());
    }
  }

  void add_scalar(uint32_t scalar) {
    if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar <= 0xDFFF)) {
      throw std::runtime_error("a stored char is no Unicode scalar value");
    }
    char text[4];
    size_t size = 0;
    const auto put = [&](uint32_t byte) { text[size++] = static_cast<char>(byte); };
    const auto tail = [&](int shift) { put(0x80 | (scalar >> shift & 0x3f)); };
    if (scalar < 0x80) {
      put(scalar);
    } else if (scalar < 0x800) {
      put(0xc0 | scalar >> 6);
      tail(0);
    } else if (scalar < 0x10000) {
      put(0xe0 | scalar >> 12);
      tail(6);
      tail(0);
    } else {
      put(0xf0 | scalar >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
    add_variable(text, size);
  }

  const Codec codec_;
  int64_t length_ = 0;
  std::vector<int32_t> offsets_;
  std::vector<std::byte> data_;
  std::unique_ptr<Column> child_;
  const void* buffers_[3] = {nullptr, nullptr, nullptr};  // validity: never
  ArrowArray child_array_{};
  ArrowArray* child_pointer_ = nullptr;

  friend void release_column(ArrowArray* array);
};

void release_column(ArrowArray* array) {
  const std::unique_ptr<Column> column(static_cast<Column*>(array->private_data));
  if (column->child_array_.release != nullptr) {
    column->child_array_.release(&column->child_array_);
  }
  array->release = nullptr;
}

ArrowArray Column::take(std::unique_ptr<Column> column) {
  ArrowArray array{};
  array.length = column->length_;
  array.buffers = column->buffers_;
  if (column->codec_.kind() == Kind::unit) {
    array.null_count = array.length;
    array.n_buffers = 0;
  } else if (column->child_ != nullptr) {
    array.n_buffers = 1;
    array.n_children = 1;
    column->child_array_ = take(std::move(column->child_));
    column->child_pointer_ = &column->child_array_;
    array.children = &column->child_pointer_;
  } else if (column->variable()) {
    array.n_buffers = 3;
    column->buffers_[1] = column->offsets_.data();
    column->buffers_[2] = column->data_.data();
  } else {
    array.n_buffers = 2;
    column->buffers_[1] = column->data_.data();
  }
  array.release = release_column;
  array.private_data = column.release();
  return array;
}

struct BatchNode {
  std::vector<ArrowArray> columns;
  std::vector<ArrowArray*> pointers;
  const void* buffers[1] = {nullptr};
};

void release_batch(ArrowArray* array) {
  const std::unique_ptr<BatchNode> node(static_cast<BatchNode*>(array->private_data));
  for (ArrowArray& column : node->columns) {
    if (column.release != nullptr) column.release(&column);
  }
  array->release = nullptr;
}

ArrowArray make_batch(std::vector<ArrowArray> columns, size_t rows) {
  auto node = std::make_unique<BatchNode>();
  node->columns = std::move(columns);
  for (ArrowArray& column : node->columns) node->pointers.push_back(&column);
  ArrowArray array{};
  array.length = static_cast<int64_t>(rows);
  array.n_buffers = 1;
  array.buffers = node->buffers;
  array.n_children = static_cast<int64_t>(node->columns.size());
  array.children = node->pointers.data();
  array.release = release_batch;
  array.private_data = node.release();
  return array;
}

// ---- the stream

// Called by the consumer, with and without the interpreter lock, one thread at a time.
class Stream {
 public:
  explicit Stream(const Scan& scan)
      : scan_(scan), reader_(scan.table.state, scan.bounds, scan.reverse) {}

  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    return guarded(stream, [&](Stream& self) { *out = record_schema(self.scan_); });
  }
  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    return guarded(stream, [&](Stream& self) { self.next(out); });
  }
  static const char* get_last_error(ArrowArrayStream* stream) {
    const Stream& self = *static_cast<Stream*>(stream->private_data);
    return self.message_.empty() ? nullptr : self.message_.c_str();
  }
  static void release(ArrowArrayStream* stream) {
    // Releases a cursor and Python-side state: under the lock, which the consumer may not hold.
    const py::gil_scoped_acquire locked;
    delete static_cast<Stream*>(stream->private_data);
    stream->release = nullptr;
  }

 private:
  template <class Body>
  static int guarded(ArrowArrayStream* stream, Body&& body) noexcept {
    Stream& self = *static_cast<Stream*>(stream->private_data);
    try {
      body(self);
      self.message_.clear();
      return 0;
    } catch (const std::exception& error) {
      try {
        self.message_ = error.what();
      } catch (...) {
        self.message_.clear();
      }
    }
    return EIO;
  }

  void next(ArrowArray* out) {
    auto keys = std::make_unique<Column>(*scan_.table.key);
    auto values = std::make_unique<Column>(*scan_.table.value);
    size_t rows = 0;
    BlockReader::Record record;
    while (rows < kBatchRows && keys->bytes() + values->bytes() < kBatchBytes &&
           reader_.next(record)) {
      if (scan_.part != Part::values) keys->add(record.key);
      if (scan_.part != Part::keys) values->add(record.value);
      ++rows;
    }
    if (rows == 0) {
      *out = {};  // a released array: the end
      return;
    }
    std::vector<ArrowArray> columns;
    columns.reserve(2);
    if (scan_.part != Part::values) columns.push_back(Column::take(std::move(keys)));
    if (scan_.part != Part::keys) columns.push_back(Column::take(std::move(values)));
    *out = make_batch(std::move(columns), rows);
  }

  const Scan scan_;
  BlockReader reader_;
  std::string message_;
};

}  // namespace

std::string arrow_format(const Codec& codec) {
  switch (codec.kind()) {
    case Kind::text:
    case Kind::character:
      return "u";
    case Kind::u8:
      return "C";
    case Kind::u16:
      return "S";
    case Kind::u32:
      return "I";
    case Kind::u64:
      return "L";
    case Kind::i8:
      return "c";
    case Kind::i16:
      return "s";
    case Kind::i32:
      return "i";
    case Kind::i64:
      return "l";
    case Kind::f32:
      return "f";
    case Kind::f64:
      return "g";
    case Kind::boolean:
      return "b";
    case Kind::unit:
      return "n";
    case Kind::array:
      return "+w:" + std::to_string(codec.count());
    default:
      break;  // what has members is handed on as it is stored
  }
  return codec.width() == 0 ? "z" : "w:" + std::to_string(codec.width());
}

py::object export_schema(const Scan& scan) {
  auto schema = std::make_unique<ArrowSchema>(record_schema(scan));
  PyObject* capsule = PyCapsule_New(schema.get(), "arrow_schema", [](PyObject* self) {
    auto* held = static_cast<ArrowSchema*>(PyCapsule_GetPointer(self, "arrow_schema"));
    if (held->release != nullptr) held->release(held);
    delete held;
  });
  if (capsule == nullptr) {
    schema->release(schema.get());
    throw py::error_already_set();
  }
  schema.release();
  return py::reinterpret_steal<py::object>(capsule);
}

py::object export_stream(const Scan& scan, const py::object&) {
  auto state = std::make_unique<Stream>(scan);
  auto stream = std::make_unique<ArrowArrayStream>();
  *stream = {Stream::get_schema, Stream::get_next, Stream::get_last_error, Stream::release,
             state.get()};
  PyObject* capsule = PyCapsule_New(stream.get(), "arrow_array_stream", [](PyObject* self) {
    auto* held = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(self, "arrow_array_stream"));
    if (held->release != nullptr) held->release(held);  // nobody consumed it
    delete held;
  });
  ensured(capsule);
  stream.release();
  state.release();
  return py::reinterpret_steal<py::object>(capsule);
}

}  // namespace rdb::python
