// How the rules of a clone write their findings down; for core/clone_*.cpp alone.
#pragma once

#include "core/clone_check.hpp"

namespace baton::core {

class CloneVerdicts {
 public:
  void Ok(std::string_view check, std::string message) {
    Add(check, CloneStatus::kOk, {std::move(message), "", ""});
  }
  void Warn(std::string_view check, Problem text) {
    Add(check, CloneStatus::kWarning, std::move(text));
  }
  void Refuse(std::string_view check, Problem text) {
    Add(check, CloneStatus::kRefused, std::move(text));
  }
  void Unknown(std::string_view check, Problem text) {
    Add(check, CloneStatus::kUnknown, std::move(text));
  }
  // Whether the check has any finding yet.
  bool Has(std::string_view check) const {
    for (const CloneFinding& finding : findings_) {
      if (finding.check_name == check) return true;
    }
    return false;
  }
  void OkUnlessSaid(std::string_view check, std::string message) {
    if (!Has(check)) Ok(check, std::move(message));
  }
  CloneFindings Take() { return std::move(findings_); }

 private:
  void Add(std::string_view check, CloneStatus status, Problem text) {
    findings_.push_back({check, status, std::move(text)});
  }

  CloneFindings findings_;
};

// The servers from which it is copied, by which it is registered and from which it will stream.
void CheckServers(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts);
// What the two servers must have in common.
void CheckLikeness(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts);
// Which configuration it will have.
void CheckConfiguration(const CloneTarget& target, CloneVerdicts& verdicts);
// What the new server finds on its host.
void CheckHost(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts);

}  // namespace baton::core
