#include "core/clone_configuration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/clone_rules.hpp"

namespace baton::core {
namespace {

void CheckKept(const CloneConfiguration& configuration, CloneVerdicts& verdicts) {
  if (configuration.has_settings) {
    return verdicts.Ok("configuration",
                       fmt::format("this host's own is kept, in \"{}\"", configuration.folder));
  }
  verdicts.Refuse("configuration",
                  {fmt::format("\"{}\" has no postgresql.conf", configuration.folder),
                   "A server does not start without one.",
                   "Name another folder with --config-dir, or take over the source's files with "
                   "--config=copy."});
}

void CheckComing(const CloneConfiguration& configuration, CloneVerdicts& verdicts) {
  if (!configuration.outside) {
    return verdicts.Unknown(
        "configuration",
        {"where the source's configuration is, and whether it comes with the copy, is not "
         "known",
         "", "Grant pg_monitor to the role."});
  }
  if (configuration.settings_outside) {
    return verdicts.Refuse(
        "configuration",
        {"nothing would give the new server a postgresql.conf",
         fmt::format("The source has it in \"{}\", outside of its data directory, so it "
                     "does not come with the copy.",
                     configuration.outside->front().path),
         "Name the folder of this host's own with --config-dir or --cluster, or take over "
         "the source's files with --config=copy."});
  }
  for (const OutsideFile& file : *configuration.outside) {
    if (file.is_here) continue;
    verdicts.Warn("configuration",
                  {fmt::format("\"{}\" of the source does not come with the copy", file.path),
                   "It lies outside of the data directory, and there is none here.",
                   "Put one to the same place, or take over the source's files with "
                   "--config=copy."});
  }
  verdicts.OkUnlessSaid("configuration", "the source's comes with the data directory");
}

void CheckPlan(const TakenConfiguration& plan, const std::string& folder, CloneVerdicts& verdicts) {
  for (const Problem& problem : plan.problems) verdicts.Refuse("configuration", problem);
  for (const LeftOut& left_out : plan.left_out)
    verdicts.Warn("configuration", LeftOutText(left_out));
  std::vector<std::string> paths;
  for (const PlacedFile& file : plan.files) {
    const bool is_in_folder = file.path.starts_with(folder + "/");
    paths.push_back(is_in_folder ? file.path.substr(folder.size() + 1) : file.path);
  }
  verdicts.Ok("configuration", fmt::format("the source's is taken over into \"{}\": {}", folder,
                                           fmt::join(paths, ", ")));
}

void CheckTaken(const CloneTarget& target, CloneVerdicts& verdicts) {
  const CloneConfiguration& configuration = target.configuration;
  const std::string& folder = configuration.folder.empty() ? target.path : configuration.folder;
  if (configuration.folder.empty() && configuration.outside && configuration.outside->empty()) {
    return verdicts.Refuse("configuration",
                           {"--config=copy is not needed here",
                            "The source's configuration is in its data directory and comes with "
                            "the copy, into the new one.",
                            "Leave it out; or name the folder that the new server's configuration "
                            "is to have with --config-dir."});
  }
  if (!configuration.unreadable.message.empty()) {
    return verdicts.Refuse("configuration", configuration.unreadable);
  }
  if (!configuration.is_writable) {
    return verdicts.Refuse("configuration",
                           {fmt::format("cannot write to the configuration in \"{}\"", folder),
                            "The source's files could not be taken over.",
                            "Let its folders belong to the user who runs the server, or leave out "
                            "--config=copy."});
  }
  for (const std::string& path : configuration.staying) {
    verdicts.Warn("configuration",
                  {fmt::format("\"{}\" of this host stays in effect", path),
                   "The source has no such file, but reads all files of that folder.",
                   "Move it away where it is not wanted."});
  }
  if (configuration.plan) return CheckPlan(*configuration.plan, folder, verdicts);
  verdicts.Ok("configuration",
              fmt::format("the source's is taken over into \"{}\", from the copy", folder));
}

}  // namespace

void CheckConfiguration(const CloneTarget& target, CloneVerdicts& verdicts) {
  const CloneConfiguration& configuration = target.configuration;
  if (configuration.copies) return CheckTaken(target, verdicts);
  if (configuration.folder.empty()) return CheckComing(configuration, verdicts);
  CheckKept(configuration, verdicts);
}

}  // namespace baton::core
