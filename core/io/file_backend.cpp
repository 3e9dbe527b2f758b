#include "io/file_backend.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <memory>

#include "base/fork_guard.hpp"
#include "io/os_error.hpp"

namespace rdb::io {
namespace {

// One pwrite fills one large folio of the page cache, and each later write of a few pages into such
// a folio costs as much as the folio is large. Measured on ext4, Linux 6.18, 650 scattered runs of
// 8 KiB and a sync: 18 ms after writes of 16 KiB, 26 ms after 64 KiB, 56 ms after 32 MiB; the
// first, sequential write is no slower in small pieces.
constexpr size_t kMaxWriteBytes = size_t{16} << 10;

// The device begins with what a large commit has written so far while the rest is still copied, and
// the sync has less to wait for. Measured there: 1,000 random pairs a commit (6.6 MB in 290 runs),
// every other commit with, 11.5 ms against 14.0 ms; 128 KiB to 512 KiB make no difference.
constexpr uint64_t kWritebackBytes = uint64_t{256} << 10;

// Parts handed to one pwritev: a 1 MiB run of 4 KiB pages.
constexpr size_t kGatherParts = 256;
#if defined(IOV_MAX)
static_assert(kGatherParts <= IOV_MAX);
#endif

// Repeats a system call that a signal interrupted before it did anything.
template <typename Call>
auto retry_interrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// Appended, since gcc 12 warns about the memory inside operator+(const char*, std::string&&).
std::string quoted(const std::filesystem::path& path) {
  std::string text = "\"";
  text += path.string();
  text += '"';
  return text;
}

// Offsets past what off_t holds would turn negative in a cast.
off_t checked_offset(uint64_t offset, uint64_t size, const char* verb, const std::string& name) {
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<off_t>::max());
  if (offset > kMax || size > kMax - offset) {
    throw_os_error(transfer_failure(verb, size, offset, name), EFBIG, offset);
  }
  return static_cast<off_t>(offset);
}

off_t checked_size(uint64_t size, const std::string& name) {
  if (size > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) {
    throw_os_error("cannot resize " + name + " to " + std::to_string(size) + " bytes", EFBIG, size);
  }
  return static_cast<off_t>(size);
}

[[noreturn]] void throw_already_open(const std::string& name) {
  throw Error(ErrorCode::already_open,
              name + " is already open in another database object or process");
}

[[noreturn]] void throw_not_regular(const std::string& name, mode_t mode) {
  const int os_errno = S_ISDIR(mode) ? EISDIR : EINVAL;
  throw Error(ErrorCode::io,
              name + (S_ISDIR(mode) ? " is a directory" : " is not a regular file") +
                  ", not a database file",
              Error::kNoPosition, os_errno);
}

bool lock_unsupported(int os_errno) {
  // ENOLCK is how NFS answers without a lock service.
  return os_errno == EOPNOTSUPP || os_errno == ENOTSUP || os_errno == ENOSYS || os_errno == ENOLCK;
}

int sync_data(int descriptor) {
#if defined(__APPLE__)
  // fsync() there stops at the drive's cache. Not every file system knows the full flush.
  if (const int result = fcntl(descriptor, F_FULLFSYNC); result == 0) return result;
  return fsync(descriptor);
#else
  return fdatasync(descriptor);
#endif
}

// Makes the directory entry of a file just created survive power loss: syncing the file alone does
// not. A directory we may write to but not open is passed over, as are file systems that cannot
// sync directories: there is nothing better to do, and the file itself is sound.
//
// The path is made real by the system: the standard library's own would bring its streams and
// locales into every package, 400 KB.
void sync_directory_of(const std::filesystem::path& path, const std::string& name) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  const std::filesystem::path directory =
      (real == nullptr ? path : std::filesystem::path(real.get())).parent_path();
  const std::string directory_name = directory.empty() ? "." : directory.string();
  const int descriptor = retry_interrupted(
      [&] { return ::open(directory_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) {
    if (errno == EACCES || errno == EPERM) return;
    throw_os_error("cannot open the directory of " + name, errno);
  }
  const int result = retry_interrupted([&] { return ::fsync(descriptor); });
  const int os_errno = errno;
  ::close(descriptor);
  if (result != 0 && os_errno != EINVAL && os_errno != ENOTSUP && os_errno != EROFS) {
    throw_os_error("cannot sync the directory of " + name, os_errno);
  }
}

}  // namespace

FileBackend::FileBackend(const std::filesystem::path& path, bool read_only)
    : name_(quoted(path)), read_only_(read_only), fork_generation_(base::fork_generation()) {}

FileBackend::~FileBackend() {
  try {
    close();
  } catch (const Error&) {
    // Nobody is left to tell; everything that had to be durable was synced before.
  }
}

std::unique_ptr<FileBackend> FileBackend::open(const std::filesystem::path& path, OpenMode mode,
                                               bool allow_unlocked) {
  base::install_fork_guard();
  std::unique_ptr<FileBackend> file(new FileBackend(path, mode == OpenMode::read_only));
  bool created = false;
  file->open_descriptor(path, mode, created);

  struct stat status;
  if (fstat(file->descriptor_, &status) != 0) {
    throw_os_error("cannot examine " + file->name_, errno);
  }
  if (!S_ISREG(status.st_mode)) throw_not_regular(file->name_, status.st_mode);
  if (!file->claim_.try_claim(status.st_dev, status.st_ino, !file->read_only_)) {
    throw_already_open(file->name_);
  }
  file->lock(allow_unlocked);

  // Asked again: before the lock, another process may still have been writing.
  const bool empty = file->size() == 0;
  if (mode == OpenMode::create_new && !empty) {
    throw_os_error("cannot create " + file->name_, EEXIST);
  }
  // An empty file may be one whose creator died before it came to this line.
  const bool may_create = mode == OpenMode::create || mode == OpenMode::create_new;
  if (created || (may_create && empty)) sync_directory_of(path, file->name_);
  return file;
}

void FileBackend::open_descriptor(const std::filesystem::path& path, OpenMode mode, bool& created) {
  // Opening a FIFO would wait for its other end, and opening a device may do anything.
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw_not_regular(name_, status.st_mode);
  }

