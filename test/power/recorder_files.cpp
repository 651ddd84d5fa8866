// The functions of libc that change and flush files.  Each makes the system call itself, so that
// nothing of libc comes between, and records what has come of it.
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/power/recorder.hpp"

namespace baton::test {
namespace {

int Open(int at, const char* path, int flags, mode_t mode) {
  const auto open = [&] { return static_cast<int>(syscall(SYS_openat, at, path, flags, mode)); };
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return open();
  const Turn turn;
  struct stat before {};
  const bool was_there = [&] {
    const KeptError kept;
    return fstatat(at, path, &before, 0) == 0;
  }();
  const int descriptor = open();
  const OpenFile file(descriptor);
  const bool is_temporary = (flags & O_TMPFILE) == O_TMPFILE;
  if (file.is_recorded && !is_temporary) {
    RecordOpened(file, was_there, (flags & O_TRUNC) != 0 && before.st_size > 0);
  }
  return descriptor;
}

// Where a write has gone that began at `offset`, or at the file's position.
off_t PlaceOf(const OpenFile& file, std::size_t size, off_t offset) {
  const KeptError kept;
  if ((fcntl(file.descriptor, F_GETFL) & O_APPEND) != 0) {
    struct stat after {};
    fstat(file.descriptor, &after);
    return after.st_size - static_cast<off_t>(size);
  }
  if (offset >= 0) return offset;
  return lseek(file.descriptor, 0, SEEK_CUR) - static_cast<off_t>(size);
}

template <typename Call>
ssize_t Write(int descriptor, const iovec* parts, int count, off_t offset, const Call& call) {
  const OpenFile file(descriptor);
  if (!file.is_recorded) return call();
  const Turn turn;
  const ssize_t size = call();
  if (size > 0) {
    const auto written = static_cast<std::size_t>(size);
    RecordWritten(file, parts, count, PlaceOf(file, written, offset), written);
  }
  return size;
}

template <typename Call>
ssize_t Copy(int descriptor, const off_t* offset, const Call& call) {
  const OpenFile file(descriptor);
  if (!file.is_recorded) return call();
  const Turn turn;
  const off_t given = offset == nullptr ? -1 : *offset;
  const ssize_t size = call();
  if (size > 0) {
    const off_t begin = PlaceOf(file, static_cast<std::size_t>(size), given);
    RecordCopied(file, begin, begin + size);
  }
  return size;
}

void RecordOf(const OpenFile& file, Change change, std::uint64_t offset = 0,
              std::uint64_t size = 0) {
  RecordHead head;
  head.change = change;
  head.file = IdOf(file.status);
  head.is_nameless = file.status.st_nlink == 0;
  head.mode = file.status.st_mode;
  head.offset = offset;
  head.size = size;
  Record(head, file.path);
}

// A call that changes an open file, and returns 0 when it has; recorded as the file is afterwards.
template <typename Call>
int OnFile(int descriptor, Change change, const Call& call) {
  const OpenFile before(descriptor);
  if (!before.is_recorded) return call();
  const Turn turn;
  const int result = call();
  if (result == 0) {
    const OpenFile file(descriptor);
    RecordOf(file, change, 0, static_cast<std::uint64_t>(file.status.st_size));
  }
  return result;
}

// The same by the file's path.
template <typename Call>
int OnPath(int at, const char* path, Change change, const Call& call) {
  const Turn turn;
  const int result = call();
  if (result != 0) return result;
  const KeptError kept;
  const int descriptor = static_cast<int>(syscall(SYS_openat, at, path, O_PATH | O_CLOEXEC));
  const OpenFile file(descriptor);
  if (file.is_recorded) RecordOf(file, change, 0, static_cast<std::uint64_t>(file.status.st_size));
  if (descriptor >= 0) syscall(SYS_close, descriptor);
  return result;
}

int FlushAll(int descriptor, const char* what) {
  const Turn turn;
  const int result =
      static_cast<int>(descriptor < 0 ? syscall(SYS_sync) : syscall(SYS_syncfs, descriptor));
  const KeptError kept;
  struct stat status {};
  if (result != 0 || (descriptor >= 0 && fstat(descriptor, &status) != 0)) return result;
  RecordHead head;
  head.change = Change::kFlushAll;
  head.file.device = descriptor < 0 ? 0 : status.st_dev;
  Record(head, what);
  return result;
}

template <typename Call>
int MakeTemporary(char* pattern, const Call& call) {
  const Turn turn;
  const int descriptor = call(pattern);
  const OpenFile file(descriptor);
  if (file.is_recorded) RecordOpened(file, false, false);
  return descriptor;
}

int Allocate(int descriptor, int mode, off_t offset, off_t size) {
  const OpenFile file(descriptor);
  const auto allocate = [&] {
    return static_cast<int>(syscall(SYS_fallocate, descriptor, mode, offset, size));
  };
  if ((mode & ~FALLOC_FL_KEEP_SIZE) == 0) return OnFile(descriptor, Change::kResize, allocate);
  if (!file.is_recorded) return allocate();
  const Turn turn;
  const int result = allocate();
  if (result == 0) RecordUnknown("fallocate of a kind that PostgreSQL does not use", file.path);
  return result;
}

mode_t ModeOf(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? va_arg(arguments, mode_t) : 0;
}

}  // namespace
}  // namespace baton::test

