#include "helper/server/roll_call.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Takes connections, as the kernel does for any process that listens, and never says a word.
class SilentServer {
 public:
  SilentServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(listen(socket_, 5), 0);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  ~SilentServer() { Close(); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  Parameters Way() const { return {{"host", "127.0.0.1"}, {"port", port_}, {"user", "nobody"}}; }

 private:
  int socket_;
  std::string port_;
};

TEST(CallRoll, ServersThatHangTakeNoLongerThanTheLimitAllTogether) {
  const SilentServer one;
  const SilentServer two;

  const auto began = std::chrono::steady_clock::now();
  const auto answers = CallRoll({one.Way(), two.Way()}, "SELECT 1", 300ms);
  const auto took = std::chrono::steady_clock::now() - began;

  ASSERT_EQ(answers.size(), 2U);
  for (const RollCallAnswer& answer : answers) {
    EXPECT_FALSE(answer.answered);
    EXPECT_EQ(answer.error, "no answer in time");
  }
  EXPECT_LT(took, 5s);
}

TEST(CallRoll, WhereNobodyListensTheAnswerComesAtOnce) {
  SilentServer gone;
  gone.Close();

  const auto began = std::chrono::steady_clock::now();
  const auto answers = CallRoll({gone.Way()}, "SELECT 1", 60s);
  const auto took = std::chrono::steady_clock::now() - began;

  ASSERT_EQ(answers.size(), 1U);
  EXPECT_FALSE(answers[0].answered);
  EXPECT_THAT(answers[0].error, HasSubstr("Connection refused"));
  EXPECT_LT(took, 30s);
}

TEST(CallRoll, NobodyIsAskedWhereThereIsNobody) {
  EXPECT_TRUE(CallRoll({}, "SELECT 1", 60s).empty());
}

}  // namespace
}  // namespace baton::helper
