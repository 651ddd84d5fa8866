// switchover: lets the primary hand its role over to a standby, by baton.switchover() of the
// primary, which decides.  That ends this command's own session there with all others, so the end
// is read from baton.requests of both nodes.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

#include "core/node_name.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/report/present_primary.hpp"
#include "helper/report/promotion_report.hpp"
#include "helper/server/hand_over_watch.hpp"
#include "helper/server/views.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLimit{10};
// While the roles change, a node that does not answer soon is asked again.
constexpr std::chrono::seconds kFollowingLimit{2};
// Some rounds of the observer, which takes one a second.
constexpr std::chrono::seconds kRolesSettle{5};

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string passfile;
  std::string target;
  int timeout_s = 60;
};

struct Node {
  std::string name;
  Parameters there;
  std::optional<Connection> connection;
};

class Switchover {
 public:
  explicit Switchover(const Options& options)
      : options_(options),
        output_(options.common.output),
        access_(options.connection, options.passfile, kLimit) {
    to_.name = options.target;
  }

  void Run() {
    core::RequireNodeName(to_.name);
    FindPrimary();
    const PromotionReport report = Check();
    if (options_.common.dry_run) return Plan(report);
    if (!report.against.empty()) Refuse(report.Reasons());
    OpenTarget();
    Ask();
    Follow();
  }

 private:
  void FindPrimary() {
    Connection asked = access_.Connect(true);
    RequireViews(asked, {"baton.node_status", "baton.cluster"});
    const ClusterRow own = ReadOwnRow(asked);
    if (own.role == "primary") {
      from_ = {own.name, access_.AddressOf(asked), std::move(asked)};
    } else {
      OpenPrimaryBy(asked, own.name);
    }
    RequireViews(*from_.connection,
                 {"baton.switchover_check(text)", "baton.switchover(text, boolean, interval)"});
  }

  // Just after the roles have changed, a node may know the old ones alone.
  void OpenPrimaryBy(Connection& asked, const std::string& asked_name) {
    const auto end = HandOverWatch::Clock::now() + kRolesSettle;
    for (;;) {
      try {
        from_.name = PresentPrimary(asked_name, ReadCluster(asked));
        from_.there = AddressIn(asked, from_.name);
        Open(from_);
        return RequirePrimary(from_);
      } catch (const core::Error&) {
        if (HandOverWatch::Clock::now() >= end) throw;
      }
      CheckInterrupt();
      std::this_thread::sleep_for(200ms);
    }
  }

