// What a rejoin gives up is kept beside the data directory: the WAL beyond the fork, what has not
// been archived, and a summary of what was in it.
#pragma once

#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

// One for each fork: DIR.pg_baton_lost/timeline_1_from_0-3029128.
fs::path LostWorkFolder(const Workplace& place);

// Durable when it returns, so that nothing is changed before.
void KeepLostWork(Workplace& place, const Survey& survey);

}  // namespace baton::helper
