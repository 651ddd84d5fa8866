#include "trigger_file.hpp"

#include "pg/postgres.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/gate.hpp"
#include "core/trigger_file.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/worker.hpp"
#include "promotion.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(500);
constexpr auto kBetweenCreatingAndWriting = std::chrono::milliseconds(50);
constexpr const char* kAsker = "trigger file";
constexpr auto kPromotionTimeout = std::chrono::seconds(60);

// In the server log and in baton.events.
void Tell(int level, const std::string& message, const std::string& detail,
          const std::string& hint) {
  shared::AddEvent("trigger file", message, hint.empty() ? detail : detail + " " + hint);
  pg::Call([&] {
    ereport(level, (errmsg("%s", message.c_str()),
                    detail.empty() ? 0 : errdetail_internal("%s", detail.c_str()),
                    hint.empty() ? 0 : errhint("%s", hint.c_str())));
  });
}

// A refusal that no promotion_check has given; it becomes an event by itself.
void Refuse(bool force, const char* reason) {
  shared::RecordRefusal("promote", force, kAsker, reason);
  shared::Wake(shared::Worker::kMonitor);
  pg::Call([&] {
    ereport(WARNING, (errmsg("promotion asked for by trigger file was refused"),
                      errdetail_internal("%s", reason)));
  });
}

// Another file under the same name is another one.
std::string Identity(const struct stat& entry) {
  return fmt::format("{} {} {}.{}", entry.st_dev, entry.st_ino, entry.st_ctim.tv_sec,
                     entry.st_ctim.tv_nsec);
}

// The beginning of a regular file; nullopt with errno if it cannot be read.
std::optional<std::string> Beginning(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  char bytes[64];
  const ssize_t count = read(descriptor, bytes, sizeof(bytes));
  close(descriptor);
  if (count < 0) return std::nullopt;
  return std::string(bytes, static_cast<std::size_t>(count));
}

}  // namespace

std::optional<core::NamesFound> TriggerFilesThere() {
  const std::array<std::string, 3> paths = {
      setting::PromoteTriggerFile(),
      pg::Setting("promote_trigger_file").value_or(""),  // gone in 16
      PROMOTE_SIGNAL_FILE,
  };
  core::NamesFound found;
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    struct stat entry {};
    if (lstat(path.c_str(), &entry) == 0) {
      found.Add(path);
    } else if (errno != ENOENT && errno != ENOTDIR) {
      return std::nullopt;
    }
  }
  return found;
}

core::Instant TriggerFile::NextLook() {
  std::string path = setting::PromoteTriggerFile();
  if (path != path_) {
    *this = TriggerFile();
    path_ = std::move(path);
  }
  return path_.empty() ? core::kNever : next_;
}

void TriggerFile::Look() {
  next_ = pg::Now() + kInterval;
  struct stat entry {};
  if (lstat(path_.c_str(), &entry) != 0) {
    first_ = seen_empty_ = false;
    return;
  }
  const std::string identity = Identity(entry);
  if (identity == stuck_) return;
  const bool is_regular = S_ISREG(entry.st_mode);
  const bool is_empty = is_regular && entry.st_size == 0;
  if (is_empty && !first_ && !seen_empty_) {
    seen_empty_ = true;
    next_ = pg::Now() + kBetweenCreatingAndWriting;
    return;
  }
  seen_empty_ = false;
  if (!TakeUp(is_regular, !is_empty)) stuck_ = identity;
  first_ = false;
}

bool TriggerFile::TakeUp(bool is_regular, bool has_content) {
  core::TriggerFacts facts{RecoveryInProgress(), first_, is_regular, ""};
  // One that root made may be readable for root alone; what it says is then not known.
  if (is_regular && has_content) facts.content = Beginning(path_).value_or("(not readable)");
  const core::TriggerVerdict verdict = core::JudgeTrigger(facts);
  if (unlink(path_.c_str()) != 0) {
    const std::string failure = strerror(errno);
    Tell(WARNING, fmt::format("could not remove trigger file \"{}\"", path_),
         failure + "; it is not obeyed, since it would ask again and again.",
         "Remove it, and let the server's user write to its folder.");
    return false;
  }
  if (!verdict.asks) {
    Tell(WARNING, fmt::format("trigger file \"{}\" was removed, and asks for nothing", path_),
         verdict.reason, verdict.hint);
    return true;
  }
  Tell(LOG,
       fmt::format("trigger file \"{}\" asks for a promotion{}", path_,
                   verdict.force ? ", with force" : ""),
       "", "");
  const bool started = pg::StartWorker("pg_baton promoter", "pg_baton_promoter_main",
                                       pg::WorkerKind::kWithSharedMemoryOnly,
                                       BoolGetDatum(verdict.force), 0) != nullptr;
  if (!started) {
    Refuse(verdict.force,
           "no worker could be started for it: all of max_worker_processes are taken");
  }
  return true;
}

// What the worker does that a trigger file has started: the storage worker must not wait for other
// nodes.
void PromoteForTriggerFile(bool force) {
  if (shared::OpenPromotion()) return Refuse(force, "a promotion is already in progress");
  const PromotionOutcome outcome = AskForPromotion(force, kAsker, true, kPromotionTimeout);
  shared::Wake(shared::Worker::kMonitor);
  if (outcome.request.state == RequestState::kDone) return;  // the monitor has said so
  const std::string reason = outcome.reason.empty() ? "It goes on." : outcome.reason;
  pg::Call([&] {
    ereport(WARNING,
            (errmsg("promotion asked for by trigger file: %s", RequestStateText(outcome.request)),
             errdetail_internal("%s", reason.c_str())));
  });
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_promoter_main(Datum force) {
  baton::pg::Entry([force] {
    baton::pg::BeginWorker();
    baton::PromoteForTriggerFile(DatumGetBool(force));
  });
}
}
