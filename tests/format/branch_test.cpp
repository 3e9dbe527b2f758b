#include "base/endian.hpp"
#include "format/branch_editor.hpp"
#include "pages.hpp"

using namespace rdb;
using namespace rdb::test;
using base::Checksum;
using format::BranchChild;
using format::BranchEditor;
using format::BranchView;
using format::kVariableWidths;
using format::Widths;

namespace {

struct Model {
  std::vector<BranchChild> children;
  std::vector<Blob> keys;
};

Model random_branch(Random& random, size_t keys, const Widths& widths) {
  Model model;
  model.children.push_back(random_child(random));
  for (size_t j = 0; j < keys; ++j) {
    model.children.push_back(random_child(random));
    model.keys.push_back(random_field(random, widths.key, 12));
  }
  return model;
}

Blob build(const Model& model, const Widths& widths) {
  return branch(model.children, model.keys, widths);
}

Model read(const BranchView& view) {
  Model model;
  for (uint32_t i = 0; i < view.child_count(); ++i) {
    model.children.push_back({view.child(i), view.child_checksum(i)});
  }
  for (uint32_t j = 0; j < view.key_count(); ++j) {
    const Bytes key = view.key(j);
    model.keys.emplace_back(key.begin(), key.end());
  }
  return model;
}

void read_all(const Blob& bytes, const Widths& widths) {
  const Blob page = bytes;
  std::optional<BranchView> view;
  if (!accepts([&] { view = BranchView::parse(page, widths); })) return;
  const bool sound = accepts([&] { view->verify_offsets(); });
  bool all_read = accepts([&] {
    const uint64_t used = view->used_bytes();
    CHECK(used <= page.size());
  });
  for (uint32_t j = 0; j < view->key_count(); ++j) {
    all_read &= accepts([&] { touch(view->key(j)); });
  }
  CHECK(all_read == sound);
  for (uint32_t i = 0; i < view->child_count(); ++i) {
    accepts([&] { view->child(i); }, ErrorCode::corrupted);
    static_cast<void>(view->child_checksum(i));
  }
}

constexpr Widths kBranchWidths[] = {kVariableWidths, {8, std::nullopt}, {0, 4}};

}  // namespace

