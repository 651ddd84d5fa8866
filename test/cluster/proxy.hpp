// A network that can be cut so that neither side notices: what is sent into it is taken, but
// delivered to nobody, and no connection ends; or so that both notice at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <string>
#include <thread>

namespace baton::test {

// Listens on 127.0.0.1 and hands on to another port there, by a thread of its own.
class Proxy {
 public:
  explicit Proxy(int target_port);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  int port() const { return port_; }
  // From now on connections are accepted and read, and nothing is delivered.
  void Swallow() { swallows_ = true; }
  // From now on each new connection is ended as soon as it comes; those that are there go on.
  void Refuse() { refuses_ = true; }
  // The same, and those that are there are ended.
  void Cut() { refuses_ = cuts_ = true; }
  // The network is back; connections that have lost bytes are ended.
  void Deliver() { swallows_ = refuses_ = cuts_ = false; }
  // Once a client has sent these words, what it is answered waits here until ReleaseAnswers, which
  // is for good.  To be said before there are connections.
  void HoldAnswersTo(std::string words) { held_words_ = std::move(words); }
  // The same for a client that has been sent that many bytes.
  void HoldAnswersAfter(std::size_t bytes) { held_bytes_ = bytes; }
  void ReleaseAnswers() { releases_ = true; }
  bool HoldsAnswers() const { return holds_; }

 private:
  struct Link {
    int client = -1;
    int server = -1;
    std::string to_client;  // read, and not taken yet: nobody waits for one that does not read
    std::string to_server;
    bool lost = false;  // bytes were swallowed, or there was never a server
    bool is_held = false;
    std::size_t answered_bytes = 0;
  };

  void Run();
  void Accept();
  // Returns false when the connection has ended.
  bool Pass(Link& link, int from, int to, std::string& pending);

  int target_port_;
  int port_ = 0;
  int listener_;
  std::list<Link> links_;  // the thread's
  std::string held_words_;
  std::size_t held_bytes_ = 0;
  std::atomic<bool> holds_ = false;
  std::atomic<bool> releases_ = false;
  std::atomic<bool> swallows_ = false;
  std::atomic<bool> refuses_ = false;
  std::atomic<bool> cuts_ = false;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace baton::test
