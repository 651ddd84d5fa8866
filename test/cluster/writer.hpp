// A client that writes numbered rows all the time: by the libpq string that finds the primary, and
// beside it to each node directly, as those do who have not heard of a failover.  It is one thread
// of the test's process, which no scenario stops, with one clock and one file.
#pragma once

#include <atomic>
#include <filesystem>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/cluster/lane.hpp"
#include "test/cluster/ledger.hpp"

namespace baton::test {

// Rows go to table public.ledger (number bigint).
class Writer {
 public:
  // Begins at once.  Each outcome is appended to `file` when it is known.
  Writer(const std::vector<Door>& doors, const WriterOptions& options,
         const std::filesystem::path& file);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Sends nothing more, waits for answers as long as the options say, and ends.
  void Stop();

  const std::filesystem::path& file() const { return file_; }
  // So far; any thread.  The ledger is what stands in the file.
  Ledger ledger() const;
  int AcknowledgedByPath(const std::string& path) const;
  int AcknowledgedBy(const std::string& server) const;

 private:
  void Run();
  void Wait() const;
  void Note(const Attempt& attempt);

  std::filesystem::path file_;
  int descriptor_ = -1;
  WriterOptions options_;
  std::list<Lane> lanes_;  // the thread's
  std::int64_t last_number_ = 0;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, int> by_path_;  // under the mutex, as the next
  std::map<std::string, int> by_server_;
  std::thread thread_;
};

}  // namespace baton::test
