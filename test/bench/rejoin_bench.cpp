// Seconds until a killed primary, which went on writing after its standby had been promoted, is a
// standby of that one and has replayed what that one had: by pg_baton rejoin with its defaults,
// beside the same by hand with scripts ready, in one run and in turns.  By hand is: CHECKPOINT on
// the new primary; crash recovery as pg_rewind itself runs it; pg_rewind; own settings put back,
// standby.signal and primary_conninfo; pg_ctl start; wait.  Each turn begins from the same copies
// of both data directories.
//
// Environment as for the scenario tests; PG_BATON_BENCH_ROUNDS sets the rounds (default 5),
// PG_BATON_BENCH_MEGABYTES the data (3000), PG_BATON_BENCH_BEYOND the megabytes of WAL that the old
// primary has of its own (70).  Argument quick: 150 and 20.  Needs twice both directories
// on disk.
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "test/bench/told_steps.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

constexpr int kMegabytesOfScale = 15;  // pgbench's
constexpr const char* kOwn[] = {"postgresql.conf", "postgresql.auto.conf", "pg_hba.conf",
                                "pg_ident.conf", "pg_baton"};

double Megabytes(const fs::path& directory) {
  std::uintmax_t bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return static_cast<double>(bytes) / 1048576;
}

void Copy(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  RunOrFail({"/bin/cp", "-a", "--reflink=auto", from, to});
}

// Rows here and there, so that pages of the whole table change.
void ChangeRows(helper::Connection& session) {
  session.Query(
      "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid IN (SELECT "
      "1 + floor(random() * (SELECT 100000 * count(*) FROM pgbench_branches))::int "
      "FROM generate_series(1, 200))");
}

//   a (killed, with WAL of its own)    b (primary)
class Parted {
 public:
  Parted(int megabytes, int beyond_megabytes);

  // Both directories are as they were, and b runs.
  void Reset();
  // a streams from b and has b's rows.
  void Check() const;
  std::string Size() const;

  const Node& a() const { return a_; }
  const Node& b() const { return b_; }
  // Each returns when a has replayed what b had.
  Steps ByHand();
  Steps ByBaton();

 private:
  static std::string Sum(const Node& node) {
    return node.Rows("SELECT count(*), sum(abalance) FROM pgbench_accounts");
  }
  fs::path Kept(const Node& node) const { return cluster_.directory() / ("kept_" + node.name()); }
  void Diverge(int megabytes);
  void PutOwnBack(const fs::path& own);

  Cluster cluster_;
  Node& a_;
  Node& b_;
  std::int64_t diverged_bytes_ = 0;
};

// wal_retrieve_retry_interval and fsync are PostgreSQL's own here, not the harness's.
Parted::Parted(int megabytes, int beyond_megabytes)
    : cluster_(Cluster::Place::kDisk),
      a_(cluster_.InitPrimary("a",
                              "fsync = on\nwal_retrieve_retry_interval = 5s\nautovacuum = off\n")),
      b_(cluster_.Plan("b")) {
  WarnIfInMemory(cluster_.directory());
  RunOrFail({Cluster::Program("pgbench"), "-i", "-q", "-s",
             std::to_string(std::max(1, megabytes / kMegabytesOfScale)), "-h", cluster_.directory(),
             "-p", std::to_string(a_.port()), "postgres"});
  const HelperResult clone = cluster_.RunClone(b_, a_);
  if (clone.exit_code != 0) throw std::runtime_error(clone.output);
  Diverge(beyond_megabytes);
  for (const Node* const node : {&a_, &b_}) fs::rename(node->data(), Kept(*node));
}

void Parted::Diverge(int megabytes) {
  a_.Sql("CHECKPOINT");
  const std::string fork = a_.Sql("SELECT pg_current_wal_lsn()");
  if (!Eventually([&] {
        return b_.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", fork)) == "t";
      })) {
    throw std::runtime_error("the standby does not get all:\n" + b_.Log());
  }
  b_.Sql("CHECKPOINT");
  const std::string outcome = b_.Rows("SELECT outcome, reason FROM baton.promote(force => true)");
  if (!outcome.starts_with("promoted|")) throw std::runtime_error(outcome);
  {
    // The gate is closed here by now.
    helper::Connection session = a_.Connect();
    session.Query("SET pg_baton.bypass_gate = on");
    const auto beyond = fmt::format("SELECT pg_current_wal_insert_lsn() - '{}'", fork);
    while ((diverged_bytes_ = std::stoll(session.Value(beyond))) < megabytes * 1048576LL) {
      ChangeRows(session);
    }
  }
  helper::Connection session = b_.Connect();
  ChangeRows(session);
  a_.Kill();
  b_.Stop();
}

void Parted::Reset() {
  for (Node* const node : {&a_, &b_}) {
    if (node->IsRunning()) node->Stop("immediate");
  }
  for (const Node* const node : {&a_, &b_}) Copy(Kept(*node), node->data());
  for (const char* const beside : {".pg_baton_lost", ".pg_baton_rejoin"}) {
    fs::remove_all(a_.data().string() + beside);
  }
  b_.Start();
  // What nobody measures is on disk.
  sync();
}

