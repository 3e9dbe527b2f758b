// header_fuzz.cpp: the super-header, its slots, the mirror, and the layouts they describe.
//
// Input: one byte of choices, then the header. Choices: 1 and 2 give slots 0 and 1 the checksum
// that their bytes need, 4 reads as a mirror, 8 writes the magic number.
#include <algorithm>
#include <array>

#include "base/checksum.hpp"
#include "format/header.hpp"
#include "input.hpp"

namespace rdb::fuzz {
namespace {

using format::Header;
using format::kHeaderBytes;
using format::Layout;
using format::PageNumber;

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 62;

// Whatever passed check() can be computed with, without overflow.
void check_layout(const Layout& layout, Input& numbers) {
  const uint64_t total = layout.total_pages();
  const uint64_t end = layout.file_bytes();
  require(layout.region_count() >= 1 && total >= 1, "a layout without pages passed its check");
  require(end <= kMaxFileBytes, "the length of a layout is out of bounds");
  for (int i = 0; i < 4; ++i) {
    const uint64_t bits = numbers.u16() | uint64_t{numbers.u16()} << 16 |
                          uint64_t{numbers.u16()} << 32 | uint64_t{numbers.u16()} << 48;
    survives([&] {
      const PageNumber page = PageNumber::from_bits(bits);
      std::array<std::byte, PageNumber::kBytes> stored;
      page.encode(stored.data());
      require(PageNumber::decode(stored.data()) == page, "a page number changes when stored");
      layout.check_page(page);
      require(layout.page_offset(page) + page.bytes() <= end, "a page lies behind its file");
    });
  }
  // As many bytes describe as many pages again. A full trailing region is a full region.
  const auto found = layout.from_file_bytes(end);
  require(found && found->file_bytes() == end && found->total_pages() == total,
          "a layout is not found again from its length");
  if (const auto cut = layout.from_file_bytes(numbers.u16() * uint64_t{4096} + numbers.u16())) {
    cut->check();
  }
  if (const auto same = layout.with_total_pages(total)) {
    require(same->total_pages() == total, "a layout of as many pages has others");
  }
}

void check_header(const Header& header, Input& numbers) {
  for (int slot = 0; slot < 2; ++slot) {
    if (header.slot_state(slot) != format::SlotState::valid) continue;
    survives([&] {
      const format::CommitSlot commit = header.slot(slot);
      Header copy = header;
      copy.set_slot(slot, commit);
      require(copy.slot_state(slot) == format::SlotState::valid && copy.slot(slot) == commit,
              "a slot changes when stored");
    });
  }
  const auto bytes = header.encode();
  const Header again = Header::parse(bytes);
  require(again.encode() == bytes, "a header changes when stored");
  require(Header::parse_mirror(header.encode_mirror()).has_value() ==
              (header.slot_state(0) == format::SlotState::valid ||
               header.slot_state(1) == format::SlotState::valid),
          "a mirror is not recognised");
  require(format::is_unfinished_creation(bytes) == false, "a finished creation is taken for none");
  static_cast<void>(format::is_unfinished_creation(header.encode_without_magic()));
  if (header.recovery_required) {
    header.layout.check_geometry();
  } else {
    header.layout.check();
    check_layout(header.layout, numbers);
  }
}

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rdb;
  using namespace rdb::fuzz;
  Input input(input_bytes(data, size));
  const uint8_t choices = input.u8();
  std::array<std::byte, kHeaderBytes> bytes{};
  const Bytes given = input.take(kHeaderBytes);
  std::copy(given.begin(), given.end(), bytes.begin());
  if ((choices & 8) != 0) {
    const auto magic = Header::create(Layout{}.with_total_pages(1).value(), 3).encode();
    std::copy_n(magic.begin(), format::kMagicBytes, bytes.begin());
    base::store_le32(&bytes[12], format::kPageBytes);
  }
  for (int slot = 0; slot < 2; ++slot) {
    if ((choices & (1 << slot)) == 0) continue;
    const auto image = std::span(bytes).subspan(format::kSlotOffset[slot], format::kSlotBytes);
    base::checksum(Bytes(image).first(112)).encode(&image[112]);
  }
  static_cast<void>(format::is_unfinished_creation(bytes));
  if ((choices & 4) != 0) {
    bytes[0] = std::byte{'m'};
    if (const auto mirror = Header::parse_mirror(bytes)) check_header(*mirror, input);
  } else {
    survives([&] { check_header(Header::parse(bytes), input); });
  }
  return 0;
}
