#include "image_check.hpp"

#include <sstream>

#include "support.hpp"

namespace rdb::test {

const State& require_allowed(const State& found, const AllowedStates& allowed) {
  const State* match = allowed.match(found);
  if (match == nullptr) {
    FAIL("neither the durable state (" << difference(found, allowed.durable)
                                       << ") nor the one in flight ("
                                       << (allowed.in_flight ? difference(found, *allowed.in_flight)
                                                             : std::string("there is none"))
                                       << ")");
  }
  return *match;
}

State add_rows(Database& database, State state) {
  WriteTxn txn = database.begin_write();
  state.try_emplace("after");
  {
    Table table = txn.open_table("after", kTextType, kBytesType);
    for (int i = 0; i < 5; ++i) {
      put_row(table, state["after"], "row " + std::to_string(i), std::string(900, 'a'));
    }
  }
  txn.commit();
  return state;
}

std::string serious_problems(const Database& database) {
  std::istringstream lines(verify_text(database));
  std::string serious;
  for (std::string line; std::getline(lines, line);) {
    const bool header_only = line.starts_with("header: Commit slot ") ||
                             line.starts_with("header copy at the end of the file: ");
    if (!header_only) serious += line + '\n';
  }
  return serious;
}

bool check_image(const std::vector<std::byte>& image, const OpenOptions& options,
                 const AllowedStates& allowed, Judge judge) {
  const auto device = FaultDevice::from_image(image);
  State state;
  bool newer = false;
  {
    Database database = open_device(device, options);
    state = require_allowed(state_of(database.begin_read()), allowed);
    newer = allowed.in_flight && state != allowed.durable;
    CHECK_EQ(serious_problems(database), "");
    if (judge == Judge::opens) return newer;
    state = add_rows(database, state);
    CHECK_VERIFIES(database);
    database.close();
  }
  Database database = open_device(device, options);
  CHECK(database.recovery().clean);
  CHECK_EQ(difference(state_of(database.begin_read()), state), "");
  CHECK_VERIFIES(database);
  return newer;
}

}  // namespace rdb::test
