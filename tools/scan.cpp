// scan.cpp: `rdb scan FILE TABLE`: rows in key order, optionally a part of them.
//
// Ranges are half open: --from is included, --to is not, so neighbouring scans share no row.
#include "context.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

// Rows looked at to choose the width of the key column; later keys may stick out.
constexpr size_t kRowsForWidth = 100;
constexpr size_t kMaxKeyColumn = 40;
constexpr size_t kMaxKeyBytes = 120;
constexpr size_t kMaxValueBytes = 120;

struct ScanArguments {
  std::string path;
  std::string table;
  std::string from;
  std::string to;
  std::string prefix;
  bool has_from = false;
  bool has_to = false;
  bool has_prefix = false;
  uint64_t limit = 0;
  bool has_limit = false;
  bool reverse = false;
  bool keys_only = false;
};

// The smallest byte string above all that begin with prefix; nullopt when there is none.
std::optional<std::vector<std::byte>> prefix_end(std::vector<std::byte> prefix) {
  while (!prefix.empty() && prefix.back() == std::byte{0xff}) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<std::byte>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

// Prints rows as "key  value", keys padded to a common width.
class RowPrinter {
 public:
  explicit RowPrinter(Output& out) : out_(out) {}

  void add(std::string key, std::string value) {
    if (width_) {
      print(key, value);
      return;
    }
    waiting_.emplace_back(std::move(key), std::move(value));
    if (waiting_.size() == kRowsForWidth) flush();
  }
  void flush() {
    size_t width = 0;
    for (const auto& [key, value] : waiting_) {
      const size_t count = character_count(key);
      if (count <= kMaxKeyColumn) width = std::max(width, count);
    }
    width_ = width;
    for (const auto& [key, value] : waiting_) print(key, value);
    waiting_.clear();
  }

 private:
  void print(const std::string& key, const std::string& value) {
    const size_t count = character_count(key);
    out_.line(key + std::string(count < *width_ ? *width_ - count : 0, ' ') + "  " + value);
  }

  Output& out_;
  std::optional<size_t> width_;
  std::vector<std::pair<std::string, std::string>> waiting_;
};

// Borrowed by the cursor only while set_range runs.
struct RangeKeys {
  std::vector<std::byte> lower;
  std::vector<std::byte> upper;
  KeyRange range;
};

RangeKeys make_range(const ScanArguments& arguments, const TableInfo& info,
                     const ValueCodec& key_codec) {
  RangeKeys keys;
  if (!arguments.has_from && !arguments.has_to && !arguments.has_prefix) return keys;
  if (!info.key_order_known) {
    throw UsageError("the key order of table \"" + info.name + "\" (" + type_text(info.key_type) +
                     ") is not known; it can be scanned as a whole only");
  }
  if (arguments.has_prefix) {
    if (!key_codec.has_prefixes() || info.key_width) {
      throw UsageError("--prefix needs keys of text or byte strings, but table \"" + info.name +
                       "\" has " + type_text(info.key_type));
    }
    keys.lower = decode_argument(key_codec, arguments.prefix, "--prefix");
    keys.range.lower = Bound::included;
    if (auto end = prefix_end(keys.lower)) {
      keys.upper = *std::move(end);
      keys.range.upper = Bound::excluded;
    }
  }
  if (arguments.has_from) {
    keys.lower = decode_argument(key_codec, arguments.from, "--from");
    keys.range.lower = Bound::included;
  }
  if (arguments.has_to) {
    keys.upper = decode_argument(key_codec, arguments.to, "--to");
    keys.range.upper = Bound::excluded;
  }
  return keys;
}

// To the next row, or with --keys-only to the next key.
bool step(Cursor& cursor, const ScanArguments& arguments) {
  return arguments.reverse ? cursor.prev() : cursor.next();
}
bool step(MultimapCursor& cursor, const ScanArguments& arguments) {
  if (!arguments.keys_only) return arguments.reverse ? cursor.prev() : cursor.next();
  return arguments.reverse ? cursor.prev_key() : cursor.next_key();
}

template <typename AnyCursor>
int scan_with(Context& context, const ScanArguments& arguments, const TableInfo& info,
              AnyCursor cursor) {
  const ValueCodec key_codec(info.key_type, info.key_width);
  const ValueCodec value_codec(info.value_type, info.value_width);

  RangeKeys keys = make_range(arguments, info, key_codec);
  if (keys.range.lower != Bound::unbounded || keys.range.upper != Bound::unbounded) {
    keys.range.lower_key = keys.lower;
    keys.range.upper_key = keys.upper;
    cursor.set_range(keys.range);
  }

  RowPrinter rows(context.out);
  uint64_t left = arguments.has_limit ? arguments.limit : ~uint64_t{0};
  for (bool more = step(cursor, arguments); left > 0 && more;
       --left, more = step(cursor, arguments)) {
    CancelToken::check(&interrupt());
    if (context.json) {
      Json row{{"key", key_codec.to_json(cursor.key())}};
      if (!arguments.keys_only) row["value"] = value_codec.to_json(cursor.value());
      context.out.json_line(row);
    } else if (arguments.keys_only) {
      context.out.line(key_codec.display(cursor.key(), kMaxKeyBytes));
    } else {
      rows.add(key_codec.display(cursor.key(), kMaxKeyBytes),
               value_codec.display(cursor.value(), kMaxValueBytes));
    }
  }
  rows.flush();
  return kExitDone;
}

int run_scan(Context& context, const ScanArguments& arguments) {
  Database db = context.open_for_reading(arguments.path);
  const ReadTxn txn = db.begin_read();
  return std::visit(
      [&](const auto& table) {
        return scan_with(context, arguments, table.info(), table.cursor());
      },
      open_existing_table(txn, arguments.table, arguments.path));
}

}  // namespace

void add_scan(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("scan", "Print rows in key order; of a multimap every pair");
  auto arguments = std::make_shared<ScanArguments>();
  add_text(*sub, "FILE", arguments->path, "Database file")->required();
  add_text(*sub, "TABLE", arguments->table, "Table")->required();
  CLI::Option* from =
      add_text(*sub, "--from", arguments->from, "First key, included")->type_name("KEY");
  CLI::Option* to = add_text(*sub, "--to", arguments->to, "Last key, excluded")->type_name("KEY");
  CLI::Option* prefix =
      add_text(*sub, "--prefix", arguments->prefix, "Only keys that begin so (text, byte strings)")
          ->type_name("KEY")
          ->excludes(from)
          ->excludes(to);
  CLI::Option* limit =
      sub->add_option("--limit", arguments->limit, "At most this many rows")->type_name("N");
  sub->add_flag("--reverse", arguments->reverse, "From the last row to the first");
  sub->add_flag("--keys-only", arguments->keys_only, "Keys without values");
  sub->callback([&context, arguments, from, to, prefix, limit] {
    arguments->has_from = from->count() > 0;
    arguments->has_to = to->count() > 0;
    arguments->has_prefix = prefix->count() > 0;
    arguments->has_limit = limit->count() > 0;
    context.run = [&context, arguments] { return run_scan(context, *arguments); };
  });
}

}  // namespace rdb::tools
