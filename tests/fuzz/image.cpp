#include "image.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/checksum.hpp"
#include "btree/collection.hpp"
#include "btree/walk.hpp"
#include "format/allocator_key.hpp"
#include "format/header.hpp"
#include "format/system_tables.hpp"
#include "format/table_record.hpp"
#include "page/allocator_codec.hpp"

namespace rdb::fuzz {
namespace {

using base::Checksum;
using format::BranchView;
using format::Header;
using format::kHeaderBytes;
using format::kPageBytes;
using format::kSlotOffset;
using format::Layout;
using format::LeafView;
using format::PageNumber;
using format::RootRecord;
using format::Widths;

constexpr size_t kChecksumInRoot = 8;
constexpr size_t kRootInRecord = 10;
constexpr size_t kUserRootInSlot = 8, kSystemRootInSlot = 40, kTxnIdInSlot = 104,
                 kChecksumInSlot = 112;
constexpr size_t kMaxVisits = 8192;

// What the values of a tree are.
enum class Content : uint8_t { rows, user_catalog, system_catalog, multimap, allocator_state };

// Walks all trees of an image and puts checksums right on the way back.
class Fixer {
 public:
  Fixer(Image& image, uint8_t repairs) : image_(image), repairs_(repairs) {}

  void run() {
    if (image_.size() < kHeaderBytes) return;
    for (int slot = 0; slot < 2; ++slot) fix_slot(slot);
    std::optional<Header> header;
    survives([&] {
      header = Header::parse(std::span<const std::byte, kHeaderBytes>(image_.data(), kHeaderBytes));
    });
    if (!header || !find_layout(*header)) return;
    for (int slot = 0; slot < 2; ++slot) {
      if (header->slot_state(slot) != format::SlotState::valid) continue;
      std::byte* const bytes = image_.data() + kSlotOffset[slot];
      txn_id_ = base::load_le64(bytes + kTxnIdInSlot);
      if (bytes[1] != std::byte{0}) fix_root(bytes + kUserRootInSlot, {}, Content::user_catalog);
      if (bytes[2] != std::byte{0}) {
        fix_root(bytes + kSystemRootInSlot, {}, Content::system_catalog);
      }
      fix_slot(slot);
    }
    if ((repairs_ & kFixMirror) != 0 && image_.size() >= 2 * kHeaderBytes) {
      std::copy_n(image_.begin(), kHeaderBytes, image_.end() - kHeaderBytes);
      image_[image_.size() - kHeaderBytes] = std::byte{'m'};
    }
  }

  const std::set<uint64_t>& pages_seen() const noexcept { return seen_; }
  const Layout& layout() const noexcept { return layout_; }

 private:
  void fix_slot(int slot) {
    if ((repairs_ & kFixSlots) == 0) return;
    const auto bytes = std::span(image_).subspan(kSlotOffset[slot], format::kSlotBytes);
    base::checksum(Bytes(bytes).first(kChecksumInSlot)).encode(&bytes[kChecksumInSlot]);
  }

  bool find_layout(const Header& header) {
    if ((repairs_ & kFixLength) != 0 && !header.recovery_required &&
        header.layout.file_bytes() <= kMaxImagePages * uint64_t{kPageBytes}) {
      image_.resize(header.layout.file_bytes());
    }
    layout_ = header.layout;
    const uint64_t page_area = image_.size() % kPageBytes >= kHeaderBytes
                                   ? image_.size() - image_.size() % kPageBytes
                                   : image_.size();
    if (!header.recovery_required && layout_.file_bytes() == page_area) return true;
    const auto found = layout_.from_file_bytes(page_area);
    if (found) layout_ = *found;
    return found.has_value();
  }

