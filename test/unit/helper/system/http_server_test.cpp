#include "helper/system/http_server.hpp"

#include <gtest/gtest.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

TEST(HttpServer, APortAloneIsOneOfThisHostOnly) {
  EXPECT_EQ(ParseListenAddress("9188"), (ListenAddress{"127.0.0.1", 9188}));
}

TEST(HttpServer, AnAddressMayBeOfAnyKind) {
  EXPECT_EQ(ParseListenAddress("0.0.0.0:9188"), (ListenAddress{"0.0.0.0", 9188}));
  EXPECT_EQ(ParseListenAddress("db1:80"), (ListenAddress{"db1", 80}));
  EXPECT_EQ(ParseListenAddress("[::1]:9188"), (ListenAddress{"::1", 9188}));
}

TEST(HttpServer, WhatIsNoAddressIsRefused) {
  for (const char* const text :
       {"", ":", ":9188", "host", "host:", "1:2:3", "::1:9188", "99999", "-1", "80x", "[]:80"}) {
    EXPECT_EQ(ParseListenAddress(text), std::nullopt) << text;
  }
}

TEST(HttpServer, AnAddressOfVersionSixIsWrittenInBrackets) {
  EXPECT_EQ((ListenAddress{"::1", 9188}).Text(), "[::1]:9188");
  EXPECT_EQ((ListenAddress{"127.0.0.1", 9188}).Text(), "127.0.0.1:9188");
}

TEST(HttpServer, APortIsServedByOneProgramOnly) {
  const HttpServer first({"127.0.0.1", 0});

  const core::Error error = ErrorOf([&] { const HttpServer second(first.address()); });

  EXPECT_GT(first.address().port, 0);
  EXPECT_EQ(error.message(), "could not listen at " + first.address().Text());
}

}  // namespace
}  // namespace baton::helper
