#include "test/cluster/pausing_program.hpp"

#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>

namespace baton::test {
namespace {

// A signal to the group ends it, and what it waits by.
std::string Script(const fs::path& folder, const Pause& pause) {
  const bool is_before = pause.when == Pause::When::kBeforeItRuns;
  return fmt::format(
      "#!/bin/sh\n"
      "case \"$*\" in *'{1}'*) echo >>{0}/calls ;; *) exec {2} \"$@\" ;; esac\n"
      "[ $(wc -l <{0}/calls) = {3} ] || exec {2} \"$@\"\n"
      "{4}\n"
      "touch {0}/paused\n"
      "while [ ! -e {0}/go_on ]; do sleep 0.05; done\n"
      "{5}\n",
      folder.string(), pause.words, Cluster::Program(pause.program), pause.call,
      is_before ? "" : fmt::format("{} \"$@\"; code=$?", Cluster::Program(pause.program)),
      is_before ? fmt::format("exec {} \"$@\"", Cluster::Program(pause.program)) : "exit $code");
}

}  // namespace

PausingProgram::PausingProgram(const fs::path& folder, const Pause& pause) : folder_(folder) {
  fs::create_directories(bindir());
  for (const auto& program : fs::directory_iterator(Cluster::bindir())) {
    const fs::path name = program.path().filename();
    if (name != pause.program) fs::create_symlink(program.path(), bindir() / name);
  }
  const fs::path script = bindir() / fs::path(pause.program);
  std::ofstream(script) << Script(folder, pause);
  chmod(script.c_str(), 0755);
}

bool PausingProgram::IsPaused() const {
  return Eventually([this] { return fs::exists(folder_ / "paused"); });
}

void PausingProgram::GoOn() const { std::ofstream(folder_ / "go_on").flush(); }

}  // namespace baton::test
