// A storage that hangs, for those who must not hang with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "test/cluster/harness.hpp"

namespace baton::test {

// A file system of test/freezer.sh, frozen by a file and thawed at the latest by the destructor.
class Freezer {
 public:
  Freezer() {
    const char* const folder = std::getenv("PG_BATON_TEST_FREEZER");
    if (folder != nullptr && *folder != '\0') folder_ = folder;
  }
  ~Freezer() { Thaw(); }
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;

  bool works() const { return !folder_.empty() && fs::exists(folder_ / "ready"); }
  fs::path disk() const { return folder_ / "disk"; }
  bool Freeze() {
    std::ofstream(folder_ / "freeze") << '\n';
    return Eventually([&] { return fs::exists(folder_ / "frozen"); });
  }
  bool Thaw() {
    std::error_code error;
    if (folder_.empty()) return true;
    fs::remove(folder_ / "freeze", error);
    return Eventually([&] { return !fs::exists(folder_ / "frozen"); });
  }

 private:
  fs::path folder_;
};

}  // namespace baton::test
