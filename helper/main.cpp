// pg_baton, the helper: what needs a stopped server or a file system.
#include "helper/cli.hpp"

int main(int argc, char** argv) { return baton::helper::RunCommandLine(argc, argv); }
