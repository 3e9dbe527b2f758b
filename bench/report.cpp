#include "report.hpp"

#include <cstdarg>
#include <nlohmann/json.hpp>

namespace rdb::bench {
namespace {

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));
std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string with_commas(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

// Four significant digits at most, never an exponent.
std::string short_number(double x) {
  if (x >= 1000) return with_commas(static_cast<uint64_t>(x + 0.5));
  return format(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : "%.2f", x);
}

std::string ratio_text(const Interval& ratio, size_t rounds) {
  if (rounds < 2) return format("%.2fx (one round)", ratio.median);
  return format("%.2fx [%.2f, %.2f]", ratio.median, ratio.low, ratio.high);
}

void print_rows(const Report& report, std::FILE* out) {
  std::fprintf(out, "\n%-42s %-7s %10s %10s %10s %-10s %s\n", "row", "engine", "p10", "p50", "p90",
               "unit", "rdb is faster by [95 %]");
  for (const Row& row : report.rows) {
    bool first = true;
    for (const EngineRow& engine : row.engines) {
      const double scale = row.spec.unit.nanoseconds;
      const std::optional<Interval> ratio = row.speed_against(engine.engine);
      std::fprintf(out, "%-42s %-7s %10s %10s %10s %-10s %s\n", first ? row.spec.title.c_str() : "",
                   engine.engine.c_str(),
                   short_number(quantile(engine.samples(), 0.1) / scale).c_str(),
                   short_number(quantile(engine.samples(), 0.5) / scale).c_str(),
                   short_number(quantile(engine.samples(), 0.9) / scale).c_str(),
                   row.spec.unit.name.c_str(), ratio ? ratio_text(*ratio, row.rounds).c_str() : "");
      first = false;
    }
  }
  std::fprintf(out, "making a key, part of every read figure: %.1f ns\n", report.key_ns);
}

void print_counters(const Report& report, std::FILE* out) {
  std::fprintf(out, "\nper commit%32s %-7s %12s %9s %7s %9s %14s %9s %14s\n", "", "engine", "bytes",
               "writes", "syncs", "pages", "kernel: bytes", "writes", "dirtied");
  for (const Row& row : report.rows) {
    if (!row.spec.writes) continue;
    bool first = true;
    for (const EngineRow& engine : row.engines) {
      const double n = static_cast<double>(engine.operations);
      auto each = [n](uint64_t count) { return short_number(static_cast<double>(count) / n); };
      std::string own[4] = {"-", "-", "-", "-"};
      if (engine.counters) {
        own[0] = each(engine.counters->bytes_written);
        own[1] = each(engine.counters->write_calls);
        own[2] = each(engine.counters->syncs);
        own[3] = each(engine.counters->pages_allocated);
      }
      std::string kernel[3] = {"-", "-", "-"};
      if (engine.io) {
        kernel[0] = each(engine.io->bytes_passed);
        kernel[1] = each(engine.io->write_calls);
        kernel[2] = each(engine.io->bytes_dirtied);
      }
      std::fprintf(out, "%-42s %-7s %12s %9s %7s %9s %14s %9s %14s\n",
                   first ? row.spec.title.c_str() : "", engine.engine.c_str(), own[0].c_str(),
                   own[1].c_str(), own[2].c_str(), own[3].c_str(), kernel[0].c_str(),
                   kernel[1].c_str(), kernel[2].c_str());
      first = false;
    }
  }
  std::fputs("kernel columns are the process's: data through write calls, and pages it dirtied\n",
             out);
}

const char* verdict(const Interval& ratio, double floor) {
  if (ratio.median < floor) return "missed";
  return ratio.low < floor ? "met, but the interval reaches below" : "met";
}

void print_verdicts(const Report& report, std::FILE* out) {
  std::fprintf(out, "\n%-42s %8s  %-24s %s\n", "goal against LMDB", "floor", "measured", "verdict");
  for (const Row& row : report.rows) {
    if (!row.spec.floor) continue;
    const std::optional<Interval> ratio = row.speed_against("lmdb");
    if (!ratio) continue;
    std::fprintf(out, "%-42s %7.2fx  %-24s %s\n", row.spec.title.c_str(), *row.spec.floor,
                 ratio_text(*ratio, row.rounds).c_str(), verdict(*ratio, *row.spec.floor));
  }
}

}  // namespace

