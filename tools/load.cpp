// load.cpp: `rdb load FILE [INPUT]`: the tables of a dump, all of them in one transaction or none.
#include "rdb/error.hpp"
#include "row_lines.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct LoadArguments {
  std::string path;
  std::string input = "-";
  NewFile new_file;
};

// A type as a types line has it, with its width where the library would not know that.
TypeName type_of(const Json& line, const std::string& member) {
  const Json& json = line[member];
  TypeName type;
  if (json.is_string()) {
    type.name = json.get<std::string>();
  } else if (json.is_object() && json.contains("name") && json["name"].is_string() &&
             json.contains("class") && json["class"].is_number_unsigned() &&
             json["class"].get<uint64_t>() <= UINT8_MAX) {
    type = {json["class"].get<uint8_t>(), json["name"].get<std::string>(), {}};
  } else {
    throw_line("the " + member + " is neither a name nor a class and a name");
  }
  const std::string width = member.substr(0, member.find('_')) + "_width";
  if (!ValueCodec(type, {}).known()) {
    type.reading.user_width = TypeReading::kVariable;
    if (line.contains(width) && line[width].is_number_unsigned()) {
      type.reading.user_width = line[width].get<uint32_t>();
    }
  }
  return type;
}

class Loader {
 public:
  Loader(Context& context, const LoadArguments& arguments)
      : context_(context),
        arguments_(arguments),
        lines_(arguments.input),
        progress_("loading", Progress::Amount::bytes, "", context.quiet, &interrupt()) {}

  int run() {
    try {
      load_all();
    } catch (const Error& error) {
      progress_.finish();
      const bool undone = error.code() != ErrorCode::recovery_required;
      throw Error(error.code(), error.what() + std::string(undone ? "; nothing was stored" : ""),
                  error.position(), error.os_errno());
    }
    progress_.finish();
    if (context_.json) {
      context_.out.json_document(Json{{"tables", tables_}, {"rows", rows_}});
    } else {
      context_.out.line("loaded " + counted(rows_, "row") + " into " + counted(tables_, "table"));
    }
    return kExitDone;
  }

 private:
  void load_all() {
    std::string_view line;
    bool more = lines_.next_row(line);
    Json json;
    if (more) lines_.at_line([&] { json = parse_line(line); });
    if (more && !is_types_line(json)) {
      lines_.at_line([] { throw_line("a dump begins with the types of a table"); });
    }
    Database db = context_.open_or_create(arguments_.path, arguments_.new_file);
    WriteTxn txn = db.begin_write({.cancel = &interrupt()});
    while (more) {
      std::optional<AnyTable> table;
      lines_.at_line([&] { table.emplace(create(txn, json)); });
      const TableInfo& info = info_of(*table);
      const ValueCodec key_codec(info.key_type, info.key_width);
      const ValueCodec value_codec(info.value_type, info.value_width);
      while ((more = lines_.next_row(line))) {
        lines_.at_line([&] { json = parse_line(line); });
        if (is_types_line(json)) break;
        lines_.at_line([&] { put_row(*table, key_codec, value_codec, json); });
        if (++rows_ % 128 == 0) {
          progress_.set_note(format_count(rows_) + " rows");
          progress_.progress(lines_.bytes(), lines_.total_bytes());
        }
      }
      ++tables_;
    }
    txn.commit();
    db.close();
  }

  static AnyTable create(WriteTxn& txn, const Json& line) {
    if (!line.contains("table") || !line["table"].is_string()) {
      throw_line("the types of a table without its name");
    }
    const std::string name = line["table"].get<std::string>();
    if (txn.find_table(name)) {
      throw Error(ErrorCode::table_exists, "there is a table \"" + name + "\" already");
    }
    const TypeName key = type_of(line, "key_type");
    const TypeName value = type_of(line, "value_type");
    if (line.contains("kind") && line["kind"] == "multimap") {
      return txn.open_multimap(name, key, value);
    }
    return txn.open_table(name, key, value);
  }

  Context& context_;
  const LoadArguments& arguments_;
  LineReader lines_;
  Progress progress_;
  uint64_t tables_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace

void add_load(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("load", "Create the tables of a dump");
  sub->footer(
      "All in one transaction, or nothing. The file is created when it is missing; the\n"
      "tables must not be there yet.");
  auto arguments = std::make_shared<LoadArguments>();
  add_text(*sub, "FILE", arguments->path, "Database file")->required();
  add_text(*sub, "INPUT", arguments->input, "What dump wrote, - for standard input (default)");
  arguments->new_file.add_options(*sub);
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return Loader(context, *arguments).run(); };
  });
}

}  // namespace rdb::tools