using namespace baton::test;

// Opening.

#define OPENS(NAME)                                     \
  RECORDED int NAME(const char* path, int flags, ...) { \
    va_list arguments;                                  \
    va_start(arguments, flags);                         \
    const mode_t mode = ModeOf(flags, arguments);       \
    va_end(arguments);                                  \
    return Open(AT_FDCWD, path, flags, mode);           \
  }
OPENS(open)
OPENS(open64)

#define OPENS_AT(NAME)                                          \
  RECORDED int NAME(int at, const char* path, int flags, ...) { \
    va_list arguments;                                          \
    va_start(arguments, flags);                                 \
    const mode_t mode = ModeOf(flags, arguments);               \
    va_end(arguments);                                          \
    return Open(at, path, flags, mode);                         \
  }
OPENS_AT(openat)
OPENS_AT(openat64)

RECORDED int __open_2(const char* path, int flags) { return Open(AT_FDCWD, path, flags, 0); }
RECORDED int __open64_2(const char* path, int flags) { return Open(AT_FDCWD, path, flags, 0); }
RECORDED int __openat_2(int at, const char* path, int flags) { return Open(at, path, flags, 0); }
RECORDED int __openat64_2(int at, const char* path, int flags) { return Open(at, path, flags, 0); }
RECORDED int creat(const char* path, mode_t mode) {
  return Open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
RECORDED int creat64(const char* path, mode_t mode) {
  return Open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
RECORDED int mkstemp(char* pattern) { return MakeTemporary(pattern, Next<int(char*)>("mkstemp")); }
RECORDED int mkstemp64(char* pattern) {
  return MakeTemporary(pattern, Next<int(char*)>("mkstemp64"));
}
RECORDED int mkostemp(char* pattern, int flags) {
  const auto next = Next<int(char*, int)>("mkostemp");
  return MakeTemporary(pattern, [&](char* text) { return next(text, flags); });
}

// Data.

RECORDED ssize_t write(int descriptor, const void* data, size_t size) {
  const iovec part{const_cast<void*>(data), size};
  return Write(descriptor, &part, 1, -1,
               [&] { return syscall(SYS_write, descriptor, data, size); });
}
RECORDED ssize_t pwrite64(int descriptor, const void* data, size_t size, off64_t offset) {
  const iovec part{const_cast<void*>(data), size};
  return Write(descriptor, &part, 1, offset,
               [&] { return syscall(SYS_pwrite64, descriptor, data, size, offset); });
}
RECORDED ssize_t pwrite(int descriptor, const void* data, size_t size, off_t offset) {
  return pwrite64(descriptor, data, size, offset);
}
RECORDED ssize_t writev(int descriptor, const iovec* parts, int count) {
  return Write(descriptor, parts, count, -1,
               [&] { return syscall(SYS_writev, descriptor, parts, count); });
}
RECORDED ssize_t pwritev64v2(int descriptor, const iovec* parts, int count, off64_t offset,
                             int flags) {
  return Write(descriptor, parts, count, offset, [&] {
    return syscall(SYS_pwritev2, descriptor, parts, count, offset, offset >> 32 >> 32, flags);
  });
}
RECORDED ssize_t pwritev2(int descriptor, const iovec* parts, int count, off_t offset, int flags) {
  return pwritev64v2(descriptor, parts, count, offset, flags);
}
RECORDED ssize_t pwritev64(int descriptor, const iovec* parts, int count, off64_t offset) {
  return pwritev64v2(descriptor, parts, count, offset, 0);
}
RECORDED ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  return pwritev64v2(descriptor, parts, count, offset, 0);
}
RECORDED ssize_t sendfile64(int to, int from, off64_t* offset, size_t size) {
  return Copy(to, nullptr, [&] { return syscall(SYS_sendfile, to, from, offset, size); });
}
RECORDED ssize_t sendfile(int to, int from, off_t* offset, size_t size) {
  return sendfile64(to, from, offset, size);
}
RECORDED ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* offset,
                                 size_t size, unsigned flags) {
  return Copy(to, offset, [&] {
    return syscall(SYS_copy_file_range, from, from_offset, to, offset, size, flags);
  });
}
RECORDED int ftruncate64(int descriptor, off64_t size) {
  return OnFile(descriptor, Change::kResize,
                [&] { return static_cast<int>(syscall(SYS_ftruncate, descriptor, size)); });
}
RECORDED int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }
RECORDED int truncate64(const char* path, off64_t size) {
  return OnPath(AT_FDCWD, path, Change::kResize,
                [&] { return static_cast<int>(syscall(SYS_truncate, path, size)); });
}
RECORDED int truncate(const char* path, off_t size) { return truncate64(path, size); }
RECORDED int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) {
  return Allocate(descriptor, mode, offset, size);
}
RECORDED int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  return Allocate(descriptor, mode, offset, size);
}
RECORDED int posix_fallocate64(int descriptor, off64_t offset, off64_t size) {
  const KeptError kept;
  return OnFile(descriptor, Change::kResize, [&] {
    return Next<int(int, off64_t, off64_t)>("posix_fallocate64")(descriptor, offset, size);
  });
}
RECORDED int posix_fallocate(int descriptor, off_t offset, off_t size) {
  return posix_fallocate64(descriptor, offset, size);
}

