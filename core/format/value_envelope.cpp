#include "format/value_envelope.hpp"

#include <lz4.h>
#include <zstd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cstring>
#include <string>

#include "base/endian.hpp"
#include "format/widths.hpp"
#include "rdb/error.hpp"

namespace rdb::format {
namespace {

constexpr std::byte kLz4Flag{3};
constexpr std::byte kZstdFlag{5};
constexpr size_t kSizeOffset = 1;
constexpr size_t kHeaderBytes = 5;
constexpr size_t kLz4PrefixBytes = 4;

// A sequence of an LZ4 block spends one byte on at most 255 of a match (LZ4 block format).
constexpr uint64_t kLz4MaxExpansion = 255;
// A zstd block of up to 128 KiB takes at least 3 bytes of header and 1 of content (RFC 8878,
// section 3.1.1.2).
constexpr uint64_t kZstdMaxBlockBytes = uint64_t{128} << 10;
constexpr uint64_t kZstdMinBlockBytes = 4;

[[noreturn]] void throw_envelope(ErrorCode code, const std::string& what) {
  throw Error(code, "a compressed value is damaged: " + what);
}

uint64_t most_from(Compression codec, uint64_t payload_bytes) {
  return codec == Compression::lz4 ? payload_bytes * kLz4MaxExpansion
                                   : (payload_bytes / kZstdMinBlockBytes + 1) * kZstdMaxBlockBytes;
}

// Contexts of zstd, which cost more to make than a short value to decode. Those that nobody uses
// wait here for the next one, of whatever thread; more than there are places are freed.
//
// Threads: any. Of the process; freed when the library is unloaded.
class ZstdContexts {
 public:
  constexpr ZstdContexts() = default;
  ~ZstdContexts() {
    for (std::atomic<ZSTD_DCtx*>& place : places_) ZSTD_freeDCtx(place.exchange(nullptr));
  }
  ZstdContexts(const ZstdContexts&) = delete;
  ZstdContexts& operator=(const ZstdContexts&) = delete;

  // As ZSTD_decompress. Throws no_memory.
  size_t decompress(std::span<std::byte> out, Bytes payload) {
    ZSTD_DCtx* context = take();
    const size_t result =
        ZSTD_decompressDCtx(context, out.data(), out.size(), payload.data(), payload.size());
    give_back(context);
    return result;
  }

 private:
  ZSTD_DCtx* take() {
    for (std::atomic<ZSTD_DCtx*>& place : places_) {
      if (place.load(std::memory_order_relaxed) == nullptr) continue;
      if (ZSTD_DCtx* context = place.exchange(nullptr, std::memory_order_acquire)) return context;
    }
    ZSTD_DCtx* context = ZSTD_createDCtx();
    if (context == nullptr) {
      throw Error(ErrorCode::no_memory, "zstd cannot have the memory it works in");
    }
    return context;
  }

  void give_back(ZSTD_DCtx* context) noexcept {
    for (std::atomic<ZSTD_DCtx*>& place : places_) {
      ZSTD_DCtx* empty = nullptr;
      if (place.compare_exchange_strong(empty, context, std::memory_order_release,
                                        std::memory_order_relaxed)) {
        return;
      }
    }
    ZSTD_freeDCtx(context);
  }

