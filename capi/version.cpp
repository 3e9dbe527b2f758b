// version.cpp: versions, features and the function table.
#include <bit>
#include <string_view>

#include "args.hpp"
#include "guard.hpp"

namespace rdb::capi {
namespace {

// RDB_BUILD_VERSION comes from meson.build, the header's text from its author.
static_assert(std::string_view(RDB_VERSION) == RDB_BUILD_VERSION,
              "meson.build and rdb.h name different versions");

#if defined(__clang__)
#define RDB_COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define RDB_COMPILER "gcc " __VERSION__
#else
#define RDB_COMPILER "unknown compiler"
#endif

#if defined(__x86_64__)
#define RDB_MACHINE "x86-64"
#elif defined(__aarch64__)
#define RDB_MACHINE "aarch64"
#else
#define RDB_MACHINE "other machine"
#endif

#if defined(NDEBUG)
#define RDB_CHECKS "without assertions"
#else
#define RDB_CHECKS "with assertions"
#endif

constexpr char kBuildInfo[] = "rdb " RDB_VERSION ", " RDB_COMPILER ", " RDB_MACHINE ", " RDB_CHECKS;

constexpr std::string_view kFeatures[] = {
    "tables",          "multimaps",        "memory", "verify", "eof_mirror", "quick_repair",
    "compression.lz4", "compression.zstd", "merge",  "bulk",   "ttl"};

constexpr rdb_api_v1 kApi = {
    sizeof(rdb_api_v1),
    RDB_ABI_VERSION,
    0,
#include "api_table.inc"
};

}  // namespace
}  // namespace rdb::capi

using namespace rdb::capi;

const char* rdb_version(void) { return RDB_VERSION; }

uint32_t rdb_version_number(void) { return RDB_VERSION_NUMBER; }

uint32_t rdb_abi_version(void) { return RDB_ABI_VERSION; }

const char* rdb_build_info(void) { return kBuildInfo; }

rdb_status rdb_check_abi(uint32_t header_version, rdb_error* err) {
  return guard(err, [&] {
    const uint32_t header_major = header_version >> 16;
    if (header_major < RDB_ABI_MAJOR) {
      throw rdb::Error(rdb::ErrorCode::unsupported,
                       "the program was built for an earlier major version of the interface");
    }
    if (header_version > RDB_ABI_VERSION) {
      throw rdb::Error(rdb::ErrorCode::library_too_old,
                       "the program was built for a newer version of the interface");
    }
  });
}

int32_t rdb_has_feature(rdb_slice name) {
  if (name.data == nullptr) return 0;
  const std::string_view wanted(static_cast<const char*>(name.data), name.size);
  for (const std::string_view feature : kFeatures) {
    if (feature == wanted) return 1;
  }
  return 0;
}

const rdb_api_v1* rdb_api(uint32_t major) { return major == RDB_ABI_MAJOR ? &kApi : nullptr; }
