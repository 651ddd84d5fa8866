// clone: the options of helper/clone.
#include "helper/clone/clone.hpp"

#include <CLI/CLI.hpp>

#include "core/clone_check.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  CommonOptions common;
  CloneRequest request;
};

}  // namespace

Action AddClone(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  CloneRequest& request = options->request;
  request.connection.AddTo(command, "the source, primary or standby (default role: baton_node)");
  options->common.AddTo(command, true);
  request.server.AddTo(command);
  command.add_flag("--create-cluster", request.create_cluster,
                   "make that cluster by pg_createcluster if it is not there");
  command.add_option("--upstream", request.upstream,
                     "name of the node from which it will stream (default: the source)");
  command.add_flag("--move-aside", request.move_aside,
                   "rename a data directory that is not empty, rather than refuse");
  command.add_option("--node-name", request.node_name, "name of the new node")->required();
  command
      .add_option("--advertise", request.advertise,
                  "address by which the other nodes reach the new server")
      ->required();
  command
      .add_option("--set", request.settings,
                  "own setting of the new server, name=value; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("-T,--tablespace-mapping", request.tablespaces,
                  "place a tablespace elsewhere, OLD=NEW; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--config", request.config,
                  "where the configuration is outside the data directory: keep this host's own, or "
                  "copy the source's")
      ->check(CLI::IsMember({"keep", "copy"}))
      ->type_name("keep|copy");
  command.add_option("-c,--checkpoint", request.checkpoint, "fast or spread")
      ->check(CLI::IsMember({"fast", "spread"}))
      ->type_name("fast|spread");
  command.add_option("-r,--max-rate", request.max_rate,
                     "copy no faster than this, in kB a second, or with suffix k or M");
  command
      .add_option("--compress", request.compression,
                  "compress over the wire: gzip, lz4 or zstd, with a level as zstd:3")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const std::string method = text.substr(0, text.find(':'));
            const bool is_known = method == "gzip" || method == "lz4" || method == "zstd";
            return is_known ? std::string() : "not one of gzip, lz4, zstd";
          },
          "METHOD[:LEVEL]"));
  command.add_option("--waldir", request.waldir,
                     "folder for the WAL, outside the data directory, empty or not there yet");
  command
      .add_option("--replication-delay", request.delay,
                  "replay commits so much later, as 30min (recovery_min_apply_delay)")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return core::IsDelay(text) ? std::string() : "no number with ms, s, min, h or d";
          },
          "TIME"));
  command.add_flag("--verify", request.verify,
                   "compare the copy with its manifest before it can be started");
  return [options] {
    options->request.dry_run = options->common.dry_run;
    RunClone(options->request, options->common.output);
    return 0;
  };
}

}  // namespace baton::helper
