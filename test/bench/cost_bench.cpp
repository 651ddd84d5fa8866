// What pg_baton costs a server that has nothing to do with it:
//   processor time and private memory of its workers while the cluster is idle;
//   instructions of a commit and of a select, by callgrind, beside a server without the library.
// Environment as for the scenario tests; PG_BATON_BENCH_IDLE sets the seconds of idleness (default
// 60).
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "helper/system/file.hpp"
#include "helper/system/process.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

constexpr const char* kWorkers[] = {"pg_baton monitor", "pg_baton observer", "pg_baton storage"};

// Time on a processor so far, in nanoseconds (first number of /proc/PID/schedstat).
double ProcessorNanoseconds(int pid) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
  double time = 0;
  file >> time;
  return time;
}

// Memory that no other process shares, in kB.
long PrivateKilobytes(int pid) {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  std::string line;
  long sum = 0;
  while (std::getline(file, line)) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    sum += std::strtol(line.c_str() + line.find(':') + 1, nullptr, 10);
  }
  return sum;
}

void BenchIdle() {
  const char* const given = std::getenv("PG_BATON_BENCH_IDLE");
  const std::chrono::seconds idle(given == nullptr ? 60 : std::atoi(given));
  Cluster cluster;
  Node& a = cluster.InitPrimary("a");
  Node& b = cluster.Clone("b", a);
  // After a change the monitor looks more often for a while.
  const auto settled = std::chrono::steady_clock::now() + 15s;
  Eventually([&] { return std::chrono::steady_clock::now() > settled; });
  for (const Node* const node : {&a, &b}) {
    std::map<std::string, double> before;
    for (const char* const worker : kWorkers) {
      before[worker] = ProcessorNanoseconds(node->ProcessPid(worker));
    }
    const auto begin = std::chrono::steady_clock::now();
    Eventually([&] { return std::chrono::steady_clock::now() - begin >= idle; }, idle + 10s);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    double all_percent = 0;
    long all_kilobytes = 0;
    fmt::print("idle {}, {:.0f} s\n", node->name() == "a" ? "primary" : "standby", seconds);
    for (const char* const worker : kWorkers) {
      const int pid = node->ProcessPid(worker);
      const double percent = (ProcessorNanoseconds(pid) - before[worker]) / 1e9 / seconds * 100;
      const long kilobytes = PrivateKilobytes(pid);
      fmt::print("  {:<20} {:.3f} % of one core, {} kB private\n", worker, percent, kilobytes);
      all_percent += percent;
      all_kilobytes += kilobytes;
    }
    fmt::print("  {:<20} {:.3f} % of one core, {} kB private; the bar is 0.2 %, 10 MB\n", "all",
               all_percent, all_kilobytes);
    std::fflush(stdout);
  }
}

// Instructions that a server in single-user mode needs for these statements, its start included.
double Instructions(const Cluster& cluster, const Node& node, const std::string& libraries,
                    const std::string& statement, int times) {
  const fs::path input = cluster.directory() / "statements.sql";
  {
    std::ofstream file(input);
    for (int i = 0; i < times; ++i) file << statement << '\n';
  }
  const std::string command = fmt::format(
      "exec valgrind --tool=callgrind --callgrind-out-file=/dev/null {} --single -D {} -c "
      "shared_preload_libraries={} postgres <{} 2>&1",
      Cluster::Program("postgres"), node.data().string(), libraries, input.string());
  const std::string output = RunOrFail({"/bin/sh", "-c", command});
  const auto found = output.find("Collected : ");
  if (found == std::string::npos) throw std::runtime_error(output);
  return std::stod(output.substr(found + 12));
}

void BenchInstructions() {
  if (!fs::exists("/usr/bin/valgrind")) {
    fmt::print(
        "!!!! instructions are NOT MEASURED: there is no valgrind; apt-get install valgrind\n");
    return;
  }
  Cluster cluster;
  Node& node = cluster.InitPlain("plain");
  node.Sql("CREATE TABLE t (n int)");
  node.Stop();
  struct Load {
    const char* name;
    const char* statement;
  };
  for (const Load& load : {Load{"a commit", "INSERT INTO t VALUES (1);"},
                           Load{"a select", "SELECT count(*) FROM pg_class;"}}) {
    constexpr int kTimes = 400;
    double each[2];
    for (const bool with : {true, false}) {
      const std::string libraries = with ? "pg_baton" : "''";
      // What the start costs is in both.
      const double once = Instructions(cluster, node, libraries, load.statement, kTimes);
      const double twice = Instructions(cluster, node, libraries, load.statement, 2 * kTimes);
      each[with ? 0 : 1] = (twice - once) / kTimes;
    }
    fmt::print(
        "instructions of {}\n  with the extension           {:.0f}\n  without                      "
        "{:.0f}\n  ratio {:.4f}\n",
        load.name, each[0], each[1], each[0] / each[1]);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace baton::test

int main() {
  baton::test::BenchIdle();
  baton::test::BenchInstructions();
}
