// The functions of libc that change names of files, but for open.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/power/recorder.hpp"

namespace baton::test {
namespace {

// A call that gives a name to something new.
template <typename Call>
int MakeName(int at, const char* path, Change change, const char* target, const Call& call) {
  const Turn turn;
  const Name name(at, path);
  const int result = call();
  if (result != 0 || !name.is_recorded) return result;
  const KeptError kept;
  struct stat status {};
  RecordHead head;
  head.change = change;
  head.folder = name.folder;
  head.file = FileAt(name, status);
  head.mode = status.st_mode;
  Record(head, name.path, target);
  return result;
}

int Remove(int at, const char* path, int flags) {
  const Turn turn;
  const Name name(at, path);
  const int result = static_cast<int>(syscall(SYS_unlinkat, at, path, flags));
  if (result != 0 || !name.is_recorded) return result;
  RecordHead head;
  head.change = (flags & AT_REMOVEDIR) != 0 ? Change::kRemoveDirectory : Change::kUnlink;
  head.folder = name.folder;
  head.file = name.file;
  head.mode = name.mode;
  Record(head, name.path);
  return result;
}

int Rename(int at, const char* from, int other_at, const char* to, unsigned flags) {
  const Turn turn;
  const Name name(at, from);
  const Name other(other_at, to);
  const int result = static_cast<int>(syscall(SYS_renameat2, at, from, other_at, to, flags));
  // Two names of one file: the call does nothing (rename(2)).
  const bool is_nothing = name.is_recorded && name.file == other.file;
  if (result != 0 || is_nothing || (!name.is_recorded && !other.is_recorded)) return result;
  if (!other.is_recorded || !name.is_recorded) {
    RecordUnknown("a rename into or out of the recorded folders", name.path);
    return result;
  }
  RecordHead head;
  head.change = (flags & RENAME_EXCHANGE) != 0 ? Change::kExchange : Change::kRename;
  head.folder = name.folder;
  head.other_folder = other.folder;
  head.file = name.file;
  head.mode = name.mode;
  Record(head, name.path, other.path);
  return result;
}

int Link(int at, const char* from, int other_at, const char* to, int flags) {
  const Turn turn;
  const Name other(other_at, to);
  const int result = static_cast<int>(syscall(SYS_linkat, at, from, other_at, to, flags));
  if (result != 0 || !other.is_recorded) return result;
  const KeptError kept;
  struct stat status {};
  RecordHead head;
  head.change = Change::kLink;
  head.folder = other.folder;
  head.file = FileAt(other, status);
  head.mode = status.st_mode;
  Record(head, other.path, from);
  return result;
}

}  // namespace
}  // namespace baton::test

using namespace baton::test;

RECORDED int mkdirat(int at, const char* path, mode_t mode) {
  return MakeName(at, path, Change::kMakeDirectory, "",
                  [&] { return static_cast<int>(syscall(SYS_mkdirat, at, path, mode)); });
}
RECORDED int mkdir(const char* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
RECORDED char* mkdtemp(char* pattern) {
  // Its name is known only afterwards, and to nobody else.
  char* const made = Next<char*(char*)>("mkdtemp")(pattern);
  if (made != nullptr) MakeName(AT_FDCWD, made, Change::kMakeDirectory, "", [] { return 0; });
  return made;
}
RECORDED int symlinkat(const char* target, int at, const char* path) {
  return MakeName(at, path, Change::kSymlink, target,
                  [&] { return static_cast<int>(syscall(SYS_symlinkat, target, at, path)); });
}
RECORDED int symlink(const char* target, const char* path) {
  return symlinkat(target, AT_FDCWD, path);
}
RECORDED int linkat(int at, const char* from, int other_at, const char* to, int flags) {
  return Link(at, from, other_at, to, flags);
}
RECORDED int link(const char* from, const char* to) {
  return Link(AT_FDCWD, from, AT_FDCWD, to, 0);
}
RECORDED int unlink(const char* path) { return Remove(AT_FDCWD, path, 0); }
RECORDED int unlinkat(int at, const char* path, int flags) { return Remove(at, path, flags); }
RECORDED int rmdir(const char* path) { return Remove(AT_FDCWD, path, AT_REMOVEDIR); }
RECORDED int remove(const char* path) {
  const int result = Remove(AT_FDCWD, path, 0);
  return result != 0 && errno == EISDIR ? Remove(AT_FDCWD, path, AT_REMOVEDIR) : result;
}
RECORDED int rename(const char* from, const char* to) {
  return Rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}
RECORDED int renameat(int at, const char* from, int other_at, const char* to) {
  return Rename(at, from, other_at, to, 0);
}
RECORDED int renameat2(int at, const char* from, int other_at, const char* to, unsigned flags) {
  return Rename(at, from, other_at, to, flags);
}
