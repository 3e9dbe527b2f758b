// file_backend.hpp: a database in one regular file of the operating system.
//
// Whole-file flock: exclusive for read-write, shared for read-only, taken before anything is read,
// so that rdb and both Rust engines keep each other out (spec 01 section 10.1). Other opens of the
// file in this process are caught by open_files.hpp.
//
// Positional reads and writes only. After fork() the child's copy can be destroyed, which closes
// the descriptor and leaves the parent's lock alone; that the child uses it for nothing else is the
// engine's duty.
//
// Threads: any, concurrently, except close().
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "io/open_files.hpp"
#include "rdb/options.hpp"
#include "rdb/storage_backend.hpp"

namespace rdb::io {

class FileBackend final : public StorageBackend {
 public:
  // Opens, or creates when the mode says so, and locks. Never truncates.
  //   already_open  another process, or this one, has the file open in a conflicting mode
  //   io            missing (ENOENT), not a regular file, create_new on a non-empty file (EEXIST),
  //                 a file system without locks unless allow_unlocked
  //   read_only     the mode writes, and file or file system can only be read
  //   out_of_space  no room for the directory entry
  static std::unique_ptr<FileBackend> open(const std::filesystem::path& path, OpenMode mode,
                                           bool allow_unlocked);

  FileBackend(const FileBackend&) = delete;
  FileBackend& operator=(const FileBackend&) = delete;
  ~FileBackend() override;  // closes, and keeps failures to itself

  uint64_t size() override;
  void read(uint64_t offset, std::span<std::byte> out) override;
  void write(uint64_t offset, Bytes data) override;
  void write_gather(uint64_t offset, std::span<const Bytes> parts) override;
  void append(uint64_t offset, Bytes data) override { write(offset, data); }
  void write_zeros(uint64_t offset, uint64_t size) override;
  void sync() override;
  void resize(uint64_t size) override;
  // Reserves the added range only; holes below the old size stay holes. Where the file system
  // cannot reserve, this is resize().
  void grow_reserved(uint64_t size) override;
  void close() override;
  bool read_only() const override { return read_only_; }

 private:
  FileBackend(const std::filesystem::path& path, bool read_only);

  void open_descriptor(const std::filesystem::path& path, OpenMode mode, bool& created);
  void lock(bool allow_unlocked);
  void require_writable(const char* verb) const;
  void start_writeback(uint64_t written_bytes) noexcept;

  const std::string name_;  // the path in quotes, for messages
  const bool read_only_;
  int descriptor_ = -1;
  bool locked_ = false;
  uint64_t fork_generation_;
  OpenFileClaim claim_;
  std::atomic<uint64_t> unsynced_bytes_{0};  // written since the last sync
  std::mutex resize_mutex_;  // grow_reserved's read of the size, its growth and its way back
};

}  // namespace rdb::io
