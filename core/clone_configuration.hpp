// By which files the server that a clone makes will be configured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/problem.hpp"
#include "core/taken_configuration.hpp"

namespace baton::core {

// One of the source's files that does not come with its data.
struct OutsideFile {
  std::string path;
  bool is_here = false;  // there is one at the same place on this host
};

struct CloneConfiguration {
  bool copies = false;       // --config=copy
  std::string folder;        // of the new server's; empty: its data directory
  bool has_settings = true;  // a postgresql.conf is in that folder, or comes with a new cluster
  bool is_writable = true;   // so that files in it can be replaced
  // None: where the source's files are is not known.
  std::optional<std::vector<OutsideFile>> outside = std::vector<OutsideFile>();
  bool settings_outside = false;  // its postgresql.conf is among them
  Problem unreadable;             // why its files cannot be read; no message: they can
  // Nothing: they are read from the copy of the data directory, when that is there.
  std::optional<TakenConfiguration> plan;
  std::vector<std::string> staying;  // files of this host that are read beside those
};

}  // namespace baton::core
