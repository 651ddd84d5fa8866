#include "core/event_log.hpp"

#include <gmock/gmock.h>
#include <vector>

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

struct Entry {
  std::int64_t id;
  std::int64_t happened_at;
  std::string kind;
  std::string message;
  std::string detail;
  bool operator==(const Entry&) const = default;
};

void PrintTo(const Entry& entry, std::ostream* out) {
  *out << entry.id << " | " << entry.happened_at << " | " << entry.kind << " | " << entry.message
       << " | " << entry.detail;
}

std::vector<Entry> EntriesOf(const EventLog& log) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < log.size(); ++i) {
    entries.push_back({log[i].id, log[i].happened_at, log[i].kind.str(), log[i].message.str(),
                       log[i].detail.str()});
  }
  return entries;
}

EventLog LogOf(int events) {
  EventLog log;
  for (int i = 1; i <= events; ++i) {
    log.Add(100 + i, "health", "event " + std::to_string(i), "detail " + std::to_string(i));
  }
  return log;
}

Entry EntryOf(std::int64_t id, int number) {
  return {id, 100 + number, "health", "event " + std::to_string(number),
          "detail " + std::to_string(number)};
}

TEST(EventLog, IsEmptyAtFirst) {
  const EventLog log;

  EXPECT_EQ(log.size(), 0u);
  EXPECT_EQ(log.last_id(), 0);
}

TEST(EventLog, CountsEventsFromOneAndKeepsTheOldestFirst) {
  EventLog log;
  log.Add(7, "started", "the server has started");
  log.Add(8, "role", "this node is a primary", "it was a standby");

  EXPECT_THAT(EntriesOf(log),
              ElementsAre(Entry{1, 7, "started", "the server has started", ""},
                          Entry{2, 8, "role", "this node is a primary", "it was a standby"}));
  EXPECT_EQ(log.last_id(), 2);
}

TEST(EventLog, KeepsAsManyAsItHasRoomForAndDropsTheOldest) {
  const auto most = static_cast<int>(EventLog::kMostEvents);
  EXPECT_EQ(LogOf(most).size(), EventLog::kMostEvents);
  EXPECT_EQ(LogOf(most)[0].id, 1);

  const EventLog log = LogOf(3 * most + 1);

  EXPECT_EQ(log.size(), EventLog::kMostEvents);
  EXPECT_EQ(log.last_id(), 3 * most + 1);
  const auto entries = EntriesOf(log);
  for (int i = 0; i < most; ++i) {
    EXPECT_EQ(entries[static_cast<std::size_t>(i)], EntryOf(2 * most + 2 + i, 2 * most + 2 + i));
  }
}

TEST(EventLog, LeavesNothingOfAnOlderEventInItsPlace) {
  EventLog log = LogOf(static_cast<int>(EventLog::kMostEvents));

  log.Add(999, "peer", "b answers");

  EXPECT_EQ(EntriesOf(log).back(), (Entry{static_cast<std::int64_t>(EventLog::kMostEvents) + 1, 999,
                                          "peer", "b answers", ""}));
}

TEST(EventLog, GoesOnCountingWhereItIsTold) {
  EventLog log;
  log.ContinueFrom(41);
  log.Add(7, "started", "");

  EXPECT_EQ(log[0].id, 42);
  EXPECT_EQ(log.last_id(), 42);
}

TEST(EventsToFile, WritesALineForTheOwnerAndOneForEachEvent) {
  EventLog log;
  log.Add(7, "started", "the \"server\" has\nstarted");

  EXPECT_EQ(EventsToFile(log, "a"),
            "{\"last_id\":1,\"owner\":\"a\"}\n"
            "{\"at\":7,\"detail\":\"\",\"kind\":\"started\","
            "\"message\":\"the \\\"server\\\" has\\nstarted\"}\n");
}

