// page_fuzz.cpp: leaf and branch pages: views, searches, collections, and editors of sound pages.
//
// Input: u8 key width and u8 value width (kWidths), u8 type of the keys, u8 length of the page, in
// units of 16 bytes; the page; then edits, until the input ends.
#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "btree/collection.hpp"
#include "btree/key_order.hpp"
#include "btree/walk.hpp"
#include "format/branch_editor.hpp"
#include "format/leaf_editor.hpp"
#include "input.hpp"

namespace rdb::fuzz {
namespace {

using format::BranchEditor;
using format::BranchView;
using format::LeafEditor;
using format::LeafView;
using format::PageNumber;
using format::Widths;
using Blob = std::vector<std::byte>;

constexpr std::optional<uint32_t> kWidths[] = {std::nullopt,          0, 1, 3, 4, 8, 16, 5, 60,
                                               format::kMaxValueBytes};
constexpr int kMaxRefusals = 8;
constexpr const char* kTypes[] = {
    "&[u8]", "&str",    "u64",     "i32",    "bool", "char", "u128",
    "()",    "[u16;4]", "[u8;16]", "String", "i8",   "f64",  "redb::AllocatorStateKey"};

Blob copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// Reads what an accessor returned, so that a sanitizer sees a range that leaves the page.
void touch(Bytes bytes) {
  unsigned sum = 0;
  for (std::byte b : bytes) sum += std::to_integer<unsigned>(b);
  volatile unsigned sink = sum;
  static_cast<void>(sink);
}

void require_inside(Bytes part, Bytes page) {
  require(part.empty() || (part.data() >= page.data() &&
                           part.data() + part.size() <= page.data() + page.size()),
          "an accessor leaves its page");
  touch(part);
}

btree::KeyOrder order_of(uint8_t choice, const Widths& widths) {
  format::TypeInfo info =
      format::describe_type({TypeName::kBuiltin, kTypes[choice % std::size(kTypes)]});
  if (info.width != widths.key) info = {};
  return btree::KeyOrder(info);
}

// A key for searches and edits: of the fixed width, or of any length.
Blob make_key(Input& input, std::optional<uint32_t> width) {
  Blob key = copy_of(input.take(width ? std::min<uint32_t>(*width, 64) : input.u8() % 40));
  if (width) key.resize(*width);
  return key;
}

struct Pair {
  Blob key;
  Blob value;
  bool operator==(const Pair&) const = default;
};

std::vector<Pair> pairs_of(const LeafView& leaf) {
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < leaf.size(); ++i) {
    pairs.push_back({copy_of(leaf.key(i)), copy_of(leaf.value(i))});
  }
  return pairs;
}

// The editor against a vector of pairs.
void edit_leaf(Blob& page, const Widths& widths, Input& input) {
  LeafEditor editor(page, widths);
  std::vector<Pair> pairs = pairs_of(editor.view());
  for (int step = 0; step < 24 && !input.empty(); ++step) {
    const uint8_t what = input.u8() % 4;
    const uint32_t i = input.u16() % (editor.size() + (what < 2 ? 1 : 0));
    const auto at = pairs.begin() + i;
    if (what == 3) {
      if (editor.size() == 1) continue;
      editor.remove(i);
      pairs.erase(at);
    } else {
      // Values wider than the page are asked about, and never fit.
      const uint64_t size = widths.value.value_or(input.u8());
      if (what == 2 ? !editor.fits_replace(i, size) : size > page.size()) continue;
      Blob value(size, std::byte{input.u8()});
      if (what == 2) {
        editor.replace_value(i, value);
        at->value = std::move(value);
      } else {
        if (widths.key.value_or(0) > page.size()) continue;
        Pair pair{make_key(input, widths.key), std::move(value)};
        if (!editor.fits_insert(pair.key.size(), pair.value.size())) continue;
        editor.insert(i, pair.key, pair.value);
        pairs.insert(at, std::move(pair));
      }
    }
    const LeafView view = editor.view();
    view.verify_offsets();
    require(view.used_bytes() == editor.used_bytes(), "the editor of a leaf lost count");
    require(pairs_of(view) == pairs, "the editor of a leaf changed other entries");
  }
}

struct BranchContent {
  std::vector<uint64_t> pages;  // raw bits: an order may be impossible
  std::vector<base::Checksum> checksums;
  std::vector<Blob> keys;
  bool operator==(const BranchContent&) const = default;
};

BranchContent content_of(const BranchView& branch) {
  BranchContent content;
  for (uint32_t i = 0; i < branch.child_count(); ++i) {
    content.pages.push_back(
        base::load_le64(branch.page().data() + branch.children_offset() + 8 * i));
    content.checksums.push_back(branch.child_checksum(i));
  }
  for (uint32_t j = 0; j < branch.key_count(); ++j) content.keys.push_back(copy_of(branch.key(j)));
  return content;
}

void edit_branch(Blob& page, const Widths& widths, Input& input) {
  BranchEditor editor(page, widths);
  BranchContent content = content_of(editor.view());
  for (int step = 0; step < 24 && !input.empty(); ++step) {
    const uint8_t what = input.u8() % 4;
    const PageNumber child{input.u8(), input.u16(), 0};
    const base::Checksum checksum{input.u8(), input.u8()};
    if (what == 0) {
      const uint32_t i = input.u16() % editor.child_count();
      editor.set_child(i, child, checksum);
      content.pages[i] = child.bits();
      content.checksums[i] = checksum;
    } else if (what == 1) {
      const uint32_t j = input.u16() % (editor.key_count() + 1);
      if (widths.key.value_or(0) > page.size()) continue;
      Blob key = make_key(input, widths.key);
      if (!editor.fits_insert(key.size())) continue;
      editor.insert(j, key, child, checksum);
      content.keys.insert(content.keys.begin() + j, std::move(key));
      content.pages.insert(content.pages.begin() + j + 1, child.bits());
      content.checksums.insert(content.checksums.begin() + j + 1, checksum);
    } else if (what == 2) {
      if (editor.key_count() == 1) continue;
      const uint32_t j = input.u16() % editor.key_count();
      const uint32_t i = input.u16() % editor.child_count();
      editor.remove(j, i);
      content.keys.erase(content.keys.begin() + j);
      content.pages.erase(content.pages.begin() + i);
      content.checksums.erase(content.checksums.begin() + i);
    } else {
      const uint32_t i = input.u16() % editor.child_count();
      editor.set_child_checksum(i, checksum);
      content.checksums[i] = checksum;
    }
    const BranchView view = editor.view();
    view.verify_offsets();
    require(view.used_bytes() == editor.used_bytes(), "the editor of a branch lost count");
    require(content_of(view) == content, "the editor of a branch changed something else");
  }
}

// Each accessor on its own: one that refuses must not keep the others from being tried.
void read_leaf(Bytes page, const Widths& widths, const btree::KeyOrder& order, Bytes key) {
  const LeafView leaf = LeafView::parse(page, widths);
  require(leaf.size() > 0, "a leaf without entries");
  int refused = 0;  // so many are enough, they cost time
  for (uint32_t i = 0; i < leaf.size() && refused < kMaxRefusals; ++i) {
    refused += !survives([&] { require_inside(leaf.key(i), page); });
    refused += !survives([&] { require_inside(leaf.value(i), page); });
    if (i > kMaxRefusals) continue;
    survives([&] {
      const btree::CollectionForm form{widths.value, i % 3 == 0};
      const auto collection = btree::Collection::parse(leaf.value(i), form, i % 2 == 0);
      if (!collection.values) return;
      require_inside(collection.values->page(),
                     collection.is_compressed() ? Bytes(collection.opened) : page);
    });
  }
  survives([&] { require(leaf.used_bytes() <= page.size(), "a leaf uses more than its page"); });
  survives([&] { require(leaf.values_begin() <= page.size(), "values begin behind their page"); });
  if (order.known()) {
    survives([&] {
      const auto place = order.lower_bound(leaf, key);
      require(place.index <= leaf.size() && (!place.equal || place.index < leaf.size()),
              "a search ends outside its leaf");
    });
  }
}

void read_branch(Bytes page, const Widths& widths, const btree::KeyOrder& order, Bytes key) {
  const BranchView branch = BranchView::parse(page, widths);
  require(branch.key_count() > 0, "a branch without keys");
  int refused = 0;
  for (uint32_t j = 0; j < branch.key_count() && refused < kMaxRefusals; ++j) {
    refused += !survives([&] { require_inside(branch.key(j), page); });
  }
  for (uint32_t i = 0; i < branch.child_count() && refused < 2 * kMaxRefusals; ++i) {
    refused += !survives([&] {
      require(branch.child(i).order <= format::kMaxPageOrder, "a child of an impossible order");
    });
    static_cast<void>(branch.child_checksum(i));
  }
  survives([&] { require(branch.used_bytes() <= page.size(), "a branch overruns its page"); });
  if (order.known()) {
    survives([&] {
      require(order.child_index(branch, widths, key) < branch.child_count(),
              "a search ends outside its branch");
    });
  }
}

}  // namespace
}  // namespace rdb::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rdb;
  using namespace rdb::fuzz;
  Input input(input_bytes(data, size));
  Widths widths;
  widths.key = kWidths[input.u8() % std::size(kWidths)];
  widths.value = kWidths[input.u8() % std::size(kWidths)];
  const btree::KeyOrder order = order_of(input.u8(), widths);
  const size_t page_bytes = size_t{input.u8()} * 16;
  const Bytes given = input.take(page_bytes);
  // The page ends where its bytes do, so that a sanitizer watches the end.
  Blob page = copy_of(given);
  page.shrink_to_fit();
  const Blob key = widths.key.value_or(0) > 64 ? Blob() : make_key(input, widths.key);

  survives([&] { read_leaf(page, widths, order, key); });
  survives([&] { read_branch(page, widths, order, key); });
  survives([&] {
    require(format::page_used_bytes(page, widths) <= page.size(), "a page uses more than it has");
  });
  survives([&] {
    LeafView::parse(page, widths).verify_offsets();
    page.resize(page.size() + input.u8() * 8u);  // room for edits
    edit_leaf(page, widths, input);
  });
  survives([&] {
    BranchView::parse(page, widths).verify_offsets();
    page.resize(page.size() + input.u8() * 8u);
    edit_branch(page, widths, input);
  });
  return 0;
}