  const bool may_create = mode == OpenMode::create || mode == OpenMode::create_new;
  const int flags = (read_only_ ? O_RDONLY : O_RDWR) | O_CLOEXEC;
  descriptor_ = retry_interrupted([&] { return ::open(path.c_str(), flags); });
  if (descriptor_ < 0 && errno == ENOENT && may_create) {
    descriptor_ = retry_interrupted([&] { return ::open(path.c_str(), flags | O_CREAT, 0666); });
    created = descriptor_ >= 0;
  }
  if (descriptor_ < 0) {
    const int os_errno = errno;
    const bool refused = os_errno == EROFS || os_errno == EACCES || os_errno == EPERM;
    if (!read_only_ && refused && faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0) {
      throw_os_error(ErrorCode::read_only, "cannot open " + name_ + " for writing", os_errno);
    }
    throw_os_error("cannot open " + name_, os_errno);
  }

  // Descriptors 0 to 2 belong to the standard streams even when a caller closed them: the next
  // message some library prints to "standard error" would land in the database.
  if (descriptor_ <= STDERR_FILENO) {
    const int higher = fcntl(descriptor_, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int os_errno = errno;
    ::close(descriptor_);
    descriptor_ = higher;
    if (higher < 0) throw_os_error("cannot open " + name_, os_errno);
  }
}

void FileBackend::lock(bool allow_unlocked) {
  const int operation = (read_only_ ? LOCK_SH : LOCK_EX) | LOCK_NB;
  if (retry_interrupted([&] { return flock(descriptor_, operation); }) == 0) {
    locked_ = true;
    return;
  }
  if (errno == EWOULDBLOCK) throw_already_open(name_);
  if (lock_unsupported(errno) && allow_unlocked) return;
  throw_os_error("cannot lock " + name_, errno);
}

void FileBackend::require_writable(const char* verb) const {
  if (!read_only_) return;
  throw Error(ErrorCode::read_only,
              std::string("cannot ") + verb + " " + name_ + ": it was opened read-only");
}

uint64_t FileBackend::size() {
  struct stat status;
  if (fstat(descriptor_, &status) != 0) throw_os_error("cannot examine " + name_, errno);
  return static_cast<uint64_t>(status.st_size);
}

void FileBackend::read(uint64_t offset, std::span<std::byte> out) {
  const off_t start = checked_offset(offset, out.size(), "read", name_);
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = retry_interrupted([&] {
      return pread(descriptor_, out.data() + done, out.size() - done,
                   start + static_cast<off_t>(done));
    });
    if (count < 0)
      throw_os_error(transfer_failure("read", out.size(), offset, name_), errno, offset);
    if (count == 0) throw_read_past_end(out.size(), offset, offset + done, name_);
    done += static_cast<size_t>(count);
  }
}

void FileBackend::write(uint64_t offset, Bytes data) {
  require_writable("write to");
  const off_t start = checked_offset(offset, data.size(), "write", name_);
  size_t done = 0;
  while (done < data.size()) {
    const ssize_t count = retry_interrupted([&] {
      return pwrite(descriptor_, data.data() + done, std::min(data.size() - done, kMaxWriteBytes),
                    start + static_cast<off_t>(done));
    });
    if (count <= 0) {
      throw_os_error(transfer_failure("write", data.size(), offset, name_),
                     count == 0 ? EIO : errno, offset);
    }
    done += static_cast<size_t>(count);
    start_writeback(static_cast<uint64_t>(count));
  }
}