void Parted::Check() const {
  if (a_.Sql("SELECT pg_is_in_recovery()") != "t" || Sum(a_) != Sum(b_)) {
    throw std::runtime_error("the old primary has not what the new one has:\n" + a_.Log());
  }
}

std::string Parted::Size() const {
  return fmt::format(
      "old primary {:.0f} MB, of which pg_wal {:.0f}; new primary {:.0f} MB, of which pg_wal "
      "{:.0f};"
      " {:.1f} MB of WAL diverged",
      Megabytes(Kept(a_)), Megabytes(Kept(a_) / "pg_wal"), Megabytes(Kept(b_)),
      Megabytes(Kept(b_) / "pg_wal"), static_cast<double>(diverged_bytes_) / 1048576);
}

void Parted::PutOwnBack(const fs::path& own) {
  for (const char* const name : kOwn) Copy(own / name, a_.data() / name);
  std::ofstream(a_.data() / "standby.signal").flush();
  std::ofstream(a_.data() / "postgresql.auto.conf", std::ios::app) << fmt::format(
      "primary_conninfo = 'host=127.0.0.1 port={} application_name={}'\n", b_.port(), a_.name());
}

Steps Parted::ByHand() {
  Steps steps;
  const auto step = [&](const char* name, const std::function<void()>& work) {
    steps.emplace_back(name, Seconds(work) * 1000);
  };
  const fs::path own = cluster_.directory() / "own";
  fs::create_directory(own);
  step("CHECKPOINT", [&] { b_.Sql("CHECKPOINT"); });
  // ensureCleanShutdown in src/bin/pg_rewind/pg_rewind.c
  step("recovery", [&] {
    RunOrFail({Cluster::Program("postgres"), "--single", "-F", "-D", a_.data(), "template1"});
  });
  step("own settings kept", [&] {
    for (const char* const name : kOwn) Copy(a_.data() / name, own / name);
  });
  step("pg_rewind", [&] {
    RunOrFail({Cluster::Program("pg_rewind"), "--target-pgdata=" + a_.data().string(),
               fmt::format("--source-server=host=127.0.0.1 port={} dbname=postgres", b_.port()),
               "--no-ensure-shutdown", "--progress"});
  });
  step("own settings back", [&] { PutOwnBack(own); });
  std::string beyond;
  step("start", [&] {
    beyond = b_.Sql("SELECT pg_current_wal_lsn()");
    a_.Start();
  });
  step("stream", [&] {
    const std::string streams = fmt::format(
        "SELECT count(*) FROM pg_stat_replication WHERE application_name = '{}' AND state = "
        "'streaming' AND replay_lsn >= '{}'",
        a_.name(), beyond);
    if (!Eventually([&] { return b_.Sql(streams) == "1"; }, 60s)) {
      throw std::runtime_error("the old primary does not stream from the new one:\n" + a_.Log());
    }
  });
  return steps;
}

Steps Parted::ByBaton() {
  std::vector<std::string> arguments = {Cluster::Program("pg_baton")};
  for (const std::string& argument : Cluster::RejoinArguments(a_, b_))
    arguments.push_back(argument);
  arguments.emplace_back("--verbose");
  return ToldSteps(arguments, "plan",
                   {{"SQL: CHECKPOINT", "CHECKPOINT"},
                    {"/postgres --single", "recovery"},
                    {"WAL is replayed", "own WAL kept"},
                    {"/pg_rewind ", "pg_rewind"},
                    {"rewound: ", "own settings back"},
                    {"/pg_ctl start", "start"},
                    {"pg_stat_replication", "stream"}},
                   "own settings back");
}

void Bench(int rounds, int megabytes, int beyond_megabytes) {
  Parted parted(megabytes, beyond_megabytes);
  std::vector<Steps> steps[2];
  std::vector<double> seconds[2];
  for (int round = 0; round < rounds; ++round) {
    for (const int turn : {0, 1}) {
      const int which = (round + turn) % 2;
      parted.Reset();
      steps[which].push_back(which == 0 ? parted.ByBaton() : parted.ByHand());
      seconds[which].push_back(SumSeconds(steps[which].back()));
      parted.Check();
    }
  }
  const Interval ratio = Report(
      "from a killed primary that has diverged to a standby of the new one\n  " + parted.Size(),
      "pg_baton rejoin", seconds[0], "pg_rewind by hand, and start", seconds[1], "s");
  fmt::print("steps, medians, ms\n  pg_baton  {}\n  by hand   {}\n", StepMedians(steps[0]),
             StepMedians(steps[1]));
  // The bar: not slower than pg_rewind by hand plus one server start.
  if (Judge("rejoin", seconds[0], "pg_rewind by hand and a start", seconds[1], ratio)) {
    fmt::print("!!!! the bar is missed\n");
  }
}

}  // namespace
}  // namespace baton::test

int main(int argc, char** argv) {
  using baton::test::Number;
  const bool quick = argc > 1 && std::string(argv[1]) == "quick";
  baton::test::Bench(Number("PG_BATON_BENCH_ROUNDS", 5),
                     Number("PG_BATON_BENCH_MEGABYTES", quick ? 150 : 3000),
                     Number("PG_BATON_BENCH_BEYOND", quick ? 20 : 70));
}
