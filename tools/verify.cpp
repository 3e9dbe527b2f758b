// verify.cpp: `rdb verify FILE`: checks the last durable state; never repairs.
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
  bool recovered = false;    // by this very open
  bool lost_commit = false;  // recovery fell back to the commit before the last
};

Outcome examine(Context& context, const VerifyArguments& arguments) {
  Outcome outcome;
  try {
    Database db = context.open_for_reading(arguments.path);
    outcome.recovered = !db.recovery().clean;
    outcome.lost_commit = db.recovery().used_older_commit;
    Progress progress("verifying", Progress::Amount::count, "pages", context.quiet, &interrupt());
    outcome.report = db.verify(parse_level(arguments.level), &progress, &interrupt());
  } catch (const Error& error) {
    // Damage that already keeps the file from opening is a finding, not a failure of the check.
    if (error.code() != ErrorCode::corrupted && error.code() != ErrorCode::page_corrupted) throw;
    outcome.report.problems.push_back(
        {"file", error.what(), "the check could not go on", error.position()});
  }
  return outcome;
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
                                   {"recovered", outcome.recovered},
                                   {"lost_last_commit", outcome.lost_commit},
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
  if (outcome.recovered) {
    list.add("Recovery", outcome.lost_commit ? "needed; the last commit was damaged and is lost"
                                             : "needed and done; no commit was lost");
  }
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
