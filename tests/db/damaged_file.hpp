// damaged_file.hpp: sound files to damage, and the check that verification finds one thing wrong.
#pragma once

#include <functional>
#include <string>

#include "contents.hpp"
#include "golden_files.hpp"
#include "image_surgeon.hpp"
#include "support.hpp"

namespace rdb::test {

// Closed by rdb: tables "a" and "c" of the same rows (u64 keys, three levels), "b" (&str keys).
inline const Image& closed_image() {
  static const Image image = [] {
    const auto device = std::make_shared<FaultDevice>();
    Database database = open_device(device);
    // One after the other, so that no commit has pages of its catalog at the end of the file, where
    // closing cuts off what it frees: the one to fall back to stays whole.
    for (const char* name : {"a", "c"}) {
      WriteTxn txn = database.begin_write();
      {
        Table table = txn.open_table(name, kU64Type, kBytesType);
        for (uint64_t i = 0; i < 3000; ++i) {
          table.put(as_bytes(le64(i)), as_bytes(std::string(200, static_cast<char>('a' + i % 26))));
        }
      }
      txn.commit();
    }
    WriteTxn txn = database.begin_write();
    {
      Table table = txn.open_table("b", kTextType, kBytesType);
      for (int i = 0; i < 200; ++i) {
        table.put(as_bytes("key " + std::to_string(i)), as_bytes(std::string(50, 'v')));
      }
    }
    txn.commit();
    database.close();
    return device->live_image();
  }();
  return image;
}

// The golden file with a savepoint and page lists in that byte order, taken on and closed by rdb.
inline const Image& savepoint_image(const std::string& engine) {
  static std::map<std::string, Image> images;
  Image& image = images[engine];
  if (image.empty()) {
    const auto device = FaultDevice::from_image(golden_image(engine + "-savepoint"));
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    txn.open_table("extra", kU64Type, kBytesType).put(as_bytes(le64(1)), as_bytes("one"));
    txn.commit();
    database.close();
    image = device->live_image();
  }
  return image;
}

inline Contents contents_of_normal_tables(const Database& database) {
  Contents contents;
  const ReadTxn txn = database.begin_read();
  for (const TableInfo& info : txn.list_tables()) {
    if (info.kind == TableKind::normal)
      contents[info.name] = rows_of(txn.open_table_raw(info.name));
  }
  return contents;
}

struct Finding {
  std::string object;
  std::string what;  // part of it
  uint64_t page = Error::kNoPosition;
};

inline std::string describe(const VerifyReport& report) {
  std::string text;
  for (const VerifyProblem& p : report.problems) text += p.object + ": " + p.what + "\n";
  return text;
}

// Verification, without writing, finds this and nothing else; so it does beside a writer when the
// file opens for writing. kNoPosition for page: any.
inline void check_finds(const Image& image, const Finding& expected,
                        VerifyLevel level = VerifyLevel::full) {
  CAPTURE(expected.object);
  CAPTURE(expected.what);
  OpenOptions options;
  options.mode = OpenMode::read_only;
  options.accept_damage = true;
  const auto device = FaultDevice::from_image(image);
  const Database database = open_device(device, options);
  const VerifyReport report = database.verify(level);
  const std::string found = describe(report);
  CAPTURE(found);
  REQUIRE_EQ(report.problems.size(), 1);
  const VerifyProblem& problem = report.problems.front();
  CHECK_EQ(problem.object, expected.object);
  CHECK(problem.what.find(expected.what) != std::string::npos);
  CHECK_FALSE(problem.meaning.empty());
  if (expected.page != Error::kNoPosition) CHECK_EQ(problem.page, expected.page);
  CHECK(device->live_image() == image);
}

using Damage = std::function<void(ImageSurgeon&)>;

// An image with this damage and matching checksums.
inline Image damaged(Image image, const Damage& damage) {
  ImageSurgeon surgeon(image);
  damage(surgeon);
  surgeon.seal();
  return image;
}

// A normal table of suitable rows is turned into a multimap: key "k" has a subtree, the former
// tree of "sub"; key "l" has two values inline.
inline Image subtree_image() {
  const auto device = std::make_shared<FaultDevice>();
  {
    Database database = open_device(device);
    WriteTxn txn = database.begin_write();
    {
      Table sub = txn.open_table("sub", kBytesType, {TypeName::kBuiltin, "()"});
      for (int i = 100; i < 500; ++i) {
        sub.put(as_bytes("value " + std::to_string(i) + std::string(30, '.')), {});
      }
      Table outer = txn.open_table("many", kTextType, kBytesType);
      outer.put(as_bytes("k"), unhex("03" + hex(std::vector<std::byte>(32))));
      outer.put(as_bytes("l"), unhex("01 01000200 0d000000 0e000000 61 62"));
    }
    txn.commit();
    database.close();
  }
  return damaged(device->live_image(), [](ImageSurgeon& s) {
    const format::TableRecord sub = s.record("sub");
    format::TableRecord many = s.record("many");
    const SurgeryTree outer = s.table("many");
    sub.root->encode(&s.value(outer.root->page, 0, outer.widths)[1]);
    many.kind = TableKind::multimap;
    many.length = 402;
    s.set_record("many", false, many);
    s.forget_table("sub");
  });
}

}  // namespace rdb::test
