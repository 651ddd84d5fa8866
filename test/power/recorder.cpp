#include "test/power/recorder.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace baton::test {
namespace {

constexpr int kMostFolders = 16;

struct State {
  bool is_ready = false;
  bool is_on = false;
  char log_path[PATH_MAX];
  char folders[kMostFolders][PATH_MAX];
  int folder_count = 0;
  int log = -1;
  struct stat log_status {};
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  char* buffer = nullptr;
  std::size_t capacity = 0;
};
State state;

// A recorder that goes on without recording would make every test pass.
[[noreturn]] void GiveUp(const char* what) {
  char text[256];
  const int size = snprintf(text, sizeof(text), "power recorder: %s: %s\n", what, strerror(errno));
  syscall(SYS_write, STDERR_FILENO, text, size);
  abort();
}

void ReadFolders(const char* list) {
  while (*list != '\0') {
    const char* end = strchrnul(list, ':');
    char given[PATH_MAX];
    const auto size = static_cast<std::size_t>(end - list);
    if (size >= sizeof(given) || state.folder_count == kMostFolders) GiveUp("too many folders");
    memcpy(given, list, size);
    given[size] = '\0';
    if (size > 0) {
      if (realpath(given, state.folders[state.folder_count]) == nullptr) GiveUp(given);
      ++state.folder_count;
    }
    list = *end == ':' ? end + 1 : end;
  }
}

// A program may close what it does not know, or open its own files under the number.
void OpenLog() {
  struct stat now {};
  if (state.log >= 0 && fstat(state.log, &now) == 0 && now.st_ino == state.log_status.st_ino &&
      now.st_dev == state.log_status.st_dev) {
    return;
  }
  const int low = static_cast<int>(syscall(SYS_openat, AT_FDCWD, state.log_path,
                                           O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (low < 0) GiveUp(state.log_path);
  // Out of the way of programs that count on low numbers.
  state.log = fcntl(low, F_DUPFD_CLOEXEC, 200);
  if (state.log < 0) GiveUp("no descriptor");
  syscall(SYS_close, low);
  fstat(state.log, &state.log_status);
}

void LockLog(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  while (fcntl(state.log, F_SETLKW, &lock) != 0) {
    if (errno != EINTR) GiveUp("lock");
  }
}

void BeginChild() {
  // A thread that had its turn is not in the child, so nobody would end it.
  state.mutex = PTHREAD_MUTEX_INITIALIZER;
}

void Begin() {
  if (state.is_ready) return;
  state.is_ready = true;
  const char* const log = getenv(kRecordLog);
  const char* const below = getenv(kRecordBelow);
  if (log == nullptr || below == nullptr || *log == '\0') return;
  if (strlen(log) >= sizeof(state.log_path)) GiveUp("log");
  strcpy(state.log_path, log);
  ReadFolders(below);
  OpenLog();
  pthread_atfork(nullptr, nullptr, BeginChild);
  state.is_on = true;
}
__attribute__((constructor)) void Load() { Begin(); }

char* Room(std::size_t size) {
  if (size <= state.capacity) return state.buffer;
  const std::size_t capacity = (size + 0xffff) & ~std::size_t{0xffff};
  void* const room =
      state.buffer == nullptr
          ? mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
          : mremap(state.buffer, state.capacity, capacity, MREMAP_MAYMOVE);
  if (room == MAP_FAILED) GiveUp("no memory");
  state.buffer = static_cast<char*>(room);
  state.capacity = capacity;
  return state.buffer;
}

bool IsZeros(const char* data, std::size_t size) {
  return size > 0 && *data == 0 && memcmp(data, data + 1, size - 1) == 0;
}

bool PathOf(int descriptor, char* path, std::size_t room) {
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, room - 1);
  if (size < 0) return false;
  path[size] = '\0';
  return true;
}

FileId FolderOf(const char* path) {
  char folder[PATH_MAX];
  strcpy(folder, path);
  char* const slash = strrchr(folder, '/');
  if (slash != nullptr) *slash = '\0';
  struct stat status {};
  if (stat(*folder == '\0' ? "/" : folder, &status) != 0) return {};
  return IdOf(status);
}

}  // namespace

Turn::Turn() {
  const KeptError kept;
  if (!state.is_on) return;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &signals_);
  pthread_mutex_lock(&state.mutex);
  OpenLog();
  LockLog(F_WRLCK);
}

Turn::~Turn() {
  const KeptError kept;
  if (!state.is_on) return;
  LockLog(F_UNLCK);
  pthread_mutex_unlock(&state.mutex);
  pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
}

KeptError::KeptError() : error_(errno) {}
KeptError::~KeptError() { errno = error_; }

FileId IdOf(const struct stat& status) { return {status.st_dev, status.st_ino}; }

bool IsBelow(const char* path) {
  for (int i = 0; i < state.folder_count; ++i) {
    const std::size_t size = strlen(state.folders[i]);
    if (strncmp(path, state.folders[i], size) == 0 && (path[size] == '/' || path[size] == '\0')) {
      return true;
    }
  }
  return false;
}

OpenFile::OpenFile(int number) : descriptor(number) {
  const KeptError kept;
  Begin();
  if (!state.is_on || descriptor < 0 || fstat(descriptor, &status) != 0) return;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return;
  is_recorded = PathOf(descriptor, path, sizeof(path)) && IsBelow(path);
}

