// Segments a second into an archive and out of it, each way in turn over the same segments:
//   push  the archiver by `cp`; `cp` and `sync` of file and folder, the honest equal; pg_baton
//         archive-push, also with zstd; pgBackRest's archive-push, where it is installed; the
//         archive module, where the server's library has one
//   get   a server that recovers them by `cp`; by archive-get without and with prefetching
//
// Environment as for the scenario tests; PG_BATON_BENCH_ROUNDS sets the rounds (default 5),
// PG_BATON_BENCH_SEGMENTS the segments of 16 MB (32).  Arguments: parts; without any, both.  Needs
// 16 MB of disk for each segment seven times.
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <unistd.h>

#include "helper/system/file.hpp"
#include "test/bench/figures.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

constexpr const char* kPgBackRest = "/usr/bin/pgbackrest";
constexpr const char* kStanza = "bench";
// The way by which the archive is made that is read from.
constexpr const char* kReadWay = "cp";

struct Way {
  std::string name;
  std::string setting;  // archive_command, or archive_library
  std::string value;    // with DIR for the folder
};

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

//   a (primary), whose finished segments are archived again and again
class Archiving {
 public:
  explicit Archiving(int segments);

  std::vector<Way> PushWays();
  // Segments a second, into an empty archive.
  double Push(const Way& way);
  // Of a server that recovers from the archive that `cp` has made.
  double Get(const std::string& restore_command);

 private:
  void WriteSegments(int count);
  void Set(const std::string& setting, const std::string& value) const;
  int Waiting() const;
  void Rename(const std::string& from, const std::string& to) const;
  void AwaitArchiver() const;
  bool MakeStanza();

  Cluster cluster_;
  Node& a_;
  fs::path archive_;
  fs::path backup_;
  std::string end_;
  std::vector<std::string> names_;
  int turn_ = 0;
};

Archiving::Archiving(int segments)
    : cluster_(Cluster::Place::kDisk),
      a_(cluster_.InitPlain("a",
                            "shared_preload_libraries = 'pg_baton'\nfsync = on\n"
                            "archive_mode = on\narchive_command = ''\nautovacuum = off\n"
                            "wal_keep_size = '100GB'\nmax_wal_size = '100GB'\n")),
      archive_(cluster_.directory() / "archive"),
      backup_(cluster_.directory() / "backup") {
  WarnIfInMemory(cluster_.directory());
  // Without its WAL it would wait for the archiver.
  RunOrFail({Cluster::Program("pg_basebackup"), "-h", cluster_.directory(), "-p",
             std::to_string(a_.port()), "-D", backup_, "-X", "fetch", "-c", "fast",
             "--no-manifest"});
  WriteSegments(segments);
  for (const auto& entry : fs::directory_iterator(a_.data() / "pg_wal" / "archive_status")) {
    if (entry.path().extension() == ".ready") names_.push_back(entry.path().stem());
  }
  Rename(".ready", ".done");
}

// With content that does not pack to nothing.
void Archiving::WriteSegments(int count) {
  a_.Sql("CREATE TABLE t (n int, x text)");
  for (int i = 0; i < count; ++i) {
    a_.Sql("INSERT INTO t SELECT n, md5(n::text || random()) FROM generate_series(1, 135000) n");
  }
  // What comes after it is in no archive.
  end_ = a_.Sql("SELECT pg_switch_wal()");
}

void Archiving::Set(const std::string& setting, const std::string& value) const {
  a_.Sql(fmt::format("ALTER SYSTEM SET {} = $value${}$value$", setting, value));
}

int Archiving::Waiting() const {
  return std::stoi(
      a_.Sql("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"));
}

// Of the segments that are measured; those that came later stay as they are.
void Archiving::Rename(const std::string& from, const std::string& to) const {
  const fs::path folder = a_.data() / "pg_wal" / "archive_status";
  for (const std::string& name : names_) fs::rename(folder / (name + from), folder / (name + to));
}

bool Archiving::MakeStanza() {
  if (access(kPgBackRest, X_OK) != 0) return false;
  const fs::path folder = cluster_.directory() / "pgbackrest";
  fs::create_directories(folder / "repository");
  std::ofstream(folder / "conf") << fmt::format(
      "[global]\nrepo1-path={0}/repository\nlog-path={0}\nlock-path={0}/lock\nspool-path={0}\n"
      "log-level-file=off\nlog-level-console=error\ncompress-type=none\n"
      "[{1}]\npg1-path={2}\npg1-port={3}\npg1-socket-path={4}\npg1-database=postgres\n",
      folder.string(), kStanza, a_.data().string(), a_.port(), cluster_.directory().string());
  const helper::ProcessResult made =
      helper::RunProcess({kPgBackRest, fmt::format("--config={}", (folder / "conf").string()),
                          fmt::format("--stanza={}", kStanza), "--no-online", "stanza-create"});
  if (made.exit_code != 0) fmt::print("pgBackRest makes no stanza: {}\n", made.output);
  return made.exit_code == 0;
}

