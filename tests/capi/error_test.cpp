// error_test.cpp: the guard, from inside: exceptions to statuses, messages cut and cleaned.
#include "rdb/error.hpp"

#include <filesystem>
#include <new>
#include <string>

#include "guard.hpp"
#include "support.hpp"

using rdb::Error;
using rdb::ErrorCode;
using rdb::capi::guard;

TEST_SUITE("capi/guard") {
  TEST_CASE("a body without a result is RDB_OK, an outcome passes, and err stays untouched") {
    rdb_error err;
    err.status = 77;
    CHECK(guard(&err, [] {}) == RDB_OK);
    CHECK(guard(&err, [] { return RDB_END; }) == RDB_END);
    CHECK(err.status == 77);
  }

  TEST_CASE("an Error keeps its code, errno, position and sentence") {
    rdb_error err;
    const rdb_status status = guard(&err, [] { throw Error(ErrorCode::io, "no luck", 42, 5); });
    CHECK(status == RDB_ERR_IO);
    CHECK(err.status == RDB_ERR_IO);
    CHECK(err.os_errno == 5);
    CHECK(err.position == 42);
    CHECK(std::string(err.message) == "no luck");
    CHECK(err.message_size == 7);
  }

  TEST_CASE("every exception has a status") {
    rdb_error err;
    CHECK(guard(&err, [] { throw std::bad_alloc(); }) == RDB_ERR_NO_MEMORY);
    CHECK(guard(&err, [] { throw std::length_error("long"); }) == RDB_ERR_NO_MEMORY);
    CHECK(guard(&err, [] {
            throw std::filesystem::filesystem_error("f",
                                                    std::error_code(13, std::system_category()));
          }) == RDB_ERR_IO);
    CHECK(err.os_errno == 13);
    CHECK(guard(&err, [] { throw std::runtime_error("odd"); }) == RDB_ERR_INTERNAL);
    CHECK(std::string(err.message) == "odd");
    CHECK(guard(&err, [] { throw 5; }) == RDB_ERR_INTERNAL);
    CHECK(guard(nullptr, [] { throw 5; }) == RDB_ERR_INTERNAL);
  }

  TEST_CASE("a message is cut at the end of a character") {
    rdb_error err;
    // 446 bytes, then a character of two that would just fit with its NUL, then one that does not.
    for (const size_t before : {444u, 445u, 446u, 447u, 448u, 600u}) {
      const std::string text = std::string(before, 'x') + "\xc3\xbc\xc3\xbc";
      rdb::capi::write_error(&err, RDB_ERR_IO, text, 0, 0);
      const size_t room = sizeof err.message - 1;
      const size_t whole = before >= room ? room : before + (room - before) / 2 * 2;
      CHECK(err.message_size == std::min(whole, before + 4));
      CHECK(err.message[err.message_size] == 0);
      CHECK(std::string(err.message) == text.substr(0, err.message_size));
    }
  }

  TEST_CASE("bytes that are not UTF-8 become question marks") {
    rdb_error err;
    const auto message = [&](std::string_view text) {
      rdb::capi::write_error(&err, RDB_ERR_IO, text, 0, 0);
      return std::string(err.message);
    };
    CHECK(message("a\xff"
                  "b") == "a?b");
    CHECK(message("\xc3") == "?");
    CHECK(message("\xc0\x80") == "??");            // overlong
    CHECK(message("\xed\xa0\x80") == "???");       // surrogate
    CHECK(message("\xf4\x90\x80\x80") == "????");  // above U+10FFFF
    CHECK(message("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
    CHECK(message("") == "");
  }
}
