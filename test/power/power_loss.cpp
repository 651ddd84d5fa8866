#include "test/power/power_loss.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <set>
#include <stdexcept>
#include <utility>

#include "helper/system/file.hpp"

namespace baton::test {
namespace {

std::vector<Operation> Parsed(std::string_view log) {
  std::vector<Operation> operations;
  while (log.size() >= sizeof(RecordHead)) {
    Operation operation;
    RecordHead& head = operation.head;
    std::memcpy(&head, log.data(), sizeof(head));
    if (head.magic != kRecordMagic) throw std::runtime_error("the record of changes is damaged");
    log.remove_prefix(sizeof(head));
    if (log.size() < head.path_size + head.other_path_size + head.data_size) break;
    const auto take = [&](std::size_t size) {
      const std::string_view part = log.substr(0, size);
      log.remove_prefix(size);
      return part;
    };
    operation.path = take(head.path_size);
    operation.other_path = take(head.other_path_size);
    operation.data = take(head.data_size);
    operations.push_back(operation);
  }
  return operations;
}

bool IsOfData(const Operation& operation) {
  const Change change = operation.head.change;
  return change == Change::kWrite || change == Change::kWriteZeros || change == Change::kResize;
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::map<std::string, fs::path> Tree(const fs::path& folder) {
  std::map<std::string, fs::path> tree{{".", folder}};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const fs::file_type type = entry.symlink_status().type();
    if (type == fs::file_type::socket || type == fs::file_type::fifo) continue;
    tree[entry.path().lexically_relative(folder)] = entry.path();
  }
  return tree;
}

std::string Difference(const fs::path& one, const fs::path& other) {
  const fs::file_status status = fs::symlink_status(one);
  const fs::file_status other_status = fs::symlink_status(other);
  if (status.type() != other_status.type()) return "another kind of file";
  if (fs::is_symlink(status)) {
    return fs::read_symlink(one) == fs::read_symlink(other) ? "" : "another target";
  }
  if (status.permissions() != other_status.permissions()) return "another mode";
  if (!fs::is_regular_file(status)) return "";
  const std::string bytes = helper::ReadFile(one);
  const std::string other_bytes = helper::ReadFile(other);
  if (bytes == other_bytes) return "";
  const auto place =
      std::mismatch(bytes.begin(), bytes.end(), other_bytes.begin(), other_bytes.end()).first;
  return fmt::format("{} and {} bytes, that differ from {} on", bytes.size(), other_bytes.size(),
                     place - bytes.begin());
}

}  // namespace

PowerLoss::PowerLoss(Disk before, std::vector<fs::path> folders, const fs::path& log)
    : before_(std::move(before)),
      folders_(std::move(folders)),
      log_(helper::ReadFileIfThere(log).value_or("")),
      operations_(Parsed(log_)),
      now_(before_) {}

std::string PowerLoss::Describe(const Operation& operation) const {
  std::string text = Described(operation);
  return Replaced(std::move(text), folders_.front().parent_path().string() + "/", "");
}

Moment PowerLoss::MomentAt(std::size_t done) const {
  std::string text;
  if (done > 0) text = "after " + Describe(operations_[done - 1]);
  if (done > 0 && done < operations_.size()) text += ", ";
  if (done < operations_.size()) text += "before " + Describe(operations_[done]);
  return {done, std::move(text)};
}

std::vector<Moment> PowerLoss::Moments() const {
  Disk disk = before_;
  // Each operation is asked about once, in order.
  return Moments([&](const Operation& operation) {
    const bool is_chosen = !IsOfData(operation) && disk.Matters(operation);
    disk.Do(operation);
    return is_chosen;
  });
}

std::vector<Moment> PowerLoss::EveryMoment() const {
  return Moments([](const Operation&) { return true; });
}

std::vector<Moment> PowerLoss::Moments(const std::function<bool(const Operation&)>& choice) const {
  std::set<std::size_t> places{0, operations_.size()};
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    if (choice(operations_[i])) places.insert({i, i + 1});
  }
  std::vector<Moment> moments;
  for (const std::size_t place : places) moments.push_back(MomentAt(place));
  return moments;
}

void PowerLoss::GoTo(std::size_t done) {
  if (done > operations_.size()) throw std::runtime_error("there are not so many operations");
  if (done < done_) {
    now_ = before_;
    done_ = 0;
  }
  for (; done_ < done; ++done_) now_.Do(operations_[done_]);
}

void PowerLoss::Materialise(std::size_t done, const Model& model, const fs::path& destination) {
  Materialise(folders_.front(), done, model, destination);
}

void PowerLoss::Materialise(const fs::path& folder, std::size_t done, const Model& model,
                            const fs::path& destination) {
  GoTo(done);
  now_.Materialise(folder, model, destination);
}

std::vector<Moment> Thinned(const std::vector<Moment>& moments, std::size_t count) {
  if (moments.size() <= count) return moments;
  std::vector<Moment> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(moments[i * (moments.size() - 1) / (count - 1)]);
  }
  return chosen;
}

std::vector<std::string> Differences(const fs::path& one, const fs::path& other) {
  std::vector<std::string> differences;
  const auto tree = Tree(one);
  const auto other_tree = Tree(other);
  for (const auto& [name, path] : tree) {
    const auto match = other_tree.find(name);
    const std::string difference =
        match == other_tree.end() ? "only in the one" : Difference(path, match->second);
    if (!difference.empty()) differences.push_back(name + ": " + difference);
  }
  for (const auto& [name, path] : other_tree) {
    if (!tree.contains(name)) differences.push_back(name + ": only in the other");
  }
  return differences;
}

Recording::Recording(const fs::path& folder, fs::path log)
    : Recording(std::vector<fs::path>{folder}, std::move(log)) {}

Recording::Recording(const std::vector<fs::path>& folders, fs::path log) : log_(std::move(log)) {
  for (const fs::path& folder : folders) {
    folders_.push_back(fs::canonical(folder));
    before_.Read(folders_.back());
  }
  fs::remove(log_);
}

std::map<std::string, std::string> Recording::Environment() const {
  std::string below;
  for (const fs::path& folder : folders_) below += (below.empty() ? "" : ":") + folder.string();
  return {{"LD_PRELOAD", BuiltForTests("libpower_recorder.so")},
          {kRecordLog, log_},
          {kRecordBelow, below},
          // A program with sanitizers, as unit tests may have, wants theirs to come first.
          {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

PowerLoss Recording::Read() const { return PowerLoss(before_, folders_, log_); }

fs::path BuiltForTests(const std::string& name) {
  const fs::path beside = fs::read_symlink("/proc/self/exe").parent_path() / name;
  std::error_code error;
  for (const fs::path& path : {beside, fs::path(PG_BATON_TEST_BUILD) / name}) {
    if (fs::exists(path, error)) return path;
  }
  throw std::runtime_error(
      fmt::format("{} is not there, nor in {}", beside.string(), PG_BATON_TEST_BUILD));
}

}  // namespace baton::test
