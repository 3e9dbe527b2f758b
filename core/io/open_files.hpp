// open_files.hpp: which files this process has open, by device and inode.
//
// flock already makes two opens of one file conflict, also inside a process, but not on file
// systems where the lock is missing (allow_unlocked) or is emulated per process. This registry
// holds everywhere.
//
// Invariants:
//   O1  Claims on one file are either all shared, or one exclusive claim.
//   O2  A claim inherited through fork() belongs to the parent and conflicts with nothing here.
//
// Threads: any. fork() is safe beside calls from other threads once a claim was ever made.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace rdb::io {

// One open of one file: a node of an intrusive list, so that claiming allocates nothing and the
// process-wide state needs neither constructor nor destructor.
class OpenFileClaim {
 public:
  OpenFileClaim() = default;
  OpenFileClaim(const OpenFileClaim&) = delete;
  OpenFileClaim& operator=(const OpenFileClaim&) = delete;
  ~OpenFileClaim() { release(); }

  // False when another claim forbids this one. At most one claim per object at a time.
  bool try_claim(dev_t device, ino_t inode, bool exclusive);
  void release() noexcept;  // does nothing without a claim

 private:
  bool held_ = false;
  bool exclusive_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  uint64_t fork_generation_ = 0;
  OpenFileClaim* next_ = nullptr;
};

}  // namespace rdb::io