  // record: a root record inside the image.
  void fix_root(std::byte* record, const Widths& widths, Content content,
                std::optional<uint32_t> value_width = {}) {
    survives([&] {
      const RootRecord root = RootRecord::decode(record);
      if (const auto sum = fix_page(root.page, widths, content, value_width, 0)) {
        if ((repairs_ & kFixPages) != 0) sum->encode(record + kChecksumInRoot);
      }
    });
  }

  // The checksum a reference to the page needs; nullopt when nothing can be said.
  std::optional<Checksum> fix_page(PageNumber page, const Widths& widths, Content content,
                                   std::optional<uint32_t> value_width, uint32_t depth) {
    if (!layout_.contains(page) || layout_.page_offset(page) + page.bytes() > image_.size() ||
        depth > format::kMaxTreeDepth + 2 || ++visits_ > kMaxVisits) {
      return std::nullopt;
    }
    const auto key = std::tuple(page.bits(), widths.key, widths.value, content);
    const auto [known, fresh] = done_.try_emplace(key, base::kDeferredChecksum);
    if (!fresh) return known->second;  // of a page under way: the placeholder
    seen_.insert(page.bits());
    const auto bytes = std::span(image_).subspan(layout_.page_offset(page), page.bytes());
    std::optional<Checksum> sum;
    survives([&] {
      if (bytes[0] == format::kLeafType) {
        fix_leaf(bytes, widths, content, value_width);
      } else {
        fix_branch(bytes, widths, content, value_width, depth);
      }
      sum = base::checksum(Bytes(bytes).first(format::page_used_bytes(bytes, widths)));
    });
    done_[key] = sum;
    return sum;
  }

  void fix_branch(std::span<std::byte> bytes, const Widths& widths, Content content,
                  std::optional<uint32_t> value_width, uint32_t depth) {
    const BranchView branch = BranchView::parse(bytes, widths);
    for (uint32_t i = 0; i < branch.child_count(); ++i) {
      survives([&] {
        const auto sum = fix_page(branch.child(i), widths, content, value_width, depth + 1);
        if (sum && (repairs_ & kFixPages) != 0) {
          sum->encode(&bytes[BranchView::kChecksumsOffset + Checksum::kBytes * size_t{i}]);
        }
      });
    }
  }

  void fix_leaf(std::span<std::byte> bytes, const Widths& widths, Content content,
                std::optional<uint32_t> value_width) {
    const LeafView leaf = LeafView::parse(bytes, widths);
    for (uint32_t i = 0; content != Content::rows && i < leaf.size(); ++i) {
      survives([&] {
        const auto [begin, end] = leaf.value_range(i);
        const std::span<std::byte> value = bytes.subspan(begin, end - begin);
        if (content == Content::multimap) {
          const auto collection = btree::Collection::parse(value, {value_width});
          if (!collection.values) {
            fix_root(&value[1], btree::collection_widths(value_width), Content::rows);
          }
        } else if (content == Content::allocator_state) {
          fix_state_row(leaf.key(i), value);
        } else {
          fix_table(as_text(leaf.key(i)), value, content);
        }
      });
    }
  }

  void fix_table(std::string_view name, std::span<std::byte> value, Content content) {
    const auto record = format::TableRecord::parse(name, value);
    if (!record.root) return;
    Content inside = Content::rows;
    if (record.kind == TableKind::multimap) {
      inside = Content::multimap;
    } else if (content == Content::system_catalog && name == format::kAllocatorState.name) {
      inside = Content::allocator_state;
    }
    fix_root(&value[kRootInRecord], record.tree_widths(), inside, record.widths.value);
  }

