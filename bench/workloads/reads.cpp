// reads.cpp: warm read rows. Each slice runs in one read transaction begun before the clock starts.
#include <algorithm>
#include <chrono>

#include "workloads.hpp"

namespace rdb::bench {
namespace {

using Clock = std::chrono::steady_clock;

// body(reader, begin, end, digest) does the operations numbered begin..end-1.
template <typename Body>
Slice read_slice(Reader& reader, uint64_t begin, uint64_t end, const Body& body) {
  Slice slice;
  slice.operations = end - begin;
  const Clock::time_point start = Clock::now();
  body(reader, begin, end, slice.digest);
  slice.total_ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  return slice;
}

[[noreturn]] void throw_missing(uint64_t index) {
  throw CheckFailed("a pair that was written is missing: number " + std::to_string(index));
}

struct GetBorrowed {
  Generator generator;
  uint64_t elements;
  void operator()(Reader& reader, uint64_t begin, uint64_t end, uint64_t& digest) const {
    Bytes value;
    for (uint64_t i = begin; i < end; ++i) {
      if (!reader.get(generator.key(i % elements), value)) throw_missing(i % elements);
      fold(digest, value[0]);
    }
  }
};

struct GetCopied {
  Generator generator;
  uint64_t elements;
  void operator()(Reader& reader, uint64_t begin, uint64_t end, uint64_t& digest) const {
    Record out;
    for (uint64_t i = begin; i < end; ++i) {
      if (reader.get_copy(generator.key(i % elements), out) == 0) throw_missing(i % elements);
      fold(digest, out[0]);
    }
  }
};

struct GetMany {
  Generator generator;
  uint64_t elements;
  uint64_t keys_each;
  void operator()(Reader& reader, uint64_t begin, uint64_t end, uint64_t& digest) const {
    std::vector<Key> keys(keys_each);
    std::vector<Bytes> slices(keys.begin(), keys.end());
    for (uint64_t i = begin; i < end;) {
      const uint64_t count = std::min(keys_each, end - i);
      for (uint64_t k = 0; k < count; ++k) keys[k] = generator.key((i + k) % elements);
      if (reader.get_many(std::span(slices).first(count), digest) != count) throw_missing(i);
      i += count;
    }
  }
};

struct SeekAndRead {
  Generator generator;
  uint64_t elements;
  uint64_t entries;
  void operator()(Reader& reader, uint64_t begin, uint64_t end, uint64_t& digest) const {
    for (uint64_t i = begin; i < end; ++i) {
      if (reader.scan(generator.key(i % elements), entries, digest) == 0) {
        throw_missing(i % elements);
      }
    }
  }
};

struct CountEntries {
  void operator()(Reader& reader, uint64_t begin, uint64_t end, uint64_t& digest) const {
    for (uint64_t i = begin; i < end; ++i) digest += reader.len();
  }
};

enum class Form { borrowed, pinned };

template <typename Body>
Workload read_workload(RowSpec spec, uint64_t operations, size_t rounds, Form form, Body body) {
  const uint64_t each = std::max<uint64_t>(1, operations / rounds);
  return {std::move(spec), [=](const RowSpec& row_spec, const Engines& engines) {
            return run_interleaved(
                row_spec, engines, rounds, true, [&](Engine& engine, size_t round) {
                  const std::unique_ptr<Reader> reader =
                      form == Form::pinned ? engine.begin_read_pinned() : engine.begin_read();
                  return read_slice(*reader, round * each, (round + 1) * each, body);
                });
          }};
}

}  // namespace

std::vector<Workload> read_workloads(const Config& config) {
  const Generator generator(config.seed);
  const uint64_t elements = config.elements;
  const size_t rounds = config.rounds;
  const Unit per_get{"ns/get", 1};
  const std::string many = std::to_string(config.multi_get_keys);
  // Whole calls per slice, or the last call of a slice would be a short one.
  const uint64_t many_each =
      std::max<uint64_t>(1, config.gets / rounds / config.multi_get_keys) * config.multi_get_keys;

  std::vector<Workload> workloads;
  workloads.push_back(read_workload({"len", "len()", {"ns/call", 1}, false, std::nullopt}, rounds,
                                    rounds, Form::borrowed, CountEntries{}));
  workloads.push_back(
      read_workload({"random_get", "random get, slice lent, first byte read", per_get, false, 1.0},
                    config.gets, rounds, Form::borrowed, GetBorrowed{generator, elements}));
  workloads.push_back(
      read_workload({"random_get_pin", "random get, rdb pins the value", per_get, false, {}},
                    config.gets, rounds, Form::pinned, GetBorrowed{generator, elements}));
  workloads.push_back(
      read_workload({"random_get_copy", "random get, value copied out", per_get, false, {}},
                    config.gets, rounds, Form::borrowed, GetCopied{generator, elements}));
  workloads.push_back(read_workload(
      {"multi_get", "multi-get of " + many + ", per key", per_get, false, 2.0}, many_each * rounds,
      rounds, Form::borrowed, GetMany{generator, elements, config.multi_get_keys}));
  workloads.push_back(
      read_workload({"range",
                     "range: seek + " + std::to_string(config.range_entries) + " entries",
                     {"ns/range", 1},
                     false,
                     1.0},
                    config.ranges, rounds, Form::borrowed,
                    SeekAndRead{generator, elements, config.range_entries}));
  return workloads;
}

uint64_t verify_answers(const Config& config, const Engines& engines) {
  const Generator generator(config.seed);
  struct Answer {
    uint64_t len = 0;
    uint64_t walked = 0;
    uint64_t digest = 0;
    bool operator==(const Answer&) const = default;
  };
  std::optional<Answer> expected;
  for (const auto& engine : engines) {
    const std::unique_ptr<Reader> reader = engine->begin_read();
    Answer answer;
    answer.len = reader->len();
    answer.walked = reader->scan({}, ~uint64_t{0}, answer.digest);
    if (answer.len != answer.walked) {
      throw CheckFailed(engine->name() + " counts " + std::to_string(answer.len) +
                        " entries and walks " + std::to_string(answer.walked));
    }
    if (expected && *expected != answer) {
      throw CheckFailed("answers differ: a walk of " + engine->name() +
                        " shows other entries than the engine before it");
    }
    expected = answer;
    // Whole values of a sample; the walk looked at first bytes.
    for (uint64_t i = 0; i < 1000; ++i) {
      const uint64_t index = generator.draw(i) % config.elements;
      Bytes value;
      if (!reader->get(generator.key(index), value)) throw_missing(index);
      const Record wanted = generator.value(index);
      if (!std::equal(value.begin(), value.end(), wanted.begin(), wanted.end())) {
        throw CheckFailed(engine->name() + " returns a wrong value for pair " +
                          std::to_string(index));
      }
    }
  }
  return expected ? expected->walked : 0;
}

double key_generation_ns(const Config& config) {
  const Generator generator(config.seed);
  const uint64_t count = std::max<uint64_t>(config.gets, 100'000);
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    uint64_t digest = 0;
    const Clock::time_point begin = Clock::now();
    for (uint64_t i = 0; i < count; ++i) {
      const Key key = generator.key(i);
      // Consume all of the key, or the compiler would make only the byte that is folded.
      for (size_t at = 0; at < kKeyBytes; at += 8) fold(digest, key[at]);
    }
    const double ns = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    volatile uint64_t sink = digest;  // keeps the loop
    static_cast<void>(sink);
    rounds.push_back(ns / static_cast<double>(count));
  }
  return quantile(rounds, 0.0);  // processor-bound: noise only adds
}

}  // namespace rdb::bench
