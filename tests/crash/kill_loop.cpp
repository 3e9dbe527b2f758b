// kill_loop: kills a process that writes to a database, and looks what is left; again and again.
//
//     kill_loop [ROUNDS] [SEED] [FOLDER]
//
// A round: a writer process opens the file of the present life, commits, closes, opens again and so
// on, telling each step through a pipe (kill_plan.hpp); it is killed with SIGKILL after a number of
// steps and a short while, or right inside an open, a commit or a close. A checker, a process of
// its own that knows the log and the seed only, opens the file, verifies it completely and compares
// it with what the acknowledged commits and the one in flight say. Mostly it opens read-only, so
// that recovery is left to the next writer, and may be killed too. A life ends after kRoundsOfALife
// rounds.
//
// Exit status 0: nothing was lost; 1: a loss, told together with the folder in which the file is
// kept.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include "kill_plan.hpp"
#include "rdb/database.hpp"

namespace rdb::killing {
namespace {

constexpr uint64_t kRoundsOfALife = 25;
constexpr uint64_t kMaxCommitsOfARound = 40;
const TypeName kBytesType{TypeName::kBuiltin, "&[u8]"};

// ---- writer
// ---------------------------------------------------------------------------------------

class Writer {
 public:
  Writer(const std::string& file, uint64_t seed, uint64_t round, int pipe)
      : file_(file), seed_(seed), pipe_(pipe), habits_(seed * 7919 + round) {}

  void run() {
    const uint64_t target = kMaxCommitsOfARound;
    open();
    for (uint64_t done = 0; done < target; ++done) {
      commit();
      if (habits_() % 10 == 0) {
        close();
        open();
      }
    }
    close();
  }

