// What a user would measure, each beside what would be used instead, in one run:
//   seconds from baton.promote() to the first write that an ordinary user is told of, beside
//   pg_ctl promote;
//   seconds of pg_baton clone, beside plain pg_basebackup;
//   pgbench with the extension, whose write gate each commit passes, beside without it,
//   interleaved.
// Environment as for the scenario tests; PG_BATON_BENCH_SCALE sets pgbench's scale (default 20),
// PG_BATON_BENCH_ROUNDS the rounds of each pair (default 5); an argument, promotion, clone or
// pgbench, picks one of the three.
#include <fmt/format.h>
#include <vector>

#include "test/bench/figures.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

double Pgbench(const Cluster& cluster, const Node& node, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {Cluster::Program("pgbench"), "-h", cluster.directory(),
                                        "-p", std::to_string(node.port())};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.push_back("postgres");
  const std::string output = RunOrFail(arguments);
  const auto begin = output.find("tps = ");
  return begin == std::string::npos ? 0 : std::stod(output.substr(begin + 6));
}

void Fill(Cluster& cluster, Node& node, int scale) {
  Pgbench(cluster, node, {"-i", "-q", "-s", std::to_string(scale)});
}

// Tries to write, as an application does, until it is told that it has.
void FirstWrite(const Node& node) {
  const bool written = Eventually([&] {
    try {
      node.Connect("postgres", "app").Query("INSERT INTO first_write VALUES (1)");
      return true;
    } catch (const core::Error&) {
      return false;
    }
  });
  if (!written) throw std::runtime_error("no write was acknowledged after the promotion");
}

void BenchPromotion(int rounds) {
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    for (const bool by_function : {true, false}) {
      Cluster cluster;
      Node& a = cluster.InitPrimary("a");
      a.Sql("CREATE ROLE app LOGIN");
      a.Sql("CREATE TABLE first_write (n int)");
      a.Sql("GRANT INSERT ON first_write TO app");
      Node& b = cluster.Clone("b", a);
      a.Kill();
      const double seconds = Seconds([&] {
        if (by_function) {
          const std::string outcome = b.Rows("SELECT outcome, reason FROM baton.promote()");
          if (!outcome.starts_with("promoted|")) throw std::runtime_error(outcome);
        } else {
          RunOrFail({Cluster::Program("pg_ctl"), "promote", "-w", "-D", b.data()});
        }
        FirstWrite(b);
      });
      (by_function ? ours : theirs).push_back(seconds);
    }
  }
  Report("from the request to promote to the first acknowledged write of an ordinary user",
         "baton.promote(), with checks", ours, "pg_ctl promote", theirs, "s");
}

void BenchClone(int rounds, int scale) {
  Cluster cluster;
  Node& a = cluster.InitPrimary("a");
  Fill(cluster, a, scale);
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    const std::string name = fmt::format("c{}", round);
    Node& b = cluster.Plan(name);
    ours.push_back(Seconds([&] {
      const HelperResult result = cluster.RunClone(b, a, {"--no-start"});
      if (result.exit_code != 0) throw std::runtime_error(result.output);
    }));
    fs::remove_all(b.data());
    a.Sql(fmt::format("SELECT baton.unregister_node('{}')", name));
    a.Sql(fmt::format("SELECT pg_drop_replication_slot('{}')", name));
    const fs::path plain = cluster.directory() / "plain";
    theirs.push_back(Seconds([&] {
      RunOrFail({Cluster::Program("pg_basebackup"), "-h", cluster.directory(), "-p",
                 std::to_string(a.port()), "-D", plain, "-X", "stream", "-c", "fast"});
    }));
    fs::remove_all(plain);
  }
  Report(fmt::format("copying {} ",
                     a.Sql("SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database")),
         "pg_baton clone, not started", ours, "pg_basebackup", theirs, "s");
}

void BenchPgbench(int rounds, int scale) {
  Cluster cluster;
  Node& with = cluster.InitPrimary("with");
  Node& without = cluster.InitPlain(
      "without", "wal_log_hints = on\nmax_worker_processes = 12\nwal_keep_size = 256MB\n");
  Fill(cluster, with, scale);
  Fill(cluster, without, scale);
  for (const std::vector<std::string>& load :
       {std::vector<std::string>{"-n", "-T", "5", "-c", "2"}, {"-n", "-S", "-T", "5", "-c", "2"}}) {
    std::vector<double> ours;
    std::vector<double> theirs;
    for (int round = 0; round < rounds; ++round) {
      // Who comes second finds what the first has left to be written, so they take turns.
      if (round % 2 == 0) ours.push_back(Pgbench(cluster, with, load));
      theirs.push_back(Pgbench(cluster, without, load));
      if (round % 2 == 1) ours.push_back(Pgbench(cluster, with, load));
    }
    const bool reads = load[1] == "-S";
    Report(reads ? "pgbench, select only" : "pgbench, read and write, each commit through the gate",
           "with the extension", ours, "without", theirs, "tps");
  }
}

}  // namespace
}  // namespace baton::test

int main(int argc, char** argv) {
  using namespace baton::test;
  const int rounds = Number("PG_BATON_BENCH_ROUNDS", 5);
  const int scale = Number("PG_BATON_BENCH_SCALE", 20);
  const std::string only = argc > 1 ? argv[1] : "";
  if (only.empty() || only == "promotion") BenchPromotion(rounds);
  if (only.empty() || only == "clone") BenchClone(rounds, scale);
  if (only.empty() || only == "pgbench") BenchPgbench(rounds, scale);
}
