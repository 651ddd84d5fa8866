// prestart: to be run before the server of a node is, by systemd for example.  With exit code 0 the
// server may start, as it is or as the standby that it was just made.
#include "helper/prestart/prestart.hpp"

#include <CLI/CLI.hpp>

#include "helper/cli.hpp"
#include "helper/command/command.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  PrestartOptions prestart;
  CommonOptions common;
};

}  // namespace

Action AddPrestart(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  options->prestart.AddTo(command);
  options->common.AddTo(command, true);
  return [options] {
    options->prestart.dry_run = options->common.dry_run;
    Prestart(options->prestart, options->common.output);
    return 0;
  };
}

}  // namespace baton::helper
