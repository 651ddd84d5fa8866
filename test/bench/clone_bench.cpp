// Seconds from a running server to a whole copy of it that can be started as its standby, and until
// that standby streams, in turns over the same data:
//   plain  pg_baton clone with its defaults; pg_basebackup by hand, which makes its slot and writes
//          the connection; cp of the stopped server's directory and a flush, a lower bound that
//          costs an outage and makes no standby
//   link   clone and pg_basebackup over a link with 1 ms each way and 1 Gbit/s, and clone with
//          compression over the wire
// All flush what they have written.  First the link shows that it is what it is said to be.
//
// Environment as for the scenario tests; PG_BATON_BENCH_ROUNDS sets the rounds (default 5),
// PG_BATON_BENCH_MEGABYTES the data (3000).  Arguments: parts; without any, both; quick: 300 MB.
// Needs the data twice on disk.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <unistd.h>

#include "test/bench/slow_link.hpp"
#include "test/bench/told_steps.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

constexpr int kMegabytesOfTable = 100;
constexpr LinkSpeed kLink = {1ms, 125e6};
// The first step after which a copy is a running server.
constexpr const char* kStart = "start";

//   a (primary, with data)  --->  b, made again and again
class Copying {
 public:
  explicit Copying(int megabytes);

  const Node& a() const { return a_; }
  std::string Size() const;
  // There is no b, a knows of none, and what nobody measures is on disk.
  void Reset();

  // Each returns when b streams; a is reached by this port.
  Steps ByBaton(int port, const std::string& compression = "");
  Steps ByHand(int port);
  // Stops a and leaves it so.
  Steps ByCp();

 private:
  void Load(int megabytes);
  void AwaitStreaming() const;

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

// Without WAL of the load.
Copying::Copying(int megabytes)
    : cluster_(Cluster::Place::kDisk),
      a_(cluster_.InitPlain("a",
                            "fsync = on\nautovacuum = off\n"
                            "wal_level = minimal\nmax_wal_senders = 0\n")),
      b_(cluster_.Plan("b")) {
  WarnIfInMemory(cluster_.directory());
  Load(megabytes);
  a_.Configure("wal_level = replica\nmax_wal_senders = 10");
  a_.Restart();
  const HelperResult setup = cluster_.SetupPrimary(a_, {"--restart"});
  if (setup.exit_code != 0) throw std::runtime_error(setup.output);
}

// Half of it is noise, half of it packs well.
void Copying::Load(int megabytes) {
  a_.Sql(
      "CREATE TABLE table0 AS SELECT n, md5(n::text) || md5((-n)::text) AS noise,"
      " format('order %s of customer %s, to be delivered on %s', n, n % 9973,"
      " date '2024-01-01' + n % 365) AS words FROM generate_series(1, 610000) n");
  for (int i = 1; i < megabytes / kMegabytesOfTable; ++i) {
    a_.Sql(fmt::format("CREATE TABLE table{} AS TABLE table0", i));
  }
}

std::string Copying::Size() const {
  return a_.Sql("SELECT pg_size_pretty(sum(pg_tablespace_size(oid))) FROM pg_tablespace");
}

void Copying::Reset() {
  if (b_.IsRunning()) b_.Stop("immediate");
  fs::remove_all(b_.data());
  if (!a_.IsRunning()) a_.Start();
  const bool is_dropped = Eventually([&] {
    return a_.SqlError("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        .empty();
  });
  if (!is_dropped) throw std::runtime_error("the slot stays in use:\n" + a_.Log());
  a_.Sql("SELECT baton.unregister_node(name) FROM baton.node WHERE name = 'b'");
  a_.Sql("CHECKPOINT");
  sync();
}

void Copying::AwaitStreaming() const {
  const auto streams = [&] {
    return a_.Sql(
               "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'b' AND state = "
               "'streaming'") == "1";
  };
  if (!Eventually(streams)) throw std::runtime_error("the copy does not stream:\n" + b_.Log());
}

Steps Copying::ByBaton(int port, const std::string& compression) {
  std::vector<std::string> arguments = {Cluster::Program("pg_baton")};
  for (const std::string& argument : cluster_.CloneArguments(b_, port))
    arguments.push_back(argument);
  if (!compression.empty()) arguments.push_back("--compress=" + compression);
  arguments.emplace_back("--verbose");
  return ToldSteps(arguments, "checks",
                   {{"SQL: SELECT pg_create_physical_replication_slot", "slot"},
                    {"/pg_basebackup ", "pg_basebackup"},
                    {", with the WAL of that time", "configuration"},
                    {"baton.register_node", "registry"},
                    {"registered node", kStart},
                    {"pg_stat_replication", "stream"}},
                   "stream");
}

Steps Copying::ByHand(int port) {
  const std::string source =
      fmt::format("host=127.0.0.1 port={} user=baton_node passfile={} application_name={}", port,
                  cluster_.passfile().string(), b_.name());
  Steps steps = ToldSteps(
      {Cluster::Program("pg_basebackup"), "-D", b_.data(), "-d", source, "-c", "fast", "-X",
       "stream", "-R", "-C", "-S", b_.name(), "-v"},
      "checkpoint", {{"checkpoint completed", "copy"}, {"syncing data to disk", "flush"}}, "flush");
  // Who does it by hand has no extension.
  std::ofstream(b_.data() / "postgresql.auto.conf", std::ios::app)
      << fmt::format("port = {}\nshared_preload_libraries = ''\n", b_.port());
  steps.emplace_back(kStart, 1000 * Seconds([&] { b_.Start(); }));
  steps.emplace_back("stream", 1000 * Seconds([&] { AwaitStreaming(); }));
  return steps;
}

Steps Copying::ByCp() {
  a_.Stop();
  const auto step = [](const std::vector<std::string>& arguments) {
    return 1000 * Seconds([&] { RunOrFail(arguments); });
  };
  return {{"copy", step({"/bin/cp", "-a", "--reflink=never", a_.data(), b_.data()})},
          {"flush", step({"/bin/sync", "-f", b_.data()})}};
}

struct Way {
  std::string name;
  std::function<Steps()> copy;
};

// Steps of each round, by the name of the way; every other round goes through the ways backwards.
using Rounds = std::map<std::string, std::vector<Steps>>;

Rounds Run(Copying& copying, const std::vector<Way>& ways, int rounds) {
  // The first copy after the load takes longer than all others.
  copying.Reset();
  ways.front().copy();
  Rounds all;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t turn = 0; turn < ways.size(); ++turn) {
      const Way& way = ways[round % 2 == 0 ? turn : ways.size() - 1 - turn];
      copying.Reset();
      all[way.name].push_back(way.copy());
    }
  }
  copying.Reset();
  for (const Way& way : ways) {
    fmt::print("steps, medians, ms: {:<28} {}\n", way.name, StepMedians(all[way.name]));
  }
  return all;
}

