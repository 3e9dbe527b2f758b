// value_envelope.hpp: how a value lies in a user table of a compressed database (spec 02
// section 12).
//
// On disk:
//   empty value   no byte at all
//   raw           00, the value
//   lz4           03, u32 size, u32 size once more, one LZ4 block
//   zstd          05, u32 size, one zstd frame
// size is that of the value, little-endian. Bit 0 of the first byte says compressed, bits 1 and 2
// with what; the codec of one value need not be the file's.
//
// Every size is an assertion of the file. parse() refuses one that the payload cannot produce, so
// what open() writes to is never larger than a small multiple of what is stored: no decompression
// bombs. open() then demands exactly that size.
//
// Threads: any, each with objects of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rdb/options.hpp"
#include "rdb/types.hpp"

struct ZSTD_CCtx_s;  // of zstd.h

namespace rdb::format {

// Values shorter than this are stored raw, as shodh-redb does; any mixture is legal.
inline constexpr uint64_t kMinCompressedBytes = 64;
// The first byte of an envelope whose value follows as it is.
inline constexpr std::byte kRawEnvelope{0};

class ValueEnvelope {
 public:
  // Borrows stored. Throws format for a first byte that means nothing or a value without its
  // header, corrupted for sizes that contradict each other or the payload.
  static ValueEnvelope parse(Bytes stored);

  uint64_t size() const noexcept { return size_; }  // bytes of the value
  // The value lies in the stored bytes as it is.
  bool is_raw() const noexcept { return codec_ == Compression::none; }
  Bytes raw() const noexcept { return payload_; }  // requires is_raw()

  // Writes the value. Requires out.size() == size(). Throws corrupted when the payload is damaged,
  // no_memory.
  void open(std::span<std::byte> out) const;

 private:
  Compression codec_ = Compression::none;
  uint64_t size_ = 0;
  Bytes payload_;
};

// The value of stored bytes: they themselves when they hold it raw, else scratch, which receives
// it. Throws what parse() and open() throw.
Bytes open_value(Bytes stored, std::vector<std::byte>& scratch);

// Puts values into envelopes, reusing its memory.
class ValueSealer {
 public:
  // level: of zstd, 1 to 22; 0 is its default, 3. LZ4 has none.
  ValueSealer(Compression codec, int level) noexcept : codec_(codec), level_(level) {}

  // Valid until the next call. Compressed when that saves space. Throws no_memory.
  Bytes seal(Bytes value);

 private:
  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };

  bool compress(Bytes value);

  Compression codec_;
  int level_;
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;  // made when first needed
  std::vector<std::byte> out_;
};

}  // namespace rdb::format
