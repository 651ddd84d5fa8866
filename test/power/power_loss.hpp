// Plays back what the recorder wrote, and makes what a disk may have if the power is lost at any
// moment of it.  A test goes through moments and models, and asserts what must hold for each tree.
//
// Harsher than any one file system: names of one folder survive apart from those of another, so a
// file that is moved between two may be in both or in none.  Kinder in one thing: a write through
// O_DSYNC counts as a flush of the file's other data too.  Times and owners are not played back.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "test/power/disk.hpp"

namespace baton::test {

// The power is lost when so many operations are done.
struct Moment {
  std::size_t done = 0;
  std::string description;  // "after fsync base/1/2, before rename a -> b"
};

class PowerLoss {
 public:
  // Paths in descriptions are relative to the first folder's parent.  Throws std::runtime_error if
  // the log is damaged; a last record that is cut is left out.
  PowerLoss(Disk before, std::vector<fs::path> folders, const fs::path& log);

  const std::vector<Operation>& operations() const { return operations_; }
  std::string Describe(const Operation& operation) const;

  // All moments at which something else may be left than shortly before or after: around each
  // change of names or modes, and each flush of what was not flushed; the first and last of all
  // included.
  std::vector<Moment> Moments() const;
  // The same, around operations that are chosen only.
  std::vector<Moment> Moments(const std::function<bool(const Operation&)>& choice) const;
  std::vector<Moment> EveryMoment() const;

  // Makes `destination`, which must not be there yet, to what is left of the recorded folder.
  // Going forward from one moment to the next is cheap.
  void Materialise(std::size_t done, const Model& model, const fs::path& destination);
  void Materialise(const fs::path& folder, std::size_t done, const Model& model,
                   const fs::path& destination);

 private:
  void GoTo(std::size_t done);
  Moment MomentAt(std::size_t done) const;

  Disk before_;
  std::vector<fs::path> folders_;
  std::string log_;
  std::vector<Operation> operations_;
  Disk now_;
  std::size_t done_ = 0;
};

// At most `count` of them (two or more), evenly, with the first and the last.
std::vector<Moment> Thinned(const std::vector<Moment>& moments, std::size_t count);

// How the trees differ, a line each; modes and kinds of files count, times and owners do not, nor
// do sockets and pipes.
std::vector<std::string> Differences(const fs::path& one, const fs::path& other);

// What happens below a folder from now on, by programs that run in this environment, and their
// children.  The log is a file outside of the folder.
class Recording {
 public:
  Recording(const fs::path& folder, fs::path log);
  Recording(const std::vector<fs::path>& folders, fs::path log);

  std::map<std::string, std::string> Environment() const;
  // Of what is recorded by now.
  PowerLoss Read() const;

 private:
  std::vector<fs::path> folders_;
  fs::path log_;
  Disk before_;
};

// A program or library of the tests: beside the running program, or where it was built.
fs::path BuiltForTests(const std::string& name);

}  // namespace baton::test
