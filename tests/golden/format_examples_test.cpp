// The worked examples of the format specification, byte for byte: builders reproduce them, readers
// accept them, and the checksums are the stored ones.
#include <array>
#include <string>
#include <vector>

#include "base/checksum.hpp"
#include "base/endian.hpp"
#include "format/branch_builder.hpp"
#include "format/branch_view.hpp"
#include "format/header.hpp"
#include "format/leaf_builder.hpp"
#include "format/leaf_editor.hpp"
#include "format/leaf_view.hpp"
#include "format/page_number.hpp"
#include "format/table_record.hpp"
#include "format/type_info.hpp"
#include "support.hpp"

using namespace rdb;
using namespace rdb::test;
using format::BranchChild;
using format::BranchView;
using format::Header;
using format::LeafEntry;
using format::LeafView;
using format::PageNumber;
using format::RootRecord;
using format::TableRecord;
using format::Widths;

namespace {

using Blob = std::vector<std::byte>;
using Pairs = std::vector<std::pair<Blob, Blob>>;

Blob u64(uint64_t value) {
  Blob out(8);
  base::store_le64(out.data(), value);
  return out;
}

std::string checksum_text(Bytes bytes) {
  std::array<std::byte, base::Checksum::kBytes> out;
  base::checksum(bytes).encode(out.data());
  return hex(out);
}

base::Checksum checksum_of(std::string_view text) {
  return base::Checksum::decode(unhex(text).data());
}

// Builds the leaf, and reads the example back.
void check_leaf(const Pairs& pairs, const Widths& widths, std::string_view expected,
                std::string_view checksum) {
  std::vector<LeafEntry> entries;
  for (const auto& [key, value] : pairs) entries.push_back({key, value});
  const Blob example = unhex(expected);

  Blob page(4096, std::byte{0xEE});
  const uint64_t used = format::build_leaf(page, entries, widths);
  CHECK(hex(Bytes(page).first(used)) == hex(example));
  CHECK(checksum_text(Bytes(page).first(used)) == checksum);

  for (Bytes bytes : {Bytes(page), Bytes(example)}) {
    const LeafView view = LeafView::parse(bytes, widths);
    view.verify_offsets();
    CHECK(view.used_bytes() == example.size());
    REQUIRE(view.size() == pairs.size());
    for (uint32_t i = 0; i < view.size(); ++i) {
      CHECK(hex(view.key(i)) == hex(pairs[i].first));
      CHECK(hex(view.value(i)) == hex(pairs[i].second));
    }
  }
}

void check_branch(const std::vector<BranchChild>& children, const Blob& key, const Widths& widths,
                  std::string_view expected, std::string_view checksum) {
  const Bytes keys[] = {key};
  Blob page(4096, std::byte{0xEE});
  const uint64_t used = format::build_branch(page, children, keys, widths);
  CHECK(hex(Bytes(page).first(used)) == hex(unhex(expected)));
  CHECK(checksum_text(Bytes(page).first(used)) == checksum);

  const BranchView view = BranchView::parse(page, widths);
  view.verify_offsets();
  CHECK(view.used_bytes() == used);
  REQUIRE(view.key_count() == 1);
  CHECK(hex(view.key(0)) == hex(key));
  for (uint32_t i = 0; i < 2; ++i) {
    CHECK(view.child(i) == children[i].page);
    CHECK(view.child_checksum(i) == children[i].checksum);
  }
}

void check_record(const TableRecord& record, std::string_view expected) {
  CHECK(hex(record.encode()) == hex(unhex(expected)));
  CHECK(TableRecord::parse("t", unhex(expected)) == record);
}

constexpr std::string_view kEmptyU64ToBytes =
    "03 0000000000000000"
    "00 0000000000000000 00000000000000000000000000000000 0000000000000000"
    "01 08000000 00 00000000 01000000 01000000 04000000 01753634 01265b75385d";
constexpr std::string_view kU64ToU64 =
    "03 0300000000000000"
    "01 0500000000000000 1f835df6b7279d251eba7b623e11ff23 0300000000000000"
    "01 08000000 01 08000000 01000000 01000000 04000000 01753634 01753634";

constexpr Widths kVariable = format::kVariableWidths;

}  // namespace

