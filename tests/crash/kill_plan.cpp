#include "kill_plan.hpp"

#include <sstream>
#include <stdexcept>

namespace rdb::killing {
namespace {

// SplitMix64.
class Draw {
 public:
  explicit Draw(uint64_t state) : state_(state) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t end) { return next() % end; }

 private:
  uint64_t state_;
};

constexpr uint64_t kTables = 4;
constexpr uint64_t kMaxRows = 1500;  // of a table: beyond, rows go

std::string table_name(uint64_t n) { return "table " + std::to_string(n); }

std::string row_key(Draw& draw) {
  std::string key = std::to_string(draw.below(4000));
  // One in eight is long, so that branches are small and trees deep.
  if (draw.below(8) == 0) key.insert(0, 300, 'k');
  return key;
}

std::string row_value(Draw& draw) {
  const uint64_t shape = draw.below(64);
  size_t size = draw.below(300);
  if (shape == 0) size = 20'000 + draw.below(80'000);
  if (shape > 56) size = 3000;
  std::string value(size, '\0');
  uint64_t word = draw.next();
  for (size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) word = word * 6364136223846793005 + 1442695040888963407;
    value[i] = static_cast<char>(word >> (8 * (i % 8)));
  }
  return value;
}

}  // namespace

std::string le64(uint64_t value) {
  std::string text;
  for (int shift = 0; shift < 64; shift += 8) text += static_cast<char>(value >> shift);
  return text;
}

OpenOptions open_options(uint64_t seed) {
  OpenOptions options;
  switch (seed % 4) {
    case 0:
      break;
    case 1:
      options.memory_budget_bytes = 1;
      break;
    case 2:
      options.region_pages = 256;
      break;
    default:
      options.eof_mirror = true;
      options.key_profile = KeyProfile::redb;
  }
  return options;
}

Commit plan_commit(uint64_t seed, uint64_t number, State& state) {
  Draw draw(seed * 1'000'003 + number);
  Commit commit;
  const uint64_t kind = draw.below(8);
  commit.two_phase = kind == 0;
  commit.quick_repair = kind == 1;
  commit.durable = kind < 5;
  const auto put = [&](const std::string& name) {
    const std::string key = row_key(draw);
    std::string value = row_value(draw);
    state[name][key] = value;
    commit.changes.push_back({Change::Kind::put, name, key, std::move(value)});
  };

  const std::string first = table_name(draw.below(kTables));
  const std::string spare = table_name(kTables + draw.below(2));
  const uint64_t shape = draw.below(40);
  if (shape < 2 && state.contains(first)) {
    state.erase(first);
    commit.changes.push_back({Change::Kind::remove_table, first, {}, {}});
  } else if (shape < 5 && state.contains(first) && !state.contains(spare)) {
    put(first);
    state[spare] = std::move(state[first]);
    state.erase(first);
    commit.changes.push_back({Change::Kind::rename, first, spare, {}});
  } else if (shape == 5 && state.contains(spare)) {
    state.erase(spare);
    commit.changes.push_back({Change::Kind::remove_table, spare, {}, {}});
  }
  // A few rows mostly; now and then as many as make the file grow.
  const uint64_t rows = draw.below(24) == 0 ? 300 : 1 + draw.below(20);
  for (uint64_t i = 0; i < rows; ++i) {
    const std::string name = table_name(draw.below(kTables));
    const bool erases = draw.below(3) == 0;
    Rows& present = state[name];
    const auto row = present.lower_bound(row_key(draw));
    if ((erases || present.size() > kMaxRows) && row != present.end()) {
      commit.changes.push_back({Change::Kind::erase, name, row->first, {}});
      present.erase(row);
    } else {
      put(name);
    }
  }
  state[kMetaTable][kMetaKey] = le64(number);
  return commit;
}

State state_after(uint64_t seed, uint64_t number) {
  State state;
  for (uint64_t i = 1; i <= number; ++i) plan_commit(seed, i, state);
  return state;
}

Log read_log(const std::string& text, uint64_t base) {
  Log log;
  log.promised = log.in_flight = base;
  uint64_t visible = base;  // the last commit that readers beside the writer saw
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    std::istringstream line(text.substr(begin, end - begin));
    uint64_t number = 0;
    if (!(line >> log.last_word >> number)) throw std::runtime_error("not a line of the log");
    const std::string& word = log.last_word;
    if (word == "opened") {
      if (number != log.promised) {
        throw std::runtime_error("opened at commit " + std::to_string(number) + ", promised was " +
                                 std::to_string(log.promised));
      }
    } else if (word == "commit") {
      log.in_flight = number;
    } else if (word == "durable" || word == "closed") {
      log.promised = log.in_flight = visible = number;
      ++log.acknowledged;
    } else if (word == "visible") {
      visible = number;
    } else if (word == "closing") {
      log.in_flight = visible;
    } else if (word != "opening" && word != "begin" && word != "publish") {
      throw std::runtime_error("the log has the word " + word);
    }
  }
  return log;
}

}  // namespace rdb::killing
