// What a file means that was found where pg_baton.promote_trigger_file points.
#pragma once

#include <string>
#include <string_view>

namespace baton::core {

struct TriggerFacts {
  bool is_standby = false;
  // It was there when the file was looked for the first time: nobody knows for what it was meant.
  bool is_leftover = false;
  bool is_regular = true;
  std::string content;  // the beginning of it is enough
};

struct TriggerVerdict {
  bool asks = false;  // for the promotion of this server
  bool force = false;
  std::string reason;  // why it does not ask
  std::string hint;    // what to do then; may be empty
};

// An empty file asks; so does one that says nothing but "force", with force.
TriggerVerdict JudgeTrigger(const TriggerFacts& facts);

}  // namespace baton::core
