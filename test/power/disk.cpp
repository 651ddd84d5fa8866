#include "test/power/disk.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/system/file.hpp"

namespace baton::test {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

std::string_view LastOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

[[noreturn]] void Misfit(const Operation& operation, std::string_view what) {
  throw std::runtime_error(
      fmt::format("the record of changes is not whole: {}: {}", Described(operation), what));
}

void Require(bool is_done, const fs::path& path) {
  if (is_done) return;
  throw std::runtime_error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

// Blocks of zeros stay holes, so that a new segment of WAL costs nothing.
void WriteFile(const fs::path& path, const std::string& bytes, mode_t mode) {
  constexpr std::size_t kBlock = 65536;
  static const std::string zeros(kBlock, '\0');
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  Require(file >= 0, path);
  bool done = ftruncate(file, static_cast<off_t>(bytes.size())) == 0;
  for (std::size_t at = 0; done && at < bytes.size(); at += kBlock) {
    const std::size_t size = std::min(kBlock, bytes.size() - at);
    if (std::memcmp(bytes.data() + at, zeros.data(), size) == 0) continue;
    done =
        pwrite(file, bytes.data() + at, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
  }
  done = done && fchmod(file, mode & 07777) == 0;
  close(file);
  Require(done, path);
}

}  // namespace

void Disk::Read(const fs::path& folder) { folders_[folder] = ReadInode(folder); }

Disk::Number Disk::ReadInode(const fs::path& path) {
  struct stat status {};
  Require(lstat(path.c_str(), &status) == 0, path);
  const FileId id{status.st_dev, status.st_ino};
  if (const auto known = numbers_.find(id); known != numbers_.end()) return known->second;
  Inode inode;
  inode.mode = inode.flushed_mode = status.st_mode;
  if (S_ISREG(status.st_mode)) inode.content = Content(helper::ReadFile(path));
  if (S_ISLNK(status.st_mode)) inode.target = fs::read_symlink(path);
  if (S_ISDIR(status.st_mode)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
      // Sockets and pipes are no part of what a disk keeps.
      const fs::file_type type = entry.symlink_status().type();
      if (type == fs::file_type::socket || type == fs::file_type::fifo) continue;
      inode.names[entry.path().filename()] = ReadInode(entry.path());
    }
    inode.flushed_names = inode.names;
  }
  return Add(id, std::move(inode));
}

Disk::Number Disk::Add(const FileId& id, Inode inode) {
  inodes_.push_back(std::move(inode));
  return numbers_[id] = inodes_.size() - 1;
}

Disk::Number Disk::Find(const FileId& id) const {
  const auto known = numbers_.find(id);
  return known == numbers_.end() ? kNone : known->second;
}

Disk::Number Disk::Known(const Operation& operation, const FileId& id) const {
  const Number number = Find(id);
  if (number == kNone) Misfit(operation, "of something never seen");
  return number;
}

void Disk::Do(const Operation& operation) {
  const RecordHead& head = operation.head;
  switch (head.change) {
    case Change::kCreate:
    case Change::kLink:
    case Change::kSymlink:
    case Change::kMakeDirectory:
    case Change::kUnlink:
    case Change::kRemoveDirectory:
      return DoName(operation);
    case Change::kRename:
    case Change::kExchange:
      return DoRename(operation);
    case Change::kFlushAll:
      for (const auto& [id, number] : numbers_) {
        if (head.file.device == 0 || head.file.device == id.device) {
          DoFlush(inodes_[number], true);
        }
      }
      return;
    case Change::kUnknown:
      Misfit(operation, operation.other_path);
    default:
      break;
  }
  if (head.is_nameless != 0 && Find(head.file) == kNone) return;
  Inode& inode = inodes_[Known(operation, head.file)];
  if (head.change == Change::kWrite) inode.content.Write(head.offset, operation.data);
  if (head.change == Change::kWriteZeros) inode.content.WriteZeros(head.offset, head.size);
  if (head.change == Change::kResize) inode.content.Resize(head.size);
  if (head.change == Change::kMode) inode.mode = head.mode;
  if (head.change == Change::kFlush) DoFlush(inode, true);
  if (head.change == Change::kFlushData) DoFlush(inode, false);
  if (head.is_flushed != 0) inode.content.Flush();
}

void Disk::DoFlush(Inode& inode, bool with_mode) {
  inode.content.Flush();
  inode.flushed_names = inode.names;
  if (with_mode) inode.flushed_mode = inode.mode;
}

bool Disk::IsFlushed(const Inode& inode, bool with_mode) {
  return inode.content.IsFlushed() && inode.flushed_names == inode.names &&
         (!with_mode || inode.flushed_mode == inode.mode);
}

bool Disk::Matters(const Operation& operation) const {
  const Change change = operation.head.change;
  if (change == Change::kFlushPart) return false;
  if (change != Change::kFlush && change != Change::kFlushData) return true;
  const Number number = Find(operation.head.file);
  return number != kNone && !IsFlushed(inodes_[number], change == Change::kFlush);
}

void Disk::DoName(const Operation& operation) {
  const RecordHead& head = operation.head;
  const Number folder = Known(operation, head.folder);
  const std::string name(LastOf(operation.path));
  if (head.change == Change::kUnlink || head.change == Change::kRemoveDirectory) {
    NamedIn(operation, head.folder, operation.path);
    inodes_[folder].names.erase(name);
    return;
  }
  if (inodes_[folder].names.contains(name)) Misfit(operation, "the name is taken");
  if (head.change == Change::kLink) {
    inodes_[folder].names[name] = Known(operation, head.file);
    return;
  }
  Inode inode;
  inode.mode = inode.flushed_mode = head.mode;
  inode.target = operation.other_path;
  // The number of a file that is gone may be given again, and means another one then.
  const Number number = Add(head.file, std::move(inode));
  inodes_[folder].names[name] = number;
}

void Disk::DoRename(const Operation& operation) {
  const RecordHead& head = operation.head;
  const Number moved = NamedIn(operation, head.folder, operation.path);
  Names& from = inodes_[Known(operation, head.folder)].names;
  Names& to = inodes_[Known(operation, head.other_folder)].names;
  const std::string name(LastOf(operation.path));
  const std::string other(LastOf(operation.other_path));
  if (head.change == Change::kExchange) {
    if (!to.contains(other)) Misfit(operation, "nothing to exchange it with");
    from[name] = to[other];
  } else {
    from.erase(name);
  }
  to[other] = moved;
}

Disk::Number Disk::NamedIn(const Operation& operation, const FileId& folder,
                           std::string_view path) const {
  const Names& names = inodes_[Known(operation, folder)].names;
  const auto entry = names.find(LastOf(path));
  if (entry == names.end()) Misfit(operation, "the folder does not have the name");
  if (entry->second != Find(operation.head.file)) Misfit(operation, "the name is of another file");
  return entry->second;
}

struct Disk::Making {
  const Model& model;
  std::map<Number, fs::path> made;  // files, for their other names
  std::set<Number> within;          // folders that are being made
};

void Disk::Materialise(const fs::path& folder, const Model& model,
                       const fs::path& destination) const {
  Making making{model, {}, {}};
  Make(making, folders_.at(folder), destination);
}

void Disk::Make(Making& making, Number number, const fs::path& path) const {
  const Inode& inode = inodes_[number];
  const Model& model = making.model;
  const mode_t mode = model.modes_are_there ? inode.mode : inode.flushed_mode;
  if (S_ISLNK(inode.mode)) {
    Require(symlink(inode.target.c_str(), path.c_str()) == 0, path);
  } else if (S_ISREG(inode.mode)) {
    const auto [known, is_new] = making.made.emplace(number, path);
    if (is_new) {
      WriteFile(path, *inode.content.After(model.data), mode);
    } else {
      Require(link(known->second.c_str(), path.c_str()) == 0, path);
    }
  } else if (S_ISDIR(inode.mode)) {
    // Folders moved into each other, flushed at different times, may seem to be in themselves.
    if (!making.within.insert(number).second) return;
    Require(mkdir(path.c_str(), 0700) == 0, path);
    for (const auto& [name, child] : model.names_are_there ? inode.names : inode.flushed_names) {
      Make(making, child, path / name);
    }
    Require(chmod(path.c_str(), mode & 07777) == 0, path);
    making.within.erase(number);
  }
}

std::string Described(const Operation& operation) {
  const RecordHead& head = operation.head;
  const std::string_view path = operation.path;
  const auto sized = [&](const char* verb) {
    return fmt::format("{} {} bytes at {} of {}", verb, head.size, head.offset, path);
  };
  switch (head.change) {
    case Change::kCreate:
      return fmt::format("create {}", path);
    case Change::kWrite:
      return sized("write");
    case Change::kWriteZeros:
      return sized("write zeros,");
    case Change::kResize:
      return fmt::format("resize {} to {}", path, head.size);
    case Change::kMode:
      return fmt::format("chmod {:04o} {}", head.mode & 07777, path);
    case Change::kRename:
      return fmt::format("rename {} -> {}", path, operation.other_path);
    case Change::kExchange:
      return fmt::format("exchange {} with {}", path, operation.other_path);
    case Change::kLink:
      return fmt::format("link {} -> {}", operation.other_path, path);
    case Change::kSymlink:
      return fmt::format("symlink {} to {}", path, operation.other_path);
    case Change::kMakeDirectory:
      return fmt::format("mkdir {}", path);
    case Change::kUnlink:
      return fmt::format("unlink {}", path);
    case Change::kRemoveDirectory:
      return fmt::format("rmdir {}", path);
    case Change::kFlush:
      return fmt::format("fsync {}", path);
    case Change::kFlushData:
      return fmt::format("fdatasync {}", path);
    case Change::kFlushPart:
      return fmt::format("sync_file_range {}", path);
    case Change::kFlushAll:
      return std::string(path);
    case Change::kUnknown:
      break;
  }
  return fmt::format("{} ({})", operation.other_path, path);
}

}  // namespace baton::test
