#include "test/cluster/loopback.hpp"

#include <arpa/inet.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace baton::test {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  return address;
}

int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

}  // namespace

int ListenOnLoopback(int& port) {
  const int number = NewSocket();
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (bind(number, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(number, 128) != 0 ||
      getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for the proxy");
  }
  port = ntohs(address.sin_port);
  return number;
}

int ConnectToLoopback(int port) {
  const int number = NewSocket();
  const sockaddr_in address = Loopback(port);
  if (connect(number, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return number;
  }
  close(number);
  return -1;
}

}  // namespace baton::test