  static void RequirePrimary(Node& node) {
    const std::string role = node.connection->Value("SELECT role FROM baton.node_status");
    if (role == "primary") return;
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("node \"{}\" is not the primary any more", node.name),
                      fmt::format("Its role is \"{}\".", role),
                      "See pg_baton status, and run the command again.");
  }

  static Parameters AddressIn(Connection& server, const std::string& name) {
    for (const RegisteredNode& node : ReadRegistry(server)) {
      if (node.name == name) return ParseConninfo(node.conninfo);
    }
    throw core::Error(core::ErrorCode::kFailed, fmt::format("node \"{}\" is not registered", name),
                      "", "See \"SELECT name FROM baton.node\".");
  }

  // The environment, or an entry that is out of date, may lead to another server.
  void Open(Node& node) {
    node.connection = access_.ConnectTo(node.there, kLimit);
    RequireViews(*node.connection, {"baton.node_status", "baton.requests"});
    const std::string name = node.connection->Value("SELECT name FROM baton.node_status");
    if (name == node.name) return;
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("the node at {} port {} calls itself \"{}\"",
                                  node.connection->host(), node.connection->port(), name),
                      fmt::format("By the registry it is node \"{}\".", node.name),
                      "Correct its entry by baton.register_node(), or its pg_baton.node_name.");
  }

  PromotionReport Check() {
    // The other nodes are asked, which may take long where a host is gone.
    const std::chrono::milliseconds for_peers(std::stoll(from_.connection->Value(
        "SELECT (EXTRACT(epoch FROM current_setting('pg_baton.peer_timeout')::interval) * 1000)"
        "::bigint")));
    from_.connection->LimitAnswers(2 * for_peers + kLimit);
    PromotionReport report = JudgePromotion(ReadSwitchoverCheck(*from_.connection, to_.name));
    output_.result().update({{"target", to_.name},
                             {"former_primary", from_.name},
                             {"dry_run", options_.common.dry_run},
                             {"against", report.Reasons()},
                             {"checks", PromotionJson(report)}});
    if (!output_.is_json()) {
      for (const std::string& line : PromotionLines(report, Palette::Of(STDOUT_FILENO))) {
        output_.Line(line);
      }
    }
    return report;
  }

  void Plan(const PromotionReport& report) {
    if (!report.against.empty()) {
      output_.result()["outcome"] = "would be refused";
      throw core::Refusal(report.against);
    }
    output_.result()["outcome"] = "would be done";
    output_.Line(fmt::format("node \"{}\" would hand over to node \"{}\"", from_.name, to_.name));
  }

  [[noreturn]] void Refuse(const std::string& reason) {
    output_.result().update({{"outcome", "refused"}, {"reason", reason}});
    throw core::Error(
        core::ErrorCode::kRefused, "the switchover was refused", reason,
        fmt::format("See \"SELECT * FROM baton.switchover_check('{}')\" on node \"{}\".", to_.name,
                    from_.name));
  }

  // A login that fails, or a version that does not fit, is found before anything is changed.
  void OpenTarget() {
    to_.there = AddressIn(*from_.connection, to_.name);
    Open(to_);
    to_.connection->LimitAnswers(kFollowingLimit);
    ReadHandOver(*to_.connection, "");
    ReadHandOver(*from_.connection, "");
  }

  void Ask() {
    CheckInterrupt();
    deadline_ = HandOverWatch::Clock::now() + std::chrono::seconds(options_.timeout_s);
    const Result result = AskServer();
    const std::string outcome = result.Text(0, 1);
    const std::string reason = result.Text(0, 2);
    hand_over_ = result.Text(0, 3);
    output_.result().update({{"request_id", result.Number(0, 0)}, {"hand_over", hand_over_}});
    if (outcome == "refused") Refuse(reason);
    if (outcome != "requested" && outcome != "running") {
      output_.result().update({{"outcome", outcome}, {"reason", reason}});
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("the switchover was not begun: it is {}", outcome), reason,
                        fmt::format("See baton.requests of node \"{}\", and its log.", from_.name));
    }
    output_.Line(fmt::format("node \"{}\" hands over to node \"{}\" (hand-over {})", from_.name,
                             to_.name, hand_over_));
  }

  // Where the answer is lost, the request may have come through all the same.
  Result AskServer() {
    std::string why;
    try {
      return from_.connection->Query(
          "SELECT request_id, outcome, reason, hand_over"
          " FROM baton.switchover($1, wait => false, timeout => make_interval(secs => "
          "$2::integer))",
          {to_.name, std::to_string(options_.timeout_s)});
    } catch (const SqlError& error) {
      // Class 57: the statement was cancelled, or its session ended.
      const bool is_lost = PQstatus(from_.connection->get()) != CONNECTION_OK;
      if (!is_lost && !error.sqlstate().starts_with("57")) throw;
      why = error.message();
    } catch (const core::Error& error) {
      why = error.message();
    }
    output_.result()["outcome"] = "unknown";
    throw core::Error(
        core::ErrorCode::kInterrupted,
        fmt::format("it is not known whether node \"{}\" has begun the switchover", from_.name),
        why, "See \"SELECT * FROM baton.requests\" on both nodes, and pg_baton status.");
  }

  HandOverWatch Watch(Node& node, std::chrono::milliseconds interval) {
    return {node.name, interval, [this, &node] {
              try {
                if (!node.connection) {
                  node.connection = access_.ConnectTo(node.there, kFollowingLimit);
                }
                return ReadHandOver(*node.connection, hand_over_);
              } catch (const core::Error&) {
                node.connection.reset();
                throw;
              }
            }};
  }

  void Follow() {
    // This session is about to be ended, and waits longer for an answer than is wanted from now on.
    from_.connection.reset();
    HandOverWatch from = Watch(from_, 100ms);
    HandOverWatch to = Watch(to_, 50ms);
    const SwitchoverEnd end = AwaitSwitchover(from, to, deadline_);
    output_.result().update(SwitchoverJson(end, from.word(), to.word()));
    if (end != SwitchoverEnd::kDone) {
      throw SwitchoverError(end, from.word(), to.word(), hand_over_,
                            std::chrono::seconds(options_.timeout_s));
    }
    for (const std::string& line : SwitchoverLines(from.word(), to.word())) {
      output_.Line(line);
      if (output_.is_json()) break;  // which has the steps in a list
    }
  }

  const Options& options_;
  Output& output_;
  ReaderAccess access_;
  Node from_;
  Node to_;
  std::string hand_over_;
  HandOverWatch::Clock::time_point deadline_{};
};

}  // namespace

Action AddSwitchover(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  command
      .add_option("TARGET", options->target, "name of the standby that is to become the primary")
      ->required()
      ->type_name("");
  AddReaderOptions(command, options->connection, options->passfile);
  options->common.AddTo(command, true);
  command
      .add_option("-t,--timeout", options->timeout_s, "seconds to wait until the roles are swapped")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  return [options] {
    Switchover(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
