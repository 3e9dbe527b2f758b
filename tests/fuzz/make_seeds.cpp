// make_seeds.cpp: writes first inputs for each target, from small databases made here and from
// files of the Rust engines. Coverage and minimisation take over from there; no test needs this
// program.
//
// usage: make_fuzz_seeds FOLDER [DATABASE-FILE...]
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "format/header.hpp"
#include "format/page_list.hpp"
#include "format/table_record.hpp"
#include "format/txn_page_key.hpp"
#include "image.hpp"
#include "image_backend.hpp"
#include "image_trees.hpp"
#include "rdb/database.hpp"

namespace rdb::fuzz {
namespace {

using format::RootRecord;
using test::Catalog;
using Blob = std::vector<std::byte>;

const TypeName kBytesType{TypeName::kBuiltin, "&[u8]"};
const TypeName kTextType{TypeName::kBuiltin, "&str"};
const TypeName kU64Type{TypeName::kBuiltin, "u64"};

Blob le64(uint64_t value) {
  Blob bytes(8);
  base::store_le64(bytes.data(), value);
  return bytes;
}

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void add(const char* target, const std::string& name, const Blob& bytes) {
    const auto folder = folder_ / target;
    std::filesystem::create_directories(folder);
    std::ofstream out(folder / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    require(out.good(), "cannot write " + (folder / name).string());
  }

  void add_image(const std::string& name, const Image& image, Recipe recipe = {}) {
    add("fuzz_image", name, describe_image(image, recipe));
    if (image.size() < format::kHeaderBytes) return;
    Blob header{std::byte{3}};
    header.insert(header.end(), image.begin(), image.begin() + format::kHeaderBytes);
    add("fuzz_header", name, header);
    // Pages: what they are is for the target to guess.
    int count = 0;
    for (size_t at = format::kPageBytes; at + format::kPageBytes <= image.size() && count < 12;
         at += format::kPageBytes) {
      if (image[at] != std::byte{1} && image[at] != std::byte{2}) continue;
      for (const uint8_t width : {uint8_t{0}, uint8_t{5}}) {
        Blob page{std::byte{width}, std::byte{width}, std::byte(width == 5 ? 2 : 0),
                  std::byte{255}};
        page.insert(page.end(), image.begin() + static_cast<ptrdiff_t>(at),
                    image.begin() + static_cast<ptrdiff_t>(at) + 4080);
        page.resize(page.size() + 64, std::byte{1});
        add("fuzz_page", name + "-" + std::to_string(count), page);
      }
      ++count;
    }
  }

 private:
  std::filesystem::path folder_;
};

// An image of what work leaves behind; left without closing when crashed.
Image image_of(OpenOptions options, bool crashed, const std::function<void(Database&)>& work) {
  const auto device = std::make_shared<Device>();
  Image image;
  {
    Database database = Database::open_backend(std::make_unique<ImageBackend>(device), options);
    work(database);
    if (crashed) image = device->image;
    database.close();
  }
  return crashed ? image : device->image;
}

void put_some(Database& database, int rows, int from = 0) {
  WriteTxn txn = database.begin_write();
  {
    Table bytes = txn.open_table("a", kBytesType, kBytesType);
    Table numbers = txn.open_table("numbers", kU64Type, kU64Type);
    Table text = txn.open_table("text", kTextType, kU64Type);
    for (int i = from; i < from + rows; ++i) {
      const std::string key = "key " + std::to_string(i * 37 % 101) + std::to_string(i);
      bytes.put(as_bytes(key), Blob(static_cast<size_t>(i % 50), std::byte{'v'}));
      numbers.put(le64(static_cast<uint64_t>(i)), le64(static_cast<uint64_t>(i * i)));
      text.put(as_bytes(key), le64(7));
    }
    if (rows > 50) bytes.put(as_bytes("large"), Blob(20'000, std::byte{'L'}));
  }
  txn.commit();
}

void make_all(Seeds& seeds, const std::vector<std::filesystem::path>& files) {
  const Image small = image_of({}, false, [](Database& database) { put_some(database, 3); });
  const Image trees = image_of({}, false, [](Database& database) { put_some(database, 300); });
  seeds.add_image("empty", image_of({}, false, [](Database&) {}));
  seeds.add_image("small", small);
  seeds.add_image("trees", trees);
  seeds.add_image("unread", trees, {kFixAll, 1, 0, 0, 77});
  seeds.add_image("crashed", image_of({}, true, [](Database& database) {
                    put_some(database, 40);
                    put_some(database, 40, 20);
                  }));
  seeds.add_image("quick", image_of({}, true, [](Database& database) {
                    put_some(database, 40);
                    WriteTxn txn = database.begin_write();
                    txn.set_quick_repair(true);
                    txn.delete_table("text");
                    txn.commit();
                  }));
  OpenOptions options;
  options.region_pages = 16;
  seeds.add_image("regions", image_of(options, false, [](Database& database) {
                    put_some(database, 30);
                    put_some(database, 30, 15);
                  }));
  options.region_pages = 1;
  seeds.add_image("tiny-regions",
                  image_of(options, false, [](Database& database) { put_some(database, 5); }));
  options = {};
  options.eof_mirror = true;
  seeds.add_image("mirror",
                  image_of(options, true, [](Database& database) { put_some(database, 5); }),
                  {kFixAll | kFixMirror, 4, 0, 0, 5});
  options = {};
  options.key_profile = KeyProfile::redb;
  seeds.add_image("redb-order",
                  image_of(options, false, [](Database& database) { put_some(database, 5); }));

  for (const Catalog catalog : {Catalog::user, Catalog::system}) {
    Image ladder = small;
    test::add_catalog_ladder(ladder, catalog, 60);
    seeds.add_image(catalog == Catalog::user ? "ladder-user" : "ladder-system", ladder);
  }
  const std::pair<const char*, Catalog> tables[] = {
      {"numbers", Catalog::user}, {"a", Catalog::user}, {"allocator_state", Catalog::system}};
  for (const auto& [table, catalog] : tables) {
    Image ladder = small;
    test::add_table_ladder(ladder, catalog, table, 60);
    seeds.add_image(std::string("ladder-") + table, ladder);
  }
  {
    Image listed = small;
    const format::PageNumber pages[] = {{0, 0, 0}, {0, 0, 1}, {0, 3, 0}};
    const auto list = format::make_page_list(pages, 10);
    const auto key = format::TxnPageKey{1, 0}.encode(KeyProfile::shodh);
    const format::LeafEntry entry{key, list};
    test::set_only_leaf(listed, Catalog::system, "data_pages_unreachable", {&entry, 1});
    seeds.add_image("listed", listed);
  }
  for (const auto& [name, image] : {std::pair("all-free", small), {"all-free-trees", trees}}) {
    Image hostile = image;
    test::free_all_pages(hostile);
    seeds.add_image(name, hostile);
  }
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(in), {}};
    const Bytes bytes = as_bytes({content.data(), content.size()});
    seeds.add_image(file.filename().string(), Image(bytes.begin(), bytes.end()));
  }

  // Records and rows, as the engine writes them.
  format::TableRecord record;
  record.key_type = kU64Type;
  record.value_type = kBytesType;
  record.widths = {8, std::nullopt};
  record.root = RootRecord{{0, 5, 0}, {1, 2}, 3};
  for (const char* type : {"u64", "[u16;4]", "(u64,&str)", "Option<u32>", "Vec<[f32;8]>", "char"}) {
    record.value_type.name = type;
    Blob input{std::byte{5}};
    for (char c : {'t', 'a', 'b', 'l', 'e'}) input.push_back(static_cast<std::byte>(c));
    const Blob encoded = record.encode();
    input.insert(input.end(), encoded.begin(), encoded.end());
    seeds.add("fuzz_catalog", type, input);
  }
}

}  // namespace
}  // namespace rdb::fuzz

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  rdb::fuzz::Seeds seeds(argv[1]);
  rdb::fuzz::make_all(seeds, {argv + 2, argv + argc});
  return 0;
}