  std::array<std::atomic<ZSTD_DCtx*>, 16> places_{};
};

constinit ZstdContexts zstd_contexts;

}  // namespace

ValueEnvelope ValueEnvelope::parse(Bytes stored) {
  ValueEnvelope envelope;
  if (stored.empty()) return envelope;
  const auto flags = std::to_integer<unsigned>(stored[0]);
  if ((flags & 1) == 0) {
    envelope.payload_ = stored.subspan(1);
    envelope.size_ = envelope.payload_.size();
    return envelope;
  }
  if (stored.size() < kHeaderBytes) {
    throw_envelope(ErrorCode::format, "it has " + std::to_string(stored.size()) + " bytes");
  }
  envelope.size_ = base::load_le32(&stored[kSizeOffset]);
  envelope.payload_ = stored.subspan(kHeaderBytes);
  switch (flags & 7) {
    case 3:
      envelope.codec_ = Compression::lz4;
      if (envelope.payload_.size() < kLz4PrefixBytes ||
          base::load_le32(envelope.payload_.data()) != envelope.size_) {
        throw_envelope(ErrorCode::corrupted, "its two sizes differ");
      }
      envelope.payload_ = envelope.payload_.subspan(kLz4PrefixBytes);
      break;
    case 5: {
      envelope.codec_ = Compression::zstd;
      const uint64_t told =
          ZSTD_getFrameContentSize(envelope.payload_.data(), envelope.payload_.size());
      if (told == ZSTD_CONTENTSIZE_ERROR) {
        throw_envelope(ErrorCode::corrupted, "no zstd frame follows its size");
      }
      if (told != ZSTD_CONTENTSIZE_UNKNOWN && told != envelope.size_) {
        throw_envelope(ErrorCode::corrupted, "its two sizes differ");
      }
      break;
    }
    default:
      throw_envelope(ErrorCode::format,
                     "its first byte, " + std::to_string(flags) + ", names no way of compression");
  }
  if (envelope.size_ > kMaxValueBytes ||
      envelope.size_ > most_from(envelope.codec_, envelope.payload_.size())) {
    throw_envelope(ErrorCode::corrupted, std::to_string(envelope.payload_.size()) +
                                             " bytes cannot hold the " +
                                             std::to_string(envelope.size_) + " it promises");
  }
  return envelope;
}

void ValueEnvelope::open(std::span<std::byte> out) const {
  assert(out.size() == size_);
  if (codec_ == Compression::none) {
    if (!out.empty()) std::memcpy(out.data(), payload_.data(), out.size());
    return;
  }
  uint64_t written = 0;
  if (codec_ == Compression::lz4) {
    if (size_ > LZ4_MAX_INPUT_SIZE || payload_.size() > LZ4_MAX_INPUT_SIZE) {
      throw Error(ErrorCode::unsupported,
                  "a value of " + std::to_string(size_) +
                      " bytes is compressed in one LZ4 block, which is more "
                      "than the LZ4 library decodes");
    }
    const int result = LZ4_decompress_safe(
        reinterpret_cast<const char*>(payload_.data()), reinterpret_cast<char*>(out.data()),
        static_cast<int>(payload_.size()), static_cast<int>(out.size()));
    if (result < 0) throw_envelope(ErrorCode::corrupted, "its LZ4 block does not decode");
    written = static_cast<uint64_t>(result);
  } else {
    const size_t result = zstd_contexts.decompress(out, payload_);
    if (ZSTD_isError(result) != 0) {
      throw_envelope(ErrorCode::corrupted,
                     std::string("its zstd frame does not decode: ") + ZSTD_getErrorName(result));
    }
    written = result;
  }
  if (written != size_) {
    throw_envelope(ErrorCode::corrupted, "it holds " + std::to_string(written) +
                                             " bytes, not the " + std::to_string(size_) +
                                             " it promises");
  }
}

Bytes open_value(Bytes stored, std::vector<std::byte>& scratch) {
  const ValueEnvelope envelope = ValueEnvelope::parse(stored);
  if (envelope.is_raw()) return envelope.raw();
  scratch.resize(envelope.size());
  envelope.open(scratch);
  return scratch;
}

void ValueSealer::FreeContext::operator()(ZSTD_CCtx_s* context) const noexcept {
  ZSTD_freeCCtx(context);
}

Bytes ValueSealer::seal(Bytes value) {
  if (value.empty()) return {};
  if (value.size() >= kMinCompressedBytes && compress(value)) return out_;
  out_.resize(1 + value.size());
  out_[0] = kRawEnvelope;
  std::memcpy(&out_[1], value.data(), value.size());
  return out_;
}

// False: nothing is saved, or the codec takes no value of this size.
bool ValueSealer::compress(Bytes value) {
  const bool lz4 = codec_ == Compression::lz4;
  if (codec_ == Compression::none || (lz4 && value.size() > LZ4_MAX_INPUT_SIZE)) return false;
  const size_t header = kHeaderBytes + (lz4 ? kLz4PrefixBytes : 0);
  // Only what is shorter than the value is worth having.
  if (value.size() <= header) return false;
  out_.resize(value.size());
  const size_t room = value.size() - header;
  size_t used = 0;
  if (lz4) {
    const int result = LZ4_compress_default(reinterpret_cast<const char*>(value.data()),
                                            reinterpret_cast<char*>(&out_[header]),
                                            static_cast<int>(value.size()), static_cast<int>(room));
    if (result <= 0) return false;
    used = static_cast<size_t>(result);
    base::store_le32(&out_[kHeaderBytes], static_cast<uint32_t>(value.size()));
  } else {
    if (context_ == nullptr) context_.reset(ZSTD_createCCtx());
    if (context_ == nullptr) {
      throw Error(ErrorCode::no_memory, "zstd cannot have the memory it works in");
    }
    const size_t result =
        ZSTD_compressCCtx(context_.get(), &out_[header], room, value.data(), value.size(), level_);
    if (ZSTD_isError(result) != 0) return false;  // does not fit, so it saves nothing
    used = result;
  }
  if (header + used >= value.size()) return false;
  out_[0] = lz4 ? kLz4Flag : kZstdFlag;
  base::store_le32(&out_[kSizeOffset], static_cast<uint32_t>(value.size()));
  out_.resize(header + used);
  return true;
}

}  // namespace rdb::format
