#include "db/verify_header.hpp"

#include <array>
#include <optional>

#include "rdb/error.hpp"

namespace rdb::db {

namespace {

using format::CommitSlot;
using format::Header;
using format::kHeaderBytes;
using format::kSlotOffset;
using format::SlotState;

// A header read beside a commit may be half old and half new; the next read is not.
constexpr int kHeaderReads = 4;
// Offset of the flags "user root present" and "system root present" inside a slot.
constexpr size_t kRootFlags = 1;

using HeaderBytes = std::array<std::byte, kHeaderBytes>;

class HeaderCheck {
 public:
  HeaderCheck(txn::Store& store, VerifyReport& report) : store_(store), findings_(report) {}

  void run() {
    HeaderBytes bytes;
    std::optional<Header> header;
    try {
      store_.pool().backend().read(0, bytes);
      header = Header::parse(bytes);
    } catch (const Error& error) {
      findings_.add("header", error.what(), meaning::kHeaderDamaged);
      return;
    }
    std::optional<CommitSlot> slots[2];
    for (int i = 0; i < 2; ++i) slots[i] = check_slot(*header, bytes, i);
    if (slots[0] && slots[1]) check_order(*header, bytes, *slots[0], *slots[1]);
    const auto& in_use =
        slots[header->primary] ? slots[header->primary] : slots[1 - header->primary];
    if (in_use) check_end_of_file(*header, bytes, *in_use);
  }

 private:
  void note(const std::string& what, const char* meaning) {
    findings_.add("header", what, meaning);
  }

  std::optional<CommitSlot> check_slot(const Header& header, const HeaderBytes& bytes, int i);
  void check_order(const Header& header, const HeaderBytes& bytes, const CommitSlot& first,
                   const CommitSlot& second);
  void check_end_of_file(const Header& header, const HeaderBytes& bytes, const CommitSlot& commit);
  void check_mirror(const Header& header, const HeaderBytes& bytes, uint64_t offset);