// Until the copy is whole, or until it streams too.
std::vector<double> SecondsOf(const std::vector<Steps>& rounds, bool until_it_streams) {
  std::vector<double> seconds;
  for (Steps steps : rounds) {
    const auto start = std::find_if(steps.begin(), steps.end(),
                                    [](const auto& step) { return step.first == kStart; });
    if (!until_it_streams) steps.erase(start, steps.end());
    seconds.push_back(SumSeconds(steps));
  }
  return seconds;
}

// Returns true if ours is slower.
bool Compare(const Rounds& rounds, const std::string& ours, const std::string& other,
             bool until_it_streams = false) {
  const std::vector<double> a = SecondsOf(rounds.at(ours), until_it_streams);
  const std::vector<double> b = SecondsOf(rounds.at(other), until_it_streams);
  const Interval ratio =
      Report(until_it_streams ? "until the standby streams" : "until the copy is whole", ours, a,
             other, b, "s");
  return Judge(ours, a, other, b, ratio);
}

void BenchPlain(Copying& copying, int rounds) {
  fmt::print("== plain\n");
  const int port = copying.a().port();
  const Rounds all = Run(copying,
                         {{"pg_baton clone", [&] { return copying.ByBaton(port); }},
                          {"pg_basebackup", [&] { return copying.ByHand(port); }},
                          {"cp of the stopped server", [&] { return copying.ByCp(); }}},
                         rounds);
  // The bar: not slower than pg_basebackup.
  if (Compare(all, "pg_baton clone", "pg_basebackup")) fmt::print("!!!! the bar is missed\n");
  Compare(all, "pg_baton clone", "pg_basebackup", true);
  Compare(all, "pg_baton clone", "cp of the stopped server");
}

// A round trip and a big answer.
std::string LinkText(int port) {
  constexpr int kAnswerMegabytes = 250;
  helper::Connection session({{"host", "127.0.0.1"},
                              {"port", std::to_string(port)},
                              {"user", "postgres"},
                              {"dbname", "postgres"}});
  std::vector<double> trips;
  for (int i = 0; i < 20; ++i) trips.push_back(Seconds([&] { session.Query("SELECT 1"); }));
  const double seconds = Seconds([&] {
    session.Query(
        fmt::format("SELECT repeat('x', 1000000) FROM generate_series(1, {})", kAnswerMegabytes));
  });
  return fmt::format("round trip {:.2f} ms, {:.0f} MB/s", Median(trips) * 1000,
                     kAnswerMegabytes / seconds);
}

void BenchLink(Copying& copying, int rounds) {
  const SlowLink link(copying.a().port(), kLink);
  fmt::print("== link, {} ms each way and {:.0f} MB/s: {}; without it {}\n", kLink.delay / 1ms,
             kLink.bytes_per_second / 1e6, LinkText(link.port()), LinkText(copying.a().port()));
  std::fflush(stdout);
  const int port = link.port();
  const Rounds all =
      Run(copying,
          {{"pg_baton clone", [&] { return copying.ByBaton(port); }},
           {"pg_basebackup", [&] { return copying.ByHand(port); }},
           {"clone --compress=lz4", [&] { return copying.ByBaton(port, "lz4"); }},
           {"clone --compress=zstd:1", [&] { return copying.ByBaton(port, "zstd:1"); }}},
          rounds);
  Compare(all, "pg_baton clone", "pg_basebackup");
  Compare(all, "pg_baton clone", "pg_basebackup", true);
  Compare(all, "clone --compress=lz4", "pg_baton clone");
  Compare(all, "clone --compress=zstd:1", "pg_baton clone");
}

}  // namespace
}  // namespace baton::test

int main(int argc, char** argv) {
  using namespace baton::test;
  std::vector<std::string> parts(argv + 1, argv + argc);
  const bool quick = std::erase(parts, "quick") > 0;
  if (parts.empty()) parts = {"plain", "link"};
  const int rounds = Number("PG_BATON_BENCH_ROUNDS", 5);
  Copying copying(Number("PG_BATON_BENCH_MEGABYTES", quick ? 300 : 3000));
  fmt::print("data of {}\n", copying.Size());
  for (const std::string& part : parts) {
    if (part == "plain") BenchPlain(copying, rounds);
    if (part == "link") BenchLink(copying, rounds);
  }
}