// Modes.

RECORDED int chmod(const char* path, mode_t mode) {
  return OnPath(AT_FDCWD, path, Change::kMode,
                [&] { return static_cast<int>(syscall(SYS_fchmodat, AT_FDCWD, path, mode)); });
}
RECORDED int fchmod(int descriptor, mode_t mode) {
  return OnFile(descriptor, Change::kMode,
                [&] { return static_cast<int>(syscall(SYS_fchmod, descriptor, mode)); });
}
RECORDED int fchmodat(int at, const char* path, mode_t mode, int flags) {
  return OnPath(at, path, Change::kMode, [&] {
    return Next<int(int, const char*, mode_t, int)>("fchmodat")(at, path, mode, flags);
  });
}

// libacl gives a mode in this way.
RECORDED int fsetxattr(int descriptor, const char* name, const void* value, size_t size,
                       int flags) {
  return OnFile(descriptor, Change::kMode, [&] {
    return static_cast<int>(syscall(SYS_fsetxattr, descriptor, name, value, size, flags));
  });
}
RECORDED int setxattr(const char* path, const char* name, const void* value, size_t size,
                      int flags) {
  return OnPath(AT_FDCWD, path, Change::kMode, [&] {
    return static_cast<int>(syscall(SYS_setxattr, path, name, value, size, flags));
  });
}

// Flushing.

RECORDED int fsync(int descriptor) {
  return OnFile(descriptor, Change::kFlush,
                [&] { return static_cast<int>(syscall(SYS_fsync, descriptor)); });
}
RECORDED int fdatasync(int descriptor) {
  return OnFile(descriptor, Change::kFlushData,
                [&] { return static_cast<int>(syscall(SYS_fdatasync, descriptor)); });
}
RECORDED int sync_file_range(int descriptor, off64_t offset, off64_t size, unsigned flags) {
  return OnFile(descriptor, Change::kFlushPart, [&] {
    return static_cast<int>(syscall(SYS_sync_file_range, descriptor, offset, size, flags));
  });
}
RECORDED int syncfs(int descriptor) { return FlushAll(descriptor, "syncfs"); }
RECORDED void sync() { FlushAll(-1, "sync"); }
