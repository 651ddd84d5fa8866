// What a rejoin gives up is kept beside the data directory: the WAL beyond the fork, what has not
// been archived, and a summary of what was in it.
#pragma once

#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

// One for each fork: DIR.pg_baton_lost/timeline_1_from_0-3029128.
fs::path LostWorkFolder(const Workplace& place);

// In it, what the data directory had that neither PostgreSQL nor this server has put there.
fs::path StrangeFilesFolder(const Workplace& place);

// Durable when it returns, so that nothing is changed before.  Files that lie in `copies` already,
// durable and never written again, are linked from there where the file system can; it may be
// empty.
void KeepLostWork(Workplace& place, const Survey& survey, const fs::path& copies = {});

}  // namespace baton::helper
