// error.cpp: statuses, their names, and the caller's rdb_error.
#include "rdb/error.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <system_error>

#include "guard.hpp"

namespace rdb::capi {
namespace {

// Every code of the core with its constant. code_name() switches over them without a default, so a
// code of the core that is missing here is a warning.
#define RDB_CODES(CODE)                                          \
  CODE(RDB_ERR_MISUSE, misuse)                                   \
  CODE(RDB_ERR_BAD_HANDLE, bad_handle)                           \
  CODE(RDB_ERR_CLOSED, closed)                                   \
  CODE(RDB_ERR_UNKNOWN_OPTION, unknown_option)                   \
  CODE(RDB_ERR_STRUCT_TOO_NEW, struct_too_new)                   \
  CODE(RDB_ERR_LIBRARY_TOO_OLD, library_too_old)                 \
  CODE(RDB_ERR_UNSUPPORTED, unsupported)                         \
  CODE(RDB_ERR_INVALID_ARGUMENT, invalid_argument)               \
  CODE(RDB_ERR_UNSUPPORTED_COMBINATION, unsupported_combination) \
  CODE(RDB_ERR_RESERVED_NAME, reserved_name)                     \
  CODE(RDB_ERR_INVALID_CONFIG, invalid_config)                   \
  CODE(RDB_ERR_CALLBACK, callback)                               \
  CODE(RDB_ERR_TABLE_MISSING, table_missing)                     \
  CODE(RDB_ERR_TABLE_EXISTS, table_exists)                       \
  CODE(RDB_ERR_TABLE_TYPE, table_type)                           \
  CODE(RDB_ERR_TABLE_IS_MULTIMAP, table_is_multimap)             \
  CODE(RDB_ERR_TABLE_NOT_MULTIMAP, table_not_multimap)           \
  CODE(RDB_ERR_TABLE_OPEN, table_open)                           \
  CODE(RDB_ERR_TOO_LARGE, too_large)                             \
  CODE(RDB_ERR_TYPE_CHANGED, type_changed)                       \
  CODE(RDB_ERR_UNKNOWN_KEY_TYPE, unknown_key_type)               \
  CODE(RDB_ERR_MERGE_WIDTH, merge_width)                         \
  CODE(RDB_ERR_BUSY, busy)                                       \
  CODE(RDB_ERR_ALREADY_OPEN, already_open)                       \
  CODE(RDB_ERR_LOCK_TIMEOUT, lock_timeout)                       \
  CODE(RDB_ERR_FORKED, forked)                                   \
  CODE(RDB_ERR_CANCELLED, cancelled)                             \
  CODE(RDB_ERR_IO, io)                                           \
  CODE(RDB_ERR_OUT_OF_SPACE, out_of_space)                       \
  CODE(RDB_ERR_PREVIOUS_IO, previous_io)                         \
  CODE(RDB_ERR_READ_ONLY, read_only)                             \
  CODE(RDB_ERR_CORRUPTED, corrupted)                             \
  CODE(RDB_ERR_PAGE_CORRUPTED, page_corrupted)                   \
  CODE(RDB_ERR_FORMAT, format)                                   \
  CODE(RDB_ERR_UPGRADE_REQUIRED, upgrade_required)               \
  CODE(RDB_ERR_RECOVERY_REQUIRED, recovery_required)             \
  CODE(RDB_ERR_REPAIR_ABORTED, repair_aborted)                   \
  CODE(RDB_ERR_NO_MEMORY, no_memory)                             \
  CODE(RDB_ERR_MEMORY_BUDGET, memory_budget)                     \
  CODE(RDB_ERR_INTERNAL, internal)

#define RDB_TIE(constant, code) \
  static_assert(constant == static_cast<rdb_status>(ErrorCode::code), "the ABI tells them apart");
RDB_CODES(RDB_TIE)
#undef RDB_TIE
static_assert(RDB_NO_POSITION == Error::kNoPosition);

const char* code_name(ErrorCode code) noexcept {
  switch (code) {
#define RDB_NAME(constant, code) \
  case ErrorCode::code:          \
    return #constant;
    RDB_CODES(RDB_NAME)
#undef RDB_NAME
  }
  return "RDB_ERR_UNKNOWN";
}

const char* status_name(rdb_status status) noexcept {
  switch (status) {
    case RDB_OK:
      return "RDB_OK";
    case RDB_NOT_FOUND:
      return "RDB_NOT_FOUND";
    case RDB_END:
      return "RDB_END";
    case RDB_EXISTS:
      return "RDB_EXISTS";
    case RDB_MORE:
      return "RDB_MORE";
    case RDB_STOPPED:
      return "RDB_STOPPED";
    case RDB_DIFFERENT:
      return "RDB_DIFFERENT";
    default:
      break;
  }
  return status > 0 ? "RDB_UNKNOWN" : code_name(static_cast<ErrorCode>(status));
}

// Bytes of the well-formed UTF-8 character at the start of text, or 0 when there is none.
size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  const unsigned char second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void write_error(rdb_error* err, rdb_status status, std::string_view message, uint64_t position,
                 int os_errno) noexcept {
  if (err == nullptr) return;
  std::memset(err, 0, sizeof *err);
  err->status = status;
  err->os_errno = os_errno;
  err->position = position;
  constexpr size_t kRoom = sizeof err->message - 1;
  size_t used = 0;
  while (!message.empty()) {
    const size_t length = utf8_length(message);
    const size_t step = std::max<size_t>(length, 1);
    if (used + step > kRoom) break;
    if (length == 0) {
      err->message[used] = '?';
    } else {
      std::memcpy(err->message + used, message.data(), length);
    }
    used += step;
    message.remove_prefix(step);
  }
  err->message_size = static_cast<uint32_t>(used);
}

rdb_status report_current_exception(rdb_error* err) noexcept {
  const auto report = [err](rdb_status status, std::string_view message,
                            uint64_t position = RDB_NO_POSITION, int os_errno = 0) {
    write_error(err, status, message, position, os_errno);
    return status;
  };
  try {
    throw;
  } catch (const Error& error) {
    return report(static_cast<rdb_status>(error.code()), error.what(), error.position(),
                  error.os_errno());
  } catch (const std::bad_alloc&) {
    return report(RDB_ERR_NO_MEMORY, "out of memory");
  } catch (const std::length_error& error) {  // a container longer than the address space allows
    return report(RDB_ERR_NO_MEMORY, error.what());
  } catch (const std::system_error& error) {
    return report(RDB_ERR_IO, error.what(), RDB_NO_POSITION, error.code().value());
  } catch (const std::exception& error) {
    return report(RDB_ERR_INTERNAL, error.what());
  } catch (...) {
    return report(RDB_ERR_INTERNAL, "an unknown exception was thrown");
  }
}

}  // namespace rdb::capi

const char* rdb_status_name(rdb_status status) { return rdb::capi::status_name(status); }
