// edit_catalog.cpp: makes files that this release would not write: replaces bytes in the one page
// of the table catalog, then repairs the checksums above it.
//
// usage: edit_catalog FILE OLD-HEX NEW-HEX     both of one length; the catalog must be a single
// leaf
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/checksum.hpp"
#include "format/header.hpp"
#include "text.hpp"

namespace {

int fail(const char* why) {
  std::fprintf(stderr, "edit_catalog: %s\n", why);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rdb;
  if (argc != 4) return fail("usage: edit_catalog FILE OLD-HEX NEW-HEX");
  const auto old_bytes = tools::from_hex(argv[2]);
  const auto new_bytes = tools::from_hex(argv[3]);
  if (!old_bytes || !new_bytes || old_bytes->size() != new_bytes->size()) return fail("bad hex");

  std::ifstream in(argv[1], std::ios::binary);
  std::string data{std::istreambuf_iterator<char>(in), {}};
  in.close();
  if (data.size() < format::kHeaderBytes) return fail("no database");
  std::byte* const file = reinterpret_cast<std::byte*>(data.data());
  format::Header header = format::Header::parse(
      std::span<const std::byte, format::kHeaderBytes>(file, format::kHeaderBytes));
  format::CommitSlot slot = header.slot(header.primary);
  if (!slot.user_root) return fail("no tables");
  std::byte* const page = file + header.layout.page_offset(slot.user_root->page);
  if (page[0] != std::byte{1}) return fail("the catalog is not a single leaf");

  // Leaf of variable widths: u32 key ends, then u32 value ends; the last one ends the used part.
  const size_t entries = base::load_le16(page + 2);
  const size_t used = base::load_le32(page + 4 + 8 * entries - 4);
  const std::string_view needle = as_text(*old_bytes);
  const size_t at = as_text({page, used}).find(needle);
  if (at == std::string_view::npos) return fail("the old bytes are not there");
  std::memcpy(page + at, new_bytes->data(), new_bytes->size());

  slot.user_root->checksum = base::checksum({page, used});
  header.set_slot(header.primary, slot);
  const auto encoded = header.encode();
  std::memcpy(file, encoded.data(), encoded.size());
  std::ofstream out(argv[1], std::ios::binary);
  out.write(data.data(), static_cast<std::streamsize>(data.size()));
  return out.good() ? 0 : fail("cannot write");
}
