#include "helper/archive/restore_guard.hpp"

#include <fmt/format.h>

#include "core/restore_command.hpp"
#include "helper/system/file.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

// A record may begin in one segment and end in the next, so the one before is kept and read again.
// More than 125 ends recovery.
constexpr const char* kScript = R"(# $1 is the name of a file that was restored, $2 its path.
case $1 in *[!0-9A-F]*) exit 0 ;; esac
[ -f "$2" ] || exit 0
segments=@SEGMENTS@
found=@FOUND@
here=$(pwd)
cd "$segments" || exit 200
before=$(ls | grep -vx "$1")
ln -f "$here/$2" "$1" || exit 200
look() { @WALDUMP@ --rmgr=Tablespace --path=. "$1" "$2" 2>/dev/null | grep 'desc: CREATE ' >"$found.new"; }
timeline=${1%????????????????}
for one in $before; do
  same=$timeline${one#????????}
  [ "$same" = "$one" ] || [ "$same" = "$1" ] || mv "$one" "$same"
  look "$same" "$1" && mv "$found.new" "$found"
done
look "$1" "$1" && mv "$found.new" "$found"
for one in $(ls | grep -vx "$1"); do rm -f "$one"; done
rm -f "$found.new"
[ ! -e "$found" ] || exit 200
)";

void Put(std::string& text, const std::string& mark, const std::string& value) {
  const auto at = text.find(mark);
  text.replace(at, mark.size(), CommandText({value}));
}

}  // namespace

void WriteGuard(const Programs& programs, const RestoreScratch& scratch) {
  std::string script = kScript;
  Put(script, "@SEGMENTS@", scratch.segments().string());
  Put(script, "@FOUND@", scratch.found().string());
  Put(script, "@WALDUMP@", programs.Path("pg_waldump"));
  ReplaceFile(scratch.guard(), script);
}

std::string Guarded(const std::string& restore_command, const RestoreScratch& scratch) {
  // The command may end with a comment.
  return fmt::format("( {}\n) && /bin/sh {} '%f' '%p'", restore_command,
                     core::WithoutPlaceholders(CommandText({scratch.guard().string()})));
}

std::optional<core::Problem> FoundByGuard(const RestoreScratch& scratch) {
  const auto found = ReadFileIfThere(scratch.found());
  if (!found) return std::nullopt;
  const std::string line = found->substr(0, found->find('\n'));
  const auto described = line.find("desc: ");
  return core::Problem{
      "the WAL makes a tablespace that the base backup does not have",
      fmt::format("Replaying it would write to the tablespace's own place on this host: {}.",
                  described == std::string::npos ? line : line.substr(described + 6)),
      "Take a base backup that has the tablespace, or restore up to an earlier segment, with "
      "--target-time or --target-lsn."};
}

}  // namespace baton::helper
