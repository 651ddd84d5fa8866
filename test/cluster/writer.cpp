#include "test/cluster/writer.hpp"

#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <stdexcept>
#include <time.h>
#include <unistd.h>

namespace baton::test {
namespace {

// Between two turns when nothing is heard: a lane is never later with a row than this.
constexpr timespec kTurn = {0, 1'000'000};

Attempt::Moment Now() {
  return std::chrono::duration_cast<Attempt::Moment>(
      std::chrono::steady_clock::now().time_since_epoch());
}

int CountIn(const std::map<std::string, int>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

Writer::Writer(const std::vector<Door>& doors, const WriterOptions& options,
               const std::filesystem::path& file)
    : file_(file),
      descriptor_(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)),
      options_(options) {
  if (descriptor_ < 0) throw std::runtime_error("could not create " + file.string());
  lanes_.emplace_back(std::string(kAnyNode), doors, options);
  for (const Door& door : doors) lanes_.emplace_back(door.node, std::vector<Door>{door}, options);
  thread_ = std::thread([this] { Run(); });
}

Writer::~Writer() {
  Stop();
  close(descriptor_);
}

void Writer::Stop() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
}

Ledger Writer::ledger() const {
  std::ifstream file(file_);
  const std::optional<Ledger> ledger = Ledger::Read(file);
  if (!ledger) throw std::runtime_error("could not read " + file_.string());
  return *ledger;
}

int Writer::AcknowledgedByPath(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return CountIn(by_path_, path);
}

int Writer::AcknowledgedBy(const std::string& server) const {
  const std::lock_guard lock(mutex_);
  return CountIn(by_server_, server);
}

void Writer::Run() {
  Pen pen;
  pen.now = Now;
  pen.next_number = [this] { return ++last_number_; };
  pen.note = [this](const Attempt& attempt) { Note(attempt); };
  for (Attempt::Moment give_up_at = Attempt::Moment::max();;) {
    const Attempt::Moment turn = Now();
    if (ends_ && pen.writes) {
      pen.writes = false;
      give_up_at = turn + options_.answer_limit;
    }
    bool awaits = false;
    for (Lane& lane : lanes_) {
      lane.Turn(pen);
      awaits = awaits || lane.AwaitsAnswers();
    }
    if (!pen.writes && (!awaits || turn >= give_up_at)) break;
    pen.last_turn = turn;
    Wait();
  }
  for (Lane& lane : lanes_) lane.GiveUp(pen);
}

void Writer::Wait() const {
  std::vector<pollfd> waits;
  for (const Lane& lane : lanes_) lane.AddWaits(waits);
  ppoll(waits.data(), waits.size(), &kTurn, nullptr);
}

void Writer::Note(const Attempt& attempt) {
  const std::string line = ToLine(attempt) + "\n";
  if (write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("could not write " + file_.string());
  }
  if (attempt.outcome != Outcome::kAcknowledged) return;
  const std::lock_guard lock(mutex_);
  ++by_path_[attempt.path];
  ++by_server_[attempt.server];
}

}  // namespace baton::test
