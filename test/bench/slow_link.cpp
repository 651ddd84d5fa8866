#include "test/bench/slow_link.hpp"

#include <algorithm>
#include <deque>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "test/cluster/loopback.hpp"

namespace baton::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPacketBytes = 32768;
// What waits at the entry, as in the socket of a sender: enough for a processor that comes late.
constexpr auto kWaiting = 16ms;
constexpr int kTurnMilliseconds = 20;

// A statement is not to wait for the acknowledgement of another one.
void SendAtOnce(int number) {
  const int on = 1;
  setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool SendAll(int to, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

// Returns true if there is something to read.
bool AwaitUntil(std::chrono::steady_clock::time_point end, int from) {
  const auto left = std::max(0ns, end - std::chrono::steady_clock::now());
  const timespec limit{left / 1s, (left % 1s).count()};
  pollfd wait{from, POLLIN, 0};  // ppoll ignores what is negative
  return ppoll(&wait, 1, end == end.max() ? nullptr : &limit, nullptr) > 0;
}

}  // namespace

SlowLink::Clock::time_point SlowLink::Way::Opens() {
  const std::lock_guard lock(mutex_);
  return sent_ - kWaiting;
}

SlowLink::Clock::time_point SlowLink::Way::Arrival(std::size_t bytes) {
  const std::chrono::duration<double> sending(static_cast<double>(bytes) / speed_.bytes_per_second);
  const std::lock_guard lock(mutex_);
  sent_ = std::max(sent_, Clock::now()) + std::chrono::duration_cast<Clock::duration>(sending);
  return sent_ + speed_.delay;
}

SlowLink::SlowLink(int target_port, LinkSpeed speed)
    : target_port_(target_port),
      listener_(ListenOnLoopback(port_)),
      there_(speed),
      back_(speed),
      thread_([this] { Accept(); }) {}

SlowLink::~SlowLink() {
  ends_ = true;
  thread_.join();
  for (Connection& connection : connections_) {
    for (const int number : {connection.client, connection.server}) shutdown(number, SHUT_RDWR);
    connection.there.join();
    connection.back.join();
    for (const int number : {connection.client, connection.server}) close(number);
  }
  close(listener_);
}

void SlowLink::Accept() {
  while (!ends_) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, kTurnMilliseconds) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const int server = ConnectToLoopback(target_port_);
    if (server < 0) {
      close(client);
      continue;
    }
    SendAtOnce(client);
    SendAtOnce(server);
    connections_.push_back({client, server,
                            std::thread([=, this] { Carry(client, server, there_); }),
                            std::thread([=, this] { Carry(server, client, back_); })});
  }
}

void SlowLink::Carry(int from, int to, Way& way) {
  struct Packet {
    Clock::time_point arrives;
    std::string bytes;
  };
  std::deque<Packet> under_way;
  bool is_open = true;
  bool is_received = true;
  while (is_received && (is_open || !under_way.empty())) {
    const Clock::time_point opens = way.Opens();
    const bool takes = is_open && opens <= Clock::now();
    const Clock::time_point arrives =
        under_way.empty() ? Clock::time_point::max() : under_way.front().arrives;
    const Clock::time_point turn = is_open && !takes ? std::min(arrives, opens) : arrives;
    if (AwaitUntil(turn, takes ? from : -1)) {
      std::string bytes(kPacketBytes, '\0');
      const ssize_t got = recv(from, bytes.data(), bytes.size(), 0);
      is_open = got > 0;
      if (is_open) {
        bytes.resize(static_cast<std::size_t>(got));
        under_way.push_back({way.Arrival(bytes.size()), std::move(bytes)});
      }
    }
    while (is_received && !under_way.empty() && under_way.front().arrives <= Clock::now()) {
      is_received = SendAll(to, under_way.front().bytes);
      under_way.pop_front();
    }
  }
  shutdown(to, SHUT_WR);
  if (!is_received) shutdown(from, SHUT_RD);
}

}  // namespace baton::test
