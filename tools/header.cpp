// header.cpp: `rdb header FILE`: the super-header as stored. Takes no lock and trusts nothing, so
// it works on damaged files and beside a running writer.
#include "context.hpp"
#include "header_facts.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

std::string yes_no(bool value) { return value ? "yes" : "no"; }

std::string root_text(const RootFacts& root) {
  if (!root.present) return "none";
  return "page " + root.page + ", " + format_count(root.length) +
         (root.length == 1 ? " entry" : " entries") + ", checksum " + root.checksum;
}

void print_slot(const HeaderFacts& facts, int index, Output& out) {
  const SlotFacts& slot = facts.slots[static_cast<size_t>(index)];
  out.line("");
  out.line("Slot " + std::to_string(index) + (index == facts.primary ? " (primary)" : ""));
  FactList list;
  list.add("  checksum", slot.checksum + (slot.checksum_valid ? "  valid" : "  NOT VALID"));
  list.add("  version", std::to_string(slot.version) +
                            (slot.version_note.empty() ? "" : " (" + slot.version_note + ")"));
  list.add("  transaction", std::to_string(slot.txn_id));
  list.add("  user root", root_text(slot.user_root));
  list.add("  system root", root_text(slot.system_root));
  if (slot.version == 5) {
    list.add("  blob region", "offset " + std::to_string(slot.blob_offset) + ", " +
                                  format_bytes(slot.blob_length) + ", next sequence " +
                                  std::to_string(slot.blob_next_sequence) + ", clock " +
                                  std::to_string(slot.blob_hlc));
  }
  list.print(out);
}

int run_header(Context& context, const std::string& path) {
  const HeaderFacts facts = read_header_facts(path);
  const bool sound = facts.magic_valid && facts.geometry_problem.empty() &&
                     (facts.slots[0].checksum_valid || facts.slots[1].checksum_valid);
  const int exit_code = sound ? kExitDone : kExitNotFound;
  if (context.json) {
    context.out.json_document(header_json(facts));
    return exit_code;
  }
  FactList list;
  list.add("File", escape_controls(facts.path));
  list.add("File size",
           format_bytes(facts.file_bytes) + " (" + format_count(facts.file_bytes) + " bytes)");
  list.add("Magic", facts.magic_hex + (facts.magic_valid ? "  valid" : "  NOT VALID"));
  char god_byte[8];
  std::snprintf(god_byte, sizeof god_byte, "0x%02x", facts.god_byte);
  list.add("God byte", god_byte);
  list.add("  primary slot", std::to_string(facts.primary));
  list.add("  recovery required", yes_no(facts.recovery_required));
  list.add("  two-phase", yes_no(facts.two_phase));
  list.add("Page size", std::to_string(facts.page_bytes));
  list.add("Region header pages", format_count(facts.region_header_pages));
  list.add("Region max pages", format_count(facts.region_max_pages));
  list.add("Full regions", format_count(facts.full_regions));
  list.add("Trailing pages", format_count(facts.trailing_pages));
  list.add("Layout", facts.geometry_problem.empty()
                         ? format_bytes(facts.layout_bytes) +
                               (facts.recovery_required ? " (not trusted before recovery)" : "")
                         : "NOT VALID: " + escape_controls(facts.geometry_problem));
  list.add("Compression",
           facts.compression_text() + (facts.primary_slot().version < 4
                                           ? " (byte " + std::to_string(facts.compression) +
                                                 ", without meaning below version 4)"
                                           : ""));
  list.add("End-of-file mirror", yes_no(facts.mirror));
  list.print(context.out);
  print_slot(facts, 0, context.out);
  print_slot(facts, 1, context.out);
  return exit_code;
}

}  // namespace

void add_header(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("header", "Show the raw file header, without lock or trust");
  auto path = std::make_shared<std::string>();
  add_text(*sub, "FILE", *path, "Database file")->required();
  sub->callback(
      [&context, path] { context.run = [&context, path] { return run_header(context, *path); }; });
}

}  // namespace rdb::tools