TEST(EventsFromFile, ReadsWhatWasWritten) {
  for (const int events : {0, 1, 3, 256, 300}) {
    const EventLog log = LogOf(events);

    const auto read = EventsFromFile(EventsToFile(log, "a"), "a");

    ASSERT_TRUE(read.has_value()) << events;
    EXPECT_EQ(EntriesOf(*read), EntriesOf(log));
    EXPECT_EQ(read->last_id(), events);
  }
}

TEST(EventsFromFile, GoesOnCountingWhereTheFileEnds) {
  EventLog read = EventsFromFile(EventsToFile(LogOf(300), "a"), "a").value();

  read.Add(999, "started", "");

  EXPECT_EQ(read[read.size() - 1].id, 301);
  EXPECT_EQ(read.size(), EventLog::kMostEvents);
}

TEST(EventsFromFile, RemembersTheNumberEvenWithoutAnEvent) {
  EventLog log;
  log.ContinueFrom(41);

  EXPECT_EQ(EventsFromFile(EventsToFile(log, "a"), "a")->last_id(), 41);
}

TEST(EventsFromFile, KeepsTextThatIsNoAscii) {
  EventLog log;
  log.Add(7, "peer", "Verbindung verweigert: Zürich", "\xe2\x82\xac\t\x01");

  const auto read = EventsFromFile(EventsToFile(log, "a"), "a");

  EXPECT_EQ(EntriesOf(read.value()), EntriesOf(log));
}

TEST(EventsFromFile, RefusesTheFileOfAnother) {
  const std::string text = EventsToFile(LogOf(3), "a");

  EXPECT_EQ(EventsFromFile(text, "b"), std::nullopt);
  EXPECT_EQ(EventsFromFile(text, ""), std::nullopt);
  EXPECT_EQ(EventsFromFile(text, "aa"), std::nullopt);
}

TEST(EventsFromFile, EndsAtALineThatWasCutOff) {
  const std::string whole = EventsToFile(LogOf(3), "a");
  const std::size_t third = whole.rfind('\n', whole.size() - 2) + 1;

  // The last line in any state of incompleteness, even if only its end is missing.
  for (std::size_t size = third; size < whole.size(); ++size) {
    const auto read = EventsFromFile(std::string_view(whole).substr(0, size), "a");

    ASSERT_TRUE(read.has_value()) << size;
    // The numbers stay above all that were given, so that none is given twice.
    EXPECT_THAT(EntriesOf(*read), ElementsAre(EntryOf(2, 1), EntryOf(3, 2))) << size;
    EXPECT_EQ(read->last_id(), 3);
  }
}

TEST(EventsFromFile, RefusesAFileWhoseFirstLineWasCutOff) {
  const std::string whole = EventsToFile(LogOf(1), "a");
  for (std::size_t size = 0; size <= whole.find('\n'); ++size) {
    EXPECT_EQ(EventsFromFile(std::string_view(whole).substr(0, size), "a"), std::nullopt) << size;
  }
}

TEST(EventsFromFile, RefusesWhatIsNoSuchFile) {
  using namespace std::string_literals;
  for (const std::string& text :
       {""s, "\n"s, "garbage\n"s, "\0\0\0\n"s, "[]\n"s, "1\n"s, "null\n"s, "{}\n"s,
        "{\"owner\":\"a\"}\n"s, "{\"last_id\":1}\n"s, "{\"owner\":1,\"last_id\":1}\n"s,
        "{\"owner\":\"a\",\"last_id\":\"1\"}\n"s, "{\"owner\":\"a\",\"last_id\":null}\n"s,
        "{\"owner\":\"a\",\"last_id\":1} x\n"s, "\xff\xfe\n"s, std::string(10000, '[') + "\n"}) {
    EXPECT_EQ(EventsFromFile(text, "a"), std::nullopt) << text.substr(0, 80);
  }
}

