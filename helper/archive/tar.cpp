#include "helper/archive/tar.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/open_file.hpp"
#include "archive/packing.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTar = "/bin/tar";

enum ExitCode { kAll = 0, kNoReader = 1, kDamaged = 2, kUnreadable = 3 };

bool WriteAll(int descriptor, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = write(descriptor, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

// The whole life of the process that unpacks.
[[noreturn]] void Feed(const fs::path& file, core::Packing packing, int output, pid_t owner) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != owner) _exit(kNoReader);
  try {
    const archive::OpenFile input(file, O_RDONLY | O_CLOEXEC);
    const auto source = archive::Unpack(input.number(), packing, file.string());
    std::vector<char> piece(archive::kPieceBytes);
    for (;;) {
      const std::size_t size = source->Read(piece.data(), piece.size());
      if (size == 0) _exit(kAll);
      if (!WriteAll(output, piece.data(), size)) _exit(kNoReader);
    }
  } catch (const core::Error& error) {
    _exit(error.code() == core::ErrorCode::kRefused ? kDamaged : kUnreadable);
  } catch (const std::exception&) {
    _exit(kUnreadable);
  }
}

// A process that unpacks a file into a pipe; killed if it is not waited for.
class Feeder {
 public:
  Feeder(const fs::path& file, core::Packing packing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Failure("make a pipe");
    const pid_t owner = getpid();
    process_ = fork();
    if (process_ == 0) {
      close(ends[0]);
      Feed(file, packing, ends[1], owner);
    }
    close(ends[1]);
    output_ = ends[0];
    if (process_ < 0) {
      close(output_);
      throw Failure("fork");
    }
  }
  ~Feeder() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    Wait();
  }
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  int output() const { return output_; }
  int Wait() {
    // Without a reader it ends.
    close(output_);
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : kUnreadable;
  }

 private:
  static core::Error Failure(const char* what) {
    return {core::ErrorCode::kFailed, fmt::format("could not {}: {}", what, std::strerror(errno))};
  }

  pid_t process_ = 0;
  int output_ = -1;
};

}  // namespace

std::string RunTar(const fs::path& file, core::Packing packing,
                   const std::vector<std::string>& arguments) {
  Feeder feeder(file, packing);
  std::vector<std::string> words = {kTar, "--file=-"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ProcessOptions options;
  options.input = feeder.output();
  const ProcessResult result = RunProcess(words, options);
  CheckInterrupt();
  const int fed = feeder.Wait();
  if (fed == kDamaged) {
    throw core::Error(core::ErrorCode::kRefused,
                      fmt::format("\"{}\" of the base backup is damaged", file.string()),
                      "It cannot be decompressed to its end.");
  }
  if (fed == kUnreadable) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not read \"{}\"", file.string()));
  }
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not unpack \"{}\"", file.string()), result.output);
  }
  return result.output;
}

}  // namespace baton::helper