TEST_SUITE("golden/checksums") {
  TEST_CASE("XXH3-128 is stored low half first") {
    CHECK(checksum_text({}) == "7f498d4624c30160d8984701d306aa99");
    // a96faf705af16834e6c632b61e964e1f as a number
    CHECK(checksum_text(as_bytes("a")) == "1f4e961eb632c6e63468f15a70af6fa9");
  }
}

TEST_SUITE("golden/pages") {
  TEST_CASE("18.1: a leaf with both widths fixed") {
    check_leaf({{u64(1), u64(100)}, {u64(2), u64(200)}, {u64(256), u64(300)}}, {8, 8},
               "01000300 0100000000000000 0200000000000000 0001000000000000"
               "6400000000000000 c800000000000000 2c01000000000000",
               "1f835df6b7279d251eba7b623e11ff23");
  }

  TEST_CASE("18.2: a leaf with both widths variable") {
    check_leaf({{bytes_of("a"), bytes_of("one")}, {bytes_of("bc"), {}}}, kVariable,
               "01000200 15000000 17000000 1a000000 1a000000 61 6263 6f6e65",
               "4401d1a139c5315bd1c25b6341690931");
  }

  TEST_CASE("18.3: a leaf with fixed keys and variable values") {
    check_leaf({{unhex("05000000"), unhex("dead")}, {unhex("06000000"), unhex("beef01")}},
               {4, std::nullopt}, "01000200 16000000 19000000 05000000 06000000 dead beef01",
               "d2b643f99d869012b5652f8ba2255281");
  }

  TEST_CASE("18.4: a leaf with variable keys and fixed values") {
    check_leaf({{bytes_of("k1"), u64(1)}, {bytes_of("key2"), u64(2)}}, {std::nullopt, 8},
               "01000200 0e000000 12000000 6b31 6b657932 0100000000000000 0200000000000000",
               "441cd9906e5e96bd077985ef95c6af8e");
  }

  TEST_CASE("18.5: a leaf with values of no bytes") {
    check_leaf({{unhex("03"), {}}, {unhex("09"), {}}}, {1, 0}, "01000200 03 09",
               "388d6ef26fe0ca03de45825167e006a2");
  }

  TEST_CASE("18.6: a branch with fixed keys") {
    check_leaf({{u64(1), u64(100)}, {u64(2), u64(200)}}, {8, 8},
               "01000200 0100000000000000 0200000000000000 6400000000000000 c800000000000000",
               "1bf12db8b729f2b5c8a1f602da68a33a");
    check_leaf({{u64(256), u64(300)}}, {8, 8}, "01000100 0001000000000000 2c01000000000000",
               "8c7bf885bbb23238dbff15bfd4f8e80f");
    check_branch({{{0, 5, 0}, checksum_of("1bf12db8b729f2b5c8a1f602da68a33a")},
                  {{0, 6, 0}, checksum_of("8c7bf885bbb23238dbff15bfd4f8e80f")}},
                 u64(2), {8, 8},
                 "02000100 00000000 1bf12db8b729f2b5c8a1f602da68a33a"
                 "8c7bf885bbb23238dbff15bfd4f8e80f 0500000000000000 0600000000000000"
                 "0200000000000000",
                 "34d29600485c47abf726c28afccad953");
  }

  TEST_CASE("18.7: a branch with variable keys") {
    check_leaf({{bytes_of("d"), bytes_of("two")}}, kVariable,
               "01000100 0d000000 10000000 64 74776f", "dd149aa676b6f21775b90ba59175db9d");
    check_branch({{{0, 8, 0}, checksum_of("4401d1a139c5315bd1c25b6341690931")},
                  {{0, 9, 0}, checksum_of("dd149aa676b6f21775b90ba59175db9d")}},
                 bytes_of("bc"), kVariable,
                 "02000100 00000000 4401d1a139c5315bd1c25b6341690931"
                 "dd149aa676b6f21775b90ba59175db9d 0800000000000000 0900000000000000"
                 "3e000000 6263",
                 "d7d51e1f3d615f8bcb74c4189a3c4899");
  }

  TEST_CASE("18.8: a page number") {
    std::array<std::byte, 8> out;
    PageNumber{1, 3, 2}.encode(out.data());
    CHECK(hex(out) == "0300100000000010");
    CHECK(PageNumber::decode(out.data()) == PageNumber{1, 3, 2});
  }

  TEST_CASE("18.9: an insertion and a removal in place") {
    Blob page(64, std::byte{0xEE});
    const Blob example = unhex("01000200 15000000 17000000 1a000000 1a000000 61 6263 6f6e65");
    std::copy(example.begin(), example.end(), page.begin());
    page[1] = std::byte{0xEE};
    format::LeafEditor editor(page, kVariable);
    editor.insert(1, as_bytes("ab"), as_bytes("XY"));
    CHECK(editor.used_bytes() == 38);
    CHECK(hex(page) == hex(unhex("01ee0300 1d000000 1f000000 21000000 24000000 26000000 26000000"
                                 "61 6162 6263 6f6e65 5859")) +
                           hex(Blob(64 - 38, std::byte{0xEE})));
    editor.remove(0);
    CHECK(editor.used_bytes() == 26);
    CHECK(hex(Bytes(page).first(26)) ==
          hex(unhex("01ee0200 16000000 18000000 1a000000 1a000000 6162 6263 5859")));
  }
}

