// What happened on one node, newest last, bounded.  It lives in shared memory, and is kept in a
// file whose first line says whose it is: a clone or a rewind brings along that of another node.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/fixed_text.hpp"

namespace baton::core {

struct Event {
  std::int64_t id = 0;           // counts from 1, without gaps
  std::int64_t happened_at = 0;  // TimestampTz of the server
  FixedText<16> kind;            // "started", "role", "health", "peer", "request", ...
  FixedText<240> message;
  FixedText<320> detail;  // may be empty
};

class EventLog {
 public:
  static constexpr std::size_t kMostEvents = 256;

  void Add(std::int64_t happened_at, std::string_view kind, std::string_view message,
           std::string_view detail = "");

  // The next event gets the number after `id`; only while there is none.
  void ContinueFrom(std::int64_t id) { last_id_ = id; }

  std::size_t size() const { return count_; }
  const Event& operator[](std::size_t i) const {  // 0 is the oldest
    return events_[(first_ + i) % kMostEvents];
  }
  std::int64_t last_id() const { return last_id_; }
  // The oldest event with a higher id; null if there is none.
  const Event* After(std::int64_t id) const;

 private:
  std::array<Event, kMostEvents> events_{};
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  std::int64_t last_id_ = 0;
};

// The file: a line of JSON for `owner`, then one for each event.
std::string EventsToFile(const EventLog& log, std::string_view owner);
// nullopt for a file of another owner, or one that is no such file; a line that was cut off in its
// middle ends what is read.
std::optional<EventLog> EventsFromFile(std::string_view text, std::string_view owner);

}  // namespace baton::core
