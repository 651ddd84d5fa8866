#include "core/event_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace baton::core {
namespace {

using nlohmann::json;

// A number beyond this was never given; counting on from it could overflow.
constexpr std::int64_t kMostPlausibleId = std::int64_t{1} << 53;

// Bytes that are no UTF-8 come from an error message of a system; they must not cost the file.
std::string Line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// Throws for a fraction, which may be no number of 64 bits at all.
std::int64_t WholeNumber(const json& value) {
  return value.get_ref<const json::number_integer_t&>();
}

}  // namespace

void EventLog::Add(std::int64_t happened_at, std::string_view kind, std::string_view message,
                   std::string_view detail) {
  if (count_ == kMostEvents) {
    first_ = (first_ + 1) % kMostEvents;
    --count_;
  }
  Event& event = events_[(first_ + count_++) % kMostEvents];
  event.id = ++last_id_;
  event.happened_at = happened_at;
  event.kind = kind;
  event.message = message;
  event.detail = detail;
}

const Event* EventLog::After(std::int64_t id) const {
  if (count_ == 0 || last_id_ <= id) return nullptr;
  const std::int64_t oldest = (*this)[0].id;
  return &(*this)[static_cast<std::size_t>(std::max(id + 1 - oldest, std::int64_t{0}))];
}

std::string EventsToFile(const EventLog& log, std::string_view owner) {
  std::string text = Line({{"owner", owner}, {"last_id", log.last_id()}});
  for (std::size_t i = 0; i < log.size(); ++i) {
    const Event& event = log[i];
    text += Line({{"at", event.happened_at},
                  {"kind", event.kind.view()},
                  {"message", event.message.view()},
                  {"detail", event.detail.view()}});
  }
  return text;
}

std::optional<EventLog> EventsFromFile(std::string_view text, std::string_view owner) {
  struct Entry {
    std::int64_t at;
    std::string kind, message, detail;
  };
  EventLog log;
  bool is_first = true;
  std::int64_t last_id = 0;
  std::vector<Entry> entries;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    const json line = json::parse(text.substr(0, end), nullptr, false);
    text.remove_prefix(end + 1);
    if (!line.is_object()) break;
    try {
      if (is_first) {
        if (line.at("owner").get<std::string>() != owner) return std::nullopt;
        last_id = WholeNumber(line.at("last_id"));
        if (last_id < 0 || last_id > kMostPlausibleId) return std::nullopt;
        is_first = false;
      } else {
        entries.push_back({WholeNumber(line.at("at")), line.at("kind").get<std::string>(),
                           line.at("message").get<std::string>(),
                           line.at("detail").get<std::string>()});
      }
    } catch (const json::exception&) {
      break;
    }
  }
  if (is_first) return std::nullopt;
  log.ContinueFrom(std::max<std::int64_t>(last_id - static_cast<std::int64_t>(entries.size()), 0));
  for (const Entry& entry : entries) log.Add(entry.at, entry.kind, entry.message, entry.detail);
  return log;
}

}  // namespace baton::core
