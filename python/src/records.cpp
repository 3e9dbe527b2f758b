#include "records.hpp"

#include "errors.hpp"

namespace rdb::python {
namespace {

// A class of rdb/_records.py.
py::object record_class(const char* name) { return py::module_::import("rdb._records").attr(name); }

// Text of the library's; what is no UTF-8 must not hide the rest.
py::str to_str(const std::string& text) {
  return py::reinterpret_steal<py::str>(
      ensured(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace")));
}

template <class Number>
py::object or_none(const std::optional<Number>& number) {
  if (!number) return py::none();
  return py::int_(*number);
}

}  // namespace

py::object make_table_info(const TableInfo& info) {
  const py::object type_name = record_class("TypeName");
  return record_class("TableInfo")(
      to_str(info.name), type_name(to_str(info.key_type.name), info.key_type.type_class),
      type_name(to_str(info.value_type.name), info.value_type.type_class), info.entries,
      info.multimap ? "multimap" : "normal", or_none(info.key_width), or_none(info.value_width),
      info.key_order_known);
}

py::object make_table_stats(const rdb_table_stats_info& info) {
  return record_class("TableStats")(info.entries, info.leaf_pages, info.branch_pages,
                                    info.stored_leaf_bytes, info.metadata_bytes,
                                    info.fragmented_bytes, info.tree_height);
}

py::object make_stats(const rdb_stats_info& info) {
  return record_class("Stats")(
      info.file_bytes, info.page_bytes, info.allocated_pages, info.free_pages,
      info.pending_free_pages, info.resident_bytes, info.pinned_bytes, info.memory_budget_bytes,
      info.live_readers, info.last_txn_id, info.durable_txn_id, info.commits, info.bytes_written,
      info.write_calls, info.bytes_read, info.read_calls, info.syncs, info.pages_allocated,
      info.pages_evicted, info.opened_bytes);
}

py::object make_recovery(const Recovery& recovery) {
  py::list notes;
  for (const std::string& note : recovery.notes) notes.append(to_str(note));
  return record_class("Recovery")(recovery.clean, recovery.full_repair, recovery.older_commit,
                                  recovery.mirror, recovery.txn_id, py::tuple(notes));
}

py::object make_report(const Report& report) {
  const py::object problem_class = record_class("Problem");
  py::list problems;
  for (const Problem& problem : report.problems) {
    problems.append(problem_class(to_str(problem.object), to_str(problem.what),
                                  to_str(problem.meaning), or_none(problem.page)));
  }
  return record_class("Report")(report.pages_checked, report.tables_checked, report.entries_checked,
                                report.leaked_pages, py::tuple(problems));
}

py::list list_options() {
  static constexpr const char* kTypes[] = {"bool", "uint", "bytes", "choice"};
  const py::object option_class = record_class("Option");
  py::list options;
  for (size_t i = 0; i < rdb_option_count(); ++i) {
    rdb_option_info info = RDB_OPTION_INFO_INIT;
    checked([&](rdb_error* error) { return rdb_option_at(i, &info, error); });
    const char* type = info.type < std::size(kTypes) ? kTypes[info.type] : "unknown";
    options.append(option_class(info.name, type, info.choices, info.initial, info.help));
  }
  return options;
}

}  // namespace rdb::python
