#include "header_facts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "format/header.hpp"
#include "format/layout.hpp"
#include "rdb/error.hpp"
#include "text.hpp"

namespace rdb::tools {

namespace {

constexpr std::array<uint8_t, format::kMagicBytes> kMagic = {0x72, 0x65, 0x64, 0x62, 0x1a,
                                                             0x0a, 0xa9, 0x0d, 0x0a};
using HeaderBytes = std::array<std::byte, format::kHeaderBytes>;

[[noreturn]] void throw_io(const std::string& path, const char* what) {
  const int code = errno;
  throw Error(ErrorCode::io,
              "cannot " + std::string(what) + " " + path + ": " + std::strerror(code),
              Error::kNoPosition, code);
}

class File {
 public:
  explicit File(const std::string& path)
      // O_NONBLOCK: opening a FIFO must not wait for a writer.
      : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) throw_io(path, "open");
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  uint64_t size() const {
    struct stat status {};
    if (fstat(fd_, &status) != 0) throw_io(path_, "examine");
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
      throw Error(ErrorCode::format, path_ + " is not a regular file");
    }
    const off_t end = lseek(fd_, 0, SEEK_END);
    if (end < 0) throw_io(path_, "measure");
    return static_cast<uint64_t>(end);
  }

  void read(uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty()) {
      const ssize_t count = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_io(path_, "read");
      if (count == 0) throw Error(ErrorCode::io, path_ + " became shorter while it was read");
      out = out.subspan(static_cast<size_t>(count));
      offset += static_cast<uint64_t>(count);
    }
  }

 private:
  std::string path_;
  int fd_;
};

uint32_t load_u32(const std::byte* in) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(in[i]);
  return value;
}

uint64_t load_u64(const std::byte* in) { return uint64_t{load_u32(in + 4)} << 32 | load_u32(in); }

RootFacts root_facts(bool present, const std::byte* in) {
  RootFacts root;
  root.present = present;
  root.page_bits = load_u64(in);
  try {
    root.page = format::PageNumber::from_bits(root.page_bits).text();
  } catch (const Error&) {
    root.page = "impossible";
  }
  root.checksum = to_hex(Bytes(in + 8, 16));
  root.length = load_u64(in + 24);
  return root;
}

SlotFacts slot_facts(const std::byte* in) {
  SlotFacts slot;
  slot.version = static_cast<uint8_t>(in[0]);
  if (slot.version == 1 || slot.version == 2) {
    slot.version_note = "older than this release reads";
  } else if (slot.version < 3 || slot.version > 5) {
    slot.version_note = "unknown";
  }
  slot.user_root = root_facts(in[1] != std::byte{0}, in + 8);
  slot.system_root = root_facts(in[2] != std::byte{0}, in + 40);
  slot.blob_offset = load_u64(in + 72);
  slot.blob_length = load_u64(in + 80);
  slot.blob_next_sequence = load_u64(in + 88);
  slot.blob_hlc = load_u64(in + 96);
  slot.txn_id = load_u64(in + 104);
  slot.checksum = to_hex(Bytes(in + 112, 16));
  return slot;
}

// Slot checksums do not cover the fixed part, so they can be judged in a header whose fixed part is
// beyond use: a copy gets a sound one for the time of the question.
void judge_slots(const HeaderBytes& bytes, HeaderFacts& facts) {
  HeaderBytes sound =
      format::Header::create(format::Layout{.trailing_pages = format::kInitialPages}, 3).encode();
  std::copy(bytes.begin() + format::kSlotOffset[0], bytes.end(),
            sound.begin() + format::kSlotOffset[0]);
  const format::Header header = format::Header::parse(sound);
  for (int i = 0; i < 2; ++i) {
    facts.slots[static_cast<size_t>(i)].checksum_valid =
        header.slot_state(i) == format::SlotState::valid;
  }
}

void judge_layout(HeaderFacts& facts) {
  if (facts.page_bytes != format::kPageBytes) {
    facts.geometry_problem = "the page size is not " + std::to_string(format::kPageBytes);
    return;
  }
  const format::Layout layout{facts.region_header_pages, facts.region_max_pages, facts.full_regions,
                              facts.trailing_pages};
  try {
    layout.check();
    facts.layout_bytes = layout.file_bytes();
  } catch (const Error& error) {
    facts.geometry_problem = error.what();
  }
}

