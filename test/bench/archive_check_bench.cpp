// How long pg_baton archive-check takes, and how much memory at its peak:
//   over 1, 10 and 100 GB of sparse segments, as they are where a server switches WAL long before
//   they are full, with and without --quick: memory has to stay what it is;
//   over 1 GB of full segments, beside what one would run instead: pg_waldump over each segment,
//   which checks the same pages and records, and sha256sum, which reads as much.
//
// Environment as for the scenario tests; PG_BATON_BENCH_ROUNDS sets the rounds of the second part
// (default 5).  Argument quick: 1 and 2 GB, and a quarter of a GB.  The segments of each part are
// in memory after the first round.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/bench/figures.hpp"
#include "test/cluster/harness.hpp"
#include "test/unit/archive/wal_maker.hpp"

namespace baton::test {
namespace {

constexpr std::uint64_t kBenchSegmentBytes = std::uint64_t{16} * 1024 * 1024;
constexpr int kSegmentsOfGigabyte = 64;
constexpr int kFirst = 3;

struct Cost {
  double seconds = 0;
  long kilobytes = 0;  // resident, at its peak
};

// The most memory that a process has had since it became this program.  (What wait4() tells is at
// least what its parent had when it forked.)
long PeakKilobytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  constexpr std::string_view kPeak = "VmHWM:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kPeak)) return std::stol(line.substr(kPeak.size()));
  }
  return 0;
}

// Throws unless it ends with 0.  It is stopped at its end for a moment, to ask for its memory.
Cost Run(const std::vector<std::string>& arguments) {
  Cost cost;
  cost.seconds = Seconds([&] {
    const pid_t pid = Spawn(arguments, "/dev/null");
    ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_TRACEEXIT);
    int status = 0;
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
      const bool is_end = status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8));
      if (is_end) cost.kilobytes = PeakKilobytes(pid);
      ptrace(PTRACE_CONT, pid, nullptr, is_end ? 0 : WSTOPSIG(status));
    }
    if (status != 0) throw std::runtime_error("it failed: " + arguments.front());
  });
  return cost;
}

class Archive {
 public:
  Archive() : folder_(cluster_.directory() / "archive") { fs::create_directory(folder_); }

  // Makes it this long; those that are there stay.
  void GrowTo(int segments, bool are_full) {
    for (; count_ < segments; ++count_) {
      const core::Lsn begin((kFirst + static_cast<std::uint64_t>(count_)) * kBenchSegmentBytes);
      WalMaker wal(1, begin, kBenchSegmentBytes);
      wal.Records(20);
      if (are_full) wal.Fill();
      wal.Switch();
      const fs::path path = folder_ / core::SegmentName(1, begin, kBenchSegmentBytes);
      std::ofstream(path, std::ios::binary) << wal.pages();
      fs::resize_file(path, kBenchSegmentBytes);
    }
  }
  std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(folder_)) paths.push_back(entry.path());
    return paths;
  }
  Cost Check(bool quick) const {
    std::vector<std::string> arguments = {Cluster::Program("pg_baton"), "archive-check",
                                          "--archive-directory=" + folder_.string()};
    if (quick) arguments.emplace_back("--quick");
    return Run(arguments);
  }

 private:
  Cluster cluster_{Cluster::Place::kDisk};
  fs::path folder_;
  int count_ = 0;
};

void BenchSparse(const std::vector<int>& gigabytes) {
  Archive archive;
  std::vector<long> peaks;
  for (const int size : gigabytes) {
    archive.GrowTo(size * kSegmentsOfGigabyte, false);
    const Cost whole = archive.Check(false);
    const Cost quick = archive.Check(true);
    fmt::print("{} GB of sparse segments: {:.2f} s, {} kB at its peak; --quick {:.2f} s, {} kB\n",
               size, whole.seconds, whole.kilobytes, quick.seconds, quick.kilobytes);
    peaks.push_back(std::max(whole.kilobytes, quick.kilobytes));
  }
  // What the allocator happens to keep is no growth.
  const bool is_flat = peaks.back() < peaks.front() + 1024;
  fmt::print("{}the peak of memory {} with the archive: {} kB, then {} kB\n",
             is_flat ? "" : "!!!! ", is_flat ? "does not grow" : "grows", peaks.front(),
             peaks.back());
}

void BenchFull(int segments, int rounds) {
  Archive archive;
  archive.GrowTo(segments, true);
  std::vector<double> ours;
  std::vector<double> dump;
  std::vector<double> sum;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(archive.Check(false).seconds);
    // Each by itself, as the segments do not follow from each other's records.
    dump.push_back(Seconds([&] {
      for (const std::string& path : archive.Paths()) {
        Run({Cluster::Program("pg_waldump"), "--quiet", path});
      }
    }));
    std::vector<std::string> arguments = {"/usr/bin/sha256sum"};
    for (const std::string& path : archive.Paths()) arguments.push_back(path);
    sum.push_back(Run(arguments).seconds);
  }
  const std::string what = fmt::format("{} full segments of 16 MB", segments);
  Report(what, "archive-check", ours, "pg_waldump of each", dump, "s");
  Report(what, "archive-check", ours, "sha256sum", sum, "s");
}

}  // namespace
}  // namespace baton::test

int main(int argc, char** argv) {
  using baton::test::Number;
  const bool quick = argc > 1 && std::string(argv[1]) == "quick";
  baton::test::BenchSparse(quick ? std::vector{1, 2} : std::vector{1, 10, 100});
  baton::test::BenchFull(quick ? 16 : 64, Number("PG_BATON_BENCH_ROUNDS", 5));
}
