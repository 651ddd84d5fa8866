// The recorder is loaded before libc (LD_PRELOAD) into each program whose changes of files are to
// be replayed as a power loss would leave them.  recorder.cpp writes the records; the others stand
// in for functions of libc: recorder_files.cpp for those that change files, recorder_names.cpp for
// those of names, recorder_streams.cpp for stdio.  Not seen: writes through mmap, io_uring and bare
// system calls.  A program that is killed between a change and its record leaves that one out.
#pragma once

#include <csignal>
#include <cstddef>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "test/power/record.hpp"

// A function that stands in for libc's of this name.
#define RECORDED extern "C" __attribute__((visibility("default")))

namespace baton::test {

// The function that is stood in for.
template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// From before a change until after its record: no other process or thread changes anything
// meanwhile, and no signal handler runs, which would wait for itself.  Leaves errno alone.
class Turn {
 public:
  Turn();
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  sigset_t signals_;
};

// Keeps errno as the real call left it.
class KeptError {
 public:
  KeptError();
  ~KeptError();
  KeptError(const KeptError&) = delete;
  KeptError& operator=(const KeptError&) = delete;

 private:
  int error_;
};

FileId IdOf(const struct stat& status);
bool IsBelow(const char* path);

// An open file.
struct OpenFile {
  explicit OpenFile(int descriptor);
  // A regular file or directory below one of the folders.
  bool is_recorded = false;
  int descriptor;
  struct stat status {};
  char path[PATH_MAX];
};

// The folder and the last part of a path as it is given to a call; links in the folder's own path
// are followed, the last part is not.
struct Name {
  Name(int at, const char* given);
  ~Name();
  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;
  bool is_recorded = false;
  FileId folder;
  FileId file;  // that has the name now, if one has
  mode_t mode = 0;
  char path[PATH_MAX + NAME_MAX + 2];

 private:
  friend FileId FileAt(const Name& name, struct stat& status);
  int folder_descriptor_ = -1;
  const char* last_ = "";
};
// What has the name by now.
FileId FileAt(const Name& name, struct stat& status);

// Writes a record; the caller has its turn.  The head's sizes are set here.
void Record(RecordHead head, const char* path, const char* other_path = "",
            const iovec* parts = nullptr, int count = 0);

void RecordOpened(const OpenFile& file, bool was_there, bool was_cut);
void RecordWritten(const OpenFile& file, const iovec* parts, int count, off_t offset,
                   std::size_t size);
// The same for what the kernel has copied: it is read back.
void RecordCopied(const OpenFile& file, off_t begin, off_t end);
void RecordUnknown(const char* what, const char* path);

}  // namespace baton::test
