// The worker "pg_baton handover": carries out hand-overs, on either side.
#pragma once

namespace baton {

void RegisterHandOverWorker();

}  // namespace baton