std::vector<Way> Archiving::PushWays() {
  const std::string push =
      Cluster::Program("pg_baton") + " archive-push %p --archive-directory=DIR";
  std::vector<Way> ways = {{"pg_baton archive-push", "archive_command", push},
                           {kReadWay, "archive_command", "cp %p DIR/%f"},
                           {"cp, and sync", "archive_command", "cp %p DIR/%f && sync DIR/%f DIR"},
                           {"archive-push, zstd", "archive_command", push + " --compression=zstd"}};
  if (MakeStanza()) {
    const fs::path folder = cluster_.directory() / "pgbackrest";
    ways.push_back({"pgbackrest archive-push", "archive_command",
                    fmt::format("{} --config={} --stanza={} --repo1-path=DIR archive-push %p",
                                kPgBackRest, (folder / "conf").string(), kStanza)});
  } else {
    fmt::print("pgbackrest is left out: it is not installed, or does not work\n");
  }
  const bool has_module = a_.Sql(
                              "SELECT count(*) FROM pg_settings WHERE name = "
                              "'pg_baton.archive_directory'") == "1";
  if (has_module) {
    ways.push_back({"archive module", "archive_library", "pg_baton"});
  } else {
    fmt::print("archive module is left out: this server's library has none\n");
  }
  return ways;
}

// Whoever archives has started, and has the settings that are in force: it takes one segment more.
void Archiving::AwaitArchiver() const {
  a_.Sql("SELECT pg_logical_emit_message(true, 'bench', '')");
  a_.Sql("SELECT pg_switch_wal()");
  for (int i = 0; i < 120; ++i) {
    a_.Sql("SELECT pg_reload_conf()");
    if (Eventually([&] { return Waiting() == 0; }, std::chrono::seconds(1))) return;
  }
  throw std::runtime_error("the archiver does not work:\n" + a_.Log());
}

double Archiving::Push(const Way& way) {
  const fs::path folder = cluster_.directory() / fmt::format("archive{}", ++turn_);
  const fs::path stanza = cluster_.directory() / "pgbackrest" / "repository";
  if (way.name.starts_with("pgbackrest")) {
    fs::copy(stanza, folder, fs::copy_options::recursive);
  } else {
    fs::create_directory(folder);
  }
  if (way.setting == "archive_library") Set("pg_baton.archive_directory", folder.string());
  Set(way.setting, Replaced(way.value, "DIR", folder.string()));
  AwaitArchiver();
  sync();
  Rename(".done", ".ready");
  const double seconds = Seconds([&] {
    a_.Sql("SELECT pg_reload_conf()");
    if (!Eventually([&] { return Waiting() == 0; }, std::chrono::seconds(600))) {
      throw std::runtime_error(way.name + " does not end:\n" + a_.Log());
    }
  });
  a_.Sql(fmt::format("ALTER SYSTEM RESET {}", way.setting));
  if (way.name == kReadWay && !fs::exists(archive_)) {
    fs::rename(folder, archive_);
  } else {
    // Nothing more gets there by settings that are still in force.
    fs::remove_all(folder);
  }
  return static_cast<double>(names_.size()) / seconds;
}

double Archiving::Get(const std::string& restore_command) {
  Node& b = cluster_.Plan(fmt::format("b{}", ++turn_));
  RunOrFail({"/bin/cp", "-a", backup_, b.data()});
  std::ofstream(b.data() / "standby.signal") << "";
  b.Configure(fmt::format("port = {}\narchive_mode = off\nrestore_command = '{}'\n", b.port(),
                          Replaced(restore_command, "DIR", archive_.string())));
  sync();
  const double seconds = Seconds([&] {
    b.Start();
    const bool is_there = Eventually(
        [&] { return b.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", end_)) == "t"; },
        std::chrono::seconds(600));
    if (!is_there) throw std::runtime_error("the archive is not replayed:\n" + b.Log());
  });
  b.Stop("immediate");
  fs::remove_all(b.data());
  return static_cast<double>(names_.size()) / seconds;
}

void BenchPush(Archiving& archiving, int rounds) {
  const std::vector<Way> ways = archiving.PushWays();
  std::map<std::string, std::vector<double>> rates;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const Way& way = ways[(i + static_cast<std::size_t>(round)) % ways.size()];
      rates[way.name].push_back(archiving.Push(way));
    }
  }
  for (const Way& way : ways) {
    if (way.name == ways.front().name) continue;
    Report("into the archive", ways.front().name, rates[ways.front().name], way.name,
           rates[way.name], "segments/s");
  }
}

void BenchGet(Archiving& archiving, int rounds) {
  const std::string get =
      Cluster::Program("pg_baton") + " archive-get %f %p --archive-directory=DIR";
  const std::vector<std::pair<std::string, std::string>> ways = {
      {"cp", "cp DIR/%f %p"},
      {"archive-get, no prefetching", get + " --prefetch=0"},
      {"archive-get", get}};
  // The archive that is read.
  archiving.Push({kReadWay, "archive_command", "cp %p DIR/%f"});
  std::map<std::string, std::vector<double>> rates;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const auto& [name, command] = ways[(i + static_cast<std::size_t>(round)) % ways.size()];
      rates[name].push_back(archiving.Get(command));
    }
  }
  for (const auto& [name, command] : ways) {
    if (name != "cp")
      Report("replay from the archive", name, rates[name], "cp", rates["cp"], "segments/s");
  }
}

}  // namespace
}  // namespace baton::test

int main(int argc, char** argv) {
  using namespace baton::test;
  std::vector<std::string> parts(argv + 1, argv + argc);
  if (parts.empty()) parts = {"push", "get"};
  const int rounds = Number("PG_BATON_BENCH_ROUNDS", 5);
  Archiving archiving(Number("PG_BATON_BENCH_SEGMENTS", 32));
  for (const std::string& part : parts) {
    if (part == "push") BenchPush(archiving, rounds);
    if (part == "get") BenchGet(archiving, rounds);
  }
}
