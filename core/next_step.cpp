#include "core/next_step.hpp"

#include <fmt/format.h>

namespace baton::core {
namespace {

constexpr const char* kDefaultPort = "5432";

// The address of another server as options.
std::string At(const Address& address) {
  if (address.host.empty()) return " -h PRIMARY";
  const bool is_usual = address.port.empty() || address.port == kDefaultPort;
  return fmt::format(" -h {}{}", address.host, is_usual ? "" : " -p " + address.port);
}

// This server's own directories as options.
std::string Place(const LocalServer& server) {
  // It is started by pg_ctlcluster or systemctl, which know where it has its log.
  if (!server.cluster.empty()) return fmt::format(" --cluster={} --no-start", server.cluster);
  std::string options = " -D " + (server.data.empty() ? "DIRECTORY" : server.data);
  const bool is_apart = !server.configuration.empty() && server.configuration != server.data;
  if (is_apart) options += " --config-dir=" + server.configuration;
  return options;
}

// The place of a standby that takes this one's.
std::string PlaceOfStandby(const LocalServer& server) {
  if (!server.cluster.empty()) return fmt::format(" --cluster={} --move-aside", server.cluster);
  return fmt::format(" -D {} --move-aside", server.data);
}

// The place of another server, on a host that is likely to be as this one is.
std::string PlaceElsewhere(const LocalServer& server) {
  if (server.cluster.empty()) return " -D DIRECTORY";
  return fmt::format(" --cluster={} --move-aside --no-start", server.cluster);
}

std::string OwnPort(const LocalServer& server) {
  return server.port.empty() || server.port == kDefaultPort ? "" : " -p " + server.port;
}

std::string Setup(const LocalServer& server) {
  return fmt::format("pg_baton setup-primary{} --node-name={} --advertise=ADDRESS --dry-run",
                     OwnPort(server), server.name.empty() ? "NAME" : server.name);
}

std::string Status(const LocalServer& server) { return "pg_baton status" + OwnPort(server); }

std::string Start(const LocalServer& server) {
  if (server.cluster.empty()) {
    return fmt::format("pg_ctl start -D {}",
                       server.configuration.empty() ? server.data : server.configuration);
  }
  std::string words = server.cluster;
  words.replace(words.find('/'), 1, " ");
  return fmt::format("pg_ctlcluster {} start", words);
}

std::string Restart(const LocalServer& server) {
  std::string command = Start(server);
  command.replace(command.rfind("start"), 5, "restart");
  if (server.cluster.empty()) {
    command = fmt::format("pg_ctl restart -D {}",
                          server.configuration.empty() ? server.data : server.configuration);
  }
  return command;
}

std::string Rejoin(const LocalServer& server) {
  return fmt::format("pg_baton rejoin{}{}", At(server.other), Place(server));
}

std::string Checks(int critical) {
  return critical == 1 ? "1 check is critical" : fmt::format("{} checks are critical", critical);
}

std::string Standbys(int streaming) {
  return streaming == 1 ? "1 standby streams" : fmt::format("{} standbys stream", streaming);
}

NextStep JudgePrimary(const LocalServer& server) {
  if (server.is_superseded) {
    return {fmt::format("a primary whose write gate is closed, since {} is the primary now; stop "
                        "it, then",
                        server.primary.empty() ? "another node" : "node " + server.primary),
            Rejoin(server)};
  }
  if (server.others == 0 && server.streaming == 0) {
    return {"primary without a standby; on the other host",
            fmt::format("pg_baton clone{}{} --node-name=NAME --advertise=ADDRESS --dry-run",
                        At(server.own), PlaceElsewhere(server))};
  }
  if (server.critical > 0) {
    return {fmt::format("primary, {}; what and why", Checks(server.critical)), Status(server)};
  }
  if (server.streaming == 0) return {"primary, and no standby streams; why", Status(server)};
  return {fmt::format("primary, {}", Standbys(server.streaming)), Status(server)};
}

NextStep JudgeStandby(const LocalServer& server) {
  if (server.critical > 0) {
    return {fmt::format("standby, {}; what and why", Checks(server.critical)), Status(server)};
  }
  return {fmt::format("standby{}, {}", server.upstream.empty() ? "" : " of " + server.upstream,
                      server.link.empty() ? "its state is not known" : server.link),
          Status(server)};
}

NextStep JudgeRunning(const LocalServer& server) {
  if (server.waits_for_restart) {
    return {
        "set up, and runs without the library until it is restarted; then run setup-primary "
        "again",
        Restart(server)};
  }
  if (!server.is_node && server.loads_library && !server.name.empty()) {
    return {
        "loads the library, and is not registered yet; run setup-primary once more, with the "
        "options that it had",
        Setup(server)};
  }
  if (!server.is_node) {
    return {server.loads_library
                ? "loads the library, and is no node yet; to make it a primary"
                : fmt::format("runs without pg_baton; to put a standby in its place, stop it, then "
                              "pg_baton clone -h PRIMARY{}; to make it a primary that may have "
                              "standbys",
                              PlaceOfStandby(server)),
            Setup(server)};
  }
  if (server.role == Role::kPrimary) return JudgePrimary(server);
  if (server.role == Role::kStandby) return JudgeStandby(server);
  return {"runs, and does not know its role yet", Status(server)};
}

NextStep JudgeStopped(const LocalServer& server) {
  if (server.is_unfinished) {
    if (server.verdict && server.verdict->action == StartVerdict::Action::kRejoin) {
      return {"stopped, in the middle of a rejoin, which goes on where it was", Rejoin(server)};
    }
    return {
        "stopped, half copied or half rewound; run clone or rejoin again with the options that "
        "it had",
        ""};
  }
  if (!server.loads_library) {
    return {fmt::format("stopped, and without pg_baton; to put a standby in its place, pg_baton "
                        "clone -h PRIMARY{}; to make it a primary, start it, then run "
                        "setup-primary",
                        PlaceOfStandby(server)),
            Start(server)};
  }
  if (!server.verdict) return {"stopped", ""};
  const StartVerdict& verdict = *server.verdict;
  switch (verdict.action) {
    case StartVerdict::Action::kRejoin:
      return {fmt::format("stopped, and node {} is the primary now", verdict.primary),
              Rejoin(server)};
    case StartVerdict::Action::kStart:
      return {fmt::format("stopped; {}", verdict.reason.message), Start(server)};
    case StartVerdict::Action::kRefuse:
      break;
  }
  return {fmt::format("stopped, and should stay so: {}", verdict.reason.message), ""};
}

}  // namespace

std::string_view LocalStateText(LocalServer::State state) {
  switch (state) {
    case LocalServer::State::kRunning:
      return "running";
    case LocalServer::State::kStopped:
      return "stopped";
    case LocalServer::State::kUnknown:
      break;
  }
  return "unknown";
}

std::string NameOf(const LocalServer& server) {
  std::string name = server.cluster.empty() ? server.data : server.cluster;
  if (name.empty()) name = "a server";
  if (!server.name.empty()) name += fmt::format(" (node {})", server.name);
  return name;
}

NextStep JudgeNextStep(const LocalServer& server) {
  if (!server.doubt.empty()) {
    const char* const state = server.state == LocalServer::State::kRunning   ? "runs"
                              : server.state == LocalServer::State::kStopped ? "stopped"
                                                                             : "unknown";
    return {fmt::format("{}, and no more is known: {}", state, server.doubt), ""};
  }
  switch (server.state) {
    case LocalServer::State::kRunning:
      return JudgeRunning(server);
    case LocalServer::State::kStopped:
      return JudgeStopped(server);
    case LocalServer::State::kUnknown:
      break;
  }
  return {"nothing is known about it", ""};
}

NextStep NextStepWithoutServer() {
  return {
      "no server was found; to make this host the standby of a primary that setup-primary has "
      "made ready",
      "pg_baton clone -h PRIMARY -D DIRECTORY --node-name=NAME --advertise=ADDRESS --dry-run"};
}

std::string NextStepText(const LocalServer& server, const NextStep& step) {
  const std::string fact = fmt::format("{}: {}", NameOf(server), step.fact);
  return step.command.empty() ? fact : fmt::format("{}: {}", fact, step.command);
}

}  // namespace baton::core
