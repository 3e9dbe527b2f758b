#include "args.hpp"

#include <string>

namespace rdb::capi {

void throw_struct_unset(const char* name) {
  throw Error(ErrorCode::misuse, std::string(name) + ".struct_size is not set");
}

void throw_struct_too_new(const char* name) {
  throw Error(ErrorCode::struct_too_new,
              std::string(name) + " asks for something this version of the library does not know");
}

}  // namespace rdb::capi
