// The options of archive-check that make it prove the archive rather than look at it.
#pragma once

#include <string>

#include "helper/archive/restore_request.hpp"

namespace CLI {
class App;
}

namespace baton::helper {

struct RestoreTestOptions {
  bool wanted = false;
  RestoreTestRequest request;  // without how to reach the server, and without the archive's folder
  int timeout_s = 3600;

  void AddTo(CLI::App& command);
};

}  // namespace baton::helper
