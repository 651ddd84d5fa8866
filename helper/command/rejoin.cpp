// rejoin: the options of helper/rejoin.
#include "helper/rejoin/rejoin.hpp"

#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "helper/cli.hpp"
#include "helper/clone/debian_cluster.hpp"
#include "helper/command/command.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  CommonOptions common;
  RejoinRequest request;
  std::string method = "auto";
};

RejoinMethod MethodFrom(const std::string& text) {
  if (text == "rewind") return RejoinMethod::kRewind;
  return text == "copy" ? RejoinMethod::kCopy : RejoinMethod::kAuto;
}

}  // namespace

Action AddRejoin(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  RejoinRequest& request = options->request;
  request.connection.AddTo(command, "the new primary (default role: baton_node)");
  options->common.AddTo(command, true);
  request.server.AddTo(command);
  command.add_option("--node-name", request.node_name,
                     "name of this node (default: pg_baton.node_name of its configuration)");
  command
      .add_option("--method", options->method,
                  "rewind: only by pg_rewind; copy: by a new copy; auto: a copy where pg_rewind is "
                  "impossible")
      ->check(CLI::IsMember({"auto", "rewind", "copy"}))
      ->type_name("auto|rewind|copy");
  command.add_flag("--keep-old", request.keep_old,
                   "after a new copy, keep the old directory as DIR.pg_baton_old");
  command
      .add_option("-T,--tablespace-mapping", request.tablespaces,
                  "place a tablespace that this host does not have yet, OLD=NEW; may be given more "
                  "than once")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option(
      "--work-directory", request.work_directory,
      "folder for the journal and the lost WAL (default: beside the data directory)");
  return [options] {
    options->request.method = MethodFrom(options->method);
    options->request.dry_run = options->common.dry_run;
    FillInCluster(options->request.server);
    RunRejoin(options->request, options->common.output);
    return 0;
  };
}

}  // namespace baton::helper