TEST_SUITE("format/branch_view") {
  TEST_CASE("a branch reads back what was built") {
    Random random(11);
    for (const Widths& widths : kBranchWidths) {
      for (const size_t keys : {1u, 2u, 127u, 1000u}) {
        const Model model = random_branch(random, keys, widths);
        Blob page = build(model, widths);
        const size_t used = page.size();
        page.resize(used + 9, std::byte{0xEE});
        const BranchView view = BranchView::parse(page, widths);
        view.verify_offsets();
        CHECK(view.used_bytes() == used);
        CHECK(format::page_used_bytes(page, widths) == used);
        const Model got = read(view);
        CHECK(got.children == model.children);
        CHECK(got.keys == model.keys);
      }
    }
  }

  TEST_CASE("a page of 4096 bytes holds exactly 127 keys of 8 bytes") {
    CHECK(BranchView::required_bytes(127, 127 * 8, {8, std::nullopt}) == 4096);
  }

  TEST_CASE("the reserved bytes are ignored when read and zero when written") {
    Random random(12);
    const Model model = random_branch(random, 1, kVariableWidths);
    Blob page = build(model, kVariableWidths);
    CHECK(hex(Bytes(page).first(8)) == "0200010000000000");
    for (const size_t i : {1u, 4u, 5u, 6u, 7u}) page[i] = std::byte{0xFF};
    CHECK(read(BranchView::parse(page, kVariableWidths)).keys == model.keys);
  }

  TEST_CASE("parse refuses what is no branch or cannot hold its arrays") {
    Random random(13);
    Model model;
    model.children = {random_child(random), random_child(random), random_child(random)};
    model.keys = {bytes_of("a"), bytes_of("b")};
    Blob page = build(model, kVariableWidths);
    Widths widths;
    SUBCASE("empty") { page.clear(); }
    SUBCASE("shorter than the header") { page.resize(7); }
    SUBCASE("a leaf") { page[0] = format::kLeafType; }
    SUBCASE("type 3") { page[0] = std::byte{3}; }
    SUBCASE("no keys") { base::store_le16(&page[2], 0); }
    SUBCASE("arrays past the end") { base::store_le16(&page[2], 3); }
    SUBCASE("65535 keys") { base::store_le16(&page[2], 65535); }
    SUBCASE("fixed keys past the end") { widths.key = 6; }
    SUBCASE("product past 32 bits") { widths.key = 0x8000'0000; }
    CHECK_THROWS_CODE(BranchView::parse(page, widths), ErrorCode::page_corrupted);
  }

  TEST_CASE("B1: a key offset outside the page or out of order is corruption, not a crash") {
    Random random(14);
    Model model;
    model.children = {random_child(random), random_child(random), random_child(random)};
    model.keys = {bytes_of("a"), bytes_of("b")};
    Blob page = build(model, kVariableWidths);  // key_end at 80, keys at 88, 90 bytes
    REQUIRE(page.size() == 90);
    uint32_t bad_key = 0;
    SUBCASE("past the end") { base::store_le32(&page[80], 91); }
    SUBCASE("far past the end") { base::store_le32(&page[80], 0xFFFF'FFFF); }
    SUBCASE("before the keys") { base::store_le32(&page[80], 87); }
    SUBCASE("descending") {
      base::store_le32(&page[84], 88);
      bad_key = 1;
    }
    const BranchView view = BranchView::parse(page, kVariableWidths);
    CHECK_THROWS_CODE(view.key(bad_key), ErrorCode::page_corrupted);
    CHECK_THROWS_CODE(view.verify_offsets(), ErrorCode::page_corrupted);
    read_all(page, kVariableWidths);
  }

  TEST_CASE("a child with an impossible order is corruption") {
    Random random(15);
    Blob page = build(random_branch(random, 1, kVariableWidths), kVariableWidths);
    page[8 + 2 * 16 + 15] = std::byte{0xFF};
    const BranchView view = BranchView::parse(page, kVariableWidths);
    CHECK_THROWS_CODE(view.child(1), ErrorCode::corrupted);
  }

  TEST_CASE("random and changed bytes never lead an accessor outside the page") {
    Random random(16);
    for (int round = 0; round < 4000; ++round) {
      const Widths& widths = kBranchWidths[below(random, std::size(kBranchWidths))];
      Blob page;
      if (round % 2 == 0) {
        page = random_blob(random, below(random, 400));
        if (!page.empty()) page[0] = format::kBranchType;
        if (page.size() > 3) base::store_le16(&page[2], static_cast<uint16_t>(below(random, 9)));
      } else {
        page = build(random_branch(random, 1 + below(random, 6), widths), widths);
        std::byte& changed = page[below(random, page.size())];
        changed = static_cast<std::byte>(std::to_integer<unsigned>(changed) + below(random, 5) - 2);
        if (below(random, 4) == 0) page.resize(below(random, page.size() + 1));
      }
      read_all(page, widths);
    }
  }

  TEST_CASE("the used bytes of a page of no known type are refused") {
    const Blob page(64, std::byte{0});
    CHECK_THROWS_CODE(format::page_used_bytes(page, kVariableWidths), ErrorCode::page_corrupted);
    CHECK_THROWS_CODE(format::page_used_bytes({}, kVariableWidths), ErrorCode::page_corrupted);
  }
}

TEST_SUITE("format/branch_editor") {
  TEST_CASE("any series of edits gives the bytes of a fresh branch") {
    for (const Widths& widths : kBranchWidths) {
      for (uint64_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        Model model = random_branch(random, 1, widths);
        const Blob first = build(model, widths);
        Blob page(seed % 4 == 0 ? 8192 : 900, std::byte{0xEE});
        std::copy(first.begin(), first.end(), page.begin());
        BranchEditor editor(page, widths);
        for (int step = 0; step < 150; ++step) {
          const BranchChild child = random_child(random);
          const Blob key = random_field(random, widths.key, 12);
          const auto j = static_cast<uint32_t>(below(random, model.keys.size()));
          const auto i = static_cast<uint32_t>(below(random, model.children.size()));
          switch (below(random, 6)) {
            case 0:
              editor.set_child(i, child.page, child.checksum);
              model.children[i] = child;
              break;
            case 1:
              editor.set_child_checksum(i, child.checksum);
              model.children[i].checksum = child.checksum;
              break;
            case 2:
              if (model.keys.size() == 1) continue;
              editor.remove(j, i);
              model.keys.erase(model.keys.begin() + j);
              model.children.erase(model.children.begin() + i);
              break;
            default: {
              Model grown = model;
              grown.keys.insert(grown.keys.begin() + i, key);  // i <= key count
              grown.children.insert(grown.children.begin() + i + 1, child);
              const bool fits = build(grown, widths).size() <= page.size();
              REQUIRE(editor.fits_insert(key.size()) == fits);
              if (!fits) continue;
              editor.insert(i, key, child.page, child.checksum);
              model = std::move(grown);
            }
          }
          const Blob expected = build(model, widths);
          REQUIRE(editor.used_bytes() == expected.size());
          REQUIRE(editor.free_bytes() == page.size() - expected.size());
          REQUIRE(std::equal(expected.begin(), expected.end(), page.begin()));
        }
        editor.view().verify_offsets();
      }
    }
  }

  TEST_CASE("an inserted key may come from the page being edited") {
    Random random(21);
    Model model = random_branch(random, 2, kVariableWidths);
    model.keys = {bytes_of("left"), bytes_of("right")};
    const Blob image = build(model, kVariableWidths);
    Blob page(400, std::byte{0xEE});
    std::copy(image.begin(), image.end(), page.begin());
    BranchEditor editor(page, kVariableWidths);
    editor.insert(0, editor.view().key(1), {}, {});
    CHECK(as_text(editor.view().key(0)) == "right");
    CHECK(as_text(editor.view().key(2)) == "right");
  }

  TEST_CASE("a branch of 65535 keys takes no more") {
    Model model;
    model.children.resize(65536);
    model.keys.resize(65535);
    const Widths widths{0, 0};
    Blob page = build(model, widths);
    page.resize(page.size() + 100);
    CHECK_FALSE(BranchEditor(page, widths).fits_insert(0));
    CHECK(BranchEditor(page, widths).free_bytes() == 100);
  }

  TEST_CASE("a huge key size is refused without overflow") {
    Random random(22);
    Blob page = build(random_branch(random, 1, kVariableWidths), kVariableWidths);
    CHECK_FALSE(BranchEditor(page, kVariableWidths).fits_insert(~uint64_t{0} - 3));
  }
}
