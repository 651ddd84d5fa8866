// A network between hosts that are far from each other: what is sent into it comes out later, and
// only so much of it a second.  It loses nothing, and has no slow start.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

namespace baton::test {

struct LinkSpeed {
  std::chrono::microseconds delay{0};  // each way
  double bytes_per_second = 0;         // each way, of all connections together
};

// Listens on 127.0.0.1 and hands on to another port there, by two threads for each connection.
class SlowLink {
 public:
  SlowLink(int target_port, LinkSpeed speed);
  ~SlowLink();
  SlowLink(const SlowLink&) = delete;
  SlowLink& operator=(const SlowLink&) = delete;

  int port() const { return port_; }

 private:
  using Clock = std::chrono::steady_clock;

  // There or back.
  class Way {
   public:
    explicit Way(LinkSpeed speed) : speed_(speed) {}
    // When the next bytes may be taken in.
    Clock::time_point Opens();
    // When bytes that are taken in now come out.
    Clock::time_point Arrival(std::size_t bytes);

   private:
    const LinkSpeed speed_;
    std::mutex mutex_;
    Clock::time_point sent_;  // when the last byte has left
  };

  struct Connection {
    int client;
    int server;
    std::thread there;
    std::thread back;
  };

  void Accept();
  // Until `from` has ended, or nobody receives at `to`.
  static void Carry(int from, int to, Way& way);

  const int target_port_;
  int port_ = 0;
  int listener_;
  Way there_;
  Way back_;
  std::list<Connection> connections_;  // the thread's
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace baton::test
