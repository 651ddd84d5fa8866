// What the steps of a rejoin share: who the two servers are, the folder beside the data directory,
// and the journal in it.
#pragma once

#include <optional>
#include <string>

#include "core/rejoin_check.hpp"
#include "core/rejoin_journal.hpp"
#include "helper/backup/control_data.hpp"
#include "helper/backup/rewind.hpp"
#include "helper/rejoin/journal_file.hpp"
#include "helper/rejoin/rejoin.hpp"
#include "helper/server/connection.hpp"
#include "helper/server/new_slot.hpp"
#include "helper/server/queries.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

class Workplace {
 public:
  Workplace(const RejoinRequest& request, Output& output);

  const RejoinRequest& request;
  Output& output;
  const fs::path directory;
  const RejoinFolder folder;
  Programs programs;
  std::string node_name;
  fs::path passfile;
  Parameters given;
  core::RejoinTarget target;
  ControlData control;
  core::RejoinJournal journal;
  core::RejoinSource source_facts;
  std::string source_reign;  // empty: not known

  // The journal of a rejoin that was broken off; false if there is none, or if it is about
  // something that this directory is not any more.
  bool ReadJournal();
  // The directory is whole, and what the journal says of it is of the past.
  void ForgetJournal();
  // Whether that one had come to where only going on helps.
  bool goes_on() const { return goes_on_; }
  // Reads the stopped node, as it is now.
  void ReadTarget();
  void FindNames();
  // As baton_node, unless somebody else was named.
  void Connect();
  void ReadSource();
  Connection& source() { return *source_; }

  // A setting of this node, read from its configuration as the server itself would; "" if it cannot
  // be read.
  std::string OwnSetting(const std::string& name) const;
  fs::path Configuration() const;  // folder of postgresql.conf

  // Writes the step to the journal; durable when it returns.
  void Enter(core::RejoinStep step);
  // Who the two servers are, into the journal.
  void Identify();
  // Where a test wants the command to stand still: after the first act of this step.
  void PauseHere() const;
  // No server starts from the directory from now on, and single-user mode still does.
  void Guard();
  // Back to what was there before Guard; the journal is gone, and its step the first one.
  void Undo();
  // No program at all starts from the directory.
  void Lock();
  // The mode is the one of before.
  void Unlock();

  void MakeSlot();
  void KeepSlot();
  Parameters SourceParameters() const;  // for pg_rewind and pg_basebackup; without a password
  // This node's own settings, and what makes it a standby of the source.  The signal is durable
  // before the directory can be started.
  void Configure();
  // The directory is whole.
  void MakeReady();

 private:
  void RememberTarget(const DirectoryFacts& facts);
  void Find(int major);

  bool goes_on_ = false;
  std::optional<Connection> source_;
  std::optional<NewSlot> new_slot_;
};

}  // namespace baton::helper