void FileBackend::write_gather(uint64_t offset, std::span<const Bytes> parts) {
  require_writable("write to");
  std::array<iovec, kGatherParts> vectors;
  size_t next_part = 0;
  size_t part_done = 0;  // bytes of parts[next_part] already on their way
  while (true) {
    size_t vector_count = 0;
    size_t wanted = 0;
    for (size_t i = next_part; i < parts.size() && vector_count < vectors.size(); ++i) {
      const Bytes rest = parts[i].subspan(i == next_part ? part_done : 0);
      if (rest.empty()) continue;
      // POSIX shares iovec between reads and writes; pwritev only reads through it.
      vectors[vector_count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
      wanted += rest.size();
    }
    if (vector_count == 0) return;

    const off_t start = checked_offset(offset, wanted, "write", name_);
    const ssize_t count = retry_interrupted([&] {
      return pwritev(descriptor_, vectors.data(), static_cast<int>(vector_count), start);
    });
    if (count <= 0) {
      throw_os_error(transfer_failure("write", wanted, offset, name_), count == 0 ? EIO : errno,
                     offset);
    }
    offset += static_cast<uint64_t>(count);
    start_writeback(static_cast<uint64_t>(count));
    size_t left = static_cast<size_t>(count);
    while (left > 0) {
      const size_t step = std::min(left, parts[next_part].size() - part_done);
      left -= step;
      part_done += step;
      if (part_done == parts[next_part].size()) {
        ++next_part;
        part_done = 0;
      }
    }
  }
}

// Advice: what goes wrong with these pages is the next sync's to report.
void FileBackend::start_writeback(uint64_t written_bytes) noexcept {
#if defined(SYNC_FILE_RANGE_WRITE)
  const uint64_t before = unsynced_bytes_.fetch_add(written_bytes, std::memory_order_relaxed);
  if (before / kWritebackBytes == (before + written_bytes) / kWritebackBytes) return;
  sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
  static_cast<void>(written_bytes);
#endif
}

// Past the page cache, which would have to find memory for zeros that nobody reads; by a descriptor
// of its own, opened for the occasion. A file system that has no such way gets ordinary writes.
void FileBackend::write_zeros(uint64_t offset, uint64_t size) {
  require_writable("write to");
#if defined(O_DIRECT)
  constexpr size_t kBlock = 4096;
  // Not const, so that it takes no room in the library; nothing ever writes to it.
  alignas(kBlock) static std::byte zeros[size_t{256} << 10];
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
  const bool aligned = offset % kBlock == 0 && size % kBlock == 0;
  const int direct =
      aligned
          ? retry_interrupted([&] { return ::open(self.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC); })
          : -1;
  if (direct >= 0) {
    const off_t start = checked_offset(offset, size, "write", name_);
    uint64_t done = 0;
    while (done < size) {
      const ssize_t count = retry_interrupted([&] {
        return pwrite(direct, zeros, std::min<uint64_t>(size - done, sizeof zeros),
                      start + static_cast<off_t>(done));
      });
      if (count <= 0 || static_cast<size_t>(count) % kBlock != 0) break;
      done += static_cast<uint64_t>(count);
    }
    ::close(direct);
    offset += done;
    size -= done;
  }
#endif
  StorageBackend::write_zeros(offset, size);
}

void FileBackend::sync() {
  require_writable("sync");
  unsynced_bytes_.store(0, std::memory_order_relaxed);
  if (retry_interrupted([&] { return sync_data(descriptor_); }) != 0) {
    throw_os_error("cannot sync " + name_, errno);
  }
}

void FileBackend::resize(uint64_t size) {
  require_writable("resize");
  const off_t end = checked_size(size, name_);
  const std::lock_guard lock(resize_mutex_);
  if (retry_interrupted([&] { return ftruncate(descriptor_, end); }) != 0) {
    throw_os_error("cannot resize " + name_ + " to " + std::to_string(size) + " bytes", errno,
                   size);
  }
}

void FileBackend::grow_reserved(uint64_t size) {
  require_writable("grow");
  const off_t end = checked_size(size, name_);
  const std::lock_guard lock(resize_mutex_);
  const off_t old_end = static_cast<off_t>(this->size());
  if (end <= old_end) return;
  const auto fail = [&](int os_errno) {
    throw_os_error("cannot grow " + name_ + " to " + std::to_string(size) + " bytes", os_errno,
                   size);
  };
#if defined(__linux__)
  if (retry_interrupted([&] { return fallocate(descriptor_, 0, old_end, end - old_end); }) == 0) {
    return;
  }
  if (const int os_errno = errno; os_errno != EOPNOTSUPP && os_errno != ENOSYS) {
    // Part of the range may have been added before the device was full. Should giving it back fail,
    // the file is longer than promised but no byte of it is wrong; the first error tells more.
    static_cast<void>(retry_interrupted([&] { return ftruncate(descriptor_, old_end); }));
    fail(os_errno);
  }
#endif
  if (retry_interrupted([&] { return ftruncate(descriptor_, end); }) != 0) fail(errno);
}

void FileBackend::close() {
  if (descriptor_ < 0) return;
  const int descriptor = descriptor_;
  descriptor_ = -1;
  // The lock belongs to the file description that parent and child share: a child that unlocked it
  // would let a third process in beside the parent. Closing its descriptor does not.
  if (locked_ && fork_generation_ == base::fork_generation()) flock(descriptor, LOCK_UN);
  locked_ = false;
  // Not repeated on EINTR: Linux has closed the descriptor all the same.
  const int result = ::close(descriptor);
  const int os_errno = errno;
  claim_.release();
  if (result != 0 && os_errno != EINTR) throw_os_error("cannot close " + name_, os_errno);
}

}  // namespace rdb::io