bool has_mirror(const File& file, uint64_t file_bytes) {
  if (file_bytes < 2 * format::kHeaderBytes) return false;
  std::array<std::byte, format::kMagicBytes> tail;
  file.read(file_bytes - format::kHeaderBytes, tail);
  return tail[0] == std::byte{'m'} &&
         std::memcmp(tail.data() + 1, kMagic.data() + 1, kMagic.size() - 1) == 0;
}

Json root_json(const RootFacts& root) {
  if (!root.present) return nullptr;
  return Json{{"page", root.page}, {"checksum", root.checksum}, {"length", root.length}};
}

}  // namespace

std::string HeaderFacts::compression_text() const {
  if (primary_slot().version < 4) return "none";
  switch (compression) {
    case 0:
      return "none";
    case 1:
      return "lz4";
    case 2:
      return "zstd";
    default:
      return "unknown (" + std::to_string(compression) + ")";
  }
}

HeaderFacts read_header_facts(const std::string& path) {
  const File file(path);
  HeaderFacts facts;
  facts.path = path;
  facts.file_bytes = file.size();
  if (facts.file_bytes < format::kHeaderBytes) {
    throw Error(ErrorCode::format, path + " has " + std::to_string(facts.file_bytes) +
                                       " bytes, too few for a database header");
  }
  HeaderBytes bytes;
  file.read(0, bytes);
  const std::byte* in = bytes.data();
  facts.magic_hex = to_hex(Bytes(in, format::kMagicBytes));
  facts.magic_valid = std::memcmp(in, kMagic.data(), kMagic.size()) == 0;
  facts.god_byte = static_cast<uint8_t>(in[9]);
  facts.primary = facts.god_byte & 1;
  facts.recovery_required = (facts.god_byte & 2) != 0;
  facts.two_phase = (facts.god_byte & 4) != 0;
  facts.page_bytes = load_u32(in + 12);
  facts.region_header_pages = load_u32(in + 16);
  facts.region_max_pages = load_u32(in + 20);
  facts.full_regions = load_u32(in + 24);
  facts.trailing_pages = load_u32(in + 28);
  facts.compression = static_cast<uint8_t>(in[36]);
  for (size_t i = 0; i < 2; ++i) facts.slots[i] = slot_facts(in + format::kSlotOffset[i]);
  judge_slots(bytes, facts);
  judge_layout(facts);
  facts.mirror = has_mirror(file, facts.file_bytes);
  return facts;
}

Json header_json(const HeaderFacts& facts) {
  Json slots = Json::array();
  for (const SlotFacts& slot : facts.slots) {
    Json entry{{"version", slot.version},
               {"checksum_valid", slot.checksum_valid},
               {"checksum", slot.checksum},
               {"txn_id", slot.txn_id},
               {"user_root", root_json(slot.user_root)},
               {"system_root", root_json(slot.system_root)}};
    if (slot.version == 5) {
      entry["blob_region"] = Json{{"offset", slot.blob_offset},
                                  {"length", slot.blob_length},
                                  {"next_sequence", slot.blob_next_sequence},
                                  {"hlc", slot.blob_hlc}};
    }
    slots.push_back(std::move(entry));
  }
  return Json{
      {"path", facts.path},
      {"file_bytes", facts.file_bytes},
      {"magic", facts.magic_hex},
      {"magic_valid", facts.magic_valid},
      {"god_byte", facts.god_byte},
      {"primary", facts.primary},
      {"recovery_required", facts.recovery_required},
      {"two_phase", facts.two_phase},
      {"page_bytes", facts.page_bytes},
      {"region_header_pages", facts.region_header_pages},
      {"region_max_pages", facts.region_max_pages},
      {"full_regions", facts.full_regions},
      {"trailing_pages", facts.trailing_pages},
      {"layout_bytes", facts.geometry_problem.empty() ? Json(facts.layout_bytes) : Json()},
      {"layout_problem", facts.geometry_problem.empty() ? Json() : Json(facts.geometry_problem)},
      {"compression", facts.compression_text()},
      {"mirror", facts.mirror},
      {"slots", std::move(slots)}};
}

}  // namespace rdb::tools
