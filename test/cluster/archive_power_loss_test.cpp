// The power is lost while the archiver works: whatever the disk has kept, a file under a final name
// is whole and right, and what the server was told to be archived is there.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

#include "archive/packing.hpp"
#include "archive/store.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/interrupted_scenario.hpp"
#include "test/cluster/scenario.hpp"
#include "test/power/power_loss.hpp"

namespace baton::test {
namespace {

class ArchivePowerLoss : public Scenario {
 protected:
  fs::path archive() const { return cluster_.directory() / "archive"; }
  static fs::path StatusOf(const Node& node) { return node.data() / "pg_wal/archive_status"; }

  // The server runs under the recorder while it archives that many segments.
  void RecordArchiving(Node& node, const std::string& compression, int segments) {
    node.Sql(fmt::format("ALTER SYSTEM SET pg_baton.archive_compression = '{}'", compression));
    node.Stop();
    recording_ = std::make_unique<Recording>(std::vector<fs::path>{archive(), StatusOf(node)},
                                             cluster_.directory() / "record");
    std::vector<std::string> command = {"/usr/bin/env"};
    for (const auto& [name, value] : recording_->Environment()) {
      command.push_back(name + "=" + value);
    }
    for (const std::string& word :
         {Cluster::Program("pg_ctl"), std::string("start"), std::string("-w"), std::string("-t10"),
          std::string("-D"), node.data().string(), std::string("-l"), node.log_file().string()}) {
      command.push_back(word);
    }
    StartRecorded(node, command);
    for (int i = 0; i < segments; ++i) FillSegments(node, 1);
    ASSERT_TRUE(Returns(
        node, "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'", "0"));
    for (const auto& entry : fs::directory_iterator(StatusOf(node))) {
      const std::string name = entry.path().stem();
      whole_[name] = helper::ReadFile(node.data() / "pg_wal" / name);
    }
    ASSERT_GE(whole_.size(), static_cast<std::size_t>(segments));
    node.Stop("immediate");
  }

  // Under the recorder, and there alone, a postmaster now and then misses the end of its startup
  // process, and waits for ever.
  static void StartRecorded(Node& node, const std::vector<std::string>& command) {
    for (int attempt = 1; attempt < 4; ++attempt) {
      if (helper::RunProcess(command).exit_code == 0) return;
      node.Kill();  // it does not stop either
    }
    RunOrFail(command);
  }

  void ExpectTheRightFiles(const fs::path& kept) {
    for (const auto& entry : fs::directory_iterator(kept)) {
      if (entry.is_directory()) continue;
      const auto parsed = core::ParseArchivedName(entry.path().filename().string());
      ASSERT_TRUE(parsed) << entry.path();
      const fs::path got = cluster_.directory() / "got";
      ASSERT_TRUE(archive::Store(kept).Get(parsed->name, got, {})) << entry.path();
      ASSERT_TRUE(helper::ReadFile(got) == whole_.at(parsed->name)) << entry.path();
    }
  }
  static void ExpectWhatIsDoneIn(const fs::path& kept, const fs::path& status) {
    for (const auto& entry : fs::directory_iterator(status)) {
      if (entry.path().extension() != ".done") continue;
      ASSERT_TRUE(archive::Store(kept).Find(entry.path().stem())) << entry.path();
    }
  }

  void LoseItAtAnyMoment(Node& node) {
    PowerLoss loss = recording_->Read();
    const fs::path kept = cluster_.directory() / "kept";
    const fs::path status = cluster_.directory() / "status";
    std::size_t seen = 0;
    for (const Moment& moment : Thinned(loss.Moments(), IsLongRun() ? 200 : 24)) {
      for (const Model& model : kModels) {
        SCOPED_TRACE(moment.description + ", " + std::string(model.name));
        loss.Materialise(archive(), moment.done, model, kept);
        loss.Materialise(StatusOf(node), moment.done, model, status);
        ExpectTheRightFiles(kept);
        ExpectWhatIsDoneIn(kept, status);
        seen += static_cast<std::size_t>(
            std::count_if(fs::directory_iterator(kept), fs::directory_iterator(),
                          [](const auto& entry) { return entry.is_regular_file(); }));
        fs::remove_all(kept);
        fs::remove_all(status);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(seen, 0u);
  }

  Node& InitA() {
    fs::create_directory(archive());
    return cluster_.InitPrimary(
        "a", kQuick + fmt::format("fsync = on\narchive_mode = on\narchive_library = 'pg_baton'\n"
                                  "pg_baton.archive_directory = '{}'\nwal_keep_size = '1GB'\n",
                                  archive().string()));
  }

 private:
  std::unique_ptr<Recording> recording_;
  std::map<std::string, std::string> whole_;  // by name, as the server has them
};

TEST_F(ArchivePowerLoss, LeavesWholeSegmentsAndThoseThatAreDone) {
  Node& a = InitA();
  RecordArchiving(a, "none", 2);
  LoseItAtAnyMoment(a);
}

TEST_F(ArchivePowerLoss, LeavesWholeCompressedSegmentsAndThoseThatAreDone) {
  Node& a = InitA();
  RecordArchiving(a, "zstd", 4);
  LoseItAtAnyMoment(a);
}

}  // namespace
}  // namespace baton::test