  txn::Store& store_;
  Findings findings_;
};

std::optional<CommitSlot> HeaderCheck::check_slot(const Header& header, const HeaderBytes& bytes,
                                                  int i) {
  const bool in_use = i == header.primary;
  const std::string name =
      "Commit slot " + std::to_string(i) + (in_use ? " (in use)" : " (not in use)");
  if (header.slot_state(i) != SlotState::valid) {
    note(name + " does not match its checksum.",
         in_use ? meaning::kNewestCommitLost : meaning::kNoFallback);
    return std::nullopt;
  }
  CommitSlot slot;
  try {
    slot = header.slot(i);
  } catch (const Error& error) {
    note(name + ": " + error.what() + ".", meaning::kHeaderDamaged);
    return std::nullopt;
  }
  for (size_t flag = kRootFlags; flag < kRootFlags + 2; ++flag) {
    if (std::to_integer<int>(bytes[kSlotOffset[i] + flag]) > 1) {
      note(name + " has a root flag that is neither 0 nor 1.", meaning::kHeaderDamaged);
    }
  }
  if (!in_use) return slot;  // its pages may have been given to other uses since
  const format::Layout layout = store_.pool().layout();
  for (const format::TreeRoot& root : {slot.user_root, slot.system_root}) {
    if (root && !layout.contains(root->page)) {
      note(name + " has its root at page " + root->page.text() + ", outside the file.",
           meaning::kHeaderDamaged);
    }
  }
  return slot;
}

void HeaderCheck::check_order(const Header& header, const HeaderBytes& bytes,
                              const CommitSlot& first, const CommitSlot& second) {
  const uint64_t newest = (header.primary == 0 ? first : second).txn_id;
  const uint64_t other = (header.primary == 0 ? second : first).txn_id;
  if (newest == other) {
    // A file that was created and never used has the same empty commit twice.
    if (!std::equal(bytes.begin() + kSlotOffset[0], bytes.begin() + kSlotOffset[1],
                    bytes.begin() + kSlotOffset[1])) {
      note("Both commit slots have the transaction id " + std::to_string(newest) + ".",
           meaning::kHeaderDamaged);
    }
  } else if (other > newest && !header.recovery_required) {
    // With recovery required this is what a crash between two steps of a commit leaves.
    note("The commit slot that is not in use holds the newer commit, " + std::to_string(other) +
             " after " + std::to_string(newest) + ", in a file that was closed cleanly.",
         meaning::kNewestCommitLost);
  }
}

void HeaderCheck::check_end_of_file(const Header& header, const HeaderBytes& bytes,
                                    const CommitSlot& commit) {
  const uint64_t file_bytes = store_.file_bytes();
  const bool settled = !header.recovery_required;  // else the file may be ahead of its header
  const uint64_t layout_bytes = (settled ? header.layout : store_.pool().layout()).file_bytes();
  uint64_t end = layout_bytes;
  if (const format::BlobRegion& blobs = commit.blob_region; blobs.offset != 0) {
    if (!blobs.lies_inside(file_bytes)) {
      note("The region of old blobs, " + std::to_string(blobs.length) + " bytes at " +
               std::to_string(blobs.offset) + ", does not lie inside the file.",
           meaning::kBlobsLost);
      return;
    }
    if (blobs.offset < layout_bytes) {
      note("The region of old blobs, at " + std::to_string(blobs.offset) +
               ", begins before the pages end, at " + std::to_string(layout_bytes) + ".",
           meaning::kBlobsLost);
    }
    end = std::max(end, blobs.end());
  }
  // A creation that lost power may have written the header and not all that follows the pages.
  const bool just_created = !commit.user_root && !commit.system_root;
  if (just_created && file_bytes >= end) return;
  if (file_bytes == end + kHeaderBytes) {
    check_mirror(header, bytes, end);
  } else if (settled && file_bytes != end) {
    note("The header says that the file has " + std::to_string(end) + " bytes, it has " +
             std::to_string(file_bytes) + ".",
         file_bytes < end ? meaning::kHeaderDamaged : meaning::kLengthWrong);
  }
}

// What commits in flight leave at the end of the file says nothing; a clean file's copy is whole
// and holds the same two commits.
void HeaderCheck::check_mirror(const Header& header, const HeaderBytes& bytes, uint64_t offset) {
  if (header.recovery_required) return;
  const auto note_mirror = [&](const std::string& what) {
    findings_.add("header copy at the end of the file", what, meaning::kMirrorUseless);
  };
  HeaderBytes copy;
  store_.pool().backend().read(offset, copy);
  const std::optional<Header> mirror = Header::parse_mirror(copy);
  if (!mirror) return note_mirror("It is damaged.");
  format::Layout mirrored = mirror->layout;
  if (mirror->recovery_required) mirrored = header.layout;  // not told then
  const bool same_geometry =
      mirrored == header.layout &&
      mirror->layout.region_header_pages == header.layout.region_header_pages &&
      mirror->layout.region_max_data_pages == header.layout.region_max_data_pages;
  const size_t slot = kSlotOffset[header.primary];
  const bool same_commit =
      mirror->primary == header.primary &&
      std::equal(bytes.begin() + slot, bytes.begin() + slot + format::kSlotBytes,
                 copy.begin() + slot);
  if (!same_geometry || !same_commit) {
    note_mirror("It differs from the header.");
  } else if (mirror->slot_state(1 - mirror->primary) != SlotState::valid) {
    note_mirror("Its commit slot " + std::to_string(1 - mirror->primary) +
                " does not match its checksum.");
  }
}

}  // namespace

void verify_header(txn::Store& store, Findings& findings) {
  for (int attempt = 1;; ++attempt) {
    VerifyReport found;
    HeaderCheck(store, found).run();
    if (!found.ok() && attempt < kHeaderReads) continue;
    for (VerifyProblem& p : found.problems) {
      findings.add(std::move(p.object), std::move(p.what), p.meaning, p.page);
    }
    return;
  }
}

}  // namespace rdb::db
