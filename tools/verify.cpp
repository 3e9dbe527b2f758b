// verify.cpp: `rdb verify FILE`: checks the last durable state; never repairs, never writes. A file
// that was not closed cleanly is checked as recovery would leave it.
#include "context.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

struct VerifyArguments {
  std::string path;
  std::string level = "full";
};

VerifyLevel parse_level(const std::string& text) {
  if (text == "header") return VerifyLevel::header;
  if (text == "checksums") return VerifyLevel::checksums;
  return VerifyLevel::full;
}

struct Outcome {
  VerifyReport report;
  RecoveryReport recovery;
  bool opens = true;  // other commands can read the file
};

bool is_damage(const Error& error) {
  return error.code() == ErrorCode::corrupted || error.code() == ErrorCode::page_corrupted;
}

// A file that does not open is looked at as it is, so that everything that is wrong with it is told
// and not only the first thing met.
Outcome examine(Context& context, const VerifyArguments& arguments) {
  Outcome outcome;
  const auto verify = [&](bool accept_damage) {
    Database db = context.open_for_checking(arguments.path, accept_damage);
    outcome.recovery = db.recovery();
    Progress progress("verifying", Progress::Amount::count, "pages", context.quiet, &interrupt());
    outcome.report = db.verify(parse_level(arguments.level), &progress, &interrupt());
  };
  try {
    verify(false);
    return outcome;
  } catch (const Error& error) {
    // Damage that already keeps the file from opening is a finding, not a failure of the check.
    if (!is_damage(error)) throw;
    outcome.opens = false;
    outcome.recovery.clean = false;
    outcome.report.problems.push_back(
        {"file", std::string("It does not open: ") + error.what() + ".",
         "No table can be read; restore the file from a backup.", error.position()});
  }
  const VerifyProblem does_not_open = outcome.report.problems.front();
  try {
    verify(true);
    outcome.report.problems.insert(outcome.report.problems.begin(), does_not_open);
  } catch (const Error& error) {
    if (!is_damage(error)) throw;
  }
  return outcome;
}

const char* describe_recovery(const Outcome& outcome) {
  if (!outcome.opens) return "impossible";
  if (outcome.recovery.used_older_commit) {
    return "needed; the newest commit is damaged, the one before it was checked";
  }
  if (outcome.recovery.used_mirror) return "needed; the copy of the header was used";
  return "needed; no commit is lost";
}

int run_verify(Context& context, const VerifyArguments& arguments) {
  const Outcome outcome = examine(context, arguments);
  const VerifyReport& report = outcome.report;
  const int exit_code = report.ok() ? kExitDone : kExitNotFound;
  if (context.json) {
    Json problems = Json::array();
    for (const VerifyProblem& problem : report.problems) {
      problems.push_back(
          Json{{"object", problem.object},
               {"what", problem.what},
               {"meaning", problem.meaning},
               {"page", problem.page == ~uint64_t{0} ? Json() : Json(problem.page)}});
    }
    context.out.json_document(Json{{"path", arguments.path},
                                   {"level", arguments.level},
                                   {"ok", report.ok()},
                                   {"clean", outcome.recovery.clean},
                                   {"opens", outcome.opens},
                                   {"lost_last_commit", outcome.recovery.used_older_commit},
                                   {"notes", outcome.recovery.notes},
                                   {"pages_checked", report.pages_checked},
                                   {"tables_checked", report.tables_checked},
                                   {"rows_checked", report.entries_checked},
                                   {"leaked_pages", report.leaked_pages},
                                   {"problems", std::move(problems)}});
    return exit_code;
  }
  FactList list;
  list.add("File", escape_controls(arguments.path));
  list.add("Level", arguments.level);
  list.add("Closed cleanly", outcome.recovery.clean ? "yes" : "no");
  if (!outcome.recovery.clean) list.add("Recovery", describe_recovery(outcome));
  list.add("Pages checked", format_count(report.pages_checked));
  list.add("Tables checked", format_count(report.tables_checked));
  list.add("Rows checked", format_count(report.entries_checked));
  if (report.leaked_pages > 0) list.add("Leaked pages", format_count(report.leaked_pages));
  list.add("Result",
           report.ok() ? "PASSED" : "FAILED, " + counted(report.problems.size(), "problem"));
  list.print(context.out);
  for (const VerifyProblem& problem : report.problems) {
    context.out.line("");
    context.out.line("  " + escape_controls(problem.object) + ": " + escape_controls(problem.what));
    if (!problem.meaning.empty()) context.out.line("    " + escape_controls(problem.meaning));
  }
  return exit_code;
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("verify", "Check the file; exit 1 when a problem was found");
  auto arguments = std::make_shared<VerifyArguments>();
  add_text(*sub, "FILE", arguments->path, "Database file")->required();
  sub->add_option("--level", arguments->level,
                  "header: the header; checksums: every page; full: structure and order too")
      ->check(CLI::IsMember({"header", "checksums", "full"}))
      ->capture_default_str();
  sub->callback([&context, arguments] {
    context.run = [&context, arguments] { return run_verify(context, *arguments); };
  });
}

}  // namespace rdb::tools
