// What pg_baton costs a server that has nothing to do with it:
//   processor time and private memory of its workers while the cluster is idle;
//   instructions of a writing commit and of a select, by callgrind, beside the same server without
//   the library, with the write gate open, and how many of them are the gate's own.
// Environment as for the scenario tests; PG_BATON_BENCH_IDLE sets the seconds of idleness (default
// 60).
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "helper/system/file.hpp"
#include "helper/system/process.hpp"
#include "test/bench/figures.hpp"
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

void BenchIdle() {
  const std::chrono::seconds idle(Number("PG_BATON_BENCH_IDLE", 60));
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

// A server under callgrind: each of its processes leaves a file with its own count at its end. With
// `only`, it counts what is done inside of this function.  (In single-user mode the gate is out.)
class CountedServer {
 public:
  CountedServer(const Cluster& cluster, Node& node, const std::vector<std::string>& settings,
                const std::string& only = "")
      : node_(node), counts_(cluster.directory() / "counts") {
    fs::remove_all(counts_);
    fs::create_directory(counts_);
    std::vector<std::string> arguments = {
        "/usr/bin/valgrind", "--tool=callgrind",
        fmt::format("--callgrind-out-file={}/%p", counts_.string())};
    if (!only.empty()) arguments.push_back("--toggle-collect=" + only);
    arguments.insert(arguments.end(), {Cluster::Program("postgres"), "-D", node.data()});
    for (const std::string& setting : settings) {
      arguments.insert(arguments.end(), {"-c", setting});
    }
    pid_ = Spawn(arguments, node.log_file());
    if (!Eventually([&] { return Answers("INSERT INTO t VALUES (0)"); }, 60s)) {
      throw std::runtime_error("the server under callgrind takes no writes:\n" + node.Log());
    }
  }
  ~CountedServer() {
    node_.Stop();
    WaitFor(pid_);
  }
  CountedServer(const CountedServer&) = delete;
  CountedServer& operator=(const CountedServer&) = delete;

  // Instructions of one such statement.
  double Of(const std::string& statement) const {
    constexpr int kTimes = 400;
    // What a session costs by itself is in both; the first one fills the caches that are shared.
    Session(statement, kTimes);
    const double once = Session(statement, kTimes);
    const double twice = Session(statement, 2 * kTimes);
    return (twice - once) / kTimes;
  }

 private:
  bool Answers(const std::string& statement) const {
    try {
      return node_.SqlError(statement).empty();
    } catch (const core::Error&) {
      return false;
    }
  }

  double Session(const std::string& statement, int times) const {
    std::string pid;
    {
      helper::Connection session = node_.Connect();
      pid = session.Value("SELECT pg_backend_pid()");
      for (int i = 0; i < times; ++i) session.Query(statement);
    }
    std::string count;
    const bool ended = Eventually([&] {
      const std::string file = helper::ReadFileIfThere(counts_ / pid).value_or("");
      if (file.find("\ntotals: ") == std::string::npos) return false;
      count = file.substr(file.find("\nsummary: ") + 10);
      return true;
    });
    if (!ended) throw std::runtime_error("callgrind has left no count of session " + pid);
    return std::stod(count);
  }

  Node& node_;
  fs::path counts_;
  pid_t pid_ = 0;
};

void BenchInstructions() {
  if (!fs::exists("/usr/bin/valgrind")) {
    fmt::print(
        "!!!! instructions are NOT MEASURED: there is no valgrind; apt-get install valgrind\n");
    return;
  }
  Cluster cluster;
  Node& a = cluster.InitPrimary("a", "autovacuum = off\n");
  a.Sql("CREATE TABLE t (n int)");
  // Answers as a node, and takes no WAL: a sender would be woken by some commits and not by others.
  Node& b = cluster.Clone("b", a);
  b.Sql("ALTER SYSTEM SET primary_conninfo = ''");
  b.Sql("SELECT pg_reload_conf()");
  Eventually([&] { return a.Sql("SELECT count(*) FROM pg_stat_replication") == "0"; });
  a.Stop();

  struct Load {
    const char* name;
    const char* statement;
  };
  constexpr Load kLoads[] = {{"a writing commit", "INSERT INTO t VALUES (1)"},
                             {"a select", "SELECT count(*) FROM pg_am"}};
  double without[std::size(kLoads)];
  {
    const CountedServer plain(cluster, a, {"shared_preload_libraries="});
    for (std::size_t i = 0; i < std::size(kLoads); ++i) without[i] = plain.Of(kLoads[i].statement);
  }
  for (const std::string policy : {"keep", "fence"}) {
    const std::vector<std::string> settings = {"pg_baton.isolation_policy=" + policy,
                                               "pg_baton.isolation_timeout=10min"};
    double with[std::size(kLoads)];
    {
      const CountedServer whole(cluster, a, settings);
      for (std::size_t i = 0; i < std::size(kLoads); ++i) with[i] = whole.Of(kLoads[i].statement);
    }
    const CountedServer gate(cluster, a, settings, "OnTransaction");
    for (std::size_t i = 0; i < std::size(kLoads); ++i) {
      const double in_gate = gate.Of(kLoads[i].statement);
      fmt::print(
          "instructions of {}, write gate open, isolation_policy {}\n"
          "  with the extension           {:.0f}\n  without                      {:.0f}\n"
          "  ratio {:.4f}; counted alone, the gate takes {:.0f}, {:.2f} % of what is without it\n",
          kLoads[i].name, policy, with[i], without[i], with[i] / without[i], in_gate,
          in_gate / without[i] * 100);
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace baton::test

int main() {
  baton::test::BenchIdle();
  baton::test::BenchInstructions();
}