 private:
  void say(const char* word, uint64_t number) const {
    const std::string line = std::string(word) + ' ' + std::to_string(number) + '\n';
    if (::write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(3);
  }

  void open() {
    say("opening", 0);
    database_.emplace(Database::open(file_, open_options(seed_)));
    last_ = 0;
    {
      const ReadTxn txn = database_->begin_read();
      if (txn.find_table(kMetaTable)) {
        const auto value =
            txn.open_table(kMetaTable, kBytesType, kBytesType).get(as_bytes(kMetaKey));
        if (value) std::memcpy(&last_, value->bytes().data(), sizeof last_);
      }
    }
    say("opened", last_);
    if (!planned_ || *planned_ != last_) state_ = state_after(seed_, last_);
    planned_ = last_;
  }

  void close() {
    say("closing", last_);
    database_->close();
    database_.reset();
    say("closed", last_);
  }

  void commit() {
    const uint64_t number = last_ + 1;
    const Commit plan = plan_commit(seed_, number, state_);
    planned_ = number;
    say("begin", number);
    WriteTxn txn = database_->begin_write();
    txn.set_durability(plan.durable ? Durability::immediate : Durability::none);
    txn.set_two_phase_commit(plan.two_phase);
    txn.set_quick_repair(plan.quick_repair);
    {
      std::map<std::string, Table> tables;
      const auto table = [&](const std::string& name) -> Table& {
        const auto known = tables.find(name);
        if (known != tables.end()) return known->second;
        return tables.emplace(name, txn.open_table(name, kBytesType, kBytesType)).first->second;
      };
      for (const Change& change : plan.changes) {
        switch (change.kind) {
          case Change::Kind::put:
            table(change.table).put(as_bytes(change.key), as_bytes(change.value));
            break;
          case Change::Kind::erase:
            if (!table(change.table).erase(as_bytes(change.key))) _exit(4);
            break;
          case Change::Kind::rename:
            tables.erase(change.table);
            txn.rename_table(change.table, change.key);
            break;
          case Change::Kind::remove_table:
            tables.erase(change.table);
            if (!txn.delete_table(change.table)) _exit(5);
            break;
        }
      }
      table(kMetaTable).put(as_bytes(kMetaKey), as_bytes(le64(number)));
    }
    say(plan.durable ? "commit" : "publish", number);
    txn.commit();
    say(plan.durable ? "durable" : "visible", number);
    last_ = number;
  }

  const std::string file_;
  const uint64_t seed_;
  const int pipe_;
  std::mt19937_64 habits_;
  std::optional<Database> database_;
  uint64_t last_ = 0;
  State state_;
  std::optional<uint64_t> planned_;
};

// ---- checker
// --------------------------------------------------------------------------------------

State read_state(const Database& database) {
  State state;
  const ReadTxn txn = database.begin_read();
  for (const TableInfo& info : txn.list_tables()) {
    Rows& rows = state[info.name];
    const Table table = txn.open_table_raw(info.name);
    Cursor cursor = table.cursor();
    uint64_t count = 0;
    for (bool more = cursor.first(); more; more = cursor.next(), ++count) {
      rows.emplace(as_text(cursor.key()), as_text(cursor.value()));
    }
    if (count != rows.size() || count != table.len()) {
      throw std::runtime_error("table " + info.name + " miscounts its rows");
    }
  }
  return state;
}

// The commit the file holds. Throws what is wrong with it.
uint64_t check(const std::string& file, const std::string& log_text, uint64_t seed, uint64_t base,
               bool read_only) {
  const Log log = read_log(log_text, base);
  if (read_only && std::filesystem::file_size(file) == 0) return 0;  // killed before creation
  OpenOptions options = open_options(seed);
  if (read_only) options.mode = OpenMode::read_only;
  Database database = [&] {
    try {
      return Database::open(file, options);
    } catch (const Error& error) {
      // A creation that never finished holds nothing; a read-only open cannot begin it anew.
      if (!read_only || log.in_flight > 0 || error.code() != ErrorCode::format) throw;
      options.mode = OpenMode::create;
      return Database::open(file, options);
    }
  }();
  const VerifyReport report = database.verify(VerifyLevel::full);
  std::string problems;
  for (const VerifyProblem& problem : report.problems) {
    problems += "; " + problem.object + ": " + problem.what;
  }
  if (report.leaked_pages > 0) problems += "; " + std::to_string(report.leaked_pages) + " leaked";
  if (!problems.empty()) throw std::runtime_error("verification found problems" + problems);

  const State found = read_state(database);
  for (uint64_t number : {log.promised, log.in_flight}) {
    if (found == state_after(seed, number)) {
      database.close();
      return number;
    }
  }
  const auto meta = found.find(kMetaTable);
  uint64_t holds = 0;
  if (meta != found.end()) std::memcpy(&holds, meta->second.at(kMetaKey).data(), sizeof holds);
  throw std::runtime_error("neither commit " + std::to_string(log.promised) + " nor commit " +
                           std::to_string(log.in_flight) + "; it says it is commit " +
                           std::to_string(holds));
}

// ---- driver
// ---------------------------------------------------------------------------------------

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    ::close(read_end);
    if (write_end >= 0) ::close(write_end);
  }
  void close_write() {
    ::close(write_end);
    write_end = -1;
  }
  // False at the end.
  bool read_more(std::string& text) const {
    char buffer[4096];
    const ssize_t count = ::read(read_end, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }
};

// Runs body in a child; what it throws is told on standard error and ends it with status 1.
template <typename Body>
pid_t spawn(Body body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child > 0) return child;
  int status = 1;
  try {
    body();
    status = 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::fflush(nullptr);
  _exit(status);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

struct Tally {
  uint64_t killed = 0, ended = 0, acknowledged = 0, in_flight_held = 0, in_flight_lost = 0;
  std::map<std::string, uint64_t> killed_after;  // word -> rounds
};

// When to kill: after so many lines, or at the first line with this word, and a while later.
struct Aim {
  uint64_t lines = 0;
  std::string word;
  useconds_t wait_us = 0;
};

Aim draw_aim(std::mt19937_64& draw) {
  Aim aim;
  aim.wait_us = static_cast<useconds_t>(draw() % (draw() % 2 == 0 ? 400 : 4000));
  static constexpr const char* kWords[] = {"opening", "closing", "commit", "publish", "begin"};
  if (draw() % 2 == 0) aim.word = kWords[draw() % std::size(kWords)];
  aim.lines = 1 + draw() % 60;
  if (aim.word == "opening") aim.lines = 1;
  return aim;
}

uint64_t count_of(const std::string& text, const std::string& what) {
  uint64_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++count;
  return count;
}

std::string write_and_kill(const std::string& file, uint64_t seed, uint64_t round, const Aim& aim,
                           Tally& tally) {
  Pipe log;
  const pid_t writer = spawn([&] {
    ::close(log.read_end);
    Writer(file, seed, round, log.write_end).run();
  });
  log.close_write();
  std::string text;
  bool killed = false;
  while (log.read_more(text)) {
    if (killed) continue;  // what it wrote before it died
    const uint64_t lines = count_of(text, "\n");
    const bool reached = aim.word.empty()
                             ? lines >= aim.lines
                             : lines >= aim.lines && text.rfind(aim.word + " ") != text.npos &&
                                   text.rfind(aim.word + " ") > text.rfind('\n', text.size() - 2);
    if (!reached) continue;
    usleep(aim.wait_us);
    kill(writer, SIGKILL);
    killed = true;
  }
  const int status = wait_for(writer);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    ++tally.killed;
  } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    ++tally.ended;
  } else {
    throw std::runtime_error("the writer failed by itself, after:\n" + text);
  }
  return text;
}

uint64_t check_in_child(const std::string& file, const std::string& log_text, uint64_t seed,
                        uint64_t base, bool read_only) {
  Pipe result;
  const pid_t checker = spawn([&] {
    const uint64_t found = check(file, log_text, seed, base, read_only);
    const std::string line = std::to_string(found);
    if (::write(result.write_end, line.data(), line.size()) < 0) _exit(3);
  });
  result.close_write();
  std::string text;
  while (result.read_more(text)) {
  }
  if (wait_for(checker) != 0)
    throw std::runtime_error("the checker refuses the file, after:\n" + log_text);
  return std::stoull(text);
}

int run(uint64_t rounds, uint64_t first_seed, std::filesystem::path folder) {
  const bool own_folder = folder.empty();
  if (own_folder) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rdb-kill-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for the file");
    folder = pattern;
  }
  const std::string file = (folder / "database").string();
  std::mt19937_64 draw(first_seed);
  Tally tally;
  uint64_t held = 0;
  uint64_t lives = 0;
  for (uint64_t round = 0; round < rounds; ++round) {
    if (round % kRoundsOfALife == 0) {
      std::filesystem::remove(file);
      held = 0;
      ++lives;
    }
    const uint64_t seed = first_seed + lives;
    try {
      const std::string text = write_and_kill(file, seed, round, draw_aim(draw), tally);
      if (!std::filesystem::exists(file)) continue;  // killed before it came that far
      const Log log = read_log(text, held);
      ++tally.killed_after[log.last_word];
      tally.acknowledged += log.acknowledged;
      held = check_in_child(file, text, seed, held, draw() % 4 != 0);
      if (log.in_flight != log.promised) {
        ++(held == log.in_flight ? tally.in_flight_held : tally.in_flight_lost);
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "LOSS in round %llu, seed %llu: %s\nkept: %s\n",
                   static_cast<unsigned long long>(round), static_cast<unsigned long long>(seed),
                   error.what(), file.c_str());
      return 1;
    }
  }
  if (own_folder) std::filesystem::remove_all(folder);
  const auto u = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "%llu rounds in %llu files: %llu killed, %llu ended by themselves; %llu durable commits "
      "acknowledged, 0 lost; of those in flight %llu were there and %llu not\nkilled after:",
      u(rounds), u(lives), u(tally.killed), u(tally.ended), u(tally.acknowledged),
      u(tally.in_flight_held), u(tally.in_flight_lost));
  for (const auto& [word, count] : tally.killed_after)
    std::printf(" %s %llu", word.c_str(), u(count));
  std::printf("\n");
  // A loop that has stopped killing must not pass unseen.
  if (tally.killed * 2 < rounds || tally.acknowledged < rounds) {
    std::fprintf(stderr,
                 "too few rounds were killed, or too few commits made, to prove anything\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace rdb::killing

int main(int argc, char** argv) {
  try {
    return rdb::killing::run(argc > 1 ? std::stoull(argv[1]) : 50,
                             argc > 2 ? std::stoull(argv[2]) : 20260314,
                             argc > 3 ? argv[3] : std::filesystem::path());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kill_loop: %s\n", error.what());
    return 1;
  }
}
