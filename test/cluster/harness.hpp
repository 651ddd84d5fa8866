// Real servers for tests: each in a temporary directory, on a port of its own, stopped and removed
// by destructors.  Environment: PG_BATON_TEST_BINDIR is the bin folder of a PostgreSQL that has the
// extension and the helper installed; PG_BATON_TEST_DIR is where temporary directories go;
// PG_BATON_TEST_MEMORY, if set, is the same in memory, for those who try no disk;
// PG_BATON_TEST_FREEZER, if set, is a folder of test/freezer.sh.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "helper/server/connection.hpp"
#include "helper/system/process.hpp"

namespace baton::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Asks again and again until it is so; returns false when the time is over.
bool Eventually(const std::function<bool()>& condition, std::chrono::seconds limit = 30s);

// Throws if there is no such process (0), instead of sending it to this program and all beside it.
void SendSignal(int pid, int signal);

struct HelperResult {
  int exit_code = 0;
  std::string output;  // standard output and error together

  // From the first brace on, for libpq and the helper may have said something before it.
  std::string json() const { return output.substr(std::min(output.find('{'), output.size())); }
};

class Cluster;

// One server.  A Node is a handle: the server ends with its Cluster.
class Node {
 public:
  Node(Cluster& cluster, std::string name, int port);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const std::string& name() const { return name_; }
  int port() const { return port_; }
  const fs::path& data() const { return data_; }
  const fs::path& log_file() const { return log_; }
  std::string Log() const;

  void Start();
  // After these commands, in a namespace of users and mounts that only this server and its
  // processes are in.  Returns false, and does nothing, where the system makes no such namespaces.
  bool StartInNamespace(const std::string& commands);
  void Stop(const std::string& mode = "fast");
  void Restart();
  void Kill();  // kill -9 of the postmaster; returns when all its processes are gone
  // Stops all its processes where they are, as on a machine that hangs, or those with this title;
  // returns when they stand still.  GoOn lets all of them run again.
  void Hang(const std::string& title = "") const;
  void GoOn() const;
  bool IsRunning() const;
  int Postmaster() const;  // 0 if it is not running

  // The first column of all rows, joined by newlines; NULL is "".  As superuser over the socket.
  std::string Sql(const std::string& statement, const std::string& database = "postgres") const;
  // Rows as "a|b" lines, as psql -At prints them.
  std::string Rows(const std::string& statement, const std::string& database = "postgres") const;
  // The message of the error that the statement raises; empty if it raises none.
  std::string SqlError(const std::string& statement,
                       const std::string& database = "postgres") const;
  helper::Connection Connect(const std::string& database = "postgres",
                             const std::string& user = "") const;
  void Configure(const std::string& lines);  // appended to postgresql.conf

  int WorkerPid(const std::string& type = "pg_baton monitor") const;  // 0 if there is none
  // The same by the process's title, for those that pg_stat_activity does not have.
  int ProcessPid(const std::string& title) const;
  int AwaitProcess(const std::string& title) const;  // throws if none comes

 private:
  Cluster& cluster_;
  std::string name_;
  int port_;
  fs::path data_;
  fs::path log_;
};

class Cluster {
 public:
  enum class Place { kDisk, kMemory };
  // A base backup waits for the disk most of its time, and few tests try a disk.
  explicit Cluster(Place place = Place::kMemory);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // initdb and start, without pg_baton: an ordinary server.
  Node& InitPlain(const std::string& name, const std::string& configuration = "");
  // The same, and setup-primary.
  Node& InitPrimary(const std::string& name, const std::string& configuration = "");
  // A standby of `upstream` by pg_baton clone; fails the test if that fails.
  Node& Clone(const std::string& name, Node& upstream);
  // Data directories of the nodes to come are made in this folder, and removed at the end.
  void KeepDataIn(const fs::path& folder) { data_folder_ = folder; }
  const fs::path& data_folder() const { return data_folder_; }
  // A node that has no server yet: a name, a port (0: one that is free), a path.
  Node& Plan(const std::string& name, int port = 0);

  HelperResult SetupPrimary(Node& node, const std::vector<std::string>& more = {});
  // As RunClone gives them to pg_baton; the upstream may be reached by another port than its own.
  std::vector<std::string> CloneArguments(const Node& target, int upstream_port) const;
  HelperResult RunClone(Node& target, Node& upstream, const std::vector<std::string>& more = {});
  // As RunRejoin gives them to pg_baton.
  static std::vector<std::string> RejoinArguments(const Node& target, const Node& source);
  HelperResult RunRejoin(Node& target, Node& source, const std::vector<std::string>& more = {},
                         const std::map<std::string, std::string>& environment = {});
  // pg_baton with these arguments; `environment` is added to a clean one.
  HelperResult Helper(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment = {}) const;

  const fs::path& directory() const { return directory_; }
  fs::path passfile() const { return directory_ / "passfile"; }
  static fs::path bindir();
  static std::string Program(const std::string& name) { return (bindir() / name).string(); }

 private:
  fs::path directory_;
  fs::path data_folder_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

// What a program printed; fails the test unless it ended with 0.
std::string RunOrFail(const std::vector<std::string>& arguments);

// Starts a program whose output goes to a file, without waiting; WaitFor waits, and returns its
// exit code, or 128 and the signal that ended it.
pid_t Spawn(const std::vector<std::string>& arguments, const fs::path& output);
int WaitFor(pid_t pid);

}  // namespace baton::test
