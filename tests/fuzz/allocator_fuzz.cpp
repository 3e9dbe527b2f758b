// allocator_fuzz.cpp: rows of the system tables that say which pages are free, used or held: page
// lists, savepoints, history, allocator state; and the allocator that hostile state becomes.
//
// Input: u8 what the row is, u8 logarithm of the pages in a region, u16 file pages, then the row.
// For allocator state the bytes are free bits, which are encoded first (kinds 5 and 6), or a row as
// stored (4, 7).
#include <algorithm>
#include <array>
#include <vector>

#include "format/allocator_key.hpp"
#include "format/history_snapshot.hpp"
#include "format/page_list.hpp"
#include "format/savepoint_record.hpp"
#include "format/txn_page_key.hpp"
#include "input.hpp"
#include "page/allocator_codec.hpp"
#include "page/page_allocator.hpp"

namespace rdb::fuzz {
namespace {

using format::Layout;
using format::PageNumber;
using page::FreeMap;
using page::PageAllocator;

void page_list(Bytes row, const Layout& layout) {
  const format::PageListView list = format::PageListView::parse(row);
  std::vector<PageNumber> pages;
  for (uint32_t i = 0; i < list.size(); ++i) {
    const auto page = list.at(i);
    if (page && layout.contains(*page)) pages.push_back(*page);
  }
  require(list.size() <= row.size() / 8, "a page list has more entries than bytes");
  const auto stored = format::make_page_list(pages, format::kDataListCapacity);
  const auto again = format::PageListView::parse(stored);
  require(again.well_formed() && again.size() == pages.size(), "a page list changes when stored");
  // Marking what a hostile list names never disturbs the allocator.
  PageAllocator allocator(layout);
  uint64_t marked = 0;
  for (PageNumber page : pages) {
    if (allocator.try_mark_used(page)) marked += page.base_pages();
  }
  require(allocator.allocated_pages() == marked, "marked pages do not add up");
}

void page_key(Bytes row) {
  std::array<std::byte, format::TxnPageKey::kBytes> key{};
  std::copy_n(row.begin(), std::min(row.size(), key.size()), key.begin());
  const uint64_t newest = row.size() > 24 ? base::load_le64(&row[16]) : 1000;
  const auto reading = format::judge_txn_page_key(key.data(), newest);
  for (const KeyProfile profile : {KeyProfile::shodh, KeyProfile::redb}) {
    const auto decoded = format::TxnPageKey::decode(key.data(), profile);
    require(decoded.encode(profile) == key, "a page-list key changes when stored");
    const bool possible = reading == format::KeyReading::either ||
                          reading == (profile == KeyProfile::shodh ? format::KeyReading::shodh
                                                                   : format::KeyReading::redb);
    require(possible == (decoded.txn_id <= newest), "a key is read in an impossible order");
  }
  static_cast<void>(format::judge_savepoint_id(key.data(), newest));
  const auto allocator_key = format::AllocatorKey::decode(key.data());
  if (allocator_key.kind != format::AllocatorKey::Kind::deprecated) {
    require(format::AllocatorKey::decode(allocator_key.encode().data()) == allocator_key,
            "an allocator key changes when stored");
  }
}

template <typename Record>
void record(Bytes row) {
  const Record parsed = Record::parse(row);
  require(Record::parse(parsed.encode()) == parsed, "a record changes when stored");
}

// What a writer does with an allocator, on whatever state the file had.
void use(PageAllocator& allocator, Input& input) {
  std::vector<PageNumber> taken;
  for (int step = 0; step < 40 && !input.empty(); ++step) {
    const uint8_t what = input.u8();
    const auto use = (what & 8) != 0 ? page::PageUse::branch : page::PageUse::leaf;
    const auto order = static_cast<uint8_t>(input.u8() % 12);
    const uint64_t free_before = allocator.free_pages();
    std::optional<PageNumber> page;
    switch (what % 8) {
      case 0:
      case 1:
        page = allocator.allocate(order, use);
        break;
      case 2:
        page = allocator.allocate_any(order, use);
        break;
      case 3:
        page = allocator.allocate_lowest(order);
        break;
      case 4:
        if (taken.empty()) break;
        allocator.release(taken.back());
        taken.pop_back();
        break;
      case 5:
        if (const auto grown = allocator.grown_layout(order)) {
          if (grown->total_pages() < 20'000) allocator.set_layout(*grown);
        }
        break;
      case 6:
        allocator.set_layout(allocator.shrunk_layout());
        break;
      default:
        static_cast<void>(allocator.encode_state(taken));
        break;
    }
    if (page) {
      require(allocator.layout().contains(*page) && allocator.is_used(*page),
              "a page outside the file was handed out");
      require(allocator.free_pages() + page->base_pages() == free_before,
              "the count of free pages went wrong");
      taken.push_back(*page);
    }
  }
  for (PageNumber page : taken) allocator.release(page);
}

void region_row(Bytes row, uint32_t max_pages) {
  const FreeMap map = page::decode_region(row, max_pages);
  auto stored = page::encode_region(map, max_pages);
  require(stored.size() == row.size() && std::equal(stored.begin() + 4, stored.end(), &row[4]),
          "a region row changes when stored");
}

// Free bits become a state, the state rows, the rows a state again; then the allocator is used.
void free_bits(Input& input, const Layout& layout, bool other_length) {
  std::vector<FreeMap> maps;
  for (uint32_t r = 0; r < layout.region_count(); ++r) {
    uint32_t pages = layout.pages_in_region(r);
    if (other_length && r + 1 == layout.region_count()) {
      pages = input.u16() % (layout.region_max_data_pages + 1);
    }
    std::vector<uint64_t> words((pages + 63) / 64);
    for (uint64_t& word : words) {
      const Bytes some = input.take(8);
      for (size_t i = 0; i < some.size(); ++i) {
        word |= std::to_integer<uint64_t>(some[i]) << (8 * i);
      }
    }
    const FreeMap map = FreeMap::from_words(pages, words);
    const auto row = page::encode_region(map, layout.region_max_data_pages);
    require(row.size() == page::region_bytes(pages, layout.region_max_data_pages),
            "a region row has another size than foretold");
    maps.push_back(page::decode_region(row, layout.region_max_data_pages, pages));
    require(maps.back() == map, "a region row changes when stored");
  }
  PageAllocator allocator(layout, std::move(maps));
  const auto state = allocator.encode_state();
  page::check_tracker(state.tracker);
  require(state.regions.size() == layout.region_count(), "a region without a row");
  use(allocator, input);
}

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rdb;
  using namespace rdb::fuzz;
  Input input(input_bytes(data, size));
  const uint8_t kind = input.u8() % 8;
  Layout empty;
  empty.region_max_data_pages = 1u << input.u8() % 21;
  const auto layout = empty.with_total_pages(1 + input.u16() % 4096);
  if (!layout || layout->region_count() > 1024) return 0;
  survives([&] {
    switch (kind) {
      case 0:
        return page_list(input.rest(), *layout);
      case 1:
        return page_key(input.rest());
      case 2:
        return record<format::SavepointRecord>(input.rest());
      case 3:
        return record<format::HistorySnapshot>(input.rest());
      case 4:
        return region_row(input.rest(), layout->region_max_data_pages);
      case 5:
        return free_bits(input, *layout, false);
      case 6:
        return free_bits(input, *layout, true);
      default:
        page::check_tracker(input.rest());
    }
  });
  return 0;
}
