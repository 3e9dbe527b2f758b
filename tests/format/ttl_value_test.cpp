#include "format/ttl_value.hpp"

#include <string>

#include "format/type_info.hpp"
#include "support.hpp"

namespace rdb::test {

using namespace format;

TEST_SUITE("format/ttl_value") {
  TEST_CASE("the expiry is eight little-endian bytes in front of the value") {
    // Golden bytes of the format document: "hi", and two of u64.
    const auto hi = unhex("0068e5cf8b010000 6869");
    CHECK_EQ(expiry_of(hi), 1700000000000);
    CHECK_EQ(as_text(behind_expiry(hi)), "hi");
    const auto never = unhex("0000000000000000 0100000000000000");
    CHECK_EQ(expiry_of(never), kNeverExpires);
    CHECK_EQ(hex(behind_expiry(never)), "0100000000000000");
    const auto saturated = unhex("ffffffffffffffff 0700000000000000");
    CHECK_EQ(expiry_of(saturated), UINT64_MAX);
    CHECK_EQ(hex(behind_expiry(saturated)), "0700000000000000");
  }

  TEST_CASE("bytes too short for an expiry never expire and hold the empty value") {
    for (const char* text : {"", "01", "01020304050607"}) {
      const auto stored = unhex(text);
      CHECK_EQ(expiry_of(stored), kNeverExpires);
      CHECK(behind_expiry(stored).empty());
      CHECK_FALSE(has_expired(expiry_of(stored), UINT64_MAX));
    }
    CHECK(behind_expiry(unhex("0100000000000000")).empty());
    CHECK_EQ(expiry_of(unhex("0100000000000000")), 1);
  }

  TEST_CASE("a value has expired from its moment on") {
    CHECK_FALSE(has_expired(1000, 999));
    CHECK(has_expired(1000, 1000));
    CHECK(has_expired(1000, 1001));
    CHECK_FALSE(has_expired(kNeverExpires, UINT64_MAX));
  }

  TEST_CASE("lifetimes beyond the last moment end with it, and none ends at zero") {
    CHECK_EQ(expiry_after(1000, 0), 1000);
    CHECK_EQ(expiry_after(1000, 500), 1500);
    CHECK_EQ(expiry_after(UINT64_MAX - 5, 5), UINT64_MAX);
    CHECK_EQ(expiry_after(UINT64_MAX - 5, 6), UINT64_MAX);
    CHECK_EQ(expiry_after(1700000000000, UINT64_MAX - 1), UINT64_MAX);
    CHECK_EQ(expiry_after(0, 0), 1);  // shodh-redb stores 0 here, which means never
    CHECK_EQ(expiry_after(0, 1), 1);
  }

  TEST_CASE("the type's name has a prefix, and its class is always 1") {
    const auto round_trip = [](const TypeName& value, std::string_view name) {
      const TypeName ttl = ttl_type_of(value);
      CHECK(is_ttl_type(ttl));
      CHECK_EQ(ttl.type_class, TypeName::kBuiltin);
      CHECK_EQ(ttl.name, name);
      CHECK(inner_type_of(ttl) == value);
      return describe_type(ttl);
    };
    CHECK(round_trip({TypeName::kBuiltin, "u64"}, "ttl::u64").width == 16);
    CHECK_FALSE(round_trip({TypeName::kBuiltin, "&str"}, "ttl::&str").width.has_value());
    CHECK(round_trip({TypeName::kBuiltin, "(u64,u32)"}, "ttl::(u64,u32)").width == 20);
    CHECK(round_trip({TypeName::kUserDefined, "uuid::Uuid"}, "ttl::uuid::Uuid").width == 24);
    CHECK_FALSE(round_trip({TypeName::kTuple, "(u64,&str)"}, "ttl::(u64,&str)").width.has_value());
    // Class 1 is the encoding of redb 2, which the name alone does not tell.
    CHECK_FALSE(
        round_trip({TypeName::kBuiltin, "(u64,&str)"}, "ttl::(u64,&str)").width.has_value());
    CHECK_FALSE(round_trip({TypeName::kUserDefined, "my::Own"}, "ttl::my::Own").known);
    CHECK_FALSE(is_ttl_type({TypeName::kUserDefined, "ttl::u64"}));
    CHECK_FALSE(is_ttl_type({TypeName::kBuiltin, "u64"}));
  }
}

}  // namespace rdb::test