void print_text(const Report& report, std::FILE* out) {
  const Machine& m = report.machine;
  std::fprintf(out, "started      %s\n", report.started.c_str());
  std::fprintf(out, "processor    %s, %u hardware threads, %s MiB memory\n", m.processor.c_str(),
               m.hardware_threads, with_commas(m.memory_bytes >> 20).c_str());
  std::fprintf(out, "kernel       %s\n", m.kernel.c_str());
  std::fprintf(out, "file system  %s\n", m.file_system.c_str());
  std::fprintf(out, "compiler     %s (%s)\n", m.compiler.c_str(), m.build.c_str());
  std::fprintf(out, "load         %.2f before, %.2f after\n", report.load_before,
               report.load_after);
  if (report.load_before > 0.5) {
    std::fputs("             WARNING: other work was running; discard this run\n", out);
  }
  for (const Report::EngineInfo& engine : report.engines) {
    std::fprintf(out, "%-12s %s; %s; %s MiB on disk\n", engine.name.c_str(), engine.version.c_str(),
                 engine.settings.c_str(), with_commas(engine.file_bytes >> 20).c_str());
  }
  const Config& c = report.config;
  std::fprintf(out, "workload     %s pairs of %zu + %zu bytes, seed %llu, %zu rounds\n",
               with_commas(c.elements).c_str(), kKeyBytes, kValueBytes,
               static_cast<unsigned long long>(c.seed), c.rounds);
  if (c.rounds < 8) {
    std::fputs("             WARNING: fewer than 8 rounds; do not quote the ratios\n", out);
  }
  std::fprintf(out, "answers      equal in all engines, %s entries walked in each\n",
               with_commas(report.entries_verified).c_str());
  print_rows(report, out);
  print_counters(report, out);
  print_verdicts(report, out);
}

std::string to_json(const Report& report) {
  using nlohmann::json;
  const Machine& m = report.machine;
  const Config& c = report.config;
  json root;
  root["started"] = report.started;
  root["machine"] = {{"processor", m.processor},
                     {"hardware_threads", m.hardware_threads},
                     {"memory_bytes", m.memory_bytes},
                     {"kernel", m.kernel},
                     {"file_system", m.file_system},
                     {"compiler", m.compiler},
                     {"build", m.build},
                     {"load_before", report.load_before},
                     {"load_after", report.load_after}};
  root["workload"] = {{"elements", c.elements},
                      {"gets", c.gets},
                      {"ranges", c.ranges},
                      {"range_entries", c.range_entries},
                      {"multi_get_keys", c.multi_get_keys},
                      {"commits", c.commits},
                      {"batches", c.batches},
                      {"batch_pairs", c.batch_pairs},
                      {"rounds", c.rounds},
                      {"seed", c.seed},
                      {"key_bytes", kKeyBytes},
                      {"value_bytes", kValueBytes}};
  root["entries_verified"] = report.entries_verified;
  root["key_generation_ns"] = report.key_ns;
  for (const Report::EngineInfo& engine : report.engines) {
    root["engines"].push_back({{"name", engine.name},
                               {"version", engine.version},
                               {"settings", engine.settings},
                               {"file_bytes", engine.file_bytes}});
  }
  for (const Row& row : report.rows) {
    json out = {{"id", row.spec.id}, {"title", row.spec.title}, {"rounds", row.rounds}};
    for (const EngineRow& engine : row.engines) {
      json figures = {{"operations", engine.operations},
                      {"p10_ns", quantile(engine.samples(), 0.1)},
                      {"p50_ns", quantile(engine.samples(), 0.5)},
                      {"p90_ns", quantile(engine.samples(), 0.9)},
                      {"round_ns_per_operation", engine.round_ns}};
      if (engine.counters) {
        figures["counters"] = {{"commits", engine.counters->commits},
                               {"bytes_written", engine.counters->bytes_written},
                               {"write_calls", engine.counters->write_calls},
                               {"syncs", engine.counters->syncs},
                               {"pages_allocated", engine.counters->pages_allocated}};
      }
      if (engine.io && row.spec.writes) {
        figures["kernel"] = {{"bytes_passed", engine.io->bytes_passed},
                             {"write_calls", engine.io->write_calls},
                             {"bytes_dirtied", engine.io->bytes_dirtied}};
      }
      if (const std::optional<Interval> ratio = row.speed_against(engine.engine)) {
        figures["rdb_speed_ratio"] = {
            {"median", ratio->median}, {"low95", ratio->low}, {"high95", ratio->high}};
      }
      out["engines"][engine.engine] = std::move(figures);
    }
    if (row.spec.floor) {
      if (const std::optional<Interval> ratio = row.speed_against("lmdb")) {
        out["goal"] = {{"peer", "lmdb"},
                       {"floor", *row.spec.floor},
                       {"verdict", verdict(*ratio, *row.spec.floor)}};
      }
    }
    root["rows"].push_back(std::move(out));
  }
  return root.dump(2);
}

}  // namespace rdb::bench
