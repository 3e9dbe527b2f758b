#include "io/memory_backend.hpp"

#include <thread>

#include "support.hpp"

namespace {

using namespace rdb;
using namespace rdb::test;
using io::MemoryBackend;

constexpr uint64_t kMiB = uint64_t{1} << 20;

std::vector<std::byte> bytes_at(StorageBackend& memory, uint64_t offset, size_t size) {
  std::vector<std::byte> out(size);
  memory.read(offset, out);
  return out;
}

}  // namespace

TEST_SUITE("io/memory_backend") {
  TEST_CASE("fresh space reads as zeros, and what was written is read back") {
    MemoryBackend memory;
    CHECK(memory.size() == 0);
    memory.resize(10);
    CHECK(hex(bytes_at(memory, 0, 10)) == "00000000000000000000");
    memory.write(3, as_bytes("abc"));
    memory.sync();
    CHECK(hex(bytes_at(memory, 2, 5)) == "0061626300");
    CHECK_FALSE(memory.read_only());
  }

  TEST_CASE("reads and writes may cross chunk borders") {
    MemoryBackend memory;
    memory.resize(3 * kMiB);
    std::vector<std::byte> bytes(kMiB + 100);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
    memory.write(kMiB - 50, bytes);
    CHECK(bytes_at(memory, kMiB - 50, bytes.size()) == bytes);
    CHECK(bytes_at(memory, kMiB - 51, 1)[0] == std::byte{0});
    CHECK(bytes_at(memory, 2 * kMiB + 50, 1)[0] == std::byte{0});
  }

  TEST_CASE("M1: bytes cut off do not come back when the memory grows again") {
    MemoryBackend memory;
    memory.resize(2 * kMiB);
    memory.write(0, std::vector<std::byte>(2 * kMiB, std::byte{9}));
    SUBCASE("inside a chunk") {
      memory.resize(kMiB + 10);
      memory.resize(2 * kMiB);
      CHECK(hex(bytes_at(memory, kMiB + 8, 4)) == "09090000");
    }
    SUBCASE("on a chunk border") {
      memory.resize(kMiB);
      memory.resize(2 * kMiB);
      CHECK(hex(bytes_at(memory, kMiB - 1, 2)) == "0900");
    }
    SUBCASE("to nothing") {
      memory.resize(0);
      memory.resize(5);
      CHECK(hex(bytes_at(memory, 0, 5)) == "0000000000");
    }
  }

  TEST_CASE("access outside the size is an io error that changes nothing") {
    MemoryBackend memory;
    memory.resize(100);
    std::vector<std::byte> out(20, std::byte{1});
    CHECK_THROWS_CODE(memory.read(81, out), ErrorCode::io);
    CHECK_THROWS_CODE(memory.read(101, std::span<std::byte>()), ErrorCode::io);
    CHECK_THROWS_CODE(memory.read(~uint64_t{0}, out), ErrorCode::io);
    CHECK_THROWS_CODE(memory.write(81, out), ErrorCode::io);
    CHECK_THROWS_CODE(memory.write(~uint64_t{0} - 5, out), ErrorCode::io);
    CHECK_THROWS_CODE(memory.write_gather(70, std::vector<Bytes>{out, out}), ErrorCode::io);
    CHECK(memory.size() == 100);
    CHECK(bytes_at(memory, 0, 100) == std::vector<std::byte>(100));
    memory.read(80, out);
    memory.read(100, {});
  }

  TEST_CASE("a gathered write puts its parts one behind the other") {
    MemoryBackend memory;
    memory.resize(6);
    memory.write_gather(1, std::vector<Bytes>{as_bytes("ab"), as_bytes(""), as_bytes("cd")});
    CHECK(hex(bytes_at(memory, 0, 6)) == "006162636400");
  }

  TEST_CASE("a backend made from an image holds its bytes") {
    MemoryBackend memory(as_bytes("hello"));
    CHECK(memory.size() == 5);
    CHECK(as_text(bytes_at(memory, 0, 5)) == "hello");
  }

  TEST_CASE("grow_reserved grows with zeros and never shrinks") {
    MemoryBackend memory(as_bytes("abc"));
    memory.grow_reserved(2 * kMiB + 1);
    CHECK(memory.size() == 2 * kMiB + 1);
    CHECK(hex(bytes_at(memory, 0, 4)) == "61626300");
    CHECK(hex(bytes_at(memory, 2 * kMiB, 1)) == "00");
    memory.grow_reserved(5);
    CHECK(memory.size() == 2 * kMiB + 1);
  }

  TEST_CASE("more than the machine can hold is out_of_space and changes nothing") {
    MemoryBackend memory(as_bytes("abc"));
    CHECK_THROWS_CODE(memory.resize(~uint64_t{0}), ErrorCode::out_of_space);
    CHECK(memory.size() == 3);
    CHECK(as_text(bytes_at(memory, 0, 3)) == "abc");
  }

  TEST_CASE("size without bytes costs next to nothing") {
    MemoryBackend memory;
    memory.resize(uint64_t{1} << 40);  // a terabyte of holes
    memory.write((uint64_t{1} << 40) - 1, as_bytes("z"));
    CHECK(hex(bytes_at(memory, (uint64_t{1} << 40) - 2, 2)) == "007a");
  }

  TEST_CASE("calls from many threads overlap without harm") {
    MemoryBackend memory;
    memory.resize(4 * 4096);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&memory, t] {
        const std::vector<std::byte> page(4096, static_cast<std::byte>(t + 1));
        std::vector<std::byte> out(4096);
        for (int i = 0; i < 50; ++i) {
          memory.write(t * 4096, page);
          memory.read((t + 1) % 4 * 4096, out);
          if (i == 25) memory.resize(memory.size() + 1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t t = 0; t < 4; ++t) {
      CHECK(bytes_at(memory, t * 4096, 4096) ==
            std::vector<std::byte>(4096, static_cast<std::byte>(t + 1)));
    }
  }
}
