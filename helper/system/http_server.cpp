#include "helper/system/http_server.hpp"

#include <charconv>
#include <csignal>
#include <fmt/format.h>
#include <httplib.h>
#include <poll.h>
#include <thread>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

// New threads take this thread's mask: a signal is to wake the one that waits for it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct HttpServer::Library {
  httplib::Server server;
};

std::string ListenAddress::Text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::optional<ListenAddress> ParseListenAddress(std::string_view text) {
  ListenAddress address{"127.0.0.1", 0};
  const std::size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    // Without brackets nobody knows where the address ends.
    if (host.empty() || (!bracketed && host.find_first_of(":[]") != std::string_view::npos)) {
      return std::nullopt;
    }
    address.host = host;
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() ||
      address.port < 0 || address.port > 65535) {
    return std::nullopt;
  }
  return address;
}

HttpServer::HttpServer(ListenAddress address)
    : address_(std::move(address)), library_(std::make_unique<Library>()) {
  const std::string wanted = address_.Text();
  httplib::Server& server = library_->server;
  // The library's own choice would let a second program serve the same port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.set_read_timeout(5, 0);
  server.set_write_timeout(5, 0);
  server.set_payload_max_length(8192);
  if (address_.port == 0) {
    address_.port = server.bind_to_any_port(address_.host);
  } else if (!server.bind_to_port(address_.host, address_.port)) {
    address_.port = -1;
  }
  if (address_.port <= 0) {
    throw core::Error(core::ErrorCode::kFailed, fmt::format("could not listen at {}", wanted), "",
                      "Choose an address of this host, and a port that nobody else listens on.");
  }
}

HttpServer::~HttpServer() = default;

void HttpServer::Add(const std::string& path, const std::string& content_type,
                     std::function<std::string()> make) {
  AddAnswer(path, content_type, [make = std::move(make)] { return HttpAnswer{200, make()}; });
}

void HttpServer::AddAnswer(const std::string& path, const std::string& content_type,
                           std::function<HttpAnswer()> make) {
  library_->server.Get(path, [content_type, make = std::move(make)](const httplib::Request&,
                                                                    httplib::Response& response) {
    const HttpAnswer answer = make();
    response.status = answer.status;
    response.set_content(answer.body, content_type.c_str());
  });
}

void HttpServer::RunUntilInterrupted() {
  std::thread listener;
  {
    const SignalsBlocked blocked;
    listener = std::thread([this] { library_->server.listen_after_bind(); });
  }
  while (!WasInterrupted()) poll(nullptr, 0, 100);
  // What is stopped before it runs would run for ever.
  while (!library_->server.is_running()) poll(nullptr, 0, 1);
  library_->server.stop();
  listener.join();
}

}  // namespace baton::helper
