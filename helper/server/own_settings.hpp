// The configuration of a server that is down, as the server itself would read it (postgres -C).
#pragma once

#include <string>
#include <vector>

#include "helper/system/programs.hpp"

namespace baton::helper {

class OwnSettings {
 public:
  // `arguments` are those of postgres: -D with the folder of postgresql.conf, and what else it is
  // started with.
  OwnSettings(Programs programs, std::vector<std::string> arguments)
      : programs_(std::move(programs)), arguments_(std::move(arguments)) {}

  // A setting that every server has; throws kFailed with the server's words if the configuration
  // cannot be read.
  std::string Value(const std::string& name) const;
  // Empty if it is not set.
  std::string ValueIfSet(const std::string& name) const;

  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  Programs programs_;
  std::vector<std::string> arguments_;
};

}  // namespace baton::helper
