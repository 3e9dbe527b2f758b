// Verification against one damage at a time: what is found names the damaged thing and nothing
// else.
#include <optional>

#include "damaged_file.hpp"
#include "format/branch_builder.hpp"
#include "format/page_list.hpp"
#include "support.hpp"

namespace rdb::test {
namespace {

using format::PageNumber;
using MutableBytes = std::span<std::byte>;

size_t slot_at(const Image& image, bool in_use) {
  const int primary = header_of(image).primary;
  return format::kSlotOffset[in_use ? primary : 1 - primary];
}

// New content of a slot with a checksum that matches.
void edit_slot(Image& image, bool in_use, const std::function<void(MutableBytes)>& edit) {
  const MutableBytes slot = MutableBytes(image).subspan(slot_at(image, in_use), format::kSlotBytes);
  edit(slot);
  base::checksum(Bytes(slot).first(112)).encode(&slot[112]);
}

std::string name_of_slot(const Image& image, bool in_use) {
  const int primary = header_of(image).primary;
  return "Commit slot " + std::to_string(in_use ? primary : 1 - primary) +
         (in_use ? " (in use)" : " (not in use)");
}

Image closed_with_mirror() {
  const auto device = std::make_shared<FaultDevice>();
  OpenOptions options;
  options.eof_mirror = true;
  Database database = open_device(device, options);
  for (const char* value : {"1", "2"}) {
    WriteTxn txn = database.begin_write();
    txn.open_table("t", kTextType, kBytesType).put(as_bytes("k"), as_bytes(value));
    txn.commit();
  }
  database.close();
  return device->live_image();
}

// A branch whose children are leaves, and how many they are.
PageNumber lowest_branch(ImageSurgeon& s, const SurgeryTree& tree) {
  PageNumber last;
  for (PageNumber page : s.pages(tree)) {
    if (btree::is_leaf(s.page(page))) break;
    last = page;
  }
  return last;
}

format::BranchView branch_at(ImageSurgeon& s, PageNumber page, const SurgeryTree& tree) {
  return format::BranchView::parse(s.page(page), tree.widths);
}

// Byte range of separator j inside the page.
MutableBytes separator(ImageSurgeon& s, PageNumber page, uint32_t j, const SurgeryTree& tree) {
  const auto [begin, end] = branch_at(s, page, tree).key_range(j);
  return s.page(page).subspan(begin, end - begin);
}

void store(MutableBytes out, uint64_t value) { base::store_le64(out.data(), value); }

}  // namespace

TEST_SUITE("db/verify header") {
  TEST_CASE("the images are sound before they are damaged") {
    for (const Image& image : {closed_image(), closed_with_mirror(), savepoint_image("redb"),
                               savepoint_image("shodh")}) {
      const Database database = open_device(FaultDevice::from_image(image));
      CHECK(database.recovery().clean);
      CHECK_VERIFIES(database);
    }
  }

  TEST_CASE("a slot that does not match its checksum is named, with its role") {
    for (const bool in_use : {true, false}) {
      for (const VerifyLevel level : {VerifyLevel::header, VerifyLevel::full}) {
        Image image = closed_image();
        image[slot_at(image, in_use) + 120] ^= std::byte{1};
        check_finds(image, {"header", name_of_slot(image, in_use) + " does not match"}, level);
      }
    }
  }

  TEST_CASE("a root flag other than 0 and 1 is found") {
    for (const size_t flag : {1, 2}) {
      Image image = closed_image();
      edit_slot(image, true, [&](MutableBytes slot) { slot[flag] = std::byte{2}; });
      check_finds(image, {"header", "root flag"});
    }
  }

  TEST_CASE("the slot not in use may not be newer than the other, or the same commit") {
    for (const uint64_t ahead : {0, 1}) {
      Image image = closed_image();
      const uint64_t newest = ImageSurgeon(image).commit().txn_id;
      edit_slot(image, false, [&](MutableBytes slot) { store(slot.subspan(104), newest + ahead); });
      check_finds(image, {"header", ahead == 0 ? "Both commit slots" : "newer commit"});
    }
  }

  TEST_CASE("a slot of an unknown version or an impossible commit is found") {
    Image image = closed_image();
    SUBCASE("txn id") {
      edit_slot(image, false, [](MutableBytes slot) { store(slot.subspan(104), ~uint64_t{0}); });
      // Opening refuses such a file, so this is what it says.
      CHECK_THROWS_CODE(open_device(FaultDevice::from_image(image)), ErrorCode::corrupted);
    }
    SUBCASE("version") {
      edit_slot(image, false, [](MutableBytes slot) { slot[0] = std::byte{9}; });
      CHECK_THROWS_CODE(open_device(FaultDevice::from_image(image)), ErrorCode::format);
    }
  }

  TEST_CASE("a length that differs from the file's is found, in a closed file") {
    Image image = closed_image();
    edit_header(image, [](format::Header& header) { header.layout.trailing_pages -= 1; });
    check_finds(image, {"header", "has " + std::to_string(image.size() - 4096) + " bytes"});
    image = closed_image();
    image.resize(image.size() + 100);
    check_finds(image, {"header", "it has " + std::to_string(image.size())});
  }

  TEST_CASE("the copy of the header is compared with the header") {
    Image image = closed_with_mirror();
    const size_t mirror = image.size() - format::kHeaderBytes;
    std::string what = "damaged";
    SUBCASE("its magic") { image[mirror] = std::byte{'x'}; }
    SUBCASE("both of its slots") {
      for (size_t slot : format::kSlotOffset) image[mirror + slot + 100] ^= std::byte{1};
    }
    SUBCASE("its older slot") {
      image[mirror + format::kSlotOffset[1 - header_of(image).primary] + 100] ^= std::byte{1};
      what = "does not match its checksum";
    }
    SUBCASE("its newer slot") {
      image[mirror + format::kSlotOffset[header_of(image).primary] + 100] ^= std::byte{1};
      what = "differs from the header";
    }
    SUBCASE("an older commit") {
      Image older = closed_with_mirror();
      edit_slot(older, true, [](MutableBytes slot) { store(slot.subspan(104), 2); });
      std::copy(older.begin() + 64, older.begin() + 320, image.begin() + 64 + mirror);
      what = "differs from the header";
    }
    SUBCASE("other geometry") {
      base::store_le32(&image[mirror + 20], 4096);
      what = "differs from the header";
    }
    check_finds(image, {"header copy at the end of the file", what});
  }

  TEST_CASE("a region of old blobs outside the file, or over the pages, is found") {
    Image image = closed_image();
    const auto with_blobs = [&](uint64_t offset, uint64_t length) {
      edit_slot(image, true, [&](MutableBytes slot) {
        slot[0] = std::byte{5};
        store(slot.subspan(72), offset);
        store(slot.subspan(80), length);
      });
    };
    SUBCASE("length past the end") {
      with_blobs(image.size(), 1);
      check_finds(image, {"header", "does not lie inside the file"});
    }
    SUBCASE("sum that wraps around") {
      with_blobs(image.size(), ~uint64_t{0} - 4096);
      check_finds(image, {"header", "does not lie inside the file"});
    }
    SUBCASE("over pages") {
      with_blobs(image.size() - 4096, 4096);
      check_finds(image, {"header", "begins before the pages end"});
    }
  }
}

TEST_SUITE("db/verify trees") {
  TEST_CASE("a flipped byte of any page is one problem, which names the page and its table") {
    Image whole = closed_image();
    ImageSurgeon surgeon(whole);
    for (const char* name : {"a", "b"}) {
      const SurgeryTree tree = surgeon.table(name);
      const std::vector<PageNumber> pages = surgeon.pages(tree);
      for (const PageNumber page :
           {pages.front(), pages[1], pages[pages.size() / 2], pages.back()}) {
        const uint64_t used = format::page_used_bytes(surgeon.page(page), tree.widths);
        // Type, count, first offsets or child, the middle and the end.
        for (const uint64_t at : {uint64_t{0}, uint64_t{2}, uint64_t{3}, uint64_t{4}, uint64_t{9},
                                  uint64_t{30}, used / 2, used - 1}) {
          CAPTURE(at);
          for (const std::byte flip : {std::byte{1}, std::byte{0x80}, std::byte{0xff}}) {
            Image image = closed_image();
            image[surgeon.layout().page_offset(page) + at] ^= flip;
            check_finds(image, {std::string("table \"") + name + "\"", "page " + page.text() + ": ",
                                page.bits()});
          }
        }
      }
    }
  }

  TEST_CASE("a flipped byte of a catalog is one problem of that catalog") {
    for (const bool system : {false, true}) {
      Image whole = closed_image();
      ImageSurgeon surgeon(whole);
      const PageNumber page = surgeon.catalog(system).root->page;
      const auto leaf = format::LeafView::parse(surgeon.page(page), format::kVariableWidths);
      const uint64_t record = leaf.value_range(0).first;
      // The kind, the root, a width, the name of a type; a name.
      for (const uint64_t at : {record, record + 12, record + 25, record + 44, record + 66,
                                leaf.key_range(0).first, uint64_t{4}}) {
        CAPTURE(at);
        Image image = closed_image();
        image[surgeon.layout().page_offset(page) + at] ^= std::byte{0x81};
        check_finds(image, {system ? "catalog of system tables" : "catalog of user tables",
                            "page " + page.text() + ": ", page.bits()});
      }
    }
  }

  TEST_CASE("keys out of order are found, within a leaf and against the separators") {
    Image image = closed_image();
    PageNumber page;
    std::string what = "out of order";
    SUBCASE("within a leaf") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("a");
        page = s.leaves(tree)[7];
        MutableBytes one = s.key(page, 3, tree.widths);
        MutableBytes other = s.key(page, 4, tree.widths);
        std::swap_ranges(one.begin(), one.end(), other.begin());
      });
    }
    SUBCASE("the same key twice") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("a");
        page = s.leaves(tree)[7];
        const MutableBytes key = s.key(page, 3, tree.widths);
        std::copy(key.begin(), key.end(), s.key(page, 4, tree.widths).begin());
      });
    }
    SUBCASE("below the separator on the left") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("a");
        const PageNumber branch = lowest_branch(s, tree);
        page = branch_at(s, branch, tree).child(2);
        store(separator(s, branch, 1, tree), base::load_le64(s.key(page, 0, tree.widths).data()));
      });
      what = "its first key is not above the separator on its left";
    }
    SUBCASE("above the separator on the right") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("a");
        const PageNumber branch = lowest_branch(s, tree);
        page = branch_at(s, branch, tree).child(1);
        const auto leaf = format::LeafView::parse(s.page(page), tree.widths);
        store(separator(s, branch, 1, tree), base::load_le64(leaf.key(leaf.size() - 2).data()));
      });
      what = "its last key is above the separator on its right";
    }
    check_finds(image, {"table \"a\"", what, page.bits()});
    // The other level does not look at order.
    OpenOptions options;
    options.mode = OpenMode::read_only;
    CHECK(open_device(FaultDevice::from_image(image), options).verify(VerifyLevel::checksums).ok());
  }

  // The child between the two separators has its keys on the wrong side of one, so it is named too.
  TEST_CASE("separators out of order are found") {
    PageNumber branch, child;
    const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
      const SurgeryTree tree = s.table("a");
      branch = lowest_branch(s, tree);
      child = branch_at(s, branch, tree).child(2);
      store(separator(s, branch, 1, tree), base::load_le64(separator(s, branch, 2, tree).data()));
    });
    OpenOptions options;
    options.mode = OpenMode::read_only;
    const VerifyReport report =
        open_device(FaultDevice::from_image(image), options).verify(VerifyLevel::full);
    REQUIRE_EQ(report.problems.size(), 2);
    CHECK_EQ(report.problems[0].page, branch.bits());
    CHECK(report.problems[0].what.find("out of order") != std::string::npos);
    CHECK_EQ(report.problems[1].page, child.bits());
  }

  TEST_CASE("the separators of the root bind its grandchildren") {
    PageNumber leaf;
    const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
      const SurgeryTree tree = s.table("a");
      const auto root = branch_at(s, tree.root->page, tree);
      REQUIRE_FALSE(btree::is_leaf(s.page(root.child(1))));
      leaf = branch_at(s, root.child(1), tree).child(0);
      store(separator(s, tree.root->page, 0, tree),
            base::load_le64(s.key(leaf, 0, tree.widths).data()));
    });
    check_finds(image, {"table \"a\"", "not above the separator on its left", leaf.bits()});
  }

  TEST_CASE("counts: of the tree, of the record, of the catalog") {
    Image image = closed_image();
    Finding expected{"table \"b\"", "its tree holds 200 entries where the root record counts 199"};
    SUBCASE("of the tree") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("b");
        record.length = record.root->length = 199;
        s.set_record("b", false, record);
      });
    }
    SUBCASE("of the record") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("b");
        record.length = 201;
        s.set_record("b", false, record);
      });
      expected.what = "Its record counts 201 rows, its root 200.";
    }
    SUBCASE("of a catalog") {
      image = damaged(image, [](ImageSurgeon& s) { s.commit().user_root->length = 4; });
      expected = {"catalog of user tables",
                  "its tree holds 3 entries where the root record counts 4"};
    }
    check_finds(image, expected);
  }

  TEST_CASE("a page used by two tables is found, with both") {
    PageNumber shared;
    const Image image = damaged(closed_image(), [&](ImageSurgeon& s) {
      const SurgeryTree a = s.table("a");
      const SurgeryTree c = s.table("c");
      const PageNumber from = lowest_branch(s, a);
      const PageNumber to = lowest_branch(s, c);
      shared = branch_at(s, from, a).child(5);
      format::BranchEditor(s.page(to), c.widths).set_child(5, shared, {});
    });
    check_finds(image,
                {"table \"c\"", "Page " + shared.text() + " is already in use by table \"a\".",
                 shared.bits()});
  }

  TEST_CASE("a cycle and a page outside the file are found") {
    PageNumber page;
    std::string what;
    Image image = closed_image();
    SUBCASE("cycle") {
      ImageSurgeon s(image);
      const SurgeryTree tree = s.table("a");
      page = tree.root->page;
      // No checksum can match on a cycle; the pages of it that do not are the damage.
      format::BranchEditor(s.page(page), tree.widths).set_child(0, page, base::kDeferredChecksum);
      auto record = s.record("a");
      record.root->checksum = base::checksum(
          Bytes(s.page(page)).first(format::page_used_bytes(s.page(page), tree.widths)));
      s.set_record("a", false, record);
      s.seal_catalogs();
      what = "Page " + page.text() + " is already in use by table \"a\".";
    }
    SUBCASE("outside") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("a");
        page = {0, 1'000'000, 0};
        format::BranchEditor(s.page(lowest_branch(s, tree)), tree.widths).set_child(3, page, {});
      });
      what = "lies outside the file";
    }
    check_finds(image, {"table \"a\"", what, page.bits()});
  }

  TEST_CASE("spec 02 D1: a checksum that was never filled in is found") {
    PageNumber page;
    Image image = closed_image();
    ImageSurgeon s(image);
    auto record = s.record("b");
    page = record.root->page;
    record.root->checksum = base::kDeferredChecksum;
    s.set_record("b", false, record);
    s.seal_catalogs();
    check_finds(image, {"table \"b\"", "never filled in", page.bits()});
  }

  TEST_CASE("a leaf at another depth is found") {
    // A branch is put above the first two leaves of a file without stored allocator state.
    const auto device = std::make_shared<FaultDevice>();
    PageNumber leaf;
    {
      Database database = open_device(device);
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table("t", kU64Type, kBytesType);
        for (uint64_t i = 0; i < 100; ++i) {
          table.put(as_bytes(le64(i)), as_bytes(std::string(200, 'x')));
        }
      }
      txn.commit();
      Image image = damaged(device->crash_image(CrashMode::durable), [&](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("t");
        const PageNumber root = tree.root->page;
        const auto view = branch_at(s, root, tree);
        REQUIRE(view.child_count() > 3);
        const PageNumber extra{0, s.layout().pages_in_region(0) - 1, 0};
        const std::vector<std::byte> key(view.key(0).begin(), view.key(0).end());
        const PageNumber first = view.child(0);
        const PageNumber second = view.child(1);
        leaf = view.child(2);
        const Bytes keys[] = {key};
        const format::BranchChild children[] = {{first, {}}, {second, {}}};
        format::build_branch(s.page(extra), children, keys, tree.widths);
        format::BranchEditor editor(s.page(root), tree.widths);
        editor.remove(0, 0);
        editor.set_child(0, extra, {});
      });
      check_finds(image, {"table \"t\"", "is at depth 1 where others are at 2", leaf.bits()});
    }
  }

  TEST_CASE("catalog records that cannot be: each is one problem") {
    Image image = closed_image();
    Finding expected{"catalog of user tables", ""};
    const auto edit = [&](const std::function<void(MutableBytes)>& change) {
      image = damaged(image, [&](ImageSurgeon& s) { s.edit_record("b", false, change); });
    };
    SUBCASE("kind") {
      edit([](MutableBytes record) { record[0] = std::byte{7}; });
      expected.what = "its kind is 7";
    }
    SUBCASE("kind of format 1") {
      edit([](MutableBytes record) { record[0] = std::byte{1}; });
      expected.what = "kind of file format 1";
    }
    SUBCASE("root flag") {
      edit([](MutableBytes record) { record[9] = std::byte{2}; });
      expected.what = "neither 0 nor 1";
    }
    SUBCASE("length of the key type") {
      edit([](MutableBytes record) { base::store_le32(&record[60], 0xffff'fff0); });
      expected.what = "key type";
    }
    SUBCASE("class of the value type") {
      edit([](MutableBytes record) { record[record.size() - 6] = std::byte{9}; });
      expected.what = "class of its value type";
    }
    SUBCASE("alignment") {
      edit([](MutableBytes record) { record[52] = std::byte{8}; });
      expected = {"table \"b\"", "alignment"};
    }
    SUBCASE("type of another width") {
      edit([](MutableBytes record) {
        // Characters have three bytes, not any number.
        REQUIRE_EQ(as_text(record.subspan(64, 5)), std::string("\x01&str"));
        std::copy_n(as_bytes("char").begin(), 4, record.begin() + 65);
      });
      expected = {"table \"b\"", "width of type char"};
    }
    SUBCASE("a name that is not UTF-8") {
      image = damaged(image, [](ImageSurgeon& s) {
        const PageNumber page = s.catalog(false).root->page;
        s.key(page, 1, format::kVariableWidths)[0] = std::byte{0xff};
      });
      // 0xff sorts behind the name that follows.
      OpenOptions options;
      options.mode = OpenMode::read_only;
      const VerifyReport report =
          open_device(FaultDevice::from_image(image), options).verify(VerifyLevel::full);
      CHECK_EQ(report.problems.size(), 2);
      CHECK(describe(report).find("not UTF-8") != std::string::npos);
      return;
    }
    check_finds(image, expected);
  }
}

TEST_SUITE("db/verify multimaps") {
  TEST_CASE("values out of order, a damaged collection and a wrong count of pairs are found") {
    Image image = golden_image("redb-closed");
    Finding expected{"table \"kept.doomed\"", ""};
    SUBCASE("order of the values") {
      image = damaged(image, [](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("kept.doomed");
        MutableBytes collection = s.value(s.leaves(tree)[0], 0, tree.widths);
        REQUIRE_EQ(collection.size(), 37);
        std::swap_ranges(collection.begin() + 5, collection.begin() + 13, collection.begin() + 13);
      });
      expected.what = "values 0 and 1 are out of order";
    }
    SUBCASE("an unknown form") {
      image = damaged(image, [](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("kept.doomed");
        s.value(s.leaves(tree)[0], 1, tree.widths)[0] = std::byte{4};
      });
      expected.what = "key 1: a multimap collection has an unknown form";
    }
    SUBCASE("surplus bytes") {
      image = damaged(image, [](ImageSurgeon& s) {
        const SurgeryTree tree = s.table("kept.doomed");
        s.value(s.leaves(tree)[0], 1, tree.widths)[3] = std::byte{3};
      });
      expected.what = "key 1: a multimap collection has surplus bytes";
    }
    SUBCASE("pairs") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("kept.doomed");
        record.length = 9;
        s.set_record("kept.doomed", false, record);
      });
      expected.what = "Its record counts 9 pairs, it holds 8.";
    }
    SUBCASE("keys") {
      image = damaged(image, [](ImageSurgeon& s) {
        auto record = s.record("kept.doomed");
        record.root->length = 3;
        s.set_record("kept.doomed", false, record);
      });
      expected.what = "holds 2 entries where the root record counts 3";
    }
    check_finds(image, expected);
  }

  TEST_CASE("a subtree is checked like any tree") {
    const Image sound = subtree_image();
    {
      const Database database = open_device(FaultDevice::from_image(sound));
      CHECK_VERIFIES(database);
      CHECK(database.verify(VerifyLevel::full).entries_checked > 402);
    }
    Image image = sound;
    Finding expected{"table \"many\"", ""};
    const auto subtree = [](ImageSurgeon& s) {
      const SurgeryTree outer = s.table("many");
      const auto root = format::RootRecord::decode(&s.value(outer.root->page, 0, outer.widths)[1]);
      return SurgeryTree{root, btree::collection_widths(std::nullopt)};
    };
    SUBCASE("a flipped byte") {
      ImageSurgeon s(image);
      const PageNumber page = s.leaves(subtree(s))[2];
      image[s.layout().page_offset(page) + 900] ^= std::byte{4};
      expected.what = "checksum differs";
      expected.page = page.bits();
    }
    SUBCASE("its count") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree outer = s.table("many");
        store(s.value(outer.root->page, 0, outer.widths).subspan(25), 399);
      });
      expected.what = "holds 400 entries where the root record counts 399";
    }
    SUBCASE("order") {
      image = damaged(image, [&](ImageSurgeon& s) {
        const SurgeryTree tree = subtree(s);
        const PageNumber page = s.leaves(tree)[2];
        MutableBytes one = s.key(page, 3, tree.widths);
        MutableBytes other = s.key(page, 4, tree.widths);
        std::swap_ranges(one.begin(), one.end(), other.begin());
        expected.page = page.bits();
      });
      expected.what = "keys 3 and 4 are out of order";
    }
    check_finds(image, expected);
  }
}

}  // namespace rdb::test
