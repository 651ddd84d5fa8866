// Files whose appearance asks for a standby's promotion: that of pg_baton.promote_trigger_file, for
// those who cannot connect, and PostgreSQL's own.
#pragma once

#include <optional>
#include <string>

#include "core/demotion_check.hpp"
#include "core/lag_history.hpp"

namespace baton {

// Which of all these are there, as paths; nullopt if that cannot be told of one of them.  Any
// process.
std::optional<core::NamesFound> TriggerFilesThere();

// That of pg_baton.promote_trigger_file.  Belongs to the storage worker, since a file may be on a
// disk that hangs.
class TriggerFile {
 public:
  // When it has to be looked for next; none while no file is set.
  core::Instant NextLook();
  // Looks for it.  One that is there is removed, whatever it says, and then asks for a promotion or
  // does not; one that cannot be removed never asks, and is left alone from then on.
  void Look();

 private:
  // Returns false if it could not be removed.
  bool TakeUp(bool is_regular, bool has_content);

  std::string path_;
  core::Instant next_{};
  bool first_ = true;        // not looked for yet since it was set: what is there is a leftover
  std::string stuck_;        // which one could not be removed; empty if none
  bool seen_empty_ = false;  // whoever made it may be about to write into it
};

}  // namespace baton
