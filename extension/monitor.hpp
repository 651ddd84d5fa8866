// The background worker that looks at this server once each pg_baton.check_interval, keeps what it
// saw and judged in shared memory, and carries out requests.  It starts when a standby becomes
// consistent and lives through a promotion.  It handles no backend error: it ends, and the
// postmaster starts it again.
#pragma once

namespace baton {

// While shared_preload_libraries are loaded.
void RegisterMonitor();

}  // namespace baton
