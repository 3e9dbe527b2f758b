// btree_bench.cpp: nanoseconds per operation of one B-tree in memory, without transactions or
// device.
//
//   btree_bench [entries]        24-byte keys, 150-byte values, 1,000,000 entries by default
//
// Run by hand, on a quiet machine; figures scatter by 10 to 20 %.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <optional>
#include <vector>

#include "btree/cursor.hpp"
#include "btree/finalize.hpp"
#include "btree/mutator.hpp"
#include "btree/walk.hpp"
#include "format/type_info.hpp"
#include "io/memory_backend.hpp"
#include "page/page_writer.hpp"

namespace {

using namespace rdb;

constexpr size_t kKeyBytes = 24;
constexpr size_t kValueBytes = 150;

// Single pages from one region, those freed first.
class BenchWriter final : public page::PageWriter {
 public:
  using PageWriter::PageWriter;

  page::NewPage allocate(uint64_t) override {
    format::PageNumber page{0, next_, 0};
    if (free_.empty()) {
      ++next_;
    } else {
      page.index = free_.back();
      free_.pop_back();
    }
    return {page, pool().claim(page)};
  }
  void free(format::PageNumber page) override {
    if (!pool().owned(page)) return;
    pool().discard(page);
    free_.push_back(page.index);
  }
  void set_live_bytes(format::PageNumber, uint64_t) override {}
  void publish() {
    for (uint32_t i = 0; i < next_; ++i) pool().publish({0, i, 0}, true);
  }

 private:
  uint32_t next_ = 0;
  std::vector<uint32_t> free_;
};

// Processor time: other programs on the machine disturb it less than elapsed time.
double cpu_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Work>
void report(const char* name, uint64_t operations, Work&& work) {
  const double begin = cpu_nanoseconds();
  work();
  std::printf("%-34s %8.1f ns/op\n", name,
              (cpu_nanoseconds() - begin) / static_cast<double>(operations));
}

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  io::MemoryBackend device;
  format::Layout layout;
  layout.full_regions = 1;
  device.resize(layout.file_bytes());
  page::FramePool pool(device, layout, uint64_t{8} << 30, ReadVerification::full);
  BenchWriter writer(pool);
  const btree::TreeShape shape{
      format::kVariableWidths,
      btree::KeyOrder(format::describe_type({TypeName::kBuiltin, "&[u8]"}))};
  format::TreeRoot root;
  btree::Mutator mutator(writer, root, shape);

  // Keys are made when needed: fetching them from memory would cost about as much as a lookup.
  std::array<std::array<std::byte, kKeyBytes>, 64> made;
  const auto key = [&](uint64_t i, size_t slot = 0) {
    for (size_t k = 0; k < 3; ++k) base::store_le64(&made[slot][8 * k], mix(3 * i + k + 1));
    return Bytes(made[slot]);
  };
  const std::vector<std::byte> value(kValueBytes, std::byte{7});
  std::vector<uint32_t> order(count);  // another random order for the reads
  std::iota(order.begin(), order.end(), 0u);
  for (uint64_t i = count; i > 1; --i) std::swap(order[i - 1], order[mix(i) % i]);

  report("insert, random", count, [&] {
    for (uint64_t i = 0; i < count; ++i) {
      const page::Operation operation(pool);
      mutator.insert(key(i), value);
    }
  });
  report("finalize, per entry", count, [&] { btree::finalize(writer, root, shape.widths); });
  uint64_t sum = 0;
  for (int round = 0; round < 3; ++round)
    report("find", count, [&] {
      for (uint64_t i = 0; i < count; ++i) {
        const page::Operation operation(pool);
        sum += static_cast<uint64_t>(btree::find(pool, root, shape, key(order[i]))->value[0]);
      }
    });
  for (const size_t batch : {size_t{8}, size_t{16}, size_t{32}}) {
    char name[40];
    std::snprintf(name, sizeof name, "find_batch, %zu keys", batch);
    std::vector<Bytes> wanted(batch);
    std::vector<std::optional<btree::Found>> found(batch);
    report(name, count / batch * batch, [&] {
      for (uint64_t i = 0; i + batch <= count; i += batch) {
        for (size_t k = 0; k < batch; ++k) wanted[k] = key(order[i + k], k);
        const page::Operation operation(pool);
        btree::find_batch(pool, root, shape, wanted, found);
        for (size_t k = 0; k < batch; ++k) sum += static_cast<uint64_t>(found[k]->value[0]);
      }
    });
  }
  report("seek and 10 entries", count / 4, [&] {
    btree::TreeCursor cursor(pool, root, shape);
    for (uint64_t i = 0; i < count / 4; ++i) {
      cursor.seek(key(order[i]));
      for (int k = 0; k < 10 && cursor.valid(); ++k) {
        sum += static_cast<uint64_t>(cursor.value()[0]);
        cursor.next();
      }
    }
  });
  report("next over all", count, [&] {
    btree::TreeCursor cursor(pool, root, shape);
    while (cursor.next()) sum += static_cast<uint64_t>(cursor.value()[0]);
  });
  report("overwrite, random", count, [&] {
    for (uint64_t i = 0; i < count; ++i) {
      const page::Operation operation(pool);
      mutator.insert(key(order[i]), value);
    }
  });
  report("erase, random, every other", count / 2, [&] {
    for (uint64_t i = 0; i < count / 2; ++i) {
      const page::Operation operation(pool);
      mutator.erase(key(order[i]));
    }
  });
  writer.publish();
  format::TreeRoot sorted;
  btree::Mutator appender(writer, sorted, shape);
  report("insert, ascending", count, [&] {
    std::vector<std::byte> k(kKeyBytes, std::byte{0xff});
    for (uint64_t i = 0; i < count; ++i) {
      base::store_be64(&k[16], i);
      const page::Operation operation(pool);
      appender.insert(k, value);
    }
  });
  std::printf("(checked %llu)\n", static_cast<unsigned long long>(sum));
  return 0;
}
