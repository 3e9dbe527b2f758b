#include "format/leaf_editor.hpp"

#include "base/endian.hpp"
#include "pages.hpp"

using namespace rdb;
using namespace rdb::test;
using format::kVariableWidths;
using format::LeafEditor;
using format::LeafView;
using format::Widths;

namespace {

constexpr std::byte kStale{0xEE};

// A page with room behind the leaf.
Blob page_with(const Blob& image, size_t page_bytes) {
  Blob page(page_bytes, kStale);
  std::copy(image.begin(), image.end(), page.begin());
  return page;
}

void check_equals_build(const LeafEditor& editor, const Blob& page, const std::vector<Pair>& model,
                        const Widths& widths) {
  const Blob expected = leaf(model, widths);
  REQUIRE(editor.size() == model.size());
  REQUIRE(editor.used_bytes() == expected.size());
  REQUIRE(std::equal(expected.begin(), expected.end(), page.begin()));
}

}  // namespace

TEST_SUITE("format/leaf_editor") {
  TEST_CASE("bytes match the format document, stale ones behind the used part") {
    Blob page = page_with(leaf({{"a", "one"}, {"bc", ""}}), 64);
    page[1] = kStale;
    LeafEditor editor(page, kVariableWidths);
    editor.insert(1, as_bytes("ab"), as_bytes("XY"));
    const auto inserted = unhex(
        "01ee0300 1d000000 1f000000 21000000 24000000 26000000 26000000 616162626 36f6e655859");
    CHECK(editor.used_bytes() == 38);
    CHECK(hex(Bytes(page).first(38)) == hex(inserted));
    editor.remove(0);
    CHECK(editor.used_bytes() == 26);
    CHECK(hex(Bytes(page).first(26)) ==
          hex(unhex("01ee0200 16000000 18000000 1a000000 1a000000 61626263 5859")));
    CHECK(page[38] == kStale);
  }

  TEST_CASE("any series of edits gives the bytes of a fresh leaf, in every combination of widths") {
    for (const Widths& widths : kWidthCombinations) {
      CAPTURE(widths.key.value_or(99));
      CAPTURE(widths.value.value_or(99));
      for (uint64_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        std::vector<Pair> model{
            {random_field(random, widths.key), random_field(random, widths.value)}};
        // Some pages are large enough that nothing is ever refused.
        Blob page = page_with(leaf(model, widths), seed % 4 == 0 ? 16384 : 700);
        LeafEditor editor(page, widths);
        for (int step = 0; step < 150; ++step) {
          const auto at = static_cast<uint32_t>(below(random, model.size() + 1));
          const Blob key = random_field(random, widths.key);
          const Blob value = random_field(random, widths.value);
          const size_t used = leaf(model, widths).size();
          REQUIRE(editor.free_bytes() == page.size() - used);
          switch (below(random, 4)) {
            case 0:
            case 1: {
              std::vector<Pair> grown = model;
              grown.insert(grown.begin() + at, {key, value});
              const bool fits = leaf(grown, widths).size() <= page.size();
              REQUIRE(editor.fits_insert(key.size(), value.size()) == fits);
              if (!fits) continue;
              editor.insert(at, key, value);
              model = std::move(grown);
              break;
            }
            case 2: {
              if (at == model.size()) continue;
              const bool fits = used - model[at].second.size() + value.size() <= page.size();
              REQUIRE(editor.fits_replace(at, value.size()) == fits);
              if (!fits) continue;
              editor.replace_value(at, value);
              model[at].second = value;
              break;
            }
            default:
              if (at == model.size() || model.size() == 1) continue;
              editor.remove(at);
              model.erase(model.begin() + at);
          }
          check_equals_build(editor, page, model, widths);
        }
        editor.view().verify_offsets();
        CHECK(pairs_of(editor.view()) == model);
      }
    }
  }

  TEST_CASE("a page can be filled to its last byte") {
    Blob page = page_with(leaf({{"a", "1"}}), 32);
    LeafEditor editor(page, kVariableWidths);
    CHECK(editor.free_bytes() == 18);
    CHECK(editor.fits_insert(4, 6));
    CHECK_FALSE(editor.fits_insert(4, 7));
    CHECK_FALSE(editor.fits_insert(~uint64_t{0}, 1));
    CHECK(editor.fits_replace(0, 19));
    CHECK_FALSE(editor.fits_replace(0, 20));
    CHECK_FALSE(editor.fits_replace(0, ~uint64_t{0} - 5));
    editor.insert(0, as_bytes("0000"), as_bytes("zzzzzz"));
    CHECK(editor.free_bytes() == 0);
    CHECK(as_text(editor.view().value(0)) == "zzzzzz");
    CHECK(as_text(editor.view().value(1)) == "1");
    CHECK_FALSE(editor.fits_insert(0, 0));
  }

  TEST_CASE("a value of fixed width fits only with that width") {
    const Widths widths{1, 2};
    Blob page = page_with(leaf({{bytes_of("k"), bytes_of("v1")}}, widths), 7);
    LeafEditor editor(page, widths);
    CHECK(editor.fits_replace(0, 2));
    CHECK_FALSE(editor.fits_replace(0, 1));
    editor.replace_value(0, as_bytes("v2"));
    CHECK(as_text(editor.view().value(0)) == "v2");
  }

  TEST_CASE("a leaf of 65535 entries takes no more, however much room there is") {
    const Widths widths{0, 0};
    Blob page = page_with(leaf(std::vector<Pair>(65534), widths), 4096);
    LeafEditor editor(page, widths);
    REQUIRE(editor.fits_insert(0, 0));
    editor.insert(65534, {}, {});
    CHECK(editor.size() == 65535);
    CHECK_FALSE(editor.fits_insert(0, 0));
    editor.remove(0);
    CHECK(editor.fits_insert(0, 0));
  }

  TEST_CASE("keys and values may come from the page being edited") {
    Blob page = page_with(leaf({{"aa", "first"}, {"bb", "second"}}), 200);
    LeafEditor editor(page, kVariableWidths);
    const LeafView before = editor.view();
    editor.insert(0, before.key(1), before.value(1));
    CHECK(as_text(editor.view().key(0)) == "bb");
    CHECK(as_text(editor.view().value(0)) == "second");
    editor.replace_value(0, editor.view().value(1));
    CHECK(as_text(editor.view().value(0)) == "first");
    CHECK(as_text(editor.view().value(2)) == "second");
  }

  TEST_CASE("a page of the wrong kind is refused") {
    Blob page = page_with(leaf({{"a", "1"}}), 64);
    page[0] = format::kBranchType;
    CHECK_THROWS_CODE(LeafEditor(page, kVariableWidths), ErrorCode::page_corrupted);
  }

  TEST_CASE("whatever verify_offsets accepts can be edited without leaving the page") {
    Random random(7);
    int edited = 0;
    for (int round = 0; round < 4000; ++round) {
      const Widths& widths = kWidthCombinations[below(random, std::size(kWidthCombinations))];
      std::vector<Pair> pairs;
      for (size_t i = 2 + below(random, 6); i > 0; --i) {
        pairs.emplace_back(random_field(random, widths.key, 4),
                           random_field(random, widths.value, 4));
      }
      Blob page = page_with(leaf(pairs, widths), 200);
      std::byte& changed = page[4 + below(random, 30)];
      changed = static_cast<std::byte>(std::to_integer<unsigned>(changed) + below(random, 5) - 2);
      if (!accepts([&] { LeafView::parse(page, widths).verify_offsets(); })) continue;

      std::vector<Pair> model = pairs_of(LeafView::parse(page, widths));
      LeafEditor editor(page, widths);
      const auto at = static_cast<uint32_t>(below(random, model.size()));
      editor.remove(at);
      model.erase(model.begin() + at);
      const Pair added{random_field(random, widths.key, 4), random_field(random, widths.value, 4)};
      if (editor.fits_insert(added.first.size(), added.second.size())) {
        editor.insert(at, added.first, added.second);
        model.insert(model.begin() + at, added);
      }
      CHECK(pairs_of(editor.view()) == model);
      ++edited;
    }
    CHECK(edited > 500);
  }
}
