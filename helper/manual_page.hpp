// The manual page pg_baton(1), in the macros of man(7), made from the options that --help shows.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace baton::helper {

std::string ManualPage(const CLI::App& parser);

// Text as roff prints it character by character; for lines that begin with it, too.
std::string RoffText(std::string_view text);

}  // namespace baton::helper