TEST(EventsFromFile, RefusesANumberThatWasNeverGiven) {
  for (const char* const number : {"-1", "-9223372036854775808", "9223372036854775807",
                                   "18446744073709551615", "1e300", "9007199254740993"}) {
    const std::string text = std::string("{\"owner\":\"a\",\"last_id\":") + number + "}\n";

    EXPECT_EQ(EventsFromFile(text, "a"), std::nullopt) << number;
  }
}

TEST(EventsFromFile, EndsAtALineOfGarbage) {
  const std::string good = EventsToFile(LogOf(2), "a");
  for (const char* const line :
       {"garbage", "", "[]", "{}", "{\"at\":1,\"kind\":\"x\",\"message\":\"y\"}",
        "{\"at\":\"1\",\"kind\":\"x\",\"message\":\"y\",\"detail\":\"\"}",
        "{\"at\":1,\"kind\":2,\"message\":\"y\",\"detail\":\"\"}", "\xff"}) {
    const auto read = EventsFromFile(good + line + "\n" + good.substr(good.find('\n') + 1), "a");

    ASSERT_TRUE(read.has_value()) << line;
    EXPECT_THAT(EntriesOf(*read), ElementsAre(EntryOf(1, 1), EntryOf(2, 2))) << line;
  }
}

TEST(EventsFromFile, KeepsTheLastIfThereAreMoreThanItHasRoomFor) {
  std::string text = EventsToFile(LogOf(256), "a");
  text += text.substr(text.find('\n') + 1);

  const auto read = EventsFromFile(text, "a");

  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->size(), EventLog::kMostEvents);
  EXPECT_EQ((*read)[0].message.view(), "event 1");
}

TEST(EventsToFile, IsNotSpoiltByBytesThatAreNoUtf8) {
  EventLog log;
  log.Add(7, "peer",
          "Verbindung \xfc"
          "ber Netz",
          "\xff");
  log.Add(8, "peer", "b answers");

  const auto read = EventsFromFile(EventsToFile(log, "a"), "a");

  EXPECT_THAT(EntriesOf(read.value()), ElementsAre(Entry{1, 7, "peer",
                                                         "Verbindung \xEF\xBF\xBD"
                                                         "ber Netz",
                                                         "\xEF\xBF\xBD"},
                                                   Entry{2, 8, "peer", "b answers", ""}));
}

TEST(EventsToFile, CutsAtACharacterWhatGrowsByReplacement) {
  EventLog log;
  log.Add(7, "peer", std::string(200, '\xff'));

  const auto read = EventsFromFile(EventsToFile(log, "a"), "a");

  const std::string message = (*read)[0].message.str();
  EXPECT_EQ(message.size(), 237u);  // 79 replacement characters of three bytes
  EXPECT_THAT(message, StartsWith("\xEF\xBF\xBD"));
  EXPECT_THAT(message, EndsWith("\xEF\xBF\xBD"));
}

TEST(EventLog, TellsWhichEventComesNext) {
  EventLog log;
  EXPECT_EQ(log.After(0), nullptr);
  log.ContinueFrom(10);
  EXPECT_EQ(log.After(9), nullptr);
  for (int i = 0; i < 3; ++i) log.Add(0, "kind", std::to_string(i));

  EXPECT_EQ(log.After(10)->id, 11);
  EXPECT_EQ(log.After(12)->id, 13);
  EXPECT_EQ(log.After(13), nullptr);
  EXPECT_EQ(log.After(99), nullptr);
}

TEST(EventLog, TheNextEventIsTheOldestOneWhereTheOthersAreGone) {
  EventLog log;
  for (std::size_t i = 0; i < EventLog::kMostEvents + 5; ++i) log.Add(0, "kind", "message");

  EXPECT_EQ(log.After(0)->id, 6);
  EXPECT_EQ(log.After(5)->id, 6);
  EXPECT_EQ(log.After(6)->id, 7);
}

}  // namespace
}  // namespace baton::core
