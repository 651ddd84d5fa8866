// Asks the archive, by restore_command, whether it has WAL beyond what is here, or a newer
// timeline; without waiting, so that the other nodes can be asked meanwhile.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/node_facts.hpp"
#include "core/promotion.hpp"
#include "shell_command.hpp"

namespace baton {

class ArchiveProbe {
 public:
  // Starts to ask for what comes after `position`; asks nothing if there is no restore_command.
  ArchiveProbe(const core::Position& position, std::chrono::milliseconds limit);
  ~ArchiveProbe();
  ArchiveProbe(const ArchiveProbe&) = delete;
  ArchiveProbe& operator=(const ArchiveProbe&) = delete;

  // Looks, without waiting, how far it is.
  void Advance();
  // Waits a moment if it is not finished; returns whether it is.  Interruptible.
  bool Finish(std::chrono::milliseconds moment);
  core::ArchiveAnswer Answer() const;

 private:
  struct Question {
    std::string file;
    std::string path;  // where the command shall put it, in this library's folder
    std::unique_ptr<ShellCommand> command;
  };

  core::TimelineId timeline_;
  std::chrono::milliseconds limit_;
  Question segment_;
  Question history_;
};

}  // namespace baton
