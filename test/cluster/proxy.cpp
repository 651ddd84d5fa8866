#include "test/cluster/proxy.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace baton::test {
namespace {

constexpr int kTurnMilliseconds = 20;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  return address;
}

int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

// -1 if nobody listens there.
int ConnectTo(int port) {
  const int number = NewSocket();
  const sockaddr_in address = Loopback(port);
  if (connect(number, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return number;
  }
  close(number);
  return -1;
}

}  // namespace

Proxy::Proxy(int target_port) : target_port_(target_port), listener_(NewSocket()) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for the proxy");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

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
  if (!swallows_) link.server = ConnectTo(target_port_);
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
