// Sockets of 127.0.0.1, for what stands between a server and its clients.
#pragma once

namespace baton::test {

// A port of its own, which is returned in `port`; throws if there is none.
int ListenOnLoopback(int& port);
// -1 if nobody listens there.
int ConnectToLoopback(int port);

}  // namespace baton::test
