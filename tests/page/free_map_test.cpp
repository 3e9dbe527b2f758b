#include "page/free_map.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include "support.hpp"

namespace rdb::page {
namespace {

using Run = FreeMap::Run;

// The same questions, answered one page at a time.
struct Model {
  std::vector<bool> free;

  bool all(uint32_t first, uint32_t count, bool state) const {
    if (uint64_t{first} + count > free.size()) return false;
    return std::all_of(free.begin() + first, free.begin() + first + count,
                       [&](bool f) { return f == state; });
  }
  uint32_t run_from(uint32_t first, uint32_t max_pages) const {
    uint32_t n = 0;
    while (n < max_pages && first + n < free.size() && free[first + n]) ++n;
    return n;
  }
  uint32_t run_below(uint32_t end, uint32_t max_pages) const {
    end = std::min<uint32_t>(end, static_cast<uint32_t>(free.size()));
    uint32_t n = 0;
    while (n < max_pages && n < end && free[end - n - 1]) ++n;
    return n;
  }
  std::optional<uint32_t> aligned(uint8_t order, uint32_t from) const {
    const uint64_t block = uint64_t{1} << order;
    for (uint64_t p = (from + block - 1) / block * block; p + block <= free.size(); p += block) {
      const uint32_t first = static_cast<uint32_t>(p);
      if (all(first, 1u << order, true)) return first;
    }
    return std::nullopt;
  }
  std::optional<Run> run(uint32_t min_pages, uint32_t max_pages, uint32_t from) const {
    for (uint32_t p = from; p < free.size(); ++p) {
      if (run_from(p, min_pages) >= min_pages) return Run{p, run_from(p, max_pages)};
    }
    return std::nullopt;
  }
};

}  // namespace

TEST_SUITE("page/free_map") {
  TEST_CASE("a map answers like a list of pages, whatever was freed, taken and resized") {
    std::mt19937_64 random(1);
    const auto below = [&](uint64_t n) { return static_cast<uint32_t>(random() % n); };
    for (int round = 0; round < 30; ++round) {
      uint32_t size = 1 + below(round % 3 == 0 ? 9000 : 400);
      FreeMap map = round % 2 == 0 ? FreeMap::all_free(size) : FreeMap::all_used(size);
      Model model{std::vector<bool>(size, round % 2 == 0)};
      for (int step = 0; step < 400; ++step) {
        const uint32_t first = below(size);
        const uint32_t count = 1 + below(std::min(size - first, step % 7 == 0 ? size : 40u));
        const uint8_t order = static_cast<uint8_t>(below(10));
        const uint32_t min_pages = 1 + below(step % 2 == 0 ? 8 : 300);
        const uint32_t max_pages = min_pages + below(200);
        switch (below(8)) {
          case 0:
          case 1:
            if (model.all(first, count, false)) {
              map.mark_free(first, count);
              std::fill_n(model.free.begin() + first, count, true);
            } else {
              CHECK_THROWS_CODE(map.mark_free(first, count), ErrorCode::internal);
            }
            break;
          case 2:
            if (model.all(first, count, true)) {
              map.mark_used(first, count);
              std::fill_n(model.free.begin() + first, count, false);
            } else {
              CHECK_THROWS_CODE(map.mark_used(first, count), ErrorCode::internal);
            }
            break;
          case 3:  // the common case: one page changes state
          case 4:
            if (model.free[first]) {
              map.mark_used(first, 1);
            } else {
              map.mark_free(first, 1);
            }
            model.free[first] = !model.free[first];
            break;
          case 5: {
            const bool can = model.all(first, count, true);
            CHECK(map.try_mark_used(first, count) == can);
            if (can) std::fill_n(model.free.begin() + first, count, false);
            break;
          }
          case 6: {
            const uint32_t new_size =
                step % 9 == 0 ? 1 + below(9000) : size - below(std::min(size, 70u));
            if (new_size >= size || model.all(new_size, size - new_size, true)) {
              map.resize(new_size);
              model.free.resize(new_size, true);
              size = new_size;
            } else {
              CHECK_THROWS_CODE(map.resize(new_size), ErrorCode::internal);
            }
            break;
          }
          default:
            CHECK(map.is_free(first, count) == model.all(first, count, true));
            CHECK(map.is_used(first, count) == model.all(first, count, false));
        }
        REQUIRE(map.size() == size);
        REQUIRE(map.free_count() ==
                static_cast<uint32_t>(std::count(model.free.begin(), model.free.end(), true)));
        const uint32_t from = below(size + 3);
        REQUIRE(map.lowest_free(from) == model.aligned(0, from));
        REQUIRE(map.find_aligned(order, from) == model.aligned(order, from));
        REQUIRE(map.find_run(min_pages, max_pages, from) == model.run(min_pages, max_pages, from));
        REQUIRE(map.free_pages_from(from, max_pages) == model.run_from(from, max_pages));
        REQUIRE(map.free_pages_below(from, max_pages) == model.run_below(from, max_pages));
        REQUIRE(map.trailing_free() == model.run_below(size, size));
      }
      std::optional<uint8_t> highest;
      for (uint8_t o = 0; o <= 20; ++o) {
        if (model.aligned(o, 0)) highest = o;
      }
      CHECK(map.highest_free_order(20) == highest);
      CHECK(FreeMap::from_words(size, map.words()) == map);
    }
  }

  TEST_CASE("freeing a free page names it and leaves the map as it was") {
    FreeMap map = FreeMap::all_used(200);
    map.mark_free(130, 2);
    const FreeMap before = map;
    std::string message;
    try {
      map.mark_free(60, 100);
    } catch (const Error& e) {
      message = e.what();
      CHECK(e.code() == ErrorCode::internal);
      CHECK(e.position() == 130);
    }
    CHECK(message.find("130") != std::string::npos);
    CHECK(map == before);
    CHECK(map.free_count() == 2);
  }

  TEST_CASE("taking a used page names it and leaves the map as it was") {
    FreeMap map = FreeMap::all_free(200);
    map.mark_used(77, 1);
    const FreeMap before = map;
    std::string message;
    try {
      map.mark_used(70, 20);
    } catch (const Error& e) {
      message = e.what();
    }
    CHECK(message.find("77") != std::string::npos);
    CHECK(map == before);
    CHECK_FALSE(map.try_mark_used(70, 20));
    CHECK(map == before);
  }

  TEST_CASE("pages past the end are neither free nor used") {
    FreeMap map = FreeMap::all_free(100);
    CHECK_FALSE(map.is_free(99, 2));
    CHECK_FALSE(map.is_free(0xffff'ffff, 2));
    CHECK_FALSE(map.try_mark_used(64, 64));
    CHECK_THROWS_CODE(map.mark_used(64, 64), ErrorCode::internal);
    CHECK_THROWS_CODE(map.mark_free(0xffff'ffff, 2), ErrorCode::internal);
    CHECK_FALSE(FreeMap().lowest_free(0).has_value());
    CHECK_FALSE(FreeMap().find_run(1, 1, 0).has_value());
    CHECK_THROWS_CODE(map.resize(FreeMap::kMaxPages + 1), ErrorCode::internal);
  }

  TEST_CASE("searches cross the largest region") {
    FreeMap map = FreeMap::all_used(FreeMap::kMaxPages);
    CHECK_FALSE(map.find_run(1, 1, 0).has_value());
    CHECK_FALSE(map.find_aligned(0, 0).has_value());
    map.mark_free(FreeMap::kMaxPages - 300, 300);
    CHECK(map.lowest_free(0) == FreeMap::kMaxPages - 300);
    CHECK(map.find_run(64, 1000, 0) == Run{FreeMap::kMaxPages - 300, 300});
    CHECK(map.find_aligned(8, 0) == FreeMap::kMaxPages - 256);
    CHECK(FreeMap::all_free(FreeMap::kMaxPages).find_aligned(20, 0) == 0);
    CHECK_FALSE(FreeMap::all_free(FreeMap::kMaxPages).find_aligned(20, 1).has_value());
  }
}

}  // namespace rdb::page
