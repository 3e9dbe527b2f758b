// crash_images.cpp: what a loss of power at any moment leaves of a file that rdb was changing.
//
//     crash_images count FILE|new [OPTIONS]            prints the number of events of the script
//     crash_images write FILE|new EVENT FOLDER [OPTIONS]
//
// OPTIONS: --spec SPEC --seed N --round N --mirror --redb-profile --region-pages N, as of rdb_side;
// --savepoint: FILE holds a savepoint, which makes rdb commit durably whatever it is asked.
//
// FILE holds the rows of --round (rows.hpp); with "new" the script creates it, with round 0. The
// script takes it on, a commit a round: one-phase, not durable, two-phase, with quick repair; it
// closes, opens again and closes once more. "write" stops it at one event and writes the images to
// FOLDER, each named after what arrived, and prints a line for each:
//
//     NAME <tab> DURABLE ROUND <tab> ROUND IN FLIGHT <tab> STEP
//
// Rounds are "none" for a database without tables.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "fault_backend.hpp"
#include "rdb/database.hpp"
#include "rows.hpp"

namespace rdb::interop {
namespace {

using test::CrashMode;
using test::EventKind;
using test::FaultDevice;
using Image = std::vector<std::byte>;

struct Options {
  std::string spec;
  uint64_t seed = 0;
  std::optional<uint64_t> round;  // nullopt: no tables yet
  bool savepoint = false;
  OpenOptions open;
};

// What the file may hold at any moment, and what the script was doing.
struct Progress {
  std::optional<uint64_t> durable;
  std::optional<uint64_t> in_flight;
  std::string step;
};

class Script {
 public:
  Script(std::shared_ptr<FaultDevice> device, const Options& options)
      : device_(std::move(device)),
        options_(options),
        tables_(parse_spec(options.spec, options.seed)),
        round_(options.round) {
    progress_.durable = progress_.in_flight = options.round;
  }

  const Progress& progress() const { return progress_; }

  // False when the device stopped it.
  bool run() {
    try {
      open();
      commit("one phase", true, false, false);
      commit("not durable", false, false, false);
      commit("one phase over one that is not durable", true, false, false);
      commit("two phases", true, true, false);
      commit("quick repair", true, true, true);
      commit("one phase after quick repair", true, false, false);
      commit("not durable, before a close", false, false, false);
      close();
      open();
      commit("one phase in a second session", true, false, false);
      close();
    } catch (const Error&) {
      if (!device_->stopped()) throw;
      return false;
    }
    return true;
  }

 private:
  void open() {
    progress_.step = database_count_++ == 0 ? "open" : "open again";
    database_.emplace(
        Database::open_backend(std::make_unique<test::FaultBackend>(device_), options_.open));
  }

  void close() {
    progress_.step = "close";
    progress_.in_flight = round_;
    database_->close();
    database_.reset();
    progress_.durable = round_;
  }

  void commit(const char* step, bool durable, bool two_phase, bool quick_repair) {
    progress_.step = step;
    const bool becomes_durable = durable || options_.savepoint;
    WriteTxn txn = database_->begin_write();
    txn.set_durability(durable ? Durability::immediate : Durability::none);
    txn.set_two_phase_commit(two_phase);
    txn.set_quick_repair(quick_repair);
    const uint64_t next = round_ ? *round_ + 1 : 0;
    for (const Rows& rows : tables_) change(txn, rows, next);
    if (becomes_durable) progress_.in_flight = next;
    txn.commit();
    round_ = next;
    if (becomes_durable) progress_.durable = next;
  }

  static void change(WriteTxn& txn, const Rows& rows, uint64_t round) {
    Table table = txn.open_table(rows.table_name(), rows.key_type(), rows.value_type());
    const uint64_t end = round == 0 ? rows.initial() : rows.universe();
    for (uint64_t row = 0; row < end; ++row) {
      const Operation change = round == 0 ? Operation::put : rows.operation_of(row, round);
      if (change == Operation::keep) continue;
      const std::string key = rows.key(row).stored;
      if (change == Operation::put) {
        table.put(as_bytes(key), as_bytes(rows.value(row, round)));
      } else {
        table.erase(as_bytes(key));
      }
    }
  }

  std::shared_ptr<FaultDevice> device_;
  const Options& options_;
  const std::vector<Rows> tables_;
  std::optional<Database> database_;
  int database_count_ = 0;
  std::optional<uint64_t> round_;
  Progress progress_;
};

std::string text_of(std::optional<uint64_t> round) {
  return round ? std::to_string(*round) : "none";
}

// Every image once, under the first name it has.
class Album {
 public:
  Album(std::filesystem::path folder, const Progress& progress)
      : folder_(std::move(folder)), progress_(progress) {}

