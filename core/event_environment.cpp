#include "core/event_environment.hpp"

#include <chrono>
#include <fmt/format.h>

namespace baton::core {

std::map<std::string, std::string> EventEnvironment(const Event& event, std::string_view node) {
  return {{"PG_BATON_NODE", std::string(node)},
          {"PG_BATON_EVENT_ID", std::to_string(event.id)},
          {"PG_BATON_EVENT_KIND", event.kind.str()},
          {"PG_BATON_EVENT_MESSAGE", event.message.str()},
          {"PG_BATON_EVENT_DETAIL", event.detail.str()},
          {"PG_BATON_EVENT_TIME", IsoTime(event.happened_at)}};
}

std::string IsoTime(std::int64_t timestamp) {
  using namespace std::chrono;
  const sys_time<microseconds> moment = sys_days(January / 1 / 2000) + microseconds(timestamp);
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace baton::core
