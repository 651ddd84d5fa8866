// The server of a restore test: a child of this process that ends with it, whatever happens; it
// listens on a socket in the scratch folder alone.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "helper/archive/restore_scratch.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

class ScratchServer {
 public:
  // Starts it; its words go to the scratch folder's log.
  ScratchServer(const Programs& programs, const RestoreScratch& scratch);
  ~ScratchServer();  // ends it at once
  ScratchServer(const ScratchServer&) = delete;
  ScratchServer& operator=(const ScratchServer&) = delete;

  bool IsRunning();
  // Shuts it down cleanly; false if it did not end within a minute.
  bool Stop();

 private:
  bool AwaitEnd(std::chrono::seconds limit);

  pid_t process_ = 0;  // 0 if it has ended
};

// A session in the scratch server, as a superuser: with this name, or one of those that are likely.
// nullopt while it lets nobody in.
class ScratchSessions {
 public:
  ScratchSessions(const RestoreScratch& scratch, const std::string& user);
  std::optional<Connection> TryTo(const std::string& database);
  const std::string& user() const { return users_.front(); }
  std::string port() const { return "5432"; }

 private:
  Parameters parameters_;
  std::vector<std::string> users_;
};

}  // namespace baton::helper
