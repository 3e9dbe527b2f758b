#include "handle.hpp"

#include <string>

namespace rdb::capi {

void throw_misuse(const char* sentence) { throw Error(ErrorCode::misuse, sentence); }

void throw_invalid(const char* sentence) { throw Error(ErrorCode::invalid_argument, sentence); }

void throw_null(const char* noun) {
  throw Error(ErrorCode::misuse, std::string(noun) + " is NULL");
}

void throw_bad_handle(const char* noun) {
  throw Error(ErrorCode::bad_handle,
              std::string("the handle is no ") + noun + ", or was released earlier");
}

void throw_forked(const char* noun) {
  throw Error(
      ErrorCode::forked,
      std::string("the ") + noun + " was made before this process was forked; open the file anew");
}

}  // namespace rdb::capi
