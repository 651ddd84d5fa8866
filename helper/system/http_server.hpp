// A small HTTP server for pages that are made anew for each request.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace baton::helper {

struct ListenAddress {
  std::string host;
  int port = 0;  // 0: any that is free

  bool operator==(const ListenAddress&) const = default;
  std::string Text() const;  // "127.0.0.1:9188", "[::1]:9188"
};

// Parses "PORT", which means this host alone, "ADDRESS:PORT" or "[ADDRESS]:PORT".
std::optional<ListenAddress> ParseListenAddress(std::string_view text);

struct HttpAnswer {
  int status = 200;
  std::string body;
};

class HttpServer {
 public:
  // Binds; throws kFailed if that is not possible.
  explicit HttpServer(ListenAddress address);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const ListenAddress& address() const { return address_; }

  // `make` is called by several threads at once; what it throws becomes status 500.
  void Add(const std::string& path, const std::string& content_type,
           std::function<std::string()> make);
  // The same with a status of its own.
  void AddAnswer(const std::string& path, const std::string& content_type,
                 std::function<HttpAnswer()> make);

  // Serves until SIGINT, SIGTERM or SIGHUP.
  void RunUntilInterrupted();

 private:
  struct Library;
  ListenAddress address_;
  std::unique_ptr<Library> library_;
};

}  // namespace baton::helper
