// Small programs for the tests of recorder and PowerLoss: power_actor ACT FOLDER.
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/system/file.hpp"

namespace {

namespace fs = std::filesystem;

void Require(bool is_done) {
  if (!is_done) throw std::runtime_error(std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(open(path.c_str(), flags, 0600)) {
    Require(number_ >= 0);
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return number_; }

 private:
  int number_;
};

constexpr int kNew = O_RDWR | O_CREAT | O_TRUNC;

void Write(int file, const std::string& text) {
  Require(write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void Replace(const fs::path& folder) { baton::helper::ReplaceFile(folder / "file", "new content"); }

void ReplaceWithoutFlush(const fs::path& folder) {
  {
    const Descriptor file(folder / "file.tmp", kNew);
    Write(file, "new content");
  }
  fs::rename(folder / "file.tmp", folder / "file");
  baton::helper::Flush(folder);
}

void ReplaceWithoutFlushOfTheFolder(const fs::path& folder) {
  {
    const Descriptor file(folder / "file.tmp", kNew);
    Write(file, "new content");
    Require(fsync(file) == 0);
  }
  fs::rename(folder / "file.tmp", folder / "file");
}

void OverwriteInPlace(const fs::path& folder) {
  const Descriptor file(folder / "file", O_WRONLY | O_TRUNC);
  Write(file, "new content");
  Require(fsync(file) == 0);
}

void FlushWithoutItsFolder(const fs::path& folder) {
  const Descriptor file(folder / "fresh", kNew);
  Write(file, "fresh content");
  Require(fsync(file) == 0);
}

// A file that is renamed before it is flushed is flushed under its new name.
void FlushAfterRename(const fs::path& folder) {
  const Descriptor file(folder / "before", kNew);
  Write(file, "content");
  fs::rename(folder / "before", folder / "after");
  Require(fsync(file) == 0);
  baton::helper::Flush(folder);
}

void CloseAndOpen(const fs::path& folder) {
  Require(chmod(folder.c_str(), 0701) == 0);
  baton::helper::Flush(folder);
  fs::create_directory(folder / "half");
  baton::helper::Flush(folder);
  Require(chmod(folder.c_str(), 0700) == 0);
  baton::helper::Flush(folder);
}

// A flush of what is flushed already.
void FlushTwice(const fs::path& folder) {
  const Descriptor file(folder / "file", O_WRONLY);
  Write(file, "new");
  Require(fsync(file) == 0 && fdatasync(file) == 0 && fsync(file) == 0);
  baton::helper::Flush(folder);
}

void SyncAll(const fs::path& folder) {
  {
    const Descriptor file(folder / "fresh", kNew);
    Write(file, "fresh content");
  }
  const Descriptor self(folder, O_RDONLY | O_DIRECTORY);
  Require(syncfs(self) == 0);
}

void WriteStreams(const fs::path& folder) {
  FILE* const stream = std::fopen((folder / "stream").c_str(), "w");
  Require(stream != nullptr);
  std::fprintf(stream, "%d lines\n", 3);
  std::fputs("second\n", stream);
  std::fputc('t', stream);
  putc('h', stream);
  const std::string much(100000, 'm');
  std::fwrite(much.data(), 1, much.size(), stream);
  std::fseek(stream, 2, SEEK_SET);
  std::fputs("LINES", stream);
  std::fclose(stream);
  FILE* const more = std::fopen((folder / "stream").c_str(), "a");
  std::fputs("appended", more);
  std::fclose(more);
  std::ofstream(folder / "cpp") << "of C++ " << 42 << std::string(20000, 'x');
  std::ofstream(folder / "cpp", std::ios::app) << "and more";
  // Left to exit.
  FILE* const left = std::fopen((folder / "left").c_str(), "w");
  std::fputs("left in the buffer", left);
}

void WriteDescriptors(const fs::path& folder) {
  const Descriptor file(folder / "data", kNew);
  Write(file, "0123456789");
  Require(pwrite(file, "AB", 2, 4) == 2);
  char one[] = "one";
  char three[] = "three";
  const iovec parts[] = {{one, 3}, {three, 5}};
  Require(writev(file, parts, 2) == 8);
  Require(pwritev(file, parts, 2, 50) == 8);
  Require(ftruncate(file, 54) == 0);
  Require(posix_fallocate(file, 100, 1000) == 0);
  Write(file, std::string(70000, '\0'));
  const Descriptor more(folder / "data", O_WRONLY | O_APPEND);
  Write(more, "at the end");
  Require(truncate((folder / "data").c_str(), 60000) == 0);
  Require(fchmod(file, 0640) == 0);
  std::string pattern = folder / "temporary.XXXXXX";
  const int temporary = mkstemp(pattern.data());
  Require(temporary >= 0);
  Write(temporary, "temporary");
  close(temporary);
  pattern = folder / "folder.XXXXXX";
  Require(mkdtemp(pattern.data()) != nullptr);
  // The number of a file that is gone may be given to the next.
  for (int i = 0; i < 5; ++i) {
    const Descriptor gone(folder / "gone", kNew);
    Write(gone, "gone " + std::to_string(i));
    Require(unlink((folder / "gone").c_str()) == 0);
    Write(gone, "and written to");
  }
}

void ChangeNames(const fs::path& folder) {
  fs::create_directories(folder / "deep" / "er");
  std::ofstream(folder / "deep" / "er" / "file") << "content";
  fs::copy(folder / "deep", folder / "copied", fs::copy_options::recursive);
  fs::rename(folder / "deep" / "er", folder / "up");
  fs::create_symlink("../elsewhere", folder / "link");
  fs::create_hard_link(folder / "up" / "file", folder / "twice");
  std::ofstream(folder / "twice", std::ios::app) << " of both names";
  fs::permissions(folder / "up", fs::perms(0750));
  fs::create_directory(folder / "removed");
  std::ofstream(folder / "removed" / "file") << "content";
  fs::remove_all(folder / "removed");
  std::ofstream(folder / "other") << "other";
  Require(renameat2(AT_FDCWD, (folder / "other").c_str(), AT_FDCWD, (folder / "twice").c_str(),
                    RENAME_EXCHANGE) == 0);
  Require(std::remove((folder / "deep").c_str()) == 0);
  const Descriptor self(folder, O_RDONLY | O_DIRECTORY);
  Require(mkdirat(self, "relative", 0711) == 0);
  const Descriptor at(folder / "relative", O_RDONLY | O_DIRECTORY);
  const int made = openat(at, "file", kNew, 0600);
  Require(made >= 0);
  close(made);
  Require(renameat(at, "file", self, "moved") == 0);
  Require(chdir(folder.c_str()) == 0);
  Require(rename("moved", "./relative/back") == 0 && unlinkat(at, "back", 0) == 0);
}

// Several processes append to one file, and each other's lines are in between.
void WriteTogether(const fs::path& folder) {
  const Descriptor shared(folder / "shared", kNew | O_APPEND);
  for (int child = 0; child < 4; ++child) {
    if (fork() != 0) continue;
    const Descriptor own(folder / "shared", O_WRONLY | O_APPEND);
    for (int i = 0; i < 100; ++i) {
      Write(i % 2 == 0 ? own : shared, std::to_string(child) + " " + std::to_string(i) + "\n");
    }
    _exit(0);
  }
  while (wait(nullptr) > 0) {
  }
}

const std::map<std::string, void (*)(const fs::path& folder)> kActs = {
    {"replace", Replace},
    {"replace-without-flush", ReplaceWithoutFlush},
    {"replace-without-flush-of-the-folder", ReplaceWithoutFlushOfTheFolder},
    {"overwrite-in-place", OverwriteInPlace},
    {"flush-without-its-folder", FlushWithoutItsFolder},
    {"flush-after-rename", FlushAfterRename},
    {"close-and-open", CloseAndOpen},
    {"flush-twice", FlushTwice},
    {"sync-all", SyncAll},
    {"write-streams", WriteStreams},
    {"write-descriptors", WriteDescriptors},
    {"change-names", ChangeNames},
    {"write-together", WriteTogether},
};

}  // namespace

int main(int count, char** words) {
  const auto act = count == 3 ? kActs.find(words[1]) : kActs.end();
  if (act == kActs.end()) return 2;
  try {
    act->second(words[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", words[1], error.what());
    return 1;
  }
  return 0;
}
