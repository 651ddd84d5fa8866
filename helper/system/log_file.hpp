// The file of --log-file, to which lines are added, each with the time and the process; by several
// programs at once if need be.  A program has one at most.
#pragma once

#include <string>
#include <string_view>

namespace baton::helper {

// From here on Log writes to this file; it is made, readable to its owner alone, where it is
// missing.  Throws kFailed.  To be called before there are other threads.
void OpenLog(const std::string& path);
void CloseLog();

// Adds to the file, if one is open, in one piece, so that nobody's line is torn; what holds several
// lines gets the time on each.  Passwords are left out.  A line that cannot be written is lost: a
// full disk must not stop a rejoin.  Any thread may call this.
void Log(std::string_view text);

}  // namespace baton::helper
