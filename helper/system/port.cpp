#include "helper/system/port.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace baton::helper {
namespace {

// Nobody can bind to an address of another host.
template <typename Address>
std::optional<bool> CanBindTo(const Address& address, int family) {
  const int holder = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (holder < 0) return std::nullopt;
  const bool is_own =
      bind(holder, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int reason = errno;
  close(holder);
  if (!is_own && reason != EADDRNOTAVAIL) return std::nullopt;
  return is_own;
}

}  // namespace

std::optional<bool> IsOwnAddress(const std::string& address) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) return CanBindTo(v4, AF_INET);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) return CanBindTo(v6, AF_INET6);
  return std::nullopt;
}

std::optional<bool> IsPortFree(int port) {
  if (port <= 0 || port > 65535) return std::nullopt;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return std::nullopt;
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool is_free =
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int reason = errno;
  close(listener);
  if (!is_free && reason != EADDRINUSE) return std::nullopt;
  return is_free;
}

}  // namespace baton::helper
