// workload.hpp: a small mixed workload that knows at every moment which states a crash may leave.
//
//   durable     what the last acknowledged durable commit (or clean close) left
//   in_flight   what the durable commit now running will leave, while it runs
//   visible     what a reader sees: durable plus acknowledged commits that are not durable
//
// After power loss the file holds durable or in_flight, exactly. After a failure that is reported
// without recovery_required the database holds visible, and goes on.
//
// Steps take what they find: a step before may have been lost.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contents.hpp"
#include "rdb/database.hpp"

namespace rdb::test {

// Rows of each table. A multimap of numbers has a row for each pair: key and value together, and
// nothing.
using State = std::map<std::string, std::map<std::string, std::string>>;

// The rows of a database; fails the test when a table holds a key twice or miscounts.
State state_of(const ReadTxn& txn);
// A few words about where two states differ.
std::string difference(const State& found, const State& expected);

struct AllowedStates {
  State durable;
  std::optional<State> in_flight;

  // The one that found is; nullptr when it is neither.
  const State* match(const State& found) const;
};

class Workload {
 public:
  // mixed does a little of everything. reuse frees and allocates most of a small file again and
  // again, so that a page that is handed out too early is overwritten.
  enum class Kind : uint8_t { mixed, reuse };

  Workload(std::shared_ptr<FaultDevice> device, const OpenOptions& options,
           Kind kind = Kind::mixed);
  // On whatever open opens, each time anew.
  explicit Workload(std::function<Database()> open, Kind kind = Kind::mixed);
  ~Workload();

  size_t step_count() const noexcept { return steps_.size(); }
  size_t steps_done() const noexcept { return next_; }
  bool finished() const noexcept { return next_ == steps_.size(); }
  std::string next_step() const { return finished() ? "the end" : steps_[next_].what; }

  // Opens the database if need be and runs the next step; throws what the engine throws, and then
  // the same step is the next one again.
  void run_step();
  // Everything from here on; true when the end was reached, false when an Error ended it (error()).
  bool run();
  const std::optional<Error>& error() const noexcept { return error_; }

  // Forgets the open database as a killed process would, on a device that takes no more writes, or
  // closes it as well as that goes.
  void drop();
  // After a drop: what the file was found to hold.
  void continue_from(const State& state);

  Database& database() { return *database_; }
  bool is_open() const noexcept { return database_.has_value(); }
  const State& visible() const noexcept { return visible_; }
  AllowedStates allowed() const { return {durable_, in_flight_}; }
  // Compares held snapshots with what they should show.
  void check_readers() const;

 private:
  using Change = std::function<void(Workload&, WriteTxn&, State&)>;
  struct Commit {
    Durability durability = Durability::immediate;
    bool two_phase = false;
    bool quick_repair = false;
    bool abort = false;
  };
  struct Step {
    std::string what;
    std::function<void(Workload&)> run;
  };
  struct Reader {
    ReadTxn txn;
    State expected;
  };

  void add(const std::string& what, Commit commit, Change change);
  void add_other(const std::string& what, std::function<void(Workload&)> run);
  void build_mixed_steps();
  void build_reuse_steps();
  void open();
  void commit_step(const Commit& commit, const Change& change);
  void close();

  std::function<Database()> open_;
  std::vector<Step> steps_;
  size_t next_ = 0;
  std::optional<Error> error_;

  std::optional<Database> database_;
  std::vector<Reader> readers_;
  State durable_;
  std::optional<State> in_flight_;
  State visible_;
};

// A change of one row, in the database and in the state.
void put_row(Table& table, std::map<std::string, std::string>& rows, const std::string& key,
             const std::string& value);
void erase_row(Table& table, std::map<std::string, std::string>& rows, const std::string& key);
void put_pair(Multimap& table, std::map<std::string, std::string>& rows, uint64_t key,
              uint64_t value);
void erase_pair(Multimap& table, std::map<std::string, std::string>& rows, uint64_t key,
                uint64_t value);

}  // namespace rdb::test
