// image.hpp: whole database files as fuzz inputs.
//
// An input holds the used bytes of a small file's pages, so that mutation meets content and not
// zeros:
//
//   0  u8   repairs      what is put right after the mutation (kFix...)
//   1  u8   options      for whoever opens the image
//   2  u16  pages        length of the file in pages, the header's page included
//   4  u16  tail bytes   behind the last page
//   6  u16  seed         of what is done with the database
//   8  then runs: u16 page, u16 length, bytes; until the end
//
// Putting right means: checksums of slots, mirror and pages match their content again, from the
// leaves up, so that the code behind the checks is reached. A page that refers to itself gets the
// placeholder of a page that was never finalised, which readers accept.
#pragma once

#include <cstdint>
#include <vector>

#include "input.hpp"

namespace rdb::fuzz {

using Image = std::vector<std::byte>;

inline constexpr uint8_t kFixSlots = 1;
inline constexpr uint8_t kFixPages = 2;
inline constexpr uint8_t kFixMirror = 4;  // makes the last 320 bytes a copy of the header
inline constexpr uint8_t kFixAllocator =
    8;                                     // state rows: of this commit, and without contradiction
inline constexpr uint8_t kFixLength = 16;  // the file has the length that its header names
inline constexpr uint8_t kFixAll = kFixSlots | kFixPages | kFixAllocator;

inline constexpr uint32_t kMaxImagePages = 1024;

struct Recipe {
  uint8_t repairs = kFixAll;
  uint8_t options = 0;
  uint16_t pages = 0;
  uint16_t tail_bytes = 0;
  uint16_t seed = 0;
};

// The image an input describes, put right.
Image make_image(Input& input, Recipe& recipe);

// The input that describes an image, without the pages that no tree and no list refers to.
std::vector<std::byte> describe_image(const Image& image, Recipe recipe);

}  // namespace rdb::fuzz
