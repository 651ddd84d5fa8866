// setup-primary tries the connections that a standby will make, and names what is wrong with them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

// An address of this host that a server with listen_addresses = '*' takes, and from which, as all
// of 127.0.0.0/8 but the first, no connection comes: those come from 127.0.0.1.
constexpr const char* kOther = "--advertise=127.0.0.9";

class SetupConnection : public testing::Test {
 protected:
  static void WriteHba(const Node& node, const std::string& lines) {
    helper::ReplaceFile(node.data() / "pg_hba.conf", "local all all trust\n" + lines);
    node.Sql("SELECT pg_reload_conf()");
  }

  Cluster cluster_;
};

TEST_F(SetupConnection, NamesAnAddressWhereNothingListens) {
  Node& a = cluster_.InitPlain("a");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", kOther});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr(fmt::format("error: nothing takes connections at 127.0.0.9 "
                                                   "port {}\n",
                                                   a.port())));
  EXPECT_THAT(result.output, HasSubstr("listen_addresses is \"localhost\".\n"));
}

TEST_F(SetupConnection, NamesAnAddressOfAnotherServer) {
  Node& a = cluster_.InitPlain("a");
  Node& b = cluster_.InitPrimary("b");
  b.Configure(fmt::format("port = {}\nlisten_addresses = '127.0.0.9'\nunix_socket_directories = ''",
                          a.port()));
  b.Restart();

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", kOther});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr(fmt::format("error: 127.0.0.9 port {} leads to another "
                                                   "server\n",
                                                   a.port())));
}

TEST_F(SetupConnection, NamesTheLineThatRejects) {
  Node& a = cluster_.InitPlain("a", "listen_addresses = '*'\n");
  WriteHba(a, "host all all 127.0.0.1/32 reject\n");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", kOther});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              HasSubstr(fmt::format("error: pg_hba.conf rejects the connection as baton_node to "
                                    "127.0.0.9 port {}\n",
                                    a.port())));
  EXPECT_THAT(result.output,
              HasSubstr("line 6 of pg_hba.conf (host all all 127.0.0.1/32 reject) decides."));
}

TEST_F(SetupConnection, SaysThatTlsIsRequired) {
  Node& a = cluster_.InitPlain("a", "listen_addresses = '*'\n");
  WriteHba(a, "hostssl all all 127.0.0.1/32 scram-sha-256\n");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", kOther});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              HasSubstr(fmt::format("error: pg_hba.conf allows the connection as baton_node to "
                                    "127.0.0.9 port {} with TLS only\n",
                                    a.port())));
}

TEST_F(SetupConnection, NamesTheMethodOfTheReplicationConnection) {
  Node& a = cluster_.InitPlain("a", "listen_addresses = '*'\n");
  WriteHba(a, "host replication all 127.0.0.1/32 ident\nhost all all 127.0.0.1/32 md5\n");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", kOther});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("error: pg_hba.conf wants method ident of the replication "
                                       "connection as baton_node to 127.0.0.9"));
}

}  // namespace
}  // namespace baton::test
