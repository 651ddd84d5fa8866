// A disk that hangs, and one that is nearly full.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <iostream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "test/cluster/freezer.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::StartsWith;

class TrapStorage : public Scenario {
 protected:
  static const std::string kImpatient;

  void ExpectTheRestGoesOn(const Node& node) {
    helper::Connection session = node.Connect();
    session.Run("SET statement_timeout = '2s'");
    for (int i = 0; i < 50; ++i) {
      session.Query(
          "SELECT (SELECT count(*) FROM baton.health), (SELECT count(*) FROM baton.cluster),"
          " (SELECT count(*) FROM baton.events), length(baton.metrics())");
    }
    EXPECT_TRUE(Becomes(node, "monitor", "ok", "the monitor is at work"));
    EXPECT_TRUE(Becomes(node, "observer", "ok", "the observer is at work"));
  }
  void ExpectHanging(const Node& node) {
    EXPECT_TRUE(Becomes(node, "storage", "critical",
                        "a small write to the data directory has been under way for "));
    EXPECT_EQ(node.Sql("SELECT unit FROM baton.health WHERE check_name = 'storage'"), "s");
    ExpectTheRestGoesOn(node);
    EXPECT_TRUE(Returns(
        node, "SELECT value_number > 4 FROM baton.health WHERE check_name = 'storage'", "t"))
        << "it grows";
  }
};

const std::string TrapStorage::kImpatient =
    "pg_baton.storage_warning = 1\npg_baton.storage_critical = 2\n";

// A file whose opening waits, which is what the probe meets first.
class BlockedProbe {
 public:
  explicit BlockedProbe(const Node& node) : path_(node.data() / "pg_baton/probe") {
    const fs::path fifo = path_.string() + ".fifo";
    mkfifo(fifo.c_str(), 0600);
    fs::rename(fifo, path_);
  }
  ~BlockedProbe() { GoOn(); }
  BlockedProbe(const BlockedProbe&) = delete;
  BlockedProbe& operator=(const BlockedProbe&) = delete;
  void GoOn() {
    if (path_.empty()) return;
    const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    std::error_code error;
    fs::remove(path_, error);
    path_.clear();
    close(reader);
  }

 private:
  fs::path path_;
};

TEST_F(TrapStorage, AFileSystemThatHangsIsToldWhileItHangs) {
  Freezer freezer;
  if (!freezer.works()) {
    std::cout << "no file system can be frozen here, so only the probe's file blocks\n";
    Node& a = cluster_.InitPrimary("a", kQuick + kImpatient);
    ASSERT_TRUE(Becomes(a, "storage", "ok", "a small write to the data directory was durable in "));
    BlockedProbe probe(a);
    ExpectHanging(a);
    probe.GoOn();
    EXPECT_TRUE(Becomes(a, "storage", "ok", "a small write to the data directory was durable in "));
    return;
  }
  std::cout << "the file system of the data directory is frozen\n";
  cluster_.KeepDataIn(freezer.disk());
  Node& a = cluster_.InitPrimary("a", kQuick + kImpatient);
  ASSERT_TRUE(Becomes(a, "storage", "ok", "a small write to the data directory was durable in "));

  ASSERT_TRUE(freezer.Freeze());
  ExpectHanging(a);

  ASSERT_TRUE(freezer.Thaw());
  EXPECT_TRUE(Becomes(a, "storage", "ok", "a small write to the data directory was durable in "));
  a.Stop("immediate");
}

TEST_F(TrapStorage, AProbeThatFailsIsCriticalWithItsReason) {
  Node& a = cluster_.InitPrimary("a", kQuick + kImpatient);
  ASSERT_TRUE(Becomes(a, "storage", "ok"));
  fs::remove(a.data() / "pg_baton/probe");
  fs::create_directory(a.data() / "pg_baton/probe");

  EXPECT_TRUE(Becomes(a, "storage", "critical",
                      "could not write to the data directory: could not open file "
                      "\"pg_baton/probe\": Is a directory"));

  // The worker may have put a file there in between.
  std::error_code error;
  fs::remove(a.data() / "pg_baton/probe", error);
  EXPECT_TRUE(Becomes(a, "storage", "ok"));
}

// Leaves this many percent of a file system free, by a file there.
void FillUpTo(const fs::path& folder, double percent) {
  const fs::path filler = folder / "filler";
  fs::remove(filler);
  struct statvfs found {};
  ASSERT_EQ(statvfs(folder.c_str(), &found), 0);
  const double left = static_cast<double>(found.f_blocks) * percent / 100.0;
  const auto bytes = static_cast<off_t>((static_cast<double>(found.f_bavail) - left) *
                                        static_cast<double>(found.f_frsize));
  ASSERT_GT(bytes, 0);
  const int file = open(filler.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  EXPECT_EQ(posix_fallocate(file, 0, bytes), 0);
  close(file);
}

// WAL and a tablespace are on small file systems that only the server sees.
TEST_F(TrapStorage, DisksThatAreNearlyFullAreToldBeforeTheyAre) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  const fs::path wal = cluster_.directory() / "wal";
  const fs::path space = cluster_.directory() / "space";
  fs::create_directory(wal);
  fs::create_directory(space);
  a.Stop();
  if (!a.StartInNamespace(fmt::format("mount -t tmpfs -o size=256m none {0}\n"
                                      "cp -a {2}/pg_wal/. {0}\n"
                                      "mount --bind {0} {2}/pg_wal\n"
                                      "mount -t tmpfs -o size=64m none {1}",
                                      wal.string(), space.string(), a.data().string()))) {
    std::cout << "no file system can be mounted here, so the thresholds move instead\n";
    a.Start();
    ASSERT_TRUE(Becomes(a, "wal_space", "ok", "WAL: "));
    a.Sql("ALTER SYSTEM SET pg_baton.wal_space_warning = 100");
    a.Sql("SELECT pg_reload_conf()");
    EXPECT_TRUE(Becomes(a, "wal_space", "warning", "WAL: "));
    return;
  }
  a.Sql(fmt::format("CREATE TABLESPACE small LOCATION '{}'", space.string()));
  const fs::path root = fmt::format("/proc/{}/root", a.Postmaster());
  const fs::path wal_inside = root.string() + wal.string();
  const fs::path space_inside = root.string() + space.string();
  ASSERT_TRUE(Becomes(a, "wal_space", "ok", "WAL: "));
  ASSERT_TRUE(Becomes(a, "disk_space", "ok"));

  FillUpTo(wal_inside, 8);
  EXPECT_TRUE(Becomes(a, "wal_space", "warning", "WAL: 20 MB of 256 MB free"));
  FillUpTo(wal_inside, 3);
  EXPECT_TRUE(Becomes(a, "wal_space", "critical", "WAL: 7.7 MB of 256 MB free"));
  FillUpTo(space_inside, 2);
  EXPECT_TRUE(Becomes(a, "disk_space", "critical", "tablespace "));

  fs::remove(wal_inside / "filler");
  fs::remove(space_inside / "filler");
  EXPECT_TRUE(Becomes(a, "wal_space", "ok", "WAL: "));
  EXPECT_TRUE(Becomes(a, "disk_space", "ok"));
}

}  // namespace
}  // namespace baton::test
