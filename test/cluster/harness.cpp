#include "test/cluster/harness.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "helper/server/server_control.hpp"
#include "helper/system/file.hpp"

namespace baton::test {
namespace {

std::string Environment(const char* name, const std::string& otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

bool IsFree(int port) {
  const int number = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = bind(number, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(number);
  return bound;
}

// A port that nobody listens on now.  It lies below those that the kernel gives to outgoing
// connections, and the parts of a suite that run at the same time begin far from each other.
int FreePort() {
  constexpr int kFirst = 10000;
  constexpr int kCount = 22000;
  static int next = static_cast<int>(getpid() * 4001L % kCount);
  for (int i = 0; i < kCount; ++i) {
    const int port = kFirst + next;
    next = (next + 1) % kCount;
    if (IsFree(port)) return port;
  }
  throw std::runtime_error("no free port");
}

// How children ended that were met while reaping, for whoever asks for one of them.
std::map<pid_t, int>& Ended() {
  static std::map<pid_t, int> ended;
  return ended;
}

void Reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) Ended()[pid] = status;
}

// Processes whose parent is `parent`, or whose working directory is `directory`: a server's
// children stay there when their postmaster is gone.
std::set<int> ProcessesIn(const fs::path& directory) {
  std::set<int> pids;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const fs::path working = fs::read_symlink(entry.path() / "cwd", error);
    if (!error && working == directory) pids.insert(std::stoi(name));
  }
  return pids;
}

bool HasTitle(int pid, const std::string& title) {
  const auto words = helper::ReadFileIfThere(fmt::format("/proc/{}/cmdline", pid));
  return words && words->starts_with("postgres: " + title);
}

// Also true if it is gone.
bool StandsStill(int pid) {
  const auto stat = helper::ReadFileIfThere(fmt::format("/proc/{}/stat", pid));
  return !stat || stat->find(") T") != std::string::npos;
}

std::string Joined(const helper::Result& result, bool all_columns) {
  std::string text;
  for (int row = 0; row < result.rows(); ++row) {
    if (row > 0) text += '\n';
    for (int column = 0; column < (all_columns ? result.columns() : 1); ++column) {
      text += (column > 0 ? "|" : "") + result.Text(row, column);
    }
  }
  return text;
}

}  // namespace

void SendSignal(int pid, int signal) {
  if (pid <= 0) throw std::runtime_error("no process to send a signal to");
  kill(pid, signal);
}

bool Eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    Reap();
    if (condition()) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(20ms);
  }
}

std::string RunOrFail(const std::vector<std::string>& arguments) {
  const helper::ProcessResult result = helper::RunProcess(arguments);
  if (result.exit_code != 0) {
    throw std::runtime_error(fmt::format("{} ended with {}:\n{}", helper::CommandText(arguments),
                                         result.exit_code, result.output));
  }
  return result.output;
}

pid_t Spawn(const std::vector<std::string>& arguments, const fs::path& output) {
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const pid_t pid = fork();
  if (pid != 0) {
    close(file);
    Ended().erase(pid);  // an earlier child's, since numbers come again
    return pid;
  }
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  execv(words[0], words.data());
  _exit(127);
}

