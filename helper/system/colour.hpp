// Colours of a terminal as PostgreSQL's client programs use them (src/common/logging.c): none
// unless PG_COLOR asks for them, and those of PG_COLORS if that is set.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace baton::helper {

enum class Tone { kError, kWarning, kNote };

class Palette {
 public:
  Palette() = default;  // without colours

  // `colour` is the value of PG_COLOR, `colours` that of PG_COLORS, empty if unset.  With "auto"
  // there are colours on a terminal only.  A tone that PG_COLORS leaves out has none.
  Palette(std::string_view colour, std::string_view colours, bool is_terminal);

  // For what is written to this file descriptor.
  static Palette Of(int descriptor);

  std::string Paint(std::string_view text, Tone tone) const;

 private:
  std::map<Tone, std::string> codes_;
};

}  // namespace baton::helper