  void add(const std::string& name, const Image& image) {
    if (!seen_.insert(image).second) return;
    std::ofstream out(folder_ / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(image.data()),
              static_cast<std::streamsize>(image.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + (folder_ / name).string());
    std::printf("%s\t%s\t%s\t%s\n", name.c_str(), text_of(progress_.durable).c_str(),
                text_of(progress_.in_flight).c_str(), progress_.step.c_str());
  }

 private:
  const std::filesystem::path folder_;
  const Progress& progress_;
  std::set<Image> seen_;
};

// Cuts of a header write: behind the god byte, inside the page counts, before and inside each slot.
constexpr size_t kHeaderCuts[] = {10, 27, 64, 140, 192, 260, 300};
constexpr size_t kHeaderBytes = 320;

void write_images(const std::shared_ptr<FaultDevice>& device, uint64_t event,
                  const Progress& progress, const std::filesystem::path& folder) {
  Album album(folder, progress);
  album.add("nothing", device->crash_image(CrashMode::durable));
  album.add("all", device->crash_image(CrashMode::all));
  const test::Event stopped = device->events().at(event);
  if (stopped.kind == EventKind::write) {
    if (stopped.offset == 0) {
      album.add("header-only", device->crash_image_torn(false, 0, kHeaderBytes));
      album.add("all-but-header", device->crash_image_torn(true, 0, 0));
      for (size_t cut : kHeaderCuts) {
        const std::string at = std::to_string(cut);
        album.add("header-front-" + at, device->crash_image_torn(true, 0, cut));
        album.add("header-back-" + at, device->crash_image_torn(true, cut, kHeaderBytes));
      }
    } else {
      const uint64_t half = stopped.bytes / 2 / test::kSectorBytes * test::kSectorBytes;
      album.add("torn-front", device->crash_image_torn(true, 0, half));
      album.add("torn-back", device->crash_image_torn(true, half, stopped.bytes));
    }
  }
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const std::string number = std::to_string(seed);
    const uint64_t draw = 1000 * event + seed;
    album.add("prefix-" + number, device->crash_image(CrashMode::prefix, draw));
    album.add("subset-" + number, device->crash_image(CrashMode::subset, draw));
    album.add("sectors-" + number, device->crash_image(CrashMode::sectors, draw));
  }
}

std::shared_ptr<FaultDevice> device_of(const std::string& file) {
  if (file == "new") return std::make_shared<FaultDevice>();
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || text.empty()) throw std::runtime_error("cannot read " + file);
  const Bytes bytes = as_bytes(text);
  return FaultDevice::from_image({bytes.begin(), bytes.end()});
}

int run(std::vector<std::string> words) {
  const auto take = [&]() -> std::string {
    if (words.empty()) throw std::invalid_argument("usage: see crash_images.cpp");
    std::string word = words.front();
    words.erase(words.begin());
    return word;
  };
  const std::string verb = take();
  const std::string file = take();
  const bool write = verb == "write";
  if (!write && verb != "count") throw std::invalid_argument("no verb " + verb);
  const uint64_t event = write ? std::stoull(take()) : test::kNever;
  const std::string folder = write ? take() : "";
  Options options;
  while (!words.empty()) {
    const std::string word = take();
    if (word == "--spec") {
      options.spec = take();
    } else if (word == "--seed") {
      options.seed = std::stoull(take());
    } else if (word == "--round") {
      options.round = std::stoull(take());
    } else if (word == "--savepoint") {
      options.savepoint = true;
    } else if (word == "--mirror") {
      options.open.eof_mirror = true;
    } else if (word == "--redb-profile") {
      options.open.key_profile = KeyProfile::redb;
    } else if (word == "--region-pages") {
      options.open.region_pages = static_cast<uint32_t>(std::stoul(take()));
    } else {
      throw std::invalid_argument("unknown option " + word);
    }
  }

  const auto device = device_of(file);
  test::FaultPlan plan;
  plan.stop_at = event;
  plan.torn_sectors = test::kNever;  // the write is there whole, to be cut
  device->set_plan(plan);
  Progress progress;
  bool finished = false;
  {
    Script script(device, options);
    finished = script.run();
    progress = script.progress();
  }
  if (write) {
    if (finished) throw std::runtime_error("the script has no event " + std::to_string(event));
    write_images(device, event, progress, folder);
  } else {
    std::printf("%llu\n", static_cast<unsigned long long>(device->event_count()));
  }
  return 0;
}

}  // namespace
}  // namespace rdb::interop

int main(int argc, char** argv) {
  try {
    return rdb::interop::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crash_images: %s\n", error.what());
    return 1;
  }
}