TEST_SUITE("golden/catalog") {
  TEST_CASE("18.10: records of an empty table, a table with a root and a tuple table") {
    TableRecord record;
    record.widths = {8, std::nullopt};
    record.key_type = {TypeName::kBuiltin, "u64"};
    record.value_type = {TypeName::kBuiltin, "&[u8]"};
    check_record(record, kEmptyU64ToBytes);

    record.length = 3;
    record.root = RootRecord{{0, 5, 0}, checksum_of("1f835df6b7279d251eba7b623e11ff23"), 3};
    record.widths = {8, 8};
    record.value_type.name = "u64";
    check_record(record, kU64ToU64);

    TableRecord tuple;
    tuple.widths = {std::nullopt, 9};
    tuple.key_type = {TypeName::kTuple, "(u64,&str)"};
    tuple.value_type = {TypeName::kBuiltin, "Option<u64>"};
    check_record(tuple,
                 "03 0000000000000000"
                 "00 0000000000000000 00000000000000000000000000000000 0000000000000000"
                 "00 00000000 01 09000000 01000000 01000000 0b000000"
                 "03 287536342c2673747229 01 4f7074696f6e3c7536343e");
    CHECK(tuple.encode().size() == 87);
  }

  TEST_CASE("18.11: a catalog leaf with two records") {
    check_leaf({{bytes_of("a"), unhex(kEmptyU64ToBytes)}, {bytes_of("tbl"), unhex(kU64ToU64)}},
               kVariable,
               "01000200 15000000 18000000 62000000 aa000000 61 74626c" +
                   std::string(kEmptyU64ToBytes) + std::string(kU64ToU64),
               "ff7784c14486afa3af9af12d20842019");
  }

  TEST_CASE("18.12: the pages and the record of a multimap") {
    check_leaf({{u64(7), {}}, {u64(8), {}}, {u64(9), {}}}, {8, 0},
               "01000300 0700000000000000 0800000000000000 0900000000000000",
               "99e03a4c4ccddb0840d9893f75e0ba21");
    check_leaf({{bytes_of("x"), unhex("01 01000200 0100000000000000 0500000000000000")},
                {bytes_of("y"), unhex("03 0c00000000000000 99e03a4c4ccddb0840d9893f75e0ba21"
                                      "0300000000000000")}},
               kVariable,
               "01000200 15000000 16000000 2b000000 4c000000 78 79"
               "01 01000200 0100000000000000 0500000000000000"
               "03 0c00000000000000 99e03a4c4ccddb0840d9893f75e0ba21 0300000000000000",
               "b60fb3432e84e317ac4509e85f4bfe1f");
    TableRecord record;
    record.kind = TableKind::multimap;
    record.length = 5;
    record.root = RootRecord{{0, 13, 0}, checksum_of("b60fb3432e84e317ac4509e85f4bfe1f"), 2};
    record.widths = {std::nullopt, 8};
    record.key_type = {TypeName::kBuiltin, "&str"};
    record.value_type = {TypeName::kBuiltin, "u64"};
    check_record(record,
                 "04 0500000000000000"
                 "01 0d00000000000000 b60fb3432e84e317ac4509e85f4bfe1f 0200000000000000"
                 "00 00000000 01 08000000 01000000 01000000 05000000 0126737472 01753634");
    CHECK(record.tree_widths() == kVariable);
  }

  TEST_CASE("18.13: fixed widths told by the type names are those of the encoded values") {
    const auto width = [](const char* name) {
      return format::describe_type({TypeName::kBuiltin, name}).width;
    };
    CHECK(width("u64") == 8);
    CHECK(width("i32") == 4);
    CHECK(width("char") == 3);
    CHECK(width("f32") == 4);
    CHECK(width("Option<u64>") == 9);
    CHECK(width("[u16;3]") == 6);
    CHECK(width("(u64,u32)") == 12);
    CHECK(width("redb::vec::ScalarQuantized<3>") == 11);
    for (const char* name : {"Option<&str>", "[&str;3]", "Vec<u16>", "Vec<&str>", "(u64,&str)",
                             "[(u8,&str);2]", "ttl::&str"}) {
      CHECK_FALSE(width(name).has_value());
    }
  }
}

