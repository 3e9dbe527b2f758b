#include "merge.hpp"

#include <optional>
#include <string>

#include "batch.hpp"
#include "callback.hpp"

namespace rdb::python {
namespace {

constexpr const char* kOperators[] = {"numeric_add", "saturating_add", "float_add",   "numeric_max",
                                      "numeric_min", "bitwise_or",     "bytes_append"};
static_assert(sizeof kOperators / sizeof kOperators[0] == RDB_MERGE_FUNCTION);

// An operator as it was given, for the calls of one merge.
class Operator {
 public:
  Operator(const Table& table, py::handle op) : table_(table) {
    if (PyUnicode_Check(op.ptr())) {
      for (const char* known : kOperators) {
        if (PyUnicode_CompareWithASCIIString(op.ptr(), known) == 0) return;
        ++kind_;
      }
      throw_invalid("there is no merge operator '" + op.cast<std::string>() + "'");
    }
    if (PyCallable_Check(op.ptr()) == 0) {
      throw py::type_error("op is the name of a merge operator or a function");
    }
    kind_ = RDB_MERGE_FUNCTION;
    callback_.emplace(*table.state->parent, py::reinterpret_borrow<py::object>(op));
  }
  Operator(const Operator&) = delete;

  // Runs call(const rdb_merge_operator*).
  template <class Call>
  void run(Call&& call) {
    rdb_merge_operator op = RDB_MERGE_OPERATOR_INIT(kind_);
    if (!callback_) {
      call(&op);
      return;
    }
    op.fn = on_merge;
    op.ctx = this;
    callback_->during([&] {
      call(&op);
      return 0;
    });
  }

 private:
  static rdb_status on_merge(void* self, rdb_slice key, const rdb_slice* existing,
                             rdb_slice operand, rdb_slice* result) noexcept {
    auto* const op = static_cast<Operator*>(self);
    return op->callback_->run([&](const py::object& function) {
      const Table& table = op->table_;
      const py::object made =
          function(stolen(table.key->decode(key)),
                   existing == nullptr ? py::none() : stolen(table.value->decode(*existing)),
                   stolen(table.value->decode(operand)));
      if (made.is_none() && table.value->kind() != Codec::Kind::unit) return RDB_NOT_FOUND;
      // Copied, since the object goes before the library has read its bytes.
      Arena arena(true);
      const rdb_slice bytes = table.value->encode(made.ptr(), arena);
      op->result_.assign(static_cast<const char*>(bytes.data), bytes.size);
      *result = Bytes(op->result_).slice();
      return RDB_OK;
    });
  }

  const Table& table_;
  uint32_t kind_ = 0;
  std::optional<Callback> callback_;
  std::string result_;
};

// For put_batch and put_items of batch.hpp.
StoreRecords merging(const Table& table, Operator& op) {
  return [&](const rdb_slice* keys, const rdb_slice* operands, size_t count, size_t first) {
    op.run([&](const rdb_merge_operator* how) {
      use_unlocked(*table.state, [&](rdb_table* handle, rdb_error* error) {
        note_change(*table.state);
        return moved(rdb_merge_batch(handle, keys, operands, count, how, nullptr, error), error,
                     first);
      });
    });
    return uint64_t{count};
  };
}

}  // namespace

void merge(const Table& table, PyObject* key, PyObject* operand, PyObject* op) {
  Operator how(table, op);
  Arena arena(true);
  const rdb_slice key_bytes = table.key->encode(key, arena);
  const rdb_slice operand_bytes = table.value->encode(operand, arena);
  how.run([&](const rdb_merge_operator* c_operator) {
    const auto call = [&](rdb_table* handle, rdb_error* error) {
      note_change(*table.state);
      return rdb_merge(handle, key_bytes, operand_bytes, c_operator, error);
    };
    // A function needs the interpreter lock that it finds free.
    c_operator->fn == nullptr ? use(*table.state, call) : use_unlocked(*table.state, call);
  });
}

void merge_batch(const Table& table, const py::object& keys, const py::object& operands,
                 const py::object& op) {
  Operator how(table, op);
  store_batch(table, keys, operands, merging(table, how));
}

void merge_items(const Table& table, const py::object& records, const py::object& op) {
  Operator how(table, op);
  store_items(table, records, merging(table, how));
}

}  // namespace rdb::python
