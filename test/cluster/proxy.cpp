#include "test/cluster/proxy.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "test/cluster/loopback.hpp"

namespace baton::test {
namespace {

constexpr int kTurnMilliseconds = 20;

}  // namespace

Proxy::Proxy(int target_port)
    : target_port_(target_port), listener_(ListenOnLoopback(port_)), thread_([this] { Run(); }) {}

Proxy::~Proxy() {
  ends_ = true;
  thread_.join();
  for (const Link& link : links_) {
    close(link.client);
    if (link.server >= 0) close(link.server);
  }
  close(listener_);
}

void Proxy::Run() {
  while (!ends_) {
    std::vector<pollfd> waits = {{listener_, POLLIN, 0}};
    // What is pending goes first.  Poll ignores what is negative.
    const auto wait = [&](int from, int to, const std::string& pending) {
      waits.push_back(pending.empty() || swallows_ ? pollfd{from, POLLIN, 0}
                                                   : pollfd{to, POLLOUT, 0});
    };
    for (const Link& link : links_) {
      wait(link.client, link.server, link.to_server);
      wait(link.is_held && !releases_ ? -1 : link.server, link.client, link.to_client);
    }
    poll(waits.data(), waits.size(), kTurnMilliseconds);
    std::size_t i = 1;
    for (auto link = links_.begin(); link != links_.end(); i += 2) {
      bool open = !cuts_ && (swallows_ || !link->lost);
      const auto pass = [&](std::size_t way, int from, int to, std::string& pending) {
        if (open && waits[way].revents != 0) open = Pass(*link, from, to, pending);
      };
      pass(i, link->client, link->server, link->to_server);
      pass(i + 1, link->server, link->client, link->to_client);
      if (open) {
        ++link;
        continue;
      }
      close(link->client);
      if (link->server >= 0) close(link->server);
      link = links_.erase(link);
    }
    if (waits[0].revents != 0) Accept();
  }
}

void Proxy::Accept() {
  Link link;
  link.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (link.client < 0) return;
  if (refuses_) {
    close(link.client);
    return;
  }
  if (!swallows_) link.server = ConnectToLoopback(target_port_);
  link.lost = link.server < 0;
  links_.push_back(link);
}

bool Proxy::Pass(Link& link, int from, int to, std::string& pending) {
  if (pending.empty() || swallows_) {
    std::array<char, 16384> buffer;
    const ssize_t got = recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return true;
    if (swallows_) {
      // Not even the end of a connection gets through; what the dead side holds is let go of.
      link.lost = true;
      if (got > 0) return true;
      if (from == link.client) return false;
      close(link.server);
      link.server = -1;
      return true;
    }
    if (got <= 0) return false;
    pending.assign(buffer.data(), static_cast<std::size_t>(got));
    if (from == link.client && !held_words_.empty() &&
        pending.find(held_words_) != std::string::npos) {
      link.is_held = holds_ = true;
    }
    if (from == link.server) link.answered_bytes += pending.size();
    if (held_bytes_ > 0 && link.answered_bytes > held_bytes_) link.is_held = holds_ = true;
  }
  const ssize_t sent = send(to, pending.data(), pending.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return errno == EAGAIN;
  pending.erase(0, static_cast<std::size_t>(sent));
  return true;
}

}  // namespace baton::test