  // A region row with its free bits of order 0 kept, and all that must agree with them made to.
  void fix_state_row(Bytes key, std::span<std::byte> value) {
    if ((repairs_ & kFixAllocator) == 0 || key.size() != format::AllocatorKey::kBytes) return;
    const auto parsed = format::AllocatorKey::decode(key.data());
    if (parsed.kind == format::AllocatorKey::Kind::txn_id && value.size() == 8) {
      base::store_le64(value.data(), txn_id_);
    }
    if (parsed.kind != format::AllocatorKey::Kind::region || value.size() < 8) return;
    const uint32_t max_pages = layout_.region_max_data_pages;
    const uint32_t pages = base::load_le32(&value[4]);
    if (pages > max_pages || page::region_bytes(pages, max_pages) != value.size()) return;
    // Any bits will do: these lie near where the leaf level of order 0 is stored.
    std::vector<uint64_t> words((pages + 63) / 64);
    for (size_t w = 0; w < words.size(); ++w) {
      const size_t at = value.size() / 2 + 8 * w;
      if (at + 8 <= value.size()) words[w] = ~base::load_le64(&value[at]);
    }
    const auto row = page::encode_region(page::FreeMap::from_words(pages, words), max_pages);
    if (!decodes(value, max_pages)) std::copy(row.begin(), row.end(), value.begin());
  }

  static bool decodes(Bytes value, uint32_t max_pages) {
    return survives([&] { static_cast<void>(page::decode_region(value, max_pages)); });
  }

  Image& image_;
  const uint8_t repairs_;
  Layout layout_;
  uint64_t txn_id_ = 0;
  size_t visits_ = 0;
  std::map<std::tuple<uint64_t, std::optional<uint32_t>, std::optional<uint32_t>, Content>,
           std::optional<Checksum>>
      done_;
  std::set<uint64_t> seen_;
};

void put_u16(std::vector<std::byte>& out, size_t value) {
  out.push_back(static_cast<std::byte>(value));
  out.push_back(static_cast<std::byte>(value >> 8));
}

}  // namespace

Image make_image(Input& input, Recipe& recipe) {
  recipe.repairs = input.u8();
  recipe.options = input.u8();
  recipe.pages = static_cast<uint16_t>(input.u16() % (kMaxImagePages + 1));
  recipe.tail_bytes = static_cast<uint16_t>(input.u16() % kPageBytes);
  recipe.seed = input.u16();
  Image image(size_t{recipe.pages} * kPageBytes + recipe.tail_bytes);
  while (!input.empty()) {
    const size_t offset = size_t{input.u16()} * kPageBytes;
    const Bytes run = input.take(input.u16());
    if (offset >= image.size()) continue;
    std::copy_n(run.begin(), std::min(run.size(), image.size() - offset),
                image.begin() + static_cast<ptrdiff_t>(offset));
  }
  if (recipe.repairs != 0) Fixer(image, recipe.repairs).run();
  return image;
}

std::vector<std::byte> describe_image(const Image& image, Recipe recipe) {
  Image walked = image;  // with no repairs the walk only looks
  Fixer fixer(walked, 0);
  fixer.run();
  std::vector<std::byte> out;
  out.push_back(std::byte{recipe.repairs});
  out.push_back(std::byte{recipe.options});
  put_u16(out, image.size() / kPageBytes);
  put_u16(out, image.size() % kPageBytes);
  put_u16(out, recipe.seed);
  const auto put_run = [&](size_t offset, size_t size) {
    while (size > 0 && image[offset + size - 1] == std::byte{0}) --size;
    put_u16(out, offset / kPageBytes);
    put_u16(out, size);
    out.insert(out.end(), image.begin() + static_cast<ptrdiff_t>(offset),
               image.begin() + static_cast<ptrdiff_t>(offset + size));
  };
  put_run(0, kHeaderBytes);
  for (uint64_t bits : fixer.pages_seen()) {
    const PageNumber page = PageNumber::from_bits(bits);
    const uint64_t offset = fixer.layout().page_offset(page);
    for (uint64_t at = 0; at < page.bytes(); at += kPageBytes) put_run(offset + at, kPageBytes);
  }
  if (image.size() % kPageBytes > 0) {
    put_run(image.size() / kPageBytes * kPageBytes, image.size() % kPageBytes);
  }
  return out;
}

}  // namespace rdb::fuzz
