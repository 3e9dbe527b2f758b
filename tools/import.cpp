// import.cpp: `rdb import FILE TABLE [INPUT]`: JSON lines into a table.
//
// Rows are committed in batches. A line that cannot be used ends the import: nothing of its batch
// is stored, earlier batches stay. --atomic makes the whole input one batch.
#include "rdb/error.hpp"
#include "row_lines.hpp"
#include "table_choice.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

// A batch also ends here, so that a few huge rows do not fill the memory with one transaction.
constexpr uint64_t kMaxBatchBytes = uint64_t{64} << 20;
constexpr uint64_t kDefaultBatchRows = 5000;

struct ImportArguments {
  TableChoice choice;
  std::string input = "-";
  uint64_t batch_rows = kDefaultBatchRows;
  bool atomic = false;
};

class Importer {
 public:
  Importer(Context& context, const ImportArguments& arguments)
      : context_(context),
        arguments_(arguments),
        choice_(arguments.choice),
        lines_(arguments.input),
        progress_("importing", Progress::Amount::bytes, "", context.quiet, &interrupt()) {}

  int run() {
    try {
      return import_all();
    } catch (const Error& error) {
      progress_.finish();
      throw Error(error.code(), error.what() + outcome(error.code()), error.position(),
                  error.os_errno());
    }
  }

 private:
  // What a failed import leaves behind, for its message.
  std::string outcome(ErrorCode code) const {
    // Only the next open can tell whether the batch was stored.
    if (code == ErrorCode::recovery_required) return "";
    if (complete_) return "; all " + counted(rows_, "row") + " are stored";
    if (rows_ == 0) return "; nothing was stored";
    return "; " + counted(rows_, "row") + " of earlier batches are stored, none of this one";
  }

  int import_all() {
    const auto started = std::chrono::steady_clock::now();
    std::string_view line;
    bool more = lines_.next_row(line);
    if (more) {
      // Read before the file is opened, because the types decide whether it may be created.
      Json first;
      lines_.at_line([&] { first = parse_line(line); });
      if (is_types_line(first)) {
        lines_.at_line([&] { use_types(first); });
        more = lines_.next_row(line);
      }
    }
    choice_.check();
    Database db = choice_.open_file(context_);
    // An empty input still creates the table it was asked to create.
    do {
      run_batch(db, line, more);
    } while (more);
    progress_.finish();
    complete_ = true;
    db.close();
    print_summary(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    return kExitDone;
  }

  void use_types(const Json& line) {
    const auto take = [&](const char* member, std::string& target) {
      if (!target.empty()) return;  // the command line wins
      if (!line[member].is_string()) {
        throw_line(std::string("the ") + member + " is not one this release creates");
      }
      target = line[member].get<std::string>();
    };
    if (line.contains("kind") && line["kind"] == "multimap") choice_.multimap = true;
    take("key_type", choice_.key_type);
    take("value_type", choice_.value_type);
  }

  // line is the first row of the batch, and afterwards that of the next one, when more is true.
  void run_batch(Database& db, std::string_view& line, bool& more) {
    WriteTxn txn = db.begin_write({.cancel = &interrupt()});
    uint64_t batch_rows = 0;
    {
      AnyTable table = choice_.open(txn);
      const ValueCodec key_codec(info_of(table).key_type, info_of(table).key_width);
      const ValueCodec value_codec(info_of(table).value_type, info_of(table).value_width);
      const uint64_t begin_bytes = lines_.bytes();
      const auto is_full = [&] {
        return !arguments_.atomic && (batch_rows >= arguments_.batch_rows ||
                                      lines_.bytes() - begin_bytes >= kMaxBatchBytes);
      };
      while (more && !is_full()) {
        lines_.at_line([&] { put_row(table, key_codec, value_codec, parse_line(line)); });
        ++batch_rows;
        // Not for every row: making the note would cost more than storing one.
        if (batch_rows % 128 == 0) {
          progress_.set_note(format_count(rows_ + batch_rows) + " rows");
          progress_.progress(lines_.bytes(), lines_.total_bytes());
        }
        more = lines_.next_row(line);
      }
    }
    txn.commit();
    rows_ += batch_rows;
    ++commits_;
  }

  void print_summary(double seconds) {
    if (context_.json) {
      context_.out.json_document(Json{{"table", choice_.table},
                                      {"rows", rows_},
                                      {"commits", commits_},
                                      {"input_bytes", lines_.bytes()},
                                      {"seconds", seconds}});
      return;
    }
    std::string text = "imported " + counted(rows_, "row") + " in " + counted(commits_, "commit") +
                       ", " + format_seconds(seconds);
    if (seconds > 0.01) {
      text += ", " + format_count(static_cast<uint64_t>(static_cast<double>(rows_) / seconds)) +
              " rows/s";
    }
    context_.out.line(text);
  }

  Context& context_;
  const ImportArguments& arguments_;
  TableChoice choice_;
  LineReader lines_;
  Progress progress_;
  uint64_t rows_ = 0;  // committed
  uint64_t commits_ = 0;
  bool complete_ = false;  // nothing is left to import
};

}  // namespace

void add_import(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("import", "Store rows given as JSON lines");
  sub->footer(
      "Each line is {\"key\":...,\"value\":...}; integers are numbers, text is a string, byte\n"
      "strings are {\"b64\":\"...\"}. Rows that exist are replaced; a multimap takes\n"
      "each line as one more value of its key. A line that cannot be used\n"
      "ends the import: nothing of its batch is stored, earlier batches stay.");
  auto arguments = std::make_shared<ImportArguments>();
  add_text(*sub, "FILE", arguments->choice.path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->choice.table, "Table")->required();
  add_text(*sub, "INPUT", arguments->input, "JSON lines, - for standard input (default)");
  arguments->choice.add_options(*sub);
  CLI::Option* atomic =
      sub->add_flag("--atomic", arguments->atomic, "All rows in one transaction, or none");
  sub->add_option("--batch", arguments->batch_rows, "Rows in one transaction")
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 32))
      ->capture_default_str()
      ->excludes(atomic);
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return Importer(context, *arguments).run(); };
  });
}

}  // namespace rdb::tools
