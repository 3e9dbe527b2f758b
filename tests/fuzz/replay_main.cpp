// replay_main.cpp: stands in for libFuzzer in a plain build: runs a target once over each file.
//
// usage: fuzz_NAME FILE-OR-FOLDER...
//
// As with libFuzzer's -malloc_limit_mb, one huge allocation is a finding: a length out of the input
// went into it unchecked.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <vector>

#include "input.hpp"

namespace {

constexpr size_t kAllocationLimitBytes = size_t{64} << 20;

std::vector<std::filesystem::path> files_of(int count, char** names) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(names[i])) {
      files.emplace_back(names[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(names[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(size_t size) {
  if (size > kAllocationLimitBytes) {
    rdb::fuzz::fail("an allocation of " + std::to_string(size) + " bytes");
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// Not inlined: the compiler would see free() for memory that it takes to be new's.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

int main(int argc, char** argv) {
  const auto files = files_of(argc, argv);
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(in), {}};
    rdb::fuzz::require(in.good() || in.eof(), "cannot read " + file.string());
    // Named ahead, so that the last line before a crash tells which input it was.
    std::printf("%s\n", file.string().c_str());
    std::fflush(stdout);
    // A copy of exactly its size, whose end a sanitizer watches.
    std::vector<uint8_t> exact(content.begin(), content.end());
    exact.shrink_to_fit();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("%zu inputs\n", files.size());
  if (files.empty()) std::fprintf(stderr, "no input: a replay of nothing proves nothing\n");
  return files.empty() ? 1 : 0;
}
