// image_check.hpp: judges what is left of a database after a loss of power.
#pragma once

#include <vector>

#include "workload.hpp"

namespace rdb::test {

// The allowed state that found is; fails the test when it is none.
const State& require_allowed(const State& found, const AllowedStates& allowed);

// Commits five rows to the table "after"; the state with them is returned.
State add_rows(Database& database, State state);

// What verification finds, but for what a torn header write leaves: a damaged slot of the commit
// that did not arrive, and a mirror that differs. The next commit writes both anew.
std::string serious_problems(const Database& database);

// How thoroughly an image is judged: opened, compared and verified; or also written to, closed and
// opened again, which must find a cleanly closed file.
enum class Judge : uint8_t { opens, goes_on };

// True when the image held the commit in flight and not the state before it.
bool check_image(const std::vector<std::byte>& image, const OpenOptions& options,
                 const AllowedStates& allowed, Judge judge);

}  // namespace rdb::test