Name::Name(int at, const char* given) {
  const KeptError kept;
  Begin();
  if (!state.is_on || given == nullptr) return;
  char text[PATH_MAX];
  if (strlen(given) >= sizeof(text)) return;
  strcpy(text, given);
  for (std::size_t end = strlen(text); end > 1 && text[end - 1] == '/'; --end) text[end - 1] = 0;
  char* const slash = strrchr(text, '/');
  last_ = slash == nullptr ? text : slash + 1;
  const char* const folder_path = slash == nullptr ? "." : slash == text ? "/" : text;
  char last[NAME_MAX + 1];
  if (strlen(last_) >= sizeof(last)) return;
  strcpy(last, last_);
  if (slash != nullptr && slash != text) *slash = '\0';
  folder_descriptor_ =
      static_cast<int>(syscall(SYS_openat, at, folder_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (folder_descriptor_ < 0 || fstat(folder_descriptor_, &status) != 0) return;
  folder = IdOf(status);
  if (!PathOf(folder_descriptor_, path, PATH_MAX)) return;
  const std::size_t size = strlen(path);
  if (size > 1) strcat(path, "/");
  strcat(path, last);
  last_ = strrchr(path, '/') + 1;
  is_recorded = IsBelow(path);
  if (is_recorded && FileAt(*this, status).number != 0) {
    file = IdOf(status);
    mode = status.st_mode;
  }
}

Name::~Name() {
  const KeptError kept;
  if (folder_descriptor_ >= 0) syscall(SYS_close, folder_descriptor_);
}

FileId FileAt(const Name& name, struct stat& status) {
  const KeptError kept;
  if (fstatat(name.folder_descriptor_, name.last_, &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return IdOf(status);
}

void Record(RecordHead head, const char* path, const char* other_path, const iovec* parts,
            int count) {
  const KeptError kept;
  head.process = getpid();
  head.path_size = static_cast<std::uint32_t>(strlen(path));
  head.other_path_size = static_cast<std::uint32_t>(strlen(other_path));
  const bool has_data = head.change == Change::kWrite;
  const std::size_t names = sizeof(head) + head.path_size + head.other_path_size;
  char* const room = Room(names + (has_data ? head.size : 0));
  char* data = room + names;
  std::size_t left = has_data ? head.size : 0;
  for (int i = 0; i < count && left > 0; ++i) {
    const std::size_t size = parts[i].iov_len < left ? parts[i].iov_len : left;
    memcpy(data, parts[i].iov_base, size);
    data += size;
    left -= size;
  }
  head.data_size = has_data ? head.size : 0;
  if (has_data && IsZeros(room + names, head.size)) {
    head.change = Change::kWriteZeros;
    head.data_size = 0;
  }
  memcpy(room, &head, sizeof(head));
  memcpy(room + sizeof(head), path, head.path_size);
  memcpy(room + sizeof(head) + head.path_size, other_path, head.other_path_size);
  const std::size_t size = names + head.data_size;
  if (syscall(SYS_write, state.log, room, size) != static_cast<long>(size)) GiveUp("write");
}

void RecordOpened(const OpenFile& file, bool was_there, bool was_cut) {
  const KeptError kept;
  RecordHead head;
  head.file = IdOf(file.status);
  head.mode = file.status.st_mode;
  if (!was_there) {
    // A file that never gets a name is no part of any tree.
    if (file.status.st_nlink == 0) return;
    head.change = Change::kCreate;
    head.folder = FolderOf(file.path);
    Record(head, file.path);
  } else if (was_cut) {
    head.change = Change::kResize;
    Record(head, file.path);
  }
}

void RecordWritten(const OpenFile& file, const iovec* parts, int count, off_t offset,
                   std::size_t size) {
  const KeptError kept;
  if (size == 0) return;
  RecordHead head;
  head.change = Change::kWrite;
  head.file = IdOf(file.status);
  head.is_nameless = file.status.st_nlink == 0;
  head.offset = static_cast<std::uint64_t>(offset);
  head.size = size;
  head.is_flushed = (fcntl(file.descriptor, F_GETFL) & O_DSYNC) != 0;
  Record(head, file.path, "", parts, count);
}

void RecordCopied(const OpenFile& file, off_t begin, off_t end) {
  const KeptError kept;
  if (end <= begin) return;
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file.descriptor);
  const int reader = static_cast<int>(syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC));
  const auto size = static_cast<std::size_t>(end - begin);
  void* const room =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) GiveUp("no memory");
  std::size_t done = 0;
  while (reader >= 0 && done < size) {
    const ssize_t count = pread(reader, static_cast<char*>(room) + done, size - done,
                                begin + static_cast<off_t>(done));
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (reader >= 0) syscall(SYS_close, reader);
  const iovec part{room, size};
  if (done == size) {
    RecordWritten(file, &part, 1, begin, size);
  } else {
    RecordUnknown("a copy that cannot be read back", file.path);
  }
  munmap(room, size);
}

void RecordUnknown(const char* what, const char* path) {
  RecordHead head;
  Record(head, path, what);
}

}  // namespace baton::test