TEST_SUITE("golden/header") {
  TEST_CASE("the header of a new file of the reference") {
    Header header = Header::create({0, 1 << 20, 0, 257}, 3);
    format::CommitSlot first;
    first.txn_id = 1;
    header.set_slot(1, first);
    header.primary = 1;
    header.recovery_required = true;

    Blob expected = unhex(
        "72656462 1a0aa90d 0a070000 00100000 00000000 00001000 00000000 01010000 00000000 00000000"
        "00000000 00000000 00000000 00000000 00000000 00000000");
    REQUIRE(expected.size() == 64);
    Blob slot(128);
    slot[0] = std::byte{3};
    const auto append_slot = [&](uint8_t txn, std::string_view checksum) {
      slot[104] = std::byte{txn};
      const Blob sum = unhex(checksum);
      std::copy(sum.begin(), sum.end(), slot.begin() + 112);
      expected.insert(expected.end(), slot.begin(), slot.end());
    };
    append_slot(0, "1a6ab5ef61d1808d072c039386fbbc3f");
    append_slot(1, "df1543f4d8ab0df747fd5796f08decbf");

    CHECK(hex(header.encode()) == hex(expected));
    const Header read = Header::parse(std::span(expected).first<format::kHeaderBytes>());
    CHECK(read.slot(1) == first);
    CHECK(read.recovery_required);
    CHECK(read.two_phase);
    CHECK(read.layout.file_bytes() == 258 * 4096);
    // The mirror of that commit was written before the recovery bit was set.
    header.recovery_required = false;
    const auto mirror = header.encode_mirror();
    CHECK(hex(Bytes(mirror).first(10)) == "6d6564621a0aa90d0a05");
  }

  TEST_CASE("a file being created has the two-phase flag, two equal slots and no magic") {
    const auto bytes = Header::create({0, 1 << 20, 0, 257}, 3).encode_without_magic();
    CHECK(hex(Bytes(bytes).first(16)) == "00000000000000000004000000100000");
    CHECK(std::equal(&bytes[64], &bytes[192], &bytes[192]));
  }

  TEST_CASE("checksums of empty slots") {
    const auto sum = [](uint8_t version, uint64_t txn_id) {
      format::CommitSlot slot;
      slot.version = version;
      slot.txn_id = txn_id;
      return hex(Bytes(slot.encode()).subspan(112));
    };
    CHECK(sum(3, 0) == "1a6ab5ef61d1808d072c039386fbbc3f");
    CHECK(sum(3, 1) == "df1543f4d8ab0df747fd5796f08decbf");
    CHECK(sum(4, 0) == "3f54c614ed61c3c12621a39f26253db9");
    CHECK(sum(4, 1) == "896a743485060df2d58875bb28b9d461");
    CHECK(sum(5, 0) == "4ee8a0eb5d78dd399b3c082d6d0ca063");
  }
}
