// What Connection::SetTrace has set, for those who send statements in another way.
#pragma once

#include <string>

namespace baton::helper {

void TraceStatement(const std::string& sql);

}  // namespace baton::helper