int WaitFor(pid_t pid) {
  int status = 0;
  if (Ended().contains(pid)) {
    status = Ended()[pid];
  } else if (waitpid(pid, &status, 0) != pid) {
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Node::Node(Cluster& cluster, std::string name, int port)
    : cluster_(cluster),
      name_(std::move(name)),
      port_(port),
      data_(cluster.data_folder() / name_),
      log_(cluster.directory() / (name_ + ".log")) {}

Node::~Node() {
  if (!fs::exists(data_)) return;
  chmod(data_.c_str(), 0700);
  const int postmaster = Postmaster();
  if (postmaster != 0) kill(postmaster, SIGQUIT);
  for (const int pid : ProcessesIn(data_)) kill(pid, SIGCONT);
  if (!Eventually([&] { return ProcessesIn(data_).empty(); }, 10s)) {
    for (const int pid : ProcessesIn(data_)) kill(pid, SIGKILL);
    Eventually([&] { return ProcessesIn(data_).empty(); }, 10s);
  }
}

std::string Node::Log() const { return helper::ReadFileIfThere(log_).value_or(""); }

void Node::Start() {
  RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", data_, "-l", log_});
}

bool Node::StartInNamespace(const std::string& commands) {
  const std::vector<std::string> in_namespace = {
      "/usr/bin/unshare", "--user", "--map-current-user", "--keep-caps", "--mount",
      "/bin/sh",          "-ec"};
  std::vector<std::string> arguments = in_namespace;
  arguments.push_back("mount -t tmpfs none /mnt");
  if (helper::RunProcess(arguments).exit_code != 0) return false;
  arguments.back() = fmt::format("{}\nexec {} start -w -D {} -l {}", commands,
                                 Cluster::Program("pg_ctl"), data_.string(), log_.string());
  RunOrFail(arguments);
  return true;
}

void Node::Stop(const std::string& mode) {
  RunOrFail({Cluster::Program("pg_ctl"), "stop", "-w", "-D", data_, "-m", mode});
  Reap();
}

void Node::Restart() {
  Stop();
  Start();
}

void Node::Hang(const std::string& title) const {
  // The postmaster first, so that it starts nobody who would be missed.
  if (title.empty()) kill(Postmaster(), SIGSTOP);
  const bool stands = Eventually([&] {
    std::set<int> running = ProcessesIn(data_);
    std::erase_if(running, [&](int pid) {
      return StandsStill(pid) || (!title.empty() && !HasTitle(pid, title));
    });
    for (const int pid : running) kill(pid, SIGSTOP);
    return running.empty();
  });
  if (!stands) throw std::runtime_error("the server's processes do not stand still");
}

void Node::GoOn() const {
  for (const int pid : ProcessesIn(data_)) kill(pid, SIGCONT);
}

int Node::Postmaster() const { return helper::RunningPostmaster(data_).value_or(0); }

bool Node::IsRunning() const { return Postmaster() != 0; }

void Node::Kill() {
  const int postmaster = Postmaster();
  if (postmaster == 0) throw std::runtime_error("there is nothing to kill");
  kill(postmaster, SIGKILL);
  // One that nobody has reaped yet is in no directory any more, and still counts as running.
  if (!Eventually([&] { return ProcessesIn(data_).empty() && kill(postmaster, 0) != 0; })) {
    throw std::runtime_error("the killed server's processes do not end");
  }
}

helper::Connection Node::Connect(const std::string& database, const std::string& user) const {
  helper::Parameters parameters = {{"host", cluster_.directory().string()},
                                   {"port", std::to_string(port_)},
                                   {"dbname", database},
                                   {"connect_timeout", "20"}};
  if (!user.empty()) parameters["user"] = user;
  return helper::Connection(parameters);
}

std::string Node::Sql(const std::string& statement, const std::string& database) const {
  return Joined(Connect(database).Query(statement), false);
}

std::string Node::Rows(const std::string& statement, const std::string& database) const {
  return Joined(Connect(database).Query(statement), true);
}

std::string Node::SqlError(const std::string& statement, const std::string& database) const {
  try {
    Connect(database).Query(statement);
  } catch (const core::Error& error) {
    return error.message();
  }
  return "";
}

void Node::Configure(const std::string& lines) {
  std::ofstream(data_ / "postgresql.conf", std::ios::app) << lines << '\n';
}

int Node::WorkerPid(const std::string& type) const {
  const std::string pid =
      Connect().Value("SELECT pid FROM pg_stat_activity WHERE backend_type = $1", {type});
  return pid.empty() ? 0 : std::stoi(pid);
}

int Node::ProcessPid(const std::string& title) const {
  for (const int pid : ProcessesIn(data_)) {
    if (HasTitle(pid, title)) return pid;
  }
  return 0;
}

int Node::AwaitProcess(const std::string& title) const {
  int pid = 0;
  if (!Eventually([&] { return (pid = ProcessPid(title)) != 0; })) {
    throw std::runtime_error(fmt::format("{} has no process \"{}\"", name_, title));
  }
  return pid;
}

Cluster::Cluster(Place place) {
  // A killed postmaster that nobody reaps would still hold its data directory.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::string path = Environment("PG_BATON_TEST_DIR", "/tmp");
  if (place == Place::kMemory) path = Environment("PG_BATON_TEST_MEMORY", path);
  path += "/cluster.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = path;
  data_folder_ = directory_;
}

Cluster::~Cluster() {
  const bool failed = testing::Test::HasFailure();
  if (failed) {
    for (const auto& node : nodes_) {
      const std::string log = node->Log();
      const std::size_t begin = log.size() > 4000 ? log.size() - 4000 : 0;
      fmt::print("--- end of the log of {}\n{}\n", node->name(), log.substr(begin));
    }
  }
  std::error_code error;
  while (!nodes_.empty()) {
    const fs::path data = nodes_.back()->data();
    nodes_.pop_back();
    fs::remove_all(data, error);
  }
  fs::remove_all(directory_, error);
}

fs::path Cluster::bindir() {
  const std::string bindir = Environment("PG_BATON_TEST_BINDIR", "");
  if (bindir.empty()) throw std::runtime_error("PG_BATON_TEST_BINDIR is not set");
  return bindir;
}

Node& Cluster::Plan(const std::string& name, int port) {
  return *nodes_.emplace_back(std::make_unique<Node>(*this, name, port == 0 ? FreePort() : port));
}

Node& Cluster::InitPlain(const std::string& name, const std::string& configuration) {
  Node& node = Plan(name);
  RunOrFail({Program("initdb"), "-D", node.data(), "-A", "trust", "--no-sync"});
  node.Configure(
      fmt::format("port = {}\n"
                  "unix_socket_directories = '{}'\n"
                  "fsync = off\n"
                  "wal_retrieve_retry_interval = 200ms\n"
                  "{}",
                  node.port(), directory_.string(), configuration));
  node.Start();
  return node;
}

Node& Cluster::InitPrimary(const std::string& name, const std::string& configuration) {
  Node& node = InitPlain(name, configuration);
  const HelperResult result = SetupPrimary(node, {"--restart"});
  if (result.exit_code != 0) throw std::runtime_error("setup-primary failed:\n" + result.output);
  return node;
}

Node& Cluster::Clone(const std::string& name, Node& upstream) {
  Node& node = Plan(name);
  const HelperResult result = RunClone(node, upstream);
  if (result.exit_code != 0) throw std::runtime_error("clone failed:\n" + result.output);
  return node;
}

HelperResult Cluster::SetupPrimary(Node& node, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"setup-primary",
                                        "-h",
                                        directory_.string(),
                                        "-p",
                                        std::to_string(node.port()),
                                        "--node-name=" + node.name(),
                                        "--advertise=127.0.0.1",
                                        "--passfile=" + passfile().string(),
                                        "--bindir=" + bindir().string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Helper(arguments);
}

std::vector<std::string> Cluster::CloneArguments(const Node& target, int upstream_port) const {
  return {"clone",
          "-w",
          "-h",
          "127.0.0.1",
          "-p",
          std::to_string(upstream_port),
          "-D",
          target.data().string(),
          "--node-name=" + target.name(),
          "--advertise=127.0.0.1",
          "--passfile=" + passfile().string(),
          "--bindir=" + bindir().string(),
          "--log=" + target.log_file().string(),
          "--set",
          fmt::format("port={}", target.port())};
}

HelperResult Cluster::RunClone(Node& target, Node& upstream, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = CloneArguments(target, upstream.port());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Helper(arguments);
}

std::vector<std::string> Cluster::RejoinArguments(const Node& target, const Node& source) {
  return {"rejoin",
          "-w",
          "-h",
          "127.0.0.1",
          "-p",
          std::to_string(source.port()),
          "-D",
          target.data().string(),
          "--bindir=" + bindir().string(),
          "--log=" + target.log_file().string()};
}

HelperResult Cluster::RunRejoin(Node& target, Node& source, const std::vector<std::string>& more,
                                const std::map<std::string, std::string>& environment) {
  std::vector<std::string> arguments = RejoinArguments(target, source);
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Helper(arguments, environment);
}

HelperResult Cluster::Helper(const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment) const {
  std::vector<std::string> all = {Program("pg_baton")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  helper::ProcessOptions options;
  options.environment = environment;
  const helper::ProcessResult result = helper::RunProcess(all, options);
  Reap();
  return {result.exit_code, result.output};
}

}  // namespace baton::test
